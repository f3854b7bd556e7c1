// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// A Gate bounds how many requests of a process have a connection at once, so that a
// crowd of goroutines does not use up the files that the process may open.
//
// Only requests that wait for their answer make others wait, because they end by
// themselves. A caller may hold any number of open bodies: they take from what the
// requests have, but never all of it. If nothing ends for a while, a request no longer
// waits: those before it may be uploads that wait for this one. It is safe for concurrent
// use. A nil Gate bounds nothing.
type Gate struct {
	limit, reserve int // of all; at least for requests, however many bodies are open
	patience       time.Duration

	mu      sync.Mutex
	active  int       // requests that wait for their answer
	held    int       // answers with an open body
	waiting list.List // of *waiter, in order
	moved   time.Time // when a request or a body last ended while others waited
}

// A waiter is a request that waits for its turn.
type waiter struct{ turn chan struct{} }

const (
	// gateReserve is how many requests are sent at once even if open bodies use up
	// the limit.
	gateReserve = 16
	// gatePatience is longer than a silent server takes to end a request.
	gatePatience = IOTimeout + time.Second
)

// NewGate returns a gate for limit requests at once, nil if limit is 0.
func NewGate(limit int) *Gate {
	if limit <= 0 {
		return nil
	}
	return &Gate{limit: limit, reserve: gateReserve, patience: gatePatience}
}

// ProcessGate returns the gate that all connections of the process share: a quarter of
// the files that it may open are for requests, and the rest for idle connections, those
// that are being opened or closed, and everything else. More connections made a crowd
// slower.
var ProcessGate = sync.OnceValue(func() *Gate { return NewGate(openfiles.Limit() / 4) })

// enter waits until a request may be sent. If its error is nil, answered or leave must
// be called.
func (g *Gate) enter(ctx context.Context) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	if g.waiting.Len() == 0 && g.hasRoom() {
		g.active++
		g.mu.Unlock()
		return nil
	}
	own := &waiter{turn: make(chan struct{})}
	place := g.waiting.PushBack(own)
	g.mu.Unlock()
	return g.wait(ctx, own, place)
}

// wait waits for the turn of own, which leave gives.
func (g *Gate) wait(ctx context.Context, own *waiter, place *list.Element) error {
	timer := time.NewTimer(g.patience)
	defer timer.Stop()
	for {
		select {
		case <-own.turn:
			return nil
		case <-ctx.Done():
			if g.giveUp(own, place) {
				return ended.Why(ctx)
			}
			g.leave(false) // its turn has come
			return ended.Why(ctx)
		case <-timer.C:
			left := g.left(place)
			if left <= 0 {
				return nil
			}
			timer.Reset(left)
		}
	}
}

// giveUp removes a request from those that wait. It reports false if its turn has come.
func (g *Gate) giveUp(own *waiter, place *list.Element) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-own.turn:
		return false
	default:
		g.waiting.Remove(place)
		return true
	}
}

// left returns how long a request that waits has yet to be patient. With none left, it
// has its turn.
func (g *Gate) left(place *list.Element) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	left := g.patience - time.Since(g.moved)
	own, _ := place.Value.(*waiter)
	select {
	case <-own.turn:
		return 0
	default:
	}
	if left <= 0 {
		g.waiting.Remove(place)
		g.active++
	}
	return left
}

func (g *Gate) hasRoom() bool { return g.active < max(g.reserve, g.limit-g.held) }

// answered tells that the answer of a request has come, with a body that is open.
func (g *Gate) answered() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.active--
	g.held++
	g.admit()
}

// leave tells that a request has ended, or the open body of its answer.
func (g *Gate) leave(isHeld bool) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if isHeld {
		g.held--
	} else {
		g.active--
	}
	g.admit()
}

// admit gives their turn to the requests that there is room for.
func (g *Gate) admit() {
	if g.waiting.Len() == 0 {
		return
	}
	g.moved = time.Now()
	for g.waiting.Len() > 0 && g.hasRoom() {
		first, _ := g.waiting.Remove(g.waiting.Front()).(*waiter)
		g.active++
		close(first.turn)
	}
}
