// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStartAfterThatIsNotHeard checks that what is not after the start is left out.
func TestStartAfterThatIsNotHeard(t *testing.T) {
	t.Parallel()
	keys := numbered(50, "d/%03d")
	for _, atOnce := range []int{1, 8} {
		bucket := newServer(keys, 10, "", startAfters["ignores start-after"])
		got, err := bucket.list(t.Context(), "d/", keys[24], atOnce)
		require.NoError(t, err)
		assert.Equal(t, keys[25:], got)
	}
}

// TestStartInFolder checks that a start in a folder costs a request for each folder where
// the listing ends at once, and nothing if the server is known to be sound.
func TestStartInFolder(t *testing.T) {
	t.Parallel()
	keys := sorted(append(numbered(100, "a-%03d"), numbered(100, "a/b/%03d")...))
	for _, test := range []struct {
		prefix, after string
		trust         Trust
		keys, most    int
	}{
		{"", "a/b/098", Sound, 1, 1},
		{"", "a/b/098", Unknown, 1, 25},
		{"a/", "a/b/098", Unknown, 1, 2},
		{"a/b/", "a/b/098", Unknown, 1, 1},
		{"a/b/", "a/b/098", TokensOnly, 1, 1},
		{"", "a/b/098", TokensOnly, 1, 20},
		{"", "a-098", Unknown, 101, 11},
		{"", "b", Unknown, 0, 1},
		{"a/", "b/c", TokensOnly, 0, 1},
	} {
		bucket := &fakeBucket{keys: keys, pageSize: 10}
		count := 0
		for page, err := range Pages(t.Context(), bucket.fetch, Options{Prefix: test.prefix, After: test.after, PageSize: 10, Trust: test.trust}) {
			require.NoError(t, err)
			count += len(page)
		}
		assert.Equal(t, test.keys, count, "%+v", test)
		assert.LessOrEqual(t, bucket.requests, test.most, "%+v", test)
	}
}

// TestStartFarInFolder begins after more pages than a listing may have empty ones.
func TestStartFarInFolder(t *testing.T) {
	t.Parallel()
	keys := sorted(append(numbered(maxEmptyPages+100, "a/%05d"), "a-1"))
	bucket := &fakeBucket{keys: keys, pageSize: 1}
	count := 0
	for page, err := range Pages(t.Context(), bucket.fetch, Options{After: keys[maxEmptyPages+50], PageSize: 1, Trust: TokensOnly}) {
		require.NoError(t, err)
		count += len(page)
	}
	assert.Equal(t, 50, count)
}

// TestStartFails checks that an error of any request of the start is the listing's.
func TestStartFails(t *testing.T) {
	t.Parallel()
	keys := sorted(append(numbered(30, "a-%03d"), numbered(30, "a/b/%03d")...))
	for fails := 1; fails < 6; fails++ {
		bucket := newServer(keys, 10, "", startAfters["MinIO"])
		n := 0
		fetch := func(ctx context.Context, after, token string, early func(string)) (*Page, error) {
			if n++; n == fails {
				return nil, errFake
			}
			return bucket.fetch(ctx, after, token, early)
		}
		var last error
		for _, err := range Pages(t.Context(), fetch, Options{After: "a/b/027", PageSize: 10}) {
			last = err
		}
		require.ErrorIs(t, last, errFake, "request %d", fails)
	}
}

// TestHasSiblings asks for the first key after a folder's name.
func TestHasSiblings(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]bool{
		"": false, "a": false, "a-1": true, "a/": false, "a/b": false, "a!": true, "a.": true, "a0": false, "b": false, "a-1 a/b": true, "A": false, "Z a-1": false,
	} {
		s := &start{fetch: func(_ context.Context, after, token string, early func(string)) (*Page, error) {
			assert.Equal(t, "a", after)
			assert.Empty(t, token)
			assert.Nil(t, early)
			return &Page{Entries: objects(strings.Fields(keys)...)}, nil
		}}
		got, err := s.hasSiblings(t.Context(), "a")
		require.NoError(t, err)
		assert.Equal(t, want, got, keys)
	}
	s := &start{fetch: func(context.Context, string, string, func(string)) (*Page, error) { return nil, errFake }}
	_, err := s.hasSiblings(t.Context(), "a")
	require.ErrorIs(t, err, errFake)
}

// TestFromFolder checks that the pages before the start are passed over, by tokens that must
// not go round.
func TestFromFolder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pages []Page
		want  []Entry
		asks  int
		err   error
	}{
		"the first page":       {[]Page{{Entries: objects("a-1", "a/5", "a/6"), Truncated: true, Next: "1"}}, objects("a/6"), 1, nil},
		"the third page":       {[]Page{{Entries: objects("a-1"), Truncated: true, Next: "1"}, {Entries: objects("a-2"), Truncated: true, Next: "2"}, {Entries: objects("b")}}, objects("b"), 3, nil},
		"the last page":        {[]Page{{Entries: objects("a-1"), Truncated: true, Next: "1"}, {Entries: objects("a/5")}}, objects(), 2, nil},
		"a circle":             {[]Page{{Entries: objects("a-1"), Truncated: true, Next: "1"}, {Entries: objects("a-2"), Truncated: true, Next: "1"}}, nil, 2, ErrUnsound},
		"a key again":          {[]Page{{Entries: objects("a-1"), Truncated: true, Next: "1"}, {Entries: objects("a-1"), Truncated: true, Next: "2"}}, nil, 2, ErrUnsound},
		"more without a token": {[]Page{{Entries: objects("a-1"), Truncated: true}}, nil, 1, ErrUnsound},
	} {
		asks, next := 0, ""
		s := &start{after: "a/5", fetch: func(_ context.Context, after, token string, _ func(string)) (*Page, error) {
			assert.Equal(t, "a", after, name)
			assert.Equal(t, next, token, name)
			page := test.pages[asks]
			asks++
			next = page.Next
			return &page, nil
		}}
		page, err := s.fromFolder(t.Context(), "a")
		require.ErrorIs(t, err, test.err, name)
		assert.Equal(t, test.asks, asks, name)
		if err == nil {
			assert.Equal(t, entryKeys(test.want), entryKeys(page.Entries), name)
		}
	}
}

func entryKeys(entries []Entry) []string {
	keys := []string{}
	for _, entry := range entries {
		keys = append(keys, entry.Key)
	}
	return keys
}
