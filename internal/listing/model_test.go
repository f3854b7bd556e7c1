// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestForecastProperty cuts shards of any keys within them, at keys that S3 takes.
func TestForecastProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.OneOf(
			rapid.StringOfN(rapid.RuneFrom([]rune("01/ab")), 1, 8, -1),
			rapid.StringN(1, 40, 1024),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 20), func(b []byte) string { return string(b) }),
			rapid.Just(strings.Repeat("long", 256)),
		)
		keys := sorted(rapid.SliceOfN(key, 2, 60).Draw(t, "keys"))
		from := rapid.IntRange(0, len(keys)-1).Draw(t, "from")
		to := rapid.IntRange(from, len(keys)-1).Draw(t, "to") + 1
		share := rapid.Float64Range(0, 1).Draw(t, "share")
		each := rapid.Float64Range(0, 20).Draw(t, "each")
		checkForecast(t, &model{}, shardOf(keys, from, to), share, each, rapid.Bool().Draw(t, "wide"))
	})
}

// FuzzForecast does so with keys that are separated by zero bytes, and a model that has
// learned from all of them.
func FuzzForecast(f *testing.F) {
	f.Add("a/00\x00a/01\x00a/02\x00b/00\x00b/01", uint8(0), uint8(3), uint8(128), false)
	f.Add("log-é\x00log-\xc3\x00log-\xff\x00\xf0\x90\x80\x80", uint8(1), uint8(2), uint8(255), true)
	f.Add("0\x000/\x000//\x000///\x00"+strings.Repeat("/", 1024), uint8(0), uint8(4), uint8(0), true)
	f.Add("e4da3b7f/0806d0c2\x00e4da3b7f/fba10d3c\x00e515df0d/0\x00e515df0d/1", uint8(0), uint8(2), uint8(100), false)
	f.Fuzz(func(t *testing.T, text string, from, to, share uint8, wide bool) {
		keys := sorted(strings.FieldsFunc(text, func(r rune) bool { return r == 0 }))
		if len(keys) == 0 {
			return
		}
		m := &model{}
		m.learn("", entriesOf(keys))
		first := int(from) % len(keys)
		s := shardOf(keys, first, min(len(keys), max(int(to), first+1)))
		checkForecast(t, m, s, float64(share)/255, 10, wide)
		assert.LessOrEqual(t, m.size, mostPlaces)
	})
}

// shardOf returns a shard that has listed keys[from:to], and ends with the next one.
func shardOf(keys []string, from, to int) *shard {
	s := &shard{}
	if from > 0 {
		s.after = keys[from-1]
		s.last = s.after
	}
	l := &parallelListing{pageSize: 10}
	l.put(s, entriesOf(keys[from:to]))
	if to < len(keys) {
		s.until = keys[to]
	}
	return s
}

// checkForecast lets a model learn from a shard and checks what it expects there, and that
// cuts are within the shard, at valid keys.
func checkForecast(t rapid.TB, m *model, s *shard, share, each float64, wide bool) {
	t.Helper()
	m.learn(s.after, s.pages[0])
	f := m.forecast(s, s.until, wide)
	sum := 0.0
	for i, expected := range f.keys {
		if !(expected >= 0 && expected <= mostKeys) {
			t.Fatalf("%v keys are expected at %d", expected, i)
		}
		sum += expected
	}
	assert.InEpsilon(t, 1+sum, 1+f.rest, 1e-6)
	at, branches := f.ahead(f.rest*share, each)
	if !(branches >= 0) {
		t.Fatalf("%v branches", branches)
	}
	for _, cut := range []string{at, f.beyond()} {
		if cut == "" {
			continue
		}
		if cut <= s.last || (s.until != "" && cut >= s.until) || len(cut) > maxGuess || !utf8.ValidString(cut) {
			t.Fatalf("%q is not in (%q, %q)", cut, s.last, s.until)
		}
	}
}

// TestForecastAdvances checks that more keys ahead are at greater keys.
func TestForecastAdvances(t *testing.T) {
	t.Parallel()
	keys := sorted(layouts["hashes"](4000))
	n := sort.SearchStrings(keys, "3")
	l := &parallelListing{pageSize: 1000}
	s := &shard{}
	l.put(s, entriesOf(keys[:n]))
	l.model.learn("", s.pages[0])
	f := l.model.forecast(s, "", false)
	assert.InEpsilon(t, float64(len(keys)-n), f.rest, 0.1)
	last := s.last
	for _, share := range []float64{0.1, 0.3, 0.5, 0.7, 0.9} {
		at, _ := f.ahead(f.rest*share, 10)
		assert.Greater(t, at, last)
		last = at
		came := sort.SearchStrings(keys, at) - n
		assert.InDelta(t, share, float64(came)/float64(len(keys)-n), 0.1)
	}
}

// TestModelWaits checks that nothing is learned before it is known that a server is far, and
// then from all pages.
func TestModelWaits(t *testing.T) {
	t.Parallel()
	l := &parallelListing{}
	s := &shard{}
	l.observe(s, "", objects("a", "b"))
	l.observe(s, "b", objects("c"))
	assert.Zero(t, l.model.size)
	l.pace.isFar = true
	l.observe(s, "c", objects("d"))
	assert.Equal(t, 3, l.model.pages)
	assert.Equal(t, 4, l.model.words[0][0].seen.size())
	assert.Empty(t, l.unlearned)
}

// TestModelIsBounded checks that keys of any kind don't fill the memory.
func TestModelIsBounded(t *testing.T) {
	t.Parallel()
	m := &model{}
	for i := range 256 {
		m.add("", strings.Repeat(string([]byte{byte(i), byte(255 - i), '/'}), 300))
	}
	assert.LessOrEqual(t, m.size, mostPlaces)
}

func TestToValid(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"": "", "a": "a", "é": "é", "a\xc3": "a\u00c0", "a\xe4\xb8": "a\u4e00", "a\xe0": "a\u0800", "a\xf0": "a\U00010000",
		"a\x80b": "a", "a\xffb": "a", "a\xc3b": "a\u00c0", "a\xed\xa0": "a\xed\x80\x80",
	} {
		assert.Equal(t, want, toValid([]byte(key)), "%q", key)
	}
}

// countsOf returns how many nodes of a place were listed up to a character, and how many had it.
func countsOf(p *place, c byte) (chances, counts int) {
	sum := int32(0)
	for i := range int(c) + 1 {
		sum += p.chances[i]
	}
	return int(sum), int(p.counts[c])
}

// TestModelCounts checks that a key, and what it follows, say which characters nodes have,
// and have not.
func TestModelCounts(t *testing.T) {
	t.Parallel()
	type counts map[byte][2]int // by character: nodes that were listed up to it, and that have it
	for name, test := range map[string]struct {
		keys   []string
		isDone bool
		want   []counts // by place
	}{
		"the first key":          {[]string{"bb"}, false, []counts{{'a': {1, 0}, 'b': {1, 1}, 'c': {0, 0}}, {0: {1, 0}, 'b': {1, 1}, 'c': {0, 0}}}},
		"another in its node":    {[]string{"bb", "bd"}, false, []counts{{'b': {1, 1}, 'c': {0, 0}}, {'b': {1, 1}, 'c': {1, 0}, 'd': {1, 1}, 'e': {0, 0}}}},
		"another node":           {[]string{"bb", "da"}, false, []counts{{'b': {1, 1}, 'c': {1, 0}, 'd': {1, 1}, 'e': {0, 0}}, {'a': {2, 1}, 'b': {1, 1}, 'c': {1, 0}, 255: {1, 0}}}},
		"a longer key":           {[]string{"b", "bb"}, false, []counts{{'b': {1, 1}, 'c': {0, 0}}, {'a': {1, 0}, 'b': {1, 1}, 'c': {0, 0}}}},
		"the end of the listing": {[]string{"bb"}, true, []counts{{'b': {1, 1}, 'c': {1, 0}, 255: {1, 0}}, {'b': {1, 1}, 255: {1, 0}}}},
	} {
		m, last := &model{}, ""
		for _, key := range test.keys {
			m.add(last, key)
			last = key
		}
		if test.isDone {
			m.end(last, "")
		}
		for i, want := range test.want {
			p := m.words[0][i]
			for c, counts := range want {
				chances, count := countsOf(p, c)
				assert.Equal(t, counts, [2]int{chances, count}, "%s, place %d, %q", name, i, c)
			}
		}
	}
	m := &model{}
	m.add("", "ab")
	m.add("ab", "cb")
	for last, want := range map[byte][2]int{'a': {1, 1}, 'c': {1, 1}} {
		chances, count := countsOf(m.words[0][1].by[last], 'b')
		assert.Equal(t, want, [2]int{chances, count}, "of those after %q", last)
	}
}

// TestPairs takes bytes of UTF-8 that came nowhere after another one for less likely.
func TestPairs(t *testing.T) {
	t.Parallel()
	m := &model{}
	m.add("", "ба")
	m.add("ба", "бв")
	m.add("бв", "га")
	m.add("га", "дж")
	second := m.at(spot{0, 3, 0xd0}).weights
	for _, seen := range []byte{0xb1, 0xb3, 0xb4} {
		assert.InDelta(t, newPair, second[0xb5]/second[seen], 1e-6, "е came nowhere: %v", second[0xb0:0xb8])
	}
	latin := &model{}
	latin.add("", "ba")
	latin.add("ba", "bd")
	second = latin.at(spot{0, 1, 'b'}).weights
	assert.Greater(t, second['e'], 2*float32(newPair)*latin.words[0][1].weights['e'], "of others, nothing is known from elsewhere")
}

// TestModelSamples checks that a model learns from fewer keys of a page later on.
func TestModelSamples(t *testing.T) {
	t.Parallel()
	var page []Entry
	for i := range 1180 {
		page = append(page, Entry{Key: string([]byte{byte(0x80 + i>>7), byte(0x80 + i&0x7f)})})
	}
	m := &model{}
	m.learn("", page)
	assert.Equal(t, 118, countAll(m.words[0][1]), "118 of the first page")
	for name, test := range map[string]struct{ pages, keys, want int }{
		"the thirteenth page": {12, 1180, 63},
		"many later":          {5000, 1180, 17},
		"a short page":        {0, 100, 100},
	} {
		m := &model{pages: test.pages}
		m.learn("", page[:test.keys])
		assert.Equal(t, test.want, countAll(m.words[0][1]), name)
	}
}

func countAll(p *place) int {
	n := uint32(0)
	for _, count := range p.counts {
		n += count
	}
	return int(n)
}

// TestSpots checks that a name begins after a slash, a word after other separators, and what is
// not told apart.
func TestSpots(t *testing.T) {
	t.Parallel()
	const second, deepest = maxWords, (maxDepth - 1) * maxWords // the first words of the names there
	for _, test := range []struct {
		from spot
		text string
		want spot
	}{
		{spot{}, "a", spot{0, 1, 'a'}},
		{spot{}, "azAZ09\xc3\xa9", spot{0, 8, 0xa9}},
		{spot{}, "a_", spot{1, 0, '_'}},
		{spot{}, "ab - c", spot{1, 1, 'c'}},
		{spot{}, "_a", spot{0, 1, 'a'}},
		{spot{}, "a@b[c`d{e", spot{4, 1, 'e'}},
		{spot{}, "1:2", spot{1, 1, '2'}},
		{spot{}, "a-b/", spot{second, 0, '/'}},
		{spot{}, strings.Repeat("a.", maxWords-1), spot{maxWords - 1, 0, '.'}},
		{spot{}, strings.Repeat("a.", maxWords), spot{maxWords - 1, 1, '.'}},
		{spot{}, strings.Repeat("a.", maxWords) + "/", spot{second, 0, '/'}},
		{spot{deepest - maxWords, 5, 'a'}, "/", spot{deepest, 0, '/'}},
		{spot{deepest, 5, 'a'}, "/", spot{deepest + 1, 0, '/'}},
	} {
		at := test.from
		for i := range len(test.text) {
			at = at.after(test.text[i])
		}
		assert.Equal(t, test.want, at, "%q", test.text)
	}
	m := &model{}
	m.add("", strings.Repeat("k", maxLength+1))
	assert.Len(t, m.words[0], maxLength)
	assert.Nil(t, m.at(spot{0, maxLength, 'k'}))
	assert.Nil(t, m.at(spot{maxWords, 0, '/'}))
	assert.NotNil(t, m.at(spot{0, maxLength - 1, 'k'}))
	full := &model{size: mostPlaces}
	assert.Nil(t, full.place(spot{}))
	full.size--
	assert.NotNil(t, full.place(spot{}))
}

// TestLacks checks that a character is absent after enough nodes without it.
func TestLacks(t *testing.T) {
	t.Parallel()
	months := &model{}
	last := ""
	for day := range 100 {
		key := fmt.Sprintf("%d-%02d", 1+day/28, 1+day%28)
		months.add(last, key)
		last = key
	}
	for key, want := range map[string]bool{
		"4-17": false, "4-28": false, "5-01": false, "9": false, "": false,
		"4-3": true, "4-40": true, "4-29": true, "4-1a": true,
		"5-3": false, // two characters are looked at
	} {
		assert.Equal(t, want, months.lacks(last, key), key)
	}
	assert.False(t, months.lacks("4-41", "4-42"), "what both have is not looked at")
	few := &model{}
	few.learn("", objects("1-01", "2-01", "3-01"))
	assert.False(t, few.lacks("3-01", "3-40"), "of two months")
	few.end("3-01", "")
	assert.True(t, few.lacks("3-01", "3-40"), "of three")
}

// TestWeights checks how likely characters are: as often as they came where they could have,
// and others of their kind.
func TestWeights(t *testing.T) {
	t.Parallel()
	m := &model{}
	last := ""
	for _, key := range []string{"3", "5", "7"} {
		m.add(last, key)
		last = key
	}
	p := m.at(spot{})
	assert.InDelta(t, 1, p.weights['5'], 1e-6, "it came where it could have")
	assert.InDelta(t, 0.4/3, p.weights['4'], 1e-6, "it did not come")
	assert.InDelta(t, 0.4, p.weights['8'], 1e-6, "it may come")
	assert.Zero(t, p.weights['a'], "of another kind")
	m.end(last, "")
	assert.InDelta(t, 0.4/3, m.at(spot{}).weights['8'], 1e-6, "it did not come after all")

	for name, test := range map[string]struct {
		keys []string
		want string // characters that are as likely as those that came
	}{
		"letters and digits near":    {[]string{"a1", "b1", "c1", "d1", "e1"}, lowerHex},
		"capitals near":              {[]string{"A1", "B1", "C1", "D1", "E1"}, upperHex},
		"few letters near":           {[]string{"a1", "b1", "c1", "d1"}, ""},
		"one letter":                 {[]string{"aa", "ba", "ca", "da", "ea"}, ""},
		"one letter, a rich set":     {endingIn("abcdefghijklmnopqrst", "b"), "abcdefghijklmnopqrst"},
		"one letter, not so rich":    {endingIn("abcdefghijklmnopqrs", "b"), ""},
		"two letters near":           {[]string{"aa", "bb", "cb", "db", "eb"}, lowerHex},
		"a folder's end is no digit": {[]string{"a1", "b1", "c1", "d1", "e/"}, ""},
	} {
		m := &model{}
		last := ""
		for _, key := range test.keys {
			m.add(last, key)
			last = key
		}
		kin := m.kin(spot{0, 1, 0})
		assert.Equal(t, test.want, bytesOf(kin), name)
	}
}

func TestCharset(t *testing.T) {
	t.Parallel()
	var set charset
	for _, c := range []byte{0, 'a', 'a', 63, 64, 255} {
		set.add(c)
	}
	assert.Equal(t, 5, set.size())
	for c, want := range map[byte]bool{0: true, 1: false, 'a': true, 'b': false, 63: true, 64: true, 65: false, 255: true, 254: false} {
		assert.Equal(t, want, set.has(c), "%d", c)
	}
	set.drop('a')
	assert.False(t, set.has('a'))
	assert.Equal(t, 4, set.size())
	assert.Equal(t, lowerHex, bytesOf(lowerHexSet))
	assert.Equal(t, upperHex, bytesOf(upperHexSet))
	assert.Equal(t, decimalDigits, bytesOf(digitSet))
	assert.True(t, digitSet.isIn(lowerHexSet))
	assert.False(t, lowerHexSet.isIn(upperHexSet))
	assert.Equal(t, digitSet, lowerHexSet.common(upperHexSet))
	weights := [256]float32{'1': 0.2, '2': 0.8}
	digitSet.fill(&weights, 0.5)
	assert.InDelta(t, 0.5, weights['1'], 0)
	assert.InDelta(t, 0.8, weights['2'], 1e-6, "at least")
	assert.Zero(t, weights['a'])
}
