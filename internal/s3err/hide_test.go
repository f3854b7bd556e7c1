// SPDX-License-Identifier: Apache-2.0

package s3err

import (
	"errors"
	"io"
	"io/fs"
	"testing"
)

// TestHide has an error lose nothing but the sentinels.
func TestHide(t *testing.T) {
	t.Parallel()
	path := &fs.PathError{Op: "read", Path: "x", Err: io.EOF}
	err := Hide(errors.Join(path, fs.ErrPermission, fs.ErrClosed), io.EOF, fs.ErrClosed)
	if errors.Is(err, io.EOF) || errors.Is(err, fs.ErrClosed) {
		t.Error("what is hidden is found")
	}
	var found *fs.PathError
	if !errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrExist) || !errors.As(err, &found) || found != path {
		t.Error("the causes are lost")
	}
	if want := "read x: EOF\npermission denied\nfile already closed"; err.Error() != want {
		t.Errorf("got the text %q, want %q", err, want)
	}
	for _, other := range []error{nil, fs.ErrExist, io.ErrUnexpectedEOF} {
		if got := Hide(other, io.EOF); got != other { //nolint:errorlint // it must be the same
			t.Errorf("got %v for %v", got, other)
		}
	}
}
