// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMayGuess holds useless requests, and those that may turn out to be, to their share.
func TestMayGuess(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		useful, useless float64
		guessed         int // shards whose first request runs
		want            bool
	}{
		{0, 0, 0, true},
		{0, 1.9, 0, true}, // a guess may fail twice as hard
		{0, 2, 0, false},
		{20, 20, 0, true},
		{20, 20.5, 0, false},
		{20, 18, 1, true},
		{20, 18.5, 1, false},
		{1000, 137.9, 0, true},
		{1000, 138, 0, false},
		{1000, 0, 2, true},
		{1000, 0, 3, false}, // of 4 requests at once
	} {
		l := newListing("c", "f", "i", "")
		l.useful, l.useless = test.useful, test.useless
		l.ended = 1e9                                    // with full pages
		l.shards[0].busy, l.shards[0].requests = true, 1 // the listing's own
		for _, s := range l.shards[1 : 1+test.guessed] {
			s.busy, s.requests, s.guessed = true, 1, true
		}
		assert.Equal(t, test.want, l.mayGuess(), "%+v", test)
	}
	l := newListing("c", "f", "i", "")
	l.useful = 1000
	for _, s := range l.shards[1:] {
		s.busy, s.requests = true, 2
	}
	assert.True(t, l.mayGuess(), "their first requests were useful")
}

// sampled returns a listing whose first shard got the first hundred of numbered keys,
// and ends at until.
func sampled(until string) (*parallelListing, *shard) {
	l := newListing(until)
	s := l.shards[0]
	for i := range 100 {
		l.letters.add(fmt.Sprintf("data/%05d", i))
	}
	s.sample = keySample{"data/00000", "data/00099", 100}
	s.last = "data/00099"
	return l, s
}

// TestGuessWithinShard guesses only in a shard that is about half again as long.
func TestGuessWithinShard(t *testing.T) {
	t.Parallel()
	for until, want := range map[string]string{
		"":           "data/00799",
		"data/90000": "data/00799",
		"data/01150": "data/00799",
		"data/01149": "",
		"data/00800": "",
		"data/00799": "",
		"data/00150": "",
	} {
		l, s := sampled(until)
		assert.Equal(t, want, l.guess(s, s.until, 700), until)
	}
	l, s := sampled("")
	l.stretch = 2
	assert.Equal(t, "data/01499", l.guess(s, s.until, 700), "corrected by the guesses before")
	assert.Empty(t, l.guess(s, s.until, 1e9), "beyond the layout")
	s.sample.count = 0
	assert.Empty(t, l.guess(s, s.until, 700), "without a sample")
}

// TestGuessOfAbsent does not guess keys that have a character which no key has there.
func TestGuessOfAbsent(t *testing.T) {
	t.Parallel()
	l, s := sampled("")
	var keys []string
	for i := range 150 { // the third digit is up to 2
		keys = append(keys, fmt.Sprintf("data/%02d%d%02d", i/3, i%3, i*37%100))
	}
	assert.Equal(t, "data/00799", l.guess(s, s.until, 700))
	entries := entriesOf(keys)
	l.model.learn("", entries)
	l.put(s, entries)
	s.sample = keySample{keys[0], s.last, len(keys)}
	for wanted, want := range map[float64]string{1: "data/50", 3: "data/50203", 1e9: ""} { // and not data/495...
		assert.Equal(t, want, l.guess(s, s.until, wanted), wanted)
	}
}

// TestGuessOfLongKeys does not guess keys that S3 can't have.
func TestGuessOfLongKeys(t *testing.T) {
	t.Parallel()
	for length, isGuessed := range map[int]bool{1019: true, 1020: false} {
		l := newListing("")
		prefix := strings.Repeat("p", length)
		for i := range 100 {
			l.letters.add(fmt.Sprintf("%s%05d", prefix, i))
		}
		s := l.shards[0]
		s.sample = keySample{prefix + "00000", prefix + "00099", 100}
		s.last = prefix + "00099"
		assert.Equal(t, isGuessed, l.guess(s, s.until, 700) != "", length)
	}
}

// TestCut cuts the first shard that is long enough, at most seven pages further on.
func TestCut(t *testing.T) {
	t.Parallel()
	l, first := sampled("")
	second := l.cut(l.shards)
	require.NotNil(t, second)
	assert.Equal(t, []*shard{first, second}, l.shards)
	assert.Equal(t, "data/00166", first.until, "nearly seven pages of ten")
	assert.InDelta(t, 67.5, first.expected, 0)
	assert.Equal(t, first.until, second.after)
	assert.Empty(t, second.until)
	for name, change := range map[string]func(){
		"no more guesses": func() { l.sequential = true },
		"no sample":       func() { first.sample = keySample{} },
		"done":            func() { first.done = true },
	} {
		l, first = sampled("")
		change()
		assert.Nil(t, l.cut(l.shards), name)
	}
}

// TestStretch corrects guesses by how many keys came, slowly and within bounds.
func TestStretch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		before, expected float64
		keys             int
		want             float64
	}{
		{1, 100, 100, 1},
		{1, 100, 50, math.Pow(2, 0.25)},
		{1, 50, 100, math.Pow(0.5, 0.25)},
		{1, 100, 25, math.Pow(4, 0.25)},
		{1, 1000, 1, math.Pow(4, 0.25)},
		{1, 1000, 0, math.Pow(4, 0.25)},
		{1, 1, 1000, math.Pow(0.25, 0.25)},
		{3.9, 1000, 1, 4},
		{1.0 / 16, 1, 1000, 1.0 / 16},
		{1, 0, 5, 1}, // nothing was expected
	} {
		l := newListing("")
		l.stretch = test.before
		s := l.shards[0]
		s.expected, s.keys = test.expected, test.keys
		l.account(s, nil, &Page{})
		assert.InDelta(t, test.want, l.stretch, 1e-9, "%+v", test)
	}
}

// TestScale takes a key for a number, digit by digit.
func TestScale(t *testing.T) {
	t.Parallel()
	scale := &keyScale{head: "k/", digits: []string{"0123456789", "abc", "-"}, gap: 2, end: 30}
	for key, want := range map[string]float64{
		"k/0a-": 0, "k/0b-": 1, "k/1a-": 3, "k/9c-": 29, "k/": 0, "k/1": 3, "k/1bz": 4,
		"k/:a": 27, "k/0z": 2, "k/0bb": 1,
	} {
		assert.InDelta(t, want, scale.value(key), 0, key)
	}
	assert.Equal(t, "k/1a-", scale.ahead("k/0b-", 1))
	assert.Equal(t, "k/9b-", scale.ahead("k/0a-", 14))
	assert.Empty(t, scale.ahead("k/0a-", 15), "its end")
	assert.Empty(t, scale.ahead("other", 1))
}

// TestRest checks how many more pages a shard is expected to have.
func TestRest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		shard shard
		want  float64
	}{
		"done":                        {shard{done: true, keys: 50, total: 50}, 0},
		"as many as came":             {shard{keys: 50, total: 50}, 5},
		"since something was said":    {shard{keys: 30, total: 100}, 3},
		"at least one":                {shard{keys: 5, total: 50}, 1},
		"what was expected":           {shard{expected: 100, keys: 30, total: 30}, 7},
		"what another was":            {shard{inherited: 100, keys: 30, total: 30}, 7},
		"its own before another's":    {shard{expected: 100, inherited: 900, keys: 30, total: 30}, 7},
		"more than was expected came": {shard{expected: 100, keys: 120, total: 120}, 12},
	} {
		assert.InDelta(t, test.want, newListing("").rest(&test.shard), 1e-9, name)
	}
}

// TestSpare checks how many requests may be useless, and what the shards that were cut off
// will need of them.
func TestSpare(t *testing.T) {
	t.Parallel()
	for useful, want := range map[float64]float64{0: 4, 10: 14, 16: 20, 100: 32} {
		l := newListing("")
		l.useful = useful
		assert.InDelta(t, want, l.spare(), 1e-9, "%v", useful)
	}
	l := newListing("c", "f", "")
	assert.InDelta(t, 0.7, l.pending(), 1e-9, "half a page of each that ends, less for a longer one")
	l.ended, l.wasted = 2, 3
	assert.InDelta(t, 1.7, l.pending(), 1e-9)
	l.shards[1].done = true
	assert.InDelta(t, 0.85, l.pending(), 1e-9)
	l.shards[0].expected = 70
	assert.Zero(t, l.pending(), "it is long")

	l = newListing("")
	for useless, want := range map[float64]bool{0: true, 3.9: true, 4: false} {
		l.useless = useless
		assert.Equal(t, want, l.mayCut(), "%v", useless)
	}
	l.useless, l.asks = 1, make([]*level, 3)
	assert.False(t, l.mayCut(), "those for names count as well")
}

// TestMayGuessAgain stops guesses that turn out to be wrong, if other requests run.
func TestMayGuessAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		running, atOnce, waiting int
		good, bad                float64
		want                     bool
	}{
		"a wrong one":                 {2, 4, 0, 0, 1, true},
		"more than one":               {2, 4, 0, 0, 1.1, false},
		"more, and little runs":       {1, 4, 0, 0, 1.1, true},
		"as many as may be":           {2, 4, 0, 10, 3, true},
		"one in five":                 {2, 4, 0, 10, 3.1, false},
		"one waits":                   {0, 64, 1, 0, 1, true},
		"two wait":                    {0, 64, 2, 0, 1, false},
		"many wait, most were good":   {0, 64, 9, 40, 3, true},
		"as many as may wait":         {0, 64, 10, 40, 3, false},
		"few wait, some were wrong":   {0, 64, 3, 40, 10, true},
		"many wait, some were wrong":  {0, 64, 4, 40, 10, false},
		"few at once, most were good": {0, 4, 3, 40, 10, false},
	} {
		l := newListing("")
		l.useful, l.running, l.atOnce, l.good, l.bad = 1000, test.running, test.atOnce, test.good, test.bad
		for range test.waiting {
			l.shards = append(l.shards, &shard{busy: true, requests: 1, guessed: true})
		}
		assert.Equal(t, test.want, l.mayGuess(), name)
	}
}

// TestGuessCut checks that one guess after the last known key is made at a time, after wrong
// ones at most as far as what came.
func TestGuessCut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(l *parallelListing, s *shard)
		want   borderCut
	}{
		"as wanted": {nil, borderCut{at: "data/00169", keys: 70, isUnsure: true}},
		"after wrong ones, as far as it ran": {func(l *parallelListing, s *shard) {
			l.bad, s.run = 1, 100
		}, borderCut{at: "data/00199", keys: 100, isUnsure: true}},
		"half of what memory holds": {func(l *parallelListing, s *shard) {
			l.bad, s.run = 1, 300
		}, borderCut{at: "data/00239", keys: 140, isUnsure: true}},
		"less if the shard is shorter": {func(l *parallelListing, s *shard) {
			l.bad, s.run, s.until = 1, 300, "data/00300"
		}, borderCut{at: "data/00169", keys: 70, isUnsure: true}},
		"as wanted after few": {func(l *parallelListing, s *shard) {
			l.bad, s.run = 1, 10
		}, borderCut{at: "data/00169", keys: 70, isUnsure: true}},
		"not before an answer": {func(l *parallelListing, s *shard) {
			l.bad, s.answered = 1, false
		}, borderCut{}},
		"before a key that was listed": {func(l *parallelListing, s *shard) {
			l.bad, s.answered, s.until = 1, false, "e"
			l.shards = append(l.shards, &shard{total: 1})
		}, borderCut{at: "data/00169", keys: 70, isUnsure: true}},
		"not so soon after one in vain": {func(_ *parallelListing, s *shard) {
			s.pause = s.total + 1
		}, borderCut{}},
	} {
		l, s := sampled("")
		if test.change != nil {
			test.change(l, s)
		}
		assert.Equal(t, test.want, l.guessCut(s, s.until, 0, 70), name)
	}
	l, s := sampled("e")
	l.bad = 1
	l.shards = append(l.shards, &shard{total: 1})
	s.answered = false
	assert.Equal(t, borderCut{}, l.guessCut(s, "data/90000", 0, 70), "up to a folder's end nothing is known")
}

// TestCutAt checks what a shard keeps, and what its second part gets.
func TestCutAt(t *testing.T) {
	t.Parallel()
	l := newListing("m", "")
	first := l.shards[0]
	l.put(first, objects("a", "b/1"))
	first.expected, first.run, first.isWide, first.hope = 100, 30, true, 5
	second := l.cutAt(0, borderCut{at: "b/5", keys: 20, isUnsure: true})
	require.Equal(t, []*shard{first, second}, l.shards[:2])
	assert.Equal(t, "b/5", first.until)
	assert.InDelta(t, 20, first.expected, 0)
	assert.Zero(t, first.keys)
	assert.Zero(t, first.hope)
	assert.Equal(t, []string{"b/5", "b/5", "m"}, []string{second.after, second.last, second.until})
	assert.True(t, second.guessed && second.isWide)
	assert.False(t, second.isNamed || first.isToName)
	assert.InDelta(t, 100-2-20, second.inherited, 1e-9)
	assert.Equal(t, 50, second.run)
	assert.Equal(t, []folderCount{{2, 21}}, second.path)
	_ = second.guard.check(&Page{Entries: objects("b/5")})
	assert.NotEqual(t, byBytes, second.guard.order.order, "it begins after the cut")

	third := l.cutAt(1, borderCut{at: "c", keys: 0, isUnsure: false})
	assert.False(t, third.guessed)
	assert.InDelta(t, second.inherited, third.inherited, 0, "of no known length: half of it each")
	assert.InDelta(t, 39, third.inherited, 1e-9)
	assert.Zero(t, l.cutAt(2, borderCut{at: "d", keys: 1000, isUnsure: false}).inherited)
	fourth := l.cutAt(2, borderCut{at: "c/5/", isName: true})
	assert.True(t, fourth.isNamed && third.isToName)
	l.cutAt(2, borderCut{at: "c/4"})
	assert.False(t, third.isToName, "it ends before the name now")
}

// TestNext checks which shard a request is made for: the first that waits for one, but not
// beyond the memory.
func TestNext(t *testing.T) {
	t.Parallel()
	l := newListing("c", "f", "")
	l.sequential = true // no cuts
	first, second, third := l.shards[0], l.shards[1], l.shards[2]
	assert.Same(t, first, l.next())
	first.busy = true
	assert.Same(t, second, l.next())
	second.done = true
	assert.Same(t, third, l.next())
	third.busy = true
	assert.Nil(t, l.next())
	third.busy = false
	for kept, want := range map[int]*shard{pagesAhead*l.atOnce - 1: third, pagesAhead * l.atOnce: nil} {
		l.kept = kept
		assert.Same(t, want, l.next(), "%d pages", kept)
	}
	first.busy, l.kept = false, 100
	assert.Same(t, first, l.next(), "the head may continue")
	first.pages = [][]Entry{objects("a")}
	assert.Nil(t, l.next(), "but not while it has a page")
	first.busy, first.pages, first.expected = true, nil, 10*28*10
	for kept, want := range map[int]*shard{14: third, 15: nil} {
		l.kept = kept
		assert.Same(t, want, l.next(), "much is expected before it, and %d pages are kept", kept)
	}
}
