// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A passing Main has tests that need nothing and pass.
type passing struct{}

// Run passes.
func (passing) Run() int { return 0 }

func TestBounded(t *testing.T) { //nolint:paralleltest // sets the process's memory limit
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	assert.Zero(t, Bounded(passing{}).Run())
	if runtime.GOOS != "linux" || hasOwnNeeds() {
		t.Skip("the peak is not measured")
	}
	assert.Greater(t, peakMemory(), int64(MiB))
	assert.Equal(t, 1, bounded{passing{}, MiB}.Run(), "the tests of this package need more")
}
