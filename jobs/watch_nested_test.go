// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// simulatedJobs are several jobs in one bucket, in the order of their folders. The
// times of all are those of the first.
type simulatedJobs struct {
	lithopss3.Storage
	jobs     []*simulatedJob
	requests int
}

func (s *simulatedJobs) ServerTime() time.Time { return s.jobs[0].ServerTime() }

func (s *simulatedJobs) ListObjects(_ context.Context, _ string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		count := 0
		for _, job := range s.jobs {
			if !strings.HasPrefix(job.folder, opts.Prefix) && !strings.HasPrefix(opts.Prefix, job.folder) {
				continue
			}
			for info := range job.objects(opts.StartAfter) {
				if count%maxPageSize == 0 {
					s.requests++
				}
				if opts.Delimiter != "" {
					info = lithopss3.ObjectInfo{Key: job.folder, IsPrefix: true}
				}
				if count++; !yield(info, nil) {
					return
				}
				if opts.Delimiter != "" {
					break
				}
			}
		}
		if count == 0 {
			s.requests++
		}
	}
}

// Events of executors that were made inside calls are seen as soon as those of the
// calls themselves, also if the executors appear while others run.
func TestWatchLatencyNested(t *testing.T) {
	t.Parallel()
	outer := testkit.Less(28, 16)
	second := func(n int) time.Duration { return time.Duration(n) * time.Second }
	var start, end []time.Duration
	for n := range outer {
		start, end = append(start, second(10*n)), append(end, second(10*n+300))
	}
	bucket := &simulatedJobs{jobs: []*simulatedJob{newSimulatedJob(start, end)}}
	total := outer
	for n := range outer { // each call makes an executor with a map of its own
		var start, end []time.Duration
		for i := range 1 + n*4 {
			start, end = append(start, second(10*n+20)), append(end, second(10*n+60+i%200))
		}
		job := newSimulatedJob(start, end)
		job.folder = fmt.Sprintf("lithops.jobs/e1-0-M000-%05d-0-M000/", n)
		bucket.jobs = append(bucket.jobs, job)
		total += len(start)
	}
	clock := bucket.jobs[0]
	slices.SortFunc(bucket.jobs, func(a, b *simulatedJob) int { return strings.Compare(a.folder, b.folder) })
	bucket.jobs = append([]*simulatedJob{clock}, slices.DeleteFunc(bucket.jobs, func(j *simulatedJob) bool { return j == clock })...)
	client := New(bucket, "bucket", &Options{LostAfter: -1})
	until, ctx := second(10*outer+400), t.Context()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client.sleep = func(ctx context.Context, d time.Duration) error {
		now := clock.now + d
		for _, job := range bucket.jobs {
			job.now = now
		}
		if now > until {
			cancel()
		}
		return ctx.Err()
	}
	worst, events := time.Duration(0), 0
	for event, err := range client.Watch(ctx, ID{ExecutorID: "e1-0"}, &WatchOptions{Nested: true, Calls: map[string]int{"M000": outer + 1}}) {
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			break
		}
		job := bucket.jobs[slices.IndexFunc(bucket.jobs, func(j *simulatedJob) bool {
			return j.folder == Prefix+"/"+JobKey(event.ExecutorID, event.JobID)+"/"
		})]
		happened := job.start[job.number[event.CallID]]
		if event.Kind == CallDone {
			happened = job.end[job.number[event.CallID]]
		}
		worst = max(worst, clock.now-happened)
		events++
	}
	assert.Equal(t, 2*total, events, "every event was seen")
	intervals := worst.Seconds() / client.interval.Seconds()
	assert.LessOrEqual(t, intervals, 2.0)
	t.Logf("%d calls in %d executors: %.1f intervals, %d requests for %v", total, outer+1, intervals, bucket.requests, until)
}
