// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"weak"
)

// An idleSet has the transports of the process, whose connections that no request uses may
// have to make room. Of virtual-hosted buckets each is a host of its own, and each Store has a
// transport, so that those connections can be as many as the files that a process may open.
type idleSet struct {
	mu  sync.Mutex
	all map[weak.Pointer[http.Transport]]struct{} // weak, because a Store need not be closed
}

var idle = sync.OnceValue(newIdleSet)

func newIdleSet() *idleSet { return &idleSet{all: map[weak.Pointer[http.Transport]]struct{}{}} }

func (s *idleSet) add(t *http.Transport) {
	at := weak.Make(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[at] = struct{}{}
	runtime.AddCleanup(t, s.remove, at)
}

func (s *idleSet) remove(at weak.Pointer[http.Transport]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, at)
}

// close closes the connections of all transports that no request uses.
func (s *idleSet) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := range s.all {
		if t := at.Value(); t != nil {
			t.CloseIdleConnections()
		}
	}
}

// open makes a connection. If the process has too many files open, it first closes the
// connections that no request uses.
func (d *dialer) open(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.dial(ctx, network, address)
	if !isOutOfFiles(err) {
		return conn, err
	}
	idle().close()
	return d.dial(ctx, network, address)
}

// isOutOfFiles reports whether the process, or the system, has too many files open. The error
// of a name that could not be looked up says so in its text only.
func isOutOfFiles(err error) bool {
	return err != nil && strings.Contains(err.Error(), syscall.EMFILE.Error())
}
