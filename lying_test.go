package lithopss3_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/partition"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// toLiars tests stores whose server is a function: by the SDK alone, and by the
// hot path, which has learned from a request before.
func toLiars(t *testing.T, server tripper, test func(*testing.T, *lithopss3.Store)) {
	t.Helper()
	for name, sdkOnly := range map[string]bool{"hot": false, "sdk": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			learning := !sdkOnly
			store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")},
				lithopss3.InHaste(&lithopss3.Options{
					LookupEnv: lookupIn(nil), Endpoint: "http://127.0.0.1:1", SDKOnly: sdkOnly,
					Transport: &wire{trip: func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
						if learning {
							return answer(request, http.StatusOK, http.Header{"Content-Length": {"0"}}, http.NoBody), nil
						}
						return server(request, next)
					}},
				}, 10*time.Second))
			require.NoError(t, err)
			if learning {
				require.NoError(t, second(store.ReadObject(t.Context(), "bucket", "key", 0)))
				require.NoError(t, second(store.HeadObject(t.Context(), "bucket", "key")))
				learning = false
			}
			test(t, store)
		})
	}
}

// cutOff ends with an error.
func cutOff(text string) io.Reader {
	return io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF))
}

// TestVersionsAreNotMixed: a body goes on only with the object that it began with,
// also where the server does not hear If-Match.
func TestVersionsAreNotMixed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		etag, size string // of the second answer
		want       error
	}{
		"the same":            {`"one"`, "10", nil},
		"made weak":           {`W/"one"`, "10", nil},
		"without its quotes":  {"one", "10", nil},
		"no ETag":             {"", "10", nil},
		"another":             {`"two"`, "10", lithopss3.ErrPrecondition},
		"another size":        {`"one"`, "999", lithopss3.ErrPrecondition},
		"no ETag, other size": {"", "999", lithopss3.ErrPrecondition},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			toLiars(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				if request.Header.Get("Range") == "" {
					return answer(request, http.StatusOK, http.Header{"Content-Length": {"10"}, "Etag": {`"one"`}}, cutOff("AAAAA")), nil
				}
				header := http.Header{"Content-Length": {"5"}, "Content-Range": {"bytes 5-9/" + test.size}}
				if test.etag != "" {
					header.Set("ETag", test.etag)
				}
				return answer(request, http.StatusPartialContent, header, strings.NewReader("BBBBB")), nil
			}, func(t *testing.T, store *lithopss3.Store) {
				data, err := store.ReadObject(t.Context(), "bucket", "key", 0)
				require.ErrorIs(t, err, test.want)
				if test.want == nil {
					assert.Equal(t, "AAAAABBBBB", string(data))
				}
			})
		})
	}
}

// TestIfMatchIsHeld: an answer with another ETag than asked for is an error,
// whatever the server makes of the condition.
func TestIfMatchIsHeld(t *testing.T) {
	t.Parallel()
	toLiars(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, http.StatusOK, http.Header{"Content-Length": {"1"}, "Etag": {`"two"`}}, strings.NewReader("x")), nil
	}, func(t *testing.T, store *lithopss3.Store) {
		for ifMatch, want := range map[string]error{
			"": nil, "*": nil, `"two"`: nil, "two": nil, `W/"two"`: nil, `"one", "two"`: nil,
			`"one"`: lithopss3.ErrPrecondition, "one": lithopss3.ErrPrecondition, "tw": lithopss3.ErrPrecondition,
		} {
			object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{IfMatch: ifMatch})
			require.ErrorIs(t, err, want, ifMatch)
			if err == nil {
				require.NoError(t, object.Body.Close())
			}
			_, err = store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{IfMatch: ifMatch, Range: lithopss3.Range(0, 0)})
			require.ErrorIs(t, err, want, ifMatch)
		}
	})
}

// TestReaderAtOfTwoVersions: of an object that is replaced by one of the same size.
func TestReaderAtOfTwoVersions(t *testing.T) {
	t.Parallel()
	const size = 2 << 20
	toLiars(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		etag, first, last := `"two"`, 0, 1<<20-1
		if strings.HasPrefix(request.Header.Get("Range"), "bytes=-") {
			etag, first, last = `"one"`, size-64<<10, size-1
		}
		length := last - first + 1
		return answer(request, http.StatusPartialContent, http.Header{
			"Content-Length": {fmt.Sprint(length)}, "Content-Range": {fmt.Sprintf("bytes %d-%d/%d", first, last, size)}, "Etag": {etag},
		}, strings.NewReader(strings.Repeat("x", length))), nil
	}, func(t *testing.T, store *lithopss3.Store) {
		reader, err := store.OpenReaderAt(t.Context(), "bucket", "key", nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, reader.Close()) }()
		_, err = reader.ReadAt(make([]byte, 10), 0)
		require.ErrorIs(t, err, lithopss3.ErrPrecondition)
	})
}

// TestListedKeysHaveThePrefix: a server that lists what it was not asked for, right
// or wrong in XML, has nothing deleted.
func TestListedKeysHaveThePrefix(t *testing.T) {
	t.Parallel()
	for name, contents := range map[string]string{
		"a key":           "<Contents><Key>mine/1</Key></Contents><Contents><Key>x</Key></Contents>",
		"a common prefix": "<CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes>",
		"read by the SDK": "<?pi?><Contents><Key>precious</Key></Contents>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			toLiars(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
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

// TestJobsOfStrayKeys: jobs are watched and cleaned on any Storage.
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

// TestOnlyAnswersAreSuccess: what is neither a listing, nor the result of a delete,
// nor an object is an error, whatever its status.
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
			toLiars(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
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

// TestOpenUploadsThatGoRound: markers in a circle end.
func TestOpenUploadsThatGoRound(t *testing.T) {
	t.Parallel()
	for name, upload := range map[string]string{"uploads": "<Upload><Key>a</Key><UploadId>1</UploadId></Upload>", "none": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pages := 0
			store := hostileStore(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
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

// TestHeadWithoutLength: an object of unknown size is not an empty one.
func TestHeadWithoutLength(t *testing.T) {
	t.Parallel()
	toLiars(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, http.StatusOK, http.Header{"Etag": {`"e"`}}, http.NoBody), nil
	}, func(t *testing.T, store *lithopss3.Store) {
		require.ErrorContains(t, second(store.HeadObject(t.Context(), "bucket", "key")), "size")
		require.ErrorContains(t, second(store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Range: lithopss3.Range(-5, 2)})), "size")
		_, _, err := partition.Objects(t.Context(), store, []string{"s3://bucket/key"}, &partition.Options{ChunkSize: 1 << 20})
		require.ErrorContains(t, err, "size")
	})
}

// TestHugeParallel: more requests at once than there is memory for.
func TestHugeParallel(t *testing.T) {
	t.Parallel()
	store := hostileStore(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, http.StatusOK, nil, strings.NewReader("<ListBucketResult><Contents><Key>k</Key></Contents></ListBucketResult>")), nil
	})
	for info, err := range store.ListObjects(t.Context(), "bucket", &lithopss3.ListOptions{Parallel: math.MaxInt}) {
		require.NoError(t, err)
		assert.Equal(t, "k", info.Key)
	}
}

// TestDeletedIsNeverLess: a server blames more keys than it was given.
func TestDeletedIsNeverLess(t *testing.T) {
	t.Parallel()
	deleted := false
	store := hostileStore(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
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
