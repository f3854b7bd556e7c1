// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// A watchedJob is what a watcher knows about a job.
type watchedJob struct {
	executorID, jobID string
	calls             int                  // how many it has, 0 if unknown
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

// isStalled reports whether all calls that have begun have ended or are lost.
func (b *watchedJob) isStalled() bool { return len(b.started) <= b.resolved() }

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
// two polls, and where new calls are to be expected. A poll that may be the last one has no
// budget.
func (b *watchedJob) look(ctx context.Context, w *watcher) (news int, err error) {
	budget := max(4, (b.sweep+1)/2+1)
	if budget > freePages+1 {
		budget = min(budget, max(minPages, int(w.saved)))
	}
	if w.endsIfQuiet() {
		budget = -1
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
		if err != nil || found < w.client.productive {
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
		if at = next; found < w.client.productive {
			budget--
		}
		if budget == 0 {
			b.position = at
			return news, nil
		}
	}
}

// page lists a thousand keys after from. next is the place to continue at, "" at the
// end.
func (b *watchedJob) page(ctx context.Context, w *watcher, from string) (news int, next string, err error) {
	folder := Prefix + "/" + JobKey(b.executorID, b.jobID) + "/"
	keys := 0
	opts := &lithopss3.ListOptions{Prefix: folder, StartAfter: folder + from, PageSize: w.client.pageSize}
	for info, err := range w.client.storage.ListObjects(ctx, w.client.bucket, opts) {
		if err == nil {
			err = checkPrefix(info.Key, folder)
		}
		if err == nil && info.Key <= opts.StartAfter {
			w.listsAll = true
			err = fmt.Errorf("%w after %s: it has %s", lithopss3.ErrListing, sanitize.Name(opts.StartAfter), sanitize.Name(info.Key))
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
	if stored.After(w.newest) {
		w.newest = stored
	}
	if place == dataName {
		b.submitted = stored
		return 0, nil
	}
	callID, name, ok := strings.Cut(place, "/")
	if !ok || !isDigits(callID) {
		return 0, nil
	}
	if len(callID) < minCallDigits { // Lithops makes none, and the scans know where its own are
		w.listsAll = true
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
