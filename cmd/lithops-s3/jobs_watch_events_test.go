// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A distantStorage answers a read after 20 ms, as S3 would, and refuses some.
type distantStorage struct {
	lithopss3.Storage
	reads   atomic.Int64
	refused func(key string) error
}

func (s *distantStorage) GetObject(ctx context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	s.reads.Add(1)
	time.Sleep(20 * time.Millisecond)
	if s.refused != nil {
		if err := s.refused(key); err != nil {
			return nil, err
		}
	}
	return s.Storage.GetObject(ctx, bucket, key, opts)
}

// endedCalls stores a job whose calls have ended, and every 100th failed.
func endedCalls(t *testing.T, storage lithopss3.Storage, count int) {
	t.Helper()
	client := jobs.New(storage, "bucket", nil)
	for _, call := range jobs.Calls("4b99c1-0", "M000", count) {
		require.NoError(t, client.PutInit(t.Context(), call, "aa"))
		var failure error
		if strings.HasSuffix(call.CallID, "00") {
			failure = errors.New("boom " + call.CallID)
		}
		require.NoError(t, client.Finish(t.Context(), &jobs.Status{Call: call, ActivationID: "aa"}, int64(1), failure))
	}
}

// watched runs jobs watch and returns what it prints.
func watched(t *testing.T, storage lithopss3.Storage, count int) (string, error) {
	t.Helper()
	var out, problems strings.Builder
	term := &terminal{ctx: t.Context(), stdout: newOutput(&out), stderr: newOutput(&problems)}
	command := &jobsWatchCommand{Calls: amount(count)}
	opts := &jobs.WatchOptions{Calls: map[string]int{"M000": count}}
	err := command.follow(term, jobs.New(storage, "bucket", nil), jobs.ID{ExecutorID: "4b99c1-0", JobID: "M000"}, opts)
	return out.String(), err
}

// The first look of jobs watch at a job reads many statuses at once, each of them once,
// and prints the events in the order of the calls. The time is synthetic.
func TestWatchReadsStatusesTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count := testkit.Less(3000, 300)
		memory := memstore.New("bucket")
		endedCalls(t, memory, count)
		storage := &distantStorage{Storage: memory}
		began := time.Now()
		out, err := watched(t, storage, count)
		require.ErrorIs(t, err, errCallsFailed)
		require.ErrorContains(t, err, fmt.Sprintf("%d of %d", count/100, count))
		assert.LessOrEqual(t, time.Since(began), 2*time.Second, "one after the other they take six seconds or a minute")
		assert.Equal(t, int64(count), storage.reads.Load())
		var lines []string
		for _, call := range jobs.Calls("4b99c1-0", "M000", count) {
			lines = append(lines, call.String()+"\tstarted")
			if strings.HasSuffix(call.CallID, "00") {
				lines = append(lines, call.String()+"\tfailed\tException: boom "+call.CallID)
				continue
			}
			lines = append(lines, call.String()+"\tdone")
		}
		lines = append(lines, fmt.Sprintf("%d calls ended, %d failed\n", count, count/100))
		var seen []string
		for line := range strings.Lines(out) {
			_, text, isEvent := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			if !isEvent {
				text = line
			}
			seen = append(seen, text)
		}
		require.Len(t, seen, len(lines))
		for n := range lines {
			require.Equal(t, lines[n], seen[n])
		}
	})
}

// A call that was lost and ends after all is no lost call: the command says so, and exits
// with 0.
func TestWatchLateStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		storage := memstore.New("bucket")
		client := jobs.New(storage, "bucket", nil)
		calls := jobs.Calls("4b99c1-0", "M000", 2)
		require.NoError(t, client.PutInit(t.Context(), calls[0], "aa"))
		go func() {
			time.Sleep(25 * time.Minute)
			assert.NoError(t, client.PutInit(t.Context(), calls[1], "bb"))
			for _, call := range calls {
				time.Sleep(10 * time.Minute) // the first is lost after half an hour
				assert.NoError(t, client.Finish(t.Context(), &jobs.Status{Call: call}, nil, nil))
			}
		}()
		out, err := watched(t, storage, len(calls))
		require.NoError(t, err)
		var events []string
		for line := range strings.Lines(out) {
			_, text, _ := strings.Cut(strings.TrimSpace(line), "\t4b99c1-0-M000/")
			events = append(events, text)
		}
		assert.Equal(t, []string{"00000\tstarted", "00001\tstarted", "00000\tlost", "00000\tdone", "00001\tdone", ""}, events)
		assert.Contains(t, out, "\n2 calls ended\n")
	})
}

// A status that the storage refuses ends jobs watch with the storage's error, and leaves
// no goroutine.
func TestWatchStatusRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New("bucket")
		count := testkit.Less(5000, 500)
		endedCalls(t, memory, count)
		denied := &lithopss3.Error{Op: "GetObject", Bucket: "bucket", Err: fs.ErrPermission}
		storage := &distantStorage{Storage: memory, refused: func(key string) error {
			if strings.Contains(key, "/00007/") {
				return denied
			}
			return nil
		}}
		out, err := watched(t, storage, count)
		require.ErrorIs(t, err, denied)
		assert.Contains(t, out, "4b99c1-0-M000/00006\tdone\n")
		assert.NotContains(t, out, "M000/00008\tdone")
	})
}

// TestWatchOnATerminal checks that the sum stands below the last state of the bar, and that
// only calls that failed have lines.
func TestWatchOnATerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	memory := memstore.New("bucket")
	endedCalls(t, memory, 2)
	var out strings.Builder
	stdout, stderr := newOutputOn(&out, true), newOutputOn(&out, true)
	shareTerminal(stdout, stderr)
	term := &terminal{ctx: t.Context(), stdout: stdout, stderr: stderr}
	opts := &jobs.WatchOptions{Calls: map[string]int{"M000": 2}}
	err := (&jobsWatchCommand{Calls: 2}).follow(term, jobs.New(memory, "bucket", nil), jobs.ID{ExecutorID: "4b99c1-0", JobID: "M000"}, opts)
	require.ErrorIs(t, err, errCallsFailed)
	assert.Contains(t, out.String(), "M000/00000\t\x1b[31mfailed")
	assert.NotContains(t, out.String(), "done")
	assert.True(t, strings.HasSuffix(out.String(), "] 2 of 2 calls ended, 0 running, 1 fa…\x1b[K\n2 calls ended, 1 failed\n"), "%q", out.String())
}
