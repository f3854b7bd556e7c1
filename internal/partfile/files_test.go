// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOneFile checks that a target that is also another target's file is not replaced. A
// link from one folder to the other stands for a file system that ignores case.
func TestOneFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "data"), 0o700))
	if err := os.Symlink("data", filepath.Join(folder, "Data")); err != nil {
		t.Skipf("no links on %s: %v", runtime.GOOS, err)
	}
	root, err := os.OpenRoot(folder)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	files := &Files{}
	write := func(path, text string) error {
		target, err := Open(root, filepath.FromSlash(path))
		require.NoError(t, err)
		defer target.Close()
		target.Share(files)
		file, err := target.Create(int64(len(text)))
		require.NoError(t, err)
		_, err = file.WriteAt([]byte(text), 0)
		require.NoError(t, err)
		return file.Commit(int64(len(text)), false)
	}
	require.NoError(t, write("data/x", "first"))
	err = write("Data/x", "second")
	require.ErrorIs(t, err, ErrOneFile)
	require.ErrorContains(t, err, filepath.FromSlash("data/x"))
	assert.Equal(t, "first", contentOf(t, filepath.Join(folder, "data", "x")))
	assert.Equal(t, []string{"x"}, namesIn(t, filepath.Join(folder, "data")), "no temporary file is left")

	require.NoError(t, write("data/x", "again"), "its own file is replaced")

	// Another process replaces the file, and the next new one gets its number.
	require.NoError(t, os.Link(filepath.Join(folder, "data", "x"), filepath.Join(folder, "new")))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "theirs"), []byte("theirs"), 0o600))
	require.NoError(t, os.Rename(filepath.Join(folder, "theirs"), filepath.Join(folder, "data", "x")))
	require.NoError(t, write("new", "mine"))
	assert.Equal(t, "mine", contentOf(t, filepath.Join(folder, "new")))
	require.NoError(t, write("Data/y", "other"))
	files = nil
	require.NoError(t, write("Data/x", "second"), "targets that share nothing")
	assert.Equal(t, "second", contentOf(t, filepath.Join(folder, "data", "x")))
}

// TestOneFileWithoutInodes checks a file system that gives each name of a file an inode of
// its own, as exFAT's does in user space.
func TestOneFileWithoutInodes(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	folder, err := os.OpenRoot(path)
	require.NoError(t, err)
	defer func() { _ = folder.Close() }()
	files := &Files{}
	require.NoError(t, os.WriteFile(filepath.Join(path, "x"), []byte("text"), 0o600))
	files.add(folder, "x", "dir/σ")
	files.paths = nil // x has another inode by its other names
	for _, other := range []string{"DIR/σ", "dir/Σ", "dir/ς"} {
		require.ErrorIs(t, files.check(folder, "x", other), ErrOneFile, other)
	}
	for _, other := range []string{"dir/σ", "dir/s", "other/σ"} {
		require.NoError(t, files.check(folder, "x", other), other)
	}
	require.NoError(t, os.WriteFile(filepath.Join(path, "y"), []byte("longer text"), 0o600))
	require.NoError(t, files.check(folder, "y", "DIR/σ"), "a file of another size was there before")
	require.NoError(t, files.check(folder, "z", "DIR/σ"), "there is none")
}
