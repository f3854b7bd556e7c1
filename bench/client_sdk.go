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
)

// sdkClient is aws-sdk-go-v2 by itself: a request for each call.
type sdkClient struct{ s3 *s3.Client }

func newSDK(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		Region: region, BaseEndpoint: &endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		HTTPClient:  &http.Client{Transport: newTransport()},
	})
}

func openSDK(_ context.Context, endpoint string, _ *job) (client, error) {
	return &sdkClient{newSDK(endpoint)}, nil
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

func (c *sdkClient) uploadStream(context.Context, io.Reader, string, string) error {
	return errUnsupported // it must know the length
}

func (c *sdkClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	out, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return err
	}
	defer func() { _ = out.Body.Close() }()
	return intoFile(path, func(file *os.File) error {
		_, err := io.Copy(file, out.Body)
		return err
	})
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
	for batch := range slices.Chunk(keys, 1000) {
		in := &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Quiet: aws.Bool(true)}}
		for i := range batch {
			in.Delete.Objects = append(in.Delete.Objects, types.ObjectIdentifier{Key: &batch[i]})
		}
		out, err := c.s3.DeleteObjects(ctx, in)
		if err != nil {
			return err
		}
		if len(out.Errors) > 0 {
			return errors.New(aws.ToString(out.Errors[0].Code))
		}
	}
	return nil
}

// transferManagerClient is the SDK with its new transfer manager.
type transferManagerClient struct {
	sdkClient
	transfer *transfermanager.Client
}

func openTransferManager(_ context.Context, endpoint string, job *job) (client, error) {
	if !job.isTransfer() {
		return nil, errUnsupported
	}
	sdk := newSDK(endpoint)
	// Its default asks for the parts that an object was stored in, of which one that
	// was stored whole has one.
	return &transferManagerClient{sdkClient{sdk}, transfermanager.New(sdk, func(o *transfermanager.Options) {
		o.GetObjectType = transfertypes.GetObjectRanges
	})}, nil
}

func (c *transferManagerClient) uploadFile(ctx context.Context, path, bucket, key string) error {
	return withFile(path, func(file *os.File) error { return c.uploadStream(ctx, file, bucket, key) })
}

func (c *transferManagerClient) uploadStream(ctx context.Context, r io.Reader, bucket, key string) error {
	_, err := c.transfer.UploadObject(ctx, &transfermanager.UploadObjectInput{Bucket: &bucket, Key: &key, Body: r})
	return err
}

func (c *transferManagerClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	return intoFile(path, func(file *os.File) error {
		_, err := c.transfer.DownloadObject(ctx, &transfermanager.DownloadObjectInput{Bucket: &bucket, Key: &key, WriterAt: file})
		return err
	})
}

// managerClient is the SDK with its old transfer manager, as it comes.
type managerClient struct{ sdkClient }

func openManager(_ context.Context, endpoint string, job *job) (client, error) {
	if !job.isTransfer() {
		return nil, errUnsupported
	}
	return &managerClient{sdkClient{newSDK(endpoint)}}, nil
}

func (c *managerClient) uploadFile(ctx context.Context, path, bucket, key string) error {
	return withFile(path, func(file *os.File) error { return c.uploadStream(ctx, file, bucket, key) })
}

//nolint:staticcheck // it is deprecated, and still what most programs use
func (c *managerClient) uploadStream(ctx context.Context, r io.Reader, bucket, key string) error {
	_, err := manager.NewUploader(c.s3).Upload(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: r})
	return err
}

//nolint:staticcheck // see uploadStream
func (c *managerClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	return intoFile(path, func(file *os.File) error {
		_, err := manager.NewDownloader(c.s3).Download(ctx, file, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
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
