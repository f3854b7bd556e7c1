// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/lithops-go/lithopss3/internal/devs3"
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

	request.Method = http.MethodHead
	head := Answer(request, http.StatusOK, http.Header{"Content-Length": {"100"}}, "")
	assert.Equal(t, http.NoBody, head.Body)
	assert.Equal(t, "100", head.Header.Get("Content-Length"))
}

func TestBytes(t *testing.T) {
	t.Parallel()
	assert.Equal(t, Bytes(1000), Bytes(1000))
	assert.NotEqual(t, Bytes(1000), Bytes(1001)[:1000])
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
	var server weak.Pointer[devs3.Server]
	t.Cleanup(func() {
		Await(t, func() bool {
			runtime.GC()
			return server.Value() == nil
		})
	})
	t.Run("opens one", func(t *testing.T) {
		t.Parallel()
		server = weak.Make(Server(t, nil))
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
}
