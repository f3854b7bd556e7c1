// SPDX-License-Identifier: Apache-2.0

// Package openfiles opens files, and makes room where a process may open no more:
// connections that no request uses are closed for a new connection or a local file. What a
// user or another program left (configurations, tokens, certificates, caches) it reads
// whole, up to a limit, and only if it is a file. It must not know who opens what, nor what
// is in it. Start reading at [Open], and at [Read], which every such file of this module
// passes. The files that are stored are of any size, and pass [OpenToRead] or [OpenIn].
package openfiles

import (
	"net/http"
	"os"
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

// Add has the idle connections of t make room. It does not keep t in memory.
func Add(t *http.Transport) { idle().add(t) }

// Open returns what open opens: a connection, a file, a folder. If the process has too many
// files open, it closes the connections that no request uses, and calls open once more.
func Open[T any](open func() (T, error)) (T, error) {
	opened, err := open()
	if !isOutOfFiles(err) {
		return opened, err
	}
	idle().close()
	return open()
}

// OpenRoot is Open of a folder.
func OpenRoot(path string) (*os.Root, error) {
	return Open(func() (*os.Root, error) { return os.OpenRoot(path) })
}

// isOutOfFiles reports whether the process, or the system, has too many files open. The error
// of a name that could not be looked up says so in its text only.
func isOutOfFiles(err error) bool {
	return err != nil && strings.Contains(err.Error(), syscall.EMFILE.Error())
}
