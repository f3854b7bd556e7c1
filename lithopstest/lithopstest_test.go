// SPDX-License-Identifier: Apache-2.0

package lithopstest_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testkit.Bounded(testkit.Isolated(m))) }

func TestOpen(t *testing.T) {
	t.Parallel()
	store, bucket := lithopstest.NewServer(t).Open(t)
	require.NoError(t, store.PutObject(t.Context(), bucket, "key", strings.NewReader("text"), nil))
	data, err := store.ReadObject(t.Context(), bucket, "key", 0)
	require.NoError(t, err)
	assert.Equal(t, "text", string(data))
}

// TestEnv is enough for a program that is told nothing else.
func TestEnv(t *testing.T) {
	server := lithopstest.NewServer(t)
	testkit.SetEnv(t, map[string]string{"HOME": t.TempDir()})
	t.Chdir(t.TempDir())
	for name, value := range server.Env() {
		t.Setenv(name, value)
	}
	store, err := lithopss3.Open(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	_, err = store.EnsureBucket(t.Context())
	require.NoError(t, err)
}

func TestStart(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server, err := lithopstest.Start(&lithopstest.Options{Region: "eu-west-1", Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { requests.Add(1); next.ServeHTTP(w, r) })
	}})
	require.NoError(t, err)
	store, err := lithopss3.New(t.Context(), server.Config(), server.Options())
	require.NoError(t, err)
	_, err = store.EnsureBucket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "eu-west-1", store.Region())
	assert.Positive(t, requests.Load())
	require.NoError(t, store.Close())
	require.NoError(t, server.Close())
	_, err = lithopstest.Start(&lithopstest.Options{Addr: "0.0.0.0:0"})
	require.ErrorContains(t, err, "loopback")
}

// A recordingTB keeps what it is told. Fatalf ends with a panic, as it must not return.
type recordingTB struct {
	testing.TB
	cleanups []func()
	fatal    string
}

func (*recordingTB) Helper() {}

func (r *recordingTB) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recordingTB) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	panic(r)
}

// TestOpenThatFails ends a test whose server refuses everything.
func TestOpenThatFails(t *testing.T) {
	t.Parallel()
	server, err := lithopstest.Start(&lithopstest.Options{Wrap: func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	}})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	tb := &recordingTB{TB: t}
	assert.PanicsWithValue(t, tb, func() { server.Open(tb) })
	assert.Contains(t, tb.fatal, "lithopstest: ")
	for _, cleanup := range tb.cleanups {
		cleanup()
	}
}

// TestNoTestServerInTheLibrary checks that the library does not import the server.
func TestNoTestServerInTheLibrary(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "github.com/lithops-go/lithopss3", "github.com/lithops-go/lithopss3/jobs",
		"github.com/lithops-go/lithopss3/partition", "github.com/lithops-go/lithopss3/pickle", "github.com/lithops-go/lithopss3/memstore",
		"github.com/lithops-go/lithopss3/storagetest")
	packages, err := list.Output()
	require.NoError(t, err)
	assert.Contains(t, string(packages), "aws-sdk-go-v2/service/s3")
	for _, unwanted := range []string{"gofakes3", "devs3", "testify", "kong", "goleak", "rapid"} {
		assert.NotContains(t, string(packages), unwanted)
	}
}
