// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"context"
	"time"
)

const (
	// learnersAtOnce is how many requests are left to the SDK at once while none has
	// shown yet what the others are like. A crowd would spend a hundred times the CPU.
	learnersAtOnce = 16
	// learnPatience is how long a request waits for a template at most. The one that
	// it is taken from may have a large body.
	learnPatience = time.Second
)

// A lesson lasts until the first request of a template has ended.
type lesson struct {
	learners int
	over     chan struct{}
}

// learn returns the template, if a request in flight shows it soon, and otherwise nil:
// the caller makes its request through the SDK, and calls end.
func (t *templates) learn(ctx context.Context, key templateKey) *template {
	t.mu.Lock()
	now := t.lessons[key]
	if now == nil {
		now = &lesson{over: make(chan struct{})}
		remember(&t.lessons, key, now, (*lesson).isOver)
	}
	now.learners++
	isLearner := now.learners <= learnersAtOnce
	t.mu.Unlock()
	if isLearner {
		return t.get(key)
	}
	timer := time.NewTimer(learnPatience)
	defer timer.Stop()
	select {
	case <-now.over:
	case <-timer.C:
	case <-ctx.Done():
	}
	return t.get(key)
}

// end ends a lesson, whether or not it led to a template: no request waits after that.
func (t *templates) end(key templateKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := t.lessons[key]; now != nil && !now.isOver() { // an old one may be forgotten
		close(now.over)
	}
}

func (l *lesson) isOver() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}
