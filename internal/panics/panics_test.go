// SPDX-License-Identifier: Apache-2.0

package panics

import (
	"sync"
	"testing"
)

// TestBox keeps the first of several panics, and nothing of functions that return.
func TestBox(t *testing.T) {
	t.Parallel()
	var box Box
	run := func(f, caught func()) {
		var group sync.WaitGroup
		group.Go(func() {
			defer box.Catch(caught)
			f()
		})
		group.Wait()
	}
	run(func() {}, func() { t.Error("nothing panicked") })
	if caught := rethrown(&box); caught != nil || !box.IsEmpty() {
		t.Errorf("got %v, and nothing panicked", caught)
	}
	calls := 0
	run(func() { panic("first") }, func() { calls++ })
	run(func() { panic("second") }, func() { calls++ })
	run(func() { panic("third") }, nil)
	if calls != 2 || box.IsEmpty() {
		t.Errorf("told of %d panics, want 2; empty: %v", calls, box.IsEmpty())
	}
	for range 2 {
		if caught := rethrown(&box); caught != "first" {
			t.Errorf("got %v, want the first panic, each time", caught)
		}
	}
}

// rethrown returns what Rethrow panics with.
func rethrown(box *Box) (value any) {
	defer func() { value = recover() }()
	box.Rethrow()
	return nil
}
