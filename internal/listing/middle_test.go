// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// exploring returns a listing whose only shard has pages of keys that begin with "docs a".
func exploring() (*parallelListing, *shard) {
	s := &shard{}
	l := &parallelListing{pageSize: 100, atOnce: 32, shards: []*shard{s}, levels: map[string]*level{}}
	l.pace.isFar = true
	for page := range 3 {
		entries := entriesOf(numbered(100, fmt.Sprintf("docs a%d-%%02d", page)))
		l.put(s, entries)
		l.model.learn("", entries)
		s.sample = keySample{entries[0].Key, s.last, 100}
	}
	l.useful = 3
	return l, s
}

// TestExplore cuts the last shard after all that is expected of it first, once at a time,
// until it is known where the keys end.
func TestExplore(t *testing.T) {
	t.Parallel()
	l, first := exploring()
	second := l.cutInTheMiddle(l.shards)
	require.NotNil(t, second)
	assert.Equal(t, "docs b", second.after)
	assert.Equal(t, second.after, first.until)
	assert.True(t, second.guessed)
	l, _ = exploring()
	assert.Nil(t, l.cutInTheMiddle(l.shards[:0]), "memory is full before the last shard")
	l.tail = "docs z"
	second = l.cutInTheMiddle(l.shards)
	require.NotNil(t, second)
	assert.Less(t, second.after, "docs b", "the end is known: in the middle")
	l, first = exploring()
	first.isTight = true
	assert.Nil(t, l.explore(0))
}

// TestLongest checks which shard is worth a cut: of more than a few pages, and with more than
// its part of all that is expected.
func TestLongest(t *testing.T) {
	t.Parallel()
	const few, most = minRest * 100, farther * 100 // of pages of 100 keys
	for name, test := range map[string]struct {
		rests []float64 // that are expected; below 0 of one that is not to be cut
		want  int
		keys  float64
	}{
		"nothing":             {nil, -1, few},
		"a few keys":          {[]float64{few}, -1, few},
		"more":                {[]float64{few + 1}, 0, few + 1},
		"the longer one":      {[]float64{few + 1, few + 400, few + 2}, 1, few + 400},
		"the first of two":    {[]float64{few + 1, few + 1}, 0, few + 1},
		"of many alike":       {[]float64{few + 1, few + 1, few + 1}, -1, 0},
		"one that is tight":   {[]float64{-few - 2, few + 1}, 1, few + 1},
		"more than is looked": {[]float64{most + 1}, 0, most},
	} {
		l := &parallelListing{pageSize: 100, atOnce: 4}
		for _, rest := range test.rests {
			l.shards = append(l.shards, &shard{total: 1, sample: keySample{count: 1}, forecast: &forecast{rest: max(rest, -rest)}, isTight: rest < 0})
		}
		longest, keys := l.longest(l.shards)
		assert.Equal(t, test.want, longest, name)
		assert.InDelta(t, test.keys, keys, 0, name)
	}
}

// TestSureCut checks that a long shard between keys is cut in its middle also if no guess may
// be made.
func TestSureCut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rest   float64
		after  int // keys of the shard after it
		isSure bool
	}{{801, 1, true}, {800, 1, false}, {801, 0, false}} {
		l := &parallelListing{pageSize: 100, shards: []*shard{{}, {total: test.after}}}
		assert.Equal(t, test.isSure, l.isSure(0, test.rest), "%+v", test)
		assert.False(t, l.isSure(1, test.rest), "the last shard")
	}
	l := &parallelListing{pageSize: 50, atOnce: 32, levels: map[string]*level{}, useful: 20}
	s := &shard{until: "a/99999"}
	entries := entriesOf(numbered(3000, "a/%05d"))
	l.put(s, entries)
	l.model.learn("", entries)
	s.sample = keySample{entries[0].Key, s.last, 50}
	l.shards = []*shard{s, {after: s.until, last: s.until, total: 1, answered: true}}
	for range 3 { // whose answers are not known
		l.shards = append(l.shards, &shard{guessed: true, busy: true, requests: 1})
	}
	require.False(t, l.mayGuess())
	second := l.cutInTheMiddle(l.shards)
	require.NotNil(t, second)
	assert.False(t, second.guessed)
	l.running = 16
	assert.Nil(t, l.cutInTheMiddle(l.shards), "half of the requests run")
}
