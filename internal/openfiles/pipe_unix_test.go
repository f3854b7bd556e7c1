// SPDX-License-Identifier: Apache-2.0

//go:build unix

package openfiles

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errMine = errors.New("mine")

// hasReader reports whether a process has a pipe open to read.
func hasReader(t *testing.T, path string) bool {
	t.Helper()
	writer, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) {
		return false
	}
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return true
}

// TestOpenToRead opens files, and pipes that have a writer.
func TestOpenToRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, pipe := filepath.Join(folder, "file"), filepath.Join(folder, "pipe")
	require.NoError(t, os.WriteFile(file, []byte("text"), 0o600))
	makeFIFO(t, pipe)
	go func() { _ = os.WriteFile(pipe, []byte("text"), 0o600) }()
	for _, path := range []string{file, pipe} {
		opened, err := OpenToRead(t.Context(), path)
		require.NoError(t, err, path)
		data, err := io.ReadAll(opened)
		require.NoError(t, err, path)
		assert.Equal(t, "text", string(data), path)
		require.NoError(t, opened.Close())
	}
	_, err := OpenToRead(t.Context(), filepath.Join(folder, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)

	done, cancel := context.WithCancelCause(t.Context())
	cancel(errMine)
	opened, err := OpenToRead(done, file)
	require.NoError(t, err, "a file is there at once")
	require.NoError(t, opened.Close())
}

// TestOpenOfAPipeEnds has no writer come, and the context end before the open or while it
// waits. No open is left that would take the next writer's bytes.
func TestOpenOfAPipeEnds(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 20 * time.Millisecond} {
		path := filepath.Join(t.TempDir(), "pipe")
		makeFIFO(t, path)
		ctx, cancel := context.WithCancelCause(t.Context())
		if after == 0 {
			cancel(errMine)
		} else {
			time.AfterFunc(after, func() { cancel(errMine) })
		}
		_, err := OpenToRead(ctx, path)
		require.ErrorIs(t, err, errMine)
		assert.False(t, hasReader(t, path))
	}
}

// TestOpenOfAPipeThatIsGone removes or replaces the pipe whose open waits. The call ends all the
// same, and touches nothing that took its place.
func TestOpenOfAPipeThatIsGone(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(path string) error{
		"removed": func(string) error { return nil },
		"a pipe":  func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a file":  func(path string) error { return os.WriteFile(path, []byte("text"), 0o600) },
	} {
		path := filepath.Join(t.TempDir(), "pipe")
		makeFIFO(t, path)
		kept := path + " too" // by which the open can be ended
		require.NoError(t, os.Link(path, kept))
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := OpenToRead(ctx, path)
			ended <- err
		}()
		time.Sleep(20 * time.Millisecond) // so that the open waits; else the test shows less
		require.NoError(t, os.Remove(path))
		require.NoError(t, replace(path))
		cancel(errMine)
		err := <-ended
		assert.True(t, errors.Is(err, errMine) || errors.Is(err, fs.ErrNotExist) || err == nil, "%s: %v", name, err)
		if name == "a file" {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "text", string(data))
		}
		hasReader(t, kept)
	}
}
