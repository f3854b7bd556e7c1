// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/partition"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An endlessBody yields a head and then repeats its text for ever. It counts what was read.
type endlessBody struct {
	head, text string
	read       *atomic.Int64
	left       string
}

func (b *endlessBody) Read(p []byte) (int, error) {
	if b.head != "" {
		b.left, b.head = b.head, ""
	}
	if b.left == "" {
		b.left = strings.Repeat(b.text, 1+(64<<10)/len(b.text))
	}
	n := copy(p, b.left)
	b.left = b.left[n:]
	b.read.Add(int64(n))
	return n, nil
}

func (b *endlessBody) Close() error { return nil }

// largeZeros returns more bytes than one request puts, which may not be changed.
var largeZeros = sync.OnceValue(func() []byte { return make([]byte, 17<<20) })

// smallOperations have answers that are no objects.
var smallOperations = map[string]func(context.Context, *lithopss3.Store) error{
	"list": func(ctx context.Context, s *lithopss3.Store) error { return second(s.ListKeys(ctx, "bucket", "")) },
	"put": func(ctx context.Context, s *lithopss3.Store) error {
		return s.PutObject(ctx, "bucket", "key", strings.NewReader("x"), nil)
	},
	"put in parts": func(ctx context.Context, s *lithopss3.Store) error {
		return s.PutObject(ctx, "bucket", "key", bytes.NewReader(largeZeros()), nil)
	},
	"delete": func(ctx context.Context, s *lithopss3.Store) error { return s.DeleteObject(ctx, "bucket", "key") },
	"delete many": func(ctx context.Context, s *lithopss3.Store) error {
		return s.DeleteObjects(ctx, "bucket", []string{"a", "b"})
	},
	"create": func(ctx context.Context, s *lithopss3.Store) error { return s.CreateBucket(ctx, "bucket") },
	"status": func(ctx context.Context, s *lithopss3.Store) error { return second(s.BucketStatus(ctx, "bucket")) },
}

// TestAnswersAreBounded checks that an endless answer is cut after 16 MiB of a list, or 1
// MiB of anything else.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	for kind, test := range testkit.Some(map[string]struct {
		status     int
		head, text string
		limit      int64 // of a list
	}{
		"spaces":          {http.StatusOK, "", " ", 16 << 20},
		"an element":      {http.StatusOK, "<ListBucketResult><Contents><Key>", "k", 16 << 20},
		"elements":        {http.StatusOK, "<ListBucketResult>", "<Contents><Key>k</Key></Contents>", 16 << 20},
		"behind its end":  {http.StatusOK, "<ListBucketResult></ListBucketResult>", "x", 16 << 20},
		"an error":        {http.StatusNotFound, "<Error><Code>", "x", 1 << 20},
		"an error's text": {http.StatusForbidden, "<Error><Code>AccessDenied</Code><Message>", "x", 1 << 20},
		"a redirect":      {http.StatusMovedPermanently, "", "x", 1 << 20},
	}, 2) {
		for name, do := range smallOperations {
			if (name == "delete many" && kind != "an element" && test.limit > 1<<20) || (name == "list" && kind == "spaces") {
				continue // to read 16 MiB of XML takes its time
			}
			t.Run(kind+" to "+name, func(t *testing.T) {
				t.Parallel()
				var read, requests atomic.Int64
				store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
					requests.Add(1)
					if request.Body != nil {
						_, _ = io.Copy(io.Discard, request.Body)
					}
					if request.Method == http.MethodHead {
						return answer(request, http.StatusOK, nil, http.NoBody), nil
					}
					return answer(request, test.status, nil, &endlessBody{head: test.head, text: test.text, read: &read}), nil
				})
				err := do(t.Context(), store)
				limit := int64(1 << 20)
				if name == "list" || name == "delete many" {
					limit = test.limit
				}
				const slack = 1 << 20 // buffers
				assert.LessOrEqual(t, read.Load(), requests.Load()*(limit+slack))
				assert.Less(t, requests.Load(), int64(12))
				if err != nil {
					assert.Less(t, len(err.Error()), 8<<10)
				}
				if test.status != http.StatusOK && name != "status" {
					require.Error(t, err)
				}
			})
		}
	}
}

// TestObjectsAreBounded checks that a limit holds, whatever the server says of the length.
func TestObjectsAreBounded(t *testing.T) {
	t.Parallel()
	for _, header := range testkit.SomeOf([]http.Header{{}, {"Content-Length": {"10"}}, {"Content-Length": {"4611686018427387904"}}}, 2) {
		var read atomic.Int64
		store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
			return answer(request, http.StatusOK, header.Clone(), &endlessBody{text: "x", read: &read}), nil
		})
		data, err := store.ReadObject(t.Context(), "bucket", "key", 1<<20)
		if header.Get("Content-Length") == "10" {
			require.NoError(t, err)
			assert.Len(t, data, 10, "the rest is not the object")
		} else {
			require.ErrorContains(t, err, "1048576")
		}
		assert.LessOrEqual(t, read.Load(), int64(4<<20))
	}
}

// TestPromisedBytes checks that bytes that a server only promises take no memory and no
// disk. Not parallel: it counts what the process allocates.
func TestPromisedBytes(t *testing.T) {
	const huge = "4611686018427387904"
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		header := http.Header{"Content-Length": {huge}, "Etag": {`"e"`}}
		status := http.StatusOK
		if request.Header.Get("Range") != "" {
			status = http.StatusPartialContent
			header.Set("Content-Length", "8388608")
			header.Set("Content-Range", "bytes 0-8388607/"+huge)
		}
		return answer(request, status, header, strings.NewReader("short")), nil
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := store.ReadObject(t.Context(), "bucket", "key", 1)
	require.Error(t, err)
	folder := t.TempDir()
	for _, resume := range []bool{false, true} {
		err = store.DownloadFile(t.Context(), "bucket", "key", filepath.Join(folder, "file"), &lithopss3.DownloadOptions{Resume: resume})
		require.ErrorIs(t, err, lithopss3.ErrTooLarge)
	}
	_, _, err = partition.Objects(t.Context(), store, []string{"s3://bucket/key"}, &partition.Options{ChunkSize: 1 << 20})
	require.ErrorIs(t, err, lithopss3.ErrTooLarge)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(512<<20))
	_, err = os.Stat(filepath.Join(folder, "file"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestServerTextIsSanitized checks that a server's text is made safe for terminals and
// logs.
func TestServerTextIsSanitized(t *testing.T) {
	t.Parallel()
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		text := "\u009b2J\u202e" + strings.Repeat("long ", 10_000)
		return answer(request, http.StatusForbidden, http.Header{"X-Amz-Request-Id": {text}},
			strings.NewReader("<Error><Code>Code"+text+"</Code><Message>M"+text+"</Message></Error>")), nil
	})
	err := store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), nil)
	require.ErrorIs(t, err, os.ErrPermission)
	assert.Less(t, len(err.Error()), 4000)
	assert.NotContains(t, err.Error(), "\u009b")
	assert.NotContains(t, err.Error(), "\u202e")
}

// TestGzipIsNotUnpacked checks that an object that says it is compressed is given as it
// is.
func TestGzipIsNotUnpacked(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	packer := gzip.NewWriter(&bomb)
	_, err := packer.Write(make([]byte, 4<<20))
	require.NoError(t, err)
	require.NoError(t, packer.Close())
	server := rawServer(t, func(conn net.Conn) {
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\nETag: \"e\"\r\n\r\n%s", bomb.Len(), bomb.Bytes())
	})
	store := storeOn(t, server)
	data, err := store.ReadObject(t.Context(), "bucket", "key", 1<<20)
	require.NoError(t, err)
	assert.Equal(t, bomb.Bytes(), data)
}

// TestHeadersAreBounded covers headers, one header and 1xx answers without end. The server
// counts what it could send before the connection was closed.
func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ head, text string }{
		"headers":  {"HTTP/1.1 200 OK\r\n", "X-Header: value\r\n"},
		"a header": {"HTTP/1.1 200 OK\r\nX-Header: ", "xxxxxxxxxxxxxxxx"},
		"a status": {"HTTP/1.1 200 ", "OKOKOKOKOKOKOKOK"},
		"1xx":      {"", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"},
		"trailers": {"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n0\r\n", "X-T: xxxxxxxxxx\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			block := []byte(strings.Repeat(test.text, 1+4096/len(test.text)))
			server := rawServer(t, func(conn net.Conn) {
				_, err := io.WriteString(conn, test.head)
				for n := 0; err == nil; n, err = conn.Write(block) {
					sent.Add(int64(n))
				}
			})
			err := storeOn(t, server).PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), nil)
			require.Error(t, err)
			assert.Less(t, sent.Load(), int64(32<<20), "what was read, and what the sockets hold")
		})
	}
}

// TestIdentityIsBounded covers an answer of STS that does not end.
func TestIdentityIsBounded(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	block := []byte(strings.Repeat("x", 4096))
	server := rawServer(t, func(conn net.Conn) {
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>")
		for n := 0; err == nil; n, err = conn.Write(block) {
			sent.Add(int64(n))
		}
	})
	_, err := storeOn(t, server).Bucket(t.Context())
	require.ErrorIs(t, err, lithopss3.ErrTooLarge)
	assert.Less(t, sent.Load(), int64(32<<20))
}

// TestSlowAnswerTimesOut checks that a server that sends a byte now and then does not
// block a caller for ever.
func TestSlowAnswerTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
			return answer(request, http.StatusOK, nil, &slowBody{ctx: request.Context()}), nil
		})
		_, err := store.ListKeys(t.Context(), "bucket", "")
		require.ErrorContains(t, err, "15 minutes")
	})
}

// slowBody gives a byte every nine seconds.
type slowBody struct{ ctx context.Context }

func (b *slowBody) Read(p []byte) (int, error) {
	select {
	case <-time.After(9 * time.Second):
		p[0] = ' '
		return 1, nil
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
}

func (b *slowBody) Close() error { return nil }

// TestHugeParallel covers more requests at once than there is memory for.
func TestHugeParallel(t *testing.T) {
	t.Parallel()
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, http.StatusOK, nil, strings.NewReader("<ListBucketResult><Contents><Key>k</Key></Contents></ListBucketResult>")), nil
	})
	for info, err := range store.ListObjects(t.Context(), "bucket", &lithopss3.ListOptions{Parallel: math.MaxInt}) {
		require.NoError(t, err)
		assert.Equal(t, "k", info.Key)
	}
}

// TestBucketStatusIsBounded has a server that answers every question with nothing: what
// it does not tell is unknown after a few seconds, although each question is repeated.
func TestBucketStatusIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")}, &lithopss3.Options{
			LookupEnv: testkit.Env(nil), Endpoint: "http://127.0.0.1:1", STSEndpoint: "http://127.0.0.1:1",
			Transport: testkit.RoundTripper(func(request *http.Request) (*http.Response, error) {
				return testkit.Answer(request, http.StatusOK, nil, ""), nil
			}),
		})
		require.NoError(t, err)
		defer func() { require.NoError(t, store.Close()) }()
		begun := time.Now()
		status, err := store.BucketStatus(t.Context(), "my-bucket")
		require.NoError(t, err)
		assert.Nil(t, status.PublicAccessBlocked)
		assert.Nil(t, status.PublicPolicy)
		assert.Nil(t, status.PublicACL)
		assert.Contains(t, status.OwnerUnknown, "STS does not tell the account")
		assert.LessOrEqual(t, time.Since(begun), 6*time.Second)
	})
}
