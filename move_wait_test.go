// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"io/fs"
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
// of the two answers that it has asked for, which may take minutes.
func TestMoveWaitsForNothing(t *testing.T) {
	t.Parallel()
	refuse := func(status int) func(*http.Request) *http.Response {
		return func(r *http.Request) *http.Response { return answer(r, status, nil, http.NoBody) }
	}
	panicking := func(*http.Request) *http.Response { panic("of the transport") }
	for name, test := range map[string]struct {
		path     string // of the HEAD that fails
		isCopied bool   // it is one after the copy
		answer   func(*http.Request) *http.Response
		want     string
	}{
		"a missing source":                 {"/bucket/key", false, refuse(http.StatusNotFound), "MoveObject bucket/key"},
		"a source that ends its goroutine": {"/bucket/key", false, func(*http.Request) *http.Response { runtime.Goexit(); return nil }, "ended its goroutine"},
		"a source that panics":             {"/bucket/key", false, panicking, "of the transport"},
		"a destination that panics":        {"/other/key", false, panicking, "of the transport"},
		"a copy that can't be seen":        {"/other/key", true, refuse(http.StatusForbidden), "the copy can't be proven"},
		"a copy that panics":               {"/other/key", true, panicking, "of the transport"},
		"a source that panics in the end":  {"/bucket/key", true, panicking, "of the transport"},
		"a copy that is there no more":     {"/other/key", true, refuse(http.StatusNotFound), "the copy can't be proven"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var isMoving, isCopied atomic.Bool
			waits := make(chan struct{})
			store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				switch {
				case request.Method == http.MethodPut:
					defer isCopied.Store(true)
				case request.Method != http.MethodHead || !isMoving.Load() || isCopied.Load() != test.isCopied:
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
			isCopied.Store(false)
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

// TestMoveLooksAtTheSourceLast checks that a source stays that was replaced while the move
// waited for the description of the copy, also on a server that knows no condition of a
// DELETE, and one that could not be looked at.
func TestMoveLooksAtTheSourceLast(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text   string // that replaces the source
		status int    // of the first look at the source, or 0 for the server's
		is     error
	}{
		"replaced after the look": {"another text", 0, lithopss3.ErrPrecondition},
		"a look that is refused":  {"text", http.StatusForbidden, fs.ErrPermission},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var isMoving, isCopied atomic.Bool
			var looks atomic.Int64
			isSeen := make(chan struct{})
			var store *lithopss3.Store
			store, _ = aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				isSource := strings.HasSuffix(request.URL.Path, "/bucket/key")
				switch {
				case request.Method == http.MethodPut:
					defer isCopied.Store(true)
				case request.Method == http.MethodDelete && request.Header.Get("If-Match") != "":
					return answer(request, http.StatusNotImplemented, nil, http.NoBody), nil
				case request.Method != http.MethodHead || !isMoving.Load() || !isCopied.Load() || isSource && looks.Add(1) > 1:
				case isSource:
					defer close(isSeen)
					if test.status != 0 {
						return answer(request, test.status, nil, http.NoBody), nil
					}
				default:
					<-isSeen
					isMoving.Store(false)
					if test.status == 0 {
						if err := store.PutObject(request.Context(), "bucket", "key", strings.NewReader(test.text), nil); err != nil {
							return nil, err
						}
					}
					time.Sleep(600 * time.Millisecond)
				}
				return next.RoundTrip(request)
			})
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
			isCopied.Store(false)
			isMoving.Store(true)
			require.ErrorIs(t, store.MoveObject(t.Context(), "bucket", "key", "other", "key", nil), test.is)
			text, err := store.ReadObject(t.Context(), "bucket", "key", 0)
			require.NoError(t, err)
			assert.Equal(t, test.text, string(text))
		})
	}
}
