// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// lastWrite is how long a command that was interrupted waits for a reader of its output.
	lastWrite = time.Second
	// pieceSize is how much is written at a time if a write can wait: what a pipe of Linux holds.
	pieceSize = 64 << 10
)

// A readStream is a stream that tells when it has no reader any more, and whether a write to
// it has failed. A write ends with the command, also while it waits for the process that reads
// a pipe.
type readStream struct {
	io.Writer
	unread func()          // may be nil
	ctx    context.Context //nolint:containedctx // of the process; nil if no write waits
	broken atomic.Bool

	mu    sync.Mutex
	piece []byte           // what is written, because a write that is left must not see p change
	wrote chan writeResult // of the write that was left, else nil
}

type writeResult struct {
	n   int
	err error
}

// endWith has writes end when ctx does. A write to a regular file never waits.
func (s *readStream) endWith(ctx context.Context) {
	file, ok := s.Writer.(*os.File)
	if !ok {
		return
	}
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		s.ctx = ctx
	}
}

// Write writes.
func (s *readStream) Write(p []byte) (int, error) {
	n, err := s.write(p)
	if err != nil {
		s.broken.Store(true)
	}
	if s.unread != nil && errors.Is(err, syscall.EPIPE) {
		s.unread()
	}
	return n, err
}

func (s *readStream) write(p []byte) (written int, err error) {
	if s.ctx == nil {
		return s.Writer.Write(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 && err == nil {
		var n int
		n, err = s.writePiece(p[:min(len(p), pieceSize)])
		written += n
		p = p[n:]
	}
	return written, err
}

// writePiece writes, or returns why the context ended. The write that still waits then is left
// to the end of the process, and nothing can be written after it.
func (s *readStream) writePiece(p []byte) (int, error) {
	if s.wrote != nil {
		return 0, context.Cause(s.ctx)
	}
	s.piece = append(s.piece[:0], p...)
	s.wrote = make(chan writeResult, 1)
	go func(piece []byte, wrote chan<- writeResult) {
		n, err := s.Writer.Write(piece)
		wrote <- writeResult{n, err}
	}(s.piece, s.wrote)
	select {
	case result := <-s.wrote:
		s.wrote = nil
		return result.n, result.err
	case <-s.ctx.Done():
	}
	select { // a reader that is there gets the last lines
	case result := <-s.wrote:
		s.wrote = nil
		return result.n, result.err
	case <-time.After(lastWrite):
		return 0, context.Cause(s.ctx)
	}
}
