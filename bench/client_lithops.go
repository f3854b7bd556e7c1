// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/bench/s3null"
	"github.com/lithops-go/lithopss3/jobs"
)

// lithopsClient is this package.
type lithopsClient struct {
	store *lithopss3.Store
	tuned bool
}

// Options of this package that are measured as tuned.
const (
	parallelListings = 32 // requests of a listing at once
	parallelRanges   = 16 // ranges of 8 MiB that a reader is ahead
	parallelParts    = 24 // parts of 5 MiB of a stream in memory
)

func openLithops(ctx context.Context, job *job) (client, error) {
	return openStore(ctx, job, &lithopss3.Options{Endpoint: job.Endpoint})
}

func openStore(ctx context.Context, job *job, opts *lithopss3.Options) (client, error) {
	config := &lithopss3.Config{Region: region, AccessKeyID: accessKey, SecretAccessKey: lithopss3.NewSecret(secretKey)}
	store, err := lithopss3.New(ctx, config, opts)
	return &lithopsClient{store, job.Tuned}, err
}

// openUnsigned is for uploads over http, where Options.UnsignedPayload makes a difference.
func openUnsigned(ctx context.Context, job *job) (client, error) {
	if job.Authority != "" || !slices.Contains([]string{workUpload, workStream, workPut}, job.Work) {
		return nil, errUnsupported
	}
	return openStore(ctx, job, &lithopss3.Options{Endpoint: job.Endpoint, UnsignedPayload: true})
}

func (c *lithopsClient) put(ctx context.Context, bucket, key string, data []byte) error {
	return c.store.PutObject(ctx, bucket, key, bytes.NewReader(data), nil)
}

func (c *lithopsClient) get(ctx context.Context, bucket, key string) ([]byte, error) {
	return c.store.ReadObject(ctx, bucket, key, 0)
}

func (c *lithopsClient) uploadFile(ctx context.Context, path, bucket, key string) error {
	return c.store.UploadFile(ctx, path, bucket, key, nil)
}

func (c *lithopsClient) upload(ctx context.Context, r io.Reader, bucket, key string) error {
	opts := &lithopss3.PutOptions{}
	if c.tuned {
		opts.Parallel = parallelParts
	}
	return c.store.PutObject(ctx, bucket, key, r, opts)
}

func (c *lithopsClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	return c.store.DownloadFile(ctx, bucket, key, path, nil)
}

func (c *lithopsClient) dirOptions() *lithopss3.DirOptions {
	if c.tuned {
		return &lithopss3.DirOptions{Parallel: foldersAtOnce}
	}
	return nil
}

func (c *lithopsClient) putDir(ctx context.Context, folder, bucket string) error {
	return c.store.PutDir(ctx, folder, bucket, "", c.dirOptions())
}

func (c *lithopsClient) getDir(ctx context.Context, bucket, folder string) error {
	return c.store.GetDir(ctx, bucket, "", folder, c.dirOptions())
}

func (c *lithopsClient) read(ctx context.Context, bucket, key string, w io.Writer) error {
	opts := &lithopss3.GetOptions{}
	if c.tuned {
		opts.Parallel = parallelRanges
	}
	object, err := c.store.GetObject(ctx, bucket, key, opts)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, object.Body)
	return errors.Join(err, object.Body.Close())
}

func (c *lithopsClient) list(ctx context.Context, bucket, prefix string, each func(string)) error {
	opts := &lithopss3.ListOptions{Prefix: prefix}
	if c.tuned {
		opts.Parallel = parallelListings
	}
	for info, err := range c.store.ListObjects(ctx, bucket, opts) {
		if err != nil {
			return err
		}
		each(info.Key)
	}
	return nil
}

func (c *lithopsClient) remove(ctx context.Context, bucket string, keys []string) error {
	return c.store.DeleteObjects(ctx, bucket, keys)
}

func (c *lithopsClient) removePrefix(ctx context.Context, bucket, prefix string) error {
	_, err := c.store.DeletePrefix(ctx, bucket, prefix, nil)
	return err
}

// look waits until calls are known to have ended: with a single poll, or with the
// first of a Watch that continues.
func (c *lithopsClient) look(ctx context.Context, bucket string, calls int, once bool) (done int, err error) {
	client := jobs.New(c.store, bucket, nil)
	for event, err := range client.Watch(ctx, jobs.ID{ExecutorID: s3null.ExecutorID}, &jobs.WatchOptions{Once: once}) {
		if err != nil {
			return done, err
		}
		if event.Kind == jobs.CallDone {
			done++
		}
		if done == calls && !once {
			break
		}
	}
	return done, nil
}
