// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// SetEnv sets variables of this process's environment, and of those that it starts,
// until the test ends. A HOME is USERPROFILE too on Windows, which has no HOME.
func SetEnv(t testing.TB, vars map[string]string) {
	t.Helper()
	for name, value := range withHome(vars) {
		t.Setenv(name, value)
	}
}

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
