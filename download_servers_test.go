// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// setRange changes the Content-Range of an answer that has one.
func setRange(response *http.Response, format string, change func(first, last, size int64) []any) {
	var first, last, size int64
	if _, err := fmt.Sscanf(response.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size); err == nil {
		response.Header.Set("Content-Range", fmt.Sprintf(format, change(first, last, size)...))
	}
}

func dropETag(_ *http.Request, response *http.Response) { response.Header.Del("Etag") }

func dropLength(_ *http.Request, response *http.Response) {
	response.Header.Del("Content-Length")
	response.ContentLength = -1
}

// serveWhole answers a range with all of the object.
func serveWhole(data []byte) func(*http.Request, *http.Response) {
	return func(request *http.Request, response *http.Response) {
		if request.Method != http.MethodGet {
			return
		}
		response.StatusCode = http.StatusOK
		response.Header.Del("Content-Range")
		response.Header.Set("Content-Length", strconv.Itoa(len(data)))
		response.ContentLength, response.Body = int64(len(data)), io.NopCloser(bytes.NewReader(data))
	}
}

func both(changes ...func(*http.Request, *http.Response)) func([]byte) func(*http.Request, *http.Response) {
	return func([]byte) func(*http.Request, *http.Response) {
		return func(request *http.Request, response *http.Response) {
			for _, change := range changes {
				change(request, response)
			}
		}
	}
}

// oddServers are servers that say less, or other things, than S3 does. Those that
// never fail give all bytes in some way.
var oddServers = map[string]struct {
	odd func(data []byte) func(*http.Request, *http.Response)
	// fails reports whether an object of this size can't be had.
	fails func(size int) bool
}{
	"sound":                {both(), nil},
	"no ETag":              {both(dropETag), nil},
	"an empty ETag":        {both(func(_ *http.Request, r *http.Response) { r.Header.Set("Etag", `""`) }), nil},
	"no ETag, no checksum": {both(dropETag, func(_ *http.Request, r *http.Response) { r.Header.Del("X-Amz-Checksum-Crc32") }), nil},
	"no ETag, no length of GET": {both(dropETag, func(q *http.Request, r *http.Response) {
		if q.Method == http.MethodGet {
			dropLength(q, r)
		}
	}), nil},
	"no length at all, 200 to ranges": {func(data []byte) func(*http.Request, *http.Response) {
		return func(q *http.Request, r *http.Response) { serveWhole(data)(q, r); dropLength(q, r) }
	}, func(int) bool { return true }},
	"a weak ETag": {both(func(q *http.Request, r *http.Response) {
		if q.Header.Get("If-Match") != "" {
			r.StatusCode, r.Body = http.StatusPreconditionFailed, http.NoBody
		}
		r.Header.Set("Etag", `W/"e"`)
	}), nil},
	"ETag with the first answer only": {both(func(q *http.Request, r *http.Response) {
		if rangeStart(q) > 0 {
			r.Header.Del("Etag")
		}
	}), nil},
	"no ranges": {serveWhole, nil},
	"no ranges, no ETag": {func(data []byte) func(*http.Request, *http.Response) {
		return func(q *http.Request, r *http.Response) { serveWhole(data)(q, r); dropETag(q, r) }
	}, nil},
	"no HEAD": {both(func(q *http.Request, r *http.Response) {
		if q.Method == http.MethodHead {
			r.StatusCode, r.ContentLength = http.StatusForbidden, 0
		}
	}), nil},
	"no checksum with a range": {both(func(q *http.Request, r *http.Response) {
		if rangeStart(q) >= 0 {
			r.Header.Del("X-Amz-Checksum-Crc32")
		}
	}), nil},
	"a composite checksum without its type": {both(func(_ *http.Request, r *http.Response) {
		r.Header.Set("Etag", `"e-2"`)
		r.Header.Set("X-Amz-Checksum-Crc32", "AAAAAA==")
	}), nil},
	"ranges without a length": {both(func(q *http.Request, r *http.Response) {
		if rangeStart(q) >= 0 {
			dropLength(q, r)
		}
	}), nil},
	"ranges of an unknown size": {both(func(_ *http.Request, r *http.Response) {
		setRange(r, "bytes %d-%d/*", func(first, last, _ int64) []any { return []any{first, last} })
	}), nil},
	"ranges that begin elsewhere": {both(func(_ *http.Request, r *http.Response) {
		setRange(r, "bytes %d-%d/%d", func(first, last, size int64) []any { return []any{first + 1, last + 1, size + 1} })
	}), nil},
	"ranges without their place": {both(func(_ *http.Request, r *http.Response) { r.Header.Del("Content-Range") }), nil},
	"later ranges of another size": {both(func(q *http.Request, r *http.Response) {
		if rangeStart(q) > 0 {
			setRange(r, "bytes %d-%d/%d", func(first, last, size int64) []any { return []any{first, last, size + 1} })
		}
	}), func(size int) bool { return size > 8*unit }},
	"later ranges of another ETag": {both(func(q *http.Request, r *http.Response) {
		if rangeStart(q) > 0 {
			r.Header.Set("Etag", `"other"`)
		}
	}), func(size int) bool { return size > 8*unit }},
	"later ranges begin elsewhere": {both(func(q *http.Request, r *http.Response) {
		if rangeStart(q) > 0 {
			setRange(r, "bytes %d-%d/%d", func(first, last, size int64) []any { return []any{first - 1, last - 1, size} })
		}
	}), func(size int) bool { return size > 8*unit }},
	"another checksum": {both(func(_ *http.Request, r *http.Response) {
		if r.Header.Get("X-Amz-Checksum-Crc32") != "" {
			r.Header.Set("X-Amz-Checksum-Crc32", "AAAAAQ==")
		}
	}), func(int) bool { return true }},
	"another checksum, with a plain GET and HEAD only": {both(func(q *http.Request, r *http.Response) {
		r.Header.Del("X-Amz-Checksum-Crc32")
		if rangeStart(q) < 0 {
			r.Header.Set("X-Amz-Checksum-Sha1", "AAAAAQ==")
		}
	}), func(int) bool { return true }},
}

// downloadWays are the ways to download: a new one is held to all servers.
var downloadWays = []string{"plain", "resume", "root", "device"}

// TestDownloadFromUnusualServers checks that a download ends with exactly the object's
// bytes, or with an error and the file that was there.
func TestDownloadFromUnusualServers(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 8*unit - 1, 8 * unit, 8*unit + 1, 20 * unit}
	if testing.Short() {
		sizes = []int{8*unit + 1}
	}
	for name, test := range testkit.Some(oddServers, 5) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, size := range sizes {
				server := &oddServer{data: testkit.Bytes(size)}
				server.odd = test.odd(server.data)
				store := openWire(t, server.trip)
				for _, way := range downloadWays {
					got, err := fetchIn(t, store, way)
					if test.fails != nil && test.fails(size) {
						if way == "device" && err == nil { // it has no ranges
							assert.True(t, bytes.Equal(server.data, got), "%s of %d bytes", way, size)
							continue
						}
						require.Error(t, err, "%s of %d bytes", way, size)
						continue
					}
					require.NoError(t, err, "%s of %d bytes", way, size)
					require.True(t, bytes.Equal(server.data, got), "%s of %d bytes: %d came", way, size, len(got))
				}
			}
		})
	}
}

// fetchIn downloads "key" in one way, and returns what came. It checks that an error
// leaves the file that was there and nothing else.
func fetchIn(t *testing.T, store *lithopss3.Store, way string) ([]byte, error) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	opts := &lithopss3.DownloadOptions{}
	switch way {
	case "device":
		return fetchIntoPipe(t, store, path)
	case "resume":
		opts.Resume = true
	case "root":
		root, err := os.OpenRoot(folder)
		require.NoError(t, err)
		defer func() { _ = root.Close() }()
		opts.Root, path = root, "file"
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "file"), []byte("before"), 0o600))
	err := store.DownloadFile(t.Context(), "bucket", "key", path, opts)
	got, readErr := os.ReadFile(filepath.Join(folder, "file"))
	require.NoError(t, readErr)
	if err != nil {
		assert.Equal(t, "before", string(got), "after an error")
	}
	if err == nil || !opts.Resume {
		assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
	}
	return got, err
}

// fetchIntoPipe downloads into a FIFO, which the test reads.
func fetchIntoPipe(t *testing.T, store *lithopss3.Store, path string) ([]byte, error) {
	t.Helper()
	testkit.FIFO(t, path)
	came := make(chan []byte, 1)
	go func() {
		file, err := os.Open(path)
		if err != nil {
			came <- nil
			return
		}
		defer func() { _ = file.Close() }()
		all, _ := io.ReadAll(file)
		came <- all
	}()
	err := store.DownloadFile(t.Context(), "bucket", "key", path, nil)
	if err != nil { // maybe before the FIFO was open, for which the reader waits
		if file, openErr := os.OpenFile(path, os.O_RDWR, 0); openErr == nil {
			_ = file.Close()
		}
	}
	return <-came, err
}

// TestTransfersOnServer runs up and down against a server that stands ready, see
// TestConformanceServer.
func TestTransfersOnServer(t *testing.T) {
	t.Parallel()
	endpoint := os.Getenv("LITHOPSS3_TEST_ENDPOINT")
	if endpoint == "" {
		t.Skip("LITHOPSS3_TEST_ENDPOINT is not set; .ci/run sets it")
	}
	store, err := lithopss3.New(t.Context(), &lithopss3.Config{
		Region: "us-east-1", AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: lithopss3.NewSecret(os.Getenv("AWS_SECRET_ACCESS_KEY")),
	}, &lithopss3.Options{Endpoint: endpoint, LookupEnv: testkit.Env(nil)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	bucket := fmt.Sprintf("transfers-%x", time.Now().UnixNano())
	require.NoError(t, store.CreateBucket(t.Context(), bucket))
	path := filepath.Join(t.TempDir(), "file")
	for _, size := range []int{0, 6 * mib, 12 * mib, 42*mib + 1} {
		data := testkit.Bytes(size)
		for name, body := range map[string]io.Reader{"file": bytes.NewReader(data), "stream": struct{ io.Reader }{bytes.NewReader(data)}} {
			require.NoError(t, store.PutObject(t.Context(), bucket, name, body, nil))
			for _, resume := range []bool{false, true} {
				progress := &watched{t: t}
				require.NoError(t, store.DownloadFile(t.Context(), bucket, name, path, &lithopss3.DownloadOptions{Resume: resume, Progress: progress.report}))
				progress.finished(int64(size))
				stored, err := os.ReadFile(path)
				require.NoError(t, err)
				require.True(t, bytes.Equal(data, stored), "%s of %d bytes", name, size)
			}
			reader, err := store.OpenReaderAt(t.Context(), bucket, name, nil)
			require.NoError(t, err)
			content, err := io.ReadAll(io.NewSectionReader(reader, 0, reader.Size()))
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, content))
			require.NoError(t, reader.Close())
			head, err := store.Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &name, ChecksumMode: "ENABLED"})
			require.NoError(t, err)
			if head.ChecksumType != "" {
				assert.EqualValues(t, "FULL_OBJECT", head.ChecksumType, "%s of %d bytes", name, size)
				assert.Equal(t, checksumOf(t, "X-Amz-Checksum-Crc32", data), *head.ChecksumCRC32)
			}
		}
	}
}
