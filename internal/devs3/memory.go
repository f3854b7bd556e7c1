// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"sync"
)

// A memoryBound keeps what the server holds below a limit. It measures the heap,
// because the objects are gofakes3's.
type memoryBound struct {
	limit int64                        // 0 for none
	held  func(isCollected bool) int64 // heldBytes

	mu       sync.Mutex
	reserved int64                 // by requests in progress
	uploads  map[string]*heldParts // by upload ID
}

// heldParts are the parts of an upload.
type heldParts struct {
	bytes      int64
	completing sync.Mutex
}

func newMemoryBound(limit int64) *memoryBound {
	return &memoryBound{limit: limit, held: heldBytes, uploads: map[string]*heldParts{}}
}

// serve refuses a request whose body does not fit, and lets only one request at a time
// complete an upload, because each repetition by a client would copy all parts.
func (m *memoryBound) serve(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("uploadId")
		if id == "" && r.Method != http.MethodPut {
			next.ServeHTTP(w, r)
			return
		}
		parts := m.partsOf(id)
		isComplete := id != "" && r.Method == http.MethodPost
		if isComplete {
			parts.completing.Lock()
			defer parts.completing.Unlock()
		}
		need := m.need(r, parts, isComplete)
		if !m.reserve(need) {
			message := fmt.Sprintf("this server holds at most %d MiB in memory, and %d MiB more don't fit: delete objects, or start it with a larger --max-memory", m.limit>>20, need>>20)
			writeError(w, r, http.StatusForbidden, "QuotaExceeded", message)
			return
		}
		defer m.release(need)
		next.ServeHTTP(w, r)
		m.note(id, r, parts)
	})
}

// need returns how many bytes a request adds. To complete an upload takes the parts
// twice, as one body and as the object.
func (m *memoryBound) need(r *http.Request, parts *heldParts, isComplete bool) int64 {
	if isComplete {
		m.mu.Lock()
		defer m.mu.Unlock()
		return 2 * parts.bytes
	}
	return max(bodySize(r), 0)
}

// bodySize returns the size of a request's body without the frames of its chunks.
func bodySize(r *http.Request) int64 {
	if size, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64); err == nil {
		return size
	}
	return r.ContentLength
}

// partsOf returns the parts of an upload, none for an unknown one.
func (m *memoryBound) partsOf(id string) *heldParts {
	m.mu.Lock()
	defer m.mu.Unlock()
	parts := m.uploads[id]
	if parts == nil {
		parts = &heldParts{}
	}
	if id != "" {
		m.uploads[id] = parts
	}
	return parts
}

// note counts a part that was sent. The record of a completed upload stays, because the
// request may be repeated; it takes few bytes.
func (m *memoryBound) note(id string, r *http.Request, parts *heldParts) {
	if id == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch r.Method {
	case http.MethodPut:
		parts.bytes += max(bodySize(r), 0)
	case http.MethodPost:
		parts.bytes = 0
	case http.MethodDelete:
		delete(m.uploads, id)
	}
}

// reserve reports whether there is room for so many bytes, after a collection of
// garbage if there seems to be none.
func (m *memoryBound) reserve(bytes int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	fits := func(isCollected bool) bool { return m.held(isCollected)+m.reserved+bytes <= m.limit }
	if m.limit != 0 && !fits(false) && !fits(true) {
		return false
	}
	m.reserved += bytes
	return true
}

// release gives back what reserve took: the heap has it now.
func (m *memoryBound) release(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reserved -= bytes
}

// heldBytes returns the size of all objects on the heap, after a collection of garbage if
// isCollected. Package runtime/metrics tells it too, but would describe all metrics at the
// start of each command.
func heldBytes(isCollected bool) int64 {
	if isCollected {
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc) //nolint:gosec // no machine has so much
}
