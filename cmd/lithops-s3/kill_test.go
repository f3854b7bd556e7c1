// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/faultproxy"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A victim is the command as a process of its own. Its requests pass a proxy that holds
// them in the middle of a transfer.
type victim struct {
	t       *testing.T
	command string
	folder  string
	env     []string
	putArgs []string // of putting
	proxy   *faultproxy.Proxy
	store   *lithopss3.Store // not through the proxy
}

const victimBucket = "victims-bucket"

func newVictim(t *testing.T) *victim {
	t.Helper()
	command, err := exec.LookPath("lithops-s3") // this binary, by testscript.Main
	require.NoError(t, err)
	v := &victim{t: t, command: command, folder: t.TempDir(), putArgs: []string{"put", "-", victimBucket, "-k", "key", "-q"}}
	server := testkit.Server(t, devs3.Start, nil)
	v.proxy, err = faultproxy.Start(faultproxy.Options{Target: server.URL()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = v.proxy.Close() })
	env := server.Env()
	v.store, err = lithopss3.New(t.Context(), nil, &lithopss3.Options{LookupEnv: testkit.Env(env)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = v.store.Close() })
	require.NoError(t, v.store.CreateBucket(t.Context(), victimBucket))
	env["AWS_ENDPOINT_URL"], env["HOME"], env["LITHOPS_CONFIG"] = v.proxy.URL(), v.folder, `{"lithops": {"storage": "aws_s3"}}`
	env["USERPROFILE"] = v.folder // the home folder on Windows
	for name, value := range env {
		v.env = append(v.env, name+"="+value)
	}
	return v
}

func (v *victim) start(args ...string) (*exec.Cmd, *bytes.Buffer) {
	v.t.Helper()
	cmd := exec.CommandContext(v.t.Context(), v.command, args...)
	out := &bytes.Buffer{}
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = v.env, v.folder, out, out
	require.NoError(v.t, cmd.Start())
	return cmd, out
}

func (v *victim) run(args ...string) string {
	v.t.Helper()
	cmd, out := v.start(args...)
	require.NoError(v.t, cmd.Wait(), "%s", out)
	return out.String()
}

// kill starts the command, which meets the rule, and kills it there.
func (v *victim) kill(rule faultproxy.Rule, args ...string) {
	v.t.Helper()
	rule.Times = -1
	v.proxy.Break(rule)
	held := v.proxy.Faults()[rule.Fault]
	cmd, out := v.start(args...)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	testkit.Await(v.t, func() bool { return v.proxy.Faults()[rule.Fault] > held || len(ended) > 0 })
	require.Empty(v.t, ended, "it has ended by itself: %s", out)
	require.NoError(v.t, cmd.Process.Kill())
	require.Error(v.t, <-ended, "%s", out)
	v.proxy.Break()
}

func (v *victim) files() []string {
	v.t.Helper()
	entries, err := os.ReadDir(v.folder)
	require.NoError(v.t, err)
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

func someBytes(size int) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

// TestKilledDownload checks that a killed download leaves nothing under the final name,
// and that the next download removes or uses what it left.
func TestKilledDownload(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	data := someBytes(testkit.Less(9<<20, 1<<20)) // under -short, none is large
	require.NoError(t, v.store.PutObject(t.Context(), victimBucket, "large", bytes.NewReader(data), nil))
	require.NoError(t, v.store.PutObject(t.Context(), victimBucket, "small", bytes.NewReader(data[:1<<20]), nil))
	last := func(r *http.Request) bool { // or what is missing of it
		var from int
		_, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		return err == nil && from >= 8<<20
	}
	path := filepath.Join(v.folder, "file")
	for _, before := range testkit.SomeOf([]string{"before", ""}, 1) {
		for name, test := range map[string]struct {
			key  string
			args []string
			rule faultproxy.Rule
			left int
		}{
			"large":            {"large", nil, faultproxy.Rule{Fault: faultproxy.StallInAnswer, Match: last}, 1},
			"large, to resume": {"large", []string{"--resume"}, faultproxy.Rule{Fault: faultproxy.StallInAnswer, Match: last}, 2},
			"small":            {"small", nil, faultproxy.Rule{Fault: faultproxy.StallInAnswer, Operation: "GetObject"}, 1},
		} {
			if testing.Short() && name != "small" || before == "" && name == "large" {
				continue // which is as small there
			}
			_ = os.Remove(path)
			kept := 0
			if before != "" {
				require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
				kept = 1
			}
			args := append([]string{"get", victimBucket, test.key, "-o", "file", "--quiet"}, test.args...)
			for range 2 { // the second finds what the first left
				v.kill(test.rule, args...)
				assert.LessOrEqual(t, len(v.files()), kept+test.left, "%s: %v", name, v.files())
				got, err := os.ReadFile(path)
				assert.Equal(t, before == "", err != nil)
				assert.Equal(t, before, string(got), "%s: the file is what it was", name)
			}
			v.run(args...)
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			require.True(t, bytes.Equal(data[:len(got)], got) && (test.key == "small") == (len(got) == 1<<20), "%s: %d bytes", name, len(got))
			assert.Equal(t, []string{"file"}, v.files(), name)
		}
	}
}

// TestLeftoversAreNotStored stores a folder in which killed downloads left files: those
// are skipped, files of the user's with such names are stored.
func TestLeftoversAreNotStored(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	var left []string
	if !testing.Short() { // only a large download leaves files, its temporary file and a journal
		require.NoError(t, v.store.PutObject(t.Context(), victimBucket, "large", bytes.NewReader(someBytes(9<<20)), nil))
		last := func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Range"), "bytes=8388608-") }
		rule := faultproxy.Rule{Fault: faultproxy.StallInAnswer, Match: last}
		v.kill(rule, "get", victimBucket, "large", "-o", "one", "--quiet")
		v.kill(rule, "get", victimBucket, "large", "-o", "two", "--quiet", "--resume")
		left = v.files()
		require.Len(t, left, 3)
	}
	for _, name := range []string{".mine.lithops-s3.part", ".mine.lithops-s3.journal", ".lithops-s3-00000000.part"} {
		require.NoError(t, os.WriteFile(filepath.Join(v.folder, name), []byte(`{"lithops_s3_download":2}`), 0o600))
	}
	out := v.run("put", "-r", ".", victimBucket, "-k", "folder", "--quiet")
	for _, name := range left {
		assert.Contains(t, out, name+": skipped, because it is the temporary file of an unfinished download")
	}
	var stored []string
	for info, err := range v.store.ListObjects(t.Context(), victimBucket, &lithopss3.ListOptions{Prefix: "folder/"}) {
		require.NoError(t, err)
		stored = append(stored, strings.TrimPrefix(info.Key, "folder/"))
	}
	assert.Equal(t, []string{".lithops-s3-00000000.part", ".mine.lithops-s3.journal", ".mine.lithops-s3.part"}, stored)
}

// TestKilledUpload checks that a killed upload stores nothing, that the next one stores
// everything, and that the parts of the first can be found and aborted.
func TestKilledUpload(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("puts 17 MiB several times")
	}
	v := newVictim(t)
	data := someBytes(17 << 20) // three parts
	require.NoError(t, os.WriteFile(filepath.Join(v.folder, "file"), data, 0o600))
	require.NoError(t, v.store.PutObject(t.Context(), victimBucket, "there", strings.NewReader("before"), nil))
	rules := map[string]faultproxy.Rule{
		"new":   {Fault: faultproxy.Stall, Operation: "UploadPart", Skip: 2},
		"there": {Fault: faultproxy.Stall, Operation: "CompleteMultipartUpload"},
	}
	for key, rule := range rules {
		v.kill(rule, "put", "file", victimBucket, "-k", key, "--quiet")
		got, err := v.store.ReadObject(t.Context(), victimBucket, key, 0)
		assert.Equal(t, key == "new", err != nil)
		assert.Equal(t, key == "there", string(got) == "before")
		v.run("put", "file", victimBucket, "-k", key, "--quiet")
		got, err = v.store.ReadObject(t.Context(), victimBucket, key, 0)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got))
	}
	assert.Empty(t, v.run("uploads", victimBucket), "none of them is a day old")
	assert.Equal(t, 1, strings.Count(v.run("uploads", victimBucket, "-p", "new", "--older-than", "0s"), "open "))
	assert.Equal(t, len(rules), strings.Count(v.run("uploads", victimBucket, "--older-than", "0s", "--abort", "--json"), `"aborted": true`))
	assert.Equal(t, "[]\n", v.run("uploads", victimBucket, "--older-than", "0s", "--json"))
	assert.Equal(t, []string{"file"}, v.files())
}

// heedSignals has the processes that a test starts heed signals, if this one was started to
// ignore them, as nohup and scripts do.
func heedSignals() {
	for _, s := range []os.Signal{syscall.SIGHUP, os.Interrupt} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}

// putting starts a put of standard input and waits until an upload in parts is open.
func (v *victim) putting() (*exec.Cmd, io.WriteCloser) {
	v.t.Helper()
	cmd := exec.CommandContext(v.t.Context(), v.command, v.putArgs...)
	cmd.Env, cmd.Dir = v.env, v.folder
	input, err := cmd.StdinPipe()
	require.NoError(v.t, err)
	require.NoError(v.t, cmd.Start())
	_, err = input.Write(make([]byte, 6<<20)) // more than a part of a stream
	require.NoError(v.t, err)
	testkit.Await(v.t, func() bool { return v.openUploads() > 0 })
	return cmd, input
}

func (v *victim) openUploads() (count int) {
	v.t.Helper()
	for _, err := range v.store.OpenUploads(v.t.Context(), victimBucket, "") {
		require.NoError(v.t, err)
		count++
	}
	return count
}

// TestSignals checks that a signal ends the read of standard input and aborts the
// upload.
func TestSignals(t *testing.T) {
	t.Parallel()
	heedSignals()
	v := newVictim(t)
	for _, sent := range testkit.SomeOf([]syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT}, 1) {
		code := 128 + int(sent)
		cmd, input := v.putting()
		require.NoError(t, cmd.Process.Signal(sent))
		testkit.Await(t, func() bool { // its input has no end but the process's
			_, err := input.Write(make([]byte, 1<<10))
			return err != nil
		})
		var exit *exec.ExitError
		require.ErrorAs(t, cmd.Wait(), &exit)
		assert.Equal(t, code, exit.ExitCode(), "%v", sent)
		assert.Zero(t, v.openUploads(), "%v", sent)
		_, err := v.store.HeadObject(t.Context(), victimBucket, "key")
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	if testing.Short() {
		return
	}
	cmd, input := v.putting()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	testkit.Await(t, func() bool { // a second signal ends it at once
		_ = cmd.Process.Signal(os.Interrupt)
		return len(ended) == 1
	})
	_ = input.Close()
}
