// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func objects(keys ...string) []Entry { return entriesOf(keys) }

func common(keys ...string) []Entry {
	entries := entriesOf(keys)
	for i := range entries {
		entries[i].IsPrefix = true
	}
	return entries
}

// TestOrderGuard feeds pages to one guard. Only the last page may be refused.
func TestOrderGuard(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pages   [][]Entry
		isSound bool
	}{
		"nothing":                            {[][]Entry{nil, nil}, true},
		"bytes":                              {[][]Entry{objects("a", "b"), objects("c"), nil, objects("d")}, true},
		"the empty key":                      {[][]Entry{objects("")}, true},
		"a key again":                        {[][]Entry{objects("a", "b"), objects("b")}, false},
		"a key again, later":                 {[][]Entry{objects("a", "b"), objects("c", "c")}, false},
		"a key again after nothing":          {[][]Entry{objects("a", "b"), nil, objects("b")}, false},
		"back":                               {[][]Entry{objects("a", "b"), objects("c"), objects("a1")}, false},
		"back in a page":                     {[][]Entry{objects("a", "b"), objects("c", "e", "d")}, false},
		"objects and prefixes":               {[][]Entry{{{Key: "a/", IsPrefix: true}, {Key: "b"}}, {{Key: "c/", IsPrefix: true}}}, true},
		"a prefix before an object's page":   {[][]Entry{objects("b"), common("a/")}, false},
		"an object before a prefix's page":   {[][]Entry{common("b/"), objects("a")}, false},
		"a prefix of an earlier page":        {[][]Entry{common("a/", "b/"), objects("m"), common("b/")}, false},
		"paths":                              {[][]Entry{objects("a/1", "a/2"), objects("a-1"), objects("a-2", "b")}, true},
		"paths, in the first page":           {[][]Entry{objects("a/1", "a-1", "b/1"), objects("b-1")}, true},
		"paths, then bytes":                  {[][]Entry{objects("a/1", "a-1"), objects("b-1"), objects("b/1")}, false},
		"bytes, then paths":                  {[][]Entry{objects("a-1", "a/1"), objects("b/1"), objects("b-1")}, false},
		"bytes between pages, then paths":    {[][]Entry{objects("a-1"), objects("a/1"), objects("b/1"), objects("b-1")}, false},
		"bytes with a long beginning":        {[][]Entry{objects("x/y/a-1", "x/y/a/1"), objects("x/y/b/1"), objects("x/y/b-1")}, false},
		"paths, repeated":                    {[][]Entry{objects("a/1", "a-1"), objects("a-1")}, false},
		"paths, prefixes":                    {[][]Entry{common("a/b/", "a/c/"), common("a/b-/")}, false},
		"paths, prefixes in order":           {[][]Entry{common("a/b/", "a/b-/"), common("a/c/")}, true},
		"a slash after a longer name":        {[][]Entry{objects("a/1", "a/b"), objects("a")}, false},
		"UTF-16":                             {[][]Entry{objects("a", "\U0001F600"), objects("\uE000")}, true},
		"UTF-16 in the first page":           {[][]Entry{objects("\U0001F600", "\U0001F601", "\uE000", "\uFFFD")}, true},
		"UTF-16, back":                       {[][]Entry{objects("\U0001F600", "\uE000"), objects("\U0001F601")}, false},
		"UTF-16, below":                      {[][]Entry{objects("\uE000", "\uE001"), objects("\uD7FF")}, false},
		"none":                               {[][]Entry{objects("c", "a", "b"), objects("e", "d")}, true},
		"none, again in the page":            {[][]Entry{objects("c", "a", "b"), objects("e", "d", "e")}, false},
		"none, again in the next page":       {[][]Entry{objects("c", "a", "b"), objects("e", "a")}, false},
		"none, again later":                  {[][]Entry{objects("c", "a", "b"), objects("e", "d"), objects("a")}, true},
		"none, object and prefix":            {[][]Entry{objects("c", "a", "b"), common("a")}, true},
		"none, again in the first page":      {[][]Entry{objects("c", "a", "c")}, false},
		"none that shows in the second page": {[][]Entry{objects("a"), objects("c", "b")}, false},
	} {
		var guard orderGuard
		for i, page := range test.pages {
			err := guard.check(page)
			if i < len(test.pages)-1 || test.isSound {
				require.NoError(t, err, "%s, page %d", name, i)
				continue
			}
			require.ErrorIs(t, err, ErrUnsound, name)
		}
	}
}

func TestOrderGuardRewinds(t *testing.T) {
	t.Parallel()
	var guard orderGuard
	require.NoError(t, guard.check(objects("a", "b", "c", "d")))
	guard.rewind("b")
	require.NoError(t, guard.check(objects("c", "d")))
	guard.rewind("b")
	require.ErrorIs(t, guard.check(objects("b")), ErrUnsound)
	guard.rewind("")
	require.NoError(t, guard.check(objects("a")))
	guard.rewind("b") // as of a listing that begins after it
	require.ErrorIs(t, guard.check(objects("a")), ErrUnsound)
}

func TestCircleGuard(t *testing.T) {
	t.Parallel()
	check := func(pages ...[2]string) error {
		var guard CircleGuard
		for i, page := range pages {
			if err := guard.Check(page[0], page[1]); err != nil || i == len(pages)-1 {
				return err
			}
		}
		return nil
	}
	require.NoError(t, check([2]string{"1", "a"}, [2]string{"2", "b"}, [2]string{"3", "c"}))
	require.ErrorContains(t, check([2]string{"", "a"}), "without a token")
	require.ErrorContains(t, check([2]string{"1", "a"}, [2]string{"1", "b"}), "a token comes again")
	require.ErrorContains(t, check([2]string{"1", "a"}, [2]string{"2", "a"}), "\"a\" comes again")
	require.NoError(t, check([2]string{"1", ""}, [2]string{"2", ""}), "pages without keys")

	// A circle of any length, from any page on, is found in three rounds.
	for length := 2; length < 40; length++ {
		for start := range 10 {
			var guard CircleGuard
			var err error
			n := 0
			for ; err == nil && n < 3*(length+start)+3; n++ {
				at := n
				if n >= start {
					at = start + (n-start)%length
				}
				err = guard.Check(string(rune('0'+at)), "")
			}
			require.ErrorIs(t, err, ErrUnsound, "%d pages, from %d on", length, start)
		}
	}

	var guard CircleGuard
	token := 0
	next := func(key string) error {
		token++
		return guard.Check(string(rune(token)), key)
	}
	for range maxEmptyPages {
		require.NoError(t, next(""))
	}
	require.NoError(t, next("a"), "a key begins to count anew")
	for range maxEmptyPages {
		require.NoError(t, next(""))
	}
	require.ErrorContains(t, next(""), "empty")
}

// TestOrderErrors names the keys.
func TestOrderErrors(t *testing.T) {
	t.Parallel()
	for want, pages := range map[string][][]Entry{
		`"b" comes twice`:     {objects("a", "b"), objects("b")},
		`"a" comes after "b"`: {objects("a", "b"), objects("a")},
		`"c" comes twice`:     {objects("c", "a"), objects("c")},
	} {
		var guard orderGuard
		require.NoError(t, guard.check(pages[0]))
		require.ErrorContains(t, guard.check(pages[1]), want)
	}
}

func TestFoldersOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		prefix, key string
		want        []string
	}{
		{"", "a/b/c", []string{"a", "a/b"}},
		{"d/", "d/a/b/c", []string{"d/a", "d/a/b"}},
		{"d", "d/a/b", []string{"d", "d/a"}},
		{"d/a", "d/a/b", []string{"d/a"}},
		{"", "abc", nil},
		{"", "a/", []string{"a"}},
		{"", "/a/b", []string{"/a"}},
		{"x/", "d/a/b", nil},
		{"d/", "d/", nil},
	} {
		assert.Equal(t, test.want, foldersOf(test.prefix, test.key), "%+v", test)
	}
}

func TestFollowing(t *testing.T) {
	t.Parallel()
	page := func(keys ...string) []Entry { return entriesOf(keys) }
	assert.Equal(t, page("c"), following(page("a", "b", "c"), "b"))
	assert.Equal(t, page("c"), following(page("a", "b", "c"), "bb"))
	assert.Empty(t, following(page("a", "b", "c"), "c"))
	assert.Empty(t, following(nil, "c"))
	assert.Equal(t, page("d", "e"), following(page("d", "e"), "c"))
	assert.Equal(t, page("b", "a", "z"), following(page("b", "a", "z"), "y"), "another order is not for us to cut")
	prefixes := common("a/", "b/", "c/")
	assert.Equal(t, prefixes[1:], following(common("a/", "b/", "c/"), "b/5"), "b/ may have keys after it")
	assert.Equal(t, prefixes[2:], following(common("a/", "b/", "c/"), "b0"))
}

// prefixes are listed one a page.
func prefixes(names ...string) func(after, token string, page *Page) {
	return func(_, asked string, page *Page) {
		n := 0
		_, _ = fmt.Sscanf(asked, "prefix %d", &n)
		*page = Page{Entries: []Entry{{Key: names[n], IsPrefix: true}}, Truncated: n+1 < len(names)}
		if page.Truncated {
			page.Next = fmt.Sprintf("prefix %d", n+1)
		}
	}
}

// TestOtherOrders checks that servers with an order of their own are listed as they list.
func TestOtherOrders(t *testing.T) {
	t.Parallel()
	mixed := []string{"a", "a-1/x", "a-1/y", "a/1", "a/2", "a/b-/1", "a/b/1", "a/b0", "b/z", "é", "\uE000", "\uFFFD", "\U0001F600"}
	for i := range 40 {
		mixed = append(mixed, fmt.Sprintf("a-%02d", i), fmt.Sprintf("a/%02d", i), fmt.Sprintf("a!/%02d", i))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for name, less := range map[string]func(a, b string) int{
		"bytes": strings.Compare,
		"paths": func(a, b string) int {
			return strings.Compare(strings.ReplaceAll(a, "/", "\x00"), strings.ReplaceAll(b, "/", "\x00"))
		},
		"UTF-16": func(a, b string) int { return slices.Compare(utf16Of(a), utf16Of(b)) },
		"none":   nil,
	} {
		keys := slices.Clone(mixed)
		if less == nil {
			random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			keys[0], keys[1] = "b", "a" // an order that looks like one at first is expected to stay
		} else {
			slices.SortFunc(keys, less)
		}
		keys = compact(keys)
		for size := 2; size < 30; size += 3 {
			for _, atOnce := range []int{1, 2, 16} {
				bucket := &fakeBucket{keys: keys, pageSize: size, unsorted: true}
				got, err := bucket.list(t.Context(), "", "", atOnce)
				require.NoError(t, err, "%s, pages of %d, %d at once", name, size, atOnce)
				require.Equal(t, keys, got, "%s, pages of %d, %d at once", name, size, atOnce)
			}
			// And they are held to it.
			if name == "none" {
				continue
			}
			bucket := &fakeBucket{keys: slices.Concat(keys, keys[len(keys)-3:len(keys)-2]), pageSize: size, unsorted: true}
			_, err := bucket.list(t.Context(), "", "", 1)
			require.ErrorIs(t, err, ErrUnsound, "%s, pages of %d", name, size)
		}
	}
}

// TestDirectoryBuckets list in no order: only what comes again at once is noticed.
func TestDirectoryBuckets(t *testing.T) {
	t.Parallel()
	list := func(keys ...string) (err error) {
		bucket := &fakeBucket{keys: keys, pageSize: 3, unsorted: true}
		for _, pageErr := range Pages(t.Context(), bucket.fetch, Options{PageSize: 3, Parallel: 8, Unordered: true}) {
			err = errors.Join(err, pageErr)
		}
		return err
	}
	require.NoError(t, list("a", "b", "c", "z", "y", "x", "b2", "b1"))
	require.ErrorIs(t, list("a", "b", "c", "z", "c", "x"), ErrUnsound)
	require.ErrorIs(t, list("a", "b", "a", "z"), ErrUnsound)
}

// TestPrefixAndObject checks servers that list a folder's marker twice, as common prefix
// and as object.
func TestPrefixAndObject(t *testing.T) {
	t.Parallel()
	var guard orderGuard
	require.NoError(t, guard.check([]Entry{{Key: "a/", IsPrefix: true}, {Key: "a/"}, {Key: "b"}}))
	require.NoError(t, guard.check([]Entry{{Key: "c"}, {Key: "d/", IsPrefix: true}}))
	require.NoError(t, guard.check([]Entry{{Key: "d/"}}))
	require.ErrorIs(t, guard.check([]Entry{{Key: "d/"}}), ErrUnsound)
	require.ErrorIs(t, guard.check([]Entry{{Key: "a/", IsPrefix: true}}), ErrUnsound)
}

// TestCompare orders pairs of keys, the first of which comes before the second.
func TestCompare(t *testing.T) {
	t.Parallel()
	for by, pairs := range map[order][][2]string{
		byBytes: {{"", "a"}, {"a", "a-"}, {"a-1", "a/1"}, {"a/1", "a0"}, {"\uFFFD", "\U0001F600"}},
		byPath:  {{"a", "a/"}, {"a/", "a/1"}, {"a/1", "a-1"}, {"a/1", "a!"}, {"a-1", "a.1"}, {"a/z", "b"}},
		byUTF16: {
			{"a-1", "a/1"},
			{"a", "aa"},
			{"\uD7FF", "\U0001F600"},
			{"\U0001F600", "\uE000"},
			{"\U0010FFFF", "\uE000"},
			{"\U0001F600", "\U0010FFFF"},
			{"\uD7FF", "\U0010FFFF"},
			{"\uE000", "\uFFFD"},
			{"\U0001F600", "\U0001F601"},
			{"z", "\u00e9"},
		},
	} {
		for _, pair := range pairs {
			assert.Negative(t, compare(pair[0], pair[1], by), "order %d: %q", by, pair)
			assert.Positive(t, compare(pair[1], pair[0], by), "order %d: %q", by, pair)
			assert.Zero(t, compare(pair[0], pair[0], by))
		}
	}
}

// TestOrderStays checks which order a server is held to after its pages.
func TestOrderStays(t *testing.T) {
	t.Parallel()
	prefix := func(key string) Entry { return Entry{Key: key, IsPrefix: true} }
	for name, test := range map[string]struct {
		pages [][]Entry
		want  order
	}{
		"bytes":                       {[][]Entry{objects("a-1", "a/1"), objects("b")}, byBytes},
		"the empty key first":         {[][]Entry{objects("", "a")}, byBytes},
		"a prefix and its object":     {[][]Entry{{prefix("a/"), {Key: "a/"}, {Key: "b"}}}, byBytes},
		"an object and its prefix":    {[][]Entry{{{Key: "a/"}, prefix("a/")}, objects("b")}, byBytes},
		"the object on the next page": {[][]Entry{{prefix("a/")}, objects("a/", "b")}, byBytes},
		"paths":                       {[][]Entry{objects("a/1", "a-1")}, byPath},
		"folders, then paths":         {[][]Entry{objects("a", "a/1"), objects("b/1"), objects("b-1")}, byPath},
		"equal names, then paths":     {[][]Entry{{prefix("a/"), {Key: "a/"}}, objects("b/1"), objects("b-1")}, byPath},
		"kinds apart":                 {[][]Entry{{{Key: "c"}, prefix("a/")}, {prefix("d/")}}, byPath},
		"kinds apart, the same":       {[][]Entry{{{Key: "c/"}, prefix("a/")}, {prefix("c/")}}, byPath},
		"UTF-16":                      {[][]Entry{objects("a-1", "a/1"), objects("\U0001F600", "\uE000")}, byUTF16},
		"none":                        {[][]Entry{objects("c", "a", "b")}, byNothing},
	} {
		var guard orderGuard
		for _, page := range test.pages {
			require.NoError(t, guard.check(page), name)
		}
		assert.Equal(t, test.want, guard.order, name)
	}
	for name, pages := range map[string][2][]Entry{
		"a prefix before the page before": {{{Key: "c"}, prefix("a/")}, {prefix("b/")}},
		"the same object":                 {{{Key: "c/"}, prefix("a/")}, objects("c/")},
		"a prefix of the page before":     {{{Key: "c"}, prefix("a/")}, {prefix("a/")}},
	} {
		var guard orderGuard
		require.NoError(t, guard.check(pages[0]), name)
		require.ErrorIs(t, guard.check(pages[1]), ErrUnsound, name)
	}
}

func TestIsAscending(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]bool{"": true, "a": true, "a b": true, "a b c": true, "a a": false, "b a": false, "a c b": false, "b a c": false} {
		assert.Equal(t, want, isAscending(objects(strings.Fields(keys)...)), keys)
	}
}
