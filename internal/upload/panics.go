// SPDX-License-Identifier: Apache-2.0

package upload

import "sync"

// A panicBox keeps the first panic of a caller's function that ran in a goroutine
// that is not the caller's, where it would end the process before anything is
// cleaned up. Its zero value is empty; it is safe for concurrent use.
type panicBox struct {
	mu     sync.Mutex
	caught bool
	value  any
}

// catch is deferred around a call of the caller's function. It calls caught, if that
// is not nil, after a panic.
func (b *panicBox) catch(caught func()) {
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

// rethrow continues the panic in the caller's goroutine, once all is cleaned up.
func (b *panicBox) rethrow() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.caught {
		panic(b.value)
	}
}
