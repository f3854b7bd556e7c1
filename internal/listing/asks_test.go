// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestBorder checks which folders a shard asks for, and when it waits for their names.
func TestBorder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(l *parallelListing, s *shard)
		asks   string
		waits  bool
		at     string
	}{
		"nothing is known":        {nil, "|f/", true, ""},
		"many names come anyway":  {func(_ *parallelListing, s *shard) { s.children = fewChildren + 1 }, "", true, ""},
		"all have a prefix":       {func(l *parallelListing, _ *shard) { l.prefix = "f/" }, "f/", true, ""},
		"before an answer":        {func(_ *parallelListing, s *shard) { s.answered = false }, "none", false, ""},
		"a part, at first":        {func(_ *parallelListing, s *shard) { s.until, s.requests = "f/x", longShard-1 }, "none", false, ""},
		"a part that is long":     {func(_ *parallelListing, s *shard) { s.until, s.requests = "f/x", longShard }, "|f/", true, ""},
		"the server is not asked": {func(l *parallelListing, _ *shard) { l.level = nil }, "none", false, ""},
		"names are on the way": {func(l *parallelListing, _ *shard) {
			l.levels[""] = &level{isAsked: true}
		}, "none", true, ""},
		"names are known": {func(l *parallelListing, _ *shard) {
			lev := levelOf("f/", "a/ b/ c/ d/ e/ g/ h/")
			lev.passed, lev.keys, lev.isWhole = 20, 200, true
			l.levels[""], l.levels["f/"] = levelOf("", "f/"), lev
			l.levels[""].isWhole = true
		}, "none", false, "f/e/"},
	} {
		l := newListing("")
		l.levels, l.level = map[string]*level{}, (&fakeBucket{}).level
		s := l.shards[0]
		s.sample, s.last, s.children = keySample{"f/a/1", "f/b/1", 10}, "f/b/1", 2
		if test.change != nil {
			test.change(l, s)
		}
		c, _, waits := l.border(s, 25)
		assert.Equal(t, test.at, c.at, name)
		assert.Equal(t, test.waits, waits, name)
		asks := []string{}
		for _, lev := range l.asks {
			asks = append(asks, lev.folder)
			assert.Equal(t, "f/b/1", lev.after, name)
		}
		if len(asks) == 0 {
			asks = []string{"none"}
		}
		assert.Equal(t, test.asks, strings.Join(asks, "|"), name)
	}
}

// TestLevelsLearn checks that the keys of folders count as soon as their names are known.
func TestLevelsLearn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, last string
		want        float64
	}{
		"a page in the folder":     {"f/a/1", "f/b/5", 5},
		"a page that began before": {"e/1", "f/b/5", 0},
		"a page that goes beyond":  {"f/a/1", "g/1", 0},
	} {
		l := newListing("")
		s := l.shards[0]
		s.sample, s.last, s.total, s.added, s.path = keySample{test.first, test.last, 10}, test.last, 10, 10, []folderCount{{2, 10}, {4, 5}}
		lev := &level{folder: "f/"}
		l.learn(lev, &Page{Entries: objects("f/a/", "f/b/", "f/c/")}, nil)
		assert.InDelta(t, test.want, lev.keys, 0, name)
	}
	l := newListing("")
	s := l.shards[0]
	lev := levelOf("f/", "a/ b/ c/")
	l.levels = map[string]*level{"f/": lev}
	s.last, s.path = "f/c/1", []folderCount{{2, 30}, {4, 4}}
	l.count(s, "f/a/1", []folderCount{{2, 20}, {4, 6}}, 10)
	assert.InDelta(t, 2, lev.passed, 0)
	assert.InDelta(t, 6+10-4, lev.keys, 0)
}
