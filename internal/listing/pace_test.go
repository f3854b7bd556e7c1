// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPace checks from which servers a parallel listing makes more requests at once, and
// that a near one costs no useless request.
func TestPace(t *testing.T) {
	t.Parallel()
	const (
		ms    = time.Millisecond
		never = -1
	)
	for name, test := range map[string]struct {
		waited   []time.Duration // by the answers, the last one by all others
		decoding time.Duration
		alone    int // answers that were waited for before a guess
	}{
		"near":                     {[]time.Duration{ms}, ms, never},
		"near, slow to connect":    {[]time.Duration{9 * ms, ms}, ms, never},
		"near, some hiccups":       {[]time.Duration{14 * ms, 9 * ms, 6 * ms}, ms, never},
		"near, a busy client":      {[]time.Duration{14 * ms}, 50 * ms, never},
		"a local network":          {[]time.Duration{7 * ms}, ms, 3},
		"a fast client":            {[]time.Duration{ms}, ms / 10, 3},
		"far":                      {[]time.Duration{15 * ms, ms}, ms, 1},
		"farther":                  {[]time.Duration{40 * ms, ms}, ms, 1},
		"far, a busy client":       {[]time.Duration{20 * ms}, 50 * ms, 1},
		"nothing said of decoding": {[]time.Duration{ms}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				bucket := &fakeBucket{keys: numbered(5000, "data/%06d"), pageSize: 25, tells: tellings["truth"]}
				answers, before := 0, -1
				fetch := func(ctx context.Context, after, token string, early func(string)) (*Page, error) {
					bucket.mu.Lock()
					if token == "" && after != "" && before < 0 {
						before = answers
					}
					waited := test.waited[min(answers, len(test.waited)-1)]
					bucket.mu.Unlock()
					time.Sleep(waited)
					page, err := bucket.fetch(ctx, after, token, early)
					if err == nil {
						page.Decoding = test.decoding
					}
					time.Sleep(test.decoding)
					bucket.mu.Lock()
					answers++
					bucket.mu.Unlock()
					return page, err
				}
				got := 0
				for page, err := range Pages(t.Context(), fetch, Options{PageSize: 25, Parallel: 32}) {
					require.NoError(t, err)
					for _, entry := range page {
						require.Equal(t, bucket.keys[got], entry.Key)
						got++
					}
				}
				assert.Len(t, bucket.keys, got)
				assert.Equal(t, test.alone, before)
				assert.Equal(t, test.alone == never, bucket.requests == 200)
			})
		})
	}
}

// TestNearServer checks that a near server is listed from any key, whatever it says early,
// and that breaking off and errors end all requests.
func TestNearServer(t *testing.T) {
	t.Parallel()
	for name, tells := range tellings {
		for _, stopAfter := range []int{1, 3, 5, 1000} {
			for _, failsAt := range []string{"", "after data/0000649"} {
				bucket := &fakeBucket{keys: numbered(950, "data/%07d"), pageSize: 100, tells: tells}
				fetch := func(ctx context.Context, after, token string, early func(string)) (*Page, error) {
					if token != "" && token == failsAt {
						return nil, errFake
					}
					page, err := bucket.fetch(ctx, after, token, early)
					if err == nil {
						page.Decoding = time.Hour
					}
					return page, err
				}
				want := bucket.keys[250:min(950, 250+100*stopAfter)]
				var got []string
				pages := 0
				opts := Options{After: "data/0000249", PageSize: 100, Parallel: 8}
				for page, err := range Pages(t.Context(), fetch, opts) {
					if err != nil {
						require.ErrorIs(t, err, errFake)
						require.NotEmpty(t, failsAt)
						break
					}
					for _, entry := range page {
						got = append(got, entry.Key)
					}
					if pages++; pages == stopAfter {
						break
					}
				}
				assert.Zero(t, bucket.running)
				if failsAt == "" {
					assert.Equal(t, want, got, "%s, %d pages", name, stopAfter)
				}
				if stopAfter == 1000 && failsAt == "" && name != "a lie" {
					assert.Equal(t, 7, bucket.requests, name)
				}
			}
		}
	}
}

// TestPaceNotes tells near servers from far ones by how long answers take.
func TestPaceNotes(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	type answer struct{ took, decoding time.Duration }
	for name, test := range map[string]struct {
		answers []answer
		want    string
	}{
		"near":                      {[]answer{{2 * ms, ms}}, "near"},
		"far":                       {[]answer{{17 * ms, ms}}, "far"},
		"as far as that":            {[]answer{{16 * ms, ms}}, "far"},
		"not yet known":             {[]answer{{9 * ms, ms}}, ""},
		"as near as that":           {[]answer{{8 * ms, ms}}, ""},
		"still not known":           {[]answer{{9 * ms, ms}, {9 * ms, ms}}, ""},
		"known by the third":        {[]answer{{9 * ms, ms}, {9 * ms, ms}, {9 * ms, ms}}, "far"},
		"near at last":              {[]answer{{9 * ms, ms}, {9 * ms, ms}, {2 * ms, ms}}, "near"},
		"nothing said":              {[]answer{{2 * ms, 0}}, "far"},
		"near stays near":           {[]answer{{2 * ms, ms}, {90 * ms, ms}}, "near"},
		"far stays far":             {[]answer{{90 * ms, ms}, {2 * ms, ms}}, "far"},
		"a busy client":             {[]answer{{64 * ms, 50 * ms}}, "near"},
		"far from a busy client":    {[]answer{{65 * ms, 50 * ms}}, "far"},
		"near after a slow connect": {[]answer{{9 * ms, ms}, {2 * ms, ms}}, "near"},
	} {
		var p pace
		for _, a := range test.answers {
			p.note(a.took, a.decoding)
		}
		assert.Equal(t, test.want == "near", p.isNear, name)
		assert.Equal(t, test.want == "far", p.isFar, name)
	}
}

// TestPagesAhead counts the requests at once of listings page by page, from a server whose
// tokens come after a second and whose pages come after four: one page is requested ahead,
// and up to three from a near server. A server that says nothing early is asked for one page
// at a time.
func TestPagesAhead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		isEarly      bool
		atOnce, want int
	}{
		"sequential, nothing early": {false, 1, 1},
		"sequential":                {true, 1, 2},
		"near, nothing early":       {false, 8, 1},
		"near":                      {true, 8, 1 + nearAhead},
		"near, two at once":         {true, 2, 2},
		"near, three at once":       {true, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				bucket := &fakeBucket{keys: numbered(120, "%03d"), pageSize: 10}
				fetch := func(ctx context.Context, after, token string, early func(string)) (*Page, error) {
					page, err := bucket.fetch(ctx, after, token, nil)
					if token == "" {
						page.Decoding = time.Hour
						return page, err
					}
					bucket.enter(1)
					time.Sleep(time.Second)
					if test.isEarly && page.Truncated {
						early(page.Next)
					}
					time.Sleep(3 * time.Second)
					bucket.enter(-1)
					return page, err
				}
				got := 0
				for page, err := range Pages(t.Context(), fetch, Options{PageSize: 10, Parallel: test.atOnce}) {
					require.NoError(t, err)
					got += len(page)
				}
				assert.Equal(t, 120, got)
				assert.Equal(t, test.want, bucket.most)
			})
		})
	}
}

// TestNearAndDone lists from a near server whose first page is the last.
func TestNearAndDone(t *testing.T) {
	t.Parallel()
	bucket := &fakeBucket{keys: numbered(5, "%03d"), pageSize: 10}
	l := newListing("")
	l.fetch = bucket.fetch
	require.NoError(t, l.take(pageResult{from: l.shards[0], page: bucket.page("", "")}))
	require.True(t, l.shards[0].done)
	var got []Entry
	l.oneByOne(t.Context(), func(page []Entry, err error) bool {
		require.NoError(t, err)
		got = append(got, page...)
		return true
	})
	assert.Equal(t, objects(bucket.keys...), got)
	assert.Zero(t, bucket.requests)
}
