// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
)

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
	quiet    int       // polls without news and without anything to wait for, in a row
	polls    int       // so far
	keys     int       // that are known
	saved    float64   // pages that may be listed beyond minPages
	newest   time.Time // when the newest known object of a job was stored
	listsAll bool      // the storage ignores StartAfter, as directory buckets do: each poll lists everything
}

func (w *watcher) run(ctx context.Context) error {
	for slow := 1.0; ; {
		news, err := w.poll(ctx)
		if err == nil {
			var lost int
			lost, err = w.findLost(ctx)
			news += lost
		}
		if err == nil {
			var ended bool
			if ended, err = w.ended(ctx, news); ended {
				return nil
			}
		}
		if err != nil && !w.mayPass(ctx, err) {
			return err
		}
		if err == nil {
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

// ended reports whether the sequence ends after a poll with so much news.
func (w *watcher) ended(ctx context.Context, news int) (bool, error) {
	if w.opts.Once {
		return true, nil
	}
	if finished, err := w.finished(); finished {
		return err == nil, err
	}
	if !w.idle(news) {
		return false, nil
	}
	isSubmitted, err := w.isSubmitted(ctx)
	return !isSubmitted, err
}

// isSubmitted reports whether an executor has stored a function after everything that is
// known of its jobs, and not too long ago: then it is about to run a job. If the calls'
// arguments are small, Lithops passes them to the workers, and the function is all that
// is in the bucket before the first call begins.
func (w *watcher) isSubmitted(ctx context.Context) (bool, error) {
	if w.id.ExecutorID == "" || w.id.JobID != "" {
		return false, nil
	}
	prefix := Prefix + "/" + w.id.ExecutorID + "/"
	for info, err := range w.client.storage.ListObjects(ctx, w.client.bucket, &lithopss3.ListOptions{Prefix: prefix}) {
		if err == nil {
			err = checkPrefix(info.Key, prefix)
		}
		if err != nil {
			return false, err
		}
		stored := info.LastModified
		if !stored.IsZero() && stored.After(w.newest) && !isLost(stored, w.client.Now(), w.client.lost) {
			return true, nil
		}
	}
	return false, nil
}

// idle reports whether there is nothing more to wait for, as far as can be seen: in two polls
// in a row, the second of which looks at everything.
func (w *watcher) idle(news int) bool {
	waits := slices.ContainsFunc(w.order, func(job *watchedJob) bool {
		return job.running() || job.pending(w.client)
	})
	if w.quiet++; news > 0 || waits {
		w.quiet = 0
	}
	return w.opts.UntilIdle && w.quiet >= 2
}

// endsIfQuiet reports whether the poll is the last one if it finds nothing.
func (w *watcher) endsIfQuiet() bool { return w.opts.UntilIdle && w.quiet > 0 }

// mayPass reports whether to try again after an error.
func (w *watcher) mayPass(ctx context.Context, err error) bool {
	final := errors.Is(err, errStopped) || errors.Is(err, ErrJobDeleted) || ctx.Err() != nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
	if known := (*lithopss3.Error)(nil); errors.As(err, &known) && known.StatusCode >= 300 && known.StatusCode < 500 && known.StatusCode != http.StatusTooManyRequests {
		final = true
	}
	w.failures++
	return !final && w.failures < maxWatchFailures && !w.opts.Once
}

// finished reports whether there is no call to wait for of those that Calls names. The error
// is of a job that was deleted before all of them had begun.
func (w *watcher) finished() (bool, error) {
	if len(w.opts.Calls) == 0 {
		return false, nil
	}
	var deleted error
	for jobID := range w.opts.Calls {
		calls := w.callsOf(jobID)
		if calls <= 0 || w.id.JobID != "" && jobID != w.id.JobID {
			continue
		}
		switch job := w.known[JobKey(w.id.ExecutorID, jobID)]; {
		case job != nil && job.resolved() >= calls:
		case job != nil && job.gone && job.isStalled():
			deleted = fmt.Errorf("%s: %w: %d of %d", JobKey(job.executorID, jobID), ErrJobDeleted, len(job.started), calls)
		default:
			return false, nil
		}
	}
	return true, deleted
}

// callsOf returns how many calls of a job Calls waits for: of a single one, that one.
func (w *watcher) callsOf(jobID string) int {
	calls := w.opts.Calls[jobID]
	if w.id.CallID != "" {
		return min(calls, 1)
	}
	return calls
}

// poll looks for new jobs and at those that are not at rest: by listing everything,
// as Python's monitor does, or if that costs more, only where something can be new.
func (w *watcher) poll(ctx context.Context) (news int, err error) {
	everything := w.keys/w.client.pageSize + 1
	defer func() { w.polls++ }()
	if w.opts.Once || w.polls == 0 || w.listsAll || everything <= w.expected() {
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
		if w.polls == 0 || w.keys/w.client.pageSize > listedAtOnce/2 {
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
		if job.rest--; job.gone || job.complete() || job.rest > 0 && !w.endsIfQuiet() {
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
		return w.findDeleted(ctx) // the only folder is known, as something was in it
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

// findDeleted looks whether there is something left of the job that the ID names. Calls waits
// for those that have begun, whatever is left.
func (w *watcher) findDeleted(ctx context.Context) error {
	for _, job := range w.order {
		if job.calls > 0 && !job.isStalled() {
			continue
		}
		prefix := w.id.prefixes(false)[0]
		job.gone = true
		for info, err := range w.client.storage.ListObjects(ctx, w.client.bucket, &lithopss3.ListOptions{Prefix: prefix, PageSize: 1}) {
			if err == nil {
				err = checkPrefix(info.Key, prefix)
			}
			if err != nil {
				return err
			}
			job.gone = false
			break
		}
		if job.gone {
			job.position, job.rest = "", 0
		}
	}
	return nil
}

// job returns the job whose objects are in folder, and remembers it. It returns nil
// if the watcher's ID does not select the folder.
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
		job.calls = w.callsOf(jobID)
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
		isWaitedFor := !job.gone || job.calls > 0 // a job that was deleted leaves nothing else to wait for
		if !isWaitedFor || !isLost(job.oldest, now, lostAfter) || len(job.mayBeLost(now, lostAfter)) == 0 {
			continue
		}
		if !w.opts.Once && !w.listsAll { // which have just listed all
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
