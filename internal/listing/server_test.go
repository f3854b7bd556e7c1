// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// minioPage lists after a key as MinIO's WalkDir does (cmd/metacache-walk.go). It
// walks folders in order, leaves out the names in each that are less than the key's
// own name there, and ends with a limit. Where the key lies in a/, the names a-1
// are not less than a: what is below them counts, though it is not after the key
// and left out.
func minioPage(keys []string, prefix, after string, pageSize, slack int) *Page {
	base := prefix[:strings.LastIndexByte(prefix, '/')+1]
	limit := pageSize + 2 + slack // one more tells whether there is more, and the key itself may be there
	page := &Page{}
	for _, key := range keys {
		if !strings.HasPrefix(key, prefix) || !isWalked(key[len(base):], strings.TrimPrefix(after, base)) {
			continue
		}
		if limit--; limit < 0 {
			break
		}
		if key > after {
			page.Entries = append(page.Entries, Entry{Key: key})
		}
	}
	if len(page.Entries) > pageSize {
		page.Entries, page.Truncated = page.Entries[:pageSize], true
		page.Next = "after " + page.Entries[pageSize-1].Key
	}
	return page
}

func isWalked(key, marker string) bool {
	for marker != "" {
		name, rest, _ := strings.Cut(key, "/")
		forward, markerRest, _ := strings.Cut(marker, "/")
		if name+"/" < forward {
			return false
		}
		if name != forward {
			return true
		}
		key, marker = rest, markerRest
	}
	return true
}

func TestMinioPage(t *testing.T) {
	t.Parallel()
	keys := []string{"a-1", "a-2", "a/1", "a/2", "a/3", "b"}
	keysOf := func(page *Page) (keys []string) {
		for _, entry := range page.Entries {
			keys = append(keys, entry.Key)
		}
		return keys
	}
	for _, test := range []struct {
		after     string
		size      int
		want      []string
		truncated bool
	}{
		{"", 2, []string{"a-1", "a-2"}, true},
		{"a/1", 1, nil, false},
		{"a/1", 2, []string{"a/2"}, false},
		{"a/1", 3, []string{"a/2", "a/3"}, false},
		{"a/1", 6, []string{"a/2", "a/3", "b"}, false},
		{"a", 3, []string{"a-1", "a-2", "a/1"}, true},
		{"a-1", 9, []string{"a-2", "a/1", "a/2", "a/3", "b"}, false},
		{"b", 9, nil, false},
	} {
		page := minioPage(keys, "", test.after, test.size, 0)
		assert.Equal(t, test.want, keysOf(page), test.after)
		assert.Equal(t, test.truncated, page.Truncated, test.after)
	}
	assert.Equal(t, []string{"a/2", "a/3"}, keysOf(minioPage(keys, "a/", "a/1", 9, 0)), "siblings are outside of the prefix")
}

// slack is how many keys more MinIO walks over, which has 4 and a sixteenth. Objects
// whose names begin the key's name count as well.
const slack = 8

// startAfters are the ways of servers to answer without a token. All of them list
// right by tokens.
var startAfters = map[string]func(f *fakeBucket, prefix, after string, page *Page){
	"MinIO": func(f *fakeBucket, prefix, after string, page *Page) {
		*page = *minioPage(f.keys, prefix, after, f.pageSize, slack)
	},
	"MinIO with its slack": func(f *fakeBucket, prefix, after string, page *Page) {
		*page = *minioPage(f.keys, prefix, after, f.pageSize, slack+(f.pageSize+1)/16)
	},
	"MinIO, known": func(f *fakeBucket, prefix, after string, page *Page) {
		*page = *minioPage(f.keys, prefix, after, f.pageSize, slack)
		page.TokensOnly = true
	},
	"nothing after a key": func(_ *fakeBucket, _, after string, page *Page) {
		if after != "" {
			*page = Page{}
		}
	},
	"one page after a key": func(_ *fakeBucket, _, after string, page *Page) {
		if after != "" {
			page.Truncated, page.Next = false, ""
		}
	},
	"a page that is cut short": func(_ *fakeBucket, _, after string, page *Page) {
		if after != "" {
			*page = Page{Entries: page.Entries[:len(page.Entries)/2]}
		}
	},
	"ignores start-after": func(f *fakeBucket, _, _ string, page *Page) { *page = *f.page("", "") },
	"leaves out the next after a key that is not there": func(f *fakeBucket, _, after string, page *Page) {
		if _, found := slices.BinarySearch(f.keys, after); after != "" && !found && len(page.Entries) > 0 {
			*page = *f.page(page.Entries[0].Key, "")
		}
	},
}

func withSiblings(n int) []string {
	var keys []string
	for _, folder := range []string{"", "-", "-0-M000", ".old", "+x"} {
		keys = append(keys, numbered(n/5, "jobs/e"+folder+"/%05d/status.json")...)
	}
	return sorted(keys)
}

// nested are the keys of Lithops executors in executors.
func nested(n int) []string {
	var keys []string
	for _, executor := range []string{"4b99c1-0", "4b99c1-0-0", "4b99c1-0-00003-1", "4b99c1-0-1", "4b99c1-1"} {
		for _, job := range []string{"M000", "A001"} {
			keys = append(keys, numbered(n/20, "lithops.jobs/"+executor+"-"+job+"/%05d/status.json")...)
			keys = append(keys, numbered(n/20, "lithops.jobs/"+executor+"/%05d/"+job)...)
		}
	}
	return sorted(keys)
}

// TestStartAfter lists from every kind of server, all at once, as it lists by tokens.
func TestStartAfter(t *testing.T) {
	t.Parallel()
	count := 1000
	for name, answer := range startAfters {
		for layoutName, keys := range testkit.Some(map[string][]string{
			"siblings": withSiblings(count), "nested executors": nested(count), "flat": numbered(count, "data/%06d"),
			"one folder with siblings": sorted(append(numbered(count/2, "a/%05d"), numbered(count/2, "a-%05d")...)),
			"deep siblings":            sorted(append(numbered(count/2, "x/y/a/%05d"), numbered(count/2, "x/y-z/a/%05d")...)),
			"folders after each other": sorted(append(numbered(count/2, "a/%05d"), numbered(count/2, "b/%05d")...)),
		}, 3) {
			t.Run(name+", "+layoutName, func(t *testing.T) {
				t.Parallel()
				for _, size := range testkit.SomeOf([]int{1, 7, 100, 999}, 2) {
					keys := keys
					if size == 1 {
						keys = keys[:min(len(keys), 300)]
					}
					for _, atOnce := range testkit.SomeOf([]int{8, 2, 32}, 1) {
						bucket := newServer(keys, size, "", answer)
						got, err := bucket.list(t.Context(), "", "", atOnce)
						require.NoError(t, err)
						require.True(t, slices.Equal(keys, got), "%d of %d keys, %d at once, pages of %d", len(got), len(keys), atOnce, size)
					}
				}
			})
		}
	}
}

func newServer(keys []string, size int, prefix string, answer func(f *fakeBucket, prefix, after string, page *Page)) *fakeBucket {
	bucket := &fakeBucket{keys: keys, pageSize: size}
	bucket.broken = func(after, token string, page *Page) {
		if token == "" {
			answer(bucket, prefix, after, page)
		}
	}
	return bucket
}

// TestStartAfterProperty lists parts of any keys, from any key on.
func TestStartAfterProperty(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range startAfters {
			if !yield(name) {
				return
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"a", "b", "a-", "a-1", "a/", "/", "0", "1", "12", "-", ".", "é", "~"})
		count := rapid.IntRange(0, 100).Draw(t, "count")
		key := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(part, 1, 6).Draw(t, "parts"), "") })
		keys := sorted(slices.DeleteFunc(rapid.SliceOfN(key, count, count).Draw(t, "keys"), func(key string) bool {
			return strings.HasPrefix(key, "/") || strings.Contains(key, "//") // no names of MinIO's
		}))
		keys = slices.DeleteFunc(keys, func(key string) bool { // nor are objects folders as well
			return slices.ContainsFunc(keys, func(other string) bool { return strings.HasPrefix(other, key+"/") })
		})
		prefix := rapid.SampledFrom([]string{"", "a", "a/", "a-1/", "b/a/"}).Draw(t, "prefix")
		keys = slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, prefix) })
		name := rapid.SampledFrom(names).Draw(t, "server")
		bucket := newServer(keys, rapid.IntRange(1, 9).Draw(t, "page"), prefix, startAfters[name])
		after := ""
		if len(keys) > 0 && rapid.Bool().Draw(t, "after?") && strings.HasPrefix(name, "MinIO") {
			after = rapid.SampledFrom(keys).Draw(t, "after") + rapid.SampledFrom([]string{"", "x"}).Draw(t, "more")
		}
		want := keys[sort.Search(len(keys), func(i int) bool { return keys[i] > after }):]
		for _, atOnce := range []int{1, rapid.IntRange(2, 32).Draw(t, "at once")} {
			got, err := bucket.list(t.Context(), prefix, after, atOnce)
			if err != nil || !slices.Equal(want, got) {
				t.Fatalf("%s, %d at once, after %q: %v: want %q, got %q", name, atOnce, after, err, want, got)
			}
		}
	})
}

// TestEndTooEarly checks that the tokens of a server lead to an end if it lists keys
// elsewhere.
func TestEndTooEarly(t *testing.T) {
	t.Parallel()
	keys := numbered(6000, "data/%05d")
	const last = "data/01312"
	noticed := 0
	for round := 0; round < 20 && noticed == 0; round++ { // answers come in any order
		for _, atOnce := range []int{8, 16, 32, 64} {
			noticed += listWithFalseEnd(t, keys, last, atOnce, false)
			noticed += listWithFalseEnd(t, keys, last, atOnce, true)
		}
	}
	assert.Positive(t, noticed)
}

// listWithFalseEnd lists from a server that says that the key last is the last one, always
// or only once, as before an object is stored. It returns 1 if a later key had been asked
// for before, so that the listing could know better.
func listWithFalseEnd(t *testing.T, keys []string, last string, atOnce int, isOnce bool) int {
	t.Helper()
	lies, later := 0, 0
	bucket := &fakeBucket{keys: keys, pageSize: 10}
	bucket.broken = func(after, token string, page *Page) {
		at, found := slices.BinarySearchFunc(page.Entries, last, func(entry Entry, key string) int { return strings.Compare(entry.Key, key) })
		if !found && lies == 0 && firstKey(page.Entries) > last {
			later++
		}
		if found && token+after != "" && (!isOnce || lies == 0) {
			lies++
			*page = Page{Entries: page.Entries[:at+1]}
		}
	}
	got, err := bucket.list(t.Context(), "", "", atOnce)
	assert.Equal(t, keys[:len(got)], got)
	if later == 0 {
		return 0 // nothing contradicts the end
	}
	if isOnce {
		require.NoError(t, err)
		assert.Equal(t, keys, got)
		return 1
	}
	require.ErrorIs(t, err, ErrUnsound)
	assert.Greater(t, lies, 1, "it was asked again")
	return 1
}

// TestUnsoundPages covers keys that come again, go back or are promised for ever, in each
// kind of listing.
func TestUnsoundPages(t *testing.T) {
	t.Parallel()
	keys := numbered(200, "data/%05d")
	at := func(token string, change func(page *Page)) func(after, token string, page *Page) {
		return func(_, asked string, page *Page) {
			if asked == token {
				change(page)
			}
		}
	}
	const third = "after data/00019"
	for name, broken := range map[string]func(after, token string, page *Page){
		"overlaps": at(third, func(page *Page) {
			page.Entries = append([]Entry{{Key: "data/00017"}, {Key: "data/00018"}, {Key: "data/00019"}}, page.Entries...)
		}),
		"overlaps by one":          at(third, func(page *Page) { page.Entries = append([]Entry{{Key: "data/00019"}}, page.Entries...) }),
		"repeats a page":           at(third, func(page *Page) { page.Entries = entriesOf(keys[10:20]) }),
		"goes back":                at(third, func(page *Page) { page.Entries = entriesOf(keys[:5]) }),
		"twice in a page":          at(third, func(page *Page) { page.Entries[4] = page.Entries[3] }),
		"twice in the first page":  at("", func(page *Page) { page.Entries[4] = page.Entries[3] }),
		"later in the first page":  at("", func(page *Page) { page.Entries[9] = page.Entries[3] }),
		"back in a page":           at(third, func(page *Page) { page.Entries[4], page.Entries[3] = page.Entries[3], page.Entries[4] }),
		"the same token":           at(third, func(page *Page) { page.Next = third }),
		"no token":                 at(third, func(page *Page) { page.Next = "" }),
		"tokens in a circle":       at("after data/00099", func(page *Page) { page.Next = third }),
		"empty pages without end":  emptyPages(third),
		"a common prefix again":    prefixes("a/", "b/", "b/"),
		"a common prefix back":     prefixes("a/", "c/", "b/"),
		"common prefixes, a token": at(third, func(page *Page) { page.Entries = []Entry{{Key: "data/00001/", IsPrefix: true}} }),
	} {
		for _, atOnce := range []int{1, 2, 16} {
			bucket := &fakeBucket{keys: keys, pageSize: 10, broken: broken}
			got, err := bucket.list(t.Context(), "", "", atOnce)
			if err == nil && atOnce > 1 && slices.Equal(got, keys) {
				continue // what is wrong was not needed
			}
			require.ErrorIs(t, err, ErrUnsound, "%s, %d at once", name, atOnce)
			assert.Len(t, slices.Compact(slices.Sorted(slices.Values(got))), len(got), "%s: %q", name, got)
		}
	}
}

func entriesOf(keys []string) []Entry {
	entries := make([]Entry, len(keys))
	for i, key := range keys {
		entries[i].Key = key
	}
	return entries
}

func emptyPages(token string) func(after, token string, page *Page) {
	n := 0
	return func(_, asked string, page *Page) {
		if asked == token || strings.HasPrefix(asked, "empty ") {
			n++
			*page = Page{Truncated: true, Next: fmt.Sprintf("empty %d", n)}
		}
	}
}
