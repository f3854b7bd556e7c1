// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestIgnoredSignals checks that a command runs to its end if it was started to ignore a
// signal, as nohup and scripts do for what runs in the background.
func TestIgnoredSignals(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	v.putArgs = append([]string{"-c", `trap "" INT HUP; exec "$0" "$@"`, v.command}, v.putArgs...)
	v.command = "/bin/sh"
	cmd, input := v.putting()
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
	_, err := input.Write(make([]byte, 1<<20)) // which a command that was canceled does not read
	require.NoError(t, err)
	require.NoError(t, input.Close())
	require.NoError(t, cmd.Wait())
	info, err := v.store.HeadObject(t.Context(), victimBucket, "key")
	require.NoError(t, err)
	assert.Equal(t, int64(7<<20), info.Size)
}

// closedPipe returns the end of a pipe that no process reads.
func closedPipe(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	t.Cleanup(func() { _ = writer.Close() })
	return writer
}

// TestUnreadPipes checks what becomes of a command whose output no process reads any more:
// without readers of stderr it ends as ever, without those of stdout it stops, is silent,
// leaves nothing, and has the exit code that shells know.
func TestUnreadPipes(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	data := someBytes(testkit.Less(17<<20, 1<<20))
	require.NoError(t, os.WriteFile(filepath.Join(v.folder, "file"), data, 0o600))
	run := func(stdout, stderr *os.File, args ...string) int {
		cmd := exec.CommandContext(t.Context(), v.command, args...)
		cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = v.env, v.folder, stdout, stderr
		require.NoError(t, ignoreExit(cmd.Run()))
		return cmd.ProcessState.ExitCode()
	}
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	require.NoError(t, err)
	defer func() { _ = said.Close() }()
	assert.Zero(t, run(said, closedPipe(t), "put", "file", victimBucket, "-k", "key", "-d"))
	assert.Zero(t, run(said, closedPipe(t), "get", victimBucket, "key", "-o", "copy", "-d"))
	got, err := os.ReadFile(filepath.Join(v.folder, "copy"))
	require.NoError(t, err)
	assert.Len(t, got, len(data))
	assert.Zero(t, v.openUploads())

	require.NoError(t, said.Truncate(0))
	require.NoError(t, v.store.PutObject(t.Context(), victimBucket, "some", bytes.NewReader(data[:1<<20]), nil)) // more than a pipe holds
	lines := []string{"list BUCKET", "list BUCKET --json", "cat BUCKET some", "get BUCKET some -o -", "delete BUCKET -p none -y", "rm s3://BUCKET/key -n", "--version", "man", "list --help"}
	for _, line := range testkit.SomeOf(lines, 4) {
		code := run(closedPipe(t), said, strings.Fields(strings.ReplaceAll(line, "BUCKET", victimBucket))...)
		assert.Equal(t, exitSignal+int(syscall.SIGPIPE), code, line)
	}
	text, err := os.ReadFile(said.Name())
	require.NoError(t, err)
	assert.Empty(t, string(text))
	assert.ElementsMatch(t, []string{"copy", "file"}, v.files())
}

// TestUnreadPrompt checks that a command does not die of a prompt that no process reads: it
// ends with an error, and can clean up.
func TestUnreadPrompt(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	config := "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/some\nmfa_serial = device\ncredential_source = Environment\n"
	require.NoError(t, os.Mkdir(filepath.Join(v.folder, ".aws"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(v.folder, ".aws", "config"), []byte(config), 0o600))
	cmd := exec.CommandContext(t.Context(), v.command, "ls", "s3://"+victimBucket, "--profile", "role")
	cmd.Env, cmd.Dir, cmd.Stderr = v.env, v.folder, closedPipe(t)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // there is no terminal to ask on
	require.NoError(t, ignoreExit(cmd.Run()))
	assert.Equal(t, exitError, cmd.ProcessState.ExitCode(), cmd.ProcessState)
}

// ignoreExit returns an error unless it is an exit code.
func ignoreExit(err error) error {
	if _, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as Run returns it
		return nil
	}
	return err
}

// TestFoldersHaveTheUmask checks the permissions of all folders that are made for files. The
// umask is the process's: no other test may run meanwhile.
func TestFoldersHaveTheUmask(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"a/b/c", "a/mark/"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, nil, nil))
	}
	defer syscall.Umask(syscall.Umask(0o002))
	s.run(0, "get BUCKET a/b/c")
	s.run(0, "get -r BUCKET a/b -o one/two")
	s.run(0, "get -r BUCKET a")
	s.run(0, "cp -r s3://BUCKET/a three/four")
	s.run(0, "sync s3://BUCKET/a five/six")
	require.NoError(t, s.store.GetDir(t.Context(), refusedBucket, "a/", "seven/eight", nil))
	count := 0
	require.NoError(t, filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || name == "." {
			return err
		}
		info, err := entry.Info()
		count++
		assert.Equal(t, fs.FileMode(0o775), info.Mode().Perm(), name)
		return err
	}))
	assert.Equal(t, 15, count)
}

// TestExitCodeOfLocalErrors checks that what the system refuses is no answer of the server.
func TestExitCodeOfLocalErrors(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		&fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT},
		&os.LinkError{Op: "renameat", Old: "x", New: "y", Err: syscall.EPERM}, // of a file in /tmp that is another user's
		&os.LinkError{Op: "renameat", Old: "x", New: "y", Err: syscall.ENOENT},
		os.NewSyscallError("getwd", syscall.ENOENT), // the folder was removed
	} {
		assert.Equal(t, exitError, exitCode(context.Background(), err), err.Error())
	}
	assert.Equal(t, exitNotFound, exitCode(t.Context(), fs.ErrNotExist))
	assert.Equal(t, exitPermission, exitCode(t.Context(), fs.ErrPermission))
}
