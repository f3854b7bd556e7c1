// SPDX-License-Identifier: Apache-2.0

package eof

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
)

func TestIs(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		nil: false, io.EOF: true, io.ErrUnexpectedEOF: false, fmt.Errorf("request: %w", io.EOF): false, errors.New("EOF"): false,
	} {
		if Is(err) != want {
			t.Errorf("%v: got %v", err, !want)
		}
	}
}

// TestHide has an error lose nothing but io.EOF.
func TestHide(t *testing.T) {
	t.Parallel()
	path := &fs.PathError{Op: "read", Path: "x", Err: io.EOF}
	hidden := Hide(errors.Join(path, fs.ErrPermission))
	if errors.Is(hidden, io.EOF) {
		t.Error("it is taken for the end")
	}
	var found *fs.PathError
	if !errors.Is(hidden, fs.ErrPermission) || errors.Is(hidden, fs.ErrExist) || !errors.As(hidden, &found) || found != path {
		t.Error("the causes are lost")
	}
	if want := "read x: EOF\npermission denied"; hidden.Error() != want {
		t.Errorf("got the text %q, want %q", hidden, want)
	}
	for _, err := range []error{nil, fs.ErrExist, io.ErrUnexpectedEOF} {
		if got := Hide(err); got != err { //nolint:errorlint // it must be the same
			t.Errorf("got %v for %v", got, err)
		}
	}
}
