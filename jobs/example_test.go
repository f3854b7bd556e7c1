// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/lithops-go/lithopss3/pickle"
)

// demoJobs is an executor's side of a bucket on the embedded server.
func demoJobs(ctx context.Context) (client *jobs.Client, done func()) {
	server, err := lithopstest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	store, err := lithopss3.New(ctx, server.Config(), server.Options()) // lithopss3.Open(ctx, nil) for your own
	if err != nil {
		log.Fatal(err)
	}
	bucket, err := store.EnsureBucket(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client = jobs.New(store, bucket, &jobs.Options{Interval: 10 * time.Millisecond}) // the embedded server is near
	return client, func() {
		_ = store.Close()
		_ = server.Close()
	}
}

// A worker leaves what its calls came to; a client, also Python's, reads it.
func ExampleClient() {
	ctx := context.Background()
	client, done := demoJobs(ctx)
	defer done()
	for n := range 2 {
		call := jobs.Call{ExecutorID: "4b99c1-0", JobID: jobs.FormatJobID(jobs.MapJob, 0), CallID: jobs.FormatCallID(n)}
		status := &jobs.Status{Call: call, ActivationID: jobs.NewActivationID(), WorkerStart: time.Now()}
		if err := client.PutInit(ctx, call, status.ActivationID); err != nil {
			log.Fatal(err)
		}
		result, failure := any(pickle.Tuple{"square", n * n}), error(nil)
		if n == 1 {
			failure = errors.New("too large")
		}
		if err := client.Finish(ctx, status, result, failure); err != nil {
			log.Fatal(err)
		}
	}

	status, err := client.Progress(ctx, "4b99c1-0")
	if err != nil {
		log.Fatal(err)
	}
	for status, err := range client.Statuses(ctx, status.Done) {
		if err != nil {
			log.Fatal(err)
		}
		result, err := client.ResultOf(ctx, status)
		var failure *jobs.CallError
		if errors.As(err, &failure) {
			fmt.Println(status.Call, "raised", failure.Type, "with", failure.Message)
			continue
		}
		fmt.Println(status.Call, "returned", pickle.Repr(result))
	}
	// Output:
	// 4b99c1-0-M000/00000 returned ('square', 0)
	// 4b99c1-0-M000/00001 raised Exception with too large
}

func ExampleClient_Watch() {
	ctx := context.Background()
	client, done := demoJobs(ctx)
	defer done()
	call := jobs.Call{ExecutorID: "4b99c1-0", JobID: "A000", CallID: "00000"}
	if err := client.PutInit(ctx, call, "f86e71381acb"); err != nil {
		log.Fatal(err)
	}
	for event, err := range client.Watch(ctx, jobs.ID{ExecutorID: call.ExecutorID}, &jobs.WatchOptions{Calls: map[string]int{"A000": 1}}) {
		if err != nil {
			log.Fatal(err)
		}
		switch event.Kind {
		case jobs.CallStarted:
			fmt.Println(event.Call, "has started")
			if err := client.Finish(ctx, &jobs.Status{Call: call, ActivationID: event.ActivationID}, "done", nil); err != nil {
				log.Fatal(err)
			}
		case jobs.CallDone:
			result, err := client.Result(ctx, event.Call)
			fmt.Println(event.Call, "has ended:", result, err)
		}
	}
	// Output:
	// 4b99c1-0-A000/00000 has started
	// 4b99c1-0-A000/00000 has ended: done <nil>
}

func ExampleClient_PutCloudObject() {
	ctx := context.Background()
	client, done := demoJobs(ctx)
	defer done()
	// Without options it gets a name as Lithops' own, below lithops.jobs/tmp.
	object, err := client.PutCloudObject(ctx, strings.NewReader("too much for a result"), &jobs.CloudObjectOptions{Key: "results/large"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(object) // and a result may hold it
	opened, err := client.GetCloudObject(ctx, object, nil)
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(opened.Body)
	fmt.Println(string(text), errors.Join(err, opened.Body.Close()))
	fmt.Println(client.DeleteCloudObjects(ctx, object))
	// Output:
	// <CloudObject at aws_s3://lithops-us-east-1-wxyz/results/large>
	// too much for a result <nil>
	// <nil>
}

// The one that submits a job stores the arguments of its calls; a worker reads those of
// its call, runs the function and ends the call.
func ExampleClient_PutArguments() {
	ctx := context.Background()
	client, done := demoJobs(ctx)
	defer done()
	executorID, jobID := "4b99c1-0", jobs.FormatJobID(jobs.MapJob, 0) // jobs.NewExecutorID() for your own
	arguments := []*pickle.Dict{pickle.NewDict("x", 2), pickle.NewDict("x", 3)}
	ranges, err := client.PutArguments(ctx, executorID, jobID, pickle.EncodeEach(slices.Values(arguments)))
	if err != nil {
		log.Fatal(err)
	}

	for n, call := range jobs.Calls(executorID, jobID, len(ranges)) { // each in a worker of its own
		status := &jobs.Status{Call: call, ActivationID: jobs.NewActivationID(), WorkerStart: time.Now()}
		if err := client.PutInit(ctx, call, status.ActivationID); err != nil {
			log.Fatal(err)
		}
		data, err := client.Arguments(ctx, call, ranges[n])
		if err != nil {
			log.Fatal(err)
		}
		var named struct{ X int }
		failure := pickle.Unmarshal(data, &named)
		if err := client.Finish(ctx, status, named.X*named.X, failure); err != nil {
			log.Fatal(err)
		}
		square, err := jobs.ResultAs[int](ctx, client, call)
		fmt.Println(call, square, err)
	}
	// Output:
	// 4b99c1-0-M000/00000 4 <nil>
	// 4b99c1-0-M000/00001 9 <nil>
}

// A result in a Go type, and one that does not fit.
func ExampleResultAs() {
	ctx := context.Background()
	client, done := demoJobs(ctx)
	defer done()
	call := jobs.Call{ExecutorID: "4b99c1-0", JobID: "A000", CallID: "00000"}
	result := []any{pickle.NewDict("word", "bucket", "count", 3), pickle.NewDict("word", "key", "count", 300)}
	if err := client.Finish(ctx, &jobs.Status{Call: call}, result, nil); err != nil {
		log.Fatal(err)
	}
	type entry struct {
		Word  string
		Count int
	}
	words, err := jobs.ResultAs[[]entry](ctx, client, call)
	fmt.Println(words, err)
	_, err = jobs.ResultAs[[]struct{ Count uint8 }](ctx, client, call)
	fmt.Println(err)
	// Output:
	// [{bucket 3} {key 300}] <nil>
	// the result of call 4b99c1-0-A000/00000: [1]['count']: int does not fit into uint8: overflow: it is 300
}

// What a worker stores through In belongs to its call, and goes with it.
func ExampleClient_In() {
	ctx := context.Background()
	client, done := demoJobs(ctx)
	defer done()
	call := jobs.Call{ExecutorID: "4b99c1-0", JobID: "M001", CallID: "00007"}
	object, err := client.In(call).PutCloudObject(ctx, strings.NewReader("too much for a result"), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(object.Key)
	report, err := client.Clean(ctx, jobs.CleanOptions{ExecutorID: "4b99c1-0"})
	fmt.Println(report.Objects, err)
	// Output:
	// lithops.jobs/tmp/4b99c1-0-M001-00007/cloudobject_0
	// 1 <nil>
}

func ExampleClient_PutCloudObjects() {
	ctx := context.Background()
	client, done := demoJobs(ctx)
	defer done()
	objects, err := client.PutCloudObjects(ctx, []io.Reader{strings.NewReader("one"), strings.NewReader("two")})
	if err != nil {
		log.Fatal(err) // a *jobs.CloudObjectsError says which failed
	}
	for data, err := range client.GetCloudObjects(ctx, objects) {
		fmt.Println(string(data), err)
	}
	// Output:
	// one <nil>
	// two <nil>
}

func ExampleClient_Find() {
	ctx := context.Background()
	client, done := demoJobs(ctx)
	defer done()
	for _, call := range jobs.Calls("4b99c1-0", "M000", 2) {
		if err := client.PutInit(ctx, call, jobs.NewActivationID()); err != nil {
			log.Fatal(err)
		}
	}
	if err := client.Finish(ctx, &jobs.Status{Call: jobs.Call{ExecutorID: "4b99c1-0", JobID: "M000", CallID: "00001"}}, nil, nil); err != nil {
		log.Fatal(err)
	}
	id, err := jobs.ParseID("4b99c1-0-M000")
	if err != nil {
		log.Fatal(err)
	}
	found, err := client.Find(ctx, id, false)
	if err != nil {
		log.Fatal(err)
	}
	for _, call := range found[0].Calls {
		fmt.Println(call.Call, call.State)
	}
	// Output:
	// 4b99c1-0-M000/00000 running
	// 4b99c1-0-M000/00001 ended
}

func ExampleClient_Clean() {
	ctx := context.Background()
	client, done := demoJobs(ctx)
	defer done()
	if _, err := client.PutFunction(ctx, "4b99c1-0", []byte("function")); err != nil {
		log.Fatal(err)
	}
	show := func(info lithopss3.ObjectInfo) { fmt.Println(info.Key) }
	report, err := client.Clean(ctx, jobs.CleanOptions{ExecutorID: "4b99c1-0", DryRun: true, Each: show})
	fmt.Println(report.Objects, report.Bytes, err)
	// Output:
	// lithops.jobs/4b99c1-0/c1c425268e68385d1ab5074c17a94f14.func.pickle
	// 1 8 <nil>
}

func ExampleParseKey() {
	key, ok := jobs.ParseKey("lithops.jobs/4b99c1-0-M000/00003/status.json")
	fmt.Println(key.Kind, key.Call, ok)
	_, ok = jobs.ParseKey("lithops.jobs/notes.txt")
	fmt.Println(ok)
	// Output:
	// status 4b99c1-0-M000/00003 true
	// false
}

func ExampleParseID() {
	for _, text := range []string{"4b99c1-0", "4b99c1-0-M000", "4b99c1-0-M000/00003"} {
		id, err := jobs.ParseID(text)
		fmt.Printf("executor %q, job %q, call %q, %v\n", id.ExecutorID, id.JobID, id.CallID, err)
	}
	// Output:
	// executor "4b99c1-0", job "", call "", <nil>
	// executor "4b99c1-0", job "M000", call "", <nil>
	// executor "4b99c1-0", job "M000", call "00003", <nil>
}

func ExampleStatus() {
	status := &jobs.Status{Call: jobs.Call{ExecutorID: "4b99c1-0", JobID: "A000", CallID: "00000"}}
	status.SetLogs("counting\n")
	if _, err := io.Copy(os.Stdout, status.LogReader()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// counting
}
