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
	err := Hide(errors.Join(fmt.Errorf("request: %w", io.EOF), fs.ErrPermission))
	if errors.Is(err, io.EOF) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}
