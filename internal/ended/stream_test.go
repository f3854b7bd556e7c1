// SPDX-License-Identifier: Apache-2.0

package ended

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
)

func TestIsEOF(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		nil: false, io.EOF: true, io.ErrUnexpectedEOF: false, fmt.Errorf("request: %w", io.EOF): false, errors.New("EOF"): false,
	} {
		if IsEOF(err) != want {
			t.Errorf("%v: got %v", err, !want)
		}
	}
}

// TestHideEOF has an error lose nothing but io.EOF.
func TestHideEOF(t *testing.T) {
	t.Parallel()
	err := HideEOF(errors.Join(fmt.Errorf("request: %w", io.EOF), fs.ErrPermission))
	if errors.Is(err, io.EOF) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}
