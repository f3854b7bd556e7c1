// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// divided returns a listing with shards that have listed numbers of three digits: from, to and
// until of each. All such keys are listed in the end.
func divided(shards ...[3]string) *parallelListing {
	l := newListing()
	l.atOnce, l.useful, l.model = 8, 100, *digitModel()
	for _, part := range shards {
		s := &shard{after: part[0], last: part[0], until: part[2], answered: true, joined: true}
		var page []Entry
		for i := range 1000 {
			if key := fmt.Sprintf("%03d", i); key > part[0] && key <= part[1] {
				page = append(page, Entry{Key: key})
			}
		}
		l.put(s, page)
		s.sample = keySample{part[0], part[1], len(page)}
		l.shards = append(l.shards, s)
	}
	return l
}

// TestCutInTheMiddle cuts the shard with the longest rest, if little else runs.
func TestCutInTheMiddle(t *testing.T) {
	t.Parallel()
	shards := [][3]string{{"", "299", "499"}, {"499", "549", ""}}
	for name, test := range map[string]struct {
		change   func(l *parallelListing)
		cut      int // the shard, -1 for none
		from, to string
		isSure   bool // as keys follow the shard
	}{
		"the longest":     {nil, 1, "7", "8", false},
		"another is done": {func(l *parallelListing) { l.shards[1].done = true }, 0, "3", "5", true},
		"without a place": {func(l *parallelListing) { l.shards[1].isTight = true }, 0, "3", "5", true},
		"half runs":       {func(l *parallelListing) { l.running = 4 }, -1, "", "", false},
		"less runs":       {func(l *parallelListing) { l.running = 3 }, 1, "7", "8", false},
		"no more guesses": {func(l *parallelListing) { l.useless = 40 }, -1, "", "", false},
		"too short": {func(l *parallelListing) {
			l.shards[0].done, l.shards[1].done, l.pageSize = true, true, 10
		}, -1, "", "", false},
		"three pages are expected": {func(l *parallelListing) { l.shards[0].done, l.pageSize = true, 150 }, -1, "", "", false},
		"more are":                 {func(l *parallelListing) { l.shards[0].done, l.pageSize = true, 149 }, 1, "7", "8", false},
	} {
		l := divided(shards...)
		if test.change != nil {
			test.change(l)
		}
		second := l.cutInTheMiddle(l.shards)
		if test.cut < 0 {
			assert.Nil(t, second, name)
			continue
		}
		if !assert.NotNil(t, second, name) {
			continue
		}
		assert.Same(t, second, l.shards[test.cut+1], name)
		assert.Equal(t, !test.isSure, second.guessed, name)
		assert.Greater(t, second.after, test.from, name)
		assert.Less(t, second.after, test.to, name)
	}
}

// TestForecastOf checks up to where a shard's rest is expected, and when a forecast was wrong.
func TestForecastOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ until, tail, want string }{
		"to the end":             {"", "", ""},
		"to the shard's":         {"5", "", "5"},
		"to the tail":            {"", "3", "3"},
		"to the tail, if before": {"5", "3", "3"},
		"to the shard's before":  {"27", "3", "27"},
		"a tail that has passed": {"", "2", ""},
		"a tail at the last key": {"5", "249", "5"},
	} {
		l := divided([3]string{"", "249", test.until})
		l.tail = test.tail
		f := l.forecastOf(l.shards[0])
		assert.Equal(t, test.want, f.until, name)
		assert.Same(t, f, l.forecastOf(l.shards[0]), "until something changes")
	}
	for hope, want := range map[float64]bool{0: false, 182: true, 183: false, 1000: false} {
		l := divided([3]string{"", "249", ""})
		s := l.shards[0]
		s.hope = hope
		l.forecastOf(s)
		assert.Equal(t, want, s.isWide, "250 keys came, and %v were hoped for", hope)
	}
	l := divided([3]string{"", "249", ""})
	f := l.forecastOf(l.shards[0])
	assert.InDelta(t, 250+f.rest, l.shards[0].hope, 1e-9)
}

// TestCanDivide checks of which shards enough is known.
func TestCanDivide(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		shard  shard
		useful float64
		want   bool
	}{
		"known":                 {shard{total: 1, sample: keySample{count: 1}}, 0, true},
		"done":                  {shard{total: 1, sample: keySample{count: 1}, done: true}, 0, false},
		"no key":                {shard{sample: keySample{count: 1}}, 0, false},
		"no sample":             {shard{total: 1}, 0, false},
		"it waits":              {shard{total: 1, sample: keySample{count: 1}, waits: true}, exploreAfter - 1, false},
		"it waits for too long": {shard{total: 1, sample: keySample{count: 1}, waits: true}, exploreAfter, true},
	} {
		l := newListing("")
		l.useful = test.useful
		assert.Equal(t, test.want, l.canDivide(&test.shard), name)
	}
}

// TestCutCosts cuts less often after many useless requests, and in the middle first if shards
// turn out to be short.
func TestCutCosts(t *testing.T) {
	t.Parallel()
	l, first := sampled("")
	l.useful, l.useless = 1000, 100
	require.NotNil(t, l.cut(l.shards))
	assert.InDelta(t, 67.5*1.32, first.expected, 1e-9)
	for name, test := range map[string]struct {
		short, fair float64
		running     int
		want        bool
	}{
		"short ones, others run":      {3, 1, 2, false},
		"short ones, little runs":     {3, 1, 1, true},
		"few of them":                 {2, 0, 2, true},
		"as many fair ones":           {4, 2, 2, true},
		"more than two for each fair": {5, 2, 2, false},
	} {
		l, _ := sampled("")
		l.short, l.fair, l.running = test.short, test.fair, test.running
		assert.Equal(t, test.want, l.cut(l.shards) != nil, name)
	}
}

// TestExploreStopsAtTheTail does not cut where a guess was given up: the same key would be
// guessed, and given up, again and again.
func TestExploreStopsAtTheTail(t *testing.T) {
	t.Parallel()
	for tail, want := range map[string]string{"": "99:", "99": "", "99:": "", "5": ""} {
		l := divided([3]string{"989", "999", ""})
		l.tail = tail
		second := l.explore(0)
		if want == "" {
			assert.Nil(t, second, tail)
		} else if assert.NotNil(t, second, tail) {
			assert.Equal(t, want, second.after, tail)
		}
	}
}
