// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPassesOn checks that a request and its answer arrive as they were sent.
func TestPassesOn(t *testing.T) {
	t.Parallel()
	server := &target{}
	proxy := start(t, server, Options{})
	r := newRequest(t, proxy, "PUT", "/bucket/a%2Fb%20c?x=%2F&y", "sent", "X-Amz-Meta-Note", "kept", "Connection", "keep-alive", "Expect", "100-continue")
	r.Host = "bucket.example.com"
	assertPasses(t, send(r))
	require.Len(t, server.requests, 1)
	got := server.requests[0]
	assert.Equal(t, []string{"PUT", "/bucket/a%2Fb%20c?x=%2F&y", "bucket.example.com"}, []string{got.Method, got.RequestURI, got.Host})
	assert.Equal(t, "kept", got.Header.Get("X-Amz-Meta-Note"))
	assert.Empty(t, got.Header["Expect"])
	assert.Empty(t, got.Header["Connection"])
	assert.Equal(t, []string{"sent"}, server.bodies)

	head := send(newRequest(t, proxy, "HEAD", "/bucket/key", ""))
	assert.NoError(t, head.err)
	assert.Equal(t, "10", head.header.Get("Content-Length"), "the length of what a GET returns")
}

// TestNoServer checks the errors of Start, and the answer if the server can't be reached.
func TestNoServer(t *testing.T) {
	t.Parallel()
	_, err := Start(Options{Target: "http://[::1"})
	require.Error(t, err)

	server := httptest.NewServer(&target{})
	server.Close()
	for _, kind := range []Kind{None, Duplicate} {
		proxy, err := Start(Options{Target: server.URL, Rules: []Rule{{Fault: kind}}})
		require.NoError(t, err)
		assert.Equal(t, time.Minute, proxy.options.Stall)
		got := send(newRequest(t, proxy, "GET", "/bucket/key", ""))
		assert.NoError(t, got.err)
		assert.Equal(t, http.StatusBadGateway, got.status)
		require.NoError(t, proxy.Close())
	}
}

// TestBrokenServer checks that an answer that ends too early is passed on as an error.
func TestBrokenServer(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, content)
	})
	got := send(newRequest(t, start(t, handler, Options{}), "GET", "/bucket/key", ""))
	assert.NoError(t, got.err)
	assert.Equal(t, http.StatusBadGateway, got.status)
	assert.Contains(t, got.body, io.ErrUnexpectedEOF.Error())
}

// TestSecondOfTwoFails checks that a duplicate that fails is an error.
func TestSecondOfTwoFails(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if count.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
	})
	proxy := start(t, handler, Options{Rules: []Rule{{Fault: Duplicate}}})
	assert.Equal(t, http.StatusBadGateway, send(newRequest(t, proxy, "POST", "/bucket/key?uploadId=a", "body")).status)
	assert.EqualValues(t, 2, count.Load())
}

// TestBodyThatBreaks checks that a body that ends too early is not forwarded.
func TestBodyThatBreaks(t *testing.T) {
	t.Parallel()
	server := &target{}
	proxy := start(t, server, Options{})
	r := httptest.NewRequestWithContext(t.Context(), "PUT", "/bucket/key", io.MultiReader(strings.NewReader("he"), breaking{}))
	w := httptest.NewRecorder()
	proxy.ServeHTTP(w, r)
	assert.Equal(t, http.StatusBadGateway, w.Code)
	assert.Empty(t, server.requests)
}

type breaking struct{}

// Read fails.
func (breaking) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestClose checks that Close ends silence, is safe to repeat, and that nothing is served
// after it.
func TestClose(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{Stall, StallInAnswer} {
		server := &target{}
		picked := make(chan struct{})
		proxy := start(t, server, Options{Stall: time.Hour, Rules: []Rule{{Fault: kind, Match: func(*http.Request) bool {
			close(picked)
			return true
		}}}})
		got := make(chan outcome)
		go func() { got <- send(newRequest(t, proxy, "GET", "/bucket/key", "")) }()
		<-picked
		require.NoError(t, proxy.Close())
		assert.Error(t, (<-got).err)
		require.NoError(t, proxy.Close())

		before := proxy.Requests("GetObject")
		proxy.ServeHTTP(httptest.NewRecorder(), incoming(t, "GET", "/bucket/key", ""))
		assert.Equal(t, before, proxy.Requests("GetObject"))
	}
}

// TestInTurn checks that requests that change one object are forwarded one after the
// other, and that others are not.
func TestInTurn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method, path string
		most         int64
	}{
		{"PUT", "/bucket/key", 1},
		{"DELETE", "/bucket/key", 1},
		{"GET", "/bucket/key", 2},
		{"HEAD", "/bucket/key", 2},
		{"PUT", "/bucket/key?partNumber=1&uploadId=a", 2},
	} {
		var running, most atomic.Int64
		entered, leave := make(chan struct{}, 3), make(chan struct{})
		proxy := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/bucket/other" {
				now := running.Add(1)
				for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
				}
				defer running.Add(-1)
			}
			entered <- struct{}{}
			<-leave
		}), Options{})
		paths := []string{test.path, test.path}
		if test.most == 1 {
			paths = append(paths, "/bucket/other")
		}
		var group sync.WaitGroup
		for _, path := range paths {
			group.Go(func() { assert.NoError(t, send(newRequest(t, proxy, test.method, path, "")).err) })
		}
		<-entered
		<-entered // both, or one and that of the other object
		close(leave)
		group.Wait()
		assert.Equal(t, test.most, most.Load(), test)
	}
}

// TestClientGivesUp checks that a request that has begun is served to its end.
func TestClientGivesUp(t *testing.T) {
	t.Parallel()
	entered, leave, served := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	proxy := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		served <- r.Context().Err()
	}), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan outcome)
	go func() { got <- send(newRequest(t, proxy, "PUT", "/bucket/key", "body").WithContext(ctx)) }()
	<-entered
	cancel()
	assert.ErrorIs(t, (<-got).err, context.Canceled)
	close(leave)
	assert.NoError(t, <-served)
}

// A sized reader notes the largest read.
type sized struct {
	io.Reader
	largest int
}

// Read reads.
func (s *sized) Read(p []byte) (int, error) {
	s.largest = max(s.largest, len(p))
	return s.Reader.Read(p)
}

// TestBodiesOfFaults checks how much is read of a body, and in which steps.
func TestBodiesOfFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind           Kind
		size, left     int
		step           int // 0 is any
		isNotForwarded bool
	}{
		{kind: ResetFirst, size: 10, left: 10, isNotForwarded: true},
		{kind: Refuse, size: 10, left: 10, isNotForwarded: true},
		{kind: ResetInBody, size: 10, left: 5, isNotForwarded: true},
		{kind: ResetInBody, size: 2, left: 1, isNotForwarded: true},
		{kind: ResetInBody, size: 1, left: 0, isNotForwarded: true},
		{kind: ResetUnheard, size: 10, left: 0, isNotForwarded: true},
		{kind: Stall, size: 10, left: 0, isNotForwarded: true},
		{kind: ThrottledBody, size: 100, left: 0, step: 5},
		{kind: ThrottledBody, size: 10, left: 0, step: 1},
	} {
		proxy := start(t, &target{}, Options{})
		require.NoError(t, proxy.Close(), "so that nothing waits")
		source := strings.NewReader(strings.Repeat("x", test.size))
		reader := &sized{Reader: source}
		r := httptest.NewRequestWithContext(t.Context(), "PUT", "/bucket/key", reader)
		r.ContentLength = int64(test.size)
		body, err := proxy.hear(test.kind, r)
		assert.Equal(t, test.left, source.Len(), test)
		if test.isNotForwarded {
			assert.ErrorIs(t, err, errNoAnswer, test)
			continue
		}
		assert.NoError(t, err)
		assert.Len(t, body, test.size)
		assert.Equal(t, test.step, reader.largest, test)
	}
}
