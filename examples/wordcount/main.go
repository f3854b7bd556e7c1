// Command wordcount is a small executor on top of lithopss3. It counts the words
// of a text by a map and a reduce that run in goroutines, and keeps in the bucket
// what Lithops keeps there: arguments, a mark for each call that starts, statuses,
// results. Python Lithops could read them all.
//
//	go run ./examples/wordcount                # on an embedded server, no account needed
//	go run ./examples/wordcount -text FILE     # a text of your own
//	go run ./examples/wordcount -config FILE   # your own storage, as a Lithops configuration has it
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
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/jobs"
)

//go:embed text.txt
var ownText string

type options struct {
	text, config string
	chunk        int64
	workers      int
}

func main() {
	var opts options
	flag.StringVar(&opts.text, "text", "", "a text `file` instead of the one that comes along")
	flag.StringVar(&opts.config, "config", "", "a Lithops configuration `file`; without it, an embedded server")
	flag.Int64Var(&opts.chunk, "chunk", 512, "the size of a partition in `bytes`")
	flag.IntVar(&opts.workers, "workers", 4, "`calls` at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, opts)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wordcount:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, opts options) (err error) {
	text := io.Reader(strings.NewReader(ownText))
	if opts.text != "" {
		file, err := os.Open(opts.text)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		text = file
	}
	storage, done, err := open(ctx, opts.config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	bucket, err := storage.EnsureBucket(ctx)
	if err != nil {
		return err
	}
	jobOptions := &jobs.Options{}
	if opts.config == "" {
		jobOptions.Interval = 50 * time.Millisecond // the embedded server is near
	}
	client := jobs.New(storage, bucket, jobOptions)
	return countWords(ctx, out, storage, newExecutor(client, max(1, opts.workers)), text, opts.chunk)
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
	server, err := devs3.Start(nil)
	if err != nil {
		return nil, nil, err
	}
	embedded, err := lithopss3.ParseConfig([]byte(server.Config()))
	if err == nil {
		store, err = lithopss3.New(ctx, embedded, &lithopss3.Options{Endpoint: server.URL(), STSEndpoint: server.URL()})
	}
	if err != nil {
		return nil, nil, errors.Join(err, server.Close())
	}
	return store, func() error { return errors.Join(store.Close(), server.Close()) }, nil
}
