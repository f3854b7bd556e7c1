// SPDX-License-Identifier: Apache-2.0

// Package flight shares one call among those who wait for it: a thousand callers
// that need the same answer at once cause one request and get one outcome. It must
// not know what it calls, nor remember an outcome that no caller waits for.
// Start reading at Flight.Do.
package flight

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
)

// grace is how long the last caller to give up waits for the call to end, so that
// what the call started (a process, a request) is gone when the caller learns of the
// cancel. A call that does not listen is left to itself after it.
const grace = 2 * time.Second

// ErrInside is the error of a Do whose context is that of the call that it would wait for.
var ErrInside = errors.New("the call would wait for itself: an Observer, a logger or the like has made it")

// An insideKey is the key in a context of the calls that the context is within.
type insideKey struct{}

// An inside is a call, and those that its starter is within.
type inside struct {
	call  any
	outer *inside
}

// isInside reports whether ctx is the context of a call, or of one that it has started.
func isInside(ctx context.Context, call any) bool {
	at, _ := ctx.Value(insideKey{}).(*inside)
	for ; at != nil; at = at.outer {
		if at.call == call {
			return true
		}
	}
	return false
}

// A Flight runs one call at a time. The zero value is ready to use, and it is safe
// for concurrent use. It must not be copied after first use.
type Flight[T any] struct {
	mu      sync.Mutex
	running *call[T]
}

// A call is one run of the function and those who wait for it.
type call[T any] struct {
	waiting int // guarded by the Flight's mu
	cancel  context.CancelFunc
	running panics.Group
	done    chan struct{} // closed after value and err are set
	value   T
	err     error
}

// Do runs fn and returns its outcome. Callers that arrive while fn runs wait for
// that run instead of starting another; one that arrives later starts anew.
//
// Each caller waits as long as its own ctx allows; its error has the cause of ctx then
// (context.Cause). The context of fn is none of theirs: it has no values of theirs, and it is
// canceled when the last caller has given up. A panic of fn reaches all that wait. A Do with
// the context of fn, before fn has returned, is ErrInside.
func (f *Flight[T]) Do(ctx context.Context, fn func(context.Context) (T, error)) (T, error) {
	var zero T
	if ctx.Err() != nil {
		return zero, ended.Why(ctx)
	}
	c := f.join(ctx, fn)
	if c == nil {
		return zero, ErrInside
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		f.leave(c)
		return zero, ended.Why(ctx)
	}
	c.running.Wait() // which has a panic of fn
	return c.value, c.err
}

// join returns the call that runs, or starts one. It returns nil if that would wait for the
// caller.
func (f *Flight[T]) join(caller context.Context, fn func(context.Context) (T, error)) *call[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running != nil && isInside(caller, f.running) {
		return nil
	}
	if f.running == nil {
		ctx, cancel := context.WithCancel(context.Background()) //nolint:gosec // the last who waits calls it
		f.running = &call[T]{cancel: cancel, done: make(chan struct{}), err: panics.ErrPanicked}
		c := f.running
		outer, _ := caller.Value(insideKey{}).(*inside)
		ctx = context.WithValue(ctx, insideKey{}, &inside{c, outer})
		c.running.Go(func() { f.run(ctx, c, fn) }, nil)
	}
	f.running.waiting++
	return f.running
}

func (f *Flight[T]) run(ctx context.Context, c *call[T], fn func(context.Context) (T, error)) {
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.forget(c)
		c.cancel()
		close(c.done)
	}()
	c.value, c.err = fn(ctx)
}

// forget lets the next caller start anew. The caller holds mu.
func (f *Flight[T]) forget(c *call[T]) {
	if f.running == c {
		f.running = nil
	}
}

// leave takes one caller off c. The last one cancels c, and waits for its end.
func (f *Flight[T]) leave(c *call[T]) {
	f.mu.Lock()
	c.waiting--
	isLast := c.waiting == 0
	if isLast {
		f.forget(c)
		c.cancel()
	}
	f.mu.Unlock()
	if !isLast {
		return
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
	}
}
