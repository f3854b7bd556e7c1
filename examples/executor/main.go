// SPDX-License-Identifier: Apache-2.0

// Command executor is a small executor on top of lithopss3, to begin from: a map over
// the chunks of an object, run by a pool of workers that are goroutines, with retries, a
// progress bar and typed results. It keeps in the bucket what Lithops keeps there, so
// that Python Lithops could read all of it: arguments, a mark for each attempt, statuses
// with logs, results.
//
//	go run ./examples/executor                      # 1,000 chunks, on an embedded server; no account needed
//	go run ./examples/executor -config FILE         # your own storage, as a Lithops configuration has it
//	go run ./examples/executor -config FILE -object BUCKET/KEY -chunks 64 -workers 32
//
// executor.go is the executor; wordcount.go has the function of the calls and what
// calls the executor.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/lithopstest"
)

//go:embed text.txt
var ownText string

type options struct {
	object, config            string
	chunks, workers, attempts int
}

func main() {
	var opts options
	flag.StringVar(&opts.object, "object", "", "the `bucket/key` of a text file; without it, a sample")
	flag.StringVar(&opts.config, "config", "", "a Lithops configuration `file`; without it, an embedded server")
	flag.IntVar(&opts.chunks, "chunks", 1000, "`how many` chunks the object is cut into, a call for each")
	flag.IntVar(&opts.workers, "workers", 16, "`calls` at once")
	flag.IntVar(&opts.attempts, "attempts", 3, "`attempts` at a call that fails")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, opts)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "executor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, opts options) (err error) {
	store, done, err := open(ctx, opts.config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	bucket, err := store.EnsureBucket(ctx)
	if err != nil {
		return err
	}
	jobOptions := &jobs.Options{}
	if opts.config == "" {
		jobOptions.Interval = 50 * time.Millisecond // the embedded server is near
	}
	client := jobs.New(store, bucket, jobOptions)
	url := opts.object
	if url == "" {
		text, failure := client.PutCloudObject(ctx, strings.NewReader(strings.Repeat(ownText, 1000)), nil)
		if failure != nil {
			return failure
		}
		defer func() { err = errors.Join(err, client.DeleteCloudObjects(context.WithoutCancel(ctx), text)) }()
		url = text.URL()
	}
	progress := &bar{out: out}
	return countWords(ctx, out, store, newExecutor(client, opts.workers, opts.attempts), url, opts.chunks, progress.show)
}

// open opens the storage of a configuration, or an embedded server.
func open(ctx context.Context, config string) (store *lithopss3.Store, done func() error, err error) {
	if config != "" {
		store, err := lithopss3.Open(ctx, &lithopss3.Options{Loader: lithopss3.ConfigLoader{Path: config}})
		if err != nil {
			return nil, nil, err
		}
		return store, store.Close, nil
	}
	server, err := lithopstest.Start(nil)
	if err != nil {
		return nil, nil, err
	}
	store, err = lithopss3.New(ctx, server.Config(), server.Options())
	if err != nil {
		return nil, nil, errors.Join(err, server.Close())
	}
	return store, func() error { return errors.Join(store.Close(), server.Close()) }, nil
}
