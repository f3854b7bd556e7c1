// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSetEnv checks that a variable is set until the test ends.
func TestSetEnv(t *testing.T) {
	t.Setenv("HOME", "before")
	t.Run("a test", func(t *testing.T) {
		SetEnv(t, map[string]string{"HOME": "during"})
		assert.Equal(t, "during", os.Getenv("HOME"))
		assert.Equal(t, "during", os.Getenv(homeVariable))
	})
	assert.Equal(t, "before", os.Getenv("HOME"))
}

// TestHome checks that a HOME is the home folder of each system, unless another is given.
func TestHome(t *testing.T) {
	t.Parallel()
	home, ok := Env(map[string]string{"HOME": "a"})(homeVariable)
	assert.Equal(t, []any{"a", true}, []any{home, ok})
	both := map[string]string{"HOME": "a"}
	both[homeVariable] = "b"
	home, _ = Env(both)(homeVariable)
	assert.Equal(t, "b", home)
	_, ok = Env(map[string]string{"HOME": "a"})("OTHER")
	assert.False(t, ok)
}

// TestFilesOfUnix checks the helpers for files on a system that has all of them.
func TestFilesOfUnix(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there they skip")
	}
	root := t.TempDir()
	path := func(name string) string { return filepath.Join(root, name) }
	isOf := func(path string, mode os.FileMode) bool {
		info, err := os.Lstat(path)
		require.NoError(t, err)
		return info.Mode().Type() == mode
	}
	require.NoError(t, os.WriteFile(path("file"), nil, 0o600))
	assert.True(t, HasModes())
	assert.True(t, HasShell())
	assert.Equal(t, "passed", outcome(t, func(t testing.TB) { AssertMode(t, 0o600, 0o600|os.ModeDir) }))
	assert.Contains(t, outcome(t, func(t testing.TB) { AssertMode(t, 0o600, 0o644, "of the file") }), "of the file")

	assert.Equal(t, "passed", outcome(t, func(t testing.TB) { Chmod(t, path("file"), 0o400) }))
	info, err := os.Stat(path("file"))
	require.NoError(t, err)
	AssertMode(t, 0o400, info.Mode())
	assert.Contains(t, outcome(t, func(t testing.TB) { Chmod(t, path("missing"), 0o400) }), "no such file")

	assert.Equal(t, "passed", outcome(t, func(t testing.TB) { Symlink(t, "file", path("link")) }))
	assert.True(t, isOf(path("link"), os.ModeSymlink))
	assert.Contains(t, outcome(t, func(t testing.TB) { Symlink(t, "file", path("link")) }), "file exists")

	assert.Equal(t, "passed", outcome(t, func(t testing.TB) { FIFO(t, path("pipe")) }))
	assert.True(t, isOf(path("pipe"), os.ModeNamedPipe))
	assert.Contains(t, outcome(t, func(t testing.TB) { FIFO(t, path("pipe")) }), "file exists")

	assert.Equal(t, "passed", outcome(t, func(t testing.TB) { RemoveOpen(t, path("link")) }))
	assert.Equal(t, []string{"file", "pipe"}, Files(t, root))
	assert.Contains(t, outcome(t, func(t testing.TB) { RemoveOpen(t, path("link")) }), "no such file")
	assert.Equal(t, "passed", outcome(t, func(t testing.TB) { NeedsAnyName(t) }))
	assert.Equal(t, "passed", outcome(t, func(t testing.TB) { NeedsRenameOverOpen(t) }))
}

// TestSocket checks that a socket in a short folder listens until its test ends, and that
// the folder is gone then.
func TestSocket(t *testing.T) {
	t.Parallel()
	var path string
	fake := during(t, func(t testing.TB) {
		path = filepath.Join(ShortDir(t), "socket")
		Socket(t, path)
	})
	if fake.isSkipped {
		fake.end()
		t.Skip("no sockets here")
	}
	require.Empty(t, fake.failures)
	assert.Less(t, len(path), 100)
	resolved, err := filepath.EvalSymlinks(path)
	require.NoError(t, err)
	assert.Equal(t, resolved, path)
	connect := func() error {
		conn, err := new(net.Dialer).DialContext(t.Context(), "unix", path)
		if err == nil {
			err = conn.Close()
		}
		return err
	}
	require.NoError(t, connect())
	fake.cleanups[1]() // the socket's
	require.Error(t, connect())
	fake.end()
	assert.NoDirExists(t, filepath.Dir(path))
	assert.NotEqual(t, "passed", outcome(t, func(t testing.TB) { Socket(t, path) }), "its folder is gone")
}

// TestGiveAway checks that a file is given away by root only, and that others skip.
func TestGiveAway(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	if os.Geteuid() != 0 {
		assert.Equal(t, "skipped", outcome(t, func(t testing.TB) { GiveAway(t, path) }))
		return
	}
	assert.Equal(t, "passed", outcome(t, func(t testing.TB) { GiveAway(t, path) }))
	assert.Contains(t, outcome(t, func(t testing.TB) { GiveAway(t, path+"-missing") }), "no such file")
}

// TestDevice checks that what is written to a device is dropped, also more than a pipe
// holds, and that nothing reads it when the test has ended.
func TestDevice(t *testing.T) {
	t.Parallel()
	fake := during(t, func(t testing.TB) {
		path := Device(t)
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = file.Write(make([]byte, MiB))
		require.NoError(t, err)
		require.NoError(t, file.Close())
	})
	assert.Empty(t, fake.failures)
	if runtime.GOOS != "windows" {
		assert.Len(t, fake.cleanups, 1)
	}
	fake.end()
}
