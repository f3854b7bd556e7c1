package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

type jobsWatchCommand struct {
	jobsFlags
	ID       string        `arg:"" help:"An executor (4b99c1-0) or a job (4b99c1-0-M000)."`
	Calls    int           `help:"How many calls the job has; without it, the command ends when every call that has started has ended."`
	Interval time.Duration `help:"The time between two looks; monitoring_interval of the configuration if not given."`
}

// Run follows the calls: as a bar on a terminal, else a line for each event.
func (c *jobsWatchCommand) Run(t *terminal) error {
	selected, err := parseSelection(c.ID)
	if err != nil {
		return err
	}
	if selected.call != "" || (c.Calls > 0 && selected.job == "") {
		return fmt.Errorf("%w: only an executor or a job can be watched, and --calls is for a job", errUsage)
	}
	store, client, err := c.openAt(t, c.Interval)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	opts := &jobs.WatchOptions{UntilIdle: c.Calls == 0}
	if c.Calls > 0 {
		opts.Calls = map[string]int{selected.job: c.Calls}
	}
	return c.follow(t, client, selected, opts)
}

func (c *jobsWatchCommand) follow(t *terminal, client *jobs.Client, selected selection, opts *jobs.WatchOptions) error {
	bar := &callBar{out: t.stderr, shown: t.stderr.isLive(), total: c.Calls}
	bar.start()
	defer bar.end()
	for event, err := range client.Watch(t.ctx, selected.executor, opts) {
		if err != nil {
			return err
		}
		if !selected.has(event.Call) {
			continue
		}
		bar.count(event)
		if bar.shown {
			continue
		}
		word := map[jobs.EventKind]string{jobs.CallStarted: "started", jobs.CallDone: "done"}[event.Kind]
		if _, err := fmt.Fprintf(t.stdout, "%s\t%s\t%s\n", time.Now().Format(time.TimeOnly), sanitize.Name(event.String()), word); err != nil {
			return err
		}
	}
	bar.end()
	if bar.started == 0 {
		return errNoCalls
	}
	_, err := fmt.Fprintf(t.stdout, "%d calls have ended\n", bar.done)
	return err
}

// A callBar draws how far the calls are, on one line of a terminal.
type callBar struct {
	out   *output
	shown bool
	total int // 0 if not known

	mu            sync.Mutex
	started, done int
	changed       bool // since it was drawn

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

func (b *callBar) count(event jobs.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed = true
	if event.Kind == jobs.CallStarted {
		b.started++
	} else {
		b.done++
	}
}

func (b *callBar) draw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.changed {
		return
	}
	b.changed = false
	const width = 40
	total := max(b.total, b.started, 1)
	full := width * b.done / total
	b.out.draw(fmt.Sprintf("[%s%s] %d of %d calls done, %d running ", strings.Repeat("#", full), strings.Repeat(".", width-full), b.done, total, b.started-b.done))
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
		_, _ = fmt.Fprintln(b.out)
	}
}
