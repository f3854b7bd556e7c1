// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slower are the layouts that are not listed eight times faster, or take more requests, and
// what holds for them. Which answer comes first differs from run to run, and with it the cuts.
var slower = map[string]struct{ fastest, requests float64 }{
	"words":                  {0.9, 1.25},
	"a deep chain with keys": {1.5, 1.25},
	"names and numbers":      {2, 1.25},
	"nested":                 {2, 1.25},
	"pairs of hashes":        {2, 1.25},
	"any characters":         {3, 1.25},
	"e-mails":                {3, 1.25},
	"folders of any size":    {3, 1.3},
	"many kinds":             {3, 1.25},
	"AWS logs":               {4, 1.25},
	"ISO times":              {4, 1.25},
	"Maven":                  {4, 1.25},
	"a system's files":       {4, 1.25},
	"devices":                {4, 1.25},
	"folders that double":    {4, 1.25},
	"tenants of any size":    {4, 1.25},
	"tiles":                  {4, 1.25},
	"titles":                 {4, 1.25},
	"unicode folders":        {5, 1.25},
	"zarr":                   {4, 1.3},
	"hive":                   {5, 1.3},
	"hive after a hash":      {5, 1.25},
	"URLs":                   {5, 1.25},
	"a job":                  {6, 1.25},
	"20 users":               {6, 1.3},
	"hive, skewed":           {6, 1.25},
	"logs y/m/d/h":           {6, 1.25},
	"numbers from the end":   {6, 1.25},
	"standard base64":        {6, 1.25},
	"unicode words":          {6, 1.25},
	"zarr, nested":           {6, 1.3},
	"by user, random":        {6, 1.25},
	"two clusters":           {6, 1.25},
	"folders that halve":     {6, 1.25},
	"one huge among thousands of tiny folders": {6, 1.25},
	"a few huge among tiny folders":            {6, 1.25},
}

// TestParallelSpeed lists each layout with 32 requests at once on a server that needs
// 40 ms for each, in synthetic time: the speed-up is exact on any machine.
func TestParallelSpeed(t *testing.T) {
	t.Parallel()
	const (
		atOnce   = 32
		fastest  = 8.0  // times faster than one page after the other, at least
		requests = 1.22 // times as many, at most
	)
	const count = 300_000
	short := []string{"base64", "folders of 1000, numbers go on", "uuid4", "hive", "a job"}
	all := maps.Clone(people)
	maps.Copy(all, programs)
	all["many kinds"] = manyKinds
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if testing.Short() && !slices.Contains(short, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := sorted(all[name](count))
			synctest.Test(t, func(t *testing.T) {
				bucket := &fakeBucket{keys: keys, pageSize: 1000, latency: 40 * time.Millisecond}
				start := time.Now()
				got, err := bucket.list(t.Context(), "", "", atOnce)
				took := time.Since(start)
				require.NoError(t, err)
				require.True(t, slices.Equal(keys, got))
				pages := (len(keys) + 999) / 1000
				speedup := float64(pages) * float64(bucket.latency) / float64(took)
				share := float64(bucket.requests) / float64(pages)
				t.Logf("%7d keys, %.2f requests a page, %4.1f times faster", len(keys), share, speedup)
				if bounds, ok := slower[name]; ok {
					assert.LessOrEqual(t, share, bounds.requests)
					assert.GreaterOrEqual(t, speedup, bounds.fastest)
					return
				}
				assert.LessOrEqual(t, share, requests)
				assert.GreaterOrEqual(t, speedup, fastest)
			})
		})
	}
}
