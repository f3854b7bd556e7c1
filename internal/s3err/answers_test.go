// SPDX-License-Identifier: Apache-2.0

package s3err

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

// A statusError is an answer of a server.
type statusError struct{ error }

func (statusError) HTTPStatusCode() int { return 404 }

func (e statusError) Unwrap() error { return e.error }

// A codeError is another one.
type codeError struct{ error }

func (codeError) ErrorCode() string { return "NoSuchKey" }

func (e codeError) Unwrap() error { return e.error }

// An operationError is an error of this module's operations.
type operationError struct{ error }

func (operationError) Is(target error) bool { return target == ErrAnswer }

func (e operationError) Unwrap() error { return e.error }

// A likeError has methods for errors.Is and errors.As.
type likeError struct{ like error }

func (likeError) Error() string { return "like" }

func (e likeError) Is(target error) bool { return target == e.like }

func (e likeError) As(target any) bool {
	found, ok := target.(**fs.PathError)
	if ok {
		*found = &fs.PathError{Op: "like"}
	}
	return ok
}

// uncomparable would panic if it were compared.
type uncomparable []string

func (uncomparable) Error() string { return "many" }

// TestAnswers hides what an answer wraps, and nothing above it.
func TestAnswers(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	path := &fs.PathError{Op: "read", Err: errors.New("broken")}
	for name, answer := range map[string]error{
		"a status": statusError{fs.ErrNotExist}, "a code": codeError{fs.ErrNotExist}, "an operation": operationError{fs.ErrNotExist},
		"a status that is hidden": Hide(statusError{fs.ErrNotExist}, fs.ErrExist, fs.ErrNotExist),
		"a code that is hidden":   Hide(codeError{fs.ErrNotExist}, fs.ErrNotExist),
		"one within another":      operationError{codeError{fs.ErrNotExist}},
	} {
		whole := errors.Join(path, fmt.Errorf("%w: %w", mine, answer))
		for _, err := range []error{Answers(whole), Answers(fmt.Errorf("reading: %w", Answers(whole)))} {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrAnswer) || HasAnswer(err) {
				t.Errorf("%s: an answer is found", name)
			}
			var status interface{ HTTPStatusCode() int }
			var code interface{ ErrorCode() string }
			if errors.As(err, &status) || errors.As(err, &code) || errors.As(err, new(operationError)) {
				t.Errorf("%s: an answer's type is found", name)
			}
			var found *fs.PathError
			if !errors.Is(err, whole) || !errors.Is(err, mine) || !errors.Is(err, answer) || !errors.As(err, &found) || found != path {
				t.Errorf("%s: what is above the answer is lost", name)
			}
		}
		if got := Answers(whole).Error(); got != whole.Error() {
			t.Errorf("%s: got the text %q", name, got)
		}
		if !HasAnswer(whole) {
			t.Errorf("%s: it is no answer", name)
		}
	}
}

// TestOperations hides this module's errors only.
func TestOperations(t *testing.T) {
	t.Parallel()
	if err := Operations(fmt.Errorf("role: %w", operationError{fs.ErrNotExist})); errors.Is(err, fs.ErrNotExist) || errors.As(err, new(operationError)) {
		t.Errorf("an operation is found in %v", err)
	}
	for _, err := range []error{nil, fs.ErrExist, statusError{fs.ErrNotExist}, codeError{fs.ErrNotExist}} {
		if got := Operations(err); got != err { //nolint:errorlint // it is itself
			t.Errorf("got %v for %v", got, err)
		}
	}
}

// TestNoAnswers has errors stay themselves.
func TestNoAnswers(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, fs.ErrNotExist, &fs.PathError{Err: fs.ErrNotExist}, &likeError{fs.ErrExist}} {
		if got := Answers(err); got != err || HasAnswer(err) { //nolint:errorlint // it is itself
			t.Errorf("got %v for %v", got, err)
		}
	}
	if err := Answers(uncomparable{"a"}); errors.Is(err, uncomparable{"a"}) || err.Error() != "many" {
		t.Errorf("got %v", err)
	}
}

// TestMethods asks the errors above an answer as errors.Is and errors.As do.
func TestMethods(t *testing.T) {
	t.Parallel()
	err := Answers(errors.Join(likeError{fs.ErrExist}, uncomparable{"a"}, statusError{fs.ErrNotExist}))
	var found *fs.PathError
	if !errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrClosed) || !errors.As(err, &found) || found.Op != "like" {
		t.Errorf("a method was not asked: %v", found)
	}
	if errors.Is(err, uncomparable{"a"}) {
		t.Error("what can't be compared was compared")
	}
	if many := uncomparable(nil); !errors.As(err, &many) || len(many) != 1 {
		t.Errorf("a type is lost: %v", many)
	}
}
