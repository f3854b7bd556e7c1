// SPDX-License-Identifier: Apache-2.0

package panics

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
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
	assert.True(t, box.IsEmpty())
	assert.NotPanics(t, box.Rethrow)
	calls := 0
	run(func() { panic("first") }, func() { calls++ })
	run(func() { panic("second") }, func() { calls++ })
	run(func() { panic("third") }, nil)
	assert.Equal(t, 2, calls)
	assert.False(t, box.IsEmpty())
	assert.PanicsWithValue(t, "first", box.Rethrow)
	assert.PanicsWithValue(t, "first", box.Rethrow)
}
