// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// newLevel returns a level whose names are all known.
func newLevel(folder string, names ...string) *level {
	lev := &level{folder: folder, isWhole: true}
	for _, name := range names {
		lev.add(name)
	}
	return lev
}

// TestLevelCountsObjects checks that objects in a row are one border, and all expected, also if
// some of them are told again.
func TestLevelCountsObjects(t *testing.T) {
	t.Parallel()
	lev := newLevel("d/", "d/1", "d/2", "d/2", "d/3", "d/a/", "d/b/", "d/c", "d/c", "d/d")
	assert.Equal(t, []string{"d/1", "d/a/", "d/b/", "d/c"}, lev.borders)
	assert.Equal(t, []int{0, 1, 2, 2}, lev.folders)
	assert.Equal(t, []int{3, 3, 3, 5}, lev.objects)
	assert.InDelta(t, 3+20+2, lev.expect(0, 4, 10), 0)
	assert.InDelta(t, 20, lev.expect(1, 3, 10), 0)
	assert.InDelta(t, 2, lev.expect(3, 4, 10), 0)
	assert.Equal(t, "d/d", lev.last, "names are asked for after it")
}

// TestNoCutBeforeFewObjects checks that a shard is not cut where hardly any keys follow.
func TestNoCutBeforeFewObjects(t *testing.T) {
	t.Parallel()
	names := []string{"d/a/"}
	for i := range 600 {
		names = append(names, fmt.Sprintf("d/f%03d", i))
	}
	l := &parallelListing{pageSize: 1000, atOnce: 32, useful: 100}
	s := &shard{last: "d/a/5"}
	s.path = []folderCount{{2, 7000}, {4, 7000}}
	few, many := newLevel("d/", names[:400]...), newLevel("d/", names...)
	assert.Empty(t, l.cutLevel(s, few, 6000).at)
	assert.Equal(t, "d/f000", l.cutLevel(s, many, 6000).at)
	few.isWhole = false
	assert.Equal(t, "d/f000", l.cutLevel(s, few, 6000).at, "more may follow")
}
