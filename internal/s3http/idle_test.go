// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOutOfFiles checks that a connection that can't be made, because too many files are open,
// is tried once more after other transports have closed those that no request uses, and that no
// other failure is.
//
//nolint:paralleltest // it closes the idle connections of the whole process
func TestOutOfFiles(t *testing.T) {
	socket := func(errno error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: errno} }
	lookup := &net.DNSError{Err: socket(syscall.EMFILE).Error(), Name: "bucket.example.com", IsTemporary: true}
	for name, test := range map[string]struct {
		err   error
		fails int // times
		dials int
	}{
		"of the process":     {socket(syscall.EMFILE), 1, 2},
		"of the system":      {socket(syscall.ENFILE), 1, 2},
		"looking up a name":  {fmt.Errorf("dial tcp: %w", lookup), 1, 2},
		"twice":              {socket(syscall.EMFILE), 2, 2},
		"refused":            {socket(syscall.ECONNREFUSED), 1, 1},
		"not a failure":      {nil, 0, 1},
		"of another process": {errors.New("no route to host"), 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
			t.Cleanup(server.Close)
			get := func(transport *Transport) error {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
				require.NoError(t, err)
				response, err := transport.RoundTrip(request)
				if err == nil {
					err = response.Body.Close()
				}
				return err
			}
			idle := &closedConn{}
			other := NewTransport(Options{Timeout: time.Minute, Dial: func(ctx context.Context, network, address string) (_ net.Conn, err error) {
				idle.Conn, err = new(net.Dialer).DialContext(ctx, network, address)
				return idle, err
			}})
			require.NoError(t, get(other))
			var dials atomic.Int64
			transport := NewTransport(Options{Timeout: time.Minute, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				if n := dials.Add(1); n <= int64(test.fails) {
					return nil, test.err
				}
				assert.True(t, test.dials == 1 || idle.isClosed.Load())
				return new(net.Dialer).DialContext(ctx, network, address)
			}})
			err := get(transport)
			assert.Equal(t, test.fails < test.dials, err == nil, err)
			if err != nil {
				require.ErrorIs(t, err, test.err)
			}
			assert.EqualValues(t, test.dials, dials.Load())
			assert.True(t, test.dials == 1 || idle.isClosed.Load())
		})
	}
}

// A closedConn notes that it was closed.
type closedConn struct {
	net.Conn
	isClosed atomic.Bool
}

// Close closes the connection.
func (c *closedConn) Close() error {
	c.isClosed.Store(true)
	return c.Conn.Close()
}
