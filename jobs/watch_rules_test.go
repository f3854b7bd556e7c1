// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newWatcher returns a watcher of executor e1-0 that appends events to got.
func newWatcher(got *[]string) *watcher {
	return &watcher{
		client: New(nil, "bucket", &Options{NoCache: true}), id: ID{ExecutorID: "e1-0"}, opts: &WatchOptions{}, known: map[string]*watchedJob{},
		yield: func(event Event, err error) bool {
			*got = append(*got, fmt.Sprint(event.Kind, " ", event.CallID, " ", event.ActivationID))
			return err == nil
		},
	}
}

// TestSee has each key that a job's folder can have.
func TestSee(t *testing.T) {
	t.Parallel()
	for place, want := range map[string][]string{
		"00000/0a1b.init":      {"started 00000 0a1b"},
		"100000/0a1b.init":     {"started 100000 0a1b"},
		"00000/status.json":    {"started 00000 ", "done 00000 "},
		"00000/.init":          nil,
		"00000/a/b.init":       nil,
		"00000/a.init/b":       nil,
		"00000/output.pickle":  nil,
		"00000/a/status.json":  nil,
		"0000/0a1b.init":       {"started 0000 0a1b"},
		"/0a1b.init":           nil,
		"0000x/0a1b.init":      nil,
		"00000":                nil,
		"aggdata.pickle":       nil,
		"00000/aggdata.pickle": nil,
	} {
		var got []string
		w := newWatcher(&got)
		job := w.job("e1-0-M000")
		stored := epoch.Add(time.Second)
		news, err := job.see(w, place, stored)
		require.NoError(t, err, place)
		assert.Equal(t, want, got, place)
		assert.Equal(t, len(want), news, place)
		assert.Equal(t, len(want), w.keys, place)
		assert.Equal(t, stored, w.newest, place)
		assert.Equal(t, place == "aggdata.pickle", !job.submitted.IsZero(), place)

		news, err = job.see(w, place, epoch)
		require.NoError(t, err, place)
		assert.Zero(t, news, "it is known: %s", place)
		assert.Equal(t, stored, w.newest, "the newest: %s", place)
	}
}

// TestSeeStops ends with the consumer.
func TestSeeStops(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"00000/0a1b.init", "00000/status.json"} {
		var got []string
		w := newWatcher(&got)
		w.yield = func(Event, error) bool { return false }
		news, err := w.job("e1-0-M000").see(w, place, epoch)
		require.ErrorIs(t, err, errStopped)
		assert.Equal(t, 1, news)
	}
}

// TestSeeOneCall yields the events of the call that was asked for.
func TestSeeOneCall(t *testing.T) {
	t.Parallel()
	var got []string
	w := newWatcher(&got)
	w.id = ID{ExecutorID: "e1-0", JobID: "M000", CallID: "00001"}
	job := w.job("e1-0-M000")
	for _, place := range []string{"00000/0a.init", "00001/0b.init", "00002/status.json"} {
		_, err := job.see(w, place, epoch)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"started 00001 0b"}, got)
	assert.Nil(t, w.job("e1-0-M001"))
	assert.Nil(t, w.job("e1-00-M000"))
	assert.Nil(t, w.job("e1-0"))
}

// TestLatestAttempt dates a call by its latest attempt, and its job by the oldest.
func TestLatestAttempt(t *testing.T) {
	t.Parallel()
	var got []string
	w := newWatcher(&got)
	job := w.job("e1-0-M000")
	for _, attempt := range []struct{ began, latest, oldest time.Duration }{{5, 5, 5}, {3, 5, 5}, {9, 9, 5}} {
		_, err := job.see(w, "00000/"+fmt.Sprint(attempt.began)+".init", epoch.Add(attempt.began))
		require.NoError(t, err)
		assert.Equal(t, epoch.Add(attempt.latest), job.started["00000"])
		assert.Equal(t, epoch.Add(attempt.oldest), job.oldest)
	}
	_, err := job.see(w, "00007/a.init", epoch.Add(1))
	require.NoError(t, err)
	assert.Equal(t, epoch.Add(1), job.oldest)
	assert.Equal(t, []int{8, minCallDigits}, []int{job.next, job.digits})
	_, err = job.see(w, "00003/a.init", epoch)
	require.NoError(t, err)
	assert.Equal(t, 8, job.next)
	_, err = job.see(w, "99999/a.init", epoch)
	require.NoError(t, err)
	assert.Equal(t, []int{100_000, 6}, []int{job.next, job.digits})
}

func isFinished(t *testing.T, w *watcher) bool {
	t.Helper()
	finished, err := w.finished()
	require.NoError(t, err)
	return finished
}

// TestResolved counts the calls that have ended and those that are lost.
func TestResolved(t *testing.T) {
	t.Parallel()
	var got []string
	w := newWatcher(&got)
	job := w.job("e1-0-M000")
	for _, place := range []string{"00000/a.init", "00001/a.init", "00001/status.json"} {
		_, err := job.see(w, place, epoch)
		require.NoError(t, err)
	}
	assert.True(t, job.running())
	job.lost["00000"] = true
	assert.Equal(t, 2, job.resolved())
	assert.False(t, job.running())

	w.opts.Calls = map[string]int{"M000": 2}
	assert.True(t, isFinished(t, w))
	w.opts.Calls["M000"] = 3
	assert.False(t, isFinished(t, w))
	w.opts.Calls = map[string]int{"M000": 2, "A001": 0, "A002": -1}
	assert.True(t, isFinished(t, w), "jobs without calls")
	w.opts.Calls["A003"] = 1
	assert.False(t, isFinished(t, w))
	w.id.JobID = "M000"
	assert.True(t, isFinished(t, w), "the other job is not watched")
	w.opts.Calls = map[string]int{"M000": 9}
	assert.False(t, isFinished(t, w))
	w.id.CallID = "00001"
	assert.True(t, isFinished(t, w), "of a single call, no other is waited for")
	w.id.CallID = ""
	w.opts.Calls = nil
	assert.False(t, isFinished(t, w))

	job.calls = 2
	assert.False(t, job.complete(), "a lost call may still end")
	_, err := job.see(w, "00000/status.json", epoch)
	require.NoError(t, err)
	assert.True(t, job.complete())
	assert.Empty(t, job.lost)
	job.calls = 0
	assert.False(t, job.complete())
}

// TestMayBeLost lists the calls that began too long ago, by their IDs.
func TestMayBeLost(t *testing.T) {
	t.Parallel()
	at := epoch.Add
	job := &watchedJob{
		started: map[string]time.Time{"00003": at(0), "00001": at(time.Minute), "00002": at(0), "00004": at(0), "00005": {}, "00000": at(0)},
		done:    map[string]bool{"00002": true}, lost: map[string]bool{"00004": true},
	}
	assert.Equal(t, []string{"00000", "00003"}, job.mayBeLost(at(2*time.Minute), time.Minute))
	assert.Equal(t, []string{"00000", "00001", "00003"}, job.mayBeLost(at(2*time.Minute+1), time.Minute))
	assert.Empty(t, job.mayBeLost(at(time.Minute), time.Minute))
	assert.Empty(t, job.mayBeLost(at(time.Hour), -1))
}

// TestWatchErrors tells what is waited out from what ends a watch.
func TestWatchErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err   error
		isEnd bool
	}{
		{errors.New("broken"), false},
		{errStopped, true},
		{fs.ErrNotExist, true},
		{fs.ErrPermission, true},
		{&lithopss3.Error{StatusCode: 299, Err: errBroken}, false},
		{&lithopss3.Error{StatusCode: 300, Err: errBroken}, true},
		{&lithopss3.Error{StatusCode: 412, Err: errBroken}, true},
		{&lithopss3.Error{StatusCode: 429, Err: errBroken}, false},
		{&lithopss3.Error{StatusCode: 499, Err: errBroken}, true},
		{&lithopss3.Error{StatusCode: 500, Err: errBroken}, false},
		{&lithopss3.Error{StatusCode: 503, Err: errBroken}, false},
	} {
		var got []string
		w := newWatcher(&got)
		assert.Equal(t, !test.isEnd, w.mayPass(t.Context(), test.err), "%v", test.err)
		w.failures = maxWatchFailures - 2
		assert.Equal(t, !test.isEnd, w.mayPass(t.Context(), test.err), "%v", test.err)
		assert.False(t, w.mayPass(t.Context(), test.err), "ten in a row: %v", test.err)
		w.failures, w.opts.Once = 0, true
		assert.False(t, w.mayPass(t.Context(), test.err), "one look: %v", test.err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	var got []string
	assert.False(t, newWatcher(&got).mayPass(canceled, errBroken))
}

var errBroken = errors.New("broken")

// TestWatchInterval polls more slowly while nothing happens, unless calls are missing.
func TestWatchInterval(t *testing.T) {
	t.Parallel()
	const interval = lithopss3.DefaultMonitoringInterval
	for name, test := range map[string]struct {
		calls map[string]int
		want  []time.Duration
	}{
		"without Calls": {nil, []time.Duration{interval, interval * 3 / 2, interval * 2, interval * 2}},
		"with Calls":    {map[string]int{"M000": 2}, []time.Duration{interval, interval, interval, interval}},
	} {
		job := newSimulatedJob([]time.Duration{0}, []time.Duration{time.Hour})
		client := job.jobs(nil)
		ctx, cancel := context.WithCancel(t.Context())
		var waits []time.Duration
		wait := client.sleep
		client.sleep = func(ctx context.Context, d time.Duration) error {
			if waits = append(waits, d); len(waits) == len(test.want) {
				cancel()
			}
			return wait(ctx, d)
		}
		events := 0
		for _, err := range client.Watch(ctx, ID{ExecutorID: "e1-0"}, &WatchOptions{Calls: test.calls}) {
			if err == nil {
				events++
			}
		}
		cancel()
		assert.Equal(t, test.want, waits, name)
		assert.Equal(t, 1, events, name)
	}
}

// TestWatchCallsOfAll checks that Calls without an executor, of which none would ever be
// complete, is an error.
func TestWatchCallsOfAll(t *testing.T) {
	t.Parallel()
	client := New(nil, "bucket", nil) // nothing is asked
	events := 0
	for event, err := range client.Watch(t.Context(), ID{}, &WatchOptions{Calls: map[string]int{"M000": 2}}) {
		require.ErrorContains(t, err, "WatchOptions.Calls needs an ID with an executor")
		assert.Zero(t, event)
		events++
	}
	assert.Equal(t, 1, events)
}

// TestWatchLostCalls reports a call as lost once, unless no call is ever lost.
func TestWatchLostCalls(t *testing.T) {
	t.Parallel()
	for lostAfter, want := range map[time.Duration]int{time.Hour: 1, -1: 0} {
		job := newSimulatedJob([]time.Duration{0}, []time.Duration{1000 * time.Hour})
		polls := 0
		ctx, cancel := context.WithCancel(t.Context())
		client := job.jobs(func() {
			job.now += time.Hour
			if polls++; polls == 3*lostEvery {
				cancel()
			}
		})
		client.lost = lostAfter
		lost := 0
		for event, err := range client.Watch(ctx, ID{ExecutorID: "e1-0"}, nil) {
			if err == nil && event.Kind == CallLost {
				lost++
			}
		}
		cancel()
		assert.Equal(t, want, lost)
	}
}
