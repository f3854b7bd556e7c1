// SPDX-License-Identifier: Apache-2.0

package openfiles

import (
	"errors"
	"io/fs"
	"net/http"
	"runtime"
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
