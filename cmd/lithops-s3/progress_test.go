// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// drawn returns what a bar writes while 100 MiB arrive in 10 s, of which 4 MiB were there.
func drawn(live bool) []string {
	var out strings.Builder
	now := time.Unix(0, 0)
	bar := &progressBar{out: newOutputOn(&out, live), live: live, unit: bytesUnit, name: "a name\x1b that is too long for a line.bin", now: func() time.Time { return now }}
	bar.shown = []shownProgress{{at: now}}
	for step := range int64(1001) {
		bar.update(lithopss3.Progress{Done: step * (100 << 20) / 1000, Total: 100 << 20})
		now = now.Add(10 * time.Millisecond)
	}
	bar.clear()
	if live {
		return strings.Split(strings.Trim(out.String(), "\r"), "\r")
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	lines := drawn(true)
	assert.Len(t, lines, 101, "ten a second, and the end")
	assert.Equal(t, "\"a na… line.bin\" [=====     ]   50%    50.0 MiB/100.0 MiB    10.0 MiB/s  ETA 5s\x1b[K", lines[49])
	assert.Equal(t, "\x1b[K", lines[100], "the line goes away")
	for _, line := range lines {
		assert.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "\x1b[K"))), 79)
		assert.NotContains(t, strings.TrimSuffix(line, "\x1b[K"), "\x1b", "a name can't steer the terminal")
	}
}

func TestProgressElsewhere(t *testing.T) {
	t.Parallel()
	lines := drawn(false)
	assert.Len(t, lines, 2, "one in five seconds")
	assert.Contains(t, lines[0], `: 50%, 50.0 MiB of 100.0 MiB, 10.0 MiB/s, 5s left`)
	assert.Contains(t, lines[0], `\x1b`)
}

func TestProgressOfUnknownLength(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	now := time.Unix(0, 0)
	bar := &progressBar{out: newOutputOn(&out, true), live: true, unit: bytesUnit, name: "-", now: func() time.Time { return now }, shown: []shownProgress{{at: now}}}
	now = now.Add(2 * time.Second)
	bar.update(lithopss3.Progress{Done: 10 << 20, Total: -1})
	assert.Equal(t, "\r-  10.0 MiB  5.0 MiB/s\x1b[K", out.String())
}

// TestLineNarrows checks that a line fits and says how far it is, whatever the width and
// the name.
func TestLineNarrows(t *testing.T) {
	t.Parallel()
	start := time.Unix(0, 0)
	shown := []shownProgress{{at: start}, {at: start.Add(3 * time.Second), done: 1000}}
	for _, name := range []string{"a", strings.Repeat("long/", 50), strings.Repeat("語", 50), "e\u0301" + strings.Repeat("é\u0301", 90), "👩‍🚀" + strings.Repeat("🚀", 40), "x\x1b[2J"} {
		for _, unit := range []unit{bytesUnit, countUnit("object")} {
			for _, p := range []lithopss3.Progress{{Done: 1000, Total: 1 << 45}, {Done: 1000, Total: 1000}, {Done: 1 << 40, Total: -1}, {Done: 0, Total: 0}} {
				bar := &progressBar{name: name, unit: unit, shown: shown, now: time.Now}
				for width := 12; width < 130; width++ {
					line := bar.line(p, width)
					require.LessOrEqual(t, textWidth(line), width, "%q", line)
				}
				line := bar.line(p, 39)
				if p.Total > 0 {
					assert.Contains(t, line, "%")
				}
			}
		}
	}
}

// TestTextWidth checks that wide runes take two columns and marks none, and that a cut
// text keeps both ends.
func TestTextWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "abc": 3, "語": 2, "ｆ": 2, "e\u0301": 1, "🚀": 2, "한글": 4, "ﬁ": 1, "\u200b": 0, "…": 1} {
		assert.Equal(t, want, textWidth(text), "%q", text)
	}
	assert.Equal(t, "dat…026.csv", cutMiddle("data/2026/11/27/2026.csv", 11))
	assert.Equal(t, "語…語語", cutMiddle("語語語語語語", 8))
	assert.Equal(t, "ab…", cutEnd("abcdef", 3))
	assert.Equal(t, "語…", cutEnd("語語語", 4))
	assert.Equal(t, "", cutEnd("abc", 0))
	for width := range 30 {
		for _, text := range []string{"abcdefghijklmnopqrstuvwxyz", "語語語語語語語語語", "e\u0301e\u0301e\u0301e\u0301", "a語b語c語d"} {
			assert.LessOrEqual(t, textWidth(cutMiddle(text, width)), width)
			assert.LessOrEqual(t, textWidth(cutEnd(text, width)), width)
		}
	}
}

// TestBarGoesAway checks that text on either output of a terminal replaces the bar, with
// escape sequences or with blanks.
func TestBarGoesAway(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	stdout, stderr := newOutputOn(&out, true), newOutputOn(&out, true)
	shareTerminal(stdout, stderr)
	stderr.draw("bar")
	_, _ = stdout.Write([]byte("text\n"))
	_, _ = stdout.Write([]byte("more\n"))
	assert.Equal(t, "\rbar\x1b[K\r\x1b[Ktext\nmore\n", out.String())

	out.Reset()
	stderr.screen.hasEscapes = false
	stderr.draw("longer bar")
	stderr.draw("bar")
	_, _ = stderr.Write([]byte("text\n"))
	assert.Equal(t, "\rlonger bar\rbar       \b\b\b\b\b\b\b\r   \b\b\b\rtext\n", out.String())
	assert.NotContains(t, out.String(), "\x1b")
}

// TestSharedBar checks that several files make one sum.
func TestSharedBar(t *testing.T) {
	t.Parallel()
	var silent *progressBar
	assert.Nil(t, silent.report())
	assert.Nil(t, (&sharedBar{}).report())
	silent.clear()

	bar := &sharedBar{bar: &progressBar{out: newOutput(&strings.Builder{}), unit: bytesUnit, now: time.Now, shown: []shownProgress{{at: time.Now()}}}}
	bar.total.Total = 30
	first, second := bar.report(), bar.report()
	first(lithopss3.Progress{Done: 5, Total: 10})
	second(lithopss3.Progress{Done: 20, Total: 20})
	first(lithopss3.Progress{Done: 10, Total: 10})
	assert.Equal(t, lithopss3.Progress{Done: 30, Total: 30}, bar.total)
}

// TestUnits checks how amounts and rates are written.
func TestUnits(t *testing.T) {
	t.Parallel()
	things := countUnit("object")
	assert.Equal(t, []string{"1234", "13/s", " objects"}, []string{things.amount(1234), things.rate(12.6), things.thing})
	assert.Equal(t, []string{"1.5 KiB", "1.5 KiB/s", ""}, []string{bytesUnit.amount(1536), bytesUnit.rate(1536.9), bytesUnit.thing})
	for bytes, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1 << 20: "1.0 MiB", 3 << 49: "1.5 PiB", 1 << 62: "4096.0 PiB"} {
		assert.Equal(t, want, formatSize(bytes))
	}
}

func TestNameCheck(t *testing.T) {
	t.Parallel()
	check := nameCheck{}
	for _, name := range []string{"a/b/c", "a/b/d", "a/e", "A/e", "a!"} {
		assert.NoError(t, check.add(name, false), name)
	}
	assert.NoError(t, check.add("a/b", true))
	assert.NoError(t, check.add("new", true))
	for _, name := range []string{"a", "a/b", "a/e/f", "new", "a/b/c/d/e"} {
		assert.ErrorIs(t, check.add(name, false), lithopss3.ErrUnsafeKey, name)
	}
	assert.ErrorIs(t, check.add("a/e", true), lithopss3.ErrUnsafeKey)
}

// TestRateIsRecent leaves what came before the last seconds out of the rate.
func TestRateIsRecent(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	start := time.Unix(0, 0)
	now := start
	bar := &progressBar{out: newOutputOn(&out, false), unit: bytesUnit, name: "a", now: func() time.Time { return now }, shown: []shownProgress{{at: start}}}
	for _, step := range []struct {
		at   time.Duration
		done int64
		from time.Duration // from when on the rate is measured
		rate float64
	}{{10, 1000, 0, 100}, {15, 1500, 0, 100}, {30, 1500, 15, 0}, {45, 3000, 30, 100}, {99, 3000, 45, 0}} {
		now = start.Add(step.at * time.Second)
		bar.update(lithopss3.Progress{Done: step.done, Total: 9000})
		assert.Equal(t, start.Add(step.from*time.Second), bar.shown[0].at, "%v", step.at)
		rate, left := bar.pace(lithopss3.Progress{Done: step.done, Total: 9000})
		assert.InDelta(t, step.rate, rate, 1e-9)
		assert.Equal(t, step.rate > 0, left > 0)
	}
}
