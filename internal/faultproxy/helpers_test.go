// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sum     = "c3VtIQ==" // "sum!"
	content = "0123456789"
)

// A target is a server that notes what it receives.
type target struct {
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

// ServeHTTP answers with a checksum, and how many requests came so far.
func (s *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.bodies = append(s.requests, r), append(s.bodies, string(body))
	w.Header().Set("X-Amz-Checksum-Crc32", sum)
	w.Header().Set("X-Count", strings.Repeat("I", len(s.requests)))
	_, _ = io.WriteString(w, content)
}

// start starts a proxy for a server with a handler. A fault's silence ends at once.
func start(t *testing.T, handler http.Handler, options Options) *Proxy {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	options.Target = server.URL
	if options.Stall == 0 {
		options.Stall = 1
	}
	proxy, err := Start(options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Close()) })
	return proxy
}

// An outcome is what a client learned.
type outcome struct {
	status int
	header http.Header
	body   string
	err    error // of the request or of the body
}

func newRequest(t *testing.T, proxy *Proxy, method, path, body string, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, proxy.URL()+path, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// send sends a request on a connection of its own, which is not tried again.
func send(r *http.Request) outcome {
	client := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	response, err := client.RoundTrip(r)
	if err != nil {
		return outcome{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return outcome{response.StatusCode, response.Header, string(body), err}
}

// incoming is a request as the proxy receives it.
func incoming(t *testing.T, method, path, body string, header ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func assertPasses(t *testing.T, got outcome) {
	t.Helper()
	assert.NoError(t, got.err)
	assert.Equal(t, http.StatusOK, got.status)
	assert.Equal(t, content, got.body)
	assert.Equal(t, sum, got.header.Get("X-Amz-Checksum-Crc32"))
}
