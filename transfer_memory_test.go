// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A heap measures the memory that is in use above what was when it began.
type heap struct {
	mu          sync.Mutex
	began, peak int64
}

func heapNow() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func (h *heap) look() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.peak = max(h.peak, heapNow()-h.began)
}

// storeOfZeros opens a Store whose server has an object of zeros of size bytes, and
// looks at the heap for each request for a part or range, while others are in flight.
func storeOfZeros(t *testing.T, endpoint string, size int64, inUse *heap) *Store {
	t.Helper()
	store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, &Options{
		Endpoint: endpoint, LookupEnv: testkit.Env(nil),
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Etag": {`"e"`}}, Body: http.NoBody}
			switch {
			case r.Method == http.MethodHead:
				answer.Header.Set("Content-Length", fmt.Sprint(size))
			case r.Method == http.MethodGet:
				time.Sleep(time.Millisecond) // of the bubble: the reader has to wait, and asks for all that it may
				first, last := int64(0), size-1
				if asked := r.Header.Get("Range"); asked != "" {
					if _, err := fmt.Sscanf(asked, "bytes=%d-%d", &first, &last); err != nil {
						return nil, err
					}
					answer.StatusCode = http.StatusPartialContent
				}
				answer.ContentLength = last - first + 1
				answer.Header.Set("Content-Length", fmt.Sprint(last-first+1))
				answer.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, size))
				answer.Body = io.NopCloser(io.LimitReader(zeros{}, last-first+1))
			case r.URL.Query().Has("uploads"):
				answer.Body = io.NopCloser(strings.NewReader("<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>"))
			case r.Method == http.MethodPost:
				answer.Body = io.NopCloser(strings.NewReader("<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"))
			case r.Body != nil:
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					return nil, err
				}
				time.Sleep(time.Millisecond) // of the bubble: it ends when all that can be in flight is
				inUse.look()
			}
			return answer, nil
		}),
	})
	require.NoError(t, err)
	for range 3 { // which empties the pools
		inUse.began = heapNow()
	}
	return store
}

// TestMemoryOfStreams holds the memory of a stream of 128 MiB up, and of those down: 28 MiB
// of buffers by default, 56 MiB with seven ranges, plus what requests need. It is looked at
// when all goroutines wait, so that no machine is too slow or too fast to show it.
func TestMemoryOfStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	const size, most = 128 << 20, 64 << 20
	for _, endpoint := range []string{"https://s3.example.com", "", "http://127.0.0.1:1"} {
		synctest.Test(t, func(t *testing.T) {
			var up heap
			store := storeOfZeros(t, endpoint, size, &up)
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", io.LimitReader(zeros{}, size), nil))
			t.Logf("%q: %d MiB at most", endpoint, up.peak>>20)
			assert.Less(t, up.peak, int64(most), "up, %q", endpoint)
			assert.Greater(t, up.peak, int64(20<<20), "up, %q: it was measured with parts in flight", endpoint)
		})
	}
	synctest.Test(t, func(t *testing.T) { checkMemoryDown(t, size, &GetOptions{Parallel: 7}, most) })
	synctest.Test(t, func(t *testing.T) { checkMemoryDown(t, size, nil, 36<<20) })
}

// checkMemoryDown reads an object of size bytes, which must take less than most.
func checkMemoryDown(t *testing.T, size int64, opts *GetOptions, most int64) {
	t.Helper()
	var down heap
	store := storeOfZeros(t, "http://127.0.0.1:1", size, &down)
	store.pace.fast = 0 // zeros come at once
	object, err := store.GetObject(t.Context(), "bucket", "key", opts)
	require.NoError(t, err)
	buffer := make([]byte, 1<<20)
	for done := int64(0); done < size; {
		n, err := io.ReadFull(object.Body, buffer)
		done += int64(n)
		require.NoError(t, err)
		if done%(16<<20) == 0 {
			synctest.Wait() // until all ranges that may be ahead of the reader are
			down.look()
		}
	}
	require.NoError(t, object.Body.Close())
	t.Logf("%d MiB at most", down.peak>>20)
	assert.Less(t, down.peak, most, "down")
	assert.Greater(t, down.peak, int64(20<<20), "down: it was measured with ranges in flight")
}
