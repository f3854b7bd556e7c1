// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCancelCause cancels each operation with a cause, before it and while each of its
// first requests is sent. Its error says why the caller canceled.
func TestCancelCause(t *testing.T) {
	t.Parallel()
	var atRequest atomic.Pointer[func()]
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if at := atRequest.Load(); at != nil {
			(*at)()
		}
		return next.RoundTrip(request)
	})
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	for _, key := range []string{"key", "large"} {
		require.NoError(t, store.PutObject(t.Context(), bucket, key, strings.NewReader(strings.Repeat(key, 2*unit)), nil))
	}
	client := jobs.New(store, bucket, &jobs.Options{NoCache: true})
	operations := ownedOperations(t)
	require.NoError(t, operations["Store.DownloadFile"].do(t.Context(), store, client)) // the file to upload

	errMine := errors.New("mine")
	last := int64(3) // request that is canceled
	if testing.Short() {
		last = 1
	}
	for range 2 { // the second time on the fast path
		for name, operation := range operations {
			if operation.trip != nil || name == "Client.Finish" { // which ends what it began, for a while
				continue
			}
			for n := int64(0); n < 2 || name != "Client.Watch"; n++ { // whose second request comes seconds later
				ctx, cancel := context.WithCancelCause(t.Context())
				var requests atomic.Int64
				cancelAt := func() {
					if requests.Add(1) == n {
						cancel(errMine)
					}
				}
				atRequest.Store(&cancelAt)
				if n == 0 {
					cancel(errMine)
				}
				err := operation.do(ctx, store, client)
				cancel(nil)
				if requests.Load() < n || n > last {
					break
				}
				if err != nil || n < 2 { // what follows on a success may be done without
					assert.ErrorIs(t, err, errMine, "%s, canceled at request %d", name, n)
				}
			}
		}
	}
}
