// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/upload"
)

// errSameObject is a move after which the object would be gone.
var errSameObject = errors.New("source and destination are the same object, which a move would delete")

// MoveObject copies an object as CopyObject does, compares the copy with the source,
// and deletes the source: only the version that was copied, and only if it is still
// there unchanged. With opts.Source.VersionID it deletes that version.
//
// At no time is the object in neither place. If the copy can't be proven, or the
// source was replaced meanwhile, the source stays, the error says why, and the copy
// may be there too. A move to itself is an error, and so is one to an object that looks
// like the source: with the same ETag, version and time of modification, in seconds.
func (s *Store) MoveObject(ctx context.Context, fromBucket, fromKey, bucket, key string, opts *CopyOptions) error {
	const op = "MoveObject"
	c, err := s.newCopying(op, fromBucket, fromKey, bucket, key, opts)
	if err != nil {
		return err
	}
	if fromBucket == bucket && fromKey == key {
		return wrapError(op, bucket, key, errSameObject)
	}
	if err := c.prepareMove(ctx); err != nil {
		return err
	}
	etag, err := c.copy(ctx)
	if err != nil {
		return err
	}
	return c.finishMove(ctx, etag)
}

// prepareMove describes the source, and looks at what is at the destination.
func (c *copying) prepareMove(ctx context.Context) error {
	var found *s3.HeadObjectOutput
	undescribed, unseen := bothAtOnce(ctx, c.describe,
		func(ctx context.Context) (err error) { found, err = c.head(ctx); return err },
	)
	if undescribed != nil {
		return undescribed
	}
	if err := checkMovable(c.source); err != nil {
		return wrapError(c.op, c.fromBucket, c.fromKey, err)
	}
	return wrapError(c.op, c.bucket, c.key, c.checkDistinct(found, unseen))
}

// checkDistinct returns errSameObject if the destination has what looks like the
// source itself, because a bucket may have an alias or an access point's name, and
// some servers take two keys for one file. Found and err are the destination's description.
func (c *copying) checkDistinct(found *s3.HeadObjectOutput, err error) error {
	if errors.Is(wrapError(c.op, c.bucket, c.key, err), fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if aws.ToString(found.ETag) == aws.ToString(c.source.ETag) && aws.ToTime(found.LastModified).Equal(aws.ToTime(c.source.LastModified)) &&
		aws.ToString(found.VersionId) == aws.ToString(c.source.VersionId) {
		return fmt.Errorf("%w (or look like it: ETag, time and version are equal)", errSameObject)
	}
	return nil
}

// head describes what is at the destination.
func (c *copying) head(ctx context.Context) (*s3.HeadObjectOutput, error) {
	return c.store.head(ctx, c.bucket, c.key, &GetOptions{SSECustomerKey: c.opts.SSECustomerKey}, c.store.client.HeadObject, c.store.askChecksum)
}

// verify returns an error unless found is a copy of the source. etag is that of the answer
// to the copy, or empty.
func (c *copying) verify(found *s3.HeadObjectOutput, etag string) error {
	if *found.ContentLength != *c.source.ContentLength {
		return fmt.Errorf("%w: it has %d bytes, and the source %d", errChanged, *found.ContentLength, *c.source.ContentLength)
	}
	want, got := upload.HeadChecksum(c.source), upload.HeadChecksum(found)
	if sum, ok := got.Bytes(); ok && want.Kind == got.Kind {
		return want.Compare(sum)
	}
	isCopy := etag != "" && bareETag(etag) == bareETag(aws.ToString(found.ETag))
	if !isCopy && bareETag(aws.ToString(found.ETag)) != bareETag(aws.ToString(c.source.ETag)) {
		return fmt.Errorf("%w: its ETag is %q", errChanged, aws.ToString(found.ETag))
	}
	return nil
}

// finishMove deletes the version of the source that was copied, if the copy is proven and
// the source still there. That is looked at last, because some servers ignore the condition
// of a DELETE. etag is that of the answer to the copy, or empty.
func (c *copying) finishMove(ctx context.Context, etag string) error {
	found, err := c.head(ctx)
	if err == nil {
		err = c.verify(found, etag)
	}
	if err != nil {
		return fmt.Errorf("the source was not deleted, because the copy can't be proven: %w", wrapError(c.op, c.bucket, c.key, err))
	}
	if err := c.store.deleteUnchanged(ctx, c.fromBucket, c.fromKey, c.source, c.opts.Source); err != nil {
		return fmt.Errorf("the copy is stored, and the source was not deleted: %w", wrapError(c.op, c.fromBucket, c.fromKey, err))
	}
	return nil
}

// bothAtOnce calls two functions at once, because each waits for a server, and returns the
// error of each. An error of the first ends the second, whose answer does not matter then, and
// so does a panic of either the other.
func bothAtOnce(ctx context.Context, first, second func(context.Context) error) (ofFirst, ofSecond error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	panicked := func() { cancel(panics.ErrPanicked) }
	ofFirst, ofSecond = panics.ErrPanicked, panics.ErrPanicked // unless they return
	var group panics.Group
	group.Go(func() {
		if ofFirst = first(ctx); ofFirst != nil {
			cancel(ofFirst)
		}
	}, panicked)
	group.Go(func() { ofSecond = second(ctx) }, panicked)
	group.Wait()
	return ofFirst, ofSecond
}
