// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// boundOf returns a bound for a heap that holds so many bytes, and fewer after garbage was
// collected.
func boundOf(limit, held, collected int64) *memoryBound {
	bound := newMemoryBound(limit)
	bound.held = func(isCollected bool) int64 {
		if isCollected {
			return collected
		}
		return held
	}
	return bound
}

// through sends a request through a bound, and returns its answer.
func through(t *testing.T, bound *memoryBound, next http.HandlerFunc, made request) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), made.method, made.path, strings.NewReader(made.body))
	for name, value := range made.header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	bound.serve(next).ServeHTTP(w, r)
	return w
}

func accept(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }

// TestMemoryLimit checks which puts have room next to what is held.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limit, held, collected int64
		body                   string
		want                   int
	}{
		"no limit":                  {0, 100, 100, "1234567890", http.StatusOK},
		"room":                      {100, 90, 90, "1234567890", http.StatusOK},
		"no room":                   {100, 91, 91, "1234567890", http.StatusForbidden},
		"room without the garbage":  {100, 200, 90, "1234567890", http.StatusOK},
		"no room with or without":   {100, 200, 91, "1234567890", http.StatusForbidden},
		"an empty object has room":  {100, 100, 100, "", http.StatusOK},
		"a full server has no room": {100, 101, 101, "", http.StatusForbidden},
	} {
		bound := boundOf(test.limit, test.held, test.collected)
		got := through(t, bound, accept, request{method: "PUT", path: "/b/k", body: test.body})
		assert.Equal(t, test.want, got.Code, name)
		assert.Zero(t, bound.reserved, name)
		for _, method := range []string{"GET", "DELETE", "POST"} {
			got := through(t, bound, accept, request{method: method, path: "/b/k"})
			assert.Equal(t, http.StatusOK, got.Code, name+": "+method+" adds nothing")
		}
	}
}

// TestQuotaExceeded checks that the answer to a put without room says what to do.
func TestQuotaExceeded(t *testing.T) {
	t.Parallel()
	server, err := Start(&Options{MaxMemory: 3 << 20})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	server.memory.held = func(bool) int64 { return 0 }
	require.NoError(t, server.AddBucket("bucket", defaultCredential.Account, "us-east-1"))
	put := func(size int) answer {
		return send(t, signed(t, server, defaultCredential, request{method: "PUT", path: "/bucket/key", body: strings.Repeat("x", size)}))
	}
	refused := put(5 << 20)
	assert.Equal(t, http.StatusForbidden, refused.status)
	assert.Equal(t, "QuotaExceeded", refused.code())
	assert.Contains(t, refused.body, "this server holds at most 3 MiB in memory, and 5 MiB more don&#39;t fit: delete objects, or start it with a larger --max-memory")
	assert.Equal(t, "OK", put(3<<20).code())
}

// TestMemoryOfRequestsInProgress checks that two puts at once need room for both.
func TestMemoryOfRequestsInProgress(t *testing.T) {
	t.Parallel()
	bound := boundOf(10, 0, 0)
	put := request{method: "PUT", path: "/b/k", body: "123456"}
	outer := through(t, bound, func(_ http.ResponseWriter, _ *http.Request) {
		assert.Equal(t, http.StatusForbidden, through(t, bound, accept, put).Code, "6 and 6 are more than 10")
		put.body = "1234"
		assert.Equal(t, http.StatusOK, through(t, bound, accept, put).Code)
	}, put)
	assert.Equal(t, http.StatusOK, outer.Code)
}

// TestMemoryOfUpload checks that completing an upload needs room for its parts twice, and
// that parts are counted without the frames of their chunks.
func TestMemoryOfUpload(t *testing.T) {
	t.Parallel()
	complete := request{method: "POST", path: "/b/k?uploadId=a"}
	for limit, want := range map[int64]int{17: http.StatusForbidden, 18: http.StatusOK} {
		bound := boundOf(limit, 0, 0)
		through(t, bound, accept, request{method: "PUT", path: "/b/k?uploadId=a&partNumber=1", body: "12345"})
		through(t, bound, accept, request{method: "PUT", path: "/b/k?uploadId=a&partNumber=2", body: "framed", header: map[string]string{"X-Amz-Decoded-Content-Length": "4"}})
		through(t, bound, accept, request{method: "PUT", path: "/b/k?uploadId=b&partNumber=1", body: "another's"})
		assert.Equal(t, want, through(t, bound, accept, complete).Code)
		if want == http.StatusOK {
			bound.limit = 1
			assert.Equal(t, http.StatusOK, through(t, bound, accept, complete).Code, "the parts are gone")
		}
	}
}

// TestMemoryOfParts checks that one part of a large upload needs room for itself only, and
// that an aborted upload is forgotten.
func TestMemoryOfParts(t *testing.T) {
	t.Parallel()
	bound := boundOf(5, 0, 0)
	for range 3 {
		assert.Equal(t, http.StatusOK, through(t, bound, accept, request{method: "PUT", path: "/b/k?uploadId=a", body: "12345"}).Code)
	}
	assert.Equal(t, http.StatusForbidden, through(t, bound, accept, request{method: "PUT", path: "/b/k?uploadId=a", body: "123456"}).Code)
	through(t, bound, accept, request{method: "DELETE", path: "/b/k?uploadId=a"})
	through(t, bound, accept, request{method: "PUT", path: "/b/k", body: "1"})
	assert.Empty(t, bound.uploads)
	through(t, bound, accept, request{method: "GET", path: "/b/k"})
}

// TestUnknownLength checks that a body of unknown length counts as none.
func TestUnknownLength(t *testing.T) {
	t.Parallel()
	bound := boundOf(5, 0, 0)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/b/k?uploadId=a", http.NoBody)
	r.ContentLength = -1
	w := httptest.NewRecorder()
	bound.serve(http.HandlerFunc(accept)).ServeHTTP(w, r)
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Zero(t, bound.uploads["a"].bytes)
}

// TestHeldBytes checks that the heap counts what the process holds, and that garbage is
// collected if asked for.
func TestHeldBytes(t *testing.T) {
	t.Parallel()
	held := make([]byte, 64<<20)
	assert.Greater(t, heldBytes(true), int64(len(held)))
	runtime.KeepAlive(held)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	heldBytes(true)
	runtime.ReadMemStats(&after)
	assert.Greater(t, after.NumForcedGC, before.NumForcedGC)
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
