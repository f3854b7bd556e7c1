// SPDX-License-Identifier: Apache-2.0

// Package s3err has the errors that several rooms compare or make, makes errors that
// errors.Is does not find everything in, and makes a server's text fit for an error.
// It must not know HTTP, the SDK or any other room but sanitize.
// Start reading at [Final], the mark of an error that no attempt is made after, at [Hide]
// and [Answers], because what a call uses may fail with what looks like the answer to that
// call, and at [Apart], which says what errors.As leaves out: what there is next to an error.
package s3err

import (
	"errors"

	"github.com/lithops-go/lithopss3/internal/sanitize"
)

var (
	// ErrTooLarge reports an answer of a server, or an object that one promises, that
	// is larger than any sound one.
	ErrTooLarge = errors.New("too large")
	// ErrInvalidBucketName reports a bucket name that S3 does not accept.
	ErrInvalidBucketName = errors.New("invalid bucket name")
	// ErrInvalidKey reports an object key that S3 does not accept.
	ErrInvalidKey = errors.New("invalid object key")
)

// A FinalError is an error after which the request is not sent again, whatever it
// wraps.
type FinalError struct{ err error }

// Final marks err as final.
func Final(err error) error { return &FinalError{err} }

// Error returns the text of the error that it wraps.
func (e *FinalError) Error() string { return e.err.Error() }

// RetryableError returns false. It is for the retry policy of s3http.
func (*FinalError) RetryableError() bool { return false }

// Unwrap returns the error that it wraps.
func (e *FinalError) Unwrap() error { return e.err }

// IsFinal reports whether err is, or wraps, an error that is marked as final.
func IsFinal(err error) bool {
	var final *FinalError
	return errors.As(err, &final)
}

// MaxText bounds how much of a server's text goes into an error, in bytes.
const MaxText = 1000

// Text returns a server's text on one line, without anything that steers a
// terminal, and no more than MaxText bytes of it.
func Text(text string) string { return sanitize.Line(text[:min(len(text), MaxText)]) }
