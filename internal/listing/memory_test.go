// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"runtime"
	"testing"
	"weak"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestYieldedPagesAreFreed checks that a parallel listing holds no page that the consumer
// has had, except where a shard still has to be compared with the next one.
func TestYieldedPagesAreFreed(t *testing.T) {
	t.Parallel()
	const atOnce = 8
	for _, name := range testkit.SomeOf([]string{"hashes", "a job", "numbers"}, 1) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bucket := &fakeBucket{keys: sorted(layouts[name](20_000)), pageSize: 50}
			var yielded []weak.Pointer[Entry]
			most := 0
			for page, err := range parallel(t.Context(), bucket.fetch, Options{PageSize: 50, Parallel: atOnce}) {
				require.NoError(t, err)
				yielded = append(yielded, weak.Make(&page[0]))
				if len(yielded)%20 == 0 {
					runtime.GC()
					most = max(most, alive(yielded))
				}
			}
			assert.LessOrEqual(t, most, atOnce)
		})
	}
}

func alive(pages []weak.Pointer[Entry]) int {
	n := 0
	for _, page := range pages {
		if page.Value() != nil {
			n++
		}
	}
	return n
}
