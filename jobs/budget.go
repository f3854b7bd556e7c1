// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"sync"

	"github.com/lithops-go/lithopss3/internal/ended"
)

// A budget limits the bytes that are held at once. It serves callers in their order.
type budget struct {
	mu      sync.Mutex
	size    int64
	held    int64
	waiting []*claim
}

// A claim waits for bytes of a budget.
type claim struct {
	bytes   int64
	granted chan struct{}
}

func newBudget(size int64) *budget { return &budget{size: size} }

// acquire waits until bytes can be held, and returns the function that gives them
// back, which is called once. What is larger than the whole budget is held alone.
func (b *budget) acquire(ctx context.Context, bytes int64) (release func(), err error) {
	if release := b.tryAcquire(bytes); release != nil {
		return release, nil
	}
	bytes = b.clamp(bytes)
	waiting := &claim{bytes, make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, waiting)
	b.grant() // what was given back meanwhile
	b.mu.Unlock()
	select {
	case <-waiting.granted:
		return func() { b.release(bytes) }, nil
	case <-ctx.Done():
		b.withdraw(waiting)
		return nil, ended.Why(ctx)
	}
}

// tryAcquire is acquire for a caller that does not wait. It returns nil if it would have to.
func (b *budget) tryAcquire(bytes int64) (release func()) {
	bytes = b.clamp(bytes)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 || b.held+bytes > b.size {
		return nil
	}
	b.held += bytes
	return func() { b.release(bytes) }
}

// clamp returns how many bytes of the budget so many need.
func (b *budget) clamp(bytes int64) int64 { return min(max(bytes, 0), b.size) }

// withdraw ends a claim whose owner does not wait any longer.
func (b *budget) withdraw(unwanted *claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, waiting := range b.waiting {
		if waiting == unwanted {
			b.waiting = append(b.waiting[:i:i], b.waiting[i+1:]...)
			b.grant()
			return
		}
	}
	b.held -= unwanted.bytes // it was granted at the same time
	b.grant()
}

func (b *budget) release(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= bytes
	b.grant()
}

// grant serves those who wait, in their order, as far as there is room.
func (b *budget) grant() {
	for len(b.waiting) > 0 && b.held+b.waiting[0].bytes <= b.size {
		b.held += b.waiting[0].bytes
		close(b.waiting[0].granted)
		b.waiting = b.waiting[1:]
	}
}
