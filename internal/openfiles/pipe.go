// SPDX-License-Identifier: Apache-2.0

package openfiles

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
)

// An openedFile holds a file that was opened, or the error.
type openedFile struct {
	file *os.File
	err  error
}

// OpenToRead opens a file of any size, which the caller closes. The open of a named pipe waits for
// a writer; if ctx ends before, the error is its cause. Other errors are those of os.Open. It is
// safe for concurrent use.
func OpenToRead(ctx context.Context, path string) (*os.File, error) {
	open := func() (*os.File, error) { return Open(func() (*os.File, error) { return os.Open(path) }) }
	pipe, err := os.Stat(path)
	if err != nil || pipe.Mode()&fs.ModeNamedPipe == 0 {
		return open()
	}
	if ctx.Err() != nil {
		return nil, ended.Why(ctx)
	}
	opened := make(chan openedFile, 1)
	var group panics.Group
	group.Go(func() {
		file, err := open()
		opened <- openedFile{file, err}
	}, nil)
	select {
	case pipe := <-opened:
		return pipe.file, pipe.err
	case <-ctx.Done():
	}
	endOpen(path, pipe, opened)
	return nil, ended.Why(ctx)
}

// endOpen ends the open of a pipe, by a writer that is there for a moment. Without the
// permission to write, or if the pipe was removed or replaced, the open waits on, in its goroutine.
func endOpen(path string, pipe fs.FileInfo, opened <-chan openedFile) {
	for {
		if now, err := os.Stat(path); err != nil || !os.SameFile(now, pipe) {
			return
		}
		writer, err := Open(func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0) })
		if err == nil {
			defer func() { _ = writer.Close() }()
		} else if !errors.Is(err, syscall.ENXIO) { // which says that no process opens it yet
			return
		}
		select {
		case found := <-opened:
			if found.err == nil {
				_ = found.file.Close()
			}
			return
		case <-time.After(time.Millisecond):
		}
	}
}
