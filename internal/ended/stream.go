// SPDX-License-Identifier: Apache-2.0

package ended

import (
	"io"

	"github.com/lithops-go/lithopss3/internal/s3err"
)

// IsEOF reports whether err, of a Read, is the end of the stream. An error that wraps io.EOF
// is not, and neither is io.ErrUnexpectedEOF.
func IsEOF(err error) bool {
	return err == io.EOF //nolint:errorlint // errors.Is also matches an error that wraps io.EOF
}

// HideEOF returns err as an error that is not io.EOF to errors.Is either, for readers that are
// handed to callers. Is, As and Error are else those of err; nil stays nil.
func HideEOF(err error) error { return s3err.Hide(err, io.EOF) }
