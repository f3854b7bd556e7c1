// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A copyStep is a request of a copy: which one it is of those that ask for the copy, or 0, and
// whether it is for the source.
type copyStep struct {
	*http.Request
	copy     int64
	isSource bool
	made     *atomic.Int64 // copies that the server has made
	replace  func() error  // the source
}

// refuse answers a step.
func (s copyStep) refuse(status int, code string) (*http.Response, error) {
	return answer(s.Request, status, nil, strings.NewReader("<Error><Code>"+code+"</Code></Error>")), nil
}

// TestCopyListedAsWithout checks that a listing changes nothing but the requests: what is
// stored, the error, and the object that it names are those of a copy without one.
func TestCopyListedAsWithout(t *testing.T) {
	t.Parallel()
	type (
		listed  = lithopss3.ObjectInfo
		options = lithopss3.CopyOptions
	)
	for name, test := range map[string]struct {
		change func(*listed, *options)
		serve  func(step copyStep, next http.RoundTripper) (*http.Response, error)
		want   string // that the error says, or "" for none
		stored bool   // with an error, too
	}{
		"an ETag that no header can hold": {change: func(l *listed, _ *options) { l.ETag = "\n" + l.ETag + "\n" }},
		"an ETag that is refused": {change: func(l *listed, _ *options) { l.ETag = strings.Trim(l.ETag, `"`) }, serve: func(s copyStep, next http.RoundTripper) (*http.Response, error) {
			if s.copy > 0 && !strings.HasPrefix(s.Header.Get("X-Amz-Copy-Source-If-Match"), `"`) {
				return s.refuse(http.StatusBadRequest, "InvalidArgument")
			}
			return next.RoundTrip(s.Request)
		}},
		"a size that is wrong": {change: func(l *listed, o *options) { l.Size = 5; lithopss3.CopyInParts(o, 8*unit) }, serve: func(s copyStep, next http.RoundTripper) (*http.Response, error) {
			if s.copy > 0 && s.Header.Get("X-Amz-Copy-Source-Range") == "" {
				return s.refuse(http.StatusBadRequest, "InvalidRequest") // it is too large for one request
			}
			return next.RoundTrip(s.Request)
		}},
		"a source that may not be read": {want: "CopyObject bucket/key: permission denied", serve: func(s copyStep, next http.RoundTripper) (*http.Response, error) {
			if s.copy > 0 || s.isSource {
				return s.refuse(http.StatusForbidden, "AccessDenied")
			}
			return next.RoundTrip(s.Request)
		}},
		"a source with a customer's key": {want: "CopyObject bucket/key: InvalidRequest", serve: func(s copyStep, next http.RoundTripper) (*http.Response, error) {
			if s.copy > 0 || s.isSource {
				return s.refuse(http.StatusBadRequest, "InvalidRequest")
			}
			return next.RoundTrip(s.Request)
		}},
		"an outcome that is not known": {change: func(_ *listed, o *options) { o.IfAbsent = true }, want: "CopyObject other/copy: whether the object was stored is not known", stored: true, serve: func(s copyStep, next http.RoundTripper) (*http.Response, error) {
			if s.Method == http.MethodHead && !s.isSource {
				return s.refuse(http.StatusForbidden, "AccessDenied")
			}
			return s.loseFirst(next)
		}},
		"a lost answer and a size that is wrong": {change: func(l *listed, o *options) { l.Size, o.IfAbsent = 5, true }, serve: copyStep.loseFirst},
		"a lost answer and another ETag of the copy": {change: func(_ *listed, o *options) { o.IfAbsent = true }, serve: func(s copyStep, next http.RoundTripper) (*http.Response, error) {
			response, err := s.loseFirst(next)
			if err == nil && s.Header.Get("X-Amz-Checksum-Mode") != "" { // as of a source in parts, and with SSE-KMS
				response.Header.Set("X-Amz-Checksum-Crc32", "GlXB7w==")
				if !s.isSource {
					response.Header.Set("ETag", `"00000000000000000000000000000000"`)
				}
			}
			return response, err
		}},
		"a lost answer before the source is replaced": {change: func(_ *listed, o *options) { o.IfAbsent = true }, serve: func(s copyStep, next http.RoundTripper) (*http.Response, error) {
			response, err := s.loseFirst(next)
			if s.copy == 1 {
				err = cmp.Or(s.replace(), err)
			}
			return response, err
		}},
		"a source whose description has no ETag": {change: func(l *listed, o *options) { l.ETag, o.IfAbsent = `"00000000000000000000000000000000"`, true }, serve: func(s copyStep, next http.RoundTripper) (*http.Response, error) {
			response, err := s.loseFirst(next)
			if err == nil && s.Method == http.MethodHead {
				response.Header.Set("X-Amz-Checksum-Crc32", "GlXB7w==")
				response.Header.Del("ETag")
			}
			return response, err
		}},
		"an archived source": {want: "CopyObject other/copy: the object is archived", serve: func(s copyStep, next http.RoundTripper) (*http.Response, error) {
			if s.copy > 0 {
				return s.refuse(http.StatusForbidden, "InvalidObjectState")
			}
			return next.RoundTrip(s.Request)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, isListed := range []bool{false, true} {
				var copies, made atomic.Int64
				var store *lithopss3.Store
				replace := func() error {
					return store.PutObject(t.Context(), "bucket", "key", strings.NewReader("another text"), nil)
				}
				store, _ = aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
					step := copyStep{Request: request, made: &made, replace: replace, isSource: request.Method == http.MethodHead && strings.HasSuffix(request.URL.Path, "/bucket/key")}
					if request.Header.Get("X-Amz-Copy-Source") != "" {
						step.copy = copies.Add(1)
					}
					if test.serve == nil {
						return next.RoundTrip(request)
					}
					return test.serve(step, next)
				})
				data := testkit.Bytes(11 * unit)
				require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(data), nil))
				info, opts := listedIn(t, store, "key"), &lithopss3.CopyOptions{}
				if test.change != nil {
					test.change(info, opts)
				}
				if isListed {
					opts.Listed = info
				}
				err := store.CopyObject(t.Context(), "bucket", "key", "other", "copy", opts)
				what := fmt.Sprintf("listed: %v", isListed)
				if test.want == "" {
					require.NoError(t, err, what)
				} else {
					require.ErrorContains(t, err, test.want, what)
				}
				got, err := store.ReadObject(t.Context(), "other", "copy", 0)
				if test.want != "" && !test.stored {
					require.ErrorIs(t, err, fs.ErrNotExist)
					continue
				}
				require.NoError(t, err)
				assert.True(t, bytes.Equal(data, got), what)
			}
		})
	}
}

// loseFirst makes the copy, and loses the first answer.
func (s copyStep) loseFirst(next http.RoundTripper) (*http.Response, error) {
	response, err := next.RoundTrip(s.Request)
	if s.copy == 0 || err != nil || response.StatusCode != http.StatusOK || s.made.Add(1) > 1 {
		return response, err
	}
	_ = response.Body.Close()
	return nil, io.ErrUnexpectedEOF
}
