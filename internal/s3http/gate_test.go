// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGateBoundsRequests checks that a crowd has as many requests at once as the limit
// says, and that all of them are sent in the end.
func TestGateBoundsRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, most, all atomic.Int64
		client := gatedClient(NewGate(50), func(_ *http.Request) (*http.Response, error) {
			all.Add(1)
			n := now.Add(1)
			for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
			}
			time.Sleep(20 * time.Millisecond)
			now.Add(-1)
			if all.Load()%3 == 0 {
				return nil, io.ErrUnexpectedEOF
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("body"))}, nil
		})
		started := time.Now()
		crowd(1000, func() {
			response, err := client.Send(t.Context(), aGet(t))
			if err == nil {
				_, _ = io.Copy(io.Discard, response.Body)
				assert.NoError(t, response.Body.Close())
			}
		})
		assert.EqualValues(t, 1000, all.Load())
		assert.EqualValues(t, 50, most.Load())
		assert.Equal(t, 20*20*time.Millisecond, time.Since(started))
		assert.Zero(t, client.Gate.active)
		assert.Zero(t, client.Gate.held)
		assert.Zero(t, client.Gate.waiting.Len())
	})
}

// TestGateLeavesRoomForRequests checks that open bodies, however many, hold up no
// request, and that those that end make room again.
func TestGateLeavesRoomForRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := gatedClient(NewGate(50), func(*http.Request) (*http.Response, error) {
			time.Sleep(20 * time.Millisecond)
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("body"))}, nil
		})
		started := time.Now()
		bodies := make([]io.ReadCloser, 200)
		var place atomic.Int64
		crowd(len(bodies), func() {
			response, err := client.Send(t.Context(), aGet(t))
			if assert.NoError(t, err) {
				bodies[place.Add(1)-1] = response.Body
			}
		})
		assert.Less(t, time.Since(started), time.Second)
		assert.Equal(t, len(bodies), client.Gate.held)
		assert.Equal(t, gateReserve, func() int {
			free := 0
			for client.Gate.hasRoom() {
				client.Gate.active++
				free++
			}
			client.Gate.active = 0
			return free
		}())
		for i, body := range bodies {
			if i%2 == 0 {
				_, err := io.ReadAll(body) // its end is enough
				require.NoError(t, err)
			}
			require.NoError(t, body.Close())
			require.NoError(t, body.Close())
		}
		assert.Zero(t, client.Gate.held)
	})
}

// TestGateIsCanceled checks that a request that waits ends with its context, closes its
// body, and takes no place.
func TestGateIsCanceled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate(1)
		gate.reserve = 1
		client := gatedClient(gate, func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
		})
		go func() { _, _ = client.Send(t.Context(), aGet(t)) }()
		synctest.Wait()
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		body := &notedBody{Reader: strings.NewReader("body")}
		request := aGet(t)
		request.Body = body
		go func() { time.Sleep(100 * time.Millisecond); cancel(cause) }()
		_, err := client.Send(ctx, request)
		require.ErrorIs(t, err, cause)
		assert.True(t, body.isClosed)
		assert.Zero(t, gate.waiting.Len())
		_, err = client.Send(t.Context(), aGet(t))
		require.NoError(t, err)
		assert.Zero(t, gate.active)
	})
}

// TestGateIsPatient checks that a request waits as long as others end, and no longer
// than a while if none does: they may wait for it.
func TestGateIsPatient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate(1)
		gate.reserve = 1
		require.NoError(t, gate.enter(t.Context()))
		started := time.Now()
		crowd(2, func() { assert.NoError(t, gate.enter(t.Context())) })
		assert.Equal(t, gatePatience, time.Since(started))
		assert.Equal(t, 3, gate.active)
		for range 3 {
			gate.leave(false)
		}

		require.NoError(t, gate.enter(t.Context()))
		var waited []time.Duration
		started = time.Now()
		go func() {
			for range 4 {
				time.Sleep(gatePatience - time.Second)
				gate.leave(false)
			}
		}()
		var mu sync.Mutex
		crowd(4, func() {
			assert.NoError(t, gate.enter(t.Context()))
			mu.Lock()
			defer mu.Unlock()
			waited = append(waited, time.Since(started)/(gatePatience-time.Second))
		})
		assert.Equal(t, []time.Duration{1, 2, 3, 4}, waited)

		gate = NewGate(1)
		gate.reserve = 1
		require.NoError(t, gate.enter(t.Context()))
		go func() {
			time.Sleep(time.Second)
			gate.leave(false)
		}()
		crowd(2, func() { assert.NoError(t, gate.enter(t.Context())) })
		assert.Equal(t, 2, gate.active, "one after the other, and one whose patience has just ended")
		assert.Zero(t, gate.waiting.Len())
	})
}

func TestNoGate(t *testing.T) {
	t.Parallel()
	assert.Nil(t, NewGate(0))
	var none *Gate
	require.NoError(t, none.enter(t.Context()))
	none.answered()
	none.leave(true)
}

func gatedClient(gate *Gate, answer func(*http.Request) (*http.Response, error)) *Client {
	return &Client{Transport: testkit.RoundTripper(answer), Peer: &Peer{}, Gate: gate}
}

func aGet(t *testing.T) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:9000/bucket/key", http.NoBody)
	assert.NoError(t, err)
	return request
}

// crowd calls use n times at once.
func crowd(n int, use func()) {
	var group sync.WaitGroup
	for range n {
		group.Go(use)
	}
	group.Wait()
}

type notedBody struct {
	io.Reader
	isClosed bool
}

// Close notes that it was called.
func (b *notedBody) Close() error {
	b.isClosed = true
	return nil
}
