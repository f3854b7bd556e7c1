// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPathOfKeys checks that keys are counted in each folder of the last one.
func TestPathOfKeys(t *testing.T) {
	t.Parallel()
	known := func() *shard { return &shard{last: "f/a/9", run: 10, path: []folderCount{{2, 5}, {4, 3}}} }
	for name, test := range map[string]struct {
		page []Entry
		want []folderCount
	}{
		"in the same folder":  {objects("f/a/91", "f/a/92"), []folderCount{{2, 7}, {4, 5}}},
		"in the next":         {objects("f/a/91", "f/b/1", "f/b/2"), []folderCount{{2, 8}, {4, 2}}},
		"in another":          {objects("f/a/91", "g/1"), []folderCount{{2, 1}}},
		"in none":             {objects("g", "h"), nil},
		"a folder of folders": {objects("f/a/91", "f/b/c/1"), []folderCount{{2, 7}, {4, 1}, {6, 1}}},
	} {
		s := known()
		s.enter(test.page)
		assert.Equal(t, test.want, s.path, name)
	}
	s := known()
	for folder, want := range map[string]float64{"f/": 5, "f/a/": 3, "f/b/": 0, "g/": 0, "": 0, "f/a/9/": 0} {
		assert.InDelta(t, want, cameIn(s.path, s.last, folder), 0, folder)
	}
	for last, want := range map[string][]folderCount{"f/b/1": {{2, 25}}, "f/a/95": {{2, 25}, {4, 23}}, "g": nil} {
		second := &shard{last: last}
		second.inherit(s, 20)
		assert.Equal(t, 30, second.run)
		assert.Equal(t, want, second.path, last)
	}
}

// TestAccount checks how pages and shards count.
func TestAccount(t *testing.T) {
	t.Parallel()
	l := newListing("z")
	s := l.shards[0]
	s.guessed = true
	l.account(s, objects("a", "b", "c", "d"), &Page{Truncated: true, Next: "1"})
	assert.Equal(t, "1", s.token)
	assert.True(t, s.more && !s.done)
	assert.InDeltaSlice(t, []float64{0.4, 0.6, 0.4, 0.6, 0, 0}, []float64{l.useful, l.useless, l.good, l.bad, l.ended, l.wasted}, 1e-9)
	assert.Equal(t, keySample{"a", "d", 4}, s.sample)
	assert.Equal(t, 4, s.children)

	l.account(s, objects("e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"), &Page{Truncated: true})
	assert.InDeltaSlice(t, []float64{1.4, 0.6, 0.4, 0.6, 0, 0}, []float64{l.useful, l.useless, l.good, l.bad, l.ended, l.wasted}, 1e-9, "a page counts once, a guess with its first")
	l.account(s, objects("x", "zz"), &Page{Truncated: true})
	assert.True(t, s.done && s.more)
	assert.InDeltaSlice(t, []float64{1.5, 1.5, 0.4, 0.6, 1, 0.9}, []float64{l.useful, l.useless, l.good, l.bad, l.ended, l.wasted}, 1e-9)

	for keys, want := range map[int][2]float64{2: {1, 0}, 3: {0, 1}, 30: {0, 1}} {
		l := newListing("z")
		s := l.shards[0]
		s.expected, s.keys = 9, keys
		l.account(s, nil, &Page{})
		assert.Equal(t, want, [2]float64{l.short, l.fair}, "%d keys of 9", keys)
		assert.Zero(t, l.ended, "it had none")
	}
	l = newListing("")
	l.account(l.shards[0], objects("a"), &Page{})
	assert.Zero(t, l.ended, "the last shard ends anyway")
}

// TestTake checks which answers of a shard are believed.
func TestTake(t *testing.T) {
	t.Parallel()
	last := &Page{Entries: objects("d")}
	for name, test := range map[string]struct {
		page       *Page
		trust      Trust
		isAnswered bool
		shards     int
	}{
		"the end after a guess":           {last, Unknown, false, 1},
		"the end after tokens":            {last, Unknown, true, 2},
		"the end of a sound server":       {last, Sound, false, 2},
		"more":                            {&Page{Entries: objects("d"), Truncated: true, Next: "1"}, Unknown, false, 2},
		"a server to be listed by tokens": {&Page{Entries: objects("d"), Truncated: true, Next: "1", TokensOnly: true}, Unknown, false, 1},
	} {
		l := newListing("c", "")
		l.trust, l.running, l.useful = test.trust, 1, 1
		second := l.shards[1]
		second.answered = test.isAnswered
		require.NoError(t, l.take(pageResult{from: second, page: test.page}), name)
		assert.Len(t, l.shards, test.shards, name)
		assert.Zero(t, l.running, name)
		assert.True(t, second.answered && !second.busy, name)
		if test.page.TokensOnly {
			assert.Zero(t, l.kept, "the guess does not count any more")
		}
	}
	l := newListing("")
	s := l.shards[0]
	s.last, s.repeated = "b", true
	s.guard.order.rewind("b")
	require.NoError(t, l.take(pageResult{from: s, page: &Page{Entries: objects("a", "b"), Truncated: true, Next: "1"}}))
	assert.True(t, s.repeated, "only keys that came before")
	require.NoError(t, l.take(pageResult{from: s, page: &Page{Entries: objects("b", "c"), Truncated: true, Next: "2"}}))
	assert.False(t, s.repeated)
	assert.Equal(t, [][]Entry{objects("c")}, s.pages)
	require.ErrorIs(t, l.take(pageResult{from: s, err: errFake}), errFake)
	s.dropped = true
	require.NoError(t, l.take(pageResult{from: s, err: errFake}), "it does not count any more")
}

// TestTakeReady takes the answers that are there, and stops at an error.
func TestTakeReady(t *testing.T) {
	t.Parallel()
	l := newListing("")
	require.NoError(t, l.takeReady(), "there is none")
	l.running = 3
	l.results <- pageResult{from: l.shards[0], page: &Page{Entries: objects("a"), Truncated: true, Next: "1"}}
	l.results <- pageResult{from: l.shards[0], err: errFake}
	l.results <- pageResult{from: l.shards[0], err: errFake}
	require.ErrorIs(t, l.takeReady(), errFake)
	assert.Len(t, l.results, 1)
	assert.Equal(t, 1, l.kept)
}
