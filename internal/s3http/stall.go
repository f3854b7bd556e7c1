// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/s3err"
)

// ErrStalled is a response body that sent nothing for so long.
var ErrStalled = errors.New("the server sent nothing for 10 s")

// What a transport of the caller's may do that net/http's does not.
var errBadCount = errors.New("the response's body returned an impossible count")

// maxEmptyReads is how many reads in a row may return no byte and no error, as with bufio.
const maxEmptyReads = 100

// A stallBody fails a read that waits longer than timeout. It holds the body of any
// transport to the rules of io.Reader, and to one more: what follows an error is that
// error. Its readers take bytes that come with an error, and meet the error in the next
// read; if that were io.EOF, a body that broke off would be taken for a whole one.
//
// A read only notes when it began, because over TLS a read has 16 KiB at most. The timer
// is set once for all reads of a body, and looks at the note when it fires: it is set
// again for a read that has not waited for the whole of timeout, and rests if none waits.
type stallBody struct {
	io.ReadCloser
	timeout time.Duration
	ctx     context.Context //nolint:containedctx // the request's own, to tell a stall from the caller's cancel
	cancel  context.CancelCauseFunc
	gate    *Gate
	isOver  atomic.Bool // for the gate
	failed  error       // of an earlier read
	empty   int         // reads in a row without a byte

	isOpenEnded bool // see IsOpenEnded

	opened  time.Time    // when the request was sent
	waiting atomic.Int64 // when the read in progress began, after opened; 0 is none
	isSet   atomic.Bool  // whether the timer will fire; changes under mu
	mu      sync.Mutex
	timer   *time.Timer // nil before the first read
}

// Read reads from the body.
func (b *stallBody) Read(p []byte) (int, error) {
	if b.failed != nil {
		return 0, b.failed
	}
	b.waiting.Store(b.age())
	if !b.isSet.Load() {
		b.setTimer()
	}
	n, err := b.ReadCloser.Read(p)
	b.waiting.Store(0)
	if n < 0 || n > len(p) {
		n, err = 0, errBadCount
	}
	if err == nil {
		err = b.countEmpty(n, len(p))
	}
	if err == nil {
		return n, nil
	}
	// The caller's cause may have an ErrStalled of another body in it, or be io.EOF.
	if cause := context.Cause(b.ctx); cause == ErrStalled || cause == errEndless { //nolint:errorlint,forbidigo // see above
		err = cause
	} else {
		err = s3err.Answers(ended.Hide(b.ctx, err))
	}
	b.leave() // the connection is free, or closed
	b.failed = err
	return n, err
}

// countEmpty returns io.ErrNoProgress after many reads in a row that got nothing.
func (b *stallBody) countEmpty(got, asked int) error {
	if got > 0 || asked == 0 {
		b.empty = 0
		return nil
	}
	if b.empty++; b.empty < maxEmptyReads {
		return nil
	}
	return io.ErrNoProgress
}

// age returns the nanoseconds since opened, and never 0.
func (b *stallBody) age() int64 { return int64(max(1, time.Since(b.opened))) }

// setTimer sets the timer for a read that has just begun.
func (b *stallBody) setTimer() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isSet.Load() {
		return
	}
	b.isSet.Store(true)
	if b.timer == nil {
		b.timer = time.AfterFunc(b.timeout, b.check)
		return
	}
	b.timer.Reset(b.timeout)
}

// check is called when the timer fires. It cancels a read that has waited for too long.
// A read that begins meanwhile finds the timer not set, or is seen here.
func (b *stallBody) check() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.isSet.Store(false)
	began := b.waiting.Load()
	if began == 0 {
		return
	}
	left := b.timeout - time.Duration(b.age()-began)
	if left <= 0 {
		b.cancel(ErrStalled)
		return
	}
	b.isSet.Store(true)
	b.timer.Reset(left)
}

func (b *stallBody) leave() {
	if b.gate != nil && b.isOver.CompareAndSwap(false, true) {
		b.gate.leave(true)
	}
}

// Close closes the body.
func (b *stallBody) Close() error {
	err := b.ReadCloser.Close()
	b.mu.Lock()
	if b.timer != nil {
		b.timer.Stop()
	}
	b.mu.Unlock()
	b.cancel(nil)
	b.leave()
	return err
}

// IsOpenEnded reports whether nothing but the end of its connection tells where a body of a
// Client ends: neither a length nor HTTP's chunks. A body that breaks off looks like a whole
// one then.
func IsOpenEnded(body io.ReadCloser) bool {
	own, ok := body.(interface{ endsOpen() bool })
	return ok && own.endsOpen()
}

func (b *stallBody) endsOpen() bool { return b.isOpenEnded }

// isOpenEnded is IsOpenEnded of an answer. HTTP/2 tells the end of each stream.
func isOpenEnded(response *http.Response) bool {
	return response.ContentLength < 0 && response.ProtoMajor == 1 && len(response.TransferEncoding) == 0 && len(response.Header["Content-Length"]) == 0
}
