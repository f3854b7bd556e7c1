// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// levelOf returns a level of a folder with names.
func levelOf(folder, names string) *level {
	lev := &level{folder: folder}
	for _, name := range strings.Fields(names) {
		lev.add(folder + name)
	}
	return lev
}

// TestLevelNames checks which names are borders: folders, and the first of objects in a row.
func TestLevelNames(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]struct {
		borders string
		folders []int
	}{
		"a/ b/ c/":      {"a/ b/ c/", []int{1, 2, 3}},
		"a b c":         {"a", []int{0}},
		"a b c/ d e f/": {"a c/ d f/", []int{0, 1, 1, 2}},
		"a/ b c d/ e":   {"a/ b d/ e", []int{1, 1, 2, 2}},
		"b/ a/ b/ c/":   {"b/ c/", []int{1, 2}},
		"b/ b c":        {"b/ c", []int{1, 1}},
	} {
		lev := levelOf("", names)
		assert.Equal(t, strings.Fields(want.borders), lev.borders, names)
		assert.Equal(t, want.folders, lev.folders, names)
	}
	lev := &level{}
	assert.Equal(t, 1, lev.add("a/"))
	assert.Equal(t, 0, lev.add("a/"))
	assert.Equal(t, 0, lev.add("b"))
	assert.Equal(t, 0, lev.add("c"))
	assert.Equal(t, 1, lev.add("d/"))
}

func TestFolders(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ folder, key, want string }{
		{"", "a/b/c", "a/"},
		{"a/", "a/b/c", "a/b/"},
		{"a/b/", "a/b/c", ""},
		{"a/b/", "a", ""},
		{"", "", ""},
	} {
		assert.Equal(t, test.want, childOf(test.folder, test.key), "%+v", test)
	}
	for _, test := range []struct{ first, last, want string }{
		{"a/b/1", "a/b/2", "a/b/"},
		{"a/b/1", "a/c/2", "a/"},
		{"a/b/1", "b", ""},
		{"a/", "a/1", "a/"},
		{"x", "x", ""},
	} {
		assert.Equal(t, test.want, folderOf(keySample{first: test.first, last: test.last}), "%+v", test)
	}
	for keys, want := range map[string]int{
		"a": 1, "a b c": 3, "f/a f/b": 2, "f/a/1 f/a/2 f/b/1": 2, "f/a f/a/1 f/b": 2, "f/a/1 f/b/1 f/c": 3, "a/1 b/1 b/2": 2, "f/g/a f/g f/g/b": 3, "f/ab f f/ac": 3,
	} {
		assert.Equal(t, want, childrenOf(objects(strings.Fields(keys)...)), keys)
	}
}

// TestLevelExpects checks how many keys are expected between names.
func TestLevelExpects(t *testing.T) {
	t.Parallel()
	lev := levelOf("f/", "a/ b/ c d/ e/")
	for key, want := range map[string]int{"": 0, "f/": 0, "f/a/": 1, "f/a/1": 1, "f/b/": 2, "f/c": 3, "f/d/7": 4, "f/e/": 5, "z": 5} {
		assert.Equal(t, want, lev.from(key), key)
	}
	for until, want := range map[string]int{"": 5, "f/a/": 0, "f/a/1": 1, "f/b/": 1, "f/c1": 3, "f/e/": 4, "z": 5} {
		assert.Equal(t, want, lev.to(until), until)
	}
	assert.InDelta(t, 41, lev.expect(0, 5, 10), 0)
	assert.InDelta(t, 21, lev.expect(1, 4, 10), 0)
	assert.InDelta(t, 1, lev.expect(2, 3, 10), 0)
	assert.Zero(t, lev.expect(3, 3, 10))
	for _, test := range []struct{ keys, passed, longest, want float64 }{
		{0, 0, 0, 100},
		{0, 0, 250, 250},
		{300, 2, 250, 150},
		{1, 2, 0, 1},
	} {
		lev := &level{keys: test.keys, passed: test.passed, longest: test.longest}
		assert.InDelta(t, test.want, lev.perFolder(100), 0, "%+v", test)
	}
	for last, want := range map[string]float64{"f/a/1": 70, "f/b/1": 120, "f/c": 0, "f/d/1": 100} {
		lev.keys, lev.passed = 100, 1
		s := &shard{last: last, path: []folderCount{{2, 500}, {4, map[string]int{"f/a/1": 30, "f/b/1": 120}[last]}}}
		assert.InDelta(t, want, lev.restOf(s, 10), 0, last)
	}
}

// TestLevelCounts checks that the keys of folders count that a page has left.
func TestLevelCounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before       string
		came         float64 // of the folder that the page began in
		last         string
		now          int // of the folder that its last key is in
		passed, keys float64
	}{
		"in the same folder":  {"f/a/1", 30, "f/a/9", 130, 0, 0},
		"in the next":         {"f/a/1", 30, "f/b/1", 40, 1, 90},
		"after the next":      {"f/a/1", 30, "f/d/1", 40, 2, 90},
		"of no known folder":  {"f/d/1", 0, "f/d/2", 100, 0, 0},
		"after the last name": {"f/d/1", 10, "f/e/1", 20, 1, 90},
		"after all names":     {"f/e/1", 10, "f/x", 0, 0, 0},
	} {
		lev := levelOf("f/", "a/ b/ c d/ e/")
		s := &shard{last: test.last, path: []folderCount{{2, 500}, {4, test.now}}}
		lev.count(s, test.before, test.came, 100)
		assert.InDelta(t, test.passed, lev.passed, 0, name)
		assert.InDelta(t, test.keys, lev.keys, 0, name)
		assert.InDelta(t, float64(test.now), lev.longest, 0, name)
	}
}

// TestLevelForgets has the folders of later pages count more than those of earlier ones, once
// enough are known.
func TestLevelForgets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ passed, keys, wantPassed, wantKeys float64 }{
		{24, 240, 25, 330},
		{25, 250, 25, 330},
		{30, 300, 28, 360},
		{100, 1000, 91, 990},
	} {
		lev := levelOf("f/", "a/ b/ c/")
		lev.passed, lev.keys = test.passed, test.keys
		s := &shard{last: "f/b/1", path: []folderCount{{2, 500}, {4, 40}}}
		lev.count(s, "f/a/1", 30, 100)
		assert.InDelta(t, test.wantPassed, lev.passed, 1e-9, "%+v", test)
		assert.InDelta(t, test.wantKeys, lev.keys, 1e-9, "%+v", test)
		lev.count(s, "f/b/0", 30, 100)
		assert.InDelta(t, test.wantPassed, lev.passed, 1e-9, "no folder was passed")
	}
}

// TestLevelLimits checks where the folder ends that a shard's last key is in, and whether more
// names are needed.
func TestLevelLimits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		last, until string
		isWhole     bool
		isFlat      bool
		limit       string
		isExhausted bool
	}{
		"in a folder":                {last: "f/a/1", limit: "f/a0", isExhausted: true},
		"up to a key in it":          {last: "f/a/1", until: "f/a/5", limit: "f/a/5"},
		"up to a key after it":       {last: "f/a/1", until: "f/z/1", limit: "f/a0", isExhausted: true},
		"up to a key that is known":  {last: "f/a/1", until: "f/c", limit: "f/a0"},
		"in the last that is known":  {last: "f/d/1", limit: "", isExhausted: true},
		"in the last of all":         {last: "f/d/1", isWhole: true, limit: "f/d0"},
		"up to a key in the last":    {last: "f/b/1", until: "f/d/5", limit: "f/b0"},
		"up to one after the last":   {last: "f/b/1", until: "f/d0", limit: "f/b0", isExhausted: true},
		"in no folder":               {last: "f/c", until: "f/d/1", limit: "f/d/1"},
		"all names are known":        {last: "f/a/1", isWhole: true, limit: "f/a0"},
		"hardly any folders":         {last: "f/a/1", isFlat: true, limit: "f/a0"},
		"after all that are known":   {last: "f/x/1", until: "f/x/5", limit: "f/x/5"},
		"after them, and no end":     {last: "f/x/1", limit: "", isExhausted: true},
		"after them, up to another":  {last: "f/x/1", until: "f/y/1", limit: "f/y/1", isExhausted: true},
		"the end of the folder only": {last: "f/a/1", until: "f/a0", limit: "f/a0"},
	} {
		lev := levelOf("f/", "a/ b/ c d/")
		lev.isWhole, lev.isFlat = test.isWhole, test.isFlat
		s := &shard{last: test.last, until: test.until}
		assert.Equal(t, test.limit, lev.limit(s, s.until), name)
		assert.Equal(t, test.isExhausted, lev.isExhausted(s), name)
	}
	assert.False(t, (&level{}).isExhausted(&shard{}), "without a name")
}

// TestSmallFolders checks which folders are not worth a cut within them.
func TestSmallFolders(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		last, names           string
		keys, passed, longest float64
		want                  bool
	}{
		"nothing is known":          {"f/a/1", "a/ b/", 0, 0, 10, true},
		"one is long":               {"f/a/1", "a/ b/", 0, 0, 11, false},
		"others are short":          {"f/a/1", "a/ b/", 149, 1, 11, true},
		"others are long":           {"f/a/1", "a/ b/", 150, 1, 11, false},
		"the last key has none":     {"f/c", "a/ b/", 149, 1, 11, false},
		"it is the only one":        {"f/a/1", "a/", 149, 1, 11, false},
		"known, but none is longer": {"f/a/1", "a/ b/", 150, 1, 5, false},
	} {
		lev := levelOf("f/", test.names)
		lev.keys, lev.passed, lev.longest = test.keys, test.passed, test.longest
		assert.Equal(t, test.want, lev.isSmall(&shard{last: test.last}, 10, 100), name)
	}
}

// TestCutLevel cuts at the first name after as many keys as wanted, or in the middle of
// fewer if little else is to be done.
func TestCutLevel(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		last, until, tail string
		passed            float64
		running           int
		useful            float64
		want              borderCut
	}{
		"all names":            {"f/a/1", "", "", 20, 9, 9, borderCut{at: "f/d/", keys: 30, isUnsure: false, isName: true}},
		"hardly known":         {"f/a/1", "", "", 11, 9, 9, borderCut{at: "f/d/", keys: 30, isUnsure: true, isName: true}},
		"well known":           {"f/a/1", "", "", 12, 9, 9, borderCut{at: "f/d/", keys: 30, isUnsure: false, isName: true}},
		"up to a key":          {"f/a/1", "f/e/1", "", 20, 9, 9, borderCut{at: "f/d/", keys: 30, isUnsure: false, isName: true}},
		"too few":              {"f/a/1", "f/e/", "", 20, 9, 9, borderCut{}},
		"too few, and time":    {"f/a/1", "f/e/", "", 20, 1, 4, borderCut{at: "f/c/", keys: 20, isUnsure: true, isName: true}},
		"time, too early":      {"f/a/1", "f/e/", "", 20, 1, 3, borderCut{}},
		"too busy":             {"f/a/1", "f/e/", "", 20, 2, 4, borderCut{}},
		"far too few":          {"f/a/1", "f/d/", "", 20, 1, 4, borderCut{}},
		"no name":              {"f/a/1", "f/b/", "", 20, 1, 4, borderCut{}},
		"up to the tail":       {"f/a/1", "", "f/e/", 20, 9, 9, borderCut{}},
		"a tail after the end": {"f/a/1", "f/f/", "f/z/", 20, 9, 9, borderCut{at: "f/d/", keys: 30, isUnsure: false, isName: true}},
		"after the last":       {"f/h/1", "", "", 20, 1, 4, borderCut{}},
	} {
		lev := levelOf("f/", "a/ b/ c/ d/ e/ f/ g/ h/")
		lev.passed, lev.keys = test.passed, 10*test.passed
		l := &parallelListing{pageSize: 10, atOnce: 8, tail: test.tail, running: test.running, useful: test.useful}
		s := &shard{last: test.last, until: test.until}
		assert.Equal(t, test.want, l.cutLevel(s, lev, 30), name)
	}
}

// TestWant bounds how many folders are asked for, and takes the upper ones and the deepest.
func TestWant(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		unknown, want string
		asked, useful float64
		isKnown       bool // that the server must not be asked
	}{
		"one":            {unknown: "a/", want: "a/"},
		"three":          {unknown: "a/ a/b/ a/b/c/", want: "a/ a/b/ a/b/c/"},
		"five":           {unknown: "a/ a/b/ a/b/c/ a/b/c/d/ a/b/c/d/e/", want: "a/ a/b/ a/b/c/d/e/"},
		"enough":         {unknown: "a/", asked: spareAsks},
		"not yet enough": {unknown: "a/", want: "a/", asked: spareAsks - 0.5},
		"a share":        {unknown: "a/", want: "a/", asked: spareAsks + 2.9, useful: 100},
		"over the share": {unknown: "a/", asked: spareAsks + 3, useful: 100},
		"never":          {unknown: "a/", isKnown: true},
	} {
		l := newListing("")
		l.levels, l.asked, l.useful = map[string]*level{}, test.asked, test.useful
		if !test.isKnown {
			l.level = (&fakeBucket{}).level
		}
		var unknown []*level
		for _, folder := range strings.Fields(test.unknown) {
			unknown = append(unknown, &level{folder: folder})
		}
		assert.Equal(t, test.want != "", l.want(unknown), name)
		var got []string
		for _, lev := range l.asks {
			got = append(got, lev.folder)
			assert.True(t, lev.isAsked, name)
			assert.Same(t, lev, l.levels[lev.folder], name)
		}
		assert.Equal(t, test.want, strings.Join(got, " "), name)
		assert.InDelta(t, test.asked+float64(len(got)), l.asked, 0, name)
	}
}

// TestLevelAnswers checks what is learned of an answer with names, and that a server that has
// another order, or fails, is not asked again.
func TestLevelAnswers(t *testing.T) {
	t.Parallel()
	folders := func(n int) (names []string) {
		for i := range n {
			names = append(names, "f/"+string(rune('A'+i))+"/")
		}
		return names
	}
	for name, test := range map[string]struct {
		page                     *Page
		err                      error
		isOver                   bool // for all folders
		isFlat, isWhole, hasRest bool
		names                    int
	}{
		"all names":      {page: &Page{Entries: objects(folders(25)...)}, isWhole: true, names: 25},
		"few folders":    {page: &Page{Entries: objects(folders(19)...)}, isWhole: true, isFlat: true, names: 19},
		"enough folders": {page: &Page{Entries: objects(folders(20)...), Truncated: true}, hasRest: true, names: 20},
		"of others too":  {page: &Page{Entries: objects("e/", "f/a/", "g/")}, isWhole: true, isFlat: true, names: 1},
		"out of order":   {page: &Page{Entries: objects("f/b/", "f/a/")}, isOver: true},
		"an error":       {err: errFake, isOver: true},
	} {
		l := newListing("")
		l.level = (&fakeBucket{}).level
		lev, waits := &level{folder: "f/", isAsked: true}, &level{folder: "g/", isAsked: true}
		l.asks = []*level{waits}
		if test.page == nil {
			test.page = &Page{}
		}
		l.learn(lev, test.page, test.err)
		assert.InDelta(t, 1, l.useless, 0, name)
		assert.False(t, lev.isAsked, name)
		assert.Equal(t, test.isOver, l.level == nil, name)
		assert.Equal(t, test.isOver, waits.isWhole && !waits.isAsked, name)
		if test.isOver {
			assert.Empty(t, l.asks, name)
			assert.True(t, lev.isWhole, name)
			continue
		}
		assert.Len(t, lev.borders, test.names, name)
		assert.Equal(t, test.isFlat, lev.isFlat, name)
		assert.Equal(t, test.isWhole, lev.isWhole, name)
		assert.Equal(t, !test.hasRest, lev.isOnly, name)
		l.learn(lev, &Page{Entries: objects("f/z/")}, nil)
		assert.False(t, lev.isOnly, "it is the second answer")
	}
	l := newListing("c", "")
	l.learn(&level{}, &Page{TokensOnly: true}, nil)
	assert.Len(t, l.shards, 1, "guesses are given up")
}
