// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// isWholeCopy reports whether a request copies an object, and not a part.
func isWholeCopy(r *http.Request) bool {
	return r.Header.Get("X-Amz-Copy-Source") != "" && !r.URL.Query().Has("partNumber")
}

// TestCopyOfSlowServer checks that a large object is copied in parts, with all that
// describes it, by a server that does not answer in time while it copies all of it with one
// request; that such a request is sent once; and that a small object has the usual attempts.
func TestCopyOfSlowServer(t *testing.T) {
	t.Parallel()
	large, small := 17*unit, 16*unit
	for name, fail := range map[string]func(*http.Request) (*http.Response, error){
		"no answer": func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
		},
		"Cloudflare's timeout": func(r *http.Request) (*http.Response, error) {
			return answer(r, 524, nil, strings.NewReader("error code: 524")), nil
		},
		"a gateway's timeout": func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusGatewayTimeout, nil, strings.NewReader("")), nil
		},
	} {
		for _, move := range []bool{false, true} {
			var copies atomic.Int64
			store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if isWholeCopy(request) {
					copies.Add(1)
					return fail(request)
				}
				return next.RoundTrip(request)
			})
			data := testkit.Bytes(large)
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(data), described()))
			copied := store.CopyObject
			if move {
				copied = store.MoveObject
			}
			require.NoError(t, copied(t.Context(), "bucket", "key", "bucket", "copy", nil), name)
			assert.Equal(t, int64(1), copies.Load(), name)
			object, err := store.GetObject(t.Context(), "bucket", "copy", nil)
			require.NoError(t, err)
			got, err := io.ReadAll(object.Body)
			require.NoError(t, err)
			require.NoError(t, object.Body.Close())
			assert.True(t, bytes.Equal(data, got), name)
			assert.Equal(t, described().ContentType, object.ContentType, name)
			assert.Equal(t, described().Metadata, object.Metadata, name)
			tags, err := store.ObjectTags(t.Context(), "bucket", "copy")
			require.NoError(t, err)
			assert.Equal(t, described().Tags, tags, name)

			copies.Store(0)
			require.NoError(t, store.PutObject(t.Context(), "bucket", "small", bytes.NewReader(data[:small]), nil))
			require.ErrorContains(t, copied(t.Context(), "bucket", "small", "bucket", "copy of it", &lithopss3.CopyOptions{}), "tried 6 times", name)
			assert.Equal(t, int64(6), copies.Load(), name)
		}
	}
}
