// SPDX-License-Identifier: Apache-2.0

// Package panics brings a panic of a caller's function from a goroutine of ours to the
// caller's, where it does not end the process before anything is cleaned up. Any request
// runs functions of the caller's: Options.Observer and Customize, a transport, a provider
// of credentials. So all goroutines of this module are started here. It must not know
// whose functions they are. Start reading at [Group].
package panics

import (
	"errors"
	"sync"
)

// ErrPanicked ends what runs next to a function that panicked. The caller sees the panic.
// It sees the error if the function ended its goroutine, as a test's FailNow does.
var ErrPanicked = errors.New("a function of the caller panicked, or ended its goroutine")

// A Group is goroutines whose panics reach the one that waits. Its zero value is ready. It
// must not be copied after first use.
type Group struct {
	Box
	running sync.WaitGroup
}

// Go runs f in a goroutine. If f does not return, because it panicked or ended its
// goroutine, failed is called, which ends or answers those who wait for f. It may be nil.
func (g *Group) Go(f, failed func()) {
	g.running.Go(func() {
		hasReturned := false
		defer func() {
			if !hasReturned && failed != nil {
				failed()
			}
		}()
		defer g.Catch(nil)
		f()
		hasReturned = true
	})
}

// Join waits for all goroutines, and leaves a panic to a later Rethrow.
func (g *Group) Join() { g.running.Wait() }

// Wait waits for all goroutines, and continues the first panic of one of them.
func (g *Group) Wait() {
	g.Join()
	g.Rethrow()
}

// A Box keeps the first panic of the functions that it is deferred around. Its zero
// value is empty; it is safe for concurrent use.
type Box struct {
	mu     sync.Mutex
	caught bool
	value  any
}

// Catch is deferred around a call of the caller's function. It calls caught, if that
// is not nil, after a panic.
func (b *Box) Catch(caught func()) {
	value := recover()
	if value == nil {
		return
	}
	b.mu.Lock()
	if !b.caught {
		b.caught, b.value = true, value
	}
	b.mu.Unlock()
	if caught != nil {
		caught()
	}
}

// IsEmpty reports whether no function has panicked.
func (b *Box) IsEmpty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.caught
}

// Rethrow continues the panic in the caller's goroutine, once all is cleaned up.
func (b *Box) Rethrow() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.caught {
		panic(b.value)
	}
}
