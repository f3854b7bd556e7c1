// SPDX-License-Identifier: Apache-2.0

package lithopstest_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A recordedTest is a test of a caller's. It records what a helper does with it.
type recordedTest struct {
	testing.TB
	helpers  int
	cleanups []func()
	failures []string
}

// Helper counts the helpers.
func (r *recordedTest) Helper() { r.helpers++ }

// Cleanup keeps what end calls.
func (r *recordedTest) Cleanup(cleanup func()) { r.cleanups = append(r.cleanups, cleanup) }

// Errorf records a failure.
func (r *recordedTest) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// Fatalf records a failure, and ends the test's goroutine.
func (r *recordedTest) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// run runs a test's function.
func (r *recordedTest) run(test func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		test()
	}()
	<-done
}

// end calls the cleanups, as a test does at its end.
func (r *recordedTest) end() {
	for _, cleanup := range slices.Backward(r.cleanups) {
		cleanup()
	}
}

// TestServerEndsWithTheTest asks the server before and after the end of its test.
func TestServerEndsWithTheTest(t *testing.T) {
	t.Parallel()
	test := &recordedTest{TB: t}
	var server *lithopstest.Server
	test.run(func() { server = lithopstest.NewServer(test) })
	require.NoError(t, get(t, server.URL()))
	test.end()
	require.Error(t, get(t, server.URL()))
	assert.Empty(t, test.failures)
	assert.Equal(t, 1, test.helpers)
}

func get(t *testing.T, url string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// TestOpenFails ends a test that can't have a Store or a bucket.
func TestOpenFails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, failure string
		options       lithopstest.Options
	}{
		{"region", "lithopstest: ", lithopstest.Options{Region: "no region"}},
		{"bucket", "lithopstest: ", lithopstest.Options{Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodHead {
					next.ServeHTTP(w, r)
					return
				}
				w.WriteHeader(http.StatusForbidden)
			})
		}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server, err := lithopstest.Start(&test.options)
			require.NoError(t, err)
			defer func() { require.NoError(t, server.Close()) }()
			recorded := &recordedTest{TB: t}
			wasOpened := false
			recorded.run(func() {
				server.Open(recorded)
				wasOpened = true
			})
			recorded.end()
			assert.False(t, wasOpened)
			require.Len(t, recorded.failures, 1)
			assert.Contains(t, recorded.failures[0], test.failure)
			assert.Equal(t, 1, recorded.helpers)
		})
	}
}

// TestCredentials signs with the server's keys alone, and logs each request.
func TestCredentials(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	server, err := lithopstest.Start(&lithopstest.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	require.NoError(t, err)
	options := server.Options()
	_, ok := options.LookupEnv("HOME")
	assert.False(t, ok, "the user's environment")
	keyID, _ := options.LookupEnv("AWS_ACCESS_KEY_ID")
	found, err := server.Credentials().Retrieve(t.Context())
	require.NoError(t, err)
	assert.Equal(t, keyID, found.AccessKeyID)

	options.Credentials = server.Credentials()
	store, err := lithopss3.New(t.Context(), nil, options)
	require.NoError(t, err)
	_, err = store.EnsureBucket(t.Context())
	require.NoError(t, err)
	require.NoError(t, store.Close())
	require.NoError(t, server.Close())
	assert.Positive(t, strings.Count(log.String(), "level=DEBUG"))
}
