// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"io"
	"sync"
)

// A bodyClosing lets a body be closed during a Read, as net/http demands of the body of a request:
// HTTP/2 closes it so if the answer comes early.
type bodyClosing struct {
	mu        sync.Mutex
	isReading bool
	closed    bool
}

// begin begins a Read. It reports false if the body is closed.
func (c *bodyClosing) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isReading = !c.closed
	return c.isReading
}

// end ends a Read. It closes what that has left open if the body was closed meanwhile.
func (c *bodyClosing) end(closeAll func() error) {
	c.mu.Lock()
	c.isReading = false
	closed := c.closed
	c.mu.Unlock()
	if closed {
		_ = closeAll()
	}
}

// close closes the body once. During a Read it closes what that waits for, which interrupt
// returns, and leaves the rest to the end of the Read.
func (c *bodyClosing) close(interrupt func() io.Closer, closeAll func() error) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	waitedFor := io.Closer(nil)
	if c.isReading {
		waitedFor = interrupt()
	}
	c.mu.Unlock()
	if waitedFor == nil {
		return closeAll()
	}
	return waitedFor.Close()
}

func (c *bodyClosing) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// change changes what Close looks at during a Read.
func (c *bodyClosing) change(set func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set()
}
