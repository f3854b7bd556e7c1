// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/jobs"
)

// A bar draws how far the calls of a job are, at most ten times a second.
type bar struct {
	out            io.Writer
	started, ended int
	lost           map[jobs.Call]bool // which count as ended
	drawn          time.Time
}

// show counts an event and draws the bar.
func (b *bar) show(event jobs.Event, calls int) {
	switch event.Kind {
	case jobs.CallStarted:
		b.started++
	case jobs.CallLost:
		if b.lost == nil {
			b.lost = map[jobs.Call]bool{}
		}
		b.lost[event.Call] = true
		b.ended++
	case jobs.CallDone:
		if !b.lost[event.Call] { // one that was lost may end after all
			b.ended++
		}
	}
	const every = 100 * time.Millisecond
	if b.ended < calls && time.Since(b.drawn) < every {
		return
	}
	b.drawn = time.Now()
	const width = 40
	full := width * b.ended / calls
	_, _ = fmt.Fprintf(b.out, "\r[%s%s] %d of %d calls, %d running ", strings.Repeat("#", full), strings.Repeat(".", width-full), b.ended, calls, b.started-b.ended)
	if b.ended == calls {
		_, _ = fmt.Fprintln(b.out)
	}
}
