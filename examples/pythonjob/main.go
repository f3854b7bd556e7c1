// SPDX-License-Identifier: Apache-2.0

// Command pythonjob prints what a job of Python Lithops left in its bucket:
// each call's state, result or exception, and the end of its log.
//
// The job is a recording, job.json, which it first stores on an embedded server;
// with a real bucket, lithopss3.Open and Bucket take that place.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/lithops-go/lithopss3/pickle"
)

//go:embed job.json
var recording []byte

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "pythonjob:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	server, err := lithopstest.Start(nil)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	store, err := lithopss3.New(ctx, server.Config(), server.Options())
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	bucket, err := store.EnsureBucket(ctx)
	if err != nil {
		return err
	}
	executorID, err := load(ctx, store, bucket)
	if err != nil {
		return err
	}
	return printJob(ctx, out, jobs.New(store, bucket, nil), executorID)
}

// load stores the recorded objects and returns the id of the executor.
func load(ctx context.Context, store *lithopss3.Store, bucket string) (string, error) {
	var job struct {
		ExecutorID string `json:"executor_id"`
		Objects    []struct {
			Key  string `json:"key"`
			Body []byte `json:"b64"`
		} `json:"objects"`
	}
	if err := json.Unmarshal(recording, &job); err != nil {
		return "", err
	}
	for _, object := range job.Objects {
		if err := store.PutObject(ctx, bucket, object.Key, bytes.NewReader(object.Body), nil); err != nil {
			return "", err
		}
	}
	return job.ExecutorID, nil
}

func printJob(ctx context.Context, out io.Writer, client *jobs.Client, executorID string) error {
	status, err := client.Progress(ctx, executorID)
	if err != nil {
		return err
	}
	for status, err := range client.Statuses(ctx, status.Done) {
		if err != nil {
			return err
		}
		value, err := client.ResultOf(ctx, status)
		var failure *jobs.CallError
		if err != nil && !errors.As(err, &failure) {
			return err
		}
		took := status.WorkerEnd.Sub(status.WorkerStart).Seconds()
		if _, err := fmt.Fprintf(out, "%-32s %6.3f s  %s\n", status.Call, took, describe(value, failure)); err != nil {
			return err
		}
	}
	return nil
}

// describe is a line for what a call came to.
func describe(value any, failure *jobs.CallError) string {
	if failure != nil {
		lines := strings.Split(strings.TrimSpace(failure.Traceback), "\n")
		return fmt.Sprintf("%s: %s (%d lines of traceback)", failure.Type, failure.Message, len(lines))
	}
	switch value := value.(type) {
	case []jobs.Call:
		return fmt.Sprintf("futures of %v", value)
	case []byte:
		return fmt.Sprintf("%d bytes", len(value))
	}
	return pickle.Repr(value)
}
