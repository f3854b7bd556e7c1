// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// A Sending is the body of one request, over all its attempts. Its bytes are counted
// as they go to the connection, because a body is also read to be hashed.
type Sending struct {
	Meter *Meter // may be nil
	Size  int64

	most         atomic.Int64 // bytes that the best attempt sent
	isUnanswered atomic.Bool
}

// IsUnanswered reports whether an attempt sent all bytes and got no answer, so that
// the server may yet serve it.
func (s *Sending) IsUnanswered() bool { return s.isUnanswered.Load() }

// Count has the body of a request counted, for one attempt. It returns nil, and counts
// nothing, for a nil Sending and for a request without a body.
func (s *Sending) Count(request *http.Request) *Attempt {
	if s == nil || request.Body == nil || request.ContentLength <= 0 {
		return nil
	}
	attempt := &Attempt{ReadCloser: request.Body, sending: s}
	request.Body = attempt
	return attempt
}

// reached counts what goes beyond all attempts before.
func (s *Sending) reached(position int64) {
	position = min(position, s.Size) // not the framing of the body
	for {
		most := s.most.Load()
		if position <= most {
			return
		}
		if s.most.CompareAndSwap(most, position) {
			s.Meter.Add(position - most)
			return
		}
	}
}

// An Attempt is a request's body in one attempt.
type Attempt struct {
	io.ReadCloser
	sending  *Sending
	position atomic.Int64
}

// Read counts what it gives.
func (a *Attempt) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	a.sending.reached(a.position.Add(int64(n)))
	return n, err
}

// WritePiece counts what the body writes, which returns errors.ErrUnsupported if it can't
// (see fastpath).
func (a *Attempt) WritePiece(w io.Writer, most int) (int, error) {
	body, ok := a.ReadCloser.(interface {
		WritePiece(w io.Writer, most int) (int, error)
	})
	if !ok {
		return 0, errors.ErrUnsupported
	}
	n, err := body.WritePiece(w, most)
	a.sending.reached(a.position.Add(int64(n)))
	return n, err
}

// Fail notes that the attempt got no answer. It does nothing on nil.
func (a *Attempt) Fail() {
	if a != nil && a.position.Load() >= a.sending.Size {
		a.sending.isUnanswered.Store(true)
	}
}
