// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package testkit

import (
	"maps"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// homeVariable is the environment variable that names the home folder.
const homeVariable = "USERPROFILE"

// withHome returns vars as this system has them: its home folder is HOME's, unless it
// has another.
func withHome(vars map[string]string) map[string]string {
	home, ok := vars["HOME"]
	if _, isGiven := vars[homeVariable]; !ok || isGiven {
		return vars
	}
	vars = maps.Clone(vars)
	vars[homeVariable] = home
	return vars
}

// HasModes reports whether files have permissions, as they do everywhere but on Windows.
func HasModes() bool { return false }

// HasShell reports whether /bin/sh runs scripts, as it does everywhere but on Windows.
func HasShell() bool { return false }

// Symlink makes path a symbolic link to target. It skips the test where the user may
// not make one, as on Windows without the privilege.
func Symlink(t testing.TB, target, path string) {
	t.Helper()
	err := os.Symlink(target, path)
	if err == nil {
		_, err = os.Readlink(path) // Wine says that it made one, and did not
	}
	if err != nil {
		t.Skip("no symbolic links here: ", err)
	}
}

// RemoveOpen removes a file or a folder that is open. It skips the test where the
// system refuses that.
func RemoveOpen(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Skip("an open file keeps its name here: ", err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Skip("an open file keeps its name here until it is closed")
	}
}

// Socket makes path a Unix socket until the test ends. It skips the test on systems
// without such sockets.
func Socket(t testing.TB, path string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Skip("no Unix sockets here: ", err)
	}
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
}

// NeedsAnyName skips a test whose files have names that Windows refuses, such as those
// with control characters.
func NeedsAnyName(t testing.TB) {
	t.Helper()
	t.Skip("files can't have such names here")
}

// FIFO makes path a named pipe. It skips the test on systems whose named pipes are no
// files.
func FIFO(t testing.TB, path string) {
	t.Helper()
	t.Skip("a named pipe is no file here: ", path)
}

// Device returns the path of the null device.
func Device(testing.TB) string { return os.DevNull }
