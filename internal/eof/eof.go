// SPDX-License-Identifier: Apache-2.0

// Package eof tells the end of a stream from an error that stopped it. Both can match
// io.EOF with errors.Is: a request that met a closed connection wraps it. A caller that
// takes that for the end keeps half of the bytes, and reports success. It must not know
// what is read. Start reading at [Is].
package eof

import (
	"io"

	"github.com/lithops-go/lithopss3/internal/hidden"
)

// Is reports whether err, of a Read, is the end of the stream. An error that wraps io.EOF
// is not, and neither is io.ErrUnexpectedEOF.
func Is(err error) bool {
	return err == io.EOF //nolint:errorlint // the difference is what this package is for
}

// Hide returns err as an error that is not io.EOF to errors.Is either, for readers that are
// handed to callers. Is, As and Error are else those of err; nil stays nil.
func Hide(err error) error { return hidden.Error(err, io.EOF) }
