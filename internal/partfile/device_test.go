// SPDX-License-Identifier: Apache-2.0

//go:build unix

package partfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDevice(t *testing.T) {
	t.Parallel()
	target := openTarget(t, os.DevNull)
	assert.True(t, target.IsDevice())
	device, err := target.OpenDevice(t.Context())
	require.NoError(t, err)
	n, err := device.Write([]byte("content"))
	require.NoError(t, err)
	assert.Equal(t, 7, n)
	require.NoError(t, device.Close())
	assert.False(t, device.stop(), "the context's end is not waited for any more")
}

func TestPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	target := openTarget(t, path)
	require.True(t, target.IsDevice())
	// Not os.DevNull, which a mistake, run as root, would replace for the whole machine.
	require.ErrorIs(t, Replace(path, nil, 0o600), ErrNotRegular)

	mine := errors.New("mine")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(2*readerPoll, func() { cancel(mine) })
	_, err := target.OpenDevice(ctx)
	require.ErrorIs(t, err, mine, "without a reader")

	came := make(chan string, 1)
	time.AfterFunc(2*readerPoll, func() {
		content, _ := os.ReadFile(path)
		came <- string(content)
	})
	device, err := target.OpenDevice(t.Context())
	require.NoError(t, err, "with a reader that comes later")
	_, err = device.Write([]byte("content"))
	require.NoError(t, err)
	require.NoError(t, device.Close())
	assert.Equal(t, "content", <-came)

	reader, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { _ = reader.Close() }()
	ctx, cancel = context.WithCancelCause(t.Context())
	device, err = target.OpenDevice(ctx)
	require.NoError(t, err)
	time.AfterFunc(10*time.Millisecond, func() { cancel(mine) })
	_, err = device.Write(make([]byte, 1<<20)) // more than a pipe holds
	require.ErrorIs(t, err, mine)
	require.NoError(t, device.Close())
}

func TestSocket(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "s")
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "s")
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer func() { _ = syscall.Close(socket) }()
	require.NoError(t, syscall.Bind(socket, &syscall.SockaddrUnix{Name: path}))
	target := openTarget(t, path)
	require.True(t, target.IsDevice())
	_, err = target.OpenDevice(t.Context())
	require.ErrorIs(t, err, syscall.ENXIO)
}
