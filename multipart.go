package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// abortTimeout bounds how long a failed upload may take to be taken back.
const abortTimeout = 15 * time.Second

// An upload is an upload in parts under way.
type upload struct {
	store  *Store
	bucket string
	key    string
	id     *string

	mu    sync.Mutex
	parts []types.CompletedPart
}

// putParts uploads in parts, several at once, and takes the upload back on any error.
func (s *Store) putParts(ctx context.Context, bucket, key string, source partSource, opts *PutOptions) error {
	created, err := call(ctx, s, bucket, &s3.CreateMultipartUploadInput{
		Bucket: &bucket, Key: &key, ExpectedBucketOwner: s.expectedOwner(bucket),
		ContentType: optional(opts.ContentType), Metadata: opts.Metadata, ChecksumAlgorithm: s.checksumAlgorithm(),
	}, s.client.CreateMultipartUpload)
	if err != nil {
		return err
	}
	u := &upload{store: s, bucket: bucket, key: key, id: created.UploadId}
	err = u.sendAll(ctx, source)
	if err == nil {
		err = u.complete(ctx, opts)
	}
	if err != nil {
		return errors.Join(err, u.abort(ctx))
	}
	return nil
}

// sendAll sends the parts. The first error stops the rest and is returned.
func (u *upload) sendAll(ctx context.Context, source partSource) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	slots := make(chan struct{}, uploadsAtOnce)
	for number := int32(1); ; number++ {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		next, err := source.next(ctx)
		if err == nil && number > maxParts {
			err = fmt.Errorf("the body needs more than %d parts", maxParts)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				cancel(err)
			}
			break
		}
		group.Go(func() {
			defer func() { next.done(); <-slots }()
			if err := u.send(ctx, number, next.body); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

func (u *upload) send(ctx context.Context, number int32, body io.ReadSeeker) error {
	in := &s3.UploadPartInput{
		Bucket: &u.bucket, Key: &u.key, UploadId: u.id, PartNumber: &number, Body: body,
		ChecksumAlgorithm: u.store.checksumAlgorithm(), ExpectedBucketOwner: u.store.expectedOwner(u.bucket),
	}
	var err error
	if in.ChecksumCRC32, err = u.store.headerChecksum(body); err != nil {
		return err
	}
	out, err := call(ctx, u.store, u.bucket, in, u.store.client.UploadPart)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts = append(u.parts, types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
	return nil
}

func (u *upload) complete(ctx context.Context, opts *PutOptions) error {
	slices.SortFunc(u.parts, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &u.bucket, Key: &u.key, UploadId: u.id, ExpectedBucketOwner: u.store.expectedOwner(u.bucket),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts}, IfMatch: quoteETag(opts.IfMatch),
	}
	if opts.IfAbsent {
		in.IfNoneMatch = aws.String("*")
	}
	_, err := call(ctx, u.store, u.bucket, in, u.store.client.CompleteMultipartUpload)
	return err
}

// abort takes the upload back with a context of its own: the caller's may be why.
func (u *upload) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	_, err := call(ctx, u.store, u.bucket, &s3.AbortMultipartUploadInput{
		Bucket: &u.bucket, Key: &u.key, UploadId: u.id, ExpectedBucketOwner: u.store.expectedOwner(u.bucket),
	}, u.store.client.AbortMultipartUpload)
	var gone *types.NoSuchUpload
	if err == nil || errors.As(err, &gone) {
		return nil
	}
	return fmt.Errorf("the upload %s was left behind: %w", aws.ToString(u.id), err)
}
