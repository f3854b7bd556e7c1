// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	// patience is how long a command is in trouble before a terminal shows it.
	patience = time.Second
	// recovered is how long after a wait no other one means that the trouble is over.
	recovered = 30 * time.Second
)

// A wait is the time before another attempt.
type wait struct {
	attempt, attempts int
	duration          time.Duration
	reason            string
}

// readWait reads the record of a wait.
func readWait(record slog.Record) (w wait) {
	record.Attrs(func(attr slog.Attr) bool {
		switch attr.Key {
		case "attempt":
			w.attempt = int(attr.Value.Int64())
		case "attempts":
			w.attempts = int(attr.Value.Int64())
		case "wait":
			w.duration = attr.Value.Duration()
		case "reason":
			w.reason = attr.Value.String()
		}
		return true
	})
	return w
}

// A trouble draws a line about the attempts of requests that fail, after a second of
// them: "attempt 2 of 6 in 1.3 s: connection refused".
type trouble struct {
	out *output

	mu    sync.Mutex
	began time.Time
	until time.Time // the end of the last wait
}

// wait has the line drawn, if the trouble lasts.
func (t *trouble) wait(w wait) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.began.IsZero() || now.Sub(t.until) > recovered {
		t.began = now
	}
	t.until = now.Add(w.duration)
	show := t.began.Add(patience)
	if show.After(t.until) {
		return // the next attempt comes first
	}
	end := t.until
	time.AfterFunc(show.Sub(now), func() { t.draw(w, time.Until(end)) })
}

func (t *trouble) draw(w wait, left time.Duration) {
	t.out.draw(w.line(left))
}

// line describes the wait when left of it is left.
func (w wait) line(left time.Duration) string {
	return fmt.Sprintf("attempt %d of %d in %.1f s: %s", w.attempt, w.attempts, max(left, 0).Seconds(), w.reason)
}
