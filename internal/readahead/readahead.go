// SPDX-License-Identifier: Apache-2.0

// Package readahead reads a stretch of an object in ranges, several at once, and returns
// its bytes in order, with memory that is bounded for all Readers together.
//
// It must not know what an object is: whoever opens a range sees to its version, its
// retries and its length.
//
// Start reading at [Start].
package readahead

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
)

// Options are the options of Start.
type Options struct {
	// Open opens a range. The body gives length bytes, or an error. It is called at the
	// same time for several ranges.
	Open func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
	// Pool has the memory.
	Pool *Pool
	// Ranges is how many ranges are asked for at once, until the caller has to wait for one,
	// and MostRanges how many then. More ranges than there is memory for are worth it: a
	// range needs none until its answer begins.
	Ranges, MostRanges int
}

// A Reader returns the bytes of a stretch in order. It is not safe for concurrent use.
type Reader struct {
	opts   Options
	ctx    context.Context //nolint:containedctx // a reader lives as long as the call that started it
	cancel context.CancelCauseFunc
	next   int64 // of the next range to ask for
	end    int64
	window int // how many ranges are asked for at once

	ranges   []*section // that are asked for, in order
	served   int        // how many of them, from the first on, have memory
	free     [][]byte   // memory that no range has
	rest     []byte     // what is not returned yet of the first range
	group    panics.Group
	isClosed bool
}

// A section is a range that was asked for.
type section struct {
	offset, size int64
	buffer       []byte        // set before served is closed
	served       chan struct{} // closed once there is memory
	ready        chan struct{} // closed once all bytes are in buffer, or err is set
	err          error
}

// Start begins to read the bytes from offset to end. It returns nil if all memory of the
// pool is in use. The caller closes the Reader.
func Start(ctx context.Context, offset, end int64, opts Options) *Reader {
	buffer := opts.Pool.take()
	if buffer == nil {
		return nil
	}
	r := &Reader{opts: opts, next: offset, end: end, window: opts.Ranges, free: [][]byte{buffer}}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	r.fill()
	return r
}

// fill asks for ranges as long as there is room, and gives those memory that come first.
func (r *Reader) fill() {
	for len(r.ranges) < r.window && r.next < r.end {
		s := &section{
			offset: r.next, size: min(r.opts.Pool.size, r.end-r.next),
			served: make(chan struct{}), ready: make(chan struct{}),
		}
		r.next += s.size
		r.ranges = append(r.ranges, s)
		r.group.Go(func() {
			s.err = r.get(s)
			close(s.ready)
		}, func() {
			s.err = panics.ErrPanicked
			close(s.ready)
		})
	}
	for ; r.served < len(r.ranges); r.served++ {
		buffer := r.buffer()
		if buffer == nil {
			return
		}
		s := r.ranges[r.served]
		s.buffer = buffer[:s.size]
		close(s.served)
	}
	for _, buffer := range r.free { // no range will need it
		r.opts.Pool.give(buffer)
	}
	r.free = nil
}

// buffer returns memory for a range, or nil.
func (r *Reader) buffer() []byte {
	last := len(r.free) - 1
	if last < 0 {
		return r.opts.Pool.take()
	}
	buffer := r.free[last]
	r.free = r.free[:last]
	return buffer
}

// get reads a range into its memory.
func (r *Reader) get(s *section) error {
	body, err := r.open(s)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	_, err = io.ReadFull(body, s.buffer)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// maxIdle is how long an open range waits for memory.
const maxIdle = 5 * time.Second

// open opens a range that has memory. One that waits long for memory is closed meanwhile,
// because the ranges before it may need its connection.
func (r *Reader) open(s *section) (io.ReadCloser, error) {
	body, err := r.opts.Open(r.ctx, s.offset, s.size)
	if err != nil || r.isServed(s, maxIdle) {
		return body, err
	}
	_ = body.Close()
	select {
	case <-s.served:
		return r.opts.Open(r.ctx, s.offset, s.size)
	case <-r.ctx.Done():
		return nil, ended.Why(r.ctx)
	}
}

// isServed reports whether a range has memory, after waiting for it if it must.
func (r *Reader) isServed(s *section, most time.Duration) bool {
	select {
	case <-s.served:
		return true
	default:
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-s.served:
		return true
	case <-timer.C:
	case <-r.ctx.Done():
	}
	return false
}

// Wait waits until there are bytes to read, or an error, or until stop gets a value. It
// reports whether Read returns at once. A nil stop never does.
func (r *Reader) Wait(stop <-chan time.Time) (bool, error) {
	if len(r.rest) > 0 {
		return true, nil
	}
	if len(r.ranges) == 0 {
		return true, io.EOF
	}
	first := r.ranges[0]
	select {
	case <-first.ready:
	default: // the caller is faster than what comes
		r.window = r.opts.MostRanges
		r.fill()
	}
	select {
	case <-first.ready:
	case <-r.ctx.Done():
		return true, ended.Why(r.ctx)
	case <-stop:
		return false, nil
	}
	if first.err == nil {
		r.rest = first.buffer
	}
	return true, first.err
}

// Read fills p with the next bytes.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if _, err := r.Wait(nil); err != nil {
		return 0, err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	if len(r.rest) == 0 {
		r.dropFirst()
	}
	return n, nil
}

// dropFirst gives the memory of the first range, which was read, to another.
func (r *Reader) dropFirst() {
	r.free = append(r.free, r.ranges[0].buffer)
	r.ranges[0] = nil
	r.ranges = r.ranges[1:]
	r.served--
	r.fill()
}

// Cancel ends all requests. A Read in progress returns an error. It may be called during one, and
// does not replace Close.
func (r *Reader) Cancel() { r.cancel(context.Canceled) }

// Close ends all requests, waits for them, and gives the memory back. The first Close
// panics if Options.Open did.
func (r *Reader) Close() error {
	if r.isClosed {
		return nil
	}
	r.isClosed = true
	r.Cancel()
	r.group.Join()
	defer r.group.Rethrow()
	for _, s := range r.ranges[:r.served] {
		r.opts.Pool.give(s.buffer)
	}
	r.ranges, r.served, r.rest, r.next = nil, 0, nil, r.end // free is empty: fill gives away what is left
	return nil
}
