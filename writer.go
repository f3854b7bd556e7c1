// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/lithops-go/lithopss3/internal/upload"
)

// errAbandoned is the error of a Writer that was told to store nothing, without a reason.
var errAbandoned = errors.New("the writer was told to store nothing")

// A Writer stores what is written to it as an object, once it is closed. See
// [NewWriter]. It is not safe for concurrent use, except for CloseWithError.
type Writer struct {
	pipe *io.PipeWriter
	done chan struct{} // closed when err is there
	once sync.Once
	err  error // of PutObject
}

// NewWriter returns a writer whose bytes become the object when Close returns nil, and
// not before. It puts them with storage's PutObject while they are written: a *Store
// sends parts, and holds at most 45 MiB, see [Store.PutObject].
//
// The caller must call Close, or CloseWithError to store nothing; until then a
// goroutine waits. If ctx is done, nothing is stored, and Write and Close return its
// cause. The errors of Write and Close are those of PutObject.
func NewWriter(ctx context.Context, storage Storage, bucket, key string, opts *PutOptions) *Writer {
	reader, pipe := io.Pipe()
	w := &Writer{pipe: pipe, done: make(chan struct{})}
	stop := context.AfterFunc(ctx, func() { _ = pipe.CloseWithError(context.Cause(ctx)) })
	go func() {
		defer close(w.done)
		defer stop()
		w.err = storage.PutObject(ctx, bucket, key, struct{ io.Reader }{reader}, opts)
		failure := w.err
		if failure == nil {
			failure = ErrClosed
		}
		_ = reader.CloseWithError(failure)
	}()
	return w
}

// Write writes p. After an error nothing will be stored.
func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.pipe.Write(p)
	if errors.Is(err, io.ErrClosedPipe) {
		err = ErrClosed
	}
	return n, err
}

// Close stores the object, and returns nil if it is stored. A second Close returns the
// same error.
func (w *Writer) Close() error {
	w.once.Do(func() { _ = w.pipe.Close() })
	<-w.done
	return w.err
}

// CloseWithError ends the writer so that nothing is stored, and what was sent is
// aborted. It returns when that is done. After Close it does nothing. A nil reason is
// an error of its own. The error is that of an abort that failed.
func (w *Writer) CloseWithError(reason error) error {
	if reason == nil {
		reason = errAbandoned
	}
	w.once.Do(func() { _ = w.pipe.CloseWithError(reason) })
	<-w.done
	if w.err == nil || errors.Is(w.err, reason) && !errors.Is(w.err, upload.ErrLeftBehind) {
		return nil
	}
	return w.err
}
