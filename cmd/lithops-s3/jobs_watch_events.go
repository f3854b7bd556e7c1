// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/jobs"
)

// eventsAtOnce bounds the events of a batch, whose statuses are read together.
const eventsAtOnce = 1024

// A seenEvent is an event and when it was seen, on the storage's clock.
type seenEvent struct {
	jobs.Event
	at time.Time
}

// watchStatuses yields the events of a watch in their order, with the status of each call
// that has ended. Events that come while statuses are read form the next batch, so that
// the first look at a large job costs a 64th of one status after the other.
func watchStatuses(ctx context.Context, client *jobs.Client, id jobs.ID, opts *jobs.WatchOptions) iter.Seq2[*watchEvent, error] {
	return func(yield func(*watchEvent, error) bool) {
		for batch, err := range watchBatches(ctx, client, id, opts) {
			if err != nil {
				yield(nil, err)
				return
			}
			for seen, err := range readStatuses(ctx, client, batch) {
				if !yield(seen, err) || err != nil {
					return
				}
			}
		}
	}
}

// watchBatches yields each event together with those that have come since the one before.
func watchBatches(ctx context.Context, client *jobs.Client, id jobs.ID, opts *jobs.WatchOptions) iter.Seq2[[]seenEvent, error] {
	return func(yield func([]seenEvent, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var watching sync.WaitGroup
		defer watching.Wait()
		defer cancel()
		events := make(chan seenEvent, eventsAtOnce)
		var failure error // set before events is closed
		watching.Go(func() {
			defer close(events)
			failure = sendEvents(ctx, client, id, opts, events)
		})
		for event := range events {
			batch := []seenEvent{event}
			for len(batch) < eventsAtOnce && len(events) > 0 {
				batch = append(batch, <-events)
			}
			if !yield(batch, nil) {
				return
			}
		}
		if failure != nil {
			yield(nil, failure)
		}
	}
}

// sendEvents sends the events of a watch until it ends.
func sendEvents(ctx context.Context, client *jobs.Client, id jobs.ID, opts *jobs.WatchOptions, events chan<- seenEvent) error {
	for event, err := range client.Watch(ctx, id, opts) {
		if err != nil {
			return err
		}
		select {
		case events <- seenEvent{event, client.Now().UTC()}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// readStatuses yields a batch of events with the statuses of the calls that have ended.
// An error is the storage's.
func readStatuses(ctx context.Context, client *jobs.Client, batch []seenEvent) iter.Seq2[*watchEvent, error] {
	return func(yield func(*watchEvent, error) bool) {
		var ended []jobs.Call
		for _, event := range batch {
			if event.Kind == jobs.CallDone {
				ended = append(ended, event.Call)
			}
		}
		statuses, stop := iter.Pull2(client.Statuses(ctx, ended))
		defer stop()
		for _, event := range batch {
			seen := &watchEvent{Time: event.at, Call: event.String(), Event: event.Kind.String(), Activation: event.ActivationID}
			if event.Kind == jobs.CallDone {
				status, err, _ := statuses()
				if err != nil && isOfStorage(ctx, err) {
					yield(nil, err)
					return
				}
				seen.setStatus(status, err)
			}
			if !yield(seen, nil) {
				return
			}
		}
	}
}

// setStatus says whether a call that has ended failed; err is of reading its status.
func (e *watchEvent) setStatus(status *jobs.Status, err error) {
	if err == nil {
		err = status.Err()
	}
	if err == nil {
		return
	}
	report := &callReport{}
	report.fail(err)
	e.Event, e.Error = "failed", report.Error
}
