package jobs

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
)

// An EventKind is what happened to a call.
type EventKind int

// Kinds of events.
const (
	CallStarted EventKind = iota + 1 // its first attempt has started
	CallDone                         // it has ended; its status is there
	CallLost                         // it has run for longer than a call may; it may still end
)

// String returns "started", "done" or "lost".
func (k EventKind) String() string {
	if k < CallStarted || k > CallLost {
		return "EventKind(" + strconv.Itoa(int(k)) + ")"
	}
	return [...]string{"started", "done", "lost"}[k-CallStarted]
}

// An Event is what happened to a call.
type Event struct {
	Call
	Kind EventKind
	// ActivationID is the attempt that was seen first, of a start.
	ActivationID string
}

// WatchOptions are the options of Watch; nil is the zero value.
type WatchOptions struct {
	// Calls tells how many calls the jobs of the executor have, by job id. Once all of
	// them have ended or are lost, the sequence ends; jobs that are not named are not
	// waited for. Without it the sequence ends only with its context, an error, or a
	// break.
	Calls map[string]int
	// UntilIdle ends the sequence once every call that has started has ended, is lost
	// or was deleted, and two polls in a row found nothing new. It waits for a job that
	// was submitted and of which no call has begun. Use it if you do not know how many
	// calls there are.
	UntilIdle bool
	// Once makes a single poll of everything: the calls as they are now.
	Once bool
	// Nested also watches the calls of executors that were made inside the watched
	// calls, see [ID.HasNested].
	Nested bool
}

// Watch yields the start and the end of each call that an ID selects once, see
// [ID.Has]. A call that had ended when it was first seen yields both. A call that
// began longer ago than [Options].LostAfter yields CallLost.
//
// It polls at [Options].Interval. An event is yielded at most two intervals after it
// happened while calls are missing of those that opts.Calls names, and at most five
// otherwise: without Calls it polls up to twice as slowly while nothing happens.
// Of a job with more than some 16,000 running calls, which Python's monitor lists in
// hundreds of requests at each poll, only a part is looked at in each poll, in turn: a
// fourteenth of all keys, so that the end of a call may be seen fourteen polls late.
//
// Unlike Python's monitor, which lists every key of the executor at each poll,
// it pays for what is new: it never lists again the calls that it knows to have
// ended, unless that is cheaper. For a job of 100,000 calls that is less than a tenth of
// Python's requests: TestWatchRequests counts.
//
// Errors that may pass, as a 503 or a lost connection, are waited out in addition to
// the storage's own retries; after ten in a row, or at once for others, the error is
// yielded and ends the sequence.
func (c *Client) Watch(ctx context.Context, id ID, opts *WatchOptions) iter.Seq2[Event, error] {
	if opts == nil {
		opts = &WatchOptions{}
	}
	return func(yield func(Event, error) bool) {
		w := &watcher{client: c, id: id, opts: opts, yield: yield, known: map[string]*watchedJob{}}
		if err := w.run(ctx); err != nil && !errors.Is(err, errStopped) {
			yield(Event{}, err)
		}
	}
}

// errStopped is the consumer's break.
var errStopped = errors.New("stopped")

// Limits of a watcher.
const (
	maxWatchFailures = 10
	maxSlowdown      = 2
	// maxRest is how many polls apart a job is looked at that seems to have ended.
	maxRest = 2
	// A page that yields this many events was worth its request and costs no budget.
	productive = 128
	// freePages is how many other pages a poll may list of each job without regard
	// to what Python would pay; minPages, if that is used up.
	freePages = 14
	minPages  = 8
	// pythonShare is the part of a full listing that a poll may cost on average.
	pythonShare = 14.0
	// lostEvery is how many polls apart lost calls are looked for.
	lostEvery = 5
)

type watcher struct {
	client   *Client
	id       ID
	opts     *WatchOptions
	yield    func(Event, error) bool
	known    map[string]*watchedJob // by folder
	order    []*watchedJob
	failures int
	quiet    int     // polls without news and without anything to wait for, in a row
	polls    int     // so far
	keys     int     // that are known
	saved    float64 // pages that may be listed beyond minPages
}

func (w *watcher) run(ctx context.Context) error {
	for slow := 1.0; ; {
		news, err := w.poll(ctx)
		if err == nil {
			var lost int
			lost, err = w.findLost(ctx)
			news += lost
		}
		switch {
		case err != nil && !w.mayPass(ctx, err):
			return err
		case err == nil && (w.opts.Once || w.finished() || w.idle(news)):
			return nil
		case err == nil:
			w.failures = 0
		}
		if slow = min(slow*1.5, maxSlowdown); news > 0 || len(w.opts.Calls) > 0 {
			slow = 1
		}
		if err := w.client.sleep(ctx, time.Duration(slow*float64(w.client.interval))); err != nil {
			return err
		}
	}
}

// idle reports whether there is nothing more to wait for, as far as can be seen.
func (w *watcher) idle(news int) bool {
	waits := slices.ContainsFunc(w.order, func(job *watchedJob) bool {
		return job.running() || job.position != "" || job.pending(w.client)
	})
	if w.quiet++; news > 0 || waits {
		w.quiet = 0
	}
	return w.opts.UntilIdle && w.quiet >= 2
}

// mayPass reports whether to try again after an error.
func (w *watcher) mayPass(ctx context.Context, err error) bool {
	final := errors.Is(err, errStopped) || ctx.Err() != nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
	if known := (*lithopss3.Error)(nil); errors.As(err, &known) && known.StatusCode >= 300 && known.StatusCode < 500 && known.StatusCode != http.StatusTooManyRequests {
		final = true
	}
	w.failures++
	return !final && w.failures < maxWatchFailures && !w.opts.Once
}

// finished reports whether no call is missing of those that Calls names.
func (w *watcher) finished() bool {
	if len(w.opts.Calls) == 0 {
		return false
	}
	for jobID, calls := range w.opts.Calls {
		if calls <= 0 || w.id.JobID != "" && jobID != w.id.JobID {
			continue
		}
		if job := w.known[JobKey(w.id.ExecutorID, jobID)]; job == nil || job.resolved() < calls {
			return false
		}
	}
	return true
}

// poll looks for new jobs and at those that are not at rest: by listing everything,
// as Python's monitor does, or if that costs more, only where something can be new.
func (w *watcher) poll(ctx context.Context) (news int, err error) {
	everything := w.keys/w.client.pageSize + 1
	defer func() { w.polls++ }()
	if w.opts.Once || w.polls == 0 || everything <= w.expected() {
		return w.pollAll(ctx)
	}
	w.saved = min(w.saved+float64(everything)/pythonShare, 2*float64(everything))
	return w.pollJobs(ctx)
}

// expected returns how many requests pollJobs needs, or less.
func (w *watcher) expected() int {
	requests := 1
	for _, job := range w.order {
		if !job.gone && !job.complete() {
			requests += max(1, job.sweep/2)
		}
	}
	return requests
}

// pollAll lists everything.
func (w *watcher) pollAll(ctx context.Context) (news int, err error) {
	keys, listed := 0, map[string]bool{}
	for _, prefix := range w.id.prefixes(w.opts.Nested) {
		opts := &lithopss3.ListOptions{Prefix: prefix, PageSize: w.client.pageSize}
		if w.keys/w.client.pageSize > listedAtOnce || w.opts.Once {
			opts.Parallel = listedAtOnce
		}
		for info, err := range w.client.storage.ListObjects(ctx, w.client.bucket, opts) {
			if err == nil {
				err = checkPrefix(info.Key, prefix)
			}
			if err != nil {
				return news, err
			}
			keys++
			folder, place, _ := strings.Cut(info.Key[len(Prefix)+1:], "/")
			job := w.job(folder)
			if job == nil {
				continue
			}
			listed[folder] = true
			found, err := job.see(w, place, info.LastModified)
			news += found
			if err != nil {
				return news, err
			}
		}
	}
	w.keys = keys
	for folder, job := range w.known {
		job.position, job.pages, job.sweep = "", 0, keys/w.client.pageSize+1
		job.gone = !listed[folder]
	}
	return news, nil
}

// pollJobs looks for new jobs, and at each job.
func (w *watcher) pollJobs(ctx context.Context) (news int, err error) {
	if err := w.discover(ctx); err != nil {
		return 0, err
	}
	for _, job := range w.order {
		everyJob := w.opts.UntilIdle && w.quiet > 0 // the second look is at all of them too
		if job.rest--; job.gone || job.complete() || job.rest > 0 && !everyJob {
			continue
		}
		found, err := job.look(ctx, w)
		news += found
		if err != nil {
			return news, err
		}
		if job.rest = maxRest; found > 0 || job.running() || job.calls > 0 {
			job.rest = 1
		}
	}
	return news, nil
}

// discover finds the folders of jobs: with the delimiter, a thousand a request.
func (w *watcher) discover(ctx context.Context) error {
	if w.id.JobID != "" && !w.opts.Nested {
		return nil // the only folder is known, as something was in it
	}
	prefix := Prefix + "/"
	opts := &lithopss3.ListOptions{Prefix: executorPrefix(w.id.ExecutorID), Delimiter: "/"}
	listed := map[string]bool{}
	for info, err := range w.client.storage.ListObjects(ctx, w.client.bucket, opts) {
		if err == nil {
			err = checkPrefix(info.Key, prefix)
		}
		if err != nil {
			return err
		}
		folder := strings.TrimSuffix(info.Key[len(prefix):], "/")
		if info.IsPrefix && w.job(folder) != nil {
			listed[folder] = true
		}
	}
	for folder, job := range w.known {
		if job.gone = !listed[folder]; job.gone {
			job.position, job.rest = "", 0
		}
	}
	return nil
}

// job returns the job with a folder, which it knows from now on; nil for a folder
// that is not selected.
func (w *watcher) job(folder string) *watchedJob {
	if job := w.known[folder]; job != nil {
		return job
	}
	executorID, jobID, ok := parseJobKey(folder)
	call := Call{executorID, jobID, w.id.CallID}
	if !ok || !w.id.Has(call) && (!w.opts.Nested || !w.id.HasNested(call)) {
		return nil
	}
	job := &watchedJob{executorID: executorID, jobID: jobID, started: map[string]time.Time{}, done: map[string]bool{}, lost: map[string]bool{}, digits: minCallDigits}
	if executorID == w.id.ExecutorID {
		job.calls = w.opts.Calls[jobID]
	}
	w.known[folder] = job
	w.order = append(w.order, job)
	return job
}

// findLost yields the calls that are lost. Before it believes that, it looks at all
// that the job has running.
func (w *watcher) findLost(ctx context.Context) (news int, err error) {
	lostAfter := w.client.lost
	if lostAfter <= 0 || w.polls%lostEvery != 1 && !w.opts.Once {
		return 0, nil
	}
	now := w.client.Now()
	for _, job := range w.order {
		if job.gone || !isLost(job.oldest, now, lostAfter) || len(job.mayBeLost(now, lostAfter)) == 0 {
			continue
		}
		if !w.opts.Once {
			job.position = ""
			found, err := job.scan(ctx, w, -1)
			news += found
			if err != nil {
				return news, err
			}
		}
		for _, callID := range job.mayBeLost(now, lostAfter) {
			job.lost[callID] = true
			news++
			if !w.yield(Event{Call{job.executorID, job.jobID, callID}, CallLost, ""}, nil) {
				return news, errStopped
			}
		}
	}
	return news, nil
}

// A watchedJob is what a watcher knows about a job.
type watchedJob struct {
	executorID, jobID string
	calls             int                  // how many it has, 0 if nobody said
	started           map[string]time.Time // when a call's latest known attempt began
	done, lost        map[string]bool
	oldest            time.Time // of started
	submitted         time.Time // when its data was stored; zero if none was seen
	digits            int       // of the id after that of its highest call
	next              int       // one more than the highest call
	head              string    // the first call that is not known to have ended
	endFrom           string    // from where the latest scan came to the job's last key
	position          string    // where the next scan begins: a call, or a key below the job's folder
	pages, sweep      int       // of the scan so far; of the last one that has come round
	rest              int       // polls until the next look
	gone              bool      // its objects were deleted
}

// running reports whether a call is known to have started and not to have ended.
func (b *watchedJob) running() bool { return !b.gone && len(b.started) > b.resolved() }

// resolved returns how many calls have ended or are lost.
func (b *watchedJob) resolved() int { return len(b.done) + len(b.lost) }

// complete reports whether no more calls can come.
func (b *watchedJob) complete() bool { return b.calls > 0 && len(b.done) >= b.calls }

// pending reports whether the job was submitted and no call has begun, and may still.
func (b *watchedJob) pending(c *Client) bool {
	return !b.gone && len(b.started) == 0 && !b.submitted.IsZero() && !isLost(b.submitted, c.Now(), c.lost)
}

// mayBeLost returns the calls that are lost if they have not ended meanwhile.
func (b *watchedJob) mayBeLost(now time.Time, lostAfter time.Duration) (calls []string) {
	for callID, began := range b.started {
		if !b.done[callID] && !b.lost[callID] && isLost(began, now, lostAfter) {
			calls = append(calls, callID)
		}
	}
	slices.Sort(calls)
	return calls
}

// look scans as much of the job as the budget allows, so that the scan comes round in
// two polls, and where new calls are to be expected.
func (b *watchedJob) look(ctx context.Context, w *watcher) (news int, err error) {
	budget := max(4, (b.sweep+1)/2+1)
	if budget > freePages+1 {
		budget = min(budget, max(minPages, int(w.saved)))
	}
	begin := b.position
	before := b.pages
	news, err = b.scan(ctx, w, budget)
	w.saved = max(0, w.saved-float64(max(0, b.pages-before)))
	at := FormatCallID(b.next)
	if err != nil || b.position == "" && begin == "" && b.endFrom != "" && b.endFrom <= at {
		return news, err // all of it was seen
	}
	for at != "" {
		found, next, err := b.page(ctx, w, at)
		news += found
		if err != nil || found < productive {
			return news, err
		}
		at = next
	}
	return news, nil
}

// scan lists the calls that are not known to have ended: from position on, around to
// it again, and as far as the budget of pages goes; below 0, that is without limit.
func (b *watchedJob) scan(ctx context.Context, w *watcher, budget int) (news int, err error) {
	begin, wrapped := b.position, b.position == ""
	b.position, b.endFrom = "", ""
	for at := b.unresolved(begin); ; {
		if at == "" { // after the last call
			b.sweep, b.pages = b.pages, 0
			if wrapped {
				return news, nil
			}
			wrapped, at = true, b.unresolved("")
		}
		if begin != "" && wrapped && at >= begin {
			b.pages = 0
			return news, nil
		}
		found, next, err := b.page(ctx, w, at)
		news += found
		b.pages++
		if err != nil {
			return news, err
		}
		if at = next; found < productive {
			budget--
		}
		if budget == 0 {
			b.position = at
			return news, nil
		}
	}
}

// page lists a thousand keys from a place on. next is the place to go on at, ""
// at the end.
func (b *watchedJob) page(ctx context.Context, w *watcher, from string) (news int, next string, err error) {
	folder := Prefix + "/" + JobKey(b.executorID, b.jobID) + "/"
	keys := 0
	opts := &lithopss3.ListOptions{Prefix: folder, StartAfter: folder + from, PageSize: w.client.pageSize}
	for info, err := range w.client.storage.ListObjects(ctx, w.client.bucket, opts) {
		if err == nil {
			err = checkPrefix(info.Key, folder)
		}
		if err != nil {
			return news, from, err
		}
		place := info.Key[len(folder):]
		found, err := b.see(w, place, info.LastModified)
		news += found
		if err != nil {
			return news, from, err
		}
		if keys++; keys < w.client.pageSize {
			continue
		}
		if callID, _, _ := strings.Cut(place, "/"); b.done[callID] {
			place = b.unresolved(callID)
		}
		return news, place, nil
	}
	b.endFrom = from
	return news, "", nil
}

// see records a key below the job's folder, and yields what is new.
func (b *watchedJob) see(w *watcher, place string, stored time.Time) (news int, err error) {
	if place == dataName {
		b.submitted = stored
		return 0, nil
	}
	callID, name, ok := strings.Cut(place, "/")
	if !ok || !isDigits(callID) || len(callID) < minCallDigits {
		return 0, nil
	}
	call := Call{b.executorID, b.jobID, callID}
	activation, isInit := strings.CutSuffix(name, initSuffix)
	isDone := name == statusName
	if !isDone && (!isInit || activation == "" || strings.Contains(activation, "/")) {
		return 0, nil
	}
	if !w.id.Has(call) && (!w.opts.Nested || !w.id.HasNested(call)) {
		return 0, nil
	}
	began, isKnown := b.started[callID]
	if isInit && !isDone && (!isKnown || stored.After(began)) {
		b.begin(callID, stored)
	}
	if !isKnown {
		if isDone {
			activation = ""
			b.begin(callID, time.Time{})
		}
		w.keys++
		news++
		if !w.yield(Event{call, CallStarted, activation}, nil) {
			return news, errStopped
		}
	}
	if isDone && !b.done[callID] {
		w.keys++
		b.done[callID] = true
		delete(b.lost, callID)
		news++
		if !w.yield(Event{call, CallDone, ""}, nil) {
			return news, errStopped
		}
	}
	return news, nil
}

// begin records when an attempt at a call began.
func (b *watchedJob) begin(callID string, stored time.Time) {
	b.started[callID] = stored
	if !stored.IsZero() && (b.oldest.IsZero() || stored.Before(b.oldest)) {
		b.oldest = stored
	}
	n, err := strconv.Atoi(callID)
	if err != nil || n < b.next {
		return
	}
	b.next = n + 1
	if digits := len(FormatCallID(b.next)); digits > b.digits {
		b.digits, b.head = digits, "" // longer ids sort in between
	}
}

// minCallDigits is how many digits a call id has at least.
const minCallDigits = 5

// unresolved is the first call from a place on, in the order of the keys, that
// is not known to have ended; the place itself, if that is no call that has.
func (b *watchedJob) unresolved(place string) string {
	if place != "" {
		return b.skipDone(place)
	}
	if b.head == "" {
		b.head = strings.Repeat("0", minCallDigits)
	}
	b.head = b.skipDone(b.head)
	return b.head
}

// skipDone returns the first call from callID on that has not ended and that is not
// after the highest call: those that look finds.
func (b *watchedJob) skipDone(callID string) string {
	if b.next == 0 {
		return ""
	}
	for callID != "" {
		n, err := strconv.Atoi(callID)
		if err != nil || n < b.next && !b.done[callID] { // a key within a call, or a call
			return callID
		}
		digits := b.digits
		if n*10 >= b.next { // as all ids that begin with this one
			digits = len(callID)
		}
		callID = nextCallID(callID, digits)
	}
	return ""
}

// nextCallID is the call id behind another in the order of the keys, where ids
// have five digits and up to so many: 00009, 00010; with six digits, 10000,
// 100000, …, 100009, 10001. It is "" behind the last.
func nextCallID(callID string, digits int) string {
	if len(callID) < digits && callID[0] != '0' {
		return callID + "0"
	}
	id := []byte(callID)
	for len(id) > minCallDigits && id[len(id)-1] == '9' {
		id = id[:len(id)-1]
	}
	for i := len(id) - 1; i >= 0; i-- {
		if id[i] < '9' {
			id[i]++
			return string(id)
		}
		id[i] = '0'
	}
	return ""
}
