// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/url"
	"os"

	"github.com/lithops-go/lithopss3/bench/s3null"
	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// goCloudClient is gocloud.dev/blob on the SDK. It opens one bucket.
type goCloudClient struct {
	bucket *blob.Bucket
	writer *blob.WriterOptions
}

func openGoCloud(ctx context.Context, job *job) (client, error) {
	bucket, err := s3blob.OpenBucket(ctx, newSDK(job), job.Bucket, nil)
	writer := &blob.WriterOptions{ContentType: "application/octet-stream"} // which saves it from guessing one
	if job.Tuned {
		writer.BufferSize, writer.MaxConcurrency = tunedPart, tunedAtOnce
	}
	return &goCloudClient{bucket, writer}, err
}

func (c *goCloudClient) put(ctx context.Context, _, key string, data []byte) error {
	return c.bucket.WriteAll(ctx, key, data, c.writer)
}

func (c *goCloudClient) get(ctx context.Context, _, key string) ([]byte, error) {
	return c.bucket.ReadAll(ctx, key)
}

func (c *goCloudClient) uploadFile(ctx context.Context, path, bucket, key string) error {
	return withFile(path, func(file *os.File) error { return c.upload(ctx, file, bucket, key) })
}

func (c *goCloudClient) upload(ctx context.Context, r io.Reader, _, key string) error {
	return c.bucket.Upload(ctx, key, r, c.writer)
}

func (c *goCloudClient) downloadFile(ctx context.Context, _, key, path string) error {
	return intoFile(path, func(file *os.File) error { return c.read(ctx, "", key, file) })
}

func (c *goCloudClient) read(ctx context.Context, _, key string, w io.Writer) error {
	return c.bucket.Download(ctx, key, w, nil)
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
type minioClient struct {
	client *minio.Client
	tuned  bool
}

func openMinio(_ context.Context, job *job) (client, error) {
	options := &minio.Options{Creds: miniocredentials.NewStaticV4(accessKey, secretKey, ""), Region: region}
	if job.Tuned {
		options.Transport = newTransport()
	}
	address, err := url.Parse(cmp.Or(job.Endpoint, "https://"+s3null.AWSHost))
	if err != nil {
		return nil, err
	}
	options.Secure = address.Scheme == "https"
	c, err := minio.New(address.Host, options)
	return &minioClient{c, job.Tuned}, err
}

// options are those of an upload in parts.
func (c *minioClient) options() minio.PutObjectOptions {
	if c.tuned {
		return minio.PutObjectOptions{PartSize: tunedPart, NumThreads: tunedAtOnce}
	}
	return minio.PutObjectOptions{}
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
	_, err := c.client.FPutObject(ctx, bucket, key, path, c.options())
	return err
}

// upload of a stream takes half a gigabyte of memory and one connection as it comes.
func (c *minioClient) upload(ctx context.Context, r io.Reader, bucket, key string) error {
	options, size := c.options(), int64(-1)
	if known, ok := r.(interface{ Size() int64 }); ok {
		size = known.Size()
	}
	options.ConcurrentStreamParts = c.tuned && size < 0
	_, err := c.client.PutObject(ctx, bucket, key, r, size, options)
	return err
}

func (c *minioClient) read(ctx context.Context, bucket, key string, w io.Writer) error {
	object, err := c.client.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, object)
	return errors.Join(err, object.Close())
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
