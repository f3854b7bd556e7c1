// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"cmp"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMoveToFile checks that the object is a file and no object in the end.
func TestMoveToFile(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	for name, text := range map[string]string{"small": "text", "empty": "", "in ranges": strings.Repeat("0123456789", unit)} {
		require.NoError(t, store.PutObject(t.Context(), "bucket", name, strings.NewReader(text), nil))
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, store.MoveToFile(t.Context(), "bucket", name, path, nil), name)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(data), name)
		_, err = store.HeadObject(t.Context(), "bucket", name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		require.ErrorIs(t, store.MoveToFile(t.Context(), "bucket", name, path, nil), fs.ErrNotExist, "it is gone")
	}
}

// TestMoveToFileRequests has a small object be got with one request: its size is known.
func TestMoveToFileRequests(t *testing.T) {
	t.Parallel()
	var requests []string
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		requests = append(requests, request.Method)
		return rangesWithoutSums(next.RoundTrip(request))
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	requests = nil
	require.NoError(t, store.MoveToFile(t.Context(), "bucket", "key", filepath.Join(t.TempDir(), "file"), nil))
	assert.Equal(t, []string{http.MethodHead, http.MethodGet, http.MethodHead, http.MethodDelete}, requests)
}

// TestMoveToFileNeedsAFile checks that an object stays that would be moved to where no
// bytes are kept.
func TestMoveToFileNeedsAFile(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	require.ErrorContains(t, store.MoveToFile(t.Context(), "bucket", "key", os.DevNull, nil), "keeps no bytes")
	_, err := store.HeadObject(t.Context(), "bucket", "key")
	require.NoError(t, err)
	require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", os.DevNull, nil), "a download may")
}

// TestMoveToFileNeverLosesTheObject checks that an object stays that was replaced at any
// time of the move, and one whose file can't be written.
func TestMoveToFileNeverLosesTheObject(t *testing.T) {
	t.Parallel()
	is := func(method string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Method == method }
	}
	for name, test := range map[string]struct {
		when    func(*http.Request) bool
		text    string // that replaces the object then
		status  int    // of the answer then, or 0 for the server's
		weak    bool   // ETags
		missing bool   // the file's folder
		want    string
		is      error // the kind of error, unless nil
	}{
		"replaced before the GET":    {when: is(http.MethodGet), text: "new one", want: "precondition failed", is: lithopss3.ErrPrecondition},
		"replaced before the DELETE": {when: is(http.MethodDelete), text: "new one", want: "replaced meanwhile", is: lithopss3.ErrPrecondition},
		"a DELETE that is refused":   {when: is(http.MethodDelete), status: http.StatusForbidden, want: "the object was not deleted", is: fs.ErrPermission},
		"no strong ETag":             {when: is(""), weak: true, want: "no strong ETag"},
		"no folder for the file":     {when: is(""), missing: true, want: "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mine *lithopss3.Store
			var isDone atomic.Bool
			mine, _ = aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if test.when(request) && isDone.CompareAndSwap(false, true) {
					if test.status != 0 {
						return answer(request, test.status, nil, strings.NewReader("<Error><Code>AccessDenied</Code></Error>")), nil
					}
					if err := mine.PutObject(request.Context(), "bucket", "key", strings.NewReader(test.text), nil); err != nil {
						return nil, err
					}
				}
				response, err := next.RoundTrip(request)
				if test.weak && err == nil && response.Header.Get("ETag") != "" {
					response.Header.Set("ETag", "W/"+response.Header.Get("ETag"))
				}
				return response, err
			})
			require.NoError(t, mine.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
			path := filepath.Join(t.TempDir(), "file")
			if test.missing {
				path = filepath.Join(t.TempDir(), "none", "file")
			}
			err := mine.MoveToFile(t.Context(), "bucket", "key", path, nil)
			require.ErrorContains(t, err, test.want)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			info, err := mine.HeadObject(t.Context(), "bucket", "key")
			require.NoError(t, err, "the object is there")
			assert.Equal(t, int64(len(cmp.Or(test.text, "text"))), info.Size)
		})
	}
}

// TestMoveToFileOptions checks that the object that is asked for is moved, and that one
// that differs from IfMatch is not downloaded.
func TestMoveToFileOptions(t *testing.T) {
	t.Parallel()
	const etag, other = `"1cb251ec0d568de6a929b520c4aed8d1"`, `"00000000000000000000000000000000"`
	var mu sync.Mutex
	var seen []string
	store, _ := aCopier(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		mu.Lock()
		seen = append(seen, request.Method+" "+request.URL.Query().Get("versionId")+" "+request.Header.Get("If-Match"))
		mu.Unlock()
		header := http.Header{"Etag": {etag}, "Last-Modified": {"Mon, 01 Jan 2001 00:00:00 GMT"}, "X-Amz-Version-Id": {"v"}, "Content-Length": {"4"}}
		switch {
		case request.Header.Get("If-Match") == other:
			return answer(request, http.StatusPreconditionFailed, nil, http.NoBody), nil
		case request.Method == http.MethodDelete:
			return answer(request, http.StatusNoContent, nil, http.NoBody), nil
		case request.Method == http.MethodHead:
			return answer(request, http.StatusOK, header, http.NoBody), nil
		}
		return answer(request, http.StatusOK, header, strings.NewReader("text")), nil
	})
	path := filepath.Join(t.TempDir(), "file")
	err := store.MoveToFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{IfMatch: other})
	require.ErrorIs(t, err, lithopss3.ErrPrecondition)
	assert.Equal(t, []string{"HEAD  " + other}, seen)
	assert.NoFileExists(t, path)

	seen = nil
	require.NoError(t, store.MoveToFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{VersionID: "v"}))
	last := len(seen) - 1
	assert.Equal(t, []string{"HEAD v ", "DELETE v "}, []string{seen[0], seen[last]})
	for _, line := range seen[1:last] {
		assert.True(t, strings.HasSuffix(line, " v "+etag), line)
	}
}

// TestMoveIsNotStoppedByAnother checks that a move is refused if the destination looks like
// the source in all that tells objects apart, and only then.
func TestMoveIsNotStoppedByAnother(t *testing.T) {
	t.Parallel()
	for name, differs := range map[string]string{"in nothing": "", "in the ETag": "ETag", "in the time": "Last-Modified", "in the version": "X-Amz-Version-Id"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := http.Header{"Etag": {`"00000000000000000000000000000000"`}, "Last-Modified": {"Mon, 01 Jan 2001 00:00:00 GMT"}, "X-Amz-Version-Id": {"v"}}
			var isCopied atomic.Bool
			sources := make(chan http.Header, 1) // of the HEAD at the same time
			store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				response, err := next.RoundTrip(request)
				switch {
				case err != nil:
				case request.Header.Get("X-Amz-Copy-Source") != "":
					isCopied.Store(true)
				case request.Method != http.MethodHead || isCopied.Load():
				case strings.HasPrefix(request.URL.Path, "/bucket"):
					sources <- response.Header.Clone()
				default:
					source := <-sources
					for key := range other {
						if value := source.Get(key); value != "" {
							response.Header.Set(key, value)
						}
					}
					if differs != "" {
						response.Header.Set(differs, other.Get(differs))
					}
				}
				return response, err
			})
			for _, bucket := range []string{"bucket", "other"} {
				require.NoError(t, store.PutObject(t.Context(), bucket, "key", strings.NewReader("text of "+bucket), nil))
			}
			err := store.MoveObject(t.Context(), "bucket", "key", "other", "key", nil)
			if differs == "" {
				require.ErrorContains(t, err, "same object")
				return
			}
			require.NoError(t, err)
		})
	}
}
