// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tellings are ways in which a server may tell a page's token early.
var tellings = map[string]func(page *Page) string{
	"nothing": nil,
	"truth":   func(page *Page) string { return page.Next },
	"a lie":   func(*Page) string { return "after key-00000003" },
}

// TestListingAhead checks that, whatever a page says early, the keys are the same, and a
// true promise costs no request.
func TestListingAhead(t *testing.T) {
	t.Parallel()
	for name, tells := range tellings {
		bucket := &fakeBucket{keys: numbered(95, "key-%08d"), pageSize: 10, tells: tells}
		var keys []string
		for page, err := range sequential(t.Context(), bucket.fetch, "key-00000004", false) {
			require.NoError(t, err)
			for _, info := range page {
				keys = append(keys, info.Key)
			}
		}
		assert.Equal(t, bucket.keys[5:], keys, name)
		if name != "a lie" {
			assert.Equal(t, 9, bucket.requests, name)
		}
	}
}

// TestListingAheadEnds checks that a caller that takes only the first page pays for no
// other, and a request in flight is canceled at the end.
func TestListingAheadEnds(t *testing.T) {
	t.Parallel()
	for name, tells := range tellings {
		for pages, most := range map[int]int{1: 1, 2: 3, 5: 6} {
			bucket := &fakeBucket{keys: numbered(1000, "key-%08d"), pageSize: 10, tells: tells}
			if name == "a lie" {
				most = 2 * most
			}
			taken := 0
			for _, err := range sequential(t.Context(), bucket.fetch, "", false) {
				require.NoError(t, err)
				if taken++; taken == pages {
					break
				}
			}
			assert.LessOrEqual(t, bucket.requests, most, "%s, %d pages", name, pages)
			assert.Zero(t, bucket.running)
		}
	}
}

// TestListingAheadFails checks that the error of a page comes after the pages before it.
func TestListingAheadFails(t *testing.T) {
	t.Parallel()
	for name, tells := range tellings {
		bucket := &fakeBucket{keys: numbered(95, "key-%08d"), pageSize: 10, tells: tells}
		fetch := func(ctx context.Context, after, token string, early func(string)) (*Page, error) {
			if strings.HasSuffix(token, "39") {
				return nil, errFake
			}
			return bucket.fetch(ctx, after, token, early)
		}
		keys := 0
		var err error
		for page, pageErr := range sequential(t.Context(), fetch, "", false) {
			keys += len(page)
			err = errors.Join(err, pageErr)
		}
		require.ErrorIs(t, err, errFake, name)
		assert.Equal(t, 40, keys, name)
	}
}

// TestListingAheadTakesNoTime checks that the next request runs while the consumer works
// on a page.
func TestListingAheadTakesNoTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bucket := &fakeBucket{keys: numbered(100, "key-%08d"), pageSize: 10, latency: time.Second, tells: tellings["truth"]}
		began := time.Now()
		for _, err := range sequential(t.Context(), bucket.fetch, "", false) {
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 12*time.Second, time.Since(began), "and not 20")
	})
}
