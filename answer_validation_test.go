// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/partition"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestContentRangeIsChecked checks that an answer that is not the range asked for is an
// error.
func TestContentRangeIsChecked(t *testing.T) {
	t.Parallel()
	for _, lie := range []string{
		"", "bytes", "bytes */10", "bytes 0-4/*", "bytes 1-4/10", "bytes 0-5/10", "bytes 0-3/10", "bytes 4-0/10", "bytes 0-4/4", "bytes 0-4/0",
		"bytes -1-4/10", "bytes 0-99999999999999999999/10", "bytes 0-4/99999999999999999999999", "items 0-4/10", "bytes 0-2/10",
	} {
		store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
			return answer(request, http.StatusPartialContent, http.Header{"Content-Range": {lie}, "Content-Length": {"5"}, "Etag": {`"e"`}}, strings.NewReader("01234")), nil
		})
		object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Range: lithopss3.Range(0, 5)})
		if err == nil {
			_ = object.Body.Close()
		}
		assert.Error(t, err, "%q", lie)
		if lie != "" { // without a range, nothing tells such an answer from the whole
			assert.Error(t, store.DownloadFile(t.Context(), "bucket", "key", filepath.Join(t.TempDir(), "f"), nil), "%q", lie)
		}
	}
}

// TestListingInCirclesEnds covers circles of tokens or keys, and promises without keys.
func TestListingInCirclesEnds(t *testing.T) {
	t.Parallel()
	for name, page := range testkit.Some(map[string]func(n int64) (key, token string){
		"no token":         func(n int64) (string, string) { return fmt.Sprint("k", n), "" },
		"one token":        func(n int64) (string, string) { return fmt.Sprint("k", n), "t" },
		"tokens in circle": func(n int64) (string, string) { return fmt.Sprint("k", n), fmt.Sprint("t", n%7) },
		"keys in circle":   func(n int64) (string, string) { return fmt.Sprint("k", n%1000), fmt.Sprint("t", n) },
		"only promises":    func(n int64) (string, string) { return "", fmt.Sprint("t", n) },
	}, 2) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var pages atomic.Int64
			store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				key, token := page(pages.Add(1))
				contents := ""
				if key != "" {
					contents = "<Contents><Key>" + key + "</Key></Contents>"
				}
				return answer(request, http.StatusOK, nil, strings.NewReader("<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>"+token+"</NextContinuationToken>"+contents+"</ListBucketResult>")), nil
			})
			var last error
			for _, err := range store.ListObjects(t.Context(), "bucket", nil) {
				last = err
			}
			require.ErrorIs(t, last, lithopss3.ErrListing)
			assert.Less(t, pages.Load(), int64(4000))
		})
	}
}

// TestErrorsOfOtherKeys has a server report errors for keys that it was not asked to delete.
func TestErrorsOfOtherKeys(t *testing.T) {
	t.Parallel()
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, http.StatusOK, nil, strings.NewReader("<DeleteResult><Error><Key>other\x1b[2J</Key><Code>AccessDenied</Code></Error></DeleteResult>")), nil
	})
	err := store.DeleteObjects(t.Context(), "bucket", []string{"a", "b"})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "\x1b")
}

// TestKeysStayBelowTheFolder checks that what a server lists goes nowhere but below the
// folder.
func TestKeysStayBelowTheFolder(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"../x", "/etc/x", "a/../../x", "a//x", "./x", "..", "a/..", "\x00", ""} {
		_, err := lithopss3.LocalPath(key)
		require.ErrorIs(t, err, lithopss3.ErrUnsafeKey, "%q", key)
	}
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, root.Close()) }()
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, http.StatusOK, http.Header{"Content-Length": {"1"}}, strings.NewReader("x")), nil
	})
	for _, path := range []string{"../x", "/tmp/x", filepath.Join("a", "..", "..", "x")} {
		assert.Error(t, store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Root: root}), path)
	}
}

// TestImpossibleSizes covers numbers beyond what a number holds.
func TestImpossibleSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []string{"-1", "99999999999999999999", "1e9", "", " ", fmt.Sprint(int64(math.MinInt64))} {
		store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
			if request.URL.Query().Has("list-type") {
				return answer(request, http.StatusOK, nil, strings.NewReader("<ListBucketResult><Contents><Key>k</Key><Size>"+size+"</Size></Contents></ListBucketResult>")), nil
			}
			return answer(request, http.StatusOK, http.Header{"Content-Length": {size}}, strings.NewReader("0123456789")), nil
		})
		data, err := store.ReadObject(t.Context(), "bucket", "key", 0)
		assert.True(t, err != nil || len(data) == 10, "%q: %q", size, data)
		_, err = store.HeadObject(t.Context(), "bucket", "key")
		assert.False(t, errors.Is(err, os.ErrNotExist))
		_ = second(store.ListKeys(t.Context(), "bucket", ""))
	}
}

// TestListedKeysHaveThePrefix checks that a server that lists what it was not asked for,
// right or wrong in XML, has nothing deleted.
func TestListedKeysHaveThePrefix(t *testing.T) {
	t.Parallel()
	for name, contents := range map[string]string{
		"a key":           "<Contents><Key>mine/1</Key></Contents><Contents><Key>x</Key></Contents>",
		"a common prefix": "<CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes>",
		"read by the SDK": "<?pi?><Contents><Key>precious</Key></Contents>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				if !assert.Equal(t, http.MethodGet, request.Method) {
					return nil, io.ErrUnexpectedEOF
				}
				return answer(request, http.StatusOK, nil, strings.NewReader("<ListBucketResult>"+contents+"</ListBucketResult>")), nil
			}, func(t *testing.T, store *lithopss3.Store) {
				_, err := store.ListKeys(t.Context(), "bucket", "mine/")
				require.ErrorIs(t, err, lithopss3.ErrListing)
				deleted, err := store.DeletePrefix(t.Context(), "bucket", "mine/", nil)
				require.ErrorIs(t, err, lithopss3.ErrListing)
				assert.Zero(t, deleted)
			})
		})
	}
}

// strayStorage lists folders, and one key, whatever it is asked for. It deletes none.
type strayStorage struct {
	lithopss3.Storage
	t           *testing.T
	folder, key string
}

func (s strayStorage) ListObjects(_ context.Context, _ string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	info := lithopss3.ObjectInfo{Key: s.key}
	if opts.Delimiter != "" {
		info = lithopss3.ObjectInfo{Key: s.folder, IsPrefix: true}
	}
	return func(yield func(lithopss3.ObjectInfo, error) bool) { yield(info, nil) }
}

func (s strayStorage) DeleteObjects(_ context.Context, _ string, keys []string) error {
	assert.Empty(s.t, keys)
	return nil
}

// TestJobsOfStrayKeys checks that jobs are watched and cleaned on any Storage.
func TestJobsOfStrayKeys(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"x/", "precious/folder/", "lithops.jobs/e-0-M000/"} {
		for _, key := range []string{"x", "precious/and/longer/than/the/prefix"} {
			client := jobs.New(strayStorage{t: t, folder: folder, key: key}, "bucket", nil)
			_, err := client.Clean(t.Context(), jobs.CleanOptions{All: true})
			require.ErrorIs(t, err, lithopss3.ErrListing, key)
			var last error
			for _, last = range client.Watch(t.Context(), jobs.ID{ExecutorID: "e-0"}, &jobs.WatchOptions{Once: true}) {
			}
			require.ErrorIs(t, last, lithopss3.ErrListing, folder+key)
		}
	}
}

// TestOnlyAnswersAreSuccess checks that what is neither a listing, nor the result of a
// delete, nor an object is an error, whatever its status.
func TestOnlyAnswersAreSuccess(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
	}{
		"nothing": {http.StatusOK, ""}, "a space": {http.StatusOK, " "}, "HTML": {http.StatusOK, "<html></html>"}, "text": {http.StatusOK, "ok"},
		"an error":         {http.StatusOK, "<Error><Code>InternalError</Code></Error>"},
		"no content":       {http.StatusNoContent, ""},
		"accepted":         {http.StatusAccepted, "<ListBucketResult></ListBucketResult>"},
		"accepted deletes": {http.StatusAccepted, "<DeleteResult></DeleteResult>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				return answer(request, test.status, nil, strings.NewReader(test.body)), nil
			}, func(t *testing.T, store *lithopss3.Store) {
				require.Error(t, second(store.ListKeys(t.Context(), "bucket", "")))
				require.Error(t, store.DeleteObjects(t.Context(), "bucket", []string{"a", "b"}))
				if test.status != http.StatusOK {
					require.Error(t, second(store.ReadObject(t.Context(), "bucket", "key", 0)))
				}
			})
		})
	}
}

// TestOpenUploadsInCirclesEnd checks that markers in a circle end.
func TestOpenUploadsInCirclesEnd(t *testing.T) {
	t.Parallel()
	for name, upload := range map[string]string{"uploads": "<Upload><Key>a</Key><UploadId>1</UploadId></Upload>", "none": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pages := 0
			store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				if pages++; pages > 100 {
					return nil, io.ErrUnexpectedEOF
				}
				marker := string("abc"[pages%3])
				return answer(request, http.StatusOK, nil, strings.NewReader("<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>"+
					marker+"</NextKeyMarker>"+upload+"</ListMultipartUploadsResult>")), nil
			})
			var last error
			for _, last = range store.OpenUploads(t.Context(), "bucket", "") {
			}
			require.ErrorIs(t, last, lithopss3.ErrListing)
		})
	}
}

// TestHeadWithoutLength checks that an object of unknown size is not an empty one.
func TestHeadWithoutLength(t *testing.T) {
	t.Parallel()
	onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, http.StatusOK, http.Header{"Etag": {`"e"`}}, http.NoBody), nil
	}, func(t *testing.T, store *lithopss3.Store) {
		require.ErrorContains(t, second(store.HeadObject(t.Context(), "bucket", "key")), "size")
		require.ErrorContains(t, second(store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Range: lithopss3.Range(-5, 2)})), "size")
		_, _, err := partition.Objects(t.Context(), store, []string{"s3://bucket/key"}, &partition.Options{ChunkSize: 1 << 20})
		require.ErrorContains(t, err, "size")
	})
}

// TestDeletedIsNeverLess has a server report errors for more keys than it was given.
func TestDeletedIsNeverLess(t *testing.T) {
	t.Parallel()
	deleted := false
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if request.Method == http.MethodGet {
			contents := "<Contents><Key>a</Key></Contents>"
			if !deleted {
				contents += "<Contents><Key>b</Key></Contents>"
			}
			return answer(request, http.StatusOK, nil, strings.NewReader("<ListBucketResult>"+contents+"</ListBucketResult>")), nil
		}
		deleted = true
		_, _ = io.Copy(io.Discard, request.Body)
		blame := func(key string) string { return "<Error><Key>" + key + "</Key><Code>AccessDenied</Code></Error>" }
		return answer(request, http.StatusOK, nil, strings.NewReader("<DeleteResult>"+blame("a")+blame("a")+blame("x")+blame("y")+"</DeleteResult>")), nil
	})
	count, err := store.DeletePrefix(t.Context(), "bucket", "", &lithopss3.DeletePrefixOptions{All: true})
	require.ErrorIs(t, err, fs.ErrPermission)
	assert.Equal(t, int64(1), count)
}
