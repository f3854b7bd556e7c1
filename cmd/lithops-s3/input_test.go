// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadsEndWithACancel checks that a waiting read of standard input ends when the
// command is canceled.
func TestReadsEndWithACancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	stream, feed := io.Pipe()
	defer func() { _ = feed.Close() }()
	in := newInput(ctx, stream)
	go func() {
		_, _ = feed.Write([]byte("abc"))
		cancel(interrupted{syscall.SIGINT})
	}()
	data, err := io.ReadAll(in)
	assert.ErrorIs(t, err, interrupted{syscall.SIGINT})
	assert.Contains(t, []string{"", "abc"}, string(data), "what came before may be read or not")
	n, err := in.Read(make([]byte, 1))
	assert.Zero(t, n)
	assert.ErrorIs(t, err, interrupted{syscall.SIGINT})
}

func TestInputGivesWhatTheStreamGives(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 2*inputBuffer/10)
	for _, stream := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text[:99])), iotest.DataErrReader(strings.NewReader(text))} {
		require.NoError(t, iotest.TestReader(newInput(t.Context(), strings.NewReader(text)), []byte(text)))
		data, err := io.ReadAll(newInput(t.Context(), stream))
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(text, string(data)) && len(data) >= 99)
	}
	broken := errors.New("broken")
	data, err := io.ReadAll(newInput(t.Context(), io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken))))
	assert.Equal(t, "a", string(data))
	assert.ErrorIs(t, err, broken)
}

// TestOneReadOfInput checks that a read waits only if it is for bytes, and that the read
// that was canceled says so.
func TestOneReadOfInput(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	stream, feed := io.Pipe()
	defer func() { _ = feed.Close() }()
	n, err := newInput(ctx, iotest.ErrReader(errors.New("broken"))).Read(nil)
	assert.Zero(t, n)
	require.NoError(t, err)
	waits := &lateAnswer{stream, func() { cancel(interrupted{syscall.SIGINT}) }}
	_, err = newInput(ctx, waits).Read(make([]byte, 1))
	assert.ErrorIs(t, err, interrupted{syscall.SIGINT})
}

// TestInputKeepsFiles checks that a regular file stays one, so that its size is known.
func TestInputKeepsFiles(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	assert.Same(t, file, newInput(t.Context(), file))
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	ask := func(ctx context.Context, in io.Reader, isTerminal bool) (string, error) {
		var out strings.Builder
		term := &terminal{ctx: ctx, stdin: &input{ctx: ctx, in: in, isTerminal: isTerminal}, stderr: newOutput(&out)}
		err := term.confirm("Delete \x1b?")
		return out.String(), err
	}
	for answer, want := range map[string]error{
		"y\n": nil, "Yes\r\n": nil, "\tYES \n": nil, "n\n": errNotConfirmed, "\n": errNotConfirmed, "yess\n": errNotConfirmed, "": errNotConfirmed, "y": errNotConfirmed,
	} {
		asked, err := ask(t.Context(), strings.NewReader(answer), true)
		assert.ErrorIs(t, err, want, "%q", answer)
		assert.Equal(t, `Delete \x1b? [y/N] `, asked)
		asked, err = ask(t.Context(), strings.NewReader(answer), false)
		assert.ErrorIs(t, err, errUsage)
		assert.ErrorContains(t, err, "--yes")
		assert.Empty(t, asked)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	stream, feed := io.Pipe()
	defer func() { _ = feed.Close() }()
	go func() {
		_, _ = feed.Write(nil) // the prompt waits
		cancel(interrupted{syscall.SIGINT})
	}()
	_, err := ask(ctx, stream, true)
	assert.ErrorIs(t, err, interrupted{syscall.SIGINT})
	assert.Equal(t, 130, exitCode(ctx, err))
}

// TestPipesEndWithACancel interrupts a command whose source is a pipe: while no process writes
// to it, and while the one that does is silent.
func TestPipesEndWithACancel(t *testing.T) {
	s := newSession(t)
	for i, line := range []string{"put PIPE BUCKET -k x", "cp PIPE s3://BUCKET/x", "cp PIPE s3://BUCKET/x"} {
		pipe := "pipe" + strconv.Itoa(i)
		testkit.FIFO(t, pipe)
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := s.begin(ctx, strings.ReplaceAll(line, "PIPE", pipe))
		if i > 0 {
			writer, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for the command
			require.NoError(t, err)
			defer func() { _ = writer.Close() }()
			_, err = writer.WriteString("text")
			require.NoError(t, err)
		}
		cancel(interrupted{syscall.SIGINT})
		assert.Equal(t, 130, <-ended, line)
		release, err := os.OpenFile(pipe, os.O_RDWR, 0) // what still waits has no process to end it
		require.NoError(t, err)
		_ = release.Close()
	}
	assert.Empty(t, s.keys())
}

// begin runs a line, and returns a channel for its exit code.
func (s *session) begin(ctx context.Context, line string) <-chan int {
	ended := make(chan int, 1)
	go func() {
		code, _, _ := command(ctx, strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket))...)
		ended <- code
	}()
	return ended
}

// TestPipesAreRead stores what is written to a pipe, and what a device gives that tells no size.
func TestPipesAreRead(t *testing.T) {
	s := newSession(t)
	testkit.FIFO(t, "pipe")
	ended := s.begin(t.Context(), "put pipe BUCKET -k x")
	writer, err := os.OpenFile("pipe", os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = writer.WriteString("text")
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	assert.Zero(t, <-ended)
	assert.Equal(t, "text", s.run(0, "cat BUCKET x"))
	s.run(0, "put "+os.DevNull+" BUCKET -k empty")
	assert.Empty(t, s.run(0, "cat BUCKET empty"))
}
