// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"slices"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/lithops-go/lithopss3/pickle"
)

// square is the first call of the first map of an executor.
var square = jobs.Call{ExecutorID: "4b99c1-0", JobID: "M000", CallID: "00000"}

func ExampleOptions() {
	storage := memstore.New("bucket") // a *lithopss3.Store in a service
	client := jobs.New(storage, "bucket", &jobs.Options{
		Interval:  5 * time.Second, // Watch polls less often than Lithops does
		LostAfter: time.Hour,       // the functions may run for so long
	})
	fmt.Println(client.Bucket())
	// Output: bucket
}

// A call names all keys that it has in the bucket.
func ExampleCall() {
	fmt.Println(square)
	fmt.Println(square.StatusKey())
	fmt.Println(square.OutputKey())
	// Output:
	// 4b99c1-0-M000/00000
	// lithops.jobs/4b99c1-0-M000/00000/status.json
	// lithops.jobs/4b99c1-0-M000/00000/output.pickle
}

// A call that a platform has started twice has two activations.
func ExampleActivation() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	for _, id := range []string{"6c2efc5b3bb4", "f86e71381acb"} {
		if err := client.PutInit(ctx, square, id); err != nil {
			log.Fatal(err)
		}
	}
	progress, err := client.Progress(ctx, "4b99c1-0")
	if err != nil {
		log.Fatal(err)
	}
	for _, activation := range progress.Started {
		fmt.Println(activation.Call, activation.ActivationID)
	}
	// Output:
	// 4b99c1-0-M000/00000 6c2efc5b3bb4
	// 4b99c1-0-M000/00000 f86e71381acb
}

func ExampleProgress() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	for _, call := range jobs.Calls("4b99c1-0", "M000", 3) {
		if err := client.PutInit(ctx, call, jobs.NewActivationID()); err != nil {
			log.Fatal(err)
		}
	}
	if err := client.Finish(ctx, &jobs.Status{Call: square}, 0, nil); err != nil {
		log.Fatal(err)
	}
	progress, err := client.Progress(ctx, "4b99c1-0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d calls have ended\n", len(progress.Done), len(progress.Started))
	// Output: 1 of 3 calls have ended
}

// The arguments of two calls become one object, of which each worker reads its range.
func ExampleAggregatedData() {
	data := jobs.AggregateData(pickle.EncodeEach(slices.Values([]string{"first", "second"})))
	defer func() { _ = data.Close() }()
	content, err := io.ReadAll(data) // usually a PutObject reads it
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range data.Ranges() {
		argument, err := pickle.Decode(content[item.Offset : item.Offset+item.Length])
		fmt.Println(argument, err)
	}
	// Output:
	// first <nil>
	// second <nil>
}

func ExampleCallError() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	failure := &pickle.Exception{Module: "builtins", Class: "ValueError", Args: pickle.Tuple{"negative"}}
	if err := client.Finish(ctx, &jobs.Status{Call: square}, nil, failure); err != nil {
		log.Fatal(err)
	}

	_, err := client.Result(ctx, square)
	var raised *jobs.CallError
	if errors.As(err, &raised) {
		fmt.Println(raised.Type)
		fmt.Println(raised.Message)
	}
	// Output:
	// ValueError
	// negative
}

// A Job says how far it is from the keys in the bucket, without reading an object.
func ExampleJob() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	for _, call := range jobs.Calls("4b99c1-0", "M000", 3) {
		if err := client.PutInit(ctx, call, jobs.NewActivationID()); err != nil {
			log.Fatal(err)
		}
	}
	if err := client.Finish(ctx, &jobs.Status{Call: square}, 0, nil); err != nil {
		log.Fatal(err)
	}
	found, err := client.List(ctx, "") // of all executors
	if err != nil {
		log.Fatal(err)
	}
	for _, job := range found {
		fmt.Println(jobs.JobKey(job.ExecutorID, job.JobID), job.Count(jobs.StateRunning), "running", job.Count(jobs.StateEnded), "ended")
	}
	fmt.Println("ended:", jobs.Ended(found))
	// Output:
	// 4b99c1-0-M000 2 running 1 ended
	// ended: [4b99c1-0-M000/00000]
}

func ExampleCallState() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	if err := client.PutInit(ctx, square, "6c2efc5b3bb4"); err != nil {
		log.Fatal(err)
	}
	found, err := client.Find(ctx, jobs.ID{ExecutorID: "4b99c1-0"}, false)
	if err != nil {
		log.Fatal(err)
	}
	call := found[0].Calls[0]
	fmt.Println(call.Call, call.State, call.ActivationID)
	fmt.Println(client.Now().Sub(call.Began) < time.Minute)
	// Output:
	// 4b99c1-0-M000/00000 running 6c2efc5b3bb4
	// true
}

// A call that has left no status for LostAfter is lost: its worker was probably killed.
func ExampleState() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", &jobs.Options{LostAfter: time.Nanosecond})
	if err := client.PutInit(ctx, square, jobs.NewActivationID()); err != nil {
		log.Fatal(err)
	}
	time.Sleep(time.Millisecond)
	found, err := client.List(ctx, "4b99c1-0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found[0].Calls[0].State)
	// Output: lost
}

// Events say what has happened to the calls of a job: here, until all of them have ended.
func ExampleEvent() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	if err := client.PutInit(ctx, square, "6c2efc5b3bb4"); err != nil {
		log.Fatal(err)
	}
	if err := client.Finish(ctx, &jobs.Status{Call: square, ActivationID: "6c2efc5b3bb4"}, 0, nil); err != nil {
		log.Fatal(err)
	}
	for event, err := range client.Watch(ctx, jobs.ID{ExecutorID: "4b99c1-0"}, &jobs.WatchOptions{Calls: map[string]int{"M000": 1}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Call, event.Kind)
	}
	// Output:
	// 4b99c1-0-M000/00000 started
	// 4b99c1-0-M000/00000 done
}

func ExampleEventKind() {
	fmt.Println(jobs.CallStarted, jobs.CallDone, jobs.CallLost)
	// Output: started done lost
}

// Once looks at the calls as they are now, and does not wait.
func ExampleWatchOptions() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	if err := client.PutInit(ctx, square, jobs.NewActivationID()); err != nil {
		log.Fatal(err)
	}
	for event, err := range client.Watch(ctx, jobs.ID{}, &jobs.WatchOptions{Once: true, Nested: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Call, event.Kind)
	}
	// Output: 4b99c1-0-M000/00000 started
}

// A dry run says what a Clean would delete.
func ExampleCleanOptions() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	if err := client.PutInit(ctx, square, jobs.NewActivationID()); err != nil {
		log.Fatal(err)
	}
	if err := client.Finish(ctx, &jobs.Status{Call: square}, 0, nil); err != nil {
		log.Fatal(err)
	}
	report, err := client.Clean(ctx, jobs.CleanOptions{ExecutorID: "4b99c1-0", JobID: "M000", DryRun: true})
	fmt.Println(report.Objects, err)
	_, err = client.Clean(ctx, jobs.CleanOptions{})
	fmt.Println(errors.Is(err, jobs.ErrNothingSelected))
	// Output:
	// 2 <nil>
	// true
}

func ExampleCleanReport() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	if _, err := client.PutFunction(ctx, "4b99c1-0", []byte("function")); err != nil {
		log.Fatal(err)
	}
	report, err := client.Clean(ctx, jobs.CleanOptions{OlderThan: 24 * time.Hour})
	fmt.Printf("%d deleted, %d are in use, %v\n", report.Objects, report.Younger, err)
	report, err = client.Clean(ctx, jobs.CleanOptions{ExecutorID: "4b99c1-0"})
	fmt.Printf("%d deleted, %d bytes, %v\n", report.Objects, report.Bytes, err)
	// Output:
	// 0 deleted, 1 are in use, <nil>
	// 1 deleted, 8 bytes, <nil>
}

// A CloudObject is a reference to an object, small enough for a result.
func ExampleCloudObject() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	object, err := client.In(square).PutCloudObject(ctx, strings.NewReader("a large table"), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Finish(ctx, &jobs.Status{Call: square}, object, nil); err != nil {
		log.Fatal(err)
	}

	table, err := jobs.ResultAs[*jobs.CloudObject](ctx, client, square)
	if err != nil {
		log.Fatal(err)
	}
	for data, err := range client.GetCloudObjects(ctx, []*jobs.CloudObject{table}) {
		fmt.Println(table.Key, string(data), err)
	}
	// Output: lithops.jobs/tmp/4b99c1-0-M000-00000/cloudobject_0 a large table <nil>
}

// With a key of its own, an object stays when the executor's jobs are cleaned.
func ExampleCloudObjectOptions() {
	ctx := context.Background()
	client := jobs.New(memstore.New("bucket", "archive"), "bucket", nil)
	object, err := client.PutCloudObject(ctx, bytes.NewReader([]byte("table")), &jobs.CloudObjectOptions{Bucket: "archive", Key: "2026/table"})
	fmt.Println(object, err)
	// Output: <CloudObject at aws_s3://archive/2026/table> <nil>
}

// failingStorage can't store what begins with "bad".
type failingStorage struct{ lithopss3.Storage }

func (s failingStorage) PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *lithopss3.PutOptions) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(data, []byte("bad")) {
		return fs.ErrPermission
	}
	return s.Storage.PutObject(ctx, bucket, key, bytes.NewReader(data), opts)
}

// If some of many objects could not be stored, the others are, and the error names each.
func ExampleCloudObjectsError() {
	ctx := context.Background()
	client := jobs.New(failingStorage{memstore.New("bucket")}, "bucket", nil)
	objects, err := client.PutCloudObjects(ctx, []io.Reader{strings.NewReader("good"), strings.NewReader("bad")})
	var some *jobs.CloudObjectsError
	if errors.As(err, &some) {
		fmt.Printf("%d of %d failed\n", len(some.Failed), some.Total)
	}
	fmt.Println("stored:", objects[0] != nil, objects[1] != nil)
	// Output:
	// 1 of 2 failed
	// stored: true false
}

func ExampleFailedCloudObject() {
	ctx := context.Background()
	client := jobs.New(failingStorage{memstore.New("bucket")}, "bucket", nil)
	_, err := client.PutCloudObjects(ctx, []io.Reader{strings.NewReader("good"), strings.NewReader("bad")})
	var some *jobs.CloudObjectsError
	if !errors.As(err, &some) {
		log.Fatal(err)
	}
	for _, failed := range some.Failed {
		fmt.Println("body", failed.Index, errors.Is(failed.Err, fs.ErrPermission))
	}
	// Output: body 1 true
}

// A KeyKind says what an object of Lithops is, from its key alone.
func ExampleKeyKind() {
	for _, name := range []string{
		"lithops.jobs/4b99c1-0-M000/aggdata.pickle",
		"lithops.jobs/4b99c1-0-M000/00000/output.pickle",
		"lithops.runtimes/aws_lambda/3.7.1/us-east-1/name/256.meta.json",
	} {
		key, ok := jobs.ParseKey(name)
		fmt.Println(key.Kind, key.Kind == jobs.KeyRuntime, ok)
	}
	// Output:
	// data false true
	// output false true
	// runtime true true
}
