// SPDX-License-Identifier: Apache-2.0

// Package ended says why a context has ended, as an error that nothing takes for an answer,
// and tells the end of a stream from an error that stopped it.
//
// The cause of a context may be any error. With an errgroup it is that of another call: the
// server said that another object is missing, or that other bytes are wrong. It may be
// io.EOF, which a reader takes for the end of what it reads. An error that merely carries
// such a cause must not say these things of the call that was canceled.
//
// The end of a stream and an error that stopped it can both match io.EOF with errors.Is: a
// request that met a closed connection wraps it. A caller that takes that for the end keeps
// half of the bytes, and reports success.
//
// It must not know who cancels, nor what is read. Start reading at [Why] and [IsEOF].
package ended

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"

	"github.com/lithops-go/lithopss3/internal/s3err"
)

// Why returns why ctx has ended, and nil while it has not. errors.Is finds the error of ctx
// and its cause. What the cause wraps is found too, unless it is an answer.
func Why(ctx context.Context) error {
	return With(ctx, ctx.Err())
}

// With returns err with the cause of ctx, if err says that ctx has ended and does not say
// why. Any other err is returned as it is.
func With(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	var known *reason
	if cause == nil || !errors.Is(err, ctx.Err()) || errors.Is(err, cause) || errors.As(err, &known) {
		return err
	}
	return &reason{err: err, cause: cause, isAnswer: s3err.HasAnswer(cause)}
}

// First returns the error that ctx was canceled with, or why its parent ended if that was
// first, and nil while ctx has not ended. It is for goroutines of which the first error
// ends the others.
func First(parent, ctx context.Context) error {
	if cause := context.Cause(ctx); parent.Err() == nil || !s3err.IsSame(cause, context.Cause(parent)) {
		return cause
	}
	return Why(parent)
}

// Hide returns an error of what was called with ctx, so that it says of ctx only what is so:
// Why(ctx) for the cause itself, which net/http returns, and no context.Canceled while ctx
// has not ended, which a transport or a provider of the caller's may return.
func Hide(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return s3err.Hide(err, context.Canceled)
	}
	if cause := context.Cause(ctx); cause != nil && s3err.IsSame(err, cause) {
		return Why(ctx)
	}
	return err
}

// A reason is an error of a context that has ended, with its cause.
type reason struct {
	err, cause error
	isAnswer   bool // the cause
}

// Error is the text of both.
func (r *reason) Error() string { return r.err.Error() + ": " + r.cause.Error() }

// Is reports whether target is in the error, or is the cause, or what a cause wraps that is
// no answer.
func (r *reason) Is(target error) bool {
	if slices.Contains(sentinels, target) {
		return false
	}
	return errors.Is(r.err, target) || s3err.IsSame(r.cause, target) || !r.isAnswer && errors.Is(r.cause, target)
}

// As finds what a cause is that is no answer.
func (r *reason) As(target any) bool {
	return errors.As(r.err, target) || !r.isAnswer && errors.As(r.cause, target)
}

// sentinels say what a server or a stream said, to those who compare errors with them.
var sentinels = []error{io.EOF, fs.ErrNotExist, fs.ErrPermission, fs.ErrExist}
