// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lithopss3_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// crowdServer names the server for the child process of TestCrowdOfFewFiles.
const crowdServer = "LITHOPSS3_TEST_CROWD"

// fewFiles is how many files the child may open, as on AWS Lambda.
const fewFiles = 1024

// crowdSize returns how many goroutines there are at once: three times as many as files,
// or ten thousand at night.
func crowdSize() int {
	if os.Getenv("LITHOPSS3_SOAK") != "" {
		return 10_000
	}
	return 3 * fewFiles
}

// TestCrowdOfFewFiles has a crowd of goroutines put an object each, and then get it, in a
// process that may open 1,024 files, with a Store that knows nothing yet. All of it
// succeeds, with one request for each, and so do requests while the process holds more
// open bodies than the requests may have connections.
func TestCrowdOfFewFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	if url := os.Getenv(crowdServer); url != "" {
		beCrowd(t, url)
		return
	}
	var files syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files))
	if files.Max < 2*fewFiles {
		t.Skipf("the server needs as many files as the child, and this process may have %d", files.Max)
	}
	var requests, connections, most atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(20 * time.Millisecond)
		w.Header().Set("Etag", `"e"`)
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<10))
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			now := connections.Add(1)
			for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
			}
		}
		if state == http.StateClosed {
			connections.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestCrowdOfFewFiles$", "-test.v")
	child.Env = append(os.Environ(), crowdServer+"="+server.URL)
	output, err := child.CombinedOutput()
	require.NoError(t, err, "%s", output)
	t.Logf("%s\n%d requests, at most %d connections", output, requests.Load(), most.Load())
	assert.Less(t, most.Load(), int64(fewFiles))
}

func beCrowd(t *testing.T, url string) {
	t.Helper()
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: fewFiles, Max: fewFiles}))
	store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")},
		&lithopss3.Options{Endpoint: url, LookupEnv: testkit.Env(nil)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	body := strings.Repeat("x", 1<<10)
	put := func(i int) error {
		return store.PutObject(t.Context(), "bucket", fmt.Sprint(i), strings.NewReader(body), nil)
	}
	get := func(i int) error {
		got, err := store.ReadObject(t.Context(), "bucket", fmt.Sprint(i), 0)
		if err == nil && string(got) != body {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	for name, use := range map[string]func(int) error{"put": put, "get": get} {
		started := time.Now()
		require.Zero(t, failures(crowdSize(), use), name)
		t.Logf("%d × %s: %s", crowdSize(), name, time.Since(started).Round(time.Millisecond))
	}
	// More bodies than the requests have connections, each of which stays open.
	bodies := make([]io.Closer, fewFiles*5/8)
	require.Zero(t, failures(len(bodies), func(i int) error {
		object, err := store.GetObject(t.Context(), "bucket", fmt.Sprint(i), nil)
		if err == nil {
			bodies[i] = object.Body
		}
		return err
	}))
	require.Zero(t, failures(200, put))
	for _, body := range bodies {
		require.NoError(t, body.Close())
	}
}

// hostServers names the servers for the child process of TestManyHostsOfFewFiles.
const hostServers = "LITHOPSS3_TEST_HOSTS"

// TestManyHostsOfFewFiles has the Stores of a process put objects on one server after another.
// The connections that they keep to all of them together are more than the files that the
// process may open.
func TestManyHostsOfFewFiles(t *testing.T) {
	if urls := os.Getenv(hostServers); urls != "" {
		beGuest(t, strings.Fields(urls))
		return
	}
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	var urls []string
	for range 8 {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			time.Sleep(5 * time.Millisecond) // so that each request has a connection
			w.Header().Set("Etag", `"e"`)
		}))
		t.Cleanup(server.Close)
		urls = append(urls, server.URL)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestManyHostsOfFewFiles$", "-test.v")
	child.Env = append(os.Environ(), hostServers+"="+strings.Join(urls, " "))
	output, err := child.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func beGuest(t *testing.T, urls []string) {
	t.Helper()
	const files = 160
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: files, Max: files}))
	for _, url := range urls {
		store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")},
			&lithopss3.Options{Endpoint: url, LookupEnv: testkit.Env(nil)})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		require.Zero(t, failures(files, func(i int) error {
			return store.PutObject(t.Context(), "bucket", fmt.Sprint(i), strings.NewReader("body"), nil)
		}), url)
	}
}

// failures returns how many of n calls at once fail.
func failures(n int, use func(int) error) int64 {
	var failed atomic.Int64
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if err := use(i); err != nil {
				failed.Add(1)
			}
		})
	}
	group.Wait()
	return failed.Load()
}
