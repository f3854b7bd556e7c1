// SPDX-License-Identifier: Apache-2.0

package s3err

import (
	"errors"
	"reflect"
)

// ErrAnswer matches errors of this module's operations, see lithopss3.Error. They are about
// their own call, and say nothing of one that they end.
var ErrAnswer = errors.New("an operation's error")

// Answers returns err, of what a call uses and is not that call, so that nothing takes it
// for the server's answer to the call: a body may be another object, which is missing.
// errors.Is finds err itself and what is above an answer in it, but not what the answer
// wraps. errors.As finds no answer. An error without one stays itself, and nil stays nil.
func Answers(err error) error { return hide(err, isAnswer) }

// Operations is Answers for what may have asked a service by itself, as a provider of
// credentials does. It hides the errors of this module's operations only.
func Operations(err error) error { return hide(err, isOperation) }

func hide(err error, isHidden func(error) bool) error {
	if !find(err, isHidden, isHidden) {
		return err
	}
	return &foreign{err, isHidden}
}

// HasAnswer reports whether an error could be taken for what a server said.
func HasAnswer(err error) bool { return find(err, isAnswer, isAnswer) }

// IsSame reports whether two errors are one. Errors that can't be compared are not.
func IsSame(a, b error) bool {
	return a != nil && reflect.ValueOf(a).Comparable() && a == b //nolint:errorlint // that is the question
}

// isAnswer reports whether err itself says what a server did, by its status or its code.
func isAnswer(err error) bool {
	var status interface{ HTTPStatusCode() int }
	var code interface{ ErrorCode() string }
	switch own := err.(type) { //nolint:errorlint // what it wraps is not the question
	case interface{ HTTPStatusCode() int }, interface{ ErrorCode() string }:
		return true
	case interface{ As(target any) bool }: // it may wrap without Unwrap, as those of this package
		return own.As(&status) || own.As(&code) || isOperation(err)
	}
	return isOperation(err)
}

func isOperation(err error) bool {
	own, ok := err.(interface{ Is(target error) bool })
	return ok && own.Is(ErrAnswer)
}

// find reports whether an error of the tree of err matches. It does not look below those
// that end it.
func find(err error, matches, ends func(error) bool) bool {
	switch {
	case err == nil:
		return false
	case matches(err):
		return true
	case ends(err):
		return false
	}
	switch wrapper := err.(type) { //nolint:errorlint // it walks the tree
	case interface{ Unwrap() error }:
		return find(wrapper.Unwrap(), matches, ends)
	case interface{ Unwrap() []error }:
		for _, each := range wrapper.Unwrap() {
			if find(each, matches, ends) {
				return true
			}
		}
	}
	return false
}

// A foreign error has no Unwrap, by which errors.Is would find what is hidden.
type foreign struct {
	err      error
	isHidden func(error) bool
}

// Error is the error's text.
func (f *foreign) Error() string { return f.err.Error() }

// Is reports whether target is the error, or is found in it above what is hidden.
func (f *foreign) Is(target error) bool {
	return find(f.err, func(err error) bool {
		own, ok := err.(interface{ Is(target error) bool })
		return IsSame(err, target) || ok && !f.isHidden(err) && own.Is(target)
	}, f.isHidden)
}

// As finds the first error that fits target, above what is hidden.
func (f *foreign) As(target any) bool {
	found := reflect.ValueOf(target).Elem()
	return find(f.err, func(err error) bool {
		if f.isHidden(err) {
			return false
		}
		if reflect.TypeOf(err).AssignableTo(found.Type()) {
			found.Set(reflect.ValueOf(err))
			return true
		}
		own, ok := err.(interface{ As(target any) bool })
		return ok && own.As(target)
	}, f.isHidden)
}
