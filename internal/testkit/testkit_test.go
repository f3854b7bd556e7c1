// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEnv(t *testing.T) {
	t.Parallel()
	lookup := Env(map[string]string{"SET": "", "OTHER": "x"})
	value, ok := lookup("SET")
	assert.Empty(t, value)
	assert.True(t, ok, "a variable that is set and empty is set")
	_, ok = lookup("UNSET")
	assert.False(t, ok)
	_, ok = Env(nil)("SET")
	assert.False(t, ok)
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://127.0.0.1/bucket/key", strings.NewReader("sent"))
	require.NoError(t, err)
	response := ErrorAnswer(request, http.StatusConflict, "OperationAborted")
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Contains(t, string(body), "<Code>OperationAborted</Code>")
	assert.EqualValues(t, len(body), response.ContentLength)
	left, err := io.ReadAll(request.Body)
	require.NoError(t, err)
	assert.Empty(t, left, "the request's body was read")

	assert.Equal(t, http.StatusConflict, response.StatusCode)
	assert.Equal(t, []any{"HTTP/1.1", true, request}, []any{response.Proto, response.ProtoAtLeast(1, 1) && !response.ProtoAtLeast(1, 2), response.Request})
	assert.Equal(t, strconv.Itoa(len(body)), response.Header.Get("Content-Length"))
}

// TestAnswersWithoutABody checks the answers to a HEAD and to a request without a body.
func TestAnswersWithoutABody(t *testing.T) {
	t.Parallel()
	request := &http.Request{Method: http.MethodHead}
	header := http.Header{"Content-Length": {"100"}}
	head := Answer(request, http.StatusOK, header, "four")
	assert.Equal(t, http.NoBody, head.Body)
	assert.Equal(t, "100", head.Header.Get("Content-Length"))
	head.Header.Set("Etag", "e")
	assert.Len(t, header, 1, "the caller's header stays")
	request.Method = http.MethodGet
	empty := Answer(request, http.StatusOK, nil, "")
	assert.Equal(t, http.NoBody, empty.Body)
	assert.Equal(t, "0", empty.Header.Get("Content-Length"))
}

// A closing body notes that it was closed.
type closing struct{ *strings.Reader }

// Close makes the reader nil.
func (c *closing) Close() error {
	c.Reader = nil
	return nil
}

// TestAnswerClosesTheBody checks that a request's body is closed, and that a RoundTripper
// returns what its function does.
func TestAnswerClosesTheBody(t *testing.T) {
	t.Parallel()
	body := &closing{strings.NewReader("sent")}
	request := &http.Request{Method: http.MethodPut, Body: body}
	answer := RoundTripper(func(r *http.Request) (*http.Response, error) { return Answer(r, http.StatusTeapot, nil, "x"), nil })
	response, err := answer.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusTeapot, response.StatusCode)
	assert.Nil(t, body.Reader)
}

// TestErrorTypes checks the layers of errors, one or several in each.
func TestErrorTypes(t *testing.T) {
	t.Parallel()
	path := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
	assert.Equal(t, []string{"*errors.errorString"}, ErrorTypes(io.EOF))
	assert.Equal(t, []string{"*fs.PathError", "*errors.errorString"}, ErrorTypes(path))
	assert.Equal(t, []string{"*fs.PathError"}, ErrorTypes(&fs.PathError{}))
	assert.Equal(t, []string{"*fmt.wrapError", "*errors.joinError", "*fs.PathError", "*errors.errorString", "*errors.errorString"},
		ErrorTypes(fmt.Errorf("a: %w", errors.Join(path, io.EOF))))
}

// TestNeedsCommand checks that a test is skipped only if its command is missing.
func TestNeedsCommand(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "passed", outcome(t, func(t testing.TB) { NeedsCommand(t, "go") }))
	assert.Equal(t, "skipped", outcome(t, func(t testing.TB) { NeedsCommand(t, "no-such-command-here") }))
}

// A service is a server of which the tests see whether it was closed.
type service struct{ closed *atomic.Bool }

// Close notes it.
func (s *service) Close() error {
	s.closed.Store(true)
	return nil
}

func startService(closed *atomic.Bool) (*service, error) {
	if closed == nil {
		return nil, errors.New("it can't start")
	}
	return &service{closed}, nil
}

// TestServerEnds checks that a server ends with its test, and that one that can't start
// fails it.
func TestServerEnds(t *testing.T) {
	t.Parallel()
	var closed atomic.Bool
	fake := during(t, func(t testing.TB) { assert.NotNil(t, Server(t, startService, &closed)) })
	assert.False(t, closed.Load())
	fake.end()
	assert.True(t, closed.Load())
	assert.Contains(t, outcome(t, func(t testing.TB) { Server(t, startService, nil) }), "it can't start")
}

func TestBytes(t *testing.T) {
	t.Parallel()
	assert.Equal(t, Bytes(1000), Bytes(1000))
	assert.NotEqual(t, Bytes(1000), Bytes(1001)[:1000])
	assert.NotEqual(t, Bytes(1000), Bytes(1256)[:1000], "also where the low bits are the same")
	assert.Empty(t, Bytes(0))
	assert.Equal(t, "536b02042718e8db", hex.EncodeToString(Bytes(1000)[:8]), "also in another process")
}

// A counted is a Main that notes how many tests would run at once.
type counted struct{ atOnce string }

// Run notes the flag.
func (c *counted) Run() int {
	c.atOnce = flag.Lookup(parallelFlag).Value.String()
	return 7
}

func TestAtOnce(t *testing.T) { //nolint:paralleltest // changes a flag of all tests
	before := flag.Lookup(parallelFlag).Value.String()
	isGiven := false
	flag.Visit(func(f *flag.Flag) { isGiven = isGiven || f.Name == parallelFlag })
	if isGiven {
		t.Skip("-parallel holds")
	}
	defer func() { require.NoError(t, flag.Set(parallelFlag, before)) }()
	main := &counted{}
	assert.Equal(t, 7, AtOnce(main, 41).Run())
	assert.Equal(t, "41", main.atOnce)
	assert.Equal(t, 7, AtOnce(main, 42).Run(), "now it is given")
	assert.Equal(t, "41", main.atOnce)
}

// A server is collected as soon as its test ended, while its parent remembers the test.
func TestServerIsReleased(t *testing.T) {
	t.Parallel()
	var server weak.Pointer[service]
	t.Cleanup(func() {
		Await(t, func() bool {
			runtime.GC()
			return server.Value() == nil
		})
	})
	t.Run("opens one", func(t *testing.T) {
		t.Parallel()
		server = weak.Make(Server(t, startService, new(atomic.Bool)))
	})
}

func TestFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	assert.Empty(t, Files(t, folder))
	for _, name := range []string{"b", "a"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), nil, 0o600))
	}
	assert.Equal(t, []string{"a", "b"}, Files(t, folder))
}

func TestGolden(t *testing.T) {
	t.Parallel()
	var scenarios []map[string]any
	Golden(t, filepath.Join("..", ".."), "credentials.json", &scenarios)
	assert.NotEmpty(t, scenarios)
	assert.Contains(t, outcome(t, func(t testing.TB) { Golden(t, t.TempDir(), "credentials.json", &scenarios) }), "no such file")
	assert.Contains(t, outcome(t, func(t testing.TB) { Golden(t, filepath.Join("..", ".."), "credentials.json", new(int)) }), "cannot unmarshal")
	assert.NotEqual(t, "passed", outcome(t, func(t testing.TB) { Files(t, filepath.Join(t.TempDir(), "missing")) }))
}
