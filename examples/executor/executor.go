// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
)

// An executor runs the calls of jobs in a pool of goroutines, and keeps in the bucket
// what Lithops' workers keep there. It runs one job at a time.
type executor struct {
	id       string
	client   *jobs.Client
	workers  int // calls at once
	attempts int // at a call that fails
	jobs     int // so far
}

func newExecutor(client *jobs.Client, workers, attempts int) *executor {
	return &executor{id: jobs.NewExecutorID(), client: client, workers: max(1, workers), attempts: max(1, attempts)}
}

// A function is what a call runs. What it logs goes into the call's status.
type function func(ctx context.Context, call jobs.Call, arguments []byte, log io.Writer) (result any, err error)

// A job is one map of an executor.
type job struct {
	id     string
	calls  []jobs.Call
	ranges []lithopss3.ByteRange // of each call's arguments
	run    function
}

// mapJob runs a function once for each of the arguments, which are pickled, and returns
// the results in their order. Calls that fail in every attempt are in the error.
// progress is told about each event of a call; it may be nil.
func mapJob[R any](ctx context.Context, e *executor, arguments iter.Seq2[[]byte, error], run function, progress func(event jobs.Event, calls int)) ([]R, error) {
	j := &job{id: jobs.FormatJobID(jobs.MapJob, e.jobs), run: run}
	e.jobs++
	var err error
	if j.ranges, err = e.client.PutArguments(ctx, e.id, j.id, arguments); err != nil {
		return nil, err
	}
	j.calls = jobs.Calls(e.id, j.id, len(j.ranges))
	if err := e.runAndWatch(ctx, j, progress); err != nil {
		return nil, err
	}
	return collect[R](ctx, e.client, j.calls)
}

// runAndWatch runs the calls of a job and watches the bucket until all have ended, as
// a client on another machine would. It returns an error if the storage fails. An error
// that a function returns is in its call's status.
func (e *executor) runAndWatch(ctx context.Context, j *job, progress func(jobs.Event, int)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var pool sync.WaitGroup
	pool.Go(func() {
		if err := e.runCalls(ctx, j); err != nil {
			cancel(err) // a call without a status would be waited for without end
		}
	})
	defer pool.Wait()
	watched := jobs.ID{ExecutorID: e.id, JobID: j.id}
	for event, err := range e.client.Watch(ctx, watched, &jobs.WatchOptions{Calls: map[string]int{j.id: len(j.calls)}}) {
		if err != nil {
			cancel(err)
			return context.Cause(ctx)
		}
		if progress != nil {
			progress(event, len(j.calls))
		}
	}
	return nil
}

// runCalls runs the calls in the pool of workers, until all have left a status.
func (e *executor) runCalls(ctx context.Context, j *job) error {
	submitted := time.Now()
	numbers := make(chan int)
	errs := make([]error, e.workers)
	var pool sync.WaitGroup
	for worker := range errs {
		pool.Go(func() {
			for n := range numbers {
				errs[worker] = errors.Join(errs[worker], e.call(ctx, j, n, submitted))
			}
		})
	}
	for n := range j.calls {
		numbers <- n
	}
	close(numbers)
	pool.Wait()
	return errors.Join(errs...)
}

// call runs a call until an attempt succeeds or none is left, and stores its status. A call
// that has not begun when ctx ends leaves nothing: Finish would try for 30 seconds.
func (e *executor) call(ctx context.Context, j *job, n int, submitted time.Time) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	status := &jobs.Status{Call: j.calls[n], ChunkSize: 1, HostSubmitted: submitted, WorkerStart: time.Now()}
	arguments, err := e.client.Arguments(ctx, status.Call, j.ranges[n])
	if err != nil {
		return errors.Join(err, e.client.Finish(ctx, status, nil, err))
	}
	var log strings.Builder
	for attempt := 1; ; attempt++ {
		status.ActivationID = jobs.NewActivationID()
		if err := e.client.PutInit(ctx, status.Call, status.ActivationID); err != nil {
			return err
		}
		status.FuncStart = time.Now()
		result, failure := j.try(ctx, status.Call, arguments, &log)
		status.FuncEnd = time.Now()
		status.FuncTime = status.FuncEnd.Sub(status.FuncStart)
		if failure != nil && attempt < e.attempts && ctx.Err() == nil {
			_, _ = fmt.Fprintf(&log, "attempt %d of %d failed: %v\n", attempt, e.attempts, failure)
			continue
		}
		status.SetLogs(log.String())
		return e.client.Finish(ctx, status, result, failure)
	}
}

// try runs the function. A panic is the call's failure, as an exception is in Python, because
// the other calls have nothing to do with it.
func (j *job) try(ctx context.Context, call jobs.Call, arguments []byte, log io.Writer) (result any, failure error) {
	defer func() {
		if cause := recover(); cause != nil {
			_, _ = fmt.Fprintf(log, "panic: %v\n%s", cause, debug.Stack())
			result, failure = nil, fmt.Errorf("panic: %v", cause)
		}
	}()
	return j.run(ctx, call, arguments, log)
}

// collect reads what calls returned, as an R each. Calls that failed are in the error;
// their results are zero.
func collect[R any](ctx context.Context, client *jobs.Client, calls []jobs.Call) ([]R, error) {
	results, errs := make([]R, 0, len(calls)), []error(nil)
	for status, err := range client.Statuses(ctx, calls) {
		var result R
		if err == nil {
			result, err = jobs.ResultOfAs[R](ctx, client, status)
		}
		if err != nil {
			errs = append(errs, err)
		}
		results = append(results, result)
	}
	return results, errors.Join(errs...)
}

// clean deletes what the executor has left in the bucket.
func (e *executor) clean(ctx context.Context) error {
	_, err := e.client.Clean(context.WithoutCancel(ctx), jobs.CleanOptions{ExecutorID: e.id})
	return err
}
