package lithopss3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/pickle"
)

// demoJobs is an executor's side of a bucket on the embedded server.
func demoJobs(ctx context.Context) (jobs *lithopss3.Jobs, store *lithopss3.Store, done func()) {
	store, done = demoStore(ctx) // lithopss3.Open(ctx, nil) for one's own
	bucket, err := store.EnsureBucket(ctx)
	if err != nil {
		log.Fatal(err)
	}
	jobs = lithopss3.NewJobs(store, bucket)
	jobs.Interval = 10 * time.Millisecond // the embedded server is near
	return jobs, store, done
}

// A worker leaves what its calls came to; a client, also Python's, reads it.
func ExampleJobs() {
	ctx := context.Background()
	jobs, _, done := demoJobs(ctx)
	defer done()
	for n := range 2 {
		call := lithopss3.Call{ExecutorID: "4b99c1-0", JobID: lithopss3.FormatJobID(lithopss3.MapJob, 0), CallID: lithopss3.FormatCallID(n)}
		status := &lithopss3.CallStatus{Call: call, ActivationID: lithopss3.NewActivationID(), WorkerStart: time.Now()}
		if err := jobs.PutInit(ctx, call, status.ActivationID); err != nil {
			log.Fatal(err)
		}
		result, failure := any(pickle.Tuple{"square", n * n}), error(nil)
		if n == 1 {
			failure = errors.New("too large")
		}
		if err := jobs.Finish(ctx, status, result, failure); err != nil {
			log.Fatal(err)
		}
	}

	status, err := jobs.JobStatus(ctx, "4b99c1-0")
	if err != nil {
		log.Fatal(err)
	}
	for status, err := range jobs.CallStatuses(ctx, status.Done) {
		if err != nil {
			log.Fatal(err)
		}
		result, err := jobs.ResultOf(ctx, status)
		var failure *lithopss3.CallError
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

func ExampleJobs_Watch() {
	ctx := context.Background()
	jobs, _, done := demoJobs(ctx)
	defer done()
	call := lithopss3.Call{ExecutorID: "4b99c1-0", JobID: "A000", CallID: "00000"}
	if err := jobs.PutInit(ctx, call, "f86e71381acb"); err != nil {
		log.Fatal(err)
	}
	for event, err := range jobs.Watch(ctx, call.ExecutorID, &lithopss3.WatchOptions{Calls: map[string]int{"A000": 1}}) {
		if err != nil {
			log.Fatal(err)
		}
		switch event.Kind {
		case lithopss3.CallStarted:
			fmt.Println(event.Call, "has started")
			if err := jobs.Finish(ctx, &lithopss3.CallStatus{Call: call, ActivationID: event.ActivationID}, "done", nil); err != nil {
				log.Fatal(err)
			}
		case lithopss3.CallDone:
			result, err := jobs.Result(ctx, event.Call)
			fmt.Println(event.Call, "has ended:", result, err)
		}
	}
	// Output:
	// 4b99c1-0-A000/00000 has started
	// 4b99c1-0-A000/00000 has ended: done <nil>
}

func ExampleJobs_PutCloudObject() {
	ctx := context.Background()
	jobs, _, done := demoJobs(ctx)
	defer done()
	// Without options it gets a name as Lithops' own, below lithops.jobs/tmp.
	object, err := jobs.PutCloudObject(ctx, strings.NewReader("too much for a result"), &lithopss3.CloudObjectOptions{Key: "results/large"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(object) // and a result may hold it
	opened, err := jobs.GetCloudObject(ctx, object, nil)
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(opened.Body)
	fmt.Println(string(text), errors.Join(err, opened.Body.Close()))
	fmt.Println(jobs.DeleteCloudObjects(ctx, object))
	// Output:
	// <CloudObject at aws_s3://lithops-us-east-1-wxyz/results/large>
	// too much for a result <nil>
	// <nil>
}

func ExamplePartitionObjects() {
	ctx := context.Background()
	jobs, store, done := demoJobs(ctx)
	defer done()
	if err := store.PutObject(ctx, jobs.Bucket(), "data/a.txt", strings.NewReader("one\ntwo\nthree\n"), nil); err != nil {
		log.Fatal(err)
	}
	partitions, _, err := lithopss3.PartitionObjects(ctx, store, []string{jobs.Bucket() + "/data/*.txt"}, &lithopss3.PartitionOptions{ChunkSize: 5, Newline: "\n"})
	if err != nil {
		log.Fatal(err)
	}
	for _, partition := range partitions {
		fmt.Printf("%s, part %d of %d:\n", partition.Key, partition.Part, partition.TotalParts)
		for line, err := range partition.Lines(ctx, store) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("  %q\n", line)
		}
	}
	// Output:
	// data/a.txt, part 1 of 3:
	//   "one\n"
	//   "two\n"
	// data/a.txt, part 2 of 3:
	//   "three\n"
	// data/a.txt, part 3 of 3:
}
