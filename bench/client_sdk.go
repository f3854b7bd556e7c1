// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	transfertypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

// sdkClient is aws-sdk-go-v2 by itself: a request for each call.
type sdkClient struct {
	s3     *s3.Client
	atOnce int // batches that are deleted
}

func newSDK(job *job) *s3.Client {
	options := s3.Options{Region: region, Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, "")}
	if job.Endpoint != "" {
		options.BaseEndpoint, options.UsePathStyle = &job.Endpoint, true
	}
	if job.Tuned {
		options.HTTPClient = &http.Client{Transport: newTransport()}
	}
	return s3.New(options)
}

func openSDK(_ context.Context, job *job) (client, error) {
	atOnce := 1
	if job.Tuned {
		atOnce = tunedAtOnce
	}
	return &sdkClient{newSDK(job), atOnce}, nil
}

func (c *sdkClient) put(ctx context.Context, bucket, key string, data []byte) error {
	_, err := c.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(data)})
	return err
}

func (c *sdkClient) get(ctx context.Context, bucket, key string) (data []byte, err error) {
	out, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Body.Close()) }()
	return io.ReadAll(out.Body)
}

func (c *sdkClient) uploadFile(ctx context.Context, path, bucket, key string) error {
	return withFile(path, func(file *os.File) error {
		_, err := c.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: file})
		return err
	})
}

func (c *sdkClient) upload(ctx context.Context, r io.Reader, bucket, key string) error {
	if _, ok := r.(io.Seeker); !ok {
		return errUnsupported // it must know the length
	}
	_, err := c.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: r})
	return err
}

func (c *sdkClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	return intoFile(path, func(file *os.File) error { return c.read(ctx, bucket, key, file) })
}

func (c *sdkClient) read(ctx context.Context, bucket, key string, w io.Writer) error {
	out, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, out.Body)
	return errors.Join(err, out.Body.Close())
}

func (c *sdkClient) list(ctx context.Context, bucket, prefix string, each func(string)) error {
	pages := s3.NewListObjectsV2Paginator(c.s3, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for i := range page.Contents {
			each(*page.Contents[i].Key)
		}
	}
	return nil
}

func (c *sdkClient) remove(ctx context.Context, bucket string, keys []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.atOnce)
	for batch := range slices.Chunk(keys, 1000) {
		group.Go(func() error { return c.removeBatch(ctx, bucket, batch) })
	}
	return group.Wait()
}

func (c *sdkClient) removeBatch(ctx context.Context, bucket string, batch []string) error {
	in := &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Quiet: aws.Bool(true)}}
	for i := range batch {
		in.Delete.Objects = append(in.Delete.Objects, types.ObjectIdentifier{Key: &batch[i]})
	}
	out, err := c.s3.DeleteObjects(ctx, in)
	if err == nil && len(out.Errors) > 0 {
		err = errors.New(aws.ToString(out.Errors[0].Code))
	}
	return err
}

// transferManagerClient is the SDK with its new transfer manager.
type transferManagerClient struct {
	sdkClient
	transfer *transfermanager.Client
}

func openTransferManager(_ context.Context, job *job) (client, error) {
	if !slices.Contains(transfers, job.Work) {
		return nil, errUnsupported
	}
	sdk := newSDK(job)
	return &transferManagerClient{sdkClient{sdk, 1}, transfermanager.New(sdk, func(o *transfermanager.Options) {
		if job.Tuned {
			// Its default asks for the parts that an object was stored in, of which one that
			// was stored whole has one.
			o.GetObjectType = transfertypes.GetObjectRanges
			o.PartSizeBytes, o.Concurrency = tunedPart, tunedAtOnce
			o.GetObjectBufferSize = tunedPart * tunedAtOnce
		}
	})}, nil
}

func (c *transferManagerClient) uploadFile(ctx context.Context, path, bucket, key string) error {
	return withFile(path, func(file *os.File) error { return c.upload(ctx, file, bucket, key) })
}

func (c *transferManagerClient) upload(ctx context.Context, r io.Reader, bucket, key string) error {
	_, err := c.transfer.UploadObject(ctx, &transfermanager.UploadObjectInput{Bucket: &bucket, Key: &key, Body: r})
	return err
}

func (c *transferManagerClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	return intoFile(path, func(file *os.File) error {
		_, err := c.transfer.DownloadObject(ctx, &transfermanager.DownloadObjectInput{Bucket: &bucket, Key: &key, WriterAt: file})
		return err
	})
}

func (c *transferManagerClient) read(ctx context.Context, bucket, key string, w io.Writer) error {
	out, err := c.transfer.GetObject(ctx, &transfermanager.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, out.Body)
	return err
}

func (c *transferManagerClient) putDir(ctx context.Context, folder, bucket string) error {
	_, err := c.transfer.UploadDirectory(ctx, &transfermanager.UploadDirectoryInput{Bucket: &bucket, Source: &folder, Recursive: aws.Bool(true)})
	return err
}

func (c *transferManagerClient) getDir(ctx context.Context, bucket, folder string) error {
	_, err := c.transfer.DownloadDirectory(ctx, &transfermanager.DownloadDirectoryInput{Bucket: &bucket, Destination: &folder})
	return err
}

// managerClient is the SDK with its old transfer manager.
type managerClient struct {
	sdkClient
	part   int64
	atOnce int
}

func openManager(_ context.Context, job *job) (client, error) {
	if !slices.Contains([]string{workUpload, workDownload, workStream, workMemory}, job.Work) { // whose ranges come in any order
		return nil, errUnsupported
	}
	c := &managerClient{sdkClient{newSDK(job), 1}, manager.DefaultUploadPartSize, manager.DefaultUploadConcurrency}
	if job.Tuned {
		c.part, c.atOnce = tunedPart, tunedAtOnce
	}
	return c, nil
}

func (c *managerClient) uploadFile(ctx context.Context, path, bucket, key string) error {
	return withFile(path, func(file *os.File) error { return c.upload(ctx, file, bucket, key) })
}

//nolint:staticcheck // it is deprecated, and still what most programs use
func (c *managerClient) upload(ctx context.Context, r io.Reader, bucket, key string) error {
	uploader := manager.NewUploader(c.s3, func(u *manager.Uploader) { u.PartSize, u.Concurrency = c.part, c.atOnce })
	_, err := uploader.Upload(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: r})
	return err
}

//nolint:staticcheck // see upload
func (c *managerClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	downloader := manager.NewDownloader(c.s3, func(d *manager.Downloader) { d.PartSize, d.Concurrency = c.part, c.atOnce })
	return intoFile(path, func(file *os.File) error {
		_, err := downloader.Download(ctx, file, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		return err
	})
}

func withFile(path string, use func(*os.File) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(use(file), file.Close())
}

func intoFile(path string, fill func(*os.File) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(fill(file), file.Close())
}
