// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	target := openTarget(t, path)
	assert.False(t, target.exists)
	require.NoError(t, errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o640)))
	target = openTarget(t, path)
	assert.True(t, target.exists)
	testkit.AssertMode(t, 0o640, target.mode)
	assert.False(t, target.IsDevice())

	_, err := Open(nil, folder)
	require.ErrorIs(t, err, ErrIsFolder)
	_, err = Open(nil, filepath.Join(folder, "none", "file"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Open(nil, filepath.Join(path, "file"))
	require.Error(t, err)
}

func TestOpenBelowRoot(t *testing.T) {
	t.Parallel()
	outside, inside := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "file"), []byte("before"), 0o600))
	testkit.Symlink(t, outside, filepath.Join(inside, "away"))
	testkit.Symlink(t, filepath.Join(outside, "file"), filepath.Join(inside, "link"))
	require.NoError(t, os.Mkdir(filepath.Join(inside, "real"), 0o700))
	root, err := os.OpenRoot(inside)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	for path, want := range map[string]error{
		"../file": ErrOutside, filepath.Join(outside, "file"): ErrOutside, "": ErrOutside, "real": ErrIsFolder, "none/file": fs.ErrNotExist, "away/file": nil,
	} {
		_, err := Open(root, path)
		require.Error(t, err, path)
		if want != nil {
			require.ErrorIs(t, err, want, path)
		}
	}
	for _, path := range []string{"real/file", "link"} {
		target, err := Open(root, path)
		require.NoError(t, err)
		require.NoError(t, create(t, target, "content").Commit(7, false))
		target.Close()
		assert.Equal(t, "content", contentOf(t, filepath.Join(inside, path)))
	}
	assert.Equal(t, "before", contentOf(t, filepath.Join(outside, "file")), "a link is replaced")
}

// TestOpenThroughLink replaces the file that a link leads to.
func TestOpenThroughLink(t *testing.T) {
	t.Parallel()
	folder, other := t.TempDir(), t.TempDir()
	path, link := filepath.Join(other, "file"), filepath.Join(folder, "link")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	testkit.Symlink(t, path, link)
	require.NoError(t, create(t, openTarget(t, link), "content").Commit(7, false))
	assert.Equal(t, "content", contentOf(t, path))
	assert.Equal(t, []string{"link"}, namesIn(t, folder))
	assert.Equal(t, []string{"file"}, namesIn(t, other))
}

// TestOpenThroughLinkToNothing makes the file that links lead to, and replaces no link.
func TestOpenThroughLinkToNothing(t *testing.T) {
	t.Parallel()
	folder, other := t.TempDir(), t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(other, "deep", "er"), 0o700))
	link := func(target, name string) {
		testkit.Symlink(t, target, filepath.Join(folder, name))
	}
	link(filepath.Join(other, "absolute"), "absolute")
	link("absolute", "twice")
	link(filepath.Join(other, "deep", "er"), "folder")
	link("folder"+string(filepath.Separator)+filepath.Join("..", "upward"), "up") // of deep/er, not of folder
	link(filepath.Join("missing", "file"), "nowhere")
	link("circle", "circle")
	for name, want := range map[string]string{
		"absolute": "absolute", "twice": "absolute", filepath.Join("folder", "new"): filepath.Join("deep", "er", "new"), "up": filepath.Join("deep", "upward"),
	} {
		want = filepath.Join(other, want)
		require.NoError(t, create(t, openTarget(t, filepath.Join(folder, name)), name).Commit(int64(len(name)), false))
		assert.Equal(t, name, contentOf(t, want))
		require.NoError(t, os.Remove(want))
	}
	assert.Equal(t, []string{"absolute", "circle", "folder", "nowhere", "twice", "up"}, namesIn(t, folder))
	for name, want := range map[string]error{"nowhere": fs.ErrNotExist, "new" + string(filepath.Separator): ErrIsFolder} {
		_, err := Open(nil, folder+string(filepath.Separator)+name)
		require.ErrorIs(t, err, want, name)
	}
	_, err := Open(nil, filepath.Join(folder, "circle"))
	require.Error(t, err)
}

// TestOpenDescriptor checks that a file which a process has open is not replaced by the
// system's other name for it: a shell appends to it with >>.
func TestOpenDescriptor(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	log, err := os.Create(filepath.Join(folder, "log"))
	require.NoError(t, err)
	defer func() { _ = log.Close() }()
	_, err = log.WriteString("an earlier line")
	require.NoError(t, err)
	path := fmt.Sprintf("/dev/fd/%d", log.Fd())
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no names of open files on %s: %v", runtime.GOOS, err)
	}
	testkit.Symlink(t, path, filepath.Join(folder, "link"))
	testkit.Symlink(t, "/dev/fd", filepath.Join(folder, "folder"))
	for _, path := range []string{path, filepath.Join(folder, "link"), filepath.Join(folder, "folder", filepath.Base(path))} {
		_, err = Open(nil, path)
		require.ErrorIs(t, err, ErrOpenFile, path)
		require.ErrorContains(t, err, "name the file itself")
	}
	assert.Equal(t, "an earlier line", contentOf(t, log.Name()))
	assert.False(t, isDescriptor(filepath.Join(folder, "log")))
	assert.False(t, isDescriptor(filepath.Join(folder, "none", "log")))
	assert.False(t, isDescriptor("/proc/self/status"))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "fd"), 0o700))
	assert.False(t, isDescriptor(filepath.Join(folder, "fd", "log")))
	testkit.Symlink(t, "circle", filepath.Join(folder, "circle"))
	assert.False(t, isDescriptor(filepath.Join(folder, "circle")))

	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = errors.Join(reader.Close(), writer.Close()) }()
	target, err := Open(nil, fmt.Sprintf("/dev/fd/%d", writer.Fd()))
	require.NoError(t, err)
	defer target.Close()
	assert.True(t, target.IsDevice(), "a pipe is written to")
}
