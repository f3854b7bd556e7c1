// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
)

// An orderedReader reads many objects ahead of their consumer, several at once, and
// yields what they hold in the order in which they were asked for.
type orderedReader[In, Out any] struct {
	client *Client
	atOnce int
	most   int64                    // bytes that are held at once, or half of it and one object that is larger
	source func(In) (source, error) // an error is the item's answer
	name   func(In) string          // in the error of an item that was not asked for
	parse  func(In, []byte) (Out, error)
}

// all yields one answer for each item. An error is of one item, and the sequence
// continues after it. Items that were not asked for, because ctx has ended, have its
// cause.
func (r *orderedReader[In, Out]) all(ctx context.Context, items []In) iter.Seq2[Out, error] {
	items = slices.Clone(items) // they are read ahead of the loop, which may change the caller's
	return func(yield func(Out, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		run := &orderedRun[In, Out]{
			orderedReader: r, small: r.most / 2 / int64(r.atOnce), held: newBudget(r.most / 2),
			answers: make(chan chan orderedAnswer[Out], r.atOnce),
		}
		defer run.running.Wait()
		defer cancel()
		run.running.Go(func() { run.readAll(ctx, items) }, nil)
		answered := 0
		for slot := range run.answers {
			answer := <-slot
			if !run.running.IsEmpty() { // Wait panics
				return
			}
			more := yield(answer.value, answer.err)
			answer.release()
			if !more {
				return
			}
			answered++
		}
		for _, item := range items[answered:] {
			var none Out
			if !yield(none, fmt.Errorf("%s: %w", r.name(item), ended.Why(ctx))) {
				return
			}
		}
	}
}

// An orderedRun is one sequence of an orderedReader.
type orderedRun[In, Out any] struct {
	*orderedReader[In, Out]
	small   int64                        // up to so many bytes are read at once, without regard to held
	isLarge atomic.Bool                  // the object that was opened last is not small
	held    *budget                      // of objects that are not small
	answers chan chan orderedAnswer[Out] // in the order of the items
	running panics.Group
}

type orderedAnswer[Out any] struct {
	value   Out
	err     error
	release func()
}

// readAll reads the objects until ctx ends.
func (r *orderedRun[In, Out]) readAll(ctx context.Context, items []In) {
	defer close(r.answers)
	turn := make(chan struct{})
	close(turn)
	for _, item := range items {
		slot, next := make(chan orderedAnswer[Out], 1), make(chan struct{})
		select {
		case r.answers <- slot:
		case <-ctx.Done():
			return
		}
		before := turn
		r.running.Go(func() { slot <- r.read(ctx, item, before, next) }, func() { slot <- failed[Out](panics.ErrPanicked) })
		turn = next
	}
}

// read reads the object of an item, and closes next in the order of the items.
//
// An object that is not small takes its bytes from the budget in that order: objects are
// consumed in it, so that a reader that has bytes never waits for one that has none.
// While it waits for its turn it has no open body, because a storage may bound how many
// are open, and its predecessors and the consumer need one each.
func (r *orderedRun[In, Out]) read(ctx context.Context, item In, before <-chan struct{}, next chan<- struct{}) orderedAnswer[Out] {
	passOn := sync.OnceFunc(func() {
		<-before
		close(next)
	})
	defer passOn()
	from, err := r.source(item)
	if err != nil {
		return failed[Out](err)
	}
	if !r.isLarge.Load() {
		object, err := r.client.open(ctx, from)
		if err != nil {
			return failed[Out](err)
		}
		if weight(object, from.limit) <= r.small {
			return r.finish(item, from, object, func() {})
		}
		r.isLarge.Store(true)
		_ = object.Body.Close() // it is opened again in its turn
	}
	<-before
	object, release, err := r.openHeld(ctx, from)
	passOn()
	if err != nil {
		return failed[Out](err)
	}
	return r.finish(item, from, object, release)
}

// openHeld opens an object once its bytes can be held. It has no open body while it waits for
// them: the loop that gives them back may need the storage itself, which may bound how many
// are open. So it opens the object once more then.
func (r *orderedRun[In, Out]) openHeld(ctx context.Context, from source) (*lithopss3.Object, func(), error) {
	release, held := func() {}, int64(-1)
	for {
		object, err := r.client.open(ctx, from)
		if err != nil {
			release()
			return nil, nil, err
		}
		size := weight(object, from.limit)
		r.isLarge.Store(size > r.small)
		if size <= held {
			return object, release, nil
		}
		release() // of an object that was replaced by a larger one
		if release = r.held.tryAcquire(size); release != nil {
			return object, release, nil
		}
		_ = object.Body.Close()
		if release, err = r.held.acquire(ctx, size); err != nil {
			return nil, nil, fmt.Errorf("reading %s: %w", from.key, err)
		}
		held = size
	}
}

// finish reads an open object.
func (r *orderedRun[In, Out]) finish(item In, from source, object *lithopss3.Object, release func()) orderedAnswer[Out] {
	data, err := readBody(object, from)
	if err != nil {
		return orderedAnswer[Out]{err: err, release: release}
	}
	value, err := r.parse(item, data)
	return orderedAnswer[Out]{value, err, release}
}

func failed[Out any](err error) orderedAnswer[Out] {
	return orderedAnswer[Out]{err: err, release: func() {}}
}
