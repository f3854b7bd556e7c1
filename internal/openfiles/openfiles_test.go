// SPDX-License-Identifier: Apache-2.0

package openfiles

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestOpen opens once more what could not be opened because of too many files, and nothing
// else.
func TestOpen(t *testing.T) {
	t.Parallel()
	full := &fs.PathError{Op: "open", Path: "x", Err: syscall.EMFILE}
	for name, test := range map[string]struct {
		errs  []error // of each call
		calls int
		want  error
	}{
		"at once":            {[]error{nil}, 1, nil},
		"another error":      {[]error{fs.ErrNotExist, nil}, 1, fs.ErrNotExist},
		"too many files":     {[]error{full, nil}, 2, nil},
		"of the system":      {[]error{syscall.ENFILE, nil}, 2, nil},
		"too many, again":    {[]error{full, full, nil}, 2, full},
		"too many, and gone": {[]error{full, fs.ErrNotExist}, 2, fs.ErrNotExist},
	} {
		calls := 0
		opened, err := Open(func() (int, error) {
			calls++
			return calls, test.errs[calls-1]
		})
		if opened != test.calls || calls != test.calls || !errors.Is(err, test.want) {
			t.Errorf("%s: got %d after %d calls, and %v", name, opened, calls, err)
		}
	}
}

// A closeConn notes that it was closed.
type closeConn struct {
	net.Conn
	isClosed *atomic.Bool
}

func (c closeConn) Close() error {
	c.isClosed.Store(true)
	return c.Conn.Close()
}

// TestOpenMakesRoom checks that a connection that no request uses is closed before the second
// try. At the same time as TestOpen, that test might be closing it.
func TestOpenMakesRoom(t *testing.T) { //nolint:paralleltest // see above
	var isClosed atomic.Bool
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			_, _ = http.ReadRequest(bufio.NewReader(theirs))
			_, _ = io.WriteString(theirs, "HTTP/1.1 204 No Content\r\n\r\n")
		}()
		return closeConn{ours, &isClosed}, nil
	}}
	Add(transport)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	wasClosed := false
	_, _ = Open(func() (int, error) {
		wasClosed = isClosed.Load()
		return 0, syscall.EMFILE
	})
	if !wasClosed {
		t.Error("the connection is still open")
	}
	runtime.KeepAlive(transport)
}

// TestIdleForgets checks that a transport that is not in use any more is not held.
func TestIdleForgets(t *testing.T) {
	t.Parallel()
	set := newIdleSet()
	set.add(&http.Transport{})
	for {
		runtime.GC()
		set.mu.Lock()
		held := len(set.all)
		set.mu.Unlock()
		if held == 0 {
			return
		}
	}
}
