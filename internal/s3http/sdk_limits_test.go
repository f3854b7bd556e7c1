// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBounds checks what is read of an answer, by operation and status.
func TestBounds(t *testing.T) {
	t.Parallel()
	endless := func(status int) *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(io.LimitReader(zeros{}, 40<<20))}
	}
	for _, test := range []struct {
		operation, method string
		status            int
		most              int64
	}{
		{"GetObject", "GET", 200, 40 << 20},
		{"GetObject", "GET", 299, 40 << 20},
		{"GetObject", "GET", 300, maxAnswer + 1},
		{"GetObject", "GET", 404, maxAnswer + 1},
		{"", "GET", 200, 40 << 20},
		{"", "PUT", 200, maxAnswer + 1},
		{"PutObject", "PUT", 200, maxAnswer + 1},
		{"ListObjectsV2", "GET", 200, maxListAnswer + 1},
		{"DeleteObjects", "POST", 200, maxListAnswer + 1},
		{"ListObjectsV2", "GET", 500, maxAnswer + 1},
	} {
		ctx := t.Context()
		if test.operation != "" {
			ctx = operationContext(t, test.operation)
		}
		body := boundAnswer(ctx, test.method, endless(test.status), func(error) {})
		n, err := io.Copy(io.Discard, body)
		assert.Equal(t, test.most, n, "%v", test)
		assert.Equal(t, test.most != 40<<20, errors.Is(err, s3err.ErrTooLarge), "%v", test)
		require.NoError(t, body.Close())
	}
	assert.Equal(t, 1<<20, maxAnswer)
	assert.Equal(t, 16<<20, maxListAnswer)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestDrip checks that an answer that does not end in a quarter of an hour is given up.
func TestDrip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		client := &Client{Peer: &Peer{}, Transport: testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: reader, Request: r}, nil
		})}
		var group sync.WaitGroup
		group.Go(func() {
			for _, err := writer.Write([]byte("x")); err == nil; _, err = writer.Write([]byte("x")) {
				time.Sleep(9 * time.Second)
			}
		})
		began := time.Now()
		response, err := client.Send(t.Context(), &http.Request{Method: http.MethodPut, URL: &url.URL{Scheme: "http", Host: "h"}})
		require.NoError(t, err)
		_, err = io.ReadAll(response.Body)
		require.ErrorIs(t, err, errEndless)
		assert.InDelta(t, maxAnswerTime.Seconds(), time.Since(began).Seconds(), 10)
		require.NoError(t, response.Body.Close())
		group.Wait()
	})
}

// TestOddTransports covers transports of the caller's that break http.RoundTripper's
// rules.
func TestOddTransports(t *testing.T) {
	t.Parallel()
	send := func(response *http.Response, err error) (*http.Response, error) {
		client := &Client{Peer: &Peer{}, Transport: testkit.RoundTripper(func(*http.Request) (*http.Response, error) { return response, err })}
		return client.Send(t.Context(), &http.Request{URL: &url.URL{Scheme: "http", Host: "h"}})
	}
	_, err := send(nil, nil)
	require.ErrorIs(t, err, errNoAnswer)
	assert.True(t, s3err.IsFinal(err))
	response, err := send(&http.Response{StatusCode: http.StatusOK}, nil)
	require.NoError(t, err)
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Empty(t, data)
	require.NoError(t, response.Body.Close())
	_, err = send(nil, io.EOF)
	require.ErrorIs(t, err, io.EOF)
}

// TestTunnel checks that a bundle is used inside a proxy's tunnel, and read only for TLS.
func TestTunnel(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "secret") }))
	t.Cleanup(server.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			_, _ = io.WriteString(w, "plain")
			return
		}
		upstream, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			return
		}
		down, _, _ := w.(http.Hijacker).Hijack()
		_, _ = io.WriteString(down, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(upstream, down); _ = upstream.Close() }()
		_, _ = io.Copy(down, upstream)
		_ = down.Close()
	}))
	t.Cleanup(proxy.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	get := func(caBundle, target string, body io.Reader) (string, error) {
		transport := NewTransport(Options{Timeout: IOTimeout, CABundle: caBundle, Once: true, Proxies: Proxies{http: parseProxy(proxy.URL), https: parseProxy(proxy.URL)}})
		defer transport.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, target, body)
		require.NoError(t, err)
		response, err := transport.RoundTrip(request)
		if err != nil {
			return "", err
		}
		defer func() { _ = response.Body.Close() }()
		data, err := io.ReadAll(response.Body)
		return string(data), err
	}
	text, err := get(bundle, "https://example.com", nil)
	require.NoError(t, err)
	assert.Equal(t, "secret", text)
	_, err = get("", "https://example.com", nil)
	require.ErrorAs(t, err, new(*tls.CertificateVerificationError))
	text, err = get("/nonexistent", "http://example.com", nil)
	require.NoError(t, err, "it is not read")
	assert.Equal(t, "plain", text)
	body := &closing{Reader: bytes.NewReader([]byte("x"))}
	_, err = get("/nonexistent", "https://example.com", body)
	require.ErrorContains(t, err, "the certificate bundle of AWS_CA_BUNDLE")
	assert.True(t, s3err.IsFinal(err))
	assert.True(t, body.closed)
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }
