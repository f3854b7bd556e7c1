// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestMiddle cuts a shard, that has listed some keys up to one, where about half of the
// others are expected.
func TestMiddle(t *testing.T) {
	t.Parallel()
	numbers := func(format string, from, to int) (keys []string) {
		for i := from; i < to; i++ {
			keys = append(keys, fmt.Sprintf(format, i))
		}
		return keys
	}
	for name, test := range map[string]struct {
		keys        []string
		until, want string
	}{
		"hexadecimal digits":         {numbers("a/%03x", 0, 0x300), "a/~", "a/9"},
		"up to another digit":        {numbers("a/%03x", 0, 0x300), "a/5", "a/4"},
		"nothing in between":         {numbers("c/%03d", 0, 1000), "c/9999", ""},
		"characters that are always": {numbers("a/img-%03d", 0, 1000), "a/imh", ""},
	} {
		l := &parallelListing{pageSize: 0x100}
		s := &shard{}
		entries := entriesOf(test.keys)
		l.put(s, entries)
		l.model.learn("", entries)
		f := l.model.forecast(s, test.until, false)
		at, _ := f.ahead(f.rest/2, 0x100)
		assert.Equal(t, test.want, at, name)
	}
}

// TestCeiling checks that a folder's end counts as a shard's only if all names after it are
// known.
func TestCeiling(t *testing.T) {
	t.Parallel()
	lev := &level{borders: []string{"a/", "b/"}, folders: []int{1, 2}, isOnly: true, isWhole: true}
	l := &parallelListing{levels: map[string]*level{"": lev}}
	assert.Empty(t, l.ceiling(&shard{last: "a/1"}), "b/ follows")
	assert.Equal(t, "b0", l.ceiling(&shard{last: "b/1"}))
	assert.Equal(t, "b/7", l.ceiling(&shard{last: "b/1", until: "b/7"}))
	lev.after = "b/3"
	assert.Empty(t, l.ceiling(&shard{last: "b/1"}), "names before b/3 are not known")
	lev.after, lev.isOnly = "", false
	assert.Empty(t, l.ceiling(&shard{last: "b/1"}), "there may be others")
}

// TestTally checks that keys are counted by what they have of the last one.
func TestTally(t *testing.T) {
	t.Parallel()
	s := &shard{}
	for _, page := range [][]string{{"aa", "ab1", "ab2"}, {"ab3", "ab4"}, {"ba", "bb", "bc1", "bc2"}} {
		s.tally(entriesOf(page))
		s.last = page[len(page)-1]
	}
	assert.Equal(t, []int{9, 4, 2, 1}, s.counts)
}
