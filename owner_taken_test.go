// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNameIsTaken checks that a user's bucket that another account has made says why that is
// dangerous, and what to do.
func TestNameIsTaken(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	store, recorder := openRecorded(t, server, configOf(alice, "us-east-1"), lithopss3.Options{})
	recorder.reset(func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if request.Method == http.MethodPut {
			return answer(request, http.StatusConflict, nil, strings.NewReader("<Error><Code>BucketAlreadyExists</Code></Error>")), nil
		}
		return answer(request, http.StatusNotFound, nil, http.NoBody), nil
	})
	_, err := store.EnsureBucket(t.Context())
	require.ErrorIs(t, err, lithopss3.ErrNotOwner)
	assert.ErrorContains(t, err, "anyone can take it first")
	assert.ErrorContains(t, err, "set storage_bucket")
}
