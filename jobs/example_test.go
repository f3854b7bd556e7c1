package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
)

// demoJobs is an executor's side of a bucket on the embedded server.
func demoJobs(ctx context.Context) (client *jobs.Client, done func()) {
	server, err := devs3.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	config, err := lithopss3.ParseConfig([]byte(server.Config()))
	if err != nil {
		log.Fatal(err)
	}
	store, err := lithopss3.New(ctx, config, &lithopss3.Options{LookupEnv: testkit.Env(server.Env())}) // lithopss3.Open(ctx, nil) for your own
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
