// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/bench/s3null"
	"github.com/lithops-go/lithopss3/jobs"
)

// lithopsClient is this package.
type lithopsClient struct {
	store    *lithopss3.Store
	parallel bool
}

func openLithops(ctx context.Context, endpoint string, job *job) (client, error) {
	config := &lithopss3.Config{Region: region, AccessKeyID: accessKey, SecretAccessKey: lithopss3.NewSecret(secretKey)}
	store, err := lithopss3.New(ctx, config, &lithopss3.Options{Endpoint: endpoint})
	return &lithopsClient{store, job.Parallel}, err
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

func (c *lithopsClient) uploadStream(ctx context.Context, r io.Reader, bucket, key string) error {
	return c.store.PutObject(ctx, bucket, key, r, nil)
}

func (c *lithopsClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	return c.store.DownloadFile(ctx, bucket, key, path, nil)
}

func (c *lithopsClient) list(ctx context.Context, bucket, prefix string, each func(string)) error {
	opts := &lithopss3.ListOptions{Prefix: prefix}
	if c.parallel {
		listInParallel(opts)
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

// poll looks once at a job, as an executor does.
func (c *lithopsClient) poll(ctx context.Context, bucket string) (done int, err error) {
	client := jobs.New(c.store, bucket, nil)
	for event, err := range client.Watch(ctx, jobs.ID{ExecutorID: s3null.ExecutorID}, &jobs.WatchOptions{Once: true}) {
		if err != nil {
			return done, err
		}
		if event.Kind == jobs.CallDone {
			done++
		}
	}
	return done, nil
}
