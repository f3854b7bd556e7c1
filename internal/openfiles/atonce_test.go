// SPDX-License-Identifier: Apache-2.0

package openfiles

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestAtOnce has fewer files be transferred at once where fewer may be open.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ n, limit, want int }{
		{64, 0, 64}, {64, 1 << 20, 64}, {64, 1024, 64}, {64, 1023, 63}, {64, 256, 16}, {64, 128, 8}, {64, 20, 8}, {4, 20, 4}, {4, 1024, 4},
	} {
		assert.Equal(t, test.want, atOnce(test.n, test.limit), "%d of %d", test.n, test.limit)
	}
	assert.Equal(t, 1, AtOnce(1))
}
