// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMoveWaitsForNothing checks that a move which can't succeed does not wait for the other
// of the two answers that it has asked for before the copy, which may take minutes.
func TestMoveWaitsForNothing(t *testing.T) {
	t.Parallel()
	refuse := func(status int) func(*http.Request) *http.Response {
		return func(r *http.Request) *http.Response { return answer(r, status, nil, http.NoBody) }
	}
	panicking := func(*http.Request) *http.Response { panic("of the transport") }
	for name, test := range map[string]struct {
		path   string // of the HEAD that fails
		answer func(*http.Request) *http.Response
		want   string
	}{
		"a missing source":                 {"/bucket/key", refuse(http.StatusNotFound), "MoveObject bucket/key"},
		"a source that ends its goroutine": {"/bucket/key", func(*http.Request) *http.Response { runtime.Goexit(); return nil }, "ended its goroutine"},
		"a source that panics":             {"/bucket/key", panicking, "of the transport"},
		"a destination that panics":        {"/other/key", panicking, "of the transport"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var isMoving atomic.Bool
			waits := make(chan struct{})
			store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				switch {
				case request.Method != http.MethodHead || !isMoving.Load():
				case strings.HasSuffix(request.URL.Path, test.path):
					<-waits
					return test.answer(request), nil
				default:
					close(waits)
					select {
					case <-request.Context().Done():
						return nil, request.Context().Err()
					case <-time.After(5 * time.Second):
						t.Error("the other HEAD is awaited")
					}
				}
				return next.RoundTrip(request)
			})
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
			isMoving.Store(true)
			var err error
			panicked := panicOf(func() { err = store.MoveObject(t.Context(), "bucket", "key", "other", "key", nil) })
			switch {
			case panicked != nil:
				assert.Equal(t, test.want, panicked)
			default:
				require.ErrorContains(t, err, test.want)
			}
		})
	}
}

// TestMoveLooksAtTheSourceLast checks that a source stays that was replaced before the copy
// was looked at, also on a server that knows no condition of a DELETE.
func TestMoveLooksAtTheSourceLast(t *testing.T) {
	t.Parallel()
	var isCopied atomic.Bool
	var store *lithopss3.Store
	store, _ = aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		switch {
		case request.Header.Get("X-Amz-Copy-Source") != "":
			defer isCopied.Store(true)
		case request.Method == http.MethodDelete && request.Header.Get("If-Match") != "":
			return answer(request, http.StatusNotImplemented, nil, http.NoBody), nil // as LocalStack does
		case request.Method == http.MethodHead && isCopied.CompareAndSwap(true, false):
			if err := store.PutObject(request.Context(), "bucket", "key", strings.NewReader("another text"), nil); err != nil {
				return nil, err
			}
		}
		return next.RoundTrip(request)
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	require.ErrorIs(t, store.MoveObject(t.Context(), "bucket", "key", "other", "key", nil), lithopss3.ErrPrecondition)
	text, err := store.ReadObject(t.Context(), "bucket", "key", 0)
	require.NoError(t, err)
	assert.Equal(t, "another text", string(text))
}

// TestMoveNeedsAStrongETag checks that nothing is copied from a server whose ETags do not tell
// that an object was replaced.
func TestMoveNeedsAStrongETag(t *testing.T) {
	t.Parallel()
	var methods methodLog
	var isMoving atomic.Bool
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := methods.trip(request, next)
		if err == nil && isMoving.Load() && response.Header.Get("ETag") != "" {
			response.Header.Set("ETag", "W/"+response.Header.Get("ETag"))
		}
		return response, err
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	methods.take()
	isMoving.Store(true)
	require.ErrorContains(t, store.MoveObject(t.Context(), "bucket", "key", "other", "key", nil), "no strong ETag")
	assert.Equal(t, []string{"HEAD", "HEAD"}, methods.take())
}
