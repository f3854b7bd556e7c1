package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

const (
	// drawEvery and lineEvery are the times between two updates on a terminal and in a log.
	drawEvery = 100 * time.Millisecond
	lineEvery = 5 * time.Second
	// rateOver is the time over which the rate is measured, so that a pause, or bytes of
	// an earlier download, soon do not count.
	rateOver = 15 * time.Second
	// The line on a terminal fits into 80 columns.
	barWidth  = 10
	nameWidth = 14
)

// A progressBar tells how far a transfer is: on a terminal by a line that is drawn
// again and again, elsewhere by lines. A nil one is silent.
type progressBar struct {
	out  *output
	live bool // drawn again and again
	name string
	now  func() time.Time

	mu    sync.Mutex
	shown []shownProgress // of the last seconds
	drawn bool
}

type shownProgress struct {
	at   time.Time
	done int64
}

// newBar is nil where the user wants quiet.
func (t *terminal) newBar(name string, quiet bool) *progressBar {
	if quiet {
		return nil
	}
	bar := &progressBar{out: t.stderr, live: t.stderr.isLive(), name: name, now: time.Now}
	bar.shown = []shownProgress{{at: bar.now()}}
	return bar
}

// report returns the function that the library calls, nil for a nil bar.
func (b *progressBar) report() func(lithopss3.Progress) {
	if b == nil {
		return nil
	}
	return b.update
}

func (b *progressBar) update(p lithopss3.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, every := b.now(), lineEvery
	if b.live {
		every = drawEvery
	}
	if now.Sub(b.shown[len(b.shown)-1].at) < every {
		return
	}
	b.shown = append(b.shown, shownProgress{now, p.Done})
	for now.Sub(b.shown[0].at) > rateOver && len(b.shown) > 2 {
		b.shown = b.shown[1:]
	}
	if !b.live {
		_, _ = fmt.Fprintf(b.out, "%s: %s\n", sanitize.Name(b.name), strings.TrimSpace(b.describe(p, ", ", " of ", "%s left")))
		return
	}
	b.drawn = true
	b.out.draw(shorten(b.name) + " " + drawBar(p) + b.describe(p, "  ", "/", "ETA %s"))
}

// describe writes percent, bytes, rate and the time that is left.
func (b *progressBar) describe(p lithopss3.Progress, separator, of, left string) string {
	parts := []string{formatSize(p.Done)}
	if p.Total > 0 {
		parts = []string{fmt.Sprintf("%3d%%", 100*p.Done/p.Total), formatSize(p.Done) + of + formatSize(p.Total)}
	}
	first, last := b.shown[0], b.shown[len(b.shown)-1]
	rate := float64(last.done-first.done) / last.at.Sub(first.at).Seconds()
	parts = append(parts, formatSize(int64(rate))+"/s")
	if p.Total > 0 && rate > 0 {
		eta := time.Duration(float64(p.Total-p.Done) / rate * float64(time.Second))
		parts = append(parts, fmt.Sprintf(left, eta.Round(time.Second)))
	}
	return strings.Join(parts, separator)
}

func drawBar(p lithopss3.Progress) string {
	if p.Total <= 0 {
		return ""
	}
	full := int(barWidth * p.Done / p.Total)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", barWidth-full) + "] "
}

// shorten keeps the line on one row.
func shorten(name string) string {
	runes := []rune(sanitize.Name(name))
	if len(runes) > nameWidth {
		return "…" + string(runes[len(runes)-nameWidth+1:])
	}
	return string(runes)
}

// clear takes the line away, for what is printed next.
func (b *progressBar) clear() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drawn {
		b.out.draw("")
		b.drawn = false
	}
}

// A sharedBar adds up several transfers.
type sharedBar struct {
	bar   *progressBar
	mu    sync.Mutex
	total lithopss3.Progress
}

// report is for one of the transfers.
func (s *sharedBar) report() func(lithopss3.Progress) {
	if s.bar == nil {
		return nil
	}
	before := int64(0)
	return func(p lithopss3.Progress) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.total.Done += p.Done - before
		before = p.Done
		s.bar.update(s.total)
	}
}
