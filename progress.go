package lithopss3

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/lithops-go/lithopss3/internal/progress"
)

// Progress is how far a transfer has come.
type Progress struct {
	// Done is how many bytes were sent, or received and written. It never falls:
	// what a retry sends again does not count again.
	Done int64
	// Total is how many bytes there are, -1 where that is not known yet.
	Total int64
}

// reportTo adapts a callback of the public type; nil stays nil.
func reportTo(report func(Progress)) func(done, total int64) {
	if report == nil {
		return nil
	}
	return func(done, total int64) { report(Progress{Done: done, Total: total}) }
}

// A sending is the body of one request, over all its attempts.
type sending struct {
	meter *progress.Meter
	size  int64
	most  atomic.Int64 // bytes that the best attempt sent
	// isUnanswered is set once an attempt has sent all bytes and got no answer, so
	// that the server may yet serve it.
	isUnanswered atomic.Bool
}

type sendingKey struct{}

// withSending has the bytes of a request's body counted as they go to the
// connection. To count where the body is read would count what is only hashed.
func withSending(ctx context.Context, s *sending) context.Context {
	return context.WithValue(ctx, sendingKey{}, s)
}

// countSending wraps the body of a request that withSending wants counted. It returns
// nil for others.
func countSending(ctx context.Context, request *http.Request) *countedBody {
	s, ok := ctx.Value(sendingKey{}).(*sending)
	if !ok || request.Body == nil || request.ContentLength <= 0 {
		return nil
	}
	counted := &countedBody{ReadCloser: request.Body, sending: s}
	request.Body = counted
	return counted
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
			s.meter.Add(position - most)
			return
		}
	}
}

// countedBody is a request's body in one attempt.
type countedBody struct {
	io.ReadCloser
	sending  *sending
	position atomic.Int64
}

// fail notes that the attempt got no answer. It does nothing on nil.
func (b *countedBody) fail() {
	if b != nil && b.position.Load() >= b.sending.size {
		b.sending.isUnanswered.Store(true)
	}
}

// Read counts what it gives.
func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.sending.reached(b.position.Add(int64(n)))
	return n, err
}
