// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestKeyScaleWindow checks which part of a key is taken for a number: some characters
// before the first that differs, as something may be carried there, and some after it.
func TestKeyScaleWindow(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("0", 30)
	for name, test := range map[string]struct {
		first, last string
		fixed       int
		head        string
		digits      int
		end         float64
	}{
		"all":                        {"k/000", "k/099", 0, "", 5, 1000},
		"after what is fixed":        {"k/000", "k/099", 2, "k/", 3, 1000},
		"six digits may be carried":  {zeros[:10] + "00", zeros[:10] + "99", 0, "0000", 8, 1e8},
		"eight digits are precise":   {"0" + zeros[:12], "9" + zeros[:12], 0, "", 8, 1e8},
		"and what is before":         {"00" + zeros[:12], "09" + zeros[:12], 0, "", 9, 1e9},
		"constants cost nothing":     {strings.Repeat("c", 40) + "0", strings.Repeat("c", 40) + "9", 0, "", 41, 10},
		"but there are so many":      {strings.Repeat("c", 60) + "0", strings.Repeat("c", 60) + "9", 0, strings.Repeat("c", 12), 49, 10},
		"and as many afterwards":     {"0" + strings.Repeat("c", 60), "9" + strings.Repeat("c", 60), 0, "", 48, 10},
		"a key that is longer":       {"0", "01", 0, "", 2, 100},
		"fixed up to what differs":   {"k/000", "k/099", 3, "k/0", 2, 100},
		"one digit after the others": {"k/1", "k/9", 0, "", 3, 10},
	} {
		var letters alphabets
		letters.add(test.first)
		letters.add(test.last)
		scale, ok := newKeyScale(keySample{test.first, test.last, 11}, &letters, test.fixed)
		require.True(t, ok, name)
		assert.Equal(t, test.head, scale.head, name)
		assert.Len(t, scale.digits, test.digits, name)
		assert.InDelta(t, test.end, scale.end, 0, name)
		assert.InEpsilon(t, (scale.value(test.last)-scale.value(test.first))/10, scale.gap, 1e-9, name)
	}
	var letters alphabets
	letters.add("k/0")
	letters.add("k/9")
	for name, sample := range map[string]keySample{
		"no distance":       {"k/9", "k/0", 2},
		"one key":           {"k/0", "k/9", 1},
		"equal keys":        {"k/9", "k/9", 2},
		"a key that it has": {"k/9x", "k/9", 2},
		"an unknown place":  {"k/9/0", "k/9/1", 2},
	} {
		_, ok := newKeyScale(sample, &letters, 0)
		assert.False(t, ok, name)
	}
}
