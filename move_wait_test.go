// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"net/http"
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
		"a missing source":                {"/bucket/key", false, refuse(http.StatusNotFound), "MoveObject bucket/key"},
		"a source that panics":            {"/bucket/key", false, panicking, "of the transport"},
		"a destination that panics":       {"/other/key", false, panicking, "of the transport"},
		"a copy that can't be seen":       {"/other/key", true, refuse(http.StatusForbidden), "the copy can't be proven"},
		"a copy that panics":              {"/other/key", true, panicking, "of the transport"},
		"a source that panics in the end": {"/bucket/key", true, panicking, "of the transport"},
		"a copy that is there no more":    {"/other/key", true, refuse(http.StatusNotFound), "the copy can't be proven"},
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
// waited for the description of the copy, also on a server that ignores the condition of the
// DELETE.
func TestMoveLooksAtTheSourceLast(t *testing.T) {
	t.Parallel()
	var isMoving, isCopied atomic.Bool
	isSeen := make(chan struct{})
	var store *lithopss3.Store
	store, _ = aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		isEnd := isMoving.Load() && isCopied.Load()
		switch request.Method {
		case http.MethodPut:
			defer isCopied.Store(true)
		case http.MethodDelete:
			request.Header.Del("If-Match")
		case http.MethodHead:
			if isEnd && strings.HasSuffix(request.URL.Path, "/bucket/key") {
				defer func() {
					if isMoving.Swap(false) {
						close(isSeen)
					}
				}()
			} else if isEnd {
				<-isSeen
				if err := store.PutObject(request.Context(), "bucket", "key", strings.NewReader("another text"), nil); err != nil {
					return nil, err
				}
				time.Sleep(600 * time.Millisecond)
			}
		}
		return next.RoundTrip(request)
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	isCopied.Store(false)
	isMoving.Store(true)
	require.ErrorIs(t, store.MoveObject(t.Context(), "bucket", "key", "other", "key", nil), lithopss3.ErrPrecondition)
	text, err := store.ReadObject(t.Context(), "bucket", "key", 0)
	require.NoError(t, err)
	assert.Equal(t, "another text", string(text))
}
