// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"io"
	"sync"
)

// A closing lets what is read be closed during a Read: the body of an object, because net/http
// demands that of the body of a request, and a file of an FS, because http.ServeContent closes it
// so where it serves several ranges to a client that is gone. A Seek counts as a Read.
type closing struct {
	mu        sync.Mutex
	isReading bool
	closed    bool
}

// begin begins a Read. It reports false after close.
func (c *closing) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isReading = !c.closed
	return c.isReading
}

// end ends a Read. If close was called meanwhile, it closes what the Read has left open.
func (c *closing) end(closeAll func() error) {
	c.mu.Lock()
	c.isReading = false
	closed := c.closed
	c.mu.Unlock()
	if closed {
		_ = closeAll()
	}
}

// close closes all, and reports whether it is the first to do so. During a Read it closes what
// that waits for, which interrupt returns, and leaves the rest to the end of the Read.
func (c *closing) close(interrupt func() io.Closer, closeAll func() error) (isFirst bool, err error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return false, nil
	}
	c.closed = true
	waitedFor := io.Closer(nil)
	if c.isReading {
		waitedFor = interrupt()
	}
	c.mu.Unlock()
	if waitedFor == nil {
		return true, closeAll()
	}
	return true, waitedFor.Close()
}

func (c *closing) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// withLock calls set, which changes fields that interrupt reads, while Close can't.
func (c *closing) withLock(set func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set()
}
