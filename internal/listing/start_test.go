// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
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
