// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestParallelRequests checks that a listing takes a fifth more requests and a constant at
// most, whatever the keys are, and in layouts that can be guessed much less time.
func TestParallelRequests(t *testing.T) {
	t.Parallel()
	// How many times faster at least, of 16. What has no rule is hardly guessed, and
	// has only the bound of requests.
	faster := map[string]float64{
		"numbers": 8, "numbers, few digits": 8, "a job": 6, "hashes": 6, "UUIDs": 6, "folders of hashes": 6, "two clusters": 4, "dates": 3, "nested": 2,
	}
	for name, layout := range testkit.Some(layouts, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				keys := sorted(layout(60_000))
				bucket := &fakeBucket{keys: keys, pageSize: 200, latency: 20 * time.Millisecond}
				start := time.Now()
				got, err := bucket.list(t.Context(), "", "", 16)
				require.NoError(t, err)
				took := time.Since(start)
				require.True(t, slices.Equal(keys, got))
				pages := (len(keys) + 199) / 200
				speedup := float64(pages) * float64(bucket.latency) / float64(took)
				t.Logf("%s: %d keys, %d pages, %d requests (%.2f), %.1f times faster", name, len(keys), pages, bucket.requests, float64(bucket.requests)/float64(pages), speedup)
				assert.LessOrEqual(t, float64(bucket.requests), 1.2*float64(pages)+16)
				assert.Greater(t, speedup, faster[name])
			})
		})
	}
}

func TestParallelProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		alphabets := []string{"01", "0123456789", "0123456789abcdef", "ab/", "a/é\U0001F600", "\x01 ~/z", "az\u0080\u07ff\uffff"}
		letters := []rune(rapid.SampledFrom(alphabets).Draw(t, "letters"))
		part := rapid.StringOfN(rapid.SampledFrom(letters), 1, 6, -1)
		prefix := rapid.SampledFrom([]string{"", "p/", strings.Repeat("long/", 50), "\xff\xfe"}).Draw(t, "prefix")
		count := rapid.IntRange(0, 400).Draw(t, "count")
		keys := rapid.SliceOfN(part, count, count).Draw(t, "keys")
		for i := range keys {
			keys[i] = prefix + keys[i]
		}
		bucket := &fakeBucket{keys: sorted(keys), pageSize: rapid.IntRange(1, 20).Draw(t, "page")}
		after := ""
		if len(keys) > 0 && rapid.Bool().Draw(t, "after?") {
			after = rapid.SampledFrom(keys).Draw(t, "after")
		}
		atOnce := rapid.IntRange(2, 16).Draw(t, "at once")
		want := bucket.keys[sort.Search(len(bucket.keys), func(i int) bool { return bucket.keys[i] > after }):]
		got, err := bucket.list(t.Context(), prefix, after, atOnce)
		if err != nil || !slices.Equal(want, got) {
			t.Fatalf("%v: want %q, got %q", err, want, got)
		}
		pages := max(1, (len(want)+bucket.pageSize-1)/bucket.pageSize)
		if float64(bucket.requests) > 1.2*float64(pages)+16 {
			t.Fatalf("%d requests for %d pages", bucket.requests, pages)
		}
		if bucket.most > atOnce {
			t.Fatalf("%d requests at once, of %d", bucket.most, atOnce)
		}
	})
}

func TestParallelOfOnePage(t *testing.T) {
	t.Parallel()
	for _, count := range []int{0, 1, 9, 10} {
		bucket := &fakeBucket{keys: numbered(count, "%02d"), pageSize: 10}
		got, err := bucket.list(t.Context(), "", "", 16)
		require.NoError(t, err)
		assert.Len(t, got, count)
		assert.Equal(t, 1, bucket.requests)
	}
}

// TestParallelWithoutOrder checks that a server that does not begin after the key, or
// lists in another order, is listed as it lists.
func TestParallelWithoutOrder(t *testing.T) {
	t.Parallel()
	keys := numbered(500, "data/%05d")
	for name, broken := range map[string]func(after, token string, page *Page){
		"ignores start-after": func(_, token string, page *Page) {
			if token == "" {
				*page = *(&fakeBucket{keys: keys, pageSize: 10}).page("", "")
			}
		},
		"other order": func(_, _ string, page *Page) { slices.Reverse(page.Entries) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bucket := &fakeBucket{keys: keys, pageSize: 10, broken: broken}
			var want []string
			for page, err := range sequential(t.Context(), bucket.fetch, "", false) {
				require.NoError(t, err)
				for _, info := range page {
					want = append(want, info.Key)
				}
			}
			got, err := bucket.list(t.Context(), "", "", 8)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// TestParallelOrderLost checks that a listing that has relied on the server's order is not
// started again.
func TestParallelOrderLost(t *testing.T) {
	t.Parallel()
	bucket := &fakeBucket{keys: numbered(5000, "data/%05d"), pageSize: 10, broken: func(_, _ string, page *Page) {
		if firstKey(page.Entries) > "data/03" {
			slices.Reverse(page.Entries)
		}
	}}
	got, err := bucket.list(t.Context(), "", "", 8)
	require.ErrorIs(t, err, ErrUnsound)
	assert.Equal(t, bucket.keys[:len(got)], got, "what came is right")
}

func TestParallelThatDoesNotAdvance(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"", "again"} {
		bucket := &fakeBucket{keys: numbered(50, "%02d"), pageSize: 10, broken: func(_, _ string, page *Page) {
			page.Truncated, page.Next = true, next
		}}
		_, err := bucket.list(t.Context(), "", "", 4)
		require.ErrorIs(t, err, ErrUnsound)
	}
}

// TestParallelEnds checks that an error, a cancel and a consumer that leaves end all
// requests; synctest waits for every goroutine.
func TestParallelEnds(t *testing.T) {
	t.Parallel()
	for _, after := range []int{1, 9, 40, 200} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			bucket := &fakeBucket{keys: numbered(5000, "data/%05d"), pageSize: 10, latency: time.Second}
			pages := 0
			for _, err := range parallel(ctx, bucket.fetch, Options{PageSize: 10, Parallel: 8}) {
				if err != nil {
					require.ErrorIs(t, err, context.Canceled)
					break
				}
				if pages++; pages == after {
					cancel()
				}
			}
			cancel()
			assert.GreaterOrEqual(t, pages, after)
			assert.Less(t, pages, 500)
			assert.Zero(t, bucket.running)

			for _, err := range parallel(t.Context(), bucket.fetch, Options{PageSize: 10, Parallel: 8}) {
				require.NoError(t, err)
				break
			}
			assert.Zero(t, bucket.running)
		})
	}
}

func TestParallelError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bucket := &fakeBucket{keys: numbered(5000, "data/%05d"), pageSize: 10, latency: time.Second}
		fetch := func(ctx context.Context, after, token string, early func(string)) (*Page, error) {
			page, err := bucket.fetch(ctx, after, token, early)
			if err == nil && len(page.Entries) > 0 && page.Entries[0].Key > "data/02" {
				err = errFake
			}
			return page, err
		}
		var last error
		for _, err := range parallel(t.Context(), fetch, Options{PageSize: 10, Parallel: 8}) {
			last = err
		}
		require.ErrorIs(t, last, errFake)
	})
}

// TestParallelMemory checks that pages wait for a slow consumer in a bounded number.
func TestParallelMemory(t *testing.T) {
	t.Parallel()
	for name, layout := range testkit.Some(layouts, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bucket := &fakeBucket{keys: sorted(layout(20_000)), pageSize: 20}
			fetched, yielded, most := 0, 0, 0
			for page, err := range parallel(t.Context(), bucket.fetch, Options{PageSize: 20, Parallel: 8}) {
				require.NoError(t, err)
				yielded += len(page)
				bucket.mu.Lock()
				fetched = bucket.requests
				bucket.mu.Unlock()
				most = max(most, fetched-yielded/20)
			}
			useless := bucket.requests - yielded/20
			assert.LessOrEqual(t, most, pagesAhead*8+1+useless)
		})
	}
}

// TestParallelWhileKeysChange checks that what is there all the time is listed once.
func TestParallelWhileKeysChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kept := numbered(rapid.IntRange(0, 400).Draw(t, "kept"), "k/%04d")
		fleeting := numbered(rapid.IntRange(0, 400).Draw(t, "fleeting"), "k/%04dx")
		seed := rapid.Uint64().Draw(t, "seed")
		random := rand.New(rand.NewPCG(seed, 1))
		bucket := &fakeBucket{keys: sorted(slices.Concat(kept, fleeting)), pageSize: 10}
		bucket.broken = func(string, string, *Page) { // with the lock held
			others := slices.DeleteFunc(slices.Clone(fleeting), func(string) bool { return random.IntN(2) == 0 })
			bucket.keys = sorted(slices.Concat(kept, others))
		}
		got, err := bucket.list(t.Context(), "k/", "", 8)
		require.NoError(t, err)
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Fatalf("not in order, or twice: %q", got)
		}
		got = slices.DeleteFunc(got, func(key string) bool { return strings.HasSuffix(key, "x") })
		if !slices.Equal(kept, got) {
			t.Fatalf("want %q, got %q", kept, got)
		}
	})
}

// BenchmarkParallel measures the parallel listing itself, with a million keys.
func BenchmarkParallel(b *testing.B) {
	for _, name := range []string{"a job", "hashes"} {
		b.Run(name, func(b *testing.B) {
			keys := sorted(layouts[name](1_000_000))
			b.ReportAllocs()
			for b.Loop() {
				bucket := &fakeBucket{keys: keys, pageSize: 1000}
				count := 0
				for page, err := range parallel(b.Context(), bucket.fetch, Options{PageSize: 1000, Parallel: 16}) {
					if err != nil {
						b.Fatal(err)
					}
					count += len(page)
				}
				if count != len(keys) {
					b.Fatal(count)
				}
				b.ReportMetric(float64(bucket.requests), "requests/op")
			}
		})
	}
}
