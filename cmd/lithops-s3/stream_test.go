// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWritesEndWithACancel checks that a write to a pipe that no process reads is left when
// the command is interrupted, and that what was left is not changed.
func TestWritesEndWithACancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		reader, writer := io.Pipe()
		stream := &readStream{Writer: writer, ctx: ctx}
		text := []byte("text")
		go func() {
			time.Sleep(time.Hour) // slow is not stuck
			cancel(interrupted{syscall.SIGINT})
		}()
		began := time.Now()
		n, err := stream.Write(text)
		assert.Zero(t, n)
		require.ErrorIs(t, err, interrupted{syscall.SIGINT})
		assert.Equal(t, time.Hour+lastWrite, time.Since(began))
		assert.True(t, stream.broken.Load())
		copy(text, "none")
		n, err = stream.Write([]byte("more"))
		assert.Zero(t, n)
		require.ErrorIs(t, err, interrupted{syscall.SIGINT})
		assert.Equal(t, time.Hour+lastWrite, time.Since(began), "which does not wait again")
		got := make([]byte, 4)
		_, err = io.ReadFull(reader, got)
		require.NoError(t, err)
		assert.Equal(t, "text", string(got))
	})
}

// TestLastLinesAreWritten checks that an interrupted command can still write to a reader.
func TestLastLinesAreWritten(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupted{syscall.SIGINT})
	reader, writer := io.Pipe()
	stream := &readStream{Writer: writer, ctx: ctx}
	text := bytes.Repeat([]byte("0123456789"), pieceSize/4)
	go func() {
		n, err := stream.Write(text)
		assert.Equal(t, len(text), n)
		_ = writer.CloseWithError(err)
	}()
	got, err := io.ReadAll(reader)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(text, got))
	n, err := stream.Write(text)
	assert.Zero(t, n)
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// TestErrorsOfPieces checks that a write ends at the piece that fails, and counts those before.
func TestErrorsOfPieces(t *testing.T) {
	t.Parallel()
	out := &limitedWriter{left: 2}
	stream := &readStream{Writer: out, ctx: t.Context()}
	n, err := stream.Write(make([]byte, 4*pieceSize))
	assert.Equal(t, 2*pieceSize, n)
	require.ErrorIs(t, err, errFull)
	assert.Equal(t, 2, out.count)
}

// TestWhichWritesEnd checks that a write to a file or to memory has no goroutine.
func TestWhichWritesEnd(t *testing.T) {
	t.Parallel()
	file, err := os.CreateTemp(t.TempDir(), "out")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _, _ = reader.Close(), writer.Close() }()
	for out, want := range map[io.Writer]bool{file: false, &strings.Builder{}: false, writer: true} {
		stream := &readStream{Writer: out}
		stream.endWith(t.Context())
		assert.Equal(t, want, stream.ctx != nil)
	}
}

// TestOutputThatIsNotRead interrupts commands whose output no process reads.
func TestOutputThatIsNotRead(t *testing.T) {
	if testing.Short() {
		t.Skip("each line waits for a second")
	}
	s := newSession(t)
	large := bytes.Repeat([]byte("x"), 1<<20) // more than a pipe holds
	require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, "large", bytes.NewReader(large), nil))
	for _, line := range testkit.SomeOf([]string{"cat BUCKET large", "get BUCKET large -o -", "cp s3://BUCKET/large -", "cat BUCKET large large"}, 1) {
		reader, writer, err := os.Pipe()
		require.NoError(t, err)
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := make(chan int)
		go func() {
			var problems strings.Builder
			ended <- run(ctx, strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket)), strings.NewReader(""), writer, &problems)
			assert.Equal(t, "lithops-s3: interrupted\n", problems.String(), line)
		}()
		_, err = reader.Read(make([]byte, 1)) // the rest is more than the pipe holds
		require.NoError(t, err)
		cancel(interrupted{syscall.SIGTERM})
		assert.Equal(t, 143, <-ended, line)
		require.NoError(t, errors.Join(reader.Close(), writer.Close()))
	}
}
