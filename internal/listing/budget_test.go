// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReserve keeps some of the useless requests for when few run.
func TestReserve(t *testing.T) {
	t.Parallel()
	l := newListing("")
	l.atOnce, l.useful = 32, 1000
	for running, want := range map[int]float64{0: 140, 4: 140, 5: 137, 32: 137} {
		l.running = running
		assert.InDelta(t, want, l.spare(), 1e-9, running)
	}
	l.useful = 1
	assert.InDelta(t, 5, l.spare(), 0, "the first ones")
}

// TestGuessesAtOnce checks how many guesses may wait for their answers: fewer after wrong ones.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		good, bad float64
		want      int
	}{{0, 0, 3}, {1, 0, 4}, {9, 0, 6}, {1, 1, 2}, {0, 3, 1}, {20, 3, 6}, {9, 5, 2}} {
		l := newListing("")
		l.atOnce, l.useful, l.good, l.bad = 32, 1e6, test.good, test.bad
		most := 0
		for ; l.mayGuess(); most++ {
			l.shards = append(l.shards, &shard{guessed: true, busy: true, requests: 1})
		}
		assert.Equal(t, test.want, most, "%+v", test)
	}
}

// TestNamesAtOnce checks how many cuts at names may wait for their answers: more after right ones,
// fewer after wrong ones.
func TestNamesAtOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		good, bad float64
		want      int
	}{{0, 0, 4}, {1, 0, 7}, {4, 0, 16}, {1, 1, 4}, {0, 3, 1}, {0, 50, 1}, {9, 5, 6}} {
		l := newListing("")
		l.goodNames, l.badNames = test.good, test.bad
		l.shards = append(l.shards, &shard{isNamed: true, answered: true}, &shard{guessed: true})
		most := 0
		for ; l.mayCutAtName(); most++ {
			l.shards = append(l.shards, &shard{isNamed: true})
		}
		assert.Equal(t, test.want, most, "%+v", test)
	}
}

// TestCutsAtNamesWait does not cut at a name while too many such cuts wait for their answers.
func TestCutsAtNamesWait(t *testing.T) {
	t.Parallel()
	for waiting, want := range map[int]string{3: "f/g/", 4: ""} {
		l := newListing("")
		l.levels = map[string]*level{"": levelOf("", "f/"), "f/": levelOf("f/", "a/ b/ c/ d/ e/ g/ h/")}
		l.levels["f/"].passed, l.levels["f/"].keys = 20, 400
		s := l.shards[0]
		s.sample, s.last = keySample{"f/a/1", "f/b/1", 10}, "f/b/1"
		for range waiting {
			l.shards = append(l.shards, &shard{isNamed: true, done: true})
		}
		l.running, l.bad = 4, 9 // as many guesses were wrong that none is made
		second := l.cut(l.shards)
		if want == "" {
			assert.Nil(t, second)
			continue
		}
		require.NotNil(t, second)
		assert.Equal(t, want, second.after)
		assert.True(t, second.isNamed)
	}
}

// TestCutsAtNames checks that a cut at a name is right with a full page or a third of the keys
// that were expected, and that it does not correct guesses.
func TestCutsAtNames(t *testing.T) {
	t.Parallel()
	page := objects("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
	for _, test := range []struct {
		expected  float64
		keys      int
		isNamed   bool
		good, bad float64
	}{
		{100, 10, true, 1, 0},
		{100, 9, true, 0, 1},
		{15, 5, true, 1, 0},
		{15, 4, true, 0, 1},
		{0, 0, true, 1, 0},
		{15, 4, false, 0, 0},
	} {
		l := newListing("z")
		s := l.shards[0]
		s.isNamed, s.expected = test.isNamed, test.expected
		l.account(s, page[:test.keys], &Page{Truncated: true})
		assert.InDeltaSlice(t, []float64{test.good, test.bad}, []float64{l.goodNames, l.badNames}, 0, "%+v", test)
		l.account(s, objects("k"), &Page{Truncated: test.keys > 0})
		if test.keys > 0 {
			assert.InDeltaSlice(t, []float64{test.good, test.bad}, []float64{l.goodNames, l.badNames}, 0, "only the first page counts")
		}
	}
	for isToName, want := range map[bool]bool{true: true, false: false} {
		l := newListing("z")
		l.shards[0].expected, l.shards[0].isToName = 100, isToName
		l.account(l.shards[0], objects("a"), &Page{})
		assert.Equal(t, want, l.stretch == 1, "%v", isToName)
		assert.InDelta(t, 1, l.short, 0, "it is a short shard nevertheless")
	}
}

// TestMiss has a shard wait for more keys after each guess that was in vain, each time for
// twice as many, before the next guess.
func TestMiss(t *testing.T) {
	t.Parallel()
	l, s := sampled("")
	s.answered, s.total = true, 100
	guess := func() string { return l.guessCut(s, "", 0, 67.5).at }
	assert.NotEmpty(t, guess())
	for _, pages := range []int{2, 4, 8} {
		l.insert(1, &shard{after: "data/00166", last: "data/00166", guessed: true})
		l.account(l.shards[1], nil, &Page{})
		l.shards = l.shards[:1]
		s.total += 10*pages - 1
		assert.Empty(t, guess(), pages)
		s.total++
		assert.NotEmpty(t, guess(), pages)
	}
	l.insert(1, &shard{after: "data/00166", last: "data/00166", guessed: true})
	l.account(l.shards[1], entriesOf([]string{"data/00167"}), &Page{})
	assert.Equal(t, 3, s.misses, "it had a key")
}

// TestShortOnce counts guesses that were wrong for the same reason as one short shard.
func TestShortOnce(t *testing.T) {
	t.Parallel()
	l := newListing("b", "c", "d", "")
	l.shards[0].total = 1
	for _, s := range l.shards[1:] {
		s.expected = 100
		l.account(s, nil, &Page{})
	}
	assert.InDelta(t, 1, l.short, 0)
	l.shards[2].total = 1 // of earlier pages
	l.account(l.shards[2], nil, &Page{})
	assert.InDelta(t, 2, l.short, 0)
}

// TestLastPagesAreForTheHead checks that only what is yielded next may use the last pages.
func TestLastPagesAreForTheHead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kept, expected int // pages in memory, and of the head
		isNext         bool
	}{{23, 10, true}, {26, 10, true}, {27, 4, true}, {27, 5, false}, {28, 1, false}} {
		l := newListing("m", "t", "")
		l.sequential = true
		l.kept = test.kept
		head, second := l.shards[0], l.shards[1]
		head.busy, head.expected = true, float64(10*test.expected)
		if test.isNext {
			assert.Same(t, second, l.next(), "%+v", test)
		} else {
			assert.Nil(t, l.next(), "%+v", test)
		}
	}
}
