//go:build unix

package awscreds

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProcessEndsWithItsChildren: after a cancel nothing of what the command
// started is left, and the error is the context's.
func TestProcessEndsWithItsChildren(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "up")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := fromProcess(ctx, `sh -c 'sh -c "exec 3>`+path+`; echo up >&3; sleep 1000; :" & wait'`)
		ended <- err
	}()
	fifo, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = fifo.Close() }()
	line, err := bufio.NewReader(fifo).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "up\n", line)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	_, err = io.ReadAll(fifo) // ends when the child, which holds the other end, is gone
	require.NoError(t, err)
}

// TestDescendants: where the process stays in the group of a terminal, its children
// are looked up.
func TestDescendants(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("needs Linux's /proc")
	}
	process := exec.CommandContext(t.Context(), "sh", "-c", "sh -c 'echo up; sleep 1000; :' & wait")
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "up\n", line)
	var found []int
	require.Eventually(t, func() bool { // the shell, and its sleep
		found = descendants(process.Process.Pid)
		return len(found) == 2
	}, time.Minute, time.Millisecond)
	for _, pid := range append([]int{process.Process.Pid}, found...) {
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	}
	require.Error(t, process.Wait())
}

// TestProcessReadsStandardInput, as botocore's does.
func TestProcessReadsStandardInput(t *testing.T) {
	t.Parallel()
	in, write, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	_, err = io.WriteString(write, "AK\nrest")
	require.NoError(t, err)
	require.NoError(t, write.Close())
	found, err := runProcess(t.Context(), []string{"sh", "-c", `read key; echo "{\"Version\":1,\"AccessKeyId\":\"$key\",\"SecretAccessKey\":\"SK\"}"`}, in)
	require.NoError(t, err)
	assert.Equal(t, "AK", found.AccessKeyID)
}

// TestProcessThatLeavesOthersBehind: its answer counts, also while another process
// keeps its output open.
func TestProcessThatLeavesOthersBehind(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for processGrace")
	}
	path := filepath.Join(t.TempDir(), "stop")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	found, err := fromProcess(t.Context(), `sh -c 'read line <`+path+` & echo "{\"Version\":1,\"AccessKeyId\":\"AK\",\"SecretAccessKey\":\"SK\"}"'`)
	require.NoError(t, err)
	assert.Equal(t, "AK", found.AccessKeyID)
	require.NoError(t, os.WriteFile(path, []byte("\n"), 0o600))
}

// TestPrompt reads a line and nothing after it; a cancel ends the wait.
func TestPrompt(t *testing.T) {
	t.Parallel()
	in, write, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	_, err = io.WriteString(write, " 123456 \nrest")
	require.NoError(t, err)
	var out strings.Builder
	code, err := ask(t.Context(), in, &out, "arn:mfa")
	require.NoError(t, err)
	assert.Equal(t, "123456", code)
	assert.Equal(t, "Enter MFA code for arn:mfa: ", out.String())
	rest := make([]byte, 4)
	_, err = io.ReadFull(in, rest)
	require.NoError(t, err)
	assert.Equal(t, "rest", string(rest))

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := ask(ctx, in, io.Discard, "arn:mfa")
		ended <- err
	}()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	require.NoError(t, write.Close())
	_, err = ask(t.Context(), in, io.Discard, "arn:mfa")
	var known *Error
	require.ErrorAs(t, err, &known)
	assert.Equal(t, "EOFError", known.Kind)
	_, err = ask(t.Context(), in, brokenWriter{}, "arn:mfa")
	require.ErrorIs(t, err, errBroken)
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

// TestPromptReadsNoEndlessLine: a device gives a line without end.
func TestPromptReadsNoEndlessLine(t *testing.T) {
	t.Parallel()
	line, err := scanLine(strings.NewReader(strings.Repeat("1", 1<<20)))
	require.NoError(t, err)
	assert.Len(t, line, maxLine)
}
