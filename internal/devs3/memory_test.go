// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMemoryLimit checks that a put without room is refused with an answer that says
// what to do, and that there is room again for smaller objects.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	limit := heldBytes() + 256<<20 // of all tests of this process
	server, err := Start(&Options{MaxMemory: limit})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, server.AddBucket("bucket", defaultCredential.Account, "us-east-1"))
	storage := client(server, defaultCredential, "us-east-1")
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/bucket/key", http.NoBody)
	request.ContentLength = limit
	refused := httptest.NewRecorder()
	newMemoryBound(limit).serve(http.NotFoundHandler()).ServeHTTP(refused, request)
	assert.Equal(t, http.StatusForbidden, refused.Code)
	assert.Contains(t, refused.Body.String(), "<Code>QuotaExceeded</Code>")
	assert.Contains(t, refused.Body.String(), "--max-memory")

	_, err = storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader("text")})
	require.NoError(t, err)
	_, err = storage.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("large"), Body: bytes.NewReader(nil), ContentLength: aws.Int64(0),
	})
	require.NoError(t, err)
}

// TestMemoryOfUpload checks that completing an upload needs room for its parts twice.
func TestMemoryOfUpload(t *testing.T) {
	t.Parallel()
	bound := newMemoryBound(0)
	handler := bound.serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	send := func(method, url string, body io.Reader, header ...string) *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), method, url, body)
		if len(header) > 0 {
			r.Header.Set(header[0], header[1])
		}
		handler.ServeHTTP(httptest.NewRecorder(), r)
		return r
	}
	send(http.MethodPut, "/b/k?uploadId=a&partNumber=1", strings.NewReader("12345"))
	r := send(http.MethodPut, "/b/k?uploadId=a&partNumber=2", strings.NewReader("framed"), "X-Amz-Decoded-Content-Length", "4")
	assert.EqualValues(t, 4, bodySize(r))
	assert.EqualValues(t, 18, bound.need(r, bound.partsOf("a"), true))
	send(http.MethodPost, "/b/k?uploadId=a", nil)
	assert.EqualValues(t, 0, bound.need(r, bound.partsOf("a"), true), "the parts are gone")
	send(http.MethodDelete, "/b/k?uploadId=a", nil)
	assert.Empty(t, bound.uploads)
	send(http.MethodGet, "/b/k", nil)
	send(http.MethodPut, "/b/k", strings.NewReader("12345"))
	assert.Empty(t, bound.uploads)
}

// TestOneCompleteAtATime checks that of two requests that complete one upload the second
// waits, and that those of other uploads don't.
func TestOneCompleteAtATime(t *testing.T) {
	t.Parallel()
	var running, most atomic.Int64
	entered, leave := make(chan struct{}, 3), make(chan struct{})
	handler := newMemoryBound(0).serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("uploadId") == "a" {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
		}
		entered <- struct{}{}
		<-leave
	}))
	var group sync.WaitGroup
	for _, id := range []string{"a", "a", "b"} {
		group.Go(func() {
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/b/k?uploadId="+id, nil))
		})
	}
	<-entered
	<-entered // one of a and the one of b
	close(leave)
	group.Wait()
	assert.EqualValues(t, 1, most.Load())
}

// TestTimeOfBody checks that a HEAD tells the time of a listing, also if the body came
// long after the request.
func TestTimeOfBody(t *testing.T) {
	t.Parallel()
	memory := &backend{s3mem.New()}
	require.NoError(t, memory.CreateBucket(t.Context(), "bucket"))
	long := map[string]string{"Last-Modified": "Mon, 01 Jan 2001 00:00:00 GMT"}
	_, err := memory.PutObject(t.Context(), "bucket", "key", long, strings.NewReader("body"), 4)
	require.NoError(t, err)
	object, err := memory.HeadObject(t.Context(), "bucket", "key")
	require.NoError(t, err)
	head, err := http.ParseTime(object.Metadata["Last-Modified"])
	require.NoError(t, err)
	list, err := memory.ListBucket(t.Context(), "bucket", nil, gofakes3.ListBucketPage{})
	require.NoError(t, err)
	require.Len(t, list.Contents, 1)
	assert.WithinDuration(t, list.Contents[0].LastModified.Time, head, time.Minute)
}
