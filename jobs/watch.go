package jobs

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"net/http"
	"slices"
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
)

// An Event is the start or the end of a call.
type Event struct {
	Call
	Kind EventKind
	// ActivationID is the attempt that was seen first, of a start.
	ActivationID string
}

// WatchOptions are the options of Watch; nil is the zero value.
type WatchOptions struct {
	// Calls tells how many calls the jobs have, by job id. Once all of them have
	// ended, the sequence ends; jobs that are not named are not waited for.
	// Without it the sequence ends only with its context, an error, or a break.
	Calls map[string]int
	// UntilIdle ends the sequence once every call that has started has ended, or was
	// deleted, and two polls in a row found nothing new. Use it if you do not know how
	// many calls there are.
	UntilIdle bool
	// Once makes a single poll of everything: the calls as they are now.
	Once bool
}

// Watch yields the start and the end of each call of an executor once, those of
// executors made inside its calls included. A call that had ended when it was
// first seen yields both. It polls at [Options].Interval, and up to five times slower
// while nothing happens.
//
// Unlike Python's monitor, which lists every key of the executor at each poll,
// it pays for what is new: it never lists again the calls that it knows to have
// ended, and of large jobs a poll looks again at a sixteenth of the calls that are
// still running (in turn, so that an end is seen after sixteen polls at the
// latest), unless much is found there. For a job of 100,000 calls that is less
// than a tenth of Python's requests: TestWatchRequests counts.
//
// Errors that may pass, as a 503 or a lost connection, are waited out beyond the
// storage's own retries; after ten in a row, or at once for others, the error is
// yielded and ends the sequence.
func (c *Client) Watch(ctx context.Context, executorID string, opts *WatchOptions) iter.Seq2[Event, error] {
	if opts == nil {
		opts = &WatchOptions{}
	}
	return func(yield func(Event, error) bool) {
		w := &watcher{client: c, executorID: executorID, opts: opts, yield: yield, known: map[string]*watchedJob{}}
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
	maxSlowdown      = 5
	// A page that yields this many events was worth its request; of others a
	// poll makes a part of what a full listing would take, and at least
	// minRevisits for each job.
	productive  = 128
	revisited   = 16
	minRevisits = 4
	// A job at rest is looked at every maxRest polls at least.
	maxRest = 8
)

type watcher struct {
	client     *Client
	executorID string
	opts       *WatchOptions
	yield      func(Event, error) bool
	known      map[string]*watchedJob // by folder
	order      []*watchedJob
	failures   int
	quiet      int // polls without news and without running calls, in a row
}

func (w *watcher) run(ctx context.Context) error {
	for slow := 1.0; ; {
		news, err := w.poll(ctx)
		switch {
		case err != nil && !w.mayPass(ctx, err):
			return err
		case err == nil && (w.opts.Once || w.finished() || w.idle(news)):
			return nil
		case err == nil:
			w.failures = 0
		}
		if slow = min(slow*1.5, maxSlowdown); news > 0 || w.midway() {
			slow = 1
		}
		if err := w.client.sleep(ctx, time.Duration(slow*float64(w.client.interval))); err != nil {
			return err
		}
	}
}

// idle tells whether there is nothing more to wait for, as far as can be seen.
func (w *watcher) idle(news int) bool {
	running := slices.ContainsFunc(w.order, func(job *watchedJob) bool { return job.running() })
	if w.quiet++; news > 0 || running || w.midway() {
		w.quiet = 0
	}
	return w.opts.UntilIdle && w.quiet >= 2
}

// midway tells whether a scan has ended with its budget: what it left out is
// not known to be quiet.
func (w *watcher) midway() bool {
	return slices.ContainsFunc(w.order, func(job *watchedJob) bool { return job.position != "" })
}

// mayPass tells whether to try again after an error.
func (w *watcher) mayPass(ctx context.Context, err error) bool {
	final := errors.Is(err, errStopped) || ctx.Err() != nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
	if known := (*lithopss3.Error)(nil); errors.As(err, &known) && known.StatusCode >= 300 && known.StatusCode < 500 && known.StatusCode != http.StatusTooManyRequests {
		final = true
	}
	w.failures++
	return !final && w.failures < maxWatchFailures && !w.opts.Once
}

func (w *watcher) finished() bool {
	if len(w.opts.Calls) == 0 {
		return false
	}
	for jobID, calls := range w.opts.Calls {
		job := w.known[JobKey(w.executorID, jobID)]
		if calls > 0 && (job == nil || len(job.done) < calls) {
			return false
		}
	}
	return true
}

// poll looks for new jobs and at those that are not at rest.
func (w *watcher) poll(ctx context.Context) (news int, err error) {
	if err := w.discover(ctx); err != nil {
		return 0, err
	}
	for _, job := range w.order {
		everyJob := w.opts.UntilIdle && w.quiet > 0 // the second look is at all of them too
		if job.rest--; job.gone || job.rest > 0 && !everyJob {
			continue
		}
		found, err := job.scan(ctx, w)
		news += found
		if err != nil {
			return news, err
		}
		if job.quiet++; found > 0 || job.running() {
			job.quiet = 0
		}
		job.rest = min(1<<min(job.quiet, 10), maxRest)
	}
	return news, nil
}

// discover finds the folders of jobs: with the delimiter, a thousand a request.
func (w *watcher) discover(ctx context.Context) error {
	prefix := Prefix + "/"
	opts := &lithopss3.ListOptions{Prefix: executorPrefix(w.executorID), Delimiter: "/"}
	listed := map[string]bool{}
	for info, err := range w.client.storage.ListObjects(ctx, w.client.bucket, opts) {
		if err != nil {
			return err
		}
		if err := checkPrefix(info.Key, prefix); err != nil {
			return err
		}
		folder := strings.TrimSuffix(info.Key[len(prefix):], "/")
		listed[folder] = true
		executorID, jobID, ok := parseJobKey(folder)
		if !info.IsPrefix || !ok || w.known[folder] != nil || !isWithin(executorID, w.executorID) {
			continue
		}
		job := &watchedJob{executorID: executorID, jobID: jobID, started: map[string]bool{}, done: map[string]bool{}, digits: minCallDigits}
		if executorID == w.executorID {
			job.calls = w.opts.Calls[jobID]
		}
		w.known[folder] = job
		w.order = append(w.order, job)
	}
	for folder, job := range w.known {
		if job.gone = !listed[folder]; job.gone {
			job.position, job.rest = "", 0
		}
	}
	return nil
}

// A watchedJob is what a watcher knows about a job.
type watchedJob struct {
	executorID, jobID string
	calls             int // how many it has, 0 if nobody said
	started, done     map[string]bool
	digits            int    // of its longest call id, or one more where that is near
	head              string // the first call that is not known to have ended
	position          string // where the next scan begins: a call, or a key below the job's folder
	quiet, rest       int    // scans without news; polls until the next scan
	gone              bool   // its objects were deleted
}

// running reports whether a call is known to have started and not to have ended.
func (b *watchedJob) running() bool { return !b.gone && len(b.started) > len(b.done) }

// scan lists the calls that are not known to have ended: from position on,
// around to it again, and as far as the budget goes.
func (b *watchedJob) scan(ctx context.Context, w *watcher) (news int, err error) {
	if b.calls > 0 && len(b.done) >= b.calls {
		return 0, nil
	}
	listing := (len(b.started) + len(b.done)) / w.client.pageSize // what Python pays
	budget := max(minRevisits, listing/revisited)
	begin, wrapped := b.position, b.position == ""
	b.position = ""
	for at := b.unresolved(begin); ; {
		if at == "" { // behind the last call
			if wrapped {
				return news, nil
			}
			wrapped, at = true, b.unresolved("")
		}
		if begin != "" && wrapped && at >= begin {
			return news, nil
		}
		found, next, err := b.page(ctx, w, at)
		news += found
		if err != nil {
			return news, err
		}
		if at = next; found < productive {
			budget--
		}
		if budget == 0 && !w.opts.Once {
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
		if err != nil {
			return news, from, err
		}
		if err := checkPrefix(info.Key, folder); err != nil {
			return news, from, err
		}
		place := info.Key[len(folder):]
		callID, name, ok := strings.Cut(place, "/")
		if ok && isDigits(callID) && len(callID) >= minCallDigits {
			found, err := b.see(w, callID, name)
			news += found
			if err != nil {
				return news, from, err
			}
		}
		if keys++; keys < w.client.pageSize {
			continue
		}
		if b.done[callID] {
			place = b.unresolved(callID)
		}
		return news, place, nil
	}
	return news, "", nil
}

// see records a key of a call, and yields what is new.
func (b *watchedJob) see(w *watcher, callID, name string) (news int, err error) {
	activation, isInit := strings.CutSuffix(name, initSuffix)
	isDone := name == statusName
	if !isDone && (!isInit || activation == "" || strings.Contains(activation, "/")) {
		return 0, nil
	}
	call := Call{b.executorID, b.jobID, callID}
	if !b.started[callID] {
		b.started[callID] = true
		b.widen(callID)
		news++
		if isDone {
			activation = ""
		}
		if !w.yield(Event{call, CallStarted, activation}, nil) {
			return news, errStopped
		}
	}
	if isDone && !b.done[callID] {
		b.done[callID] = true
		news++
		if !w.yield(Event{call, CallDone, ""}, nil) {
			return news, errStopped
		}
	}
	return news, nil
}

// minCallDigits is how many digits a call id has at least.
const minCallDigits = 5

// widen makes room for longer ids once the calls come near them.
func (b *watchedJob) widen(callID string) {
	near := strings.HasPrefix(callID, "9") && callID[1] == '9'
	digits := len(callID)
	if digits == b.digits && near {
		digits++
	}
	if digits > b.digits {
		b.digits, b.head = digits, "" // longer ids sort in between
	}
}

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

func (b *watchedJob) skipDone(callID string) string {
	for callID != "" && b.done[callID] {
		callID = nextCallID(callID, b.digits)
	}
	return callID
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
