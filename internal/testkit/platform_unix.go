// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testkit

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// homeVariable is the environment variable that names the home folder.
const homeVariable = "HOME"

// withHome returns vars as this system has them: as they are.
func withHome(vars map[string]string) map[string]string { return vars }

// HasModes reports whether files have permissions, as they do everywhere but on Windows.
func HasModes() bool { return true }

// HasShell reports whether /bin/sh runs scripts, as it does everywhere but on Windows.
func HasShell() bool { return true }

// Symlink makes path a symbolic link to target. It skips the test where the user may
// not make one, as on Windows without the privilege.
func Symlink(t testing.TB, target, path string) {
	t.Helper()
	require.NoError(t, os.Symlink(target, path))
}

// RemoveOpen removes a file or a folder that is open. It skips the test where the
// system refuses that.
func RemoveOpen(t testing.TB, path string) {
	t.Helper()
	require.NoError(t, os.Remove(path))
}

// Socket makes path a Unix socket until the test ends. It skips the test on systems
// without such sockets.
func Socket(t testing.TB, path string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
}

// NeedsAnyName skips a test whose files have names that Windows refuses, such as those
// with control characters.
func NeedsAnyName(testing.TB) {}

// FIFO makes path a named pipe. It skips the test on systems whose named pipes are no
// files.
func FIFO(t testing.TB, path string) {
	t.Helper()
	require.NoError(t, syscall.Mkfifo(path, 0o600))
}

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
