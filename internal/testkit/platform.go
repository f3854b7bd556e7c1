// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// homeVariable is the environment variable that names the home folder.
func homeVariable() string {
	if runtime.GOOS == "windows" {
		return "USERPROFILE"
	}
	return "HOME"
}

// SetEnv sets variables of this process's environment, and of those that it starts,
// until the test ends. A HOME is USERPROFILE too on Windows, which has no HOME.
func SetEnv(t testing.TB, vars map[string]string) {
	t.Helper()
	for name, value := range vars {
		t.Setenv(name, value)
		if name == "HOME" {
			t.Setenv(homeVariable(), value)
		}
	}
}

// HasModes reports whether files have permissions, as they do everywhere but on Windows.
func HasModes() bool { return runtime.GOOS != "windows" }

// AssertMode compares the permissions of a file, where files have some.
func AssertMode(t testing.TB, want, got fs.FileMode, message ...any) {
	t.Helper()
	if HasModes() {
		assert.Equal(t, want, got.Perm(), message...)
	}
}

// Chmod changes the permissions of a file. It skips the test where files have none.
func Chmod(t testing.TB, path string, mode fs.FileMode) {
	t.Helper()
	if !HasModes() {
		t.Skip("files have no permissions here")
	}
	require.NoError(t, os.Chmod(path, mode))
}

// Symlink makes path a symbolic link to target. It skips the test where the user may
// not make one, as on Windows without the privilege.
func Symlink(t testing.TB, target, path string) {
	t.Helper()
	err := os.Symlink(target, path)
	if runtime.GOOS == "windows" && err == nil {
		_, err = os.Readlink(path) // Wine says that it made one, and did not
	}
	if runtime.GOOS == "windows" && err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	require.NoError(t, err)
}

// RemoveOpen removes a file or a folder that is open. It skips the test where the
// system refuses that.
func RemoveOpen(t testing.TB, path string) {
	t.Helper()
	err := os.Remove(path)
	if runtime.GOOS == "windows" && err == nil {
		_, err = os.Lstat(path)
		if os.IsNotExist(err) {
			return
		}
		t.Skip("an open file keeps its name here until it is closed")
	}
	if runtime.GOOS == "windows" {
		t.Skip("an open file keeps its name here: ", err)
	}
	require.NoError(t, err)
}

// Socket makes path a Unix socket until the test ends. It skips the test on systems
// without such sockets.
func Socket(t testing.TB, path string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if runtime.GOOS == "windows" && err != nil {
		t.Skip("no Unix sockets here: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
}

// GiveAway makes another user the owner of a file. It skips the test for users who may
// not do that, which are all but root.
func GiveAway(t testing.TB, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	require.NoError(t, os.Chown(path, 12345, 12345))
}

// NeedsRenameOverOpen skips a test that renames one file over another one that is open,
// where the system or the file system refuses that.
func NeedsRenameOverOpen(t testing.TB) {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	open, err := root.Create("open")
	require.NoError(t, err)
	defer func() { _ = open.Close() }()
	require.NoError(t, root.WriteFile("other", nil, 0o600))
	if err := root.Rename("other", "open"); err != nil {
		t.Skip("an open file keeps its name here: ", err)
	}
}

// NeedsAnyName skips a test whose files have names that Windows refuses, such as those
// with control characters.
func NeedsAnyName(t testing.TB) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("files can't have such names here")
	}
}

// ShortDir returns a new folder whose path leaves room for a socket's name, of which
// systems allow about 100 bytes. It is removed when the test ends.
func ShortDir(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "t")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	resolved, err := filepath.EvalSymlinks(folder)
	require.NoError(t, err)
	return resolved
}
