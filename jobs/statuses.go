package jobs

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

// Status reads the status of a call that has ended, of at most 64 MiB. Before the
// call has ended, the error is fs.ErrNotExist.
func (c *Client) Status(ctx context.Context, call Call) (status *Status, err error) {
	err = c.read(ctx, call.StatusKey(), maxStatus, func(data []byte) error {
		status, err = parseStatus(call, data)
		return err
	})
	if err != nil {
		return nil, err
	}
	return status, nil
}

func parseStatus(call Call, data []byte) (*Status, error) {
	status := &Status{}
	if err := status.UnmarshalJSON(data); err != nil {
		return nil, fmt.Errorf("%s: %w", call.StatusKey(), err)
	}
	return status, nil
}

// statusesAtOnce is how many statuses Statuses asks for at once, as Python's monitor
// (StorageMonitor.THREADPOOL_SIZE).
const statusesAtOnce = 64

// Statuses reads the statuses of many calls, 64 at once, and yields them in the order
// of the calls, one answer for each. An error is of one call, and the sequence
// continues after it. Calls that were not asked for, because ctx has ended, have its
// cause.
//
// At most 8 MiB of statuses are held at once, counted by their size in the bucket,
// or one that is larger: a status counts from when it is read until the loop's body
// for it has ended.
func (c *Client) Statuses(ctx context.Context, calls []Call) iter.Seq2[*Status, error] {
	return func(yield func(*Status, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		r := &statusReader{client: c, held: newBudget(maxStatuses), answers: make(chan chan statusAnswer, statusesAtOnce)}
		defer r.running.Wait()
		defer cancel()
		r.running.Go(func() { r.readAll(ctx, calls) })
		answered := 0
		for slot := range r.answers {
			answer := <-slot
			more := yield(answer.status, answer.err)
			answer.release()
			if !more {
				return
			}
			answered++
		}
		for _, call := range calls[answered:] {
			if !yield(nil, fmt.Errorf("%s: %w", call.StatusKey(), context.Cause(ctx))) {
				return
			}
		}
	}
}

// A statusReader reads statuses ahead of who consumes them.
type statusReader struct {
	client  *Client
	held    *budget
	answers chan chan statusAnswer // in the order of the calls
	running sync.WaitGroup
}

type statusAnswer struct {
	status  *Status
	err     error
	release func()
}

// readAll reads the statuses until ctx ends.
func (r *statusReader) readAll(ctx context.Context, calls []Call) {
	defer close(r.answers)
	turn := make(chan struct{})
	close(turn)
	for _, call := range calls {
		slot, next := make(chan statusAnswer, 1), make(chan struct{})
		select {
		case r.answers <- slot:
		case <-ctx.Done():
			return
		}
		before := turn
		r.running.Go(func() { slot <- r.read(ctx, call, before, next) })
		turn = next
	}
}

// read reads a status. It takes from the budget after its predecessors have: they
// are consumed first, so that who has the budget never waits for who has none.
// The channel next is closed when it has.
func (r *statusReader) read(ctx context.Context, call Call, before <-chan struct{}, next chan<- struct{}) statusAnswer {
	passOn := sync.OnceFunc(func() { close(next) })
	defer passOn()
	fail := func(err error) statusAnswer {
		<-before
		return statusAnswer{err: err, release: func() {}}
	}
	key := call.StatusKey()
	object, err := r.client.open(ctx, key, maxStatus)
	if err != nil {
		return fail(err)
	}
	<-before
	release, err := r.held.acquire(ctx, weight(object, maxStatus))
	passOn()
	if err != nil {
		_ = object.Body.Close() // the context has ended, which says more
		return statusAnswer{err: fmt.Errorf("reading %s: %w", key, err), release: func() {}}
	}
	data, err := readBody(object, key, maxStatus)
	if err != nil {
		return statusAnswer{err: err, release: release}
	}
	status, err := parseStatus(call, data)
	return statusAnswer{status, err, release}
}
