// SPDX-License-Identifier: Apache-2.0

package openfiles

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestAtOnce has fewer files be transferred at once where fewer may be open.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{0: 64, 1 << 20: 64, 1024: 64, 1023: 63, 256: 16, 128: 8, 20: 8} {
		assert.Equal(t, want, atOnce(limit), "%d", limit)
	}
	assert.Equal(t, atOnce(Limit()), AtOnce())
}
