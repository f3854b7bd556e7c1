// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lithopss3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestIdleConnectionsMakeRoom checks that a process which may open no more files still asks
// for credentials and transfers files, in place of connections that no request uses.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	t.Parallel()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOutOfFilesChild$", "-test.v")
	child.Env = append(os.Environ(), "LITHOPSS3_TEST_FILES=1")
	out, err := child.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "--- PASS: TestOutOfFilesChild")
}

// TestOutOfFilesChild runs in a process of its own, whose limit of open files it lowers.
func TestOutOfFilesChild(t *testing.T) { //nolint:paralleltest // no other test may open files
	if os.Getenv("LITHOPSS3_TEST_FILES") == "" {
		t.Skip("for TestIdleConnectionsMakeRoom")
	}
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	limit.Cur = 128
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o600))
	store, err := New(t.Context(), &Config{Region: "us-east-1"}, &Options{Anonymous: true, LookupEnv: testkit.Env(nil), Transport: testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
		return testkit.Answer(r, http.StatusOK, http.Header{"Etag": {`"e"`}}, ""), nil
	})})
	require.NoError(t, err)
	get := func(ctx context.Context, transport http.RoundTripper) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		response, err := transport.RoundTrip(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body) // else the connection would not be kept
		return errors.Join(err, response.Body.Close())
	}
	for name, use := range map[string]func() error{
		"a metadata service": func() error { return get(t.Context(), metadataTransport()) },
		"a token": func() error {
			_, err := openfiles.Read(path, 10)
			return err
		},
		"an upload": func() error { return store.UploadFile(t.Context(), path, "bucket", "key", nil) },
		"a folder": func() error {
			return store.PutDir(t.Context(), folder, "bucket", "", nil)
		},
		"a download": func() error {
			target, err := partfile.Open(nil, filepath.Join(folder, "target"))
			if err == nil {
				target.Close()
			}
			return err
		},
	} {
		idle := make([]*s3http.Transport, 8)
		for i := range idle {
			idle[i] = s3http.NewTransport(s3http.Options{Timeout: time.Minute})
			kept := make(chan error, 1)
			require.NoError(t, get(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{PutIdleConn: func(err error) { kept <- err }}), idle[i]))
			require.NoError(t, <-kept)
		}
		held := openAll(t)
		assert.NoError(t, use(), name)
		runtime.KeepAlive(idle)
		for _, file := range held {
			_ = file.Close()
		}
	}
}

// openAll opens files until no more can be opened.
func openAll(t *testing.T) (held []*os.File) {
	t.Helper()
	for {
		file, err := os.Open(os.DevNull)
		if err != nil {
			require.ErrorIs(t, err, syscall.EMFILE)
			return held
		}
		held = append(held, file)
	}
}
