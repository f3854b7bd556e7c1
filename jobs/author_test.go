// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the author of an executor relies on beyond what a single test of a method shows.

// newAuthor returns a client on a storage of its own, and the calls of a job that have begun.
func newAuthor(t *testing.T, callIDs ...string) (*jobs.Client, []jobs.Call) {
	t.Helper()
	client := jobs.New(memstore.New("bucket"), "bucket", &jobs.Options{Interval: time.Second, NoCache: true})
	calls := make([]jobs.Call, len(callIDs))
	for i, callID := range callIDs {
		calls[i] = jobs.Call{ExecutorID: "4b99c1-0", JobID: "M000", CallID: callID}
		require.NoError(t, client.PutInit(t.Context(), calls[i], "a"))
	}
	return client, calls
}

// TestWatchOfADeletedJob waits for calls whose job is deleted while they run. They leave
// nothing any more, and are lost in the end.
func TestWatchOfADeletedJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, calls := newAuthor(t, "00000", "00001")
		lost := 0
		began := time.Now()
		for event, err := range client.Watch(t.Context(), jobs.ID{ExecutorID: "4b99c1-0"}, &jobs.WatchOptions{Calls: map[string]int{"M000": 2}}) {
			require.NoError(t, err)
			switch event.Kind {
			case jobs.CallStarted:
				_, err := client.Clean(t.Context(), jobs.CleanOptions{ExecutorID: "4b99c1-0"})
				require.NoError(t, err)
			case jobs.CallLost:
				assert.Equal(t, calls[lost], event.Call)
				lost++
			}
			require.Less(t, time.Since(began), time.Hour)
		}
		assert.Equal(t, 2, lost)
		assert.Greater(t, time.Since(began), lithopss3.DefaultExecutionTimeout)
	})
}

// TestWatchOfShortIDs has calls that are numbered in another way than Lithops' own. What
// List finds is watched, too.
func TestWatchOfShortIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, calls := newAuthor(t, "00000", "7", "0012")
		listed, err := client.List(t.Context(), "")
		require.NoError(t, err)
		require.Equal(t, 3, listed[0].Count(jobs.StateRunning))
		done := map[jobs.Call]bool{}
		began := time.Now()
		for event, err := range client.Watch(t.Context(), jobs.ID{ExecutorID: "4b99c1-0"}, &jobs.WatchOptions{Calls: map[string]int{"M000": 3}}) {
			require.NoError(t, err)
			if event.Kind == jobs.CallStarted {
				require.NoError(t, client.Finish(t.Context(), &jobs.Status{Call: event.Call}, nil, nil))
			}
			done[event.Call] = event.Kind == jobs.CallDone
		}
		for _, call := range calls {
			assert.True(t, done[call], call)
		}
		assert.Less(t, time.Since(began), time.Minute)
	})
}

// TestCleanKeepsTheOrder tells Each about the objects in the order of their keys, of whatever
// is selected.
func TestCleanKeepsTheOrder(t *testing.T) {
	t.Parallel()
	for _, executor := range []string{"5c00d2-0", "worker-0", "t", "tm-0"} {
		client, _ := newAuthor(t)
		outer := jobs.Call{ExecutorID: executor, JobID: "M000", CallID: "00000"}
		inner := jobs.Call{ExecutorID: jobs.FormatExecutorID(outer.Session(), 0), JobID: "A001", CallID: "00000"}
		for _, call := range []jobs.Call{outer, inner} {
			_, err := client.In(call).PutCloudObject(t.Context(), strings.NewReader("x"), nil)
			require.NoError(t, err)
			require.NoError(t, client.PutInit(t.Context(), call, "a"))
			require.NoError(t, client.PutStatus(t.Context(), &jobs.Status{Call: call}))
		}
		for _, options := range []jobs.CleanOptions{
			{ExecutorID: executor}, {ExecutorID: executor, JobID: "M000"}, {ExecutorID: executor, JobID: "M000", CallID: "00000"}, {All: true},
		} {
			var keys []string
			options.DryRun, options.Each = true, func(info lithopss3.ObjectInfo) { keys = append(keys, info.Key) }
			_, err := client.Clean(t.Context(), options)
			require.NoError(t, err)
			assert.Len(t, keys, 6)
			assert.True(t, slices.IsSorted(keys), "%+v: %q", options, keys)
		}
	}
}

// TestResultThatIsGone has the result of a call that has ended be deleted. The error does not
// say that the call runs, which a caller would wait for.
func TestResultThatIsGone(t *testing.T) {
	t.Parallel()
	client, calls := newAuthor(t, "00000")
	_, err := client.Result(t.Context(), calls[0])
	require.ErrorIs(t, err, fs.ErrNotExist, "it runs")
	require.NoError(t, client.Finish(t.Context(), &jobs.Status{Call: calls[0]}, strings.Repeat("x", 10_000), nil))
	require.NoError(t, client.DeleteData(t.Context(), calls[0].OutputKey()))
	_, err = client.Result(t.Context(), calls[0])
	require.ErrorContains(t, err, "output.pickle")
	require.NotErrorIs(t, err, fs.ErrNotExist)
	_, err = jobs.ResultAs[string](t.Context(), client, calls[0])
	require.ErrorContains(t, err, "output.pickle")
	require.NotErrorIs(t, err, fs.ErrNotExist)
}

// TestFinishOfAnUnreadableStatus has a status that can't be written, or not be read again. A
// client that waits for the call gets its failure.
func TestFinishOfAnUnreadableStatus(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]jobs.Status{
		"no JSON":      {Extra: map[string]json.RawMessage{"mine": nil}},
		"broken JSON":  {Extra: map[string]json.RawMessage{"mine": json.RawMessage("{")}},
		"another type": {Extra: map[string]json.RawMessage{"type": json.RawMessage("1")}},
		"no number":    {CPUUsage: []float64{math.NaN()}},
	} {
		for _, failure := range []error{nil, errors.New("the call's own")} {
			client, calls := newAuthor(t, "00000")
			status.Call = calls[0]
			err := client.Finish(t.Context(), &status, 1, failure)
			require.ErrorContains(t, err, "the status can't be stored: ", name)
			_, err = client.Result(t.Context(), calls[0])
			failed := (*jobs.CallError)(nil)
			require.ErrorAs(t, err, &failed, name)
			assert.Contains(t, failed.Message, "the status can't be stored: ", name)
			assert.Equal(t, failure != nil, strings.Contains(failed.Message, "; the call failed: the call's own"), name)
			require.ErrorContains(t, client.PutStatus(t.Context(), &status), "the status can't be stored: ", name)
		}
	}
}
