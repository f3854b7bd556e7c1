// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTooLarge leaves nothing of a file that the file system can't have.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	target := openTarget(t, filepath.Join(folder, "file"))
	_, err := target.Create(math.MaxInt64 - 10)
	require.ErrorContains(t, err, "writing "+target.path)
	assert.Empty(t, namesIn(t, folder))
	_, err = target.CreateResumable(Source{ETag: "e", Size: math.MaxInt64 - 10, Chunk: 1})
	require.ErrorContains(t, err, "writing "+target.path)
	assert.Empty(t, namesIn(t, folder))
}

// TestRemoveFails checks that the error names a file that can't be removed, and no other.
func TestRemoveFails(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	target := openTarget(t, filepath.Join(folder, "file"))
	full := filepath.Join(folder, "full")
	require.NoError(t, os.MkdirAll(filepath.Join(full, "below"), 0o700))
	info, err := os.Stat(full)
	require.NoError(t, err)
	require.ErrorContains(t, target.remove("full", info), "writing "+target.path)
	require.NoError(t, target.remove("file", info), "another name")
	assert.DirExists(t, full)
	require.NoError(t, os.Remove(filepath.Join(full, "below")))
	require.NoError(t, target.remove("full", info))
	assert.NoDirExists(t, full)
}

// TestRenameOfClosed removes a temporary file that can't be closed, as when the system
// reports a late failure of a write.
func TestRenameOfClosed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	f := create(t, openTarget(t, filepath.Join(folder, "file")), "content")
	f.end()
	require.NoError(t, f.file.Close())
	require.ErrorIs(t, f.rename(), fs.ErrClosed)
	assert.Empty(t, namesIn(t, folder))
}

// TestEvadeFails keeps the name of a temporary file that can't be renamed.
func TestEvadeFails(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	f := create(t, openTarget(t, filepath.Join(folder, "file")), "content")
	name := f.name
	testkit.RemoveOpen(t, filepath.Join(folder, name))
	f.evade()
	assert.Equal(t, name, f.name)
	require.NoError(t, f.Discard())
}

func TestSyncOfClosedTarget(t *testing.T) {
	t.Parallel()
	target := openTarget(t, filepath.Join(t.TempDir(), "file"))
	require.NoError(t, target.sync())
	target.Close()
	if err := target.sync(); runtime.GOOS != "windows" { // where folders are not written
		require.ErrorIs(t, err, fs.ErrClosed)
	}
}
