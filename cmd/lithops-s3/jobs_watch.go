// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

type jobsWatchCommand struct {
	jobsFlags
	lostFlags
	ID       string `arg:"" help:"An executor (4b99c1-0), a job (4b99c1-0-M000) or a call (4b99c1-0-M000/00000)."`
	Calls    amount `placeholder:"N" help:"How many calls the job has; without it, the command ends when every call that has started has ended."`
	Nested   bool   `help:"Also the calls of executors that were made inside the watched calls."`
	Interval span   `placeholder:"TIME" help:"The time between two looks; monitoring_interval of the configuration if not given."`
	JSON     bool   `name:"json" help:"Print JSON: a line for each event."`
}

// Run follows the calls: as a bar on a terminal, else a line for each event.
func (c *jobsWatchCommand) Run(t *terminal) error {
	id, err := parseID(c.ID)
	if err != nil {
		return err
	}
	if c.Calls > 0 && (id.JobID == "" || id.CallID != "") {
		return fmt.Errorf("%w: --calls says how many calls a job has; the ID is not a job's", errUsage)
	}
	options := c.options()
	options.Interval = time.Duration(c.Interval)
	store, client, err := c.openWith(t, options)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if c.Calls == 0 { // with --calls the job may begin later
		if _, err := client.Find(t.ctx, id, c.Nested); err != nil {
			return (&selectionFlags{ID: c.ID}).explain(err, client.Bucket())
		}
	}
	opts := &jobs.WatchOptions{UntilIdle: c.Calls == 0, Nested: c.Nested}
	if c.Calls > 0 {
		opts.Calls = map[string]int{id.JobID: int(c.Calls)}
	}
	return c.follow(t, client, id, opts)
}

// A watchEvent is an event in JSON.
type watchEvent struct {
	Time       time.Time `json:"time"` // when it was seen
	Call       string    `json:"call"`
	Event      string    `json:"event"` // started, done, failed, lost
	Activation string    `json:"activation,omitempty"`
	Error      string    `json:"error,omitempty"` // of a call that failed
}

func (c *jobsWatchCommand) follow(t *terminal, client *jobs.Client, id jobs.ID, opts *jobs.WatchOptions) error {
	bar := &callBar{out: t.stderr, shown: t.stderr.isLive() && !c.JSON, total: int(c.Calls)}
	bar.start()
	defer bar.end()
	for seen, err := range watchStatuses(t.ctx, client, id, opts) {
		if err != nil {
			return err
		}
		bar.count(seen)
		if err := c.print(t, seen, bar); err != nil {
			return err
		}
	}
	bar.end()
	return c.printEnd(t, bar, id)
}

func (c *jobsWatchCommand) print(t *terminal, e *watchEvent, bar *callBar) error {
	if c.JSON {
		data, err := sanitize.JSON(e, "")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(t.stdout, strings.TrimSuffix(string(data), "\n"))
		return err
	}
	isPlain := e.Event == "started" || e.Event == "done"
	if bar.shown && isPlain {
		return nil
	}
	if bar.shown {
		bar.clear()
	}
	return e.print(t.stdout)
}

// print prints an event as a line, with tabs between its fields.
func (e *watchEvent) print(out *output) error {
	_, err := fmt.Fprintf(out, "%s\t%s\t", formatClock(e.Time), sanitize.Name(e.Call))
	end := "\n"
	if e.Error != "" {
		end = "\t" + shortLine(sanitize.Line(e.Error), 500) + "\n"
	}
	err = firstError(err, out.styled(stateStyle(e.Event), e.Event))
	_, printing := io.WriteString(out, end)
	return firstError(err, printing)
}

// printEnd prints how many calls ended, failed and were lost. It returns errCallsFailed,
// which sets the exit code, if any failed or was lost.
func (c *jobsWatchCommand) printEnd(t *terminal, bar *callBar, id jobs.ID) error {
	if !c.JSON {
		line := formatCount(bar.done+bar.failed, "call") + " ended"
		if bar.started == 0 {
			line = "no call of " + sanitize.Name(id.String()) + " has begun"
		}
		if bar.failed > 0 {
			line += fmt.Sprintf(", %d failed", bar.failed)
		}
		if bar.lost > 0 {
			line += fmt.Sprintf(", %d lost", bar.lost)
		}
		if _, err := fmt.Fprintln(t.stdout, line); err != nil {
			return err
		}
	}
	if bad := bar.failed + bar.lost; bad > 0 {
		return fmt.Errorf("%w: %d of %d", errCallsFailed, bad, bar.started)
	}
	return nil
}

// A callBar draws how far the calls are, on one line of a terminal.
type callBar struct {
	out   *output
	shown bool
	total int // 0 if not known

	mu                          sync.Mutex
	started, done, failed, lost int
	lostCalls                   map[string]bool // those of lost; one that ends after all is done or failed
	began                       time.Time
	changed                     bool // since it was drawn

	stop chan struct{}
	gone sync.WaitGroup
}

// start draws what has changed now and then, until end: events come in bursts.
func (b *callBar) start() {
	if !b.shown {
		return
	}
	b.stop = make(chan struct{})
	b.gone.Go(func() {
		ticker := time.NewTicker(drawEvery)
		defer ticker.Stop()
		for {
			select {
			case <-b.stop:
				return
			case <-ticker.C:
				b.draw()
			}
		}
	})
}

// count counts an event.
func (b *callBar) count(event *watchEvent) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed = true
	if b.began.IsZero() {
		b.began = time.Now()
	}
	switch event.Event {
	case "started":
		b.started++
	case "done":
		b.done++
		delete(b.lostCalls, event.Call)
	case "failed":
		b.failed++
		delete(b.lostCalls, event.Call)
	case "lost":
		if b.lostCalls == nil {
			b.lostCalls = map[string]bool{}
		}
		b.lostCalls[event.Call] = true
	}
	b.lost = len(b.lostCalls)
}

// clear makes room for a line in the place of the bar, which is drawn again.
func (b *callBar) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out.draw("")
	b.changed = true
}

func (b *callBar) draw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.changed {
		return
	}
	b.changed = false
	const width = 40
	total, ended := max(b.total, b.started, 1), b.done+b.failed
	full := min(width, width*ended/total)
	running := max(0, b.started-ended-b.lost)
	line := fmt.Sprintf("[%s%s] %d of %d calls ended, %d running", strings.Repeat("#", full), strings.Repeat(".", width-full), ended, total, running)
	if bad := b.failed + b.lost; bad > 0 {
		line += fmt.Sprintf(", %d failed or lost", bad)
	}
	b.out.draw(line + b.pace(total-ended-b.lost) + " ")
}

// pace returns how many calls end in a second, and how long the rest takes at that.
func (b *callBar) pace(left int) string {
	ended, elapsed := b.done+b.failed, time.Since(b.began)
	if ended == 0 || elapsed < time.Second {
		return ""
	}
	rate := float64(ended) / elapsed.Seconds()
	text := fmt.Sprintf(", %.1f/s", rate)
	if left > 0 {
		text += ", " + time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return text
}

// end leaves the last state on its line.
func (b *callBar) end() {
	if b.stop == nil {
		return
	}
	close(b.stop)
	b.gone.Wait()
	b.stop = nil
	b.draw()
	if b.started > 0 {
		b.out.keep()
	}
}
