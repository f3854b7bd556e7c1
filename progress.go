package lithopss3

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// Progress is how far a transfer has come.
type Progress struct {
	// Done is how many bytes were sent, or received and written. It never falls:
	// what a retry sends again does not count again.
	Done int64
	// Total is how many bytes there are, -1 where that is not known yet.
	Total int64
}

// progressStep is how many bytes lie at least between two reports.
const progressStep = 256 << 10

// A meter counts a transfer's bytes and reports them. All methods are safe for
// concurrent use, and do nothing on nil.
type meter struct {
	report func(Progress)
	total  int64
	done   atomic.Int64

	mu       sync.Mutex
	reported int64
	ended    bool
}

// newMeter is nil where nobody wants to know.
func newMeter(report func(Progress), total int64) *meter {
	if report == nil {
		return nil
	}
	return &meter{report: report, total: total}
}

// add counts n more bytes. It waits for no report under way: who makes that one,
// or the next, tells of these bytes too. That everything is done is for finish.
func (m *meter) add(n int64) {
	if m == nil {
		return
	}
	m.done.Add(n)
	if !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	done := m.done.Load()
	if m.ended || done-m.reported < progressStep || (m.total >= 0 && done >= m.total) {
		return
	}
	m.reported = done
	m.report(Progress{Done: done, Total: m.total})
}

// finish makes the last report, that all of total bytes are done.
func (m *meter) finish(total int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.ended {
		m.ended = true
		m.report(Progress{Done: total, Total: total})
	}
}

// end has no report made any more.
func (m *meter) end() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
}

// A sending is the body of one request, over all its attempts.
type sending struct {
	meter *meter
	size  int64
	most  atomic.Int64 // bytes that the best attempt sent
}

type sendingKey struct{}

// withSending has the bytes of a request's body counted as they go to the
// connection. To count where the body is read would count what is only hashed.
func withSending(ctx context.Context, m *meter, size int64) context.Context {
	if m == nil {
		return ctx
	}
	return context.WithValue(ctx, sendingKey{}, &sending{meter: m, size: size})
}

// countSending wraps the body of a request that withSending wants counted.
func countSending(ctx context.Context, request *http.Request) {
	s, ok := ctx.Value(sendingKey{}).(*sending)
	if ok && request.Body != nil && request.ContentLength > 0 {
		request.Body = &countedBody{ReadCloser: request.Body, sending: s}
	}
}

// reached counts what goes beyond all attempts before.
func (s *sending) reached(position int64) {
	position = min(position, s.size) // what frames a body is no part of it
	for {
		most := s.most.Load()
		if position <= most {
			return
		}
		if s.most.CompareAndSwap(most, position) {
			s.meter.add(position - most)
			return
		}
	}
}

// countedBody is a request's body in one attempt.
type countedBody struct {
	io.ReadCloser
	sending  *sending
	position int64
}

// Read counts what it gives.
func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.position += int64(n)
	b.sending.reached(b.position)
	return n, err
}
