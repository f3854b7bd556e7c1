// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestKnownTimes checks that a time or a span that can't be is unknown.
func TestKnownTimes(t *testing.T) {
	t.Parallel()
	year := func(year int) time.Time { return time.Date(year, 7, 1, 0, 0, 0, 0, time.UTC) }
	for when, want := range map[int]bool{1999: false, 2000: true, 2099: true, 2100: false} {
		assert.Equal(t, want, knownTime(year(when)) != nil, when)
		assert.Equal(t, want, knownSeconds(year(when), year(when)) != nil, when)
	}
	begin := year(2026)
	assert.Nil(t, knownSeconds(begin, begin.Add(-1)))
	assert.Nil(t, knownSeconds(begin, time.Time{}))
	seconds := knownSeconds(begin, begin.Add(3661400*time.Millisecond))
	require.NotNil(t, seconds)
	assert.Equal(t, []string{"3661.400", "1h1m1s ago"}, []string{formatSeconds(seconds), ago(seconds)})
	assert.Equal(t, []string{"unknown", "unknown", "at an unknown time"}, []string{formatSeconds(nil), formatKnownTime(nil), ago(nil)})
}

// TestShortLine keeps a line of the length that is allowed.
func TestShortLine(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"äbc", "äb…", ""}, []string{shortLine("äbc", 3), shortLine("äbcd", 3), shortLine("", 3)})
}

// TestPythonTextOfFutures names the calls that a result waits for.
func TestPythonTextOfFutures(t *testing.T) {
	t.Parallel()
	calls := []jobs.Call{{ExecutorID: "e-0", JobID: "M000", CallID: "00000"}, {ExecutorID: "e-0", JobID: "A001", CallID: "00001"}}
	assert.Equal(t, "futures: e-0-M000/00000, e-0-A001/00001", pythonText(calls))
	assert.Equal(t, "no futures", pythonText([]jobs.Call{}))
}

// TestSummaryOfUnusualResults tells what of a result is known without reading it.
func TestSummaryOfUnusualResults(t *testing.T) {
	t.Parallel()
	futures := `"func_result_size": 0.0, "new_futures": "b']\\x94.'"`
	for fields, want := range map[string]string{futures: "no futures", `"func_result_size": null`: "(see jobs result)", `"func_result_size": 0.0`: "None"} {
		var status jobs.Status
		require.NoError(t, status.UnmarshalJSON([]byte(`{"type": "__end__", `+fields+`}`)), fields)
		report := &callReport{State: "done"}
		report.summarize(&status)
		require.NotNil(t, report.Result, "%s: %s", fields, report.Error)
		assert.Equal(t, want, *report.Result, fields)
	}
}

// TestWatchEnds checks the last line of jobs watch, and its error.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	id := jobs.ID{ExecutorID: "e-0"}
	for _, test := range []struct {
		started, done, failed, lost int
		want                        string
		err                         string
	}{
		{0, 0, 0, 0, "no call of e-0 has begun\n", ""},
		{1, 1, 0, 0, "1 call ended\n", ""},
		{4, 2, 1, 1, "3 calls ended, 1 failed, 1 lost\n", "2 of 4"},
		{2, 1, 1, 0, "2 calls ended, 1 failed\n", "1 of 2"},
		{1, 0, 0, 1, "0 calls ended, 1 lost\n", "1 of 1"},
	} {
		var out strings.Builder
		bar := &callBar{started: test.started, done: test.done, failed: test.failed, lost: test.lost}
		err := (&jobsWatchCommand{}).printEnd(&terminal{stdout: newOutput(&out)}, bar, id)
		assert.Equal(t, test.want, out.String())
		if test.err == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, errCallsFailed)
		assert.ErrorContains(t, err, test.err)
	}
}

// TestReportsOfFailures checks what is shown of a call that failed or was lost.
func TestReportsOfFailures(t *testing.T) {
	t.Parallel()
	client := jobs.New(nil, "bucket", nil)
	call := jobs.CallState{Call: jobs.Call{ExecutorID: "e-0", JobID: "M000", CallID: "00000"}, ActivationID: "a", Began: time.Now().Add(-time.Hour)}
	call.State = jobs.StateLost
	report := reportCall(client, call, nil, nil)
	assert.Equal(t, "lost", report.State)
	assert.Contains(t, report.line(), " ago and has left no status")
	call.State = jobs.StateRunning
	assert.Contains(t, reportCall(client, call, nil, nil).line(), "began 1h")
	call.State = jobs.StateEnded
	report = reportCall(client, call, nil, errors.New("broken"))
	assert.Equal(t, []string{"failed", "broken", "a"}, []string{report.State, report.line(), report.Activation})
	report.summarize(nil)
	assert.Nil(t, report.Result)
}

// TestSummaryOfABrokenResult has a call whose result can't be read be a failure.
func TestSummaryOfABrokenResult(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"result", "new_futures"} {
		var status jobs.Status
		require.NoError(t, status.UnmarshalJSON([]byte(`{"type": "__end__", "func_result_size": 1, "`+field+`": "no literal"}`)))
		report := &callReport{State: "done"}
		report.summarize(&status)
		assert.Equal(t, "failed", report.State, field)
		assert.NotEmpty(t, report.Error, field)
		assert.Nil(t, report.Result, field)
	}
}

// TestFailingReader keeps why a read failed, and not that it ended.
func TestFailingReader(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for err, want := range map[error]error{mine: mine, io.EOF: nil} {
		reader := &failingReader{Reader: iotest.ErrReader(err)}
		_, got := reader.Read(make([]byte, 1))
		require.ErrorIs(t, got, err)
		assert.Equal(t, want, reader.err)
	}
}

// TestNothingHasEnded says so of a call without a status, and of a job without a call.
func TestNothingHasEnded(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"lithops.jobs/e-0-M000/00000/a.init", "lithops.jobs/e-0-M001/aggdata.pickle"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, nil, nil))
	}
	for line, want := range map[string]string{
		"jobs logs e-0-M000/00000": "the logs of e-0-M000/00000 come with its status",
		"jobs result e-0-M001":     "no call of e-0-M001 has begun",
		"jobs result e-0-M000":     "calls have not ended: 1 of 1",
	} {
		assert.Contains(t, s.run(exitError, line), want, line)
	}
	assert.Empty(t, s.run(0, "jobs logs e-0-M000"), "there may be others")
}

// TestFiltersOfDeletions delete, count and print only what is meant.
func TestFiltersOfDeletions(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"d/a.log", "d/b.txt", "d/c.log"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("text"), nil))
	}
	printed := s.run(0, "rm -r s3://BUCKET/d --exclude *.log -n")
	assert.Contains(t, printed, "d/b.txt\n")
	assert.NotContains(t, printed, ".log")
	s.run(0, "rm -r s3://BUCKET/d --exclude *.log") // of one object, nothing is asked
	assert.Equal(t, []string{"d/a.log", "d/c.log"}, s.keys())
	s.run(0, "rm -ry s3://BUCKET/d --exclude c*")
	assert.Equal(t, []string{"d/c.log"}, s.keys())
	assert.Empty(t, s.run(0, "cp s3://BUCKET/d/c.log - -n"))
}
