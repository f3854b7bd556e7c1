// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A listedJob answers listings of job e1-0-M000, and notes after which place each begins.
type listedJob struct {
	lithopss3.Storage
	places []string // in the order of the keys
	asked  []string
	err    error // after the last key
}

func (s *listedJob) ListObjects(_ context.Context, _ string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	const folder = "lithops.jobs/e1-0-M000/"
	from := strings.TrimPrefix(opts.StartAfter, folder)
	asked := from
	if opts.Delimiter != "" {
		asked = "jobs"
	} else if opts.StartAfter == "" {
		asked = fmt.Sprint("all by ", opts.Parallel)
	}
	s.asked = append(s.asked, asked)
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		for _, place := range s.places {
			if opts.Delimiter != "" {
				yield(lithopss3.ObjectInfo{Key: folder, IsPrefix: true}, nil)
				return
			}
			if place > from && !yield(lithopss3.ObjectInfo{Key: folder + place, LastModified: epoch}, nil) {
				return
			}
		}
		if s.err != nil {
			yield(lithopss3.ObjectInfo{}, s.err)
		}
	}
}

// newListedJob returns a job of which the first keys are known, on pages of two keys.
func newListedJob(t *testing.T, places string, known int) (*watcher, *watchedJob, *listedJob, *[]string) {
	t.Helper()
	storage := &listedJob{places: strings.Fields(places)}
	got := &[]string{}
	w := newWatcher(got)
	w.client.storage, w.client.pageSize = storage, 2
	job := w.job("e1-0-M000")
	for _, place := range storage.places[:known] {
		_, err := job.see(w, place, epoch)
		require.NoError(t, err)
	}
	*got = nil
	return w, job, storage, got
}

const (
	threeOfFour = "00000/a.init 00000/status.json 00001/a.init 00001/status.json 00002/a.init 00003/a.init 00003/status.json"
	fourRunning = "00000/a.init 00001/a.init 00002/a.init 00003/a.init"
)

// TestScan lists from the first call that has not ended on, to the last, and comes round
// to where it began.
func TestScan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		places   string
		known    int
		position string
		budget   int
		want     string
	}{
		{threeOfFour, 7, "", -1, "00002; news 0; position ; pages 0; sweep 6; end "},
		{threeOfFour, 7, "", 1, "00002; news 0; position ; pages 6; sweep 7; end "},
		{threeOfFour, 4, "", -1, "; news 0; position ; pages 0; sweep 5; end "},
		{threeOfFour, 5, "", -1, "00002 00003/a.init; news 2; position ; pages 0; sweep 7; end 00003/a.init"},
		{fourRunning, 4, "", -1, "00000 00001/a.init 00003/a.init; news 0; position ; pages 0; sweep 8; end 00003/a.init"},
		{fourRunning, 4, "", 1, "00000; news 0; position 00001/a.init; pages 6; sweep 7; end "},
		{fourRunning, 4, "", 2, "00000 00001/a.init; news 0; position 00003/a.init; pages 7; sweep 7; end "},
		{fourRunning, 4, "00002", -1, "00002 00003/a.init 00000 00001/a.init; news 0; position ; pages 0; sweep 7; end 00003/a.init"},
		{fourRunning, 4, "00002", 1, "00002; news 0; position 00003/a.init; pages 6; sweep 7; end "},
		{fourRunning, 4, "00002", 2, "00002 00003/a.init; news 0; position ; pages 7; sweep 7; end 00003/a.init"},
		{fourRunning, 4, "00001/a.init", -1, "00001/a.init 00003/a.init 00000; news 0; position ; pages 0; sweep 7; end 00003/a.init"},
		{fourRunning, 0, "", -1, "; news 0; position ; pages 0; sweep 5; end "},
	} {
		w, job, storage, got := newListedJob(t, test.places, test.known)
		job.position, job.pages, job.sweep = test.position, 5, 7
		news, err := job.scan(t.Context(), w, test.budget)
		require.NoError(t, err)
		assert.Equal(t, len(*got), news)
		result := fmt.Sprint(strings.Join(storage.asked, " "), "; news ", news, "; position ", job.position, "; pages ", job.pages, "; sweep ", job.sweep, "; end ", job.endFrom)
		assert.Equal(t, test.want, result, "%+v", test)
	}
}

// TestLook scans, and then lists where new calls are to be expected, unless that was seen.
func TestLook(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		places   string
		known    int
		position string
		sweep    int
		saved    float64
		want     string
	}{
		{threeOfFour, 7, "", 1, 0, "2 from 00002 to 00004; news 0; position ; saved 0.0"},
		{threeOfFour, 5, "", 1, 0, "2 from 00002 to 00003/a.init; news 2; position ; saved 0.0"},
		{fourRunning, 4, "", 1, 0, "3 from 00000 to 00003/a.init; news 0; position ; saved 0.0"},
		{fourRunning, 4, "00002", 1, 0, "5 from 00002 to 00004; news 0; position 00003/a.init; saved 0.0"},
		{fourRunning, 2, "00001", 1, 0, "4 from 00001 to 00004; news 2; position ; saved 0.0"},
		{fourRunning, 0, "", 1, 0, "1 from 00000 to 00000; news 2; position ; saved 0.0"},
		{manyRunning(), 30, "", 1, 0, "5 from 00000 to 00030; news 2; position 00007/a.init; saved 0.0"},
		{manyRunning(), 30, "", 9, 0, "7 from 00000 to 00030; news 2; position 00011/a.init; saved 0.0"},
		{manyRunning(), 30, "", 100, 0, "9 from 00000 to 00030; news 2; position 00015/a.init; saved 0.0"},
		{manyRunning(), 30, "", 100, 9.9, "10 from 00000 to 00030; news 2; position 00017/a.init; saved 0.9"},
		{manyRunning(), 30, "", 100, 12, "13 from 00000 to 00030; news 2; position 00023/a.init; saved 0.0"},
		{manyRunning(), 30, "", 25, 99, "15 from 00000 to 00030; news 2; position 00027/a.init; saved 85.0"},
		{manyRunning(), 30, "", 27, 0, "16 from 00000 to 00030; news 2; position 00029/a.init; saved 0.0"},
		{manyRunning(), 30, "", 29, 12, "13 from 00000 to 00030; news 2; position 00023/a.init; saved 0.0"},
	} {
		w, job, storage, got := newListedJob(t, test.places, test.known)
		job.position, job.sweep = test.position, test.sweep
		w.saved = test.saved
		news, err := job.look(t.Context(), w)
		require.NoError(t, err)
		assert.Equal(t, len(*got), news)
		result := fmt.Sprint(len(storage.asked), " from ", storage.asked[0], " to ", storage.asked[len(storage.asked)-1], "; news ", news, "; position ", job.position, fmt.Sprintf("; saved %.1f", w.saved))
		assert.Equal(t, test.want, result, "%+v", test)
	}
}

// manyRunning returns the marks of forty calls.
func manyRunning() string {
	var places []string
	for _, call := range Calls("", "", 40) {
		places = append(places, call.CallID+"/a.init")
	}
	return strings.Join(places, " ")
}

// TestPageFails returns what was found before an error, and where it was to begin.
func TestPageFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(*watcher, *listedJob)
		is    error
	}{
		"the server":   {func(_ *watcher, s *listedJob) { s.err, s.places = errBroken, s.places[:1] }, errBroken},
		"the consumer": {func(w *watcher, _ *listedJob) { w.yield = func(Event, error) bool { return false } }, errStopped},
	} {
		w, job, storage, _ := newListedJob(t, fourRunning, 0)
		test.spoil(w, storage)
		news, next, err := job.page(t.Context(), w, "00000")
		require.ErrorIs(t, err, test.is, name)
		assert.Equal(t, 1, news, name)
		assert.Equal(t, "00000", next, name)
	}
	w, job, storage, _ := newListedJob(t, fourRunning, 4)
	storage.err, storage.places = errBroken, nil
	_, err := job.look(t.Context(), w)
	require.ErrorIs(t, err, errBroken)
	assert.Len(t, storage.asked, 1, "a look ends with an error")
}

// TestPoll lists everything if that costs no more requests than a look at each job.
func TestPoll(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		once        bool
		polls, keys int
		sweep       int
		asked       string
		saved       float64
	}{
		{false, 0, 0, 1, "all by 32", 10},
		{false, 0, 99, 1, "all by 32", 10},
		{false, 1, 0, 1, "all by 0", 10},
		{false, 1, 3, 1, "all by 0", 10},
		{false, 1, 4, 1, "jobs", 6},
		{false, 1, 4, 4, "all by 0", 10},
		{false, 1, 6, 4, "jobs", 8},
		{true, 1, 99, 1, "all by 32", 10},
		{false, 1, 2 * listedAtOnce, 200, "all by 32", 10},
		{false, 1, listedAtOnce + 2, 200, "all by 32", 10},
		{false, 1, listedAtOnce, 200, "all by 0", 10},
		{false, 1, 280, 4, "jobs", 10 + 141/pythonShare},
	} {
		w, job, storage, _ := newListedJob(t, fourRunning, 4)
		w.opts.Once, w.polls, w.keys, job.sweep = test.once, test.polls, test.keys, test.sweep
		w.saved = 10
		_, err := w.poll(t.Context())
		require.NoError(t, err)
		assert.Equal(t, test.asked, storage.asked[0], "%+v", test)
		assert.InDelta(t, test.saved, w.saved, 1e-9, "%+v", test)
		assert.Equal(t, test.polls+1, w.polls)
	}
}

// TestPollAll knows what was listed: how many keys, and which jobs are gone.
func TestPollAll(t *testing.T) {
	t.Parallel()
	w, job, storage, _ := newListedJob(t, fourRunning, 3)
	gone := w.job("e1-0-M001")
	job.gone, job.position, job.pages = true, "00001", 3
	news, err := w.pollAll(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []int{1, 4}, []int{news, w.keys})
	assert.Equal(t, []any{false, "", 0, 3}, []any{job.gone, job.position, job.pages, job.sweep})
	assert.True(t, gone.gone)

	storage.err = errBroken
	_, err = w.pollAll(t.Context())
	require.ErrorIs(t, err, errBroken)
	w, _, _, _ = newListedJob(t, fourRunning, 3)
	w.yield = func(Event, error) bool { return false }
	_, err = w.pollAll(t.Context())
	require.ErrorIs(t, err, errStopped)
}

// TestPollJobs looks at each poll at a job where a call runs or is missing, at every
// second one at a job that may have ended, and no more at one that has.
func TestPollJobs(t *testing.T) {
	t.Parallel()
	const allDone = "00000/a.init 00000/status.json"
	for name, test := range map[string]struct {
		places string
		known  int
		calls  int
		rest   int
		isIdle bool // the second look of UntilIdle
		isGone bool
		want   string // in which of three polls it was looked at
	}{
		"running":           {fourRunning, 4, 0, 0, false, false, "xxx"},
		"rested":            {fourRunning, 4, 0, 2, false, false, ".xx"},
		"ended":             {allDone, 2, 0, 0, false, false, "x.x"},
		"ended and idle":    {allDone, 2, 0, 0, true, false, "xxx"},
		"all calls ended":   {allDone, 2, 1, 0, false, false, "..."},
		"idle, all ended":   {allDone, 2, 1, 0, true, false, "..."},
		"a call is missing": {allDone, 2, 2, 0, false, false, "xxx"},
		"gone":              {"", 0, 0, 0, true, true, "..."},
		"a new call":        {allDone + " 00001/a.init 00001/status.json", 2, 0, 0, false, false, "xx."},
	} {
		w, job, storage, _ := newListedJob(t, test.places, test.known)
		job.calls, job.rest = test.calls, test.rest
		w.opts.UntilIdle, w.quiet = test.isIdle, 1
		got := ""
		for range 3 {
			storage.asked = nil
			_, err := w.pollJobs(t.Context())
			require.NoError(t, err)
			require.Equal(t, "jobs", storage.asked[0])
			if len(storage.asked) > 1 {
				got += "x"
			} else {
				got += "."
			}
		}
		assert.Equal(t, test.want, got, name)
		assert.Equal(t, test.isGone, job.gone, name)
	}
	w, _, storage, _ := newListedJob(t, fourRunning, 4)
	storage.err, storage.places = errBroken, nil
	_, err := w.pollJobs(t.Context())
	require.ErrorIs(t, err, errBroken)
	w.id, w.opts.Nested = ID{"e1-0", "M000", ""}, false
	require.ErrorIs(t, w.discover(t.Context()), errBroken)
	storage.asked, w.order[0].calls = nil, 4
	require.NoError(t, w.discover(t.Context()), "calls that have begun are waited for, whatever is left")
	assert.Empty(t, storage.asked)
}

// TestFindLostNow looks for lost calls at every fifth poll, and at the only one.
func TestFindLostNow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		once  bool
		polls int
		lost  time.Duration
		want  int
	}{
		{false, 0, time.Hour, 0},
		{false, 1, time.Hour, 4},
		{false, 2, time.Hour, 0},
		{false, 5, time.Hour, 0},
		{false, 6, time.Hour, 4},
		{true, 0, time.Hour, 4},
		{true, 2, time.Hour, 4},
		{false, 1, -1, 0},
		{true, 1, 1_000_000 * time.Hour, 0},
	} {
		w, job, storage, got := newListedJob(t, fourRunning, 4)
		w.opts.Once, w.polls, w.client.lost = test.once, test.polls, test.lost
		news, err := w.findLost(t.Context())
		require.NoError(t, err)
		assert.Equal(t, test.want, news, "%+v", test)
		assert.Len(t, *got, test.want)
		assert.Len(t, job.lost, test.want)
		assert.Equal(t, test.want > 0 && !test.once, len(storage.asked) > 0, "%+v: it looks before it believes that", test)
		job.gone, job.lost = true, map[string]bool{}
		news, err = w.findLost(t.Context())
		require.NoError(t, err)
		assert.Zero(t, news, "a job that is gone has no calls")
	}
	w, _, storage, _ := newListedJob(t, fourRunning, 4)
	w.polls, w.client.lost, storage.err = 1, time.Hour, errBroken
	_, err := w.findLost(t.Context())
	require.ErrorIs(t, err, errBroken)
	w, _, _, _ = newListedJob(t, fourRunning, 4)
	w.polls, w.client.lost = 1, time.Hour
	w.yield = func(Event, error) bool { return false }
	news, err := w.findLost(t.Context())
	require.ErrorIs(t, err, errStopped)
	assert.Equal(t, 1, news)
}

// TestSkipDone has IDs of five and of six digits, in the order of their keys.
func TestSkipDone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		highest, running int // the other calls have ended
		from, want       string
	}{
		{3, 2, "00000", "00002"},
		{3, 2, "00003", ""},
		{3, 3, "00003", "00003"},
		{3, 2, "00001/a.init", "00001/a.init"},
		{99_999, 99_999, "99990", "99999"},
		{100_005, 100_005, "10000", "100005"},
		{100_005, 10_001, "10000", "10001"},
		{100_005, 10_001, "100005", "10001"},
		{100_005, 10_001, "100006", "10001"},
		{100_005, 10_000, "99990", ""},
		{100_005, 3, "00002", "00003"},
	} {
		job := &watchedJob{next: test.highest + 1, digits: len(FormatCallID(test.highest)), done: map[string]bool{}}
		for _, first := range []int{0, 10_000, 99_990, 100_000} { // those that are passed
			for n := first; n < first+10 && n <= test.highest; n++ {
				job.done[FormatCallID(n)] = n != test.running
			}
		}
		assert.Equal(t, test.want, job.skipDone(test.from), "%+v", test)
	}
	assert.Empty(t, (&watchedJob{digits: minCallDigits}).skipDone("00000"))
}
