// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"maps"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/require"
)

// slower are the layouts that are not listed eight times faster, or take more requests, and
// what holds for them. Which answer comes first differs from run to run, and with it the cuts.
var slower = map[string]struct{ fastest, requests float64 }{
	"a few huge among tiny folders": {6, 1.25},
	"a site's bucket":               {6, 1.25},
	"load balancers":                {6, 1.25},
	"words":                         {6, 1.25},
	"a deep chain with keys":        {2.4, 1.25},
	"numbers and their thumbnails":  {6, 1.25},
	"mixed depths":                  {4.5, 1.25},
	"customers and their orders":    {6.5, 1.25},
	"nested":                        {6, 1.25},
	"zarr v3, several arrays":       {6.5, 1.25},
	"frames of shots":               {7.5, 1.25},
	"geohashes":                     {5, 1.25},
	"months by name":                {7.5, 1.25},
	"one huge in the middle":        {6, 1.25},
	"documents":                     {5, 1.25},
	"executors of any size":         {6.5, 1.25},
	"hive":                          {6, 1.25},
	"titles":                        {6.5, 1.25},
	"zarr":                          {6, 1.25},
	"AWS logs":                      {7, 1.25},
	"any characters":                {7, 1.25},
	"folders of any size":           {7.5, 1.25},
	"pairs of hashes":               {7.5, 1.25},
	"zarr, nested":                  {8, 1.25},
	"attachments of chats":          {4, 1.25},
	"backups in backups":            {4, 1.25},
	"buckets of tables":             {7, 1.25},
	"days without zeros":            {6.5, 1.25},
	"escaped URLs":                  {3.5, 1.25},
	"names of people's files":       {2.5, 1.25},
	"sequences of cars":             {4, 1.25},
	"threads":                       {4, 1.25},
	"very long keys":                {4.5, 1.25},
	"CloudFront":                    {7, 1.25},
	"a Delta table":                 {7, 1.25},
	"blobs of a registry":           {5, 1.25},
	"calls":                         {4, 1.25},
	"hours without zeros":           {7.5, 1.25},
	"saves":                         {7.5, 1.25},
	"tiles of all zooms":            {7, 1.25},
	"volumes":                       {6, 1.25},
	"a cache of pages":              {6, 1.25},
	"archives of WAL":               {5, 1.25},
	"covers of books":               {6.5, 1.25},
	"packages with scopes":          {3.5, 1.25},
	"samples of drives":             {7, 1.25},
	"scenes of Landsat":             {7.5, 1.25},
	"sinks of Kafka":                {6.5, 1.25},
	"slugs":                         {7.5, 1.25},
	"Arabic articles":               {7, 1.25},
	"Bulgarian minutes":             {6.5, 1.25},
	"Georgian archives":             {5.5, 1.25},
	"German files":                  {3.5, 1.25},
	"Greek shops":                   {6, 1.25},
	"Hindi songs":                   {6.5, 1.25},
	"Japanese songs":                {7, 1.25},
	"Kazakh names":                  {6.5, 1.25},
	"Polish people":                 {5.5, 1.25},
	"Russian films":                 {7, 1.25},
	"Vietnamese files":              {3.5, 1.25},
	"backups of Velero":             {7, 1.25},
	"backups of WAL-G":              {4.5, 1.25},
	"flow logs":                     {6.5, 1.25},
	"models of the climate":         {5.5, 1.25},
	"names in Chinese":              {6.5, 1.25},
	"names in Russian":              {5, 1.25},
	"packs of Kopia":                {6.5, 1.25},
	"runs of MLflow":                {4, 1.25},
}

// TestParallelSpeed lists each layout with 32 requests at once on a server that needs
// 40 ms for each, in synthetic time, so that the speed-up is that of any machine. The best
// of three attempts counts. LITHOPSS3_LAYOUTS=all takes all layouts, as at night; else it
// takes one of each kind, and with -short the first one.
func TestParallelSpeed(t *testing.T) {
	t.Parallel()
	const (
		fastest  = 8.0  // times faster than one page after the other, at least
		requests = 1.22 // times as many, at most
	)
	count := testkit.Less(300_000, 100_000)
	kinds := []string{"uuid4", "hive", "flat unpadded", "folders of 1000, names restart", "words", "zarr", "folders that double"}
	all := maps.Clone(people)
	for _, more := range []map[string]func(int) []string{programs, fresh, unseen, others, further, heldOut, later, last, products, collections, languages} {
		maps.Copy(all, more)
	}
	all["many kinds"] = manyKinds
	taken := kinds
	switch {
	case testing.Short():
		taken = kinds[:1]
	case os.Getenv("LITHOPSS3_LAYOUTS") == "all":
		taken = slices.Sorted(maps.Keys(all))
	}
	for _, name := range taken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bounds, ok := slower[name]
			if !ok {
				bounds.fastest, bounds.requests = fastest, requests
			}
			keys := sorted(all[name](count))
			var speedup, share float64
			for range 3 {
				speedup, share = measureParallel(t, keys)
				t.Logf("%7d keys, %.2f requests a page, %4.1f times faster", len(keys), share, speedup)
				if speedup >= bounds.fastest && share <= bounds.requests {
					return
				}
			}
			t.Errorf("%.1f times faster with %.2f times the requests, and not %v with %v", speedup, share, bounds.fastest, bounds.requests)
		})
	}
}

// measureParallel lists keys, and returns how many times as fast as one page after the other
// that was, and how many times as many requests it took.
func measureParallel(t *testing.T, keys []string) (speedup, share float64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		bucket := &fakeBucket{keys: keys, pageSize: 1000, latency: 40 * time.Millisecond}
		start := time.Now()
		got, err := bucket.list(t.Context(), "", "", 32)
		took := time.Since(start)
		require.NoError(t, err)
		require.True(t, slices.Equal(keys, got))
		pages := (len(keys) + 999) / 1000
		speedup = float64(pages) * float64(bucket.latency) / float64(took)
		share = float64(bucket.requests) / float64(pages)
	})
	return speedup, share
}
