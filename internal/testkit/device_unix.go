// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testkit

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Device returns the path of a pipe that is read and dropped until the test ends. A test
// that writes to it can't harm the machine as one that writes to the null device can,
// which a mistake, run as root, would replace.
func Device(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	reader, err := os.OpenFile(path, os.O_RDWR, 0) // which waits for no writer
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, reader)
	}()
	t.Cleanup(func() {
		_ = reader.Close()
		<-done
	})
	return path
}
