// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memory is a body in memory. If isElsewhere, it says that it is not.
type memory struct {
	*bytes.Reader
	isElsewhere bool
	pieces      int
}

func (m *memory) Close() error { return nil }

func (m *memory) WritePiece(w io.Writer, most int) (int, error) {
	if m.isElsewhere {
		return 0, errors.ErrUnsupported
	}
	if m.Len() == 0 {
		return 0, io.EOF
	}
	m.pieces++
	n, err := io.CopyN(w, m.Reader, int64(min(most, m.Len())))
	return int(n), err
}

// secureServer answers puts with their body, over TLS.
func secureServer(t *testing.T) (*httptest.Server, *Transport) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	transport := &Transport{secure: func() (*http.Transport, error) { return nil, errors.New("not replaced") }}
	made := newHTTPTransport(Options{Timeout: IOTimeout}, roots)
	transport.secure = func() (*http.Transport, error) { return made, nil }
	t.Cleanup(made.CloseIdleConnections)
	return server, transport
}

// TestBodiesOverTLS sends bodies in memory and others, of sizes around those of a record
// and of a piece.
func TestBodiesOverTLS(t *testing.T) {
	t.Parallel()
	server, transport := secureServer(t)
	data := make([]byte, 300_001)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	for _, size := range []int{1, maxRecord, maxRecord + 1, bodyPiece - 1, bodyPiece, bodyPiece + 1, 2 * bodyPiece, len(data)} {
		inMemory := &memory{Reader: bytes.NewReader(data[:size])}
		for name, body := range map[string]io.ReadCloser{
			"memory":    inMemory,
			"elsewhere": &memory{Reader: bytes.NewReader(data[:size]), isElsewhere: true},
			"bytes":     io.NopCloser(bytes.NewReader(data[:size])),
			"halves":    io.NopCloser(iotest.HalfReader(bytes.NewReader(data[:size]))),
		} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL, body)
			require.NoError(t, err)
			request.ContentLength = int64(size)
			response, err := transport.RoundTrip(request)
			require.NoError(t, err, "%s %d", name, size)
			got, err := io.ReadAll(response.Body)
			require.NoError(t, err, "%s %d", name, size)
			require.NoError(t, response.Body.Close())
			assert.True(t, bytes.Equal(data[:size], got), "%s %d", name, size)
		}
		assert.Equal(t, (size+bodyPiece-1)/bodyPiece, inMemory.pieces, size)
	}
}

// TestShortMemory checks that a body in memory that ends early fails its request.
func TestShortMemory(t *testing.T) {
	t.Parallel()
	server, transport := secureServer(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL, &memory{Reader: bytes.NewReader(make([]byte, 100_000))})
	require.NoError(t, err)
	request.ContentLength = 100_001
	_, err = transport.RoundTrip(request)
	require.ErrorContains(t, err, "100000")
}

// countingConn counts writes. After stuckAfter of them, the next waits until it is closed.
type countingConn struct {
	net.Conn
	writes     int
	stuckAfter int
	stuck      chan struct{}
	closed     chan struct{}
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.writes++
	if c.stuckAfter > 0 && c.writes > c.stuckAfter {
		close(c.stuck)
		<-c.closed
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func (c *countingConn) Close() error {
	if c.closed != nil {
		close(c.closed)
	}
	return c.Conn.Close()
}

// dialCounting returns a connection with TLS to a server, over one that is counted.
func dialCounting(t *testing.T, server *httptest.Server) (*bulkConn, *countingConn) {
	t.Helper()
	var counting *countingConn
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	d := &dialer{timeout: IOTimeout, config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, DynamicRecordSizingDisabled: true}}
	d.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		counting = &countingConn{Conn: conn}
		return counting, err
	}
	conn, err := d.secure(t.Context(), "tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	bulk, ok := conn.(*bulkConn)
	require.True(t, ok)
	return bulk, counting
}

// TestRecordsAreWrittenTogether counts the writes of a body.
func TestRecordsAreWrittenTogether(t *testing.T) {
	t.Parallel()
	server, _ := secureServer(t)
	conn, counting := dialCounting(t, server)
	defer func() { _ = conn.Close() }()
	before := counting.writes
	_, err := conn.Write(make([]byte, bodyPiece))
	require.NoError(t, err)
	assert.Equal(t, 1, counting.writes-before, "a piece")
	_, err = conn.ReadFrom(&io.LimitedReader{R: &memory{Reader: bytes.NewReader(make([]byte, 4*bodyPiece))}, N: 3 * bodyPiece})
	require.NoError(t, err)
	assert.Equal(t, 4, counting.writes-before, "and three")
	_, err = conn.Write(make([]byte, 3*bodyPiece))
	require.NoError(t, err)
	assert.LessOrEqual(t, counting.writes-before, 8, "much at once, but for what has no room")
	before = counting.writes
	_ = conn.Close()
	assert.Equal(t, 1, counting.writes-before, "the server is told that it is the end")
}

// TestCloseDuringWrite checks that Close does not wait for a write, as the cancel of an
// upload must not.
func TestCloseDuringWrite(t *testing.T) {
	t.Parallel()
	server, _ := secureServer(t)
	for _, write := range []func(conn *bulkConn) error{
		func(conn *bulkConn) error {
			_, err := conn.Write(make([]byte, bodyPiece))
			return err
		},
		func(conn *bulkConn) error {
			_, err := conn.ReadFrom(&io.LimitedReader{R: &memory{Reader: bytes.NewReader(make([]byte, bodyPiece))}, N: bodyPiece})
			return err
		},
	} {
		conn, counting := dialCounting(t, server)
		counting.stuckAfter, counting.stuck, counting.closed = counting.writes, make(chan struct{}), make(chan struct{})
		failed := make(chan error)
		go func() { failed <- write(conn) }()
		<-counting.stuck
		_ = conn.Close() // does not return before closed is, if it waits for the write
		require.ErrorIs(t, <-failed, net.ErrClosed)
	}
}

// slowConn takes a few bytes and then times out, some times.
type slowConn struct {
	net.Conn
	taken     bytes.Buffer
	patience  int
	deadlines int
}

func (c *slowConn) SetWriteDeadline(time.Time) error { c.deadlines++; return nil }

func (c *slowConn) Write(p []byte) (int, error) {
	if c.patience == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	c.patience--
	n := min(len(p), 3)
	c.taken.Write(p[:n])
	if n < len(p) {
		return n, os.ErrDeadlineExceeded
	}
	return n, nil
}

// TestSlowWrite checks that a write ends when nothing is taken, not when it takes long.
func TestSlowWrite(t *testing.T) {
	t.Parallel()
	slow := &slowConn{patience: 4}
	n, err := (&writeDeadlineConn{Conn: slow, timeout: time.Second}).Write([]byte("0123456789"))
	require.NoError(t, err)
	assert.Equal(t, 10, n)
	assert.Equal(t, "0123456789", slow.taken.String())
	assert.Equal(t, 4, slow.deadlines, "one for each step")

	slow = &slowConn{patience: 2}
	n, err = (&writeDeadlineConn{Conn: slow, timeout: time.Second}).Write([]byte("0123456789"))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.Equal(t, 6, n)
}

// A lateConn takes no bytes in time.
type lateConn struct{ net.Conn }

func (lateConn) Write([]byte) (int, error)        { return 0, os.ErrDeadlineExceeded }
func (lateConn) SetWriteDeadline(time.Time) error { return nil }
func (lateConn) Close() error                     { return nil }

// TestHandshakeTimeout checks that a server that is silent in the handshake is told
// apart from the caller's cancel.
func TestHandshakeTimeout(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer func() { _ = far.Close() }()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	d := &dialer{timeout: 20 * time.Millisecond, config: &tls.Config{MinVersion: tls.VersionTLS12}}
	d.dial = func(context.Context, string, string) (net.Conn, error) { return near, nil }
	_, err := d.secure(t.Context(), "tcp", "s3.example.com:443")
	require.ErrorIs(t, err, errHandshake)
	described := describeSending(t.Context(), &url.URL{Scheme: "https", Host: "s3.example.com"}, err)
	require.ErrorContains(t, described, "no TLS handshake in time")
	assert.True(t, IsRetryable(described))
	_, err = near.Write([]byte("x"))
	require.Error(t, err, "the connection is closed")
	d.dial = func(context.Context, string, string) (net.Conn, error) { return lateConn{}, nil }
	_, err = d.secure(t.Context(), "tcp", "s3.example.com:443")
	require.ErrorIs(t, err, errHandshake, "whose first write ended in time, or not")
	var noPort *net.AddrError
	_, err = d.secure(t.Context(), "tcp", "no port")
	require.ErrorAs(t, err, &noPort)
	refused := errors.New("refused")
	d.dial = func(context.Context, string, string) (net.Conn, error) { return nil, refused }
	_, err = d.secure(t.Context(), "tcp", "s3.example.com:443")
	require.ErrorIs(t, err, refused)
}
