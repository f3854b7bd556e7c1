// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFits compares the page that reaches over a shard's beginning with what the
// shard began with.
func TestFits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		over, begin []Entry
		done, more  bool
		want        bool
	}{
		"the same":                       {objects("c", "d"), objects("c", "d"), false, true, true},
		"the shard is longer":            {objects("c", "d"), objects("c", "d", "e"), false, true, true},
		"the shard is shorter":           {objects("c", "d", "e"), objects("c", "d"), false, true, true},
		"a key was stored meanwhile":     {objects("c", "e"), objects("b", "c", "d", "e"), false, true, true},
		"the first key is missing":       {objects("c", "d"), objects("d"), false, true, false},
		"a key is missing in the middle": {objects("c", "d", "e"), objects("c", "e"), false, true, false},
		"the last key is missing":        {objects("c", "d"), objects("c", "e"), false, true, false},
		"nothing reaches over":           {nil, objects("c"), false, true, true},
		"nothing has come":               {objects("c"), nil, false, true, true},
		"the shard is empty":             {objects("c"), nil, true, true, false},
		"keys were promised":             {nil, nil, true, true, false},
		"after the last page":            {nil, objects("c"), false, false, false},
		"after the last page, empty":     {nil, nil, true, false, false},
	} {
		before := &shard{joined: true, done: true, more: test.more, over: test.over}
		r := &shard{answered: true, begin: test.begin, done: test.done}
		assert.Equal(t, test.want, fits(before, r), name)
		assert.Equal(t, test.want && len(test.begin) > 0, r.joined, name)
	}
	for name, pair := range map[string][2]*shard{
		"joined already":            {{joined: true, done: true}, {answered: true, joined: true, begin: objects("c")}},
		"the one before is unsure":  {{done: true}, {answered: true, begin: objects("c")}},
		"the one before still runs": {{joined: true}, {answered: true, begin: objects("c")}},
		"no answer":                 {{joined: true, done: true}, {}},
	} {
		wasJoined := pair[1].joined
		assert.True(t, fits(pair[0], pair[1]), name)
		assert.Equal(t, wasJoined, pair[1].joined, name)
	}
}

// newListing has shards that end where the next one begins; the first is the
// listing's, and all have been answered.
func newListing(untils ...string) *parallelListing {
	l := &parallelListing{pageSize: 10, atOnce: 4, results: make(chan pageResult, 9), stretch: 1, pace: pace{isFar: true}}
	after := ""
	for i, until := range untils {
		r := &shard{after: after, last: after, until: until, first: i == 0, joined: i == 0, answered: true, more: true}
		l.shards = append(l.shards, r)
		after = until
	}
	return l
}

// TestGiveUp has the shard before list a part again, from what it knows of it on.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	l := newListing("m", "t", "")
	first, second, third := l.shards[0], l.shards[1], l.shards[2]
	l.put(second, objects("n", "o"))
	assert.Equal(t, 1, l.kept)
	assert.Same(t, first, l.giveUp(second))
	assert.Equal(t, []*shard{first, third}, l.shards)
	assert.Equal(t, "t", first.until)
	assert.True(t, second.dropped)
	assert.Zero(t, l.kept)
	assert.Equal(t, promise{after: "m", key: "o"}, l.seen)
	assert.False(t, first.done, "it has not come so far")

	// The one before has been yielded, and its last page reaches to its new end.
	l = newListing("m", "t", "")
	first, second, third = l.shards[0], l.shards[1], l.shards[2]
	l.put(first, objects("l", "m", "n", "u", "v"))
	require.True(t, first.done)
	assert.Equal(t, objects("n", "u", "v"), first.over)
	l.prev, l.shards, first.pages, l.kept = first, l.shards[1:], nil, 0
	assert.Same(t, first, l.giveUp(second))
	assert.Equal(t, []*shard{first, third}, l.shards)
	assert.Nil(t, l.prev)
	assert.Equal(t, [][]Entry{objects("n")}, first.pages)
	assert.Equal(t, objects("u", "v"), first.over)
	assert.True(t, first.done)
	assert.Equal(t, 1, l.kept)

	// And beyond that.
	l.giveUp(third)
	assert.Equal(t, [][]Entry{objects("n"), objects("u", "v")}, first.pages)
	assert.Empty(t, first.over)
	assert.False(t, first.done, "its token goes on")
	assert.Equal(t, "v", first.last)
}

// TestJoinGoesOn joins all shards that wait for the first one.
func TestJoinGoesOn(t *testing.T) {
	t.Parallel()
	l := newListing("c", "f", "")
	first, second, third := l.shards[0], l.shards[1], l.shards[2]
	second.begin = objects("d", "e", "f", "g")
	l.put(second, second.begin)
	third.begin = objects("g", "h")
	l.put(third, third.begin)
	l.join(third)
	l.join(second)
	assert.False(t, second.joined || third.joined, "the first has not come so far")
	l.put(first, objects("a", "b", "d"))
	l.join(first)
	assert.True(t, second.joined && third.joined)

	// What follows a shard that is given up is judged by the one before.
	l = newListing("c", "f", "")
	first, second, third = l.shards[0], l.shards[1], l.shards[2]
	second.begin = objects("e", "f", "g") // without d
	l.put(second, second.begin)
	third.begin = objects("h") // without g
	l.put(third, third.begin)
	l.put(first, objects("a", "b", "d", "e", "f", "g"))
	l.join(first)
	assert.Equal(t, []*shard{first}, l.shards)
	assert.Equal(t, [][]Entry{objects("a", "b"), objects("d", "e", "f"), objects("g")}, first.pages)
	assert.False(t, first.done)
}

// TestTokensOnlyLate covers a server that names itself only in a later answer.
func TestTokensOnlyLate(t *testing.T) {
	t.Parallel()
	for _, after := range []int{1, 2, 5, 9, 30} {
		keys := sorted(append(numbered(500, "a/%04d"), numbered(500, "a-%04d")...))
		n := 0
		bucket := newServer(keys, 10, "", startAfters["MinIO"])
		fetch := func(ctx context.Context, start, token string, early func(string)) (*Page, error) {
			page, err := bucket.fetch(ctx, start, token, early)
			if err != nil {
				return nil, err
			}
			bucket.mu.Lock()
			defer bucket.mu.Unlock()
			n++
			page.TokensOnly = n > after
			return page, nil
		}
		var got []string
		for page, err := range Pages(t.Context(), fetch, Options{PageSize: 10, Parallel: 8}) {
			require.NoError(t, err)
			for _, entry := range page {
				got = append(got, entry.Key)
			}
		}
		assert.Equal(t, keys, got)
	}
	l := newListing("c", "f", "")
	first := l.shards[0]
	l.tokensOnly()
	assert.Equal(t, []*shard{first}, l.shards)
	assert.Empty(t, first.until)
	assert.Nil(t, l.cut(l.shards))
}

// TestSettle asks again where tokens have led to an end and a later key was listed.
func TestSettle(t *testing.T) {
	t.Parallel()
	type answer struct {
		startAfter, last []string
		more             bool
	}
	for name, test := range map[string]struct {
		answers  []answer // pairs of requests
		isError  bool
		wants    int // requests
		reopened bool
	}{
		"the key is gone":         {[]answer{{nil, nil, false}}, false, 1, false},
		"only keys before":        {[]answer{{[]string{"a", "e"}, nil, false}}, false, 1, false},
		"the end has moved":       {[]answer{{[]string{"g"}, []string{"d", "e", "f", "g"}, false}}, false, 2, true},
		"there is more":           {[]answer{{[]string{"g"}, []string{"d"}, true}}, false, 2, true},
		"first both, then gone":   {[]answer{{[]string{"g"}, []string{"e"}, false}, {nil, nil, false}}, false, 3, false},
		"it stays with both":      {slices.Repeat([]answer{{[]string{"g"}, []string{"e"}, false}}, maxDoubts), true, 2 * maxDoubts, false},
		"an empty last page, too": {slices.Repeat([]answer{{[]string{"g"}, nil, false}}, maxDoubts), true, 2 * maxDoubts, false},
	} {
		requests := 0
		l := newListing("")
		r := l.shards[0]
		r.before, r.last, r.done, r.more = "the token", "e", true, false
		l.prev, l.shards, l.seen = r, nil, promise{after: "b", key: "g"}
		l.fetch = func(_ context.Context, after, token string, _ func(string)) (*Page, error) {
			a := test.answers[requests/2]
			requests++
			if token == "" {
				assert.Equal(t, "e", after, "no page of what has been yielded")
				return &Page{Entries: entriesOf(a.startAfter)}, nil
			}
			assert.Equal(t, "the token", token)
			page := &Page{Entries: entriesOf(a.last), Truncated: a.more}
			if a.more {
				page.Next = "next"
			}
			return page, nil
		}
		err := l.settle(t.Context())
		assert.Equal(t, test.isError, err != nil, "%s: %v", name, err)
		assert.Equal(t, test.wants, requests, name)
		assert.Equal(t, test.reopened, len(l.shards) == 1, name)
	}
	l := newListing("")
	l.prev, l.seen = l.shards[0], promise{key: "c"}
	l.prev.last, l.shards = "c", nil
	require.NoError(t, l.settle(t.Context()), "no request where the key was listed")
	for fails := range 2 {
		l.seen.key = "d"
		n := -1
		l.fetch = func(context.Context, string, string, func(string)) (*Page, error) {
			if n++; n == fails {
				return nil, errFake
			}
			return &Page{Entries: objects("d")}, nil
		}
		require.ErrorIs(t, l.settle(t.Context()), errFake)
	}
}

// TestRequestsAtOnce uses as many requests as it may, and not more.
func TestRequestsAtOnce(t *testing.T) {
	t.Parallel()
	for atOnce, want := range map[int]int{2: 2, 5: 5, 16: 16, maxAtOnce + 100: maxAtOnce} {
		synctest.Test(t, func(t *testing.T) {
			count := 11 * want
			bucket := &fakeBucket{keys: numbered(count, "data/part-%08d"), pageSize: 2, latency: time.Second}
			got, err := bucket.list(t.Context(), "", "", atOnce)
			require.NoError(t, err)
			assert.Len(t, got, count)
			assert.LessOrEqual(t, bucket.most, want, "%d at once", atOnce)
			assert.GreaterOrEqual(t, bucket.most, want*4/5, "%d at once", atOnce)
		})
	}
}

// TestShortPages checks that the length of the first page tells the server's pages.
func TestShortPages(t *testing.T) {
	t.Parallel()
	bucket := &fakeBucket{keys: numbered(5000, "data/%05d"), pageSize: 10}
	count, pages := 0, 0
	for page, err := range Pages(t.Context(), bucket.fetch, Options{PageSize: 1000, Parallel: 8}) {
		require.NoError(t, err)
		count += len(page)
		pages++
	}
	assert.Equal(t, 5000, count)
	assert.LessOrEqual(t, bucket.requests, 620)
	l := newListing("")
	page := &Page{Entries: objects("a", "b"), Truncated: true, Next: "1"}
	require.NoError(t, l.take(pageResult{from: l.shards[0], page: page}))
	assert.Equal(t, 2, l.pageSize)
	require.NoError(t, l.take(pageResult{from: l.shards[0], page: &Page{Entries: objects("c"), Truncated: true, Next: "2"}}))
	assert.Equal(t, 2, l.pageSize, "only the first one")
}

// TestServerOrderDropsGuesses keeps what was joined to the shard that showed the order.
func TestServerOrderDropsGuesses(t *testing.T) {
	t.Parallel()
	l := newListing("c", "f", "")
	first := l.shards[0]
	assert.True(t, l.keepServerOrder(first))
	assert.Equal(t, []*shard{first}, l.shards)
	assert.Empty(t, first.until)
	assert.True(t, l.sequential)

	l = newListing("c", "f", "")
	first = l.shards[0]
	assert.False(t, l.keepServerOrder(l.shards[1]), "a guess is given up itself")
	assert.Equal(t, []*shard{first}, l.shards)
}

// TestGuess guesses keys of a layout.
func TestGuess(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		format  string
		numbers []int // of the sample
		more    int
		want    int
	}{
		{"data/%05d", []int{0, 99}, 700, 799},
		{"data/%05d", []int{100, 199}, 50, 249},
		{"data/%05d/x", []int{0, 999}, 7000, 7999},
		{"%04x", []int{0x100, 0x1ff}, 0x700, 0x8ff},
		{"%04X", []int{0x100, 0x1ff}, 0x700, 0x8ff},
	} {
		var letters alphabets
		for i := test.numbers[0]; i <= test.numbers[1]; i++ {
			letters.add(fmt.Sprintf(test.format, i))
		}
		sample := keySample{fmt.Sprintf(test.format, test.numbers[0]), fmt.Sprintf(test.format, test.numbers[1]), test.numbers[1] - test.numbers[0] + 1}
		scale, ok := newKeyScale(sample, &letters, 0)
		require.True(t, ok, test.format)
		got := scale.ahead(sample.last, float64(test.more))
		assert.Equal(t, fmt.Sprintf(test.format, test.want), got)
		assert.Empty(t, scale.ahead(sample.last, 1e12), "too far")
	}
	long := strings.Repeat("long/", 50)
	var letters alphabets
	for i := range 100 {
		letters.add(fmt.Sprintf(long+"%05d", i))
	}
	scale, ok := newKeyScale(keySample{long + "00000", long + "00099", 100}, &letters, 0)
	require.True(t, ok)
	assert.Equal(t, long+"00799", scale.ahead(long+"00099", 700))
	assert.Empty(t, scale.ahead("short/00099", 700), "not of this layout")
	letters = alphabets{}
	for _, sample := range []keySample{{"a", "a", 1}, {"a", "b", 1}, {"ab", "a", 2}, {"a", "a", 2}} {
		_, ok := newKeyScale(sample, &letters, 0)
		assert.False(t, ok, "%v", sample)
	}
	for _, key := range []string{"a1", "b2"} {
		letters.add(key)
	}
	_, ok = newKeyScale(keySample{"a1", "b2", 2}, &letters, 1)
	assert.False(t, ok, "what is fixed does not change")
	_, ok = newKeyScale(keySample{"a1", "b2", 2}, &letters, 0)
	assert.True(t, ok)
}

func TestAlphabet(t *testing.T) {
	t.Parallel()
	var letters alphabet
	for _, key := range []string{"a0-7", "b9-f", "c5-e", "d4-0", "c3-1", "e1-2", "f2-a"} {
		letters.add(key)
	}
	assert.Equal(t, lowerHex, letters.at(0), "five letters, and digits near")
	assert.Equal(t, decimalDigits, letters.at(1)[:10])
	assert.Equal(t, "-", letters.at(2))
	assert.Equal(t, lowerHex, letters.at(3))
	assert.Empty(t, letters.at(4))
	var words alphabet
	for _, key := range []string{"x/an", "x/be", "y/go"} {
		words.add(key)
	}
	assert.Equal(t, "xy", words.at(0))
	assert.Equal(t, "abg", words.at(2))
}

// TestPositions checks that a position is one in a name, wherever the name begins.
func TestPositions(t *testing.T) {
	t.Parallel()
	var letters alphabets
	for _, key := range []string{"a/1/x", "bbb/2/y", "cc/34/z"} {
		letters.add(key)
	}
	positions := letters.positions("bbb/3/zz")
	seen := func(p position) string { return p.bytes[p.i] }
	if assert.Len(t, positions, 7, "no name at that depth is so long") {
		assert.Equal(t, "abc", seen(positions[0]))
		assert.Equal(t, "/", positions[3].digits())
		assert.Equal(t, decimalDigits, positions[4].digits())
		assert.Equal(t, "/", positions[5].digits(), "a name ends where the key's does")
		assert.Equal(t, "xyz", positions[6].digits())
		assert.Equal(t, "bc", positions[1].digits(), "and nowhere else")
	}
	assert.Empty(t, letters.positions(""))
	assert.Len(t, letters.positions("bbb/2/y/deeper"), 7, "nothing is known of that depth")
}
