// SPDX-License-Identifier: Apache-2.0

package ended

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/s3err"
)

// A statusError is an answer of a server.
type statusError struct{ status int }

func (e *statusError) Error() string       { return "not found" }
func (e *statusError) HTTPStatusCode() int { return e.status }

// A codeError is another one.
type codeError struct{}

func (codeError) Error() string     { return "no such key" }
func (codeError) ErrorCode() string { return "NoSuchKey" }

// An operationError is an error of this module's operations.
type operationError struct{ inner error }

func (e *operationError) Error() string        { return "get: " + e.inner.Error() }
func (e *operationError) Unwrap() error        { return e.inner }
func (e *operationError) Is(target error) bool { return target == s3err.ErrAnswer }

// An uncomparable error would panic if it were compared.
type uncomparable []string

func (uncomparable) Error() string { return "many" }

func canceledWith(t *testing.T, cause error) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	return ctx
}

// TestWhy finds the context's error and the cause, and nothing in it that is an answer.
func TestWhy(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	missing := &fs.PathError{Op: "open", Path: "file", Err: fs.ErrNotExist}
	for name, test := range map[string]struct {
		cause       error
		want, never []error
	}{
		"a sentinel":               {mine, []error{mine}, nil},
		"a wrapped one":            {fmt.Errorf("stop: %w", mine), []error{mine}, nil},
		"the end of a stream":      {io.EOF, nil, []error{io.EOF}},
		"a missing file":           {missing, []error{missing}, []error{fs.ErrNotExist}},
		"an operation":             {&operationError{mine}, nil, []error{mine, s3err.ErrAnswer}},
		"an operation in an error": {fmt.Errorf("stop: %w", &operationError{mine}), nil, []error{mine, s3err.ErrAnswer}},
		"a status":                 {errors.Join(&statusError{404}, mine), nil, []error{mine}},
		"a code":                   {errors.Join(codeError{}, mine), nil, []error{mine}},
		"uncomparable":             {uncomparable{"a"}, nil, []error{uncomparable{"a"}}},
	} {
		err := Why(canceledWith(t, test.cause))
		for _, want := range append(test.want, context.Canceled) {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v is not %v", name, err, want)
			}
		}
		for _, never := range append(test.never, context.DeadlineExceeded) {
			if errors.Is(err, never) {
				t.Errorf("%s: %v is %v", name, err, never)
			}
		}
		if want := "context canceled: " + test.cause.Error(); err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
	operation := &operationError{mine}
	if err := Why(canceledWith(t, operation)); !errors.Is(err, operation) {
		t.Errorf("the cause itself is lost: %v", err)
	}
}

// TestAs finds the type of a cause, unless that is an answer.
func TestAs(t *testing.T) {
	t.Parallel()
	missing := (*fs.PathError)(nil)
	if !errors.As(Why(canceledWith(t, &fs.PathError{Err: fs.ErrNotExist})), &missing) {
		t.Error("a type of the caller's is lost")
	}
	status, operation := (*statusError)(nil), (*operationError)(nil)
	if errors.As(Why(canceledWith(t, &statusError{404})), &status) || errors.As(Why(canceledWith(t, &operationError{io.EOF})), &operation) {
		t.Error("an answer to another call is found")
	}
	if !errors.As(With(canceledWith(t, errors.New("mine")), errors.Join(&statusError{503}, context.Canceled)), &status) || status.status != 503 {
		t.Error("the answer to this call is lost")
	}
}

// TestWhyNot has contexts without a cause of their own.
func TestWhyNot(t *testing.T) {
	t.Parallel()
	if err := Why(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	if err := Why(ctx); err != context.DeadlineExceeded { //nolint:errorlint // it is itself
		t.Error(err)
	}
	mine := errors.New("mine")
	late, cancel := context.WithDeadlineCause(t.Context(), time.Unix(1, 0), mine)
	defer cancel()
	if err := Why(late); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, mine) {
		t.Error(err)
	}
}

// TestWith adds the cause to errors of a context that has ended, once.
func TestWith(t *testing.T) {
	t.Parallel()
	mine, other := errors.New("mine"), errors.New("other")
	ctx := canceledWith(t, mine)
	for _, err := range []error{nil, other, fmt.Errorf("request: %w", mine), Why(canceledWith(t, io.EOF))} {
		if got := With(ctx, err); got != err { //nolint:errorlint // it is itself
			t.Errorf("got %v, want %v", got, err)
		}
	}
	if got := With(t.Context(), context.Canceled); got != context.Canceled { //nolint:errorlint // it is itself
		t.Errorf("got %v", got)
	}
	got := With(ctx, fmt.Errorf("request: %w", context.Canceled))
	if !errors.Is(got, mine) || !errors.Is(got, context.Canceled) || got.Error() != "request: context canceled: mine" {
		t.Errorf("got %v", got)
	}
}

// TestFirst tells the first error of goroutines from the end of their caller's context.
func TestFirst(t *testing.T) {
	t.Parallel()
	answer := &statusError{404}
	parent, end := context.WithCancelCause(t.Context())
	ctx, cancel := context.WithCancelCause(parent)
	if err := First(parent, ctx); err != nil {
		t.Error(err)
	}
	cancel(answer)
	if err := First(parent, ctx); err != error(answer) { //nolint:errorlint // it is itself
		t.Error(err)
	}
	end(errors.New("later"))
	if err := First(parent, ctx); err != error(answer) { //nolint:errorlint // it is itself
		t.Error(err)
	}
	parent = canceledWith(t, answer)
	ctx, cancel = context.WithCancelCause(parent)
	cancel(errors.New("later"))
	found := (*statusError)(nil)
	if err := First(parent, ctx); !errors.Is(err, context.Canceled) || errors.As(err, &found) {
		t.Error(err)
	}
}

// TestHide says of a context only what is so.
func TestHide(t *testing.T) {
	t.Parallel()
	other, refused := errors.New("other"), fmt.Errorf("transport: %w", context.Canceled)
	if err := Hide(t.Context(), refused); errors.Is(err, context.Canceled) || err.Error() != refused.Error() {
		t.Errorf("got %v", err)
	}
	if err := Hide(t.Context(), nil); err != nil {
		t.Error(err)
	}
	ctx := canceledWith(t, io.EOF)
	for _, err := range []error{nil, other, refused} {
		if got := Hide(ctx, err); got != err { //nolint:errorlint // it is itself
			t.Errorf("got %v, want %v", got, err)
		}
	}
	if err := Hide(ctx, io.EOF); !errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

// anyError can be compared by its type, but not always by its value.
type anyError struct{ value any }

func (anyError) Error() string { return "any" }

// TestCausesThatCannotBeCompared checks that such a cause is no panic.
func TestCausesThatCannotBeCompared(t *testing.T) {
	t.Parallel()
	cause := anyError{value: []int{1}}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := Why(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := Hide(ctx, cause); errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
