// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"iter"
	"maps"
	"strconv"
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
	// break. It needs an ID with an executor; of an ID with a call, that call is waited for.
	// If a job is deleted before all of its calls have begun, the others are not waited for:
	// the sequence ends with ErrJobDeleted when nothing else is missing. A job of which nothing
	// was seen yet is waited for.
	Calls map[string]int
	// UntilIdle ends the sequence once every call that has started has ended, is lost
	// or was deleted with its job, and two polls in a row found nothing new. It waits for
	// a job that was submitted and of which no call has begun: its data, or after all of
	// its other jobs the executor's function, is in the bucket, for no longer than
	// [Options].LostAfter. Use it if you do not know how many calls there are.
	UntilIdle bool
	// Once makes a single poll of everything: the calls as they are now.
	Once bool
	// Nested also watches the calls of executors that were made inside the watched
	// calls, see [ID.HasNested].
	Nested bool
}

// ErrJobDeleted means that a job was deleted while calls were missing that
// [WatchOptions].Calls names. Those that had begun have ended or are lost.
var ErrJobDeleted = errors.New("the job was deleted before all of its calls had begun")

// errCallsOfAll is about numbers of calls that no executor has.
var errCallsOfAll = errors.New("WatchOptions.Calls needs an ID with an executor, whose jobs it names")

// Watch yields the start and the end of each call that an ID selects once, see
// [ID.Has]. A call that had ended when it was first seen yields both. A call that
// began longer ago than [Options].LostAfter yields CallLost. If its job was deleted, it does
// so only where opts.Calls waits for it.
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
// ended, unless that is cheaper. For a job of 100,000 calls that is about a tenth of
// Python's requests: TestWatchRequests counts.
//
// Errors that may pass, as a 503 or a lost connection, are waited out in addition to
// the storage's own retries; after ten in a row, or at once for others, the error is
// yielded and ends the sequence.
func (c *Client) Watch(ctx context.Context, id ID, opts *WatchOptions) iter.Seq2[Event, error] {
	given := WatchOptions{} // the caller may change its own before the sequence begins
	if opts != nil {
		given = *opts
		given.Calls = maps.Clone(opts.Calls)
	}
	opts = &given
	return func(yield func(Event, error) bool) {
		if len(opts.Calls) > 0 && id.ExecutorID == "" {
			yield(Event{}, errCallsOfAll)
			return
		}
		w := &watcher{client: c, id: id, opts: opts, yield: yield, known: map[string]*watchedJob{}}
		if err := w.run(ctx); err != nil && !errors.Is(err, errStopped) {
			yield(Event{}, err)
		}
	}
}
