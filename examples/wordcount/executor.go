package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
)

// An executor runs calls in goroutines, and keeps in the bucket what Lithops'
// workers keep there.
type executor struct {
	id      string
	client  *jobs.Client
	workers int
}

func newExecutor(client *jobs.Client, workers int) *executor {
	return &executor{id: jobs.NewExecutorID(), client: client, workers: workers}
}

// A function is what a call runs. What it logs goes into the call's status.
type function func(ctx context.Context, arguments *pickle.Dict, log io.Writer) (result any, err error)

// run runs a job to its end: it stores the arguments, starts the calls and follows
// them in the bucket. What a function returns as its error is in the call's
// status; the error here is one of the storage.
func (e *executor) run(ctx context.Context, out io.Writer, jobID string, arguments []*pickle.Dict, run function) error {
	ranges, err := e.submit(ctx, jobID, arguments)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var background sync.WaitGroup
	background.Go(func() {
		if err := e.runCalls(ctx, jobID, ranges, run); err != nil {
			cancel(err) // a call without a status would be waited for without end
		}
	})
	for event, err := range e.client.Watch(ctx, jobs.ID{ExecutorID: e.id}, &jobs.WatchOptions{Calls: map[string]int{jobID: len(ranges)}}) {
		if err != nil {
			cancel(err)
			break
		}
		if event.Kind == jobs.CallDone && event.JobID == jobID {
			_, _ = fmt.Fprintf(out, "call %s has ended\n", event.Call) // progress only
		}
	}
	background.Wait()
	return context.Cause(ctx)
}

// submit stores the arguments of a job's calls, one pickle behind the other. The
// ranges tell where each call's are.
func (e *executor) submit(ctx context.Context, jobID string, arguments []*pickle.Dict) ([]lithopss3.ByteRange, error) {
	items := make([][]byte, len(arguments))
	for i, dict := range arguments {
		var err error
		if items[i], err = pickle.Encode(dict); err != nil {
			return nil, err
		}
	}
	data, ranges := jobs.AggregateData(items)
	return ranges, e.client.PutData(ctx, jobs.DataKey(e.id, jobID), bytes.NewReader(data))
}

// runCalls runs calls, several at once, until all have left a status.
func (e *executor) runCalls(ctx context.Context, jobID string, ranges []lithopss3.ByteRange, run function) error {
	submitted := time.Now()
	numbers := make(chan int)
	errs := make([]error, e.workers)
	var workers sync.WaitGroup
	for i := range errs {
		workers.Go(func() {
			for n := range numbers {
				call := jobs.Call{ExecutorID: e.id, JobID: jobID, CallID: jobs.FormatCallID(n)}
				errs[i] = errors.Join(errs[i], e.call(ctx, call, submitted, ranges[n], run))
			}
		})
	}
	for n := range ranges {
		numbers <- n
	}
	close(numbers)
	workers.Wait()
	return errors.Join(errs...)
}

// call is what a worker of Lithops does: an init object, the function, a status.
func (e *executor) call(ctx context.Context, call jobs.Call, submitted time.Time, data lithopss3.ByteRange, run function) error {
	status := &jobs.Status{
		Call: call, ActivationID: jobs.NewActivationID(), ChunkSize: 1,
		HostSubmitted: submitted, WorkerStart: time.Now(),
	}
	if err := e.client.PutInit(ctx, call, status.ActivationID); err != nil {
		return err
	}
	arguments, err := e.arguments(ctx, call, data)
	if err != nil {
		return err
	}
	var log strings.Builder
	status.FuncStart = time.Now()
	result, failure := run(ctx, arguments, &log)
	status.FuncEnd = time.Now()
	status.FuncTime = status.FuncEnd.Sub(status.FuncStart)
	status.SetLogs(log.String())
	return e.client.Finish(ctx, status, result, failure)
}

// arguments reads a call's arguments where submit stored them.
func (e *executor) arguments(ctx context.Context, call jobs.Call, data lithopss3.ByteRange) (*pickle.Dict, error) {
	object, err := e.client.GetData(ctx, jobs.DataKey(call.ExecutorID, call.JobID), &lithopss3.GetOptions{Range: &data})
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(object.Body)
	if err := errors.Join(err, object.Body.Close()); err != nil {
		return nil, err
	}
	value, err := pickle.Decode(text)
	if err != nil {
		return nil, err
	}
	arguments, ok := value.(*pickle.Dict)
	if !ok {
		return nil, fmt.Errorf("the arguments of call %s are no dict", call)
	}
	return arguments, nil
}
