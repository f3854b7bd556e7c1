// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCutsAtTheWidth checks that text which just fits is not cut.
func TestCutsAtTheWidth(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text        string
		width       int
		end, middle string
	}{
		{"abc", 3, "abc", "abc"},
		{"abcd", 3, "ab…", "…cd"},
		{"abcd", 4, "abcd", "abcd"},
		{"abcde", 4, "abc…", "a…de"},
		{"abcde", 1, "…", "…"},
		{"abcde", 0, "", ""},
		{"abcde", -1, "", ""},
		{"", 0, "", ""},
		{"語語", 4, "語語", "語語"},
		{"語語", 3, "語…", "…語"},
		{"語a", 2, "…", "…a"},
		{"ae\u0301", 1, "…", "…"},
	} {
		assert.Equal(t, []string{test.end, test.middle}, []string{cutEnd(test.text, test.width), cutMiddle(test.text, test.width)}, "%q in %d", test.text, test.width)
	}
	assert.Equal(t, "bc", tail("abc", 2))
	assert.Equal(t, "b", tail("ae\u0301b", 1), "without the accent of a letter that is cut")
	assert.Equal(t, "e\u0301b", tail("ae\u0301b", 2))
	assert.Equal(t, "ab", head("abc", 2))
	assert.Equal(t, "ae\u0301", head("ae\u0301b", 2))
}

// TestBarsOfATerminal checks which commands have a bar: none with --quiet, and a counter only
// where it can be drawn again.
func TestBarsOfATerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	pipe := &terminal{stderr: newOutputOn(io.Discard, false), stdout: newOutputOn(io.Discard, false)}
	person := &terminal{stderr: newOutputOn(io.Discard, true), stdout: newOutputOn(io.Discard, true)}
	for _, term := range []*terminal{pipe, person} {
		assert.Nil(t, term.newBar("name", true))
		require.NotNil(t, term.newBar("name", false))
		assert.Equal(t, term == person, term.newBar("name", false).live)
		assert.Equal(t, term == person, term.newLiveBar("name") != nil)
		assert.Equal(t, term == person, term.newCounter("name", "object") != nil)
	}
	counter := person.newCounter("name", "upload")
	assert.Equal(t, "3", counter.unit.amount(3))
	assert.Equal(t, " uploads", counter.unit.thing)
	assert.Equal(t, bytesUnit.amount(1024), person.newLiveBar("name").unit.amount(1024))
	t.Setenv("TERM", "dumb")
	assert.Nil(t, person.newLiveBar("name"))
}

// TestFiguresAtTheEnd checks that nothing is left to wait for at the end, and that a line has room
// for its last figure to the column.
func TestFiguresAtTheEnd(t *testing.T) {
	t.Parallel()
	start := time.Unix(0, 0)
	bar := &progressBar{name: "name", unit: countUnit("object"), shown: []shownProgress{{at: start}, {at: start.Add(2 * time.Second), done: 10}}}
	for p, want := range map[lithopss3.Progress][]string{
		{Done: 10, Total: 20}: {"50%, 10 of 20 objects, 5/s, 2s left", " 50%|        10/20 objects|         5/s|ETA 2s", " [=====     ]"},
		{Done: 20, Total: 20}: {"100%, 20 of 20 objects, 5/s", "100%|        20/20 objects|         5/s", " [==========]"},
		{Done: 1, Total: 1}:   {"100%, 1 of 1 objects, 5/s", "100%|         1/1 objects|         5/s", " [==========]"},
		{Done: 10, Total: 0}:  {"10 objects, 5/s", "10 objects|5/s", ""},
		{Done: 10, Total: -1}: {"10 objects, 5/s", "10 objects|5/s", ""},
	} {
		assert.Equal(t, want, []string{bar.sentence(p), strings.Join(bar.figures(p), "|"), drawBar(p)}, "%v", p)
	}
	p := lithopss3.Progress{Done: 10, Total: 20}
	const all = "   50%          10/20 objects           5/s  ETA 2s"
	for width := 40; width < 90; width++ {
		line := bar.line(p, width)
		hasBar, hasEnd := strings.Contains(line, "["), strings.Contains(line, "ETA")
		assert.Equal(t, width >= textWidth(all)+textWidth(drawBar(p))+nameWidth, hasBar && hasEnd, "%d: %s", width, line)
		assert.Equal(t, width >= textWidth(all)+shortName, hasEnd, "%d: %s", width, line)
	}
}

// TestWhichRecordsAreShown checks what the library's messages become: warnings always, waits on a
// terminal, and all else with --debug, without the time.
func TestWhichRecordsAreShown(t *testing.T) {
	t.Setenv("TERM", "xterm")
	for _, test := range []struct {
		level               slog.Level
		pipe, person, debug bool
	}{
		{slog.LevelError, true, true, true},
		{slog.LevelWarn, true, true, true},
		{s3http.LevelWait, false, true, true},
		{s3http.LevelWait - 1, false, s3http.LevelWait-1 >= slog.LevelWarn, true},
		{slog.LevelDebug, false, false, true},
	} {
		for name, enabled := range map[string]bool{"pipe": test.pipe, "person": test.person, "debug": test.debug} {
			term := &terminal{stderr: newOutputOn(io.Discard, name == "person")}
			assert.Equal(t, enabled, term.newLogger(name == "debug").Enabled(t.Context(), test.level), "%s: %v", name, test.level)
		}
	}
	var out strings.Builder
	log := (&terminal{stderr: newOutputOn(&out, false)}).newLogger(true)
	log.Warn("first\nsecond", "key", "value")
	log.Debug("sent", "time", "now", "attempt", 2)
	log.WithGroup("group").Info("told", "level", 1)
	log.With("a", 1).Info("told")
	log.Log(t.Context(), s3http.LevelWait, "waiting")
	assert.Equal(t, "lithops-s3: warning: first\n  second, key value\nmsg=sent attempt=2\nmsg=told group.level=1\nmsg=told a=1\n", out.String())
}

// TestMessageOfAnInterrupt checks that an error which is no consequence of a signal is told.
func TestMessageOfAnInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupted{syscall.SIGINT})
	wrapped := fmt.Errorf("put: %w", context.Canceled)
	assert.Equal(t, "interrupted", (&terminal{ctx: ctx}).message(wrapped))
	assert.Equal(t, "other", (&terminal{ctx: ctx}).message(errors.New("other")))
	assert.Equal(t, "put: context canceled", (&terminal{ctx: t.Context()}).message(wrapped))
}

// slowly is a task's move that takes long enough for a bar.
func slowly(err error) func(context.Context, func(lithopss3.Progress)) error {
	return func(_ context.Context, progress func(lithopss3.Progress)) error {
		time.Sleep(10 * time.Second)
		if progress != nil {
			progress(lithopss3.Progress{Done: 50, Total: 100})
		}
		return err
	}
}

// TestBarsMakeRoom checks that a bar is gone from the terminal before the result is printed.
func TestBarsMakeRoom(t *testing.T) {
	t.Setenv("TERM", "xterm")
	synctest.Test(t, func(t *testing.T) {
		failure := errors.New("failed")
		for name, run := range map[string]func(*terminal, *copier) error{
			"one": func(term *terminal, c *copier) error {
				return term.runOne(c, oneTask{done: "Stored", object: objectName{"bucket", "key"}})
			},
			"alone":   func(term *terminal, c *copier) error { return term.runAlone(c, "Copied", false) },
			"in turn": func(_ *terminal, c *copier) error { return c.runInTurn(false) },
			"several": func(term *terminal, c *copier) error {
				return newTransfer(term, "Stored", objectName{bucket: "bucket"}, false, false).run(c.tasks, nil)
			},
		} {
			for _, err := range []error{nil, failure} {
				var stderr strings.Builder
				term := &terminal{ctx: t.Context(), stdout: newOutputOn(io.Discard, false), stderr: newOutputOn(&stderr, true)}
				c := term.newCopier(nil)
				c.tasks = []task{{name: "file", key: "key", size: 100, move: slowly(err)}}
				require.ErrorIs(t, run(term, c), err)
				bar, after, _ := strings.Cut(strings.TrimPrefix(stderr.String(), "\r"), "\r\x1b[K")
				assert.Contains(t, bar, " 50%", name)
				assert.NotContains(t, after, "%", name)
				assert.Contains(t, stderr.String(), "\r\x1b[K", name)
			}
		}
	})
}

// A brokenFile is an output that the system refuses to write to.
type brokenFile struct{}

func (brokenFile) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "out", Err: syscall.ENOSPC}
}

// TestBrokenOutputIsNoWrongLine checks that a full disk is not taken for wrong arguments.
func TestBrokenOutputIsNoWrongLine(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", "--help", "help cp", "cp --help", "--version", "put --version", "--licenses", "man", "completion bash"} {
		var problems strings.Builder
		code := run(t.Context(), strings.Fields(line), strings.NewReader(""), brokenFile{}, &problems)
		assert.Equal(t, exitError, code, line)
		assert.Equal(t, "lithops-s3: write out: no space left on device\n", problems.String(), line)
	}
}

// TestUnreadStreams checks that only a pipe without a reader counts as unread.
func TestUnreadStreams(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{nil: false, syscall.EPIPE: true, &fs.PathError{Err: syscall.EPIPE}: true, syscall.ENOSPC: false} {
		isUnread := false
		out := newOutputOn(writerFunc(func(p []byte) (int, error) { return len(p), err }), false)
		_, got := out.Write([]byte("a\n"))
		require.ErrorIs(t, got, err)
		assert.Equal(t, err != nil, out.isBroken())
		out.whenUnread(func() { isUnread = true })
		_, _ = out.Write([]byte("a\n"))
		assert.Equal(t, want, isUnread, "%v", err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestTablesOnATerminal checks the headings of lists on a terminal: with the zone, which the lines
// then do without.
func TestTablesOnATerminal(t *testing.T) {
	s := newSession(t)
	t.Setenv("TERM", "dumb")
	for _, key := range []string{"a", "d/b"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("text"), nil))
	}
	const when = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
	for line, want := range map[string]string{
		"ls":          `^MODIFIED \(UTC[^)]*\) +SIZE  NAME\n` + when + `         4 B  a\n {28}DIR  d/\n1 folder, 1 object, 4 B\n$`,
		"ls -r":       `^MODIFIED \(UTC[^)]*\) +SIZE  NAME\n` + when + `         4 B  a\n` + when + `         4 B  d/b\n2 objects, 8 B\n$`,
		"list -p no":  `^0 objects, 0 B\n$`,
		"ls s3://./d": `^MODIFIED \(UTC[^)]*\) +SIZE  NAME\n` + when + `         4 B  b\n1 object, 4 B\n$`,
	} {
		var out strings.Builder
		term := &terminal{ctx: t.Context(), stdin: &input{}, stdout: newOutputOn(&out, true), stderr: newOutputOn(io.Discard, true)}
		require.Zero(t, term.run(strings.Fields(line)), line)
		assert.Regexp(t, regexp.MustCompile(want), out.String(), line)
	}
}

// TestQuestions checks what a person is asked, and that no leaves everything as it was.
func TestQuestions(t *testing.T) {
	s := newSession(t)
	prepare := func() {
		for _, key := range []string{"d/a", "d/b", "e", "lithops.jobs/e-0-M000/00000/a.init"} {
			require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("text"), nil))
		}
	}
	for line, want := range map[string]struct {
		question string
		left     int
	}{
		"rm -r s3://BUCKET/d":                {"Delete 2 objects, 8 B, from BUCKET/d/? [y/N] ", 2},
		"rm s3://BUCKET/d/*":                 {"Delete 2 objects, 8 B, from BUCKET/d/*? [y/N] ", 2},
		"delete BUCKET -p d/":                {"Delete 2 objects, 8 B, from BUCKET/d/? [y/N] ", 2},
		"rm -r s3://BUCKET/d --exclude a":    {"", 3},
		"delete BUCKET -p e":                 {"", 3},
		"rm s3://BUCKET/e":                   {"", 3},
		"clean e-0":                          {"Delete 1 object, 4 B, in bucket BUCKET? [y/N] ", 3},
		"clean --all":                        {"Delete 1 object, 4 B, in bucket BUCKET? [y/N] ", 3},
		"clean e-0 -y":                       {"", 3},
		"rm -ry s3://BUCKET/":                {"", 0},
		"rm -r s3://BUCKET":                  {"Delete 4 objects, 16 B, from BUCKET/? [y/N] ", 0},
		"rm -r s3://BUCKET/d --exclude *.md": {"Delete 2 objects, 8 B, from BUCKET/d? [y/N] ", 2},
	} {
		for _, answer := range []string{"n\n", "y\n"} {
			prepare()
			var out, problems strings.Builder
			stdin := &input{ctx: t.Context(), in: strings.NewReader(answer), isTerminal: true}
			term := &terminal{ctx: t.Context(), stdin: stdin, stdout: newOutputOn(&out, false), stderr: newOutputOn(&problems, false)}
			code := term.run(strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket)))
			assert.Equal(t, want.question != "" && answer == "n\n", code != 0, "%s: %s", line, problems.String())
			left := want.left
			if code != 0 {
				left = 4
				assert.Equal(t, exitError, code, line)
				assert.Contains(t, problems.String(), "nothing was deleted", line)
			}
			assert.Len(t, s.keys(), left, line)
			question, _, _ := strings.Cut(strings.ReplaceAll(problems.String(), refusedBucket, "BUCKET"), "lithops-s3: ")
			assert.Equal(t, want.question, question, line)
		}
	}
}

// TestQuestionsNeedATerminal checks that clean asks no server what it may not delete.
func TestQuestionsNeedATerminal(t *testing.T) {
	s := newSession(t)
	t.Setenv("AWS_ENDPOINT_URL", refuseWith(t, http.StatusForbidden, "AccessDenied"))
	for _, line := range []string{"clean --all", "clean e-0", "clean --older-than 7d", "clean --cloudobjects"} {
		assert.Contains(t, s.run(exitUsage, line), "there is no terminal to ask on", line)
	}
	s.run(exitPermission, "clean e-0 -y")
}
