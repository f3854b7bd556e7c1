// SPDX-License-Identifier: Apache-2.0

// Package panics brings a panic of a caller's function from a goroutine of ours to the
// caller's, where it does not end the process before anything is cleaned up. It must
// not know whose functions they are. Start reading at [Box].
package panics

import (
	"errors"
	"sync"
)

// ErrPanicked ends what runs next to a function that panicked. The caller sees the panic.
var ErrPanicked = errors.New("a function of the caller panicked")

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
