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
