// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"iter"
	"strconv"
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
	// A line has a bar of barWidth columns if that leaves nameWidth for the name, and
	// shortName is left to it by figures.
	barWidth  = 10
	nameWidth = 14
	shortName = 8
	longName  = 40
)

// A progressBar tells how far a command is: on a terminal by a line that is drawn
// again and again, elsewhere by lines. A nil one is silent.
type progressBar struct {
	out  *output
	live bool // drawn again and again
	name string
	unit unit
	now  func() time.Time

	mu    sync.Mutex
	shown []shownProgress // of the last seconds
	drawn bool
}

// A unit says how amounts are written.
type unit struct {
	amount func(int64) string
	rate   func(perSecond float64) string
	thing  string // after an amount, "" for none
}

var bytesUnit = unit{
	amount: formatSize,
	rate:   func(perSecond float64) string { return formatSize(int64(perSecond)) + "/s" },
}

// countUnit is for numbers of things.
func countUnit(thing string) unit {
	return unit{
		amount: func(n int64) string { return strconv.FormatInt(n, 10) },
		rate:   func(perSecond float64) string { return fmt.Sprintf("%.0f/s", perSecond) },
		thing:  " " + thing + "s",
	}
}

type shownProgress struct {
	at   time.Time
	done int64
}

// newBar is for bytes; it is nil where the user wants quiet.
func (t *terminal) newBar(name string, quiet bool) *progressBar {
	if quiet {
		return nil
	}
	bar := &progressBar{out: t.stderr, live: t.stderr.isLive(), name: name, unit: bytesUnit, now: time.Now}
	bar.shown = []shownProgress{{at: bar.now()}}
	return bar
}

// newLiveBar is nil if there is no terminal to draw on.
func (t *terminal) newLiveBar(name string) *progressBar {
	return t.newBar(name, !t.stderr.isLive())
}

// newCounter is a bar for things, such as objects, on a terminal only.
func (t *terminal) newCounter(name, thing string) *progressBar {
	bar := t.newLiveBar(name)
	if bar != nil {
		bar.unit = countUnit(thing)
	}
	return bar
}

// countingUnlessShown is counting, if the objects themselves don't go to a terminal.
func (t *terminal) countingUnlessShown(name string, objects iter.Seq2[lithopss3.ObjectInfo, error]) iter.Seq2[lithopss3.ObjectInfo, error] {
	if t.stdout.isTerminal {
		return objects
	}
	return t.counting(name, objects)
}

// counting shows how many objects were listed, while they come.
func (t *terminal) counting(name string, objects iter.Seq2[lithopss3.ObjectInfo, error]) iter.Seq2[lithopss3.ObjectInfo, error] {
	bar := t.newCounter(name, "object")
	if bar == nil {
		return objects
	}
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		defer bar.clear()
		count := int64(0)
		for info, err := range objects {
			count++
			bar.update(lithopss3.Progress{Done: count, Total: -1})
			if !yield(info, err) {
				return
			}
		}
	}
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
	if b.live {
		b.drawn = true
		b.out.draw(b.line(p, b.out.width()-1))
		return
	}
	_, _ = fmt.Fprintf(b.out, "%s: %s\n", sanitize.Name(b.name), b.sentence(p))
}

// pace returns the rate, for a second, and the time that is left, 0 if it is unknown.
func (b *progressBar) pace(p lithopss3.Progress) (rate float64, left time.Duration) {
	first, last := b.shown[0], b.shown[len(b.shown)-1]
	rate = float64(last.done-first.done) / last.at.Sub(first.at).Seconds()
	if p.Total > 0 && rate > 0 {
		left = time.Duration(float64(p.Total-p.Done) / rate * float64(time.Second)).Round(time.Second)
	}
	return rate, left
}

// sentence is for a log.
func (b *progressBar) sentence(p lithopss3.Progress) string {
	rate, left := b.pace(p)
	parts := []string{b.unit.amount(p.Done) + b.unit.thing}
	if p.Total > 0 {
		parts = []string{fmt.Sprintf("%d%%", 100*p.Done/p.Total), b.unit.amount(p.Done) + " of " + b.unit.amount(p.Total) + b.unit.thing}
	}
	parts = append(parts, b.unit.rate(rate))
	if left > 0 {
		parts = append(parts, left.String()+" left")
	}
	return strings.Join(parts, ", ")
}

// figures returns the parts that a line on a terminal can show, the most important
// first. They are padded, so that what comes after them stays in place.
func (b *progressBar) figures(p lithopss3.Progress) []string {
	rate, left := b.pace(p)
	pace := fmt.Sprintf("%*s", len("1023.9 KiB/s"), b.unit.rate(rate))
	if p.Total <= 0 {
		return []string{b.unit.amount(p.Done) + b.unit.thing, strings.TrimSpace(pace)}
	}
	total := b.unit.amount(p.Total)
	figures := []string{
		fmt.Sprintf("%3d%%", 100*p.Done/p.Total),
		fmt.Sprintf("%*s/%s", max(len(total), len("1023.9 KiB")), b.unit.amount(p.Done), total) + b.unit.thing,
		pace,
	}
	if left > 0 {
		figures = append(figures, "ETA "+left.String())
	}
	return figures
}

// line fits into width columns: first the bar is left out, then figures from the
// end, and the name is cut.
func (b *progressBar) line(p lithopss3.Progress, width int) string {
	text := ""
	for _, figure := range b.figures(p) {
		next := text + "  " + figure
		if text != "" && textWidth(next)+shortName > width {
			break
		}
		text = next
	}
	room := width - textWidth(text)
	bar := drawBar(p)
	if bar != "" && room-textWidth(bar) >= nameWidth {
		room -= textWidth(bar)
	} else {
		bar = ""
	}
	return cutEnd(cutMiddle(sanitize.Name(b.name), min(room, longName))+bar+text, width)
}

// drawBar returns the bar itself, "" if the end is not known.
func drawBar(p lithopss3.Progress) string {
	if p.Total <= 0 {
		return ""
	}
	full := min(barWidth, int(barWidth*p.Done/p.Total))
	return " [" + strings.Repeat("=", full) + strings.Repeat(" ", barWidth-full) + "]"
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
