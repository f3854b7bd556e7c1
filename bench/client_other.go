// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"os"

	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// goCloudClient is gocloud.dev/blob on the SDK. It opens one bucket.
type goCloudClient struct{ bucket *blob.Bucket }

func openGoCloud(ctx context.Context, endpoint string, job *job) (client, error) {
	bucket, err := s3blob.OpenBucket(ctx, newSDK(endpoint), job.Bucket, nil)
	return &goCloudClient{bucket}, err
}

// A type that is given saves it from guessing one.
var writerOptions = &blob.WriterOptions{ContentType: "application/octet-stream"}

func (c *goCloudClient) put(ctx context.Context, _, key string, data []byte) error {
	return c.bucket.WriteAll(ctx, key, data, writerOptions)
}

func (c *goCloudClient) get(ctx context.Context, _, key string) ([]byte, error) {
	return c.bucket.ReadAll(ctx, key)
}

func (c *goCloudClient) uploadFile(ctx context.Context, path, bucket, key string) error {
	return withFile(path, func(file *os.File) error { return c.uploadStream(ctx, file, bucket, key) })
}

func (c *goCloudClient) uploadStream(ctx context.Context, r io.Reader, _, key string) error {
	return c.bucket.Upload(ctx, key, r, writerOptions)
}

func (c *goCloudClient) downloadFile(ctx context.Context, _, key, path string) error {
	return intoFile(path, func(file *os.File) error { return c.bucket.Download(ctx, key, file, nil) })
}

func (c *goCloudClient) list(ctx context.Context, _, prefix string, each func(string)) error {
	objects := c.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		object, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		each(object.Key)
	}
}

func (c *goCloudClient) remove(context.Context, string, []string) error {
	return errUnsupported // only one by one
}

// minioClient is minio-go.
type minioClient struct{ client *minio.Client }

func openMinio(_ context.Context, endpoint string, _ *job) (client, error) {
	address, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	c, err := minio.New(address.Host, &minio.Options{
		Creds: miniocredentials.NewStaticV4(accessKey, secretKey, ""), Region: region, Transport: newTransport(),
		BucketLookup: minio.BucketLookupPath,
	})
	return &minioClient{c}, err
}

func (c *minioClient) put(ctx context.Context, bucket, key string, data []byte) error {
	_, err := c.client.PutObject(ctx, bucket, key, bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{})
	return err
}

func (c *minioClient) get(ctx context.Context, bucket, key string) (data []byte, err error) {
	object, err := c.client.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, object.Close()) }()
	return io.ReadAll(object)
}

func (c *minioClient) uploadFile(ctx context.Context, path, bucket, key string) error {
	_, err := c.client.FPutObject(ctx, bucket, key, path, minio.PutObjectOptions{})
	return err
}

// uploadStream asks for parts of 16 MiB and for several at once: without, it
// takes half a gigabyte of memory and one connection.
func (c *minioClient) uploadStream(ctx context.Context, r io.Reader, bucket, key string) error {
	_, err := c.client.PutObject(ctx, bucket, key, r, -1, minio.PutObjectOptions{PartSize: 16 << 20, NumThreads: 4, ConcurrentStreamParts: true})
	return err
}

func (c *minioClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	return c.client.FGetObject(ctx, bucket, key, path, minio.GetObjectOptions{})
}

func (c *minioClient) list(ctx context.Context, bucket, prefix string, each func(string)) error {
	for object := range c.client.ListObjectsIter(ctx, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if object.Err != nil {
			return object.Err
		}
		each(object.Key)
	}
	return nil
}

func (c *minioClient) remove(ctx context.Context, bucket string, keys []string) error {
	objects := make(chan minio.ObjectInfo)
	go func() {
		defer close(objects)
		for _, key := range keys {
			objects <- minio.ObjectInfo{Key: key}
		}
	}()
	var first error
	for failure := range c.client.RemoveObjects(ctx, bucket, objects, minio.RemoveObjectsOptions{}) {
		if first == nil {
			first = failure.Err
		}
	}
	return first
}
