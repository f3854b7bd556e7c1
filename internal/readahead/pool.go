// SPDX-License-Identifier: Apache-2.0

package readahead

import (
	"sync"
	"sync/atomic"
)

// A Pool is memory that Readers share: buffers of one size, of which a number may be in
// use at a time. It is safe for concurrent use.
type Pool struct {
	size int64
	left atomic.Int64 // how many buffers may still be taken
	free sync.Pool
}

// NewPool returns a pool of count buffers of size bytes. They are made when they are needed.
func NewPool(size int64, count int) *Pool {
	p := &Pool{size: size}
	p.left.Store(int64(count))
	return p
}

// take returns a buffer, or nil if all are in use.
func (p *Pool) take() []byte {
	if p.left.Add(-1) < 0 {
		p.left.Add(1)
		return nil
	}
	if used, ok := p.free.Get().(*[]byte); ok {
		return *used
	}
	return make([]byte, p.size)
}

// give returns a buffer to the pool.
func (p *Pool) give(buffer []byte) {
	buffer = buffer[:p.size]
	p.free.Put(&buffer)
	p.left.Add(1)
}
