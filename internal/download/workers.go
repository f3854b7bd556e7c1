// SPDX-License-Identifier: Apache-2.0

package download

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"github.com/lithops-go/lithopss3/internal/progress"
)

const (
	// nearTime is how long a near server takes at most for the first response. With one that
	// is farther away, all workers start at once.
	nearTime = 10 * time.Millisecond
	// fastBegin is how many bytes of a fast connection must come in their time, and fastWindow
	// how many after that, again and again. They are many, so that a single pause of a busy
	// machine does not make the connection look slow.
	fastBegin, fastWindow = 8 << 20, 32 << 20
	// inOrderSize is the memory of the worker that is alone. A far larger one than copySize
	// needs fewer system calls, each of which takes all that has come.
	inOrderSize = 1 << 20
)

// A worker gets chunks, next to workers that get others.
type worker struct {
	*download
	next   *atomic.Int64 // the chunk that a worker takes next
	buffer []byte
}

// startWorkers starts the workers that get all chunks. If first is not nil, it is the open
// first chunk, whose worker is the only one as long as the connection is fast.
func (d *download) startWorkers(team *team, first *Answer) {
	var next atomic.Int64
	start := func(size int64, work func(w *worker, ctx context.Context) error) {
		w := &worker{download: d, next: &next, buffer: make([]byte, d.opts.scaled(size))}
		team.start(func(ctx context.Context) error { return work(w, ctx) })
	}
	startSome := func(count int) {
		for range count {
			start(copySize, (*worker).getChunks)
		}
	}
	count := min(chunksAtOnce, len(d.sums))
	if first == nil {
		startSome(count)
		return
	}
	next.Store(1)
	start(inOrderSize, func(w *worker, ctx context.Context) error {
		return w.getInOrder(ctx, first, func() { startSome(count - 1) })
	})
}

// getChunks gets chunks until there are no more.
func (w *worker) getChunks(ctx context.Context) error {
	for isLeft := true; isLeft && ctx.Err() == nil; {
		var err error
		if isLeft, err = w.getNext(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// getNext gets the next chunk, from an answer if that is not nil. It reports false if there
// is no more.
func (w *worker) getNext(ctx context.Context, answer *Answer) (bool, error) {
	index := int(w.next.Add(1) - 1)
	if index >= len(w.sums) {
		return false, nil
	}
	return true, w.getChunk(ctx, index, answer, w.buffer)
}

// getInOrder gets the first chunk, and as long as the connection is fast the chunks after it
// in one request. Once it is slow, slow starts other workers, and this one becomes one of them.
func (w *worker) getInOrder(ctx context.Context, first *Answer, slow func()) error {
	chunk := w.opts.scaled(ChunkSize)
	connection := w.measure(first, fastBegin, slow)
	if err := w.getChunk(ctx, 0, first, w.buffer); err != nil {
		return err
	}
	if connection.isSlow {
		return w.getChunks(ctx)
	}
	rest, err := w.open(ctx, chunk, w.size-chunk)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	connection = w.measure(rest, fastWindow, slow)
	rest.Body = io.NopCloser(rest.Body) // no chunk closes what all of them share
	for isLeft := true; isLeft && !connection.isSlow && ctx.Err() == nil; {
		if isLeft, err = w.getNext(ctx, rest); err != nil {
			return err
		}
	}
	_ = connection.Close()
	return w.getChunks(ctx)
}

// A connection is the body of an answer, measured while it is read. Once it is slow, it
// remains so.
type connection struct {
	io.ReadCloser
	speed  progress.Speed
	rate   int64 // in bytes a second, below which it is slow
	window int64 // in bytes
	slow   func()
	isSlow bool
}

// measure has slow called once the connection of an answer is slow.
func (d *download) measure(answer *Answer, window int64, slow func()) *connection {
	c := &connection{ReadCloser: answer.Body, rate: d.opts.Fast, window: d.opts.scaled(window), slow: slow}
	answer.Body = c
	c.check()
	return c
}

// Read reads what comes next.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.speed.Read(c.ReadCloser, p)
	c.check()
	return n, err
}

func (c *connection) check() {
	if !c.isSlow && !c.speed.IsFast(c.rate, c.window) {
		c.isSlow = true
		c.slow()
	}
}
