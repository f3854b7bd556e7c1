// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// latencies watches a job and returns how long after it had happened an event was
// yielded at most, in intervals.
func (s *simulatedJob) latencies(t *testing.T, opts *WatchOptions, until time.Duration) float64 {
	t.Helper()
	worst, events := time.Duration(0), 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := s.jobs(func() {
		if s.now > until {
			cancel()
		}
	})
	client.lost = -1
	for event, err := range client.Watch(ctx, ID{ExecutorID: "e1-0"}, opts) {
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			break
		}
		events++
		happened := s.start[s.number[event.CallID]]
		if event.Kind == CallDone {
			happened = s.end[s.number[event.CallID]]
		}
		worst = max(worst, s.now-happened)
	}
	assert.Equal(t, 2*len(s.start), events, "every event was seen")
	return worst.Seconds() / client.interval.Seconds()
}

// An event is seen at most two intervals after it happened while calls are missing of
// those that were named, and at most five otherwise. Large jobs have a quarter of
// their calls, and of the keys of a page, so that they have as many pages.
func TestWatchLatency(t *testing.T) {
	t.Parallel()
	var random *rand.Rand // of each job anew
	second := func(n int) time.Duration { return time.Duration(n) * time.Second }
	for name, c := range map[string]struct {
		calls    int
		pageSize int
		schedule func(n int) (start, end time.Duration)
	}{
		"a few":            {10, maxPageSize, func(n int) (time.Duration, time.Duration) { return second(n), second(n + 30) }},
		"waves, far apart": {300, maxPageSize, func(n int) (time.Duration, time.Duration) { return second(n / 100 * 600), second(n/100*600 + 5) }},
		"large waves":      {2250, maxPageSize / 4, func(n int) (time.Duration, time.Duration) { return second(n / 750 * 300), second(n/750*300 + 50) }},
		"idle, then one":   {301, maxPageSize, func(n int) (time.Duration, time.Duration) { return second(n / 300 * 200), second(n/300*200 + 3) }},
		"all run for long": {3000, maxPageSize / 4, func(int) (time.Duration, time.Duration) { return 0, second(60 + random.IntN(300)) }},
		"stragglers": {5000, maxPageSize / 4, func(n int) (time.Duration, time.Duration) {
			return second(n / 250), second(n/250 + 5 + n%250/249*random.IntN(400))
		}},
		"started in any order":  {1250, maxPageSize / 4, func(int) (time.Duration, time.Duration) { s := random.IntN(200); return second(s), second(s + 5) }},
		"more than five digits": {0, maxPageSize, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && c.calls > 1000 {
				t.Skip("slow")
			}
			random = rand.New(rand.NewPCG(1, 2))
			var start, end []time.Duration
			first, calls, schedule := 0, c.calls, c.schedule
			if schedule == nil {
				first, calls = 99_000, 2000
				schedule = func(n int) (time.Duration, time.Duration) { return second(n / 20), second(n/20 + 20) }
			}
			last := time.Duration(0)
			for n := range calls {
				s, e := schedule(n)
				start, end, last = append(start, s), append(end, e), max(last, e)
			}
			job := newSimulatedJob(start, end)
			job.count(first)
			job.pageSize = c.pageSize
			if first == 0 {
				named := job.latencies(t, &WatchOptions{Calls: map[string]int{"M000": calls}}, last+time.Minute)
				assert.LessOrEqual(t, named, 2.0)
				t.Logf("named: %.1f intervals, %d requests for %v", named, job.requests, last)
			}
			job.now, job.requests = 0, 0
			unnamed := job.latencies(t, nil, last+time.Minute)
			assert.LessOrEqual(t, unnamed, 5.0)
			t.Logf("not named: %.1f intervals, %d requests for %v", unnamed, job.requests, last)
		})
	}
}
