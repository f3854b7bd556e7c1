// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWatchOfADeletedJob ends with an error if a job is deleted before all calls have
// begun that Calls waits for: once those that had begun have ended or are lost, and not
// before, because they may still end.
func TestWatchOfADeletedJob(t *testing.T) {
	t.Parallel()
	const never, deletedAt = 1000 * time.Hour, 20 * time.Second
	executor, job := ID{ExecutorID: "e1-0"}, ID{ExecutorID: "e1-0", JobID: "M000"}
	for name, test := range map[string]struct {
		id       ID
		begun    int
		end      time.Duration
		pageSize int // few keys a page make a large job, of which not everything is listed
		lost     int
		after    time.Duration // when the sequence ends, at the earliest
	}{
		"all ended":                {executor, 2, time.Second, maxPageSize, 0, deletedAt},
		"all ended, one job":       {job, 2, time.Second, maxPageSize, 0, deletedAt},
		"all ended, a large job":   {job, 200, time.Second, 2, 0, deletedAt},
		"all ended, an executor's": {executor, 200, time.Second, 2, 0, deletedAt},
		"all run":                  {executor, 2, never, maxPageSize, 2, time.Hour},
		"all run, a large job":     {job, 200, never, 2, 200, time.Hour},
	} {
		times := func(d time.Duration) []time.Duration {
			all := make([]time.Duration, test.begun)
			for i := range all {
				all[i] = d
			}
			return all
		}
		simulated := newSimulatedJob(times(0), times(test.end))
		simulated.pageSize = test.pageSize
		ctx, cancel := context.WithCancel(t.Context())
		client := simulated.jobs(func() {
			if simulated.now >= deletedAt {
				simulated.start, simulated.end = times(never), times(never)
			}
			if simulated.now > 2*time.Hour { // else it would wait without end
				cancel()
			}
		})
		client.pageSize, client.lost = test.pageSize, time.Hour
		lost, last := 0, error(nil)
		for event, err := range client.Watch(ctx, test.id, &WatchOptions{Calls: map[string]int{"M000": test.begun + 1}}) {
			last = err
			if err == nil && event.Kind == CallLost {
				lost++
			}
		}
		cancel()
		require.ErrorIs(t, last, ErrJobDeleted, name)
		require.ErrorContains(t, last, "e1-0-M000: ", name)
		assert.Equal(t, test.lost, lost, name)
		assert.GreaterOrEqual(t, simulated.now, test.after, name)
		assert.Less(t, simulated.now, test.after+2*time.Minute, name)
	}
}

// TestWatchOfDeletedAmongOthers waits for the calls of other jobs before the error, and
// for a job of which nothing was seen yet.
func TestWatchOfDeletedAmongOthers(t *testing.T) {
	t.Parallel()
	var got []string
	w := newWatcher(&got)
	w.opts.Calls = map[string]int{"M000": 2, "M001": 1, "M002": 1}
	see := func(job *watchedJob, place string) {
		_, err := job.see(w, place, epoch)
		require.NoError(t, err)
	}
	deleted, other := w.job("e1-0-M000"), w.job("e1-0-M001")
	see(deleted, "00000/a.init")
	deleted.gone = true
	check := func(isFinished bool, want error, why string) {
		finished, err := w.finished()
		assert.Equal(t, isFinished, finished, why)
		require.ErrorIs(t, err, want, why)
	}
	check(false, nil, "a call runs in it")
	see(deleted, "00000/status.json")
	see(other, "00000/a.init")
	check(false, nil, "others run")
	see(other, "00000/status.json")
	check(false, nil, "one has not begun")
	see(w.job("e1-0-M002"), "00000/status.json")
	check(true, ErrJobDeleted, "the others have ended")
	deleted.gone = false
	check(false, nil, "it is there again")
	deleted.gone = true
	see(deleted, "00001/status.json")
	check(true, nil, "all have ended")
}
