// SPDX-License-Identifier: Apache-2.0

//go:build unix

package awscreds

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// makeFIFO makes a named pipe, which ends when its last writer does.
func makeFIFO(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return path
}

// TestProcessEndsWithItsChildren checks that after a cancel nothing of what the command
// started is left, and that the error is the context's.
func TestProcessEndsWithItsChildren(t *testing.T) {
	t.Parallel()
	path := makeFIFO(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := fromProcess(ctx, helper("run", "hold", path))
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

// TestDescendants checks that children are found, for a process that stays in the group
// of a terminal.
func TestDescendants(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("needs Linux's /proc")
	}
	path := makeFIFO(t)
	words := helperWords("run", "run", "hold", path)
	process := exec.CommandContext(t.Context(), words[0], words[1:]...)
	require.NoError(t, process.Start())
	fifo, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = fifo.Close() }()
	_, err = bufio.NewReader(fifo).ReadString('\n')
	require.NoError(t, err)
	var found []int
	testkit.Await(t, func() bool {
		found = descendants(process.Process.Pid)
		return len(found) == 2
	})
	endTree(process.Process.Pid)
	require.Error(t, process.Wait())
	_, err = io.ReadAll(fifo) // ends when the last of them, which holds the other end, is gone
	require.NoError(t, err)
}

// TestProcessLeavesOthers checks that the answer counts while another process keeps the
// output open.
func TestProcessLeavesOthers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a second")
	}
	path := makeFIFO(t)
	found, err := runProcess(t.Context(), helperWords("leave", path), os.Stdin, time.Second)
	require.NoError(t, err)
	assert.Equal(t, "AK", found.AccessKeyID)
	require.NoError(t, os.WriteFile(path, nil, 0o600)) // the other process ends
}
