// SPDX-License-Identifier: Apache-2.0

package openfiles

import (
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(path, []byte("12345"), 0o600))
	for limit, ok := range map[int64]bool{4: false, 5: true, 6: true} {
		data, err := Read(path, limit)
		if !ok {
			require.ErrorIs(t, err, ErrTooLarge)
			require.EqualError(t, err, "read "+path+": is larger than 4 bytes")
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, "12345", string(data))
	}
	_, info, err := ReadInfo(path, 5)
	require.NoError(t, err)
	assert.EqualValues(t, 5, info.Size())

	_, err = Read(filepath.Join(dir, "none"), 5)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Read(dir, 5)
	require.ErrorIs(t, err, syscall.EISDIR)
	require.ErrorContains(t, err, dir+": is a folder, not a file")
	data, err := Read(os.DevNull, 5)
	require.NoError(t, err)
	assert.Empty(t, data)
}

// TestReadRefusesWhatIsNoFile checks that the refusal comes at once, without waiting for
// a writer.
func TestReadRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such files")
	}
	dir, err := os.MkdirTemp("", "l") // a socket's path must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "socket")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink("/dev/zero", link))
	paths := map[string]string{socket: "a socket", "/dev/zero": "a device", link: "a device"}
	if fifo := filepath.Join(dir, "fifo"); makeFIFO(t, fifo) {
		paths[fifo] = "a pipe"
	}
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	for path, kind := range paths {
		if kind == "a pipe" {
			_, err := OpenIn(root, filepath.Base(path))
			require.EqualError(t, err, "read fifo: is a pipe, not a regular file")
		}
		_, err := Read(path, 1<<20)
		require.ErrorIs(t, err, ErrNotRegular, path)
		assert.EqualError(t, err, "read "+path+": is "+kind+", not a regular file")
	}
}

// TestReadFails has a regular file that can be opened and not be read.
func TestReadFails(t *testing.T) {
	t.Parallel()
	const memory = "/proc/self/mem" // of which no first page is mapped
	if runtime.GOOS != "linux" {
		t.Skip("there is no " + memory)
	}
	data, err := Read(memory, 5)
	var problem *fs.PathError
	require.ErrorAs(t, err, &problem)
	assert.Equal(t, memory, problem.Path)
	assert.Empty(t, data)
}

func TestEmptyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	data, err := Read(path, 0)
	require.NoError(t, err)
	assert.Empty(t, data)
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 10)), 0o600))
	_, err = Read(path, 0)
	require.ErrorIs(t, err, ErrTooLarge)
}

func TestOpenIn(t *testing.T) {
	t.Parallel()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	require.NoError(t, root.WriteFile("f", []byte("text"), 0o600))
	require.NoError(t, root.Mkdir("d", 0o700))
	file, err := OpenIn(root, "f")
	require.NoError(t, err)
	data, err := io.ReadAll(file)
	require.NoError(t, err)
	assert.Equal(t, "text", string(data))
	require.NoError(t, file.Close())
	_, err = OpenIn(root, "none")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = OpenIn(root, "d")
	require.ErrorIs(t, err, syscall.EISDIR)
}
