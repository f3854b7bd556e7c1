// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// simulatedJob is a bucket with one job whose calls start and end as time goes
// on. It answers listings only, from two times for each call, and counts the
// requests that S3 would get.
type simulatedJob struct {
	lithopss3.Storage
	now        time.Duration
	start, end []time.Duration // of each call
	ids        []string        // in the order of the keys
	number     map[string]int
	numbers    []int // in the order of ids
	pageSize   int
	requests   int
	fail       func(request int) error
	folder     string
	activation string
	function   *time.Duration // when the executor's function was stored; nil for never
}

func newSimulatedJob(start, end []time.Duration) *simulatedJob {
	s := &simulatedJob{start: start, end: end, pageSize: maxPageSize, folder: "lithops.jobs/e1-0-M000/", activation: "0a1b"}
	s.count(0)
	return s
}

// count numbers the calls from first on.
func (s *simulatedJob) count(first int) {
	s.ids, s.number = nil, map[string]int{}
	for n := range s.start {
		id := FormatCallID(first + n)
		s.ids = append(s.ids, id)
		s.number[id] = n
	}
	slices.Sort(s.ids)
	s.numbers = make([]int, len(s.ids))
	for i, id := range s.ids {
		s.numbers[i] = s.number[id]
	}
}

// objects yields the objects whose keys are after startAfter.
func (s *simulatedJob) objects(startAfter string) iter.Seq[lithopss3.ObjectInfo] {
	return func(yield func(lithopss3.ObjectInfo) bool) {
		rest := strings.TrimPrefix(startAfter, s.folder)
		first, _, _ := strings.Cut(rest, "/")
		from, _ := slices.BinarySearch(s.ids, first)
		initName := "/" + s.activation + ".init"
		for i := max(0, from-1); i < len(s.ids); i++ {
			n := s.numbers[i]
			for _, object := range []struct {
				name string
				at   time.Duration
			}{{initName, s.start[n]}, {"/status.json", s.end[n]}} {
				if object.at > s.now {
					continue
				}
				key := s.folder + s.ids[i] + object.name
				if key <= startAfter {
					continue
				}
				if !yield(lithopss3.ObjectInfo{Key: key, LastModified: epoch.Add(object.at)}) {
					return
				}
			}
		}
	}
}

func (s *simulatedJob) ListObjects(_ context.Context, _ string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		request := func() error {
			s.requests++
			if s.fail == nil {
				return nil
			}
			return s.fail(s.requests)
		}
		if err := request(); err != nil {
			yield(lithopss3.ObjectInfo{}, err)
			return
		}
		if !strings.HasPrefix(s.folder, opts.Prefix) {
			if s.function != nil && *s.function <= s.now && opts.Prefix == "lithops.jobs/e1-0/" {
				yield(lithopss3.ObjectInfo{Key: FunctionKey("e1-0", strings.Repeat("0", 32)), LastModified: epoch.Add(*s.function)}, nil)
			}
			return
		}
		if opts.Delimiter != "" {
			for range s.objects("") {
				yield(lithopss3.ObjectInfo{Key: s.folder, IsPrefix: true}, nil)
				return
			}
			return
		}
		count := 0
		for info := range s.objects(opts.StartAfter) {
			if count > 0 && count%s.pageSize == 0 {
				if err := request(); err != nil {
					yield(lithopss3.ObjectInfo{}, err)
					return
				}
			}
			count++
			if !yield(info, nil) {
				return
			}
		}
	}
}

// epoch is when the simulated time begins.
var epoch = time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)

// ServerTime returns the simulated time.
func (s *simulatedJob) ServerTime() time.Time { return epoch.Add(s.now) }

// pythonRequests returns how many requests a full listing needs now.
func (s *simulatedJob) pythonRequests() int {
	keys := 0
	for n := range s.start {
		if s.start[n] <= s.now {
			keys++
		}
		if s.end[n] <= s.now {
			keys++
		}
	}
	return max(1, (keys+s.pageSize-1)/s.pageSize)
}

// watchAll watches to the end and checks that each event comes once and in order.
func (s *simulatedJob) watchAll(t require.TestingT, jobs *Client) {
	started, done := map[Call]int{}, map[Call]int{}
	for event, err := range jobs.Watch(context.Background(), ID{ExecutorID: "e1-0"}, &WatchOptions{Calls: map[string]int{"M000": len(s.start)}}) {
		require.NoError(t, err)
		n, call := s.number[event.CallID], event.Call
		known := [2]int{started[call], done[call]}
		isInOrder := known == [2]int{} && s.start[n] <= s.now
		if event.Kind == CallDone {
			isInOrder = known == [2]int{1, 0} && s.end[n] <= s.now
			done[call]++
		} else {
			started[call]++
		}
		if !isInOrder {
			require.Failf(t, "twice, too early or out of order", "%v at %v, after %v", event, s.now, known)
		}
	}
	require.Len(t, started, len(s.start))
	require.Len(t, done, len(s.start))
}

func (s *simulatedJob) jobs(afterPoll func()) *Client {
	jobs := New(s, "bucket", nil)
	jobs.pageSize, jobs.productive = s.pageSize, productive*s.pageSize/maxPageSize
	jobs.sleep = func(ctx context.Context, d time.Duration) error {
		if afterPoll != nil {
			afterPoll()
		}
		s.now += d
		return ctx.Err()
	}
	return jobs
}

// TestWatchRequests checks that for a job of 100,000 calls Watch makes about a tenth of
// the requests that listing everything at each poll takes, as Python's monitor does. A
// tenth of the calls stands for all of them, in pages of a tenth of the keys.
func TestWatchRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	const calls, scale = 100_000, 10
	for name, schedule := range map[string]func(random *rand.Rand, n int) (start, end time.Duration){
		"a thousand workers": func(random *rand.Rand, n int) (start, end time.Duration) {
			start = time.Duration(n)*4*time.Millisecond + time.Duration(random.IntN(1000))*time.Millisecond
			return start, start + 3*time.Second + time.Duration(random.ExpFloat64()*float64(time.Second))
		},
		"stragglers": func(random *rand.Rand, n int) (start, end time.Duration) {
			start = time.Duration(n) * 4 * time.Millisecond
			end = start + 3*time.Second
			if random.IntN(200/scale) == 0 { // as many on each page
				end += time.Duration(random.IntN(300)) * time.Second
			}
			return start, end
		},
		"everything at once": func(random *rand.Rand, _ int) (start, end time.Duration) {
			start = time.Duration(random.IntN(30_000)) * time.Millisecond
			return start, start + 30*time.Second + time.Duration(random.IntN(600_000))*time.Millisecond
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			var start, end []time.Duration
			for n := range calls / scale {
				s, e := schedule(random, n*scale)
				start, end = append(start, s), append(end, e)
			}
			job := newSimulatedJob(start, end)
			job.pageSize = maxPageSize / scale
			python, polls := 0, 0
			job.watchAll(t, job.jobs(func() { python += job.pythonRequests(); polls++ }))
			python += job.pythonRequests()
			t.Logf("%d polls, %d requests; Python %d", polls, job.requests, python)
			assert.LessOrEqual(t, job.requests*100, python*11)
			assert.Less(t, job.now, slices.Max(end)+time.Minute, "the last calls are seen soon")
		})
	}
}

// Whatever the order of starts and ends, the size of the pages and the digits of
// the ids: every event comes once.
func TestWatchEveryEventOnce(t *testing.T) {
	t.Parallel()
	comeOnce := func(seed uint64) bool {
		defer func() {
			if t.Failed() {
				t.Logf("seed %d", seed)
			}
		}()
		random := rand.New(rand.NewPCG(seed, 0))
		longest := 1 + random.IntN(61) // in some jobs much happens at once
		seconds := func() time.Duration { return time.Duration(random.IntN(longest)) * time.Second }
		var start, end []time.Duration
		for range 1 + random.IntN(1+random.IntN(400)) {
			start = append(start, seconds())
			end = append(end, start[len(start)-1]+seconds())
		}
		job := newSimulatedJob(start, end)
		job.count([]int{0, 9_990, 99_900, 99_999, 123_456}[random.IntN(5)])
		job.pageSize = 1 + random.IntN(50)
		job.watchAll(t, job.jobs(nil))
		return true
	}
	require.NoError(t, quick.Check(comeOnce, &quick.Config{MaxCount: testkit.Less(100, 30)}))
}

func TestWatchSurvivesTroubleThatPasses(t *testing.T) {
	t.Parallel()
	job := newSimulatedJob([]time.Duration{0, time.Second}, []time.Duration{time.Minute, time.Minute})
	job.fail = func(int) error {
		return &lithopss3.Error{Op: "ListObjects", StatusCode: 503, Err: errors.New("SlowDown")}
	}
	jobs := job.jobs(nil)
	var kinds []EventKind
	for event, err := range jobs.Watch(t.Context(), ID{ExecutorID: "e1-0"}, nil) {
		if err != nil {
			require.ErrorContains(t, err, "503")
			break
		}
		kinds = append(kinds, event.Kind)
	}
	assert.Empty(t, kinds)
	assert.Equal(t, maxWatchFailures, job.requests)

	job.requests = 0
	job.fail = func(request int) error {
		if request%3 == 0 {
			return &lithopss3.Error{Op: "ListObjects", StatusCode: 503, Err: errors.New("SlowDown")}
		}
		return nil
	}
	job.watchAll(t, jobs)

	job.fail = func(int) error {
		return &lithopss3.Error{Op: "ListObjects", Bucket: "bucket", Err: lithopss3.ErrNoSuchBucket}
	}
	calls := 0
	for _, err := range jobs.Watch(t.Context(), ID{ExecutorID: "e1-0"}, nil) {
		calls++
		require.Error(t, err)
	}
	assert.Equal(t, 1, calls)
}

func TestWatchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	job := newSimulatedJob([]time.Duration{0}, []time.Duration{time.Hour})
	jobs := New(job, "bucket", nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for event, err := range jobs.Watch(ctx, ID{ExecutorID: "e1-0"}, nil) {
		if last = err; err == nil {
			assert.Equal(t, Event{Call{"e1-0", "M000", "00000"}, CallStarted, "0a1b"}, event)
			cancel()
		}
	}
	require.ErrorIs(t, last, context.Canceled)
}

func TestNextCallID(t *testing.T) {
	t.Parallel()
	for _, first := range []int{0, 9_990, 99_960, 99_990, 100_000, 999_990} {
		for _, digits := range []int{5, 6} {
			checkNextCallID(t, first, digits)
		}
	}
	assert.Empty(t, nextCallID("99999", 5))
}

// checkNextCallID checks that nextCallID leads from each of the 50 calls from first on to
// the one whose ID sorts next, and passes none, where IDs have so many digits at most.
func checkNextCallID(t *testing.T, first, digits int) {
	t.Helper()
	var ids []string
	for n := first; n < first+50 && len(FormatCallID(n)) <= digits; n++ {
		ids = append(ids, FormatCallID(n))
	}
	slices.Sort(ids)
	for i := range ids[:max(0, len(ids)-1)] {
		id := nextCallID(ids[i], digits)
		for id != "" && id < ids[i+1] {
			id = nextCallID(id, digits)
		}
		require.Equal(t, ids[i+1], id, "after %s", ids[i])
	}
}

// An executor that has stored its function is waited for until its job has begun and
// ended, unless the function is older than what is known of its jobs, or too old.
func TestWatchOfAFunction(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) *time.Duration { return &d }
	hour := 2 * time.Hour
	for name, c := range map[string]struct {
		function   *time.Duration
		start, end time.Duration
		events     int
		from, to   time.Duration // when the sequence ends
	}{
		"begins later":         {at(0), 5 * time.Minute, 6 * time.Minute, 2, 6 * time.Minute, 7 * time.Minute},
		"never begins":         {at(0), hour, hour, 0, 1800 * time.Second, 1830 * time.Second},
		"no function":          {nil, hour, hour, 0, 0, 10 * time.Second},
		"has ended":            {at(0), 0, 3 * time.Second, 2, 3 * time.Second, 12 * time.Second},
		"another one is begun": {at(4 * time.Second), time.Second, 3 * time.Second, 2, 1800 * time.Second, 1840 * time.Second},
	} {
		job := newSimulatedJob([]time.Duration{c.start}, []time.Duration{c.end})
		job.function = c.function
		events := 0
		for event, err := range job.jobs(nil).Watch(t.Context(), ID{ExecutorID: "e1-0"}, &WatchOptions{UntilIdle: true}) {
			require.NoError(t, err, name)
			assert.NotEqual(t, CallLost, event.Kind, name)
			events++
		}
		assert.Equal(t, c.events, events, name)
		assert.GreaterOrEqual(t, job.now, c.from, name)
		assert.LessOrEqual(t, job.now, c.to, name)
	}
}

// UntilIdle ends after two looks without news, also where another process has
// deleted a job whose calls were running.
func TestWatchUntilIdle(t *testing.T) {
	t.Parallel()
	const cleanedAt = 20 * time.Second
	executor, oneJob := ID{ExecutorID: "e1-0"}, ID{ExecutorID: "e1-0", JobID: "M000"}
	for name, c := range map[string]struct {
		id       ID
		calls    int
		pageSize int // few keys a page make a large job, of which not everything is listed
		end      time.Duration
		cleaned  bool
		last     time.Duration // when the sequence ends, at most
	}{
		"all have ended":          {executor, 2, maxPageSize, 3 * time.Second, false, 12 * time.Second},
		"cleaned":                 {executor, 2, maxPageSize, time.Hour, true, cleanedAt + 30*time.Second},
		"cleaned, a large job":    {oneJob, 200, 2, time.Hour, true, cleanedAt + 30*time.Second},
		"cleaned, an executor's":  {executor, 200, 2, time.Hour, true, cleanedAt + 30*time.Second},
		"all have ended, one job": {oneJob, 2, maxPageSize, 3 * time.Second, false, 12 * time.Second},
		"ended, cleaned, one job": {oneJob, 200, 2, cleanedAt, true, cleanedAt + 30*time.Second},
	} {
		times := func(d time.Duration) []time.Duration { return slices.Repeat([]time.Duration{d}, c.calls) }
		job := newSimulatedJob(times(0), times(c.end))
		job.pageSize = c.pageSize
		client := job.jobs(func() {
			if c.cleaned && job.now >= cleanedAt {
				job.start, job.end = times(2*time.Hour), times(2*time.Hour)
			}
		})
		events := 0
		for event, err := range client.Watch(t.Context(), c.id, &WatchOptions{UntilIdle: true}) {
			require.NoError(t, err, name)
			assert.NotEqual(t, CallLost, event.Kind, name)
			events++
			require.Less(t, job.now, c.last+time.Minute, name)
		}
		assert.Positive(t, events, name)
		assert.LessOrEqual(t, job.now, c.last, name)
	}
}

// TestWatchUntilIdleOfLostCalls ends also if so many calls are lost, here and there, that a scan
// of them takes several polls.
func TestWatchUntilIdleOfLostCalls(t *testing.T) {
	t.Parallel()
	const calls, lostEach, lostAfter = 200, 5, time.Minute
	start, end := make([]time.Duration, calls), slices.Repeat([]time.Duration{time.Second}, calls)
	for n := 0; n < calls; n += lostEach {
		end[n] = 1000 * time.Hour
	}
	job := newSimulatedJob(start, end)
	job.pageSize = 10 // as if the job had 20,000 calls
	client := job.jobs(nil)
	client.lost = lostAfter
	lost := 0
	for event, err := range client.Watch(t.Context(), ID{ExecutorID: "e1-0"}, &WatchOptions{UntilIdle: true}) {
		require.NoError(t, err)
		require.Less(t, job.now, time.Hour)
		if event.Kind == CallLost {
			lost++
		}
	}
	assert.Equal(t, calls/lostEach, lost)
	assert.LessOrEqual(t, job.now, lostAfter+time.Minute)
}

// TestUnresolved finds the call that has not ended, the highest too, and none after it.
func TestUnresolved(t *testing.T) {
	t.Parallel()
	done := map[string]bool{}
	for _, calls := range []int{1, 5, 99_998, 99_999, 100_000, 100_003} {
		job := &watchedJob{next: calls, digits: len(FormatCallID(calls)), done: done}
		for n := len(done); n < calls-1; n++ {
			done[FormatCallID(n)] = true
		}
		highest := FormatCallID(calls - 1)
		assert.Equal(t, highest, job.unresolved(""), "%d calls", calls)
		assert.Equal(t, highest, job.unresolved(highest), "%d calls", calls)
		done[highest] = true
		assert.Empty(t, job.unresolved(""), "%d calls", calls)
		assert.Empty(t, job.unresolved(highest), "%d calls", calls)
	}
}
