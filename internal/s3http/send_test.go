// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/progress"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRequestEnds holds that a request's own context ends with it, and that its place at
// the gate is free, in each way that a request can end.
func TestRequestEnds(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for name, test := range map[string]struct {
		body io.ReadCloser
		err  error
	}{
		"no answer":     {nil, mine},
		"no body":       {nil, nil},
		"an empty body": {http.NoBody, nil},
		"a body":        {io.NopCloser(strings.NewReader("body")), nil},
		"a broken body": {io.NopCloser(failingReader{mine}), nil},
	} {
		var sent context.Context
		gate := NewGate(1)
		client := gatedClient(gate, func(r *http.Request) (*http.Response, error) {
			sent = r.Context()
			if test.err != nil {
				return nil, test.err
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: test.body}, nil
		})
		response, err := client.Send(t.Context(), aGet(t))
		require.ErrorIs(t, err, test.err, name)
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			require.NoError(t, response.Body.Close(), name)
		}
		require.ErrorIs(t, sent.Err(), context.Canceled, name)
		assert.Equal(t, []int{0, 0}, []int{gate.active, gate.held}, name)
	}
	var sent context.Context
	client := gatedClient(NewGate(1), func(r *http.Request) (*http.Response, error) {
		sent = r.Context()
		panic(mine)
	})
	assert.PanicsWithValue(t, mine, func() { _, _ = client.Send(t.Context(), aGet(t)) })
	require.ErrorIs(t, sent.Err(), context.Canceled, "a panic")
	assert.Zero(t, client.Gate.active, "a panic")
}

// TestGateHoldsAnOpenBody counts a body as held until it has ended or is closed, and once.
func TestGateHoldsAnOpenBody(t *testing.T) {
	t.Parallel()
	for _, isRead := range []bool{true, false} {
		gate := NewGate(1)
		client := gatedClient(gate, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("body"))}, nil
		})
		response, err := client.Send(t.Context(), aGet(t))
		require.NoError(t, err)
		_, err = response.Body.Read(make([]byte, 1))
		require.NoError(t, err)
		assert.Equal(t, 1, gate.held, "a body that is being read")
		if isRead {
			_, err = io.ReadAll(response.Body)
			require.NoError(t, err)
			assert.Zero(t, gate.held, "its end frees the connection")
		}
		require.NoError(t, response.Body.Close())
		assert.Zero(t, gate.held)
	}
}

// TestTurnThatComesWithTheEnd gives back a turn that came at the moment when the caller
// gave up, and keeps no turn that it does not report.
func TestTurnThatComesWithTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // select chooses by chance
		gate := NewGate(1)
		own := &waiter{turn: make(chan struct{})}
		place := gate.waiting.PushBack(own)
		gate.admit()
		require.Equal(t, 1, gate.active)
		if err := gate.wait(ctx, own, place); err == nil {
			gate.leave(false)
		}
		require.Zero(t, gate.active)
	}
}

// TestPatienceIsLonger checks that a request still waits while others end.
func TestPatienceIsLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate(1)
		gate.reserve = 1
		require.NoError(t, gate.enter(t.Context()))
		started := time.Now()
		waited := make(chan time.Duration, 2)
		for range 2 {
			go func() {
				assert.NoError(t, gate.enter(t.Context()))
				waited <- time.Since(started)
			}()
		}
		time.Sleep(5 * time.Second)
		gate.leave(false) // which is the turn of the first
		assert.Equal(t, 5*time.Second, <-waited)
		assert.Equal(t, 5*time.Second+gatePatience, <-waited)
	})
}

// TestProcessGate bounds the process by a quarter of its files.
func TestProcessGate(t *testing.T) {
	t.Parallel()
	limit := openfiles.Limit()
	if limit == 0 {
		assert.Nil(t, ProcessGate())
		return
	}
	assert.Equal(t, limit/4, ProcessGate().limit)
	assert.Same(t, ProcessGate(), ProcessGate())
}

// TestCustomerKeyIsNotSent refuses a request before its transport has it.
func TestCustomerKeyIsNotSent(t *testing.T) {
	t.Parallel()
	for target, isSent := range map[string]bool{"http://s3.test/b/k": false, "https://s3.test/b/k": true, "http://127.0.0.1:9000/b/k": true} {
		wasSent := false
		client := gatedClient(nil, func(r *http.Request) (*http.Response, error) {
			wasSent = true
			return testkit.Answer(r, http.StatusOK, nil, ""), nil
		})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, target, http.NoBody)
		require.NoError(t, err)
		request.Header.Set("X-Amz-Server-Side-Encryption-Customer-Key", "key")
		response, err := client.Send(t.Context(), request)
		if isSent {
			require.NoError(t, err, target)
			require.NoError(t, response.Body.Close())
		} else {
			assert.True(t, s3err.IsFinal(err), target)
		}
		assert.Equal(t, isSent, wasSent, target)
	}
}

// TestUnansweredIsNoted notes a body that was sent whole and got no answer.
func TestUnansweredIsNoted(t *testing.T) {
	t.Parallel()
	for _, reads := range []int64{0, 3, 4} {
		sending := &progress.Sending{Size: 4}
		client := gatedClient(nil, func(r *http.Request) (*http.Response, error) {
			_, _ = io.CopyN(io.Discard, r.Body, reads)
			return nil, io.EOF
		}).Counting(sending)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://127.0.0.1:1/b/k", strings.NewReader("body"))
		require.NoError(t, err)
		_, err = client.Send(t.Context(), request)
		require.ErrorIs(t, err, io.EOF)
		assert.Equal(t, reads == 4, sending.IsUnanswered(), "%d", reads)
	}
}

// TestClosedAnswerHasNoTimer checks that the time for an answer ends with it.
func TestClosedAnswerHasNoTimer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for isClosed, want := range map[bool]error{true: nil, false: errEndless} {
			var cause error
			response := &http.Response{StatusCode: http.StatusNotFound, Body: io.NopCloser(strings.NewReader("text"))}
			body := boundAnswer(t.Context(), http.MethodGet, response, func(err error) { cause = err })
			if isClosed {
				require.NoError(t, body.Close())
			}
			time.Sleep(maxAnswerTime + time.Second)
			synctest.Wait()
			assert.Equal(t, want, cause)
			require.NoError(t, body.Close())
		}
	})
}

// TestCloseIdleConnections closes the connections that are kept, over TLS and without it.
func TestCloseIdleConnections(t *testing.T) {
	t.Parallel()
	for _, isTLS := range []bool{false, true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		closed := make(chan struct{}, 1)
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				closed <- struct{}{}
			}
		}
		if isTLS {
			server.StartTLS()
		} else {
			server.Start()
		}
		transport := NewTransport(Options{Timeout: IOTimeout})
		if isTLS {
			secure, err := transport.secure()
			require.NoError(t, err)
			secure.TLSClientConfig.InsecureSkipVerify = true
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		require.NoError(t, err)
		response, err := transport.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		transport.CloseIdleConnections()
		select {
		case <-closed:
		case <-time.After(IOTimeout):
			t.Error("the connection is still open", isTLS)
		}
		server.Close()
	}
}

// TestTransportLimits has the limits of net/http's transport that no other test meets.
func TestTransportLimits(t *testing.T) {
	t.Parallel()
	transport := newHTTPTransport(Options{Timeout: time.Second}, nil)
	assert.Equal(t, 90*time.Second, transport.IdleConnTimeout)
	assert.Equal(t, keptConns, transport.MaxIdleConnsPerHost)
	assert.Equal(t, openfiles.Limit()/4, transport.MaxIdleConns)
	assert.Equal(t, time.Second, transport.TLSHandshakeTimeout)
	assert.Equal(t, time.Second, transport.ResponseHeaderTimeout)
	assert.Equal(t, time.Second, transport.ExpectContinueTimeout)
}

// TestDialThatFails reports why there is no connection.
func TestDialThatFails(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	transport := NewTransport(Options{Timeout: time.Second, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, mine }})
	_, err := transport.RoundTrip(aGet(t))
	require.ErrorIs(t, err, mine)
}
