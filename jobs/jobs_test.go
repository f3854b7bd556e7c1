// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newJobs gives an empty bucket on the embedded server, and the jobs in it.
func newJobs(t *testing.T) (*jobs.Client, *lithopss3.Store, string) {
	t.Helper()
	server := testkit.Server(t, devs3.Start, nil)
	config, err := lithopss3.ParseConfig([]byte(server.Config()))
	require.NoError(t, err)
	store, err := lithopss3.New(t.Context(), config, &lithopss3.Options{LookupEnv: testkit.Env(server.Env())})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	return jobs.New(store, bucket, &jobs.Options{CacheDir: t.TempDir(), Interval: time.Millisecond}), store, bucket
}

type recordedJob struct {
	ExecutorID string `json:"executor_id"`
	Objects    []struct {
		Key  string          `json:"key"`
		B64  *string         `json:"b64"`
		JSON json.RawMessage `json:"json"`
	} `json:"objects"`
	JobStatus struct {
		Done    [][3]string          `json:"done"`
		Running [][2]json.RawMessage `json:"running"`
	} `json:"get_job_status"`
}

// load puts the objects of a recorded job into the bucket, those whose bytes were recorded.
func (r *recordedJob) load(t *testing.T, path string, store *lithopss3.Store, bucket string) {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(path))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, r))
	for _, object := range r.Objects {
		var body []byte
		switch {
		case object.JSON != nil:
			body = object.JSON
		case object.B64 != nil:
			body, err = base64.StdEncoding.DecodeString(*object.B64)
			require.NoError(t, err)
		}
		require.NoError(t, store.PutObject(t.Context(), bucket, object.Key, bytes.NewReader(body), nil))
	}
}

func call(id string) jobs.Call {
	job, callID, _ := strings.Cut(id, "/")
	i := strings.LastIndexByte(job, '-')
	return jobs.Call{ExecutorID: job[:i], JobID: job[i+1:], CallID: callID}
}

func TestJobStatusOfGoldenJob(t *testing.T) {
	t.Parallel()
	client, store, bucket := newJobs(t)
	var recorded recordedJob
	recorded.load(t, "../testdata/golden/job_objects.json", store, bucket)
	status, err := client.Progress(t.Context(), recorded.ExecutorID)
	require.NoError(t, err)

	var done, started []string
	for _, c := range recorded.JobStatus.Done {
		done = append(done, jobs.Call{ExecutorID: c[0], JobID: c[1], CallID: c[2]}.String())
	}
	for _, r := range recorded.JobStatus.Running {
		var c [3]string
		var activation string
		require.NoError(t, json.Unmarshal(r[0], &c))
		require.NoError(t, json.Unmarshal(r[1], &activation))
		started = append(started, jobs.Call{ExecutorID: c[0], JobID: c[1], CallID: c[2]}.InitKey(activation))
	}
	var gotDone, gotStarted []string
	for _, c := range status.Done {
		gotDone = append(gotDone, c.String())
	}
	for _, a := range status.Started {
		gotStarted = append(gotStarted, a.InitKey(a.ActivationID))
	}
	assert.ElementsMatch(t, done, gotDone)
	assert.ElementsMatch(t, started, gotStarted)

	// What can be decoded of the golden job; its exception and futures are left out there.
	for id, want := range map[string]any{
		"4b99c1-0-M000/00000": int64(2), "4b99c1-0-M000/00001": int64(4), "4b99c1-0-M000/00002": int64(6),
		"4b99c1-0-A001/00000": int64(42), "4b99c1-0-M003/00000": nil, "4b99c1-0-R008/00000": int64(20),
		"4b99c1-0-M009-00000-1-M000/00000": int64(101),
	} {
		got, err := client.Result(t.Context(), call(id))
		require.NoError(t, err, id)
		assert.Equal(t, want, got, id)
	}
}

// The answers of Python's get_job_status, except for its mistakes.
func TestGoldenJobStatus(t *testing.T) {
	t.Parallel()
	var golden struct {
		Cases []struct {
			Name       string   `json:"name"`
			ExecutorID *string  `json:"executor_id"`
			Keys       []string `json:"keys"`
			Out        *struct {
				Done    [][]string `json:"done"`
				Running [][2]any   `json:"running"`
			} `json:"out"`
		} `json:"cases"`
	}
	data, err := os.ReadFile("../testdata/golden/job_status.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &golden))

	// Where the layout is not Lithops', or another executor's, Python's answer is
	// a mistake (or an IndexError): here there is none.
	different := map[string]bool{
		"prefix collision e1-1 vs e1-10": true, "prefix collision e1 vs e1x": true, ".init inside a directory part": true,
		".init only": true, "status.json one level up": true, "init deeper": true, "no dash in job key": true, "double slash": true,
		"cloudobject with .init key": true, "func pickle at executor level is ignored": true, "job id with slash-free dash": true,
	}
	ran := 0
	for _, c := range golden.Cases {
		if c.ExecutorID == nil {
			continue // a TypeError that Go's types exclude
		}
		t.Run(c.Name, func(t *testing.T) {
			client, store, bucket := newJobs(t)
			for _, key := range c.Keys {
				require.NoError(t, store.PutObject(t.Context(), bucket, key, nil, nil))
			}
			status, err := client.Progress(t.Context(), *c.ExecutorID)
			require.NoError(t, err)
			done, running := []string{}, []string{}
			if c.Out != nil {
				for _, d := range c.Out.Done {
					done = append(done, strings.Join(d, " "))
				}
				for _, r := range c.Out.Running {
					running = append(running, strings.Trim(fmt.Sprint(r[0]), "[]")+" "+fmt.Sprint(r[1]))
				}
			}
			if different[c.Name] || c.Out == nil {
				var kept []string
				for _, d := range done {
					if strings.HasPrefix(d, *c.ExecutorID+" ") && c.Name == "prefix collision e1-1 vs e1-10" {
						kept = append(kept, d)
					}
				}
				done, running = kept, nil
			}
			gotDone, gotRunning := []string{}, []string{}
			for _, d := range status.Done {
				gotDone = append(gotDone, d.ExecutorID+" "+d.JobID+" "+d.CallID)
			}
			for _, a := range status.Started {
				gotRunning = append(gotRunning, a.ExecutorID+" "+a.JobID+" "+a.CallID+" "+a.ActivationID)
			}
			assert.ElementsMatch(t, done, gotDone)
			assert.ElementsMatch(t, running, gotRunning)
		})
		ran++
	}
	assert.Greater(t, ran, 20)
}

// A job that Python ran on the embedded server: every result, exception, log and
// status of it is read.
func TestReadPythonJob(t *testing.T) {
	t.Parallel()
	client, store, bucket := newJobs(t)
	var recorded recordedJob
	recorded.load(t, "../examples/pythonjob/job.json", store, bucket)
	executor := recorded.ExecutorID
	result := func(job string, n int) (any, error) {
		return client.Result(t.Context(), jobs.Call{ExecutorID: executor, JobID: job, CallID: jobs.FormatCallID(n)})
	}
	for n, want := range []int64{2, 4, 6} {
		got, err := result("M000", n)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	got, err := result("A001", 0)
	require.NoError(t, err)
	assert.Equal(t, int64(42), got)
	got, err = result("M002", 0)
	require.NoError(t, err)
	assert.Equal(t, bytes.Repeat([]byte("z"), 20000), got, "a result of its own object")
	got, err = result("M003", 0)
	require.NoError(t, err)
	assert.Nil(t, got)

	_, err = result("M004", 0)
	var failure *jobs.CallError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "ValueError", failure.Type)
	assert.Equal(t, "boom 5", failure.Message)
	assert.Contains(t, failure.Traceback, "in boom\n")
	assert.True(t, strings.HasPrefix(failure.Traceback, "Traceback (most recent call last):\n"))
	assert.Equal(t, "call "+executor+"-M004/00000 failed: ValueError: boom 5", err.Error())
	var exception *pickle.Exception
	require.ErrorAs(t, err, &exception)
	assert.Equal(t, pickle.Tuple{"boom 5"}, exception.Args)
	_, err = result("M005", 0)
	require.ErrorAs(t, err, &failure)
	assert.Contains(t, failure.Message, "own")

	for n := range 2 {
		got, err = result("M006", n)
		require.NoError(t, err)
		object, ok := got.(*jobs.CloudObject)
		require.True(t, ok)
		assert.Equal(t, fmt.Sprintf("lithops.jobs/tmp/%s-M006-%05d/cloudobject_0", executor, n), object.Key)
		object.Bucket = bucket
		opened, err := client.GetCloudObject(t.Context(), object, nil)
		require.NoError(t, err)
		text, err := io.ReadAll(opened.Body)
		require.NoError(t, errors.Join(err, opened.Body.Close()))
		assert.Equal(t, fmt.Sprintf("cloud object %d", n+1), string(text))
	}

	got, err = result("M007", 0)
	require.NoError(t, err)
	dict, ok := got.(*pickle.Dict)
	require.True(t, ok)
	tuple, _ := dict.Get("t")
	assert.Equal(t, pickle.Tuple{int64(1), 2.5, nil, true}, tuple)
	day, _ := dict.Get("d")
	assert.Equal(t, pickle.NaiveTime{Time: time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC)}, day)
	huge, _ := dict.Get("big")
	assert.Equal(t, new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil), huge)

	got, err = result("R008", 0)
	require.NoError(t, err)
	assert.Equal(t, int64(20), got)

	// A call that returned futures of its own executor: their results are theirs.
	got, err = result("M009", 0)
	require.NoError(t, err)
	futures, ok := got.([]jobs.Call)
	require.True(t, ok, "%T", got)
	require.Len(t, futures, 2)
	for n, want := range []int64{20, 22} {
		got, err := client.Result(t.Context(), futures[n])
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}

	status, err := client.Progress(t.Context(), executor)
	require.NoError(t, err)
	assert.Len(t, status.Done, 19)
	assert.Len(t, status.Started, 19)
	count := 0
	for status, err := range client.Statuses(t.Context(), status.Done) {
		require.NoError(t, err)
		logs, err := status.Logs()
		require.NoError(t, err)
		assert.Contains(t, logs, "Execution ID: "+status.String())
		assert.True(t, status.WorkerEnd.After(status.WorkerStart))
		assert.Empty(t, status.Extra, "every field is known")
		assert.Equal(t, status.Exception, status.JobID == "M004" || status.JobID == "M005")
		count++
	}
	assert.Equal(t, 19, count)

	list, err := client.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, list, 12)
	assert.Equal(t, []any{"M000", 3, 3}, []any{list[1].JobID, len(list[1].Calls), list[1].Count(jobs.StateEnded)}, "after A001")
}

// Every call has an answer, in an interrupted CallStatuses too.
func TestCallStatusesInterrupted(t *testing.T) {
	t.Parallel()
	client, _, _ := newJobs(t)
	calls := make([]jobs.Call, 300)
	for i := range calls {
		calls[i] = jobs.Call{ExecutorID: "e-0", JobID: "M000", CallID: jobs.FormatCallID(i)}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	answers := 0
	for status, err := range client.Statuses(ctx, calls) {
		assert.Nil(t, status)
		require.ErrorIs(t, err, context.Canceled)
		answers++
	}
	assert.Equal(t, len(calls), answers)
	for _, err := range client.Statuses(ctx, calls) {
		require.ErrorIs(t, err, context.Canceled)
		break // leaves no goroutine
	}
}

// Watch on a server, to the end.
func TestWatchOnServer(t *testing.T) {
	t.Parallel()
	client, _, _ := newJobs(t)
	ctx := t.Context()
	status := func(n int) *jobs.Status {
		return &jobs.Status{Call: jobs.Call{ExecutorID: "e-1", JobID: "M000", CallID: jobs.FormatCallID(n)}, ActivationID: "aa"}
	}
	require.NoError(t, client.PutInit(ctx, jobs.Call{ExecutorID: "e-10", JobID: "M000", CallID: "00000"}, "bb"))
	require.NoError(t, client.PutInit(ctx, status(0).Call, "aa"))
	var seen []string
	for event, err := range client.Watch(ctx, jobs.ID{ExecutorID: "e-1"}, &jobs.WatchOptions{Calls: map[string]int{"M000": 2}}) {
		require.NoError(t, err)
		seen = append(seen, fmt.Sprintln(event.Kind, event.CallID, event.ActivationID))
		switch len(seen) {
		case 1:
			require.NoError(t, client.Finish(ctx, status(1), int64(1), nil))
			require.NoError(t, client.PutInit(ctx, status(1).Call, "cc"))
		case 3:
			require.NoError(t, client.Finish(ctx, status(0), nil, nil))
		}
	}
	require.Len(t, seen, 4)
	assert.Equal(t, "started 00000 aa\n", seen[0])
	assert.Contains(t, seen, "done 00000 \n")
	assert.Contains(t, seen, "done 00001 \n")
}
