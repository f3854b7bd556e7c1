// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRangeAnswers checks that only the requested range is a success, with an ETag or
// without.
func TestRangeAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status       int
		contentRange string
		body         string
		ok           bool
	}{
		"as asked":         {206, "bytes 2-4/10", "cde", true},
		"the whole":        {200, "", "abcdefghij", false},
		"200 with a range": {200, "bytes 2-4/10", "cde", false},
		"206 without":      {206, "", "cde", false},
		"another place":    {206, "bytes 0-2/10", "abc", false},
		"more":             {206, "bytes 2-5/10", "cdef", false},
		"less":             {206, "bytes 2-3/10", "cd", false},
		"at the end":       {206, "bytes 2-3/4", "cd", true},
		"no size":          {206, "bytes 2-4/*", "cde", false},
		"202":              {202, "bytes 2-4/10", "cde", false},
		"204":              {204, "bytes 2-4/10", "", false},
		"more bytes":       {206, "bytes 2-4/10", "cdefg", false},
		"octal-looking":    {206, "bytes 02-04/010", "cde", true},
	} {
		for _, etag := range []string{"", `"e"`, `W/"e"`} {
			t.Run(name+" "+etag, func(t *testing.T) {
				t.Parallel()
				onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
					header := http.Header{"Content-Length": {fmt.Sprint(len(test.body))}}
					if test.contentRange != "" {
						header.Set("Content-Range", test.contentRange)
					}
					if etag != "" {
						header.Set("Etag", etag)
					}
					return answer(request, test.status, header, strings.NewReader(test.body)), nil
				}, func(t *testing.T, store *lithopss3.Store) {
					object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Range: lithopss3.Range(2, 3)})
					if !test.ok {
						require.Error(t, err)
						return
					}
					require.NoError(t, err)
					data, err := io.ReadAll(object.Body)
					require.NoError(t, err)
					assert.Equal(t, test.body, string(data))
					require.NoError(t, object.Body.Close())
				})
			})
		}
	}
}

// TestWholeAnswers checks that Content-Length is read as decimal, and that no other
// header, however malformed, costs the caller the bytes.
func TestWholeAnswers(t *testing.T) {
	t.Parallel()
	const body = "0123456789"
	for name, test := range map[string]struct {
		status int
		header http.Header
		ok     bool
	}{
		"plain":             {200, http.Header{"Content-Length": {"10"}}, true},
		"octal-looking":     {200, http.Header{"Content-Length": {"010"}}, true},
		"blanks":            {200, http.Header{"Content-Length": {" 10 "}}, true},
		"no length":         {200, http.Header{}, true},
		"an empty length":   {200, http.Header{"Content-Length": {""}}, true},
		"no number":         {200, http.Header{"Content-Length": {"ten"}}, false},
		"hexadecimal":       {200, http.Header{"Content-Length": {"0xa"}}, false},
		"below zero":        {200, http.Header{"Content-Length": {"-10"}}, false},
		"206 unasked":       {206, http.Header{"Content-Length": {"10"}, "Content-Range": {"bytes 0-9/20"}}, false},
		"a part, as a 200":  {200, http.Header{"Content-Length": {"10"}, "Content-Range": {"bytes 0-9/20"}}, false},
		"an empty range":    {200, http.Header{"Content-Length": {"10"}, "Content-Range": {""}}, true},
		"201":               {201, http.Header{"Content-Length": {"10"}}, false},
		"bad date":          {200, http.Header{"Content-Length": {"10"}, "Last-Modified": {"the other day"}}, true},
		"no date":           {200, http.Header{"Content-Length": {"10"}, "Last-Modified": {""}}, true},
		"bad Expires":       {200, http.Header{"Content-Length": {"10"}, "Expires": {"0"}}, true},
		"odd booleans":      {200, http.Header{"Content-Length": {"10"}, "X-Amz-Delete-Marker": {""}, "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": {"maybe"}}, true},
		"odd numbers":       {200, http.Header{"Content-Length": {"10"}, "X-Amz-Tagging-Count": {"x"}, "X-Amz-Mp-Parts-Count": {""}, "X-Amz-Missing-Meta": {"99999999999"}}, true},
		"odd lock":          {200, http.Header{"Content-Length": {"10"}, "X-Amz-Object-Lock-Retain-Until-Date": {"forever"}, "X-Amz-Object-Lock-Event-Hold": {""}}, true},
		"an empty checksum": {200, http.Header{"Content-Length": {"10"}, "X-Amz-Checksum-Crc32": {""}}, true},
		"an empty ETag":     {200, http.Header{"Content-Length": {"10"}, "Etag": {""}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				if request.Method == http.MethodHead {
					return answer(request, test.status, test.header.Clone(), http.NoBody), nil
				}
				return answer(request, test.status, test.header.Clone(), strings.NewReader(body)), nil
			}, func(t *testing.T, store *lithopss3.Store) {
				data, err := store.ReadObject(t.Context(), "bucket", "key", 0)
				if !test.ok {
					require.Error(t, err)
				} else {
					require.NoError(t, err)
					assert.Equal(t, body, string(data))
				}
				if strings.TrimSpace(test.header.Get("Content-Length")) == "" || test.header.Get("Content-Range") != "" {
					return
				}
				info, err := store.HeadObject(t.Context(), "bucket", "key")
				if !test.ok {
					require.Error(t, err)
					return
				}
				require.NoError(t, err)
				assert.EqualValues(t, 10, info.Size)
			})
		})
	}
}

// TestDatesOfAnswers covers every form that boto3 reads.
func TestDatesOfAnswers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"Tue, 24 Nov 2026 02:00:00 GMT": 1795485600, "Tue, 24 Nov 2026 02:00:00 UTC": 1795485600, "Tue, 24 Nov 2026 02:00:00 +0000": 1795485600,
		"2026-11-24T02:00:00Z": 1795485600, "2026-11-24T02:00:00.000Z": 1795485600, "2026-11-24T03:00:00+01:00": 1795485600, "1795485600": 1795485600,
		"nonsense": 0, "": 0,
	} {
		onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
			return answer(request, http.StatusOK, http.Header{"Content-Length": {"0"}, "Last-Modified": {text}}, http.NoBody), nil
		}, func(t *testing.T, store *lithopss3.Store) {
			info, err := store.HeadObject(t.Context(), "bucket", "key")
			require.NoError(t, err, text)
			if want == 0 {
				assert.True(t, info.LastModified.IsZero(), text)
			} else {
				assert.Equal(t, want, info.LastModified.Unix(), text)
			}
		})
	}
}

// TestRangeLastOfEmptyObject checks that RangeLast on an empty object is an empty body,
// whatever the server makes of such a range.
func TestRangeLastOfEmptyObject(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]func(*http.Request) *http.Response{
		"416": func(r *http.Request) *http.Response {
			return testkit.ErrorAnswer(r, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		},
		"200": func(r *http.Request) *http.Response {
			return answer(r, http.StatusOK, http.Header{"Content-Length": {"0"}}, http.NoBody)
		},
		"206 without a range": func(r *http.Request) *http.Response {
			return answer(r, http.StatusPartialContent, http.Header{"Content-Length": {"0"}}, http.NoBody)
		},
		"an impossible range": func(r *http.Request) *http.Response {
			return answer(r, http.StatusPartialContent, http.Header{"Content-Length": {"0"}, "Content-Range": {"bytes 0--1/0"}}, http.NoBody)
		},
		"no range": func(r *http.Request) *http.Response {
			return answer(r, http.StatusPartialContent, http.Header{"Content-Length": {"0"}, "Content-Range": {"bytes */0"}}, http.NoBody)
		},
	} {
		for _, size := range []string{"0", "7"} {
			t.Run(name+" "+size, func(t *testing.T) {
				t.Parallel()
				onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
					if request.Method == http.MethodHead {
						return answer(request, http.StatusOK, http.Header{"Content-Length": {size}, "Etag": {`"e"`}}, http.NoBody), nil
					}
					return server(request), nil
				}, func(t *testing.T, store *lithopss3.Store) {
					object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Range: lithopss3.RangeLast(5)})
					if size != "0" {
						require.Error(t, err)
						return
					}
					require.NoError(t, err)
					data, err := io.ReadAll(object.Body)
					require.NoError(t, err)
					assert.Empty(t, data)
					assert.Zero(t, object.Size)
					assert.Zero(t, object.Length)
					_, err = store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Range: lithopss3.RangeFrom(math.MinInt64)})
					require.NoError(t, err)
				})
			})
		}
	}
}

// TestBodyShorterThanItsLength checks that a body that ends before its Content-Length, of
// an object that has no more, broke off and was not replaced.
func TestBodyShorterThanItsLength(t *testing.T) {
	t.Parallel()
	for name, rest := range map[string]func(*http.Request) *http.Response{
		"416": func(r *http.Request) *http.Response {
			return testkit.ErrorAnswer(r, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		},
		"206 of nothing": func(r *http.Request) *http.Response {
			return answer(r, http.StatusPartialContent, http.Header{"Content-Length": {"0"}, "Content-Range": {"bytes */5"}, "Etag": {`"e"`}}, http.NoBody)
		},
	} {
		for etag, want := range map[string]string{`"e"`: "broke off", `"other"`: "replaced meanwhile"} {
			t.Run(name+" "+etag, func(t *testing.T) {
				t.Parallel()
				onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
					switch {
					case request.Method == http.MethodHead:
						return answer(request, http.StatusOK, http.Header{"Content-Length": {"5"}, "Etag": {etag}}, http.NoBody), nil
					case request.Header.Get("Range") == "":
						return answer(request, http.StatusOK, http.Header{"Content-Length": {"10"}, "Etag": {`"e"`}}, cutOff("AAAAA")), nil
					}
					return rest(request), nil
				}, func(t *testing.T, store *lithopss3.Store) {
					_, err := store.ReadObject(t.Context(), "bucket", "key", 0)
					if name == "206 of nothing" && want != "broke off" {
						require.Error(t, err)
						return
					}
					require.ErrorContains(t, err, want)
					if want == "broke off" {
						require.ErrorIs(t, err, io.ErrUnexpectedEOF)
						require.NotErrorIs(t, err, lithopss3.ErrPrecondition)
						require.NotContains(t, err.Error(), "replaced")
					} else {
						require.ErrorIs(t, err, lithopss3.ErrPrecondition)
					}
				})
			})
		}
	}
}

// TestWeakETagsAreNotSent checks this for the caller's ETags and for the server's.
func TestWeakETagsAreNotSent(t *testing.T) {
	t.Parallel()
	onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		assert.NotContains(t, request.Header.Get("If-Match"), "W/")
		header := http.Header{"Content-Length": {"10"}, "Etag": {`W/"e"`}}
		if request.Method == http.MethodHead {
			return answer(request, http.StatusOK, header, http.NoBody), nil
		}
		if request.Method == http.MethodPut {
			assert.Equal(t, `"e"`, request.Header.Get("If-Match"))
			_, _ = io.Copy(io.Discard, request.Body)
			return answer(request, http.StatusOK, http.Header{"Etag": {`"f"`}}, http.NoBody), nil
		}
		if request.Header.Get("Range") != "" {
			header.Set("Content-Range", "bytes 0-9/10")
			return answer(request, http.StatusPartialContent, header, strings.NewReader("0123456789")), nil
		}
		return answer(request, http.StatusOK, header, strings.NewReader("0123456789")), nil
	}, func(t *testing.T, store *lithopss3.Store) {
		object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{IfMatch: `W/"e"`})
		require.NoError(t, err)
		require.NoError(t, object.Body.Close())
		_, err = store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{IfMatch: `W/"other"`})
		require.ErrorIs(t, err, lithopss3.ErrPrecondition)
		require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), &lithopss3.PutOptions{IfMatch: `W/"e"`}))
		reader, err := store.OpenReaderAt(t.Context(), "bucket", "key", nil)
		require.NoError(t, err)
		_, err = reader.ReadAt(make([]byte, 10), 0)
		require.NoError(t, err)
		require.NoError(t, reader.Close())
	})
}
