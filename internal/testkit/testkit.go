// SPDX-License-Identifier: Apache-2.0

// Package testkit has what the tests of several packages share: an environment, a
// server that ends with its test, round trips that are answered in place, and repeatable
// bytes. It must not know the root package, so that the root's internal tests can use it
// too, nor the SDK or the embedded server, which would be linked into every test; no other
// code may import it. Start reading at [Server] and [Answer].
package testkit

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/stretchr/testify/require"
)

// MiB is 2^20 bytes.
const MiB = 1 << 20

// Env returns a lookup of environment variables that finds those of vars only. Nil
// is an empty environment. A HOME stands for USERPROFILE on Windows, which has no HOME.
func Env(vars map[string]string) func(name string) (string, bool) {
	vars = withHome(vars)
	return func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	}
}

// Server starts a server, with devs3.Start for example, and closes it when the test ends.
// It drops its reference then, because a test's parent keeps the functions that were
// passed to Cleanup, and through them the server's objects, until all subtests ended.
func Server[S io.Closer, O any](t testing.TB, start func(opts O) (S, error), opts O) S {
	t.Helper()
	server, err := start(opts)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		server = *new(S)
	})
	return server
}

// RoundTripper is an [http.RoundTripper] that is a function.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f RoundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// Answer returns a response to request as net/http would read it, with the length
// of body unless the header has a Content-Length of its own. It reads and closes the
// request's body, as a server does. A nil header is an empty one.
func Answer(request *http.Request, status int, header http.Header, body string) *http.Response {
	if request.Body != nil {
		_, _ = io.Copy(io.Discard, request.Body)
		_ = request.Body.Close()
	}
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Length") == "" {
		header.Set("Content-Length", fmt.Sprint(len(body)))
	}
	content := io.NopCloser(strings.NewReader(body))
	if request.Method == http.MethodHead || body == "" {
		content = http.NoBody
	}
	return &http.Response{
		StatusCode: status, Header: header, Body: content, ContentLength: int64(len(body)),
		Request: request, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
}

// ErrorAnswer returns S3's answer for an error code.
func ErrorAnswer(request *http.Request, status int, code string) *http.Response {
	return Answer(request, status, nil, fmt.Sprintf("<Error><Code>%s</Code><Message>made up</Message></Error>", code))
}

// Bytes returns size bytes that look random and are the same in each run.
func Bytes(size int) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), 7}).Read(data) //nolint:gosec // a seed
	return data
}

// ErrorTypes returns the types of an error's layers, from the outermost one.
func ErrorTypes(err error) []string {
	found := []string{fmt.Sprintf("%T", err)}
	switch err := err.(type) { //nolint:errorlint // each layer by itself
	case interface{ Unwrap() error }:
		if err.Unwrap() != nil {
			found = append(found, ErrorTypes(err.Unwrap())...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			found = append(found, ErrorTypes(inner)...)
		}
	}
	return found
}

// Files returns the names of what is in a folder, in order.
func Files(t testing.TB, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// Golden decodes a recorded answer of Python's. root is the repository's folder.
func Golden(t testing.TB, root, name string, into any) {
	t.Helper()
	data, err := openfiles.Read(filepath.Join(root, "testdata", "golden", name), 64*MiB)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, into))
}

// NeedsCommand skips a test that runs a command which this machine does not have.
func NeedsCommand(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(err)
	}
}
