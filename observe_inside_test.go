// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/lithops-go/lithopss3/internal/flight"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestObserverInside has an Observer use the Store during the requests for the credentials
// that it would sign with. It is an error, where it waited for itself.
func TestObserverInside(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the credential processes are for a shell")
	}
	sources := secretSources(t)
	for _, name := range []string{"role", "web identity", "sso session", "login", "container", "instance"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, lookup := sources[name].lay(t, secretServer(t, "answers", "").URL)
			var store *Store
			var mu sync.Mutex
			var failures []error
			observe := func(ctx context.Context, _ *RequestInfo) {
				_, err := store.HeadObject(ctx, "bucket", "key")
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, err)
			}
			store, err := New(t.Context(), nil, &Options{LookupEnv: lookup, Observer: observe})
			require.NoError(t, err)
			defer func() { require.NoError(t, store.Close()) }()
			_, err = store.session.credentials.Retrieve(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, failures)
			for _, err := range failures {
				var failed *CredentialsError
				require.ErrorAs(t, err, &failed)
				require.ErrorIs(t, err, flight.ErrInside)
				require.ErrorContains(t, err, "HeadObject bucket/key: credentials: they are being fetched, and this request was made meanwhile by an Observer")
			}
		})
	}
}

// TestBucketInside asks for the bucket's name during the requests of another call for it:
// for the credentials, and to STS for the name.
func TestBucketInside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *Store
		var asked []string
		store = openWithSTS(t, false, func(r *http.Request) (*http.Response, error) {
			_, err := store.Bucket(r.Context())
			assert.ErrorIs(t, err, flight.ErrInside)
			assert.NoError(t, r.ParseForm())
			asked = append(asked, r.Form.Get("Action"))
			if r.Form.Get("Action") == "AssumeRole" {
				return answer(r, http.StatusOK, nil, assumedRole), nil
			}
			return answer(r, http.StatusForbidden, nil, ""), nil
		}, nil)
		_, err := store.Bucket(t.Context())
		require.Error(t, err)
		assert.Equal(t, []string{"AssumeRole", "GetCallerIdentity"}, asked)
	})
}
