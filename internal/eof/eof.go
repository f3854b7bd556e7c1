// SPDX-License-Identifier: Apache-2.0

// Package eof tells the end of a stream from an error that stopped it. Both can match
// io.EOF with errors.Is: a request that met a closed connection wraps it. A caller that
// takes that for the end keeps half of the bytes, and reports success. It must not know
// what is read. Start reading at [Is].
package eof

import (
	"errors"
	"io"
)

// Is reports whether err, of a Read, is the end of the stream. An error that wraps io.EOF
// is not, and neither is io.ErrUnexpectedEOF.
func Is(err error) bool {
	return err == io.EOF //nolint:errorlint // the difference is what this package is for
}

// Hide returns err as an error that is not io.EOF to errors.Is either, for readers that are
// handed to callers. Is, As and Error are else those of err; nil stays nil.
func Hide(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	return &hidden{err}
}

// A hidden error is one that stopped a stream. It has no Unwrap, by which errors.Is would
// find io.EOF.
type hidden struct{ err error }

// Error is the error's text.
func (h *hidden) Error() string { return h.err.Error() }

// Is reports whether the error matches target, unless that is the end of a stream.
func (h *hidden) Is(target error) bool { return !Is(target) && errors.Is(h.err, target) }

// As finds the first error in the chain that fits target.
func (h *hidden) As(target any) bool { return errors.As(h.err, target) }
