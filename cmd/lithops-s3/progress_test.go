package main

import (
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
)

// drawn returns what a bar writes while 100 MiB arrive in 10 s, of which 4 MiB were there.
func drawn(live bool) []string {
	var out strings.Builder
	now := time.Unix(0, 0)
	bar := &progressBar{out: newOutput(&out), live: live, name: "a name\x1b that is too long for a line.bin", now: func() time.Time { return now }}
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
	assert.Equal(t, "…r a line.bin\" [=====     ]  50%  50.0 MiB/100.0 MiB  10.0 MiB/s  ETA 5s\x1b[K", lines[49])
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
	bar := &progressBar{out: newOutput(&out), live: true, name: "-", now: func() time.Time { return now }, shown: []shownProgress{{at: now}}}
	now = now.Add(2 * time.Second)
	bar.update(lithopss3.Progress{Done: 10 << 20, Total: -1})
	assert.Equal(t, "\r- 10.0 MiB  5.0 MiB/s\x1b[K", out.String())
}

// TestSharedBar: several files make one sum.
func TestSharedBar(t *testing.T) {
	t.Parallel()
	var silent *progressBar
	assert.Nil(t, silent.report())
	assert.Nil(t, (&sharedBar{}).report())
	silent.clear()

	bar := &sharedBar{bar: &progressBar{out: newOutput(&strings.Builder{}), now: time.Now, shown: []shownProgress{{at: time.Now()}}}}
	bar.total.Total = 30
	first, second := bar.report(), bar.report()
	first(lithopss3.Progress{Done: 5, Total: 10})
	second(lithopss3.Progress{Done: 20, Total: 20})
	first(lithopss3.Progress{Done: 10, Total: 10})
	assert.Equal(t, lithopss3.Progress{Done: 30, Total: 30}, bar.total)
}

func TestNameCheck(t *testing.T) {
	t.Parallel()
	check := newNameCheck(false)
	for _, name := range []string{"a/b/c", "a/b/d", "a/e", "A/e", "a!"} {
		assert.NoError(t, check.add(name, false), name)
	}
	assert.NoError(t, check.add("a/b", true))
	assert.NoError(t, check.add("new", true))
	for _, name := range []string{"a", "a/b", "a/e/f", "new", "a/b/c/d/e"} {
		assert.ErrorIs(t, check.add(name, false), lithopss3.ErrUnsafeKey, name)
	}
	assert.ErrorIs(t, check.add("a/e", true), lithopss3.ErrUnsafeKey)

	folded := newNameCheck(true)
	assert.NoError(t, folded.add("Data/x", false))
	assert.NoError(t, folded.add("data/y", false))
	assert.ErrorIs(t, folded.add("DATA/X", false), lithopss3.ErrUnsafeKey)
}
