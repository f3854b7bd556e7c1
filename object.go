// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/exact"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/validate"
)

func checkNames(op, bucket, key string) error {
	if err := checkBucket(op, bucket); err != nil {
		return err
	}
	if err := validate.Key(key); err != nil {
		return &Error{Op: op, Bucket: bucket, Err: err}
	}
	return nil
}

// checkBucket refuses an empty name, because the request would address the service.
func checkBucket(op, bucket string) error {
	if !validate.IsBucket(bucket) {
		return &Error{Op: op, Bucket: bucket, Err: fmt.Errorf("%w: %q", ErrInvalidBucketName, bucket)}
	}
	return nil
}

// GetObject opens an object. Its Body resumes after a broken connection: after the
// last byte, and only while the object is unchanged. It never ends early without an
// error. The caller closes it, also during a Read, as net/http closes the body of a request. A
// large body that is read on takes further requests, see [GetOptions].Parallel.
//
// A missing object is fs.ErrNotExist, a missing bucket ErrNoSuchBucket too; a
// condition that does not hold is ErrPrecondition or ErrNotModified, and a range
// after the object's end ErrInvalidRange.
func (s *Store) GetObject(ctx context.Context, bucket, key string, opts *GetOptions) (*Object, error) {
	const op = "GetObject"
	if err := checkNames(op, bucket, key); err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &GetOptions{}
	}
	if err := checkKey(opts.SSECustomerKey); err != nil {
		return nil, wrapError(op, bucket, key, err)
	}
	if opts.Parallel < 0 {
		return nil, wrapError(op, bucket, key, fmt.Errorf("GetOptions.Parallel is %d, and must not be negative", opts.Parallel))
	}
	if opts.Range != nil && !opts.Range.hasHeader() {
		return s.getOddRange(ctx, bucket, key, opts)
	}
	object, err := s.getObject(ctx, bucket, key, opts)
	if err != nil && opts.Range != nil && opts.Range.Offset < 0 {
		return s.getLastOfShort(ctx, bucket, key, opts, wrapError(op, bucket, key, err))
	}
	return object, wrapError(op, bucket, key, err)
}

func (s *Store) getObject(ctx context.Context, bucket, key string, opts *GetOptions) (*Object, error) {
	in := s.getInput(bucket, key, opts)
	began := time.Now()
	out, err := call(ctx, s, bucket, in, s.fast.GetObject)
	if err != nil {
		return nil, err
	}
	object := &Object{
		ObjectInfo: ObjectInfo{
			Key: key, Size: -1, ETag: aws.ToString(out.ETag), LastModified: aws.ToTime(out.LastModified),
			ContentType: aws.ToString(out.ContentType), Metadata: out.Metadata, VersionID: aws.ToString(out.VersionId),
		},
		Length: -1, // if the server does not say
	}
	if out.ContentLength != nil {
		object.Size, object.Length = *out.ContentLength, *out.ContentLength
	}
	if err := errors.Join(checkETag(opts.IfMatch, out.ETag), object.locate(opts.Range, aws.ToString(out.ContentRange))); err != nil {
		_ = out.Body.Close()
		return nil, err
	}
	plan := s.planAhead(object, opts, s.quickest.note(time.Since(began)))
	if plan.begins >= 0 {
		plan.get = func(ctx context.Context, opts *GetOptions) (*Object, error) {
			return s.getObject(ctx, bucket, key, opts)
		}
	}
	object.Body = s.newReader(ctx, in, object, out.Body, getChecksum(out), plan)
	return object, nil
}

// getLastOfShort returns all of an object that is shorter than the last bytes that were
// requested, if the server refused them. Servers answer differently: with 416, with a
// 200, or, for an empty object, with an impossible Content-Range. For any other object it
// returns refusal.
func (s *Store) getLastOfShort(ctx context.Context, bucket, key string, opts *GetOptions, refusal error) (*Object, error) {
	const op = "GetObject"
	if !errors.Is(refusal, ErrInvalidRange) && !errors.Is(refusal, proof.ErrIgnoredRange) {
		return nil, refusal
	}
	info, err := s.headObject(ctx, op, bucket, key, opts)
	if err != nil || info.Size+opts.Range.Offset > 0 {
		return nil, refusal
	}
	if info.Size == 0 {
		return &Object{ObjectInfo: *info, Body: http.NoBody}, nil
	}
	all := *opts
	all.Range, all.IfMatch = nil, info.ETag
	object, err := s.getObject(ctx, bucket, key, &all)
	return object, wrapError(op, bucket, key, err)
}

// locate reads from the answer which part of the object it holds. It returns an error if
// that is not the part that was requested. The length is that of the requested part,
// because the body resumes if fewer bytes arrive.
func (o *Object) locate(asked *ByteRange, answer string) error {
	if asked == nil {
		if answer == "" {
			return nil
		}
		if _, err := proof.ParseContentRange(answer); err != nil {
			return nil //nolint:nilerr // it says nothing
		}
		asked = RangeFrom(0)
	}
	found, err := asked.wire().Match(answer)
	if err != nil {
		return err
	}
	if o.Length > found.Length {
		return fmt.Errorf("%w: the server answered the range %s with %d bytes", proof.ErrIgnoredRange, asked.wire().Header(), o.Length)
	}
	o.Offset, o.Length, o.Size = found.Offset, found.Length, found.Size
	return nil
}

func (s *Store) getInput(bucket, key string, opts *GetOptions) *s3.GetObjectInput {
	in := &s3.GetObjectInput{
		Bucket: &bucket, Key: &key,
		IfMatch: ifMatchOfRead(opts.IfMatch), IfNoneMatch: quoteETag(opts.IfNoneMatch),
		IfModifiedSince: optionalTime(opts.IfModifiedSince), IfUnmodifiedSince: optionalTime(opts.IfUnmodifiedSince),
	}
	if opts.Range != nil {
		in.Range = aws.String(opts.Range.wire().Header())
	}
	opts.fields().set(in)
	return in
}

// getOddRange serves the ranges that HTTP can't express. They need the object's size first.
func (s *Store) getOddRange(ctx context.Context, bucket, key string, opts *GetOptions) (*Object, error) {
	info, err := s.headObject(ctx, "GetObject", bucket, key, opts)
	if err != nil {
		return nil, err
	}
	offset := opts.Range.Offset
	if offset < 0 {
		offset = max(0, info.Size+offset)
	}
	if opts.Range.Length == 0 || info.Size == 0 {
		return &Object{ObjectInfo: *info, Body: http.NoBody, Offset: offset}, nil
	}
	pinned := *opts
	pinned.Range, pinned.IfMatch = Range(offset, opts.Range.Length), info.ETag
	return s.GetObject(ctx, bucket, key, &pinned)
}

// HeadObject returns the description of an object. A missing object is fs.ErrNotExist. So
// is a missing bucket, because the answer to a HEAD does not tell them apart.
func (s *Store) HeadObject(ctx context.Context, bucket, key string) (*ObjectInfo, error) {
	const op = "HeadObject"
	if err := checkNames(op, bucket, key); err != nil {
		return nil, err
	}
	return s.headObject(ctx, op, bucket, key, &GetOptions{})
}

func (s *Store) headObject(ctx context.Context, op, bucket, key string, opts *GetOptions) (*ObjectInfo, error) {
	out, err := s.head(ctx, bucket, key, opts, s.fast.HeadObject)
	if err != nil {
		return nil, wrapError(op, bucket, key, err)
	}
	return headInfo(key, out), nil
}

// head sends a HeadObject with send. It returns an error if the answer has no size, or
// another ETag than opts demands.
func (s *Store) head(ctx context.Context, bucket, key string, opts *GetOptions,
	send func(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error), options ...func(*s3.Options),
) (*s3.HeadObjectOutput, error) {
	in := &s3.HeadObjectInput{
		Bucket: &bucket, Key: &key,
		IfMatch: ifMatchOfRead(opts.IfMatch), IfNoneMatch: quoteETag(opts.IfNoneMatch),
		IfModifiedSince: optionalTime(opts.IfModifiedSince), IfUnmodifiedSince: optionalTime(opts.IfUnmodifiedSince),
	}
	opts.fields().set(in)
	out, err := call(ctx, s, bucket, in, send, options...)
	if err != nil {
		return nil, err
	}
	return out, errors.Join(checkETag(opts.IfMatch, out.ETag), checkLength(out))
}

func headInfo(key string, out *s3.HeadObjectOutput) *ObjectInfo {
	return &ObjectInfo{
		Key: key, Size: aws.ToInt64(out.ContentLength), ETag: aws.ToString(out.ETag), LastModified: aws.ToTime(out.LastModified),
		ContentType: aws.ToString(out.ContentType), Metadata: out.Metadata, VersionID: aws.ToString(out.VersionId),
	}
}

// checkLength returns an error without a Content-Length, because an object of unknown
// size must not be taken for an empty one.
func checkLength(out *s3.HeadObjectOutput) error {
	if aws.ToInt64(out.ContentLength) < 0 || out.ContentLength == nil {
		return errors.New("the server does not say the object's size")
	}
	return nil
}

// maxUnread is the most memory, in bytes, for bytes of an object that have not come.
const maxUnread = 256 << 20

// ReadObject returns the content of an object of at most limit bytes. A larger object is an
// error. A limit of 0 or less is no limit.
func (s *Store) ReadObject(ctx context.Context, bucket, key string, limit int64) ([]byte, error) {
	object, err := s.GetObject(ctx, bucket, key, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Body.Close() }()
	if limit > 0 && object.Size > limit {
		return nil, &Error{Op: "ReadObject", Bucket: bucket, Key: key, Err: fmt.Errorf("it has %d bytes, more than the %d allowed", object.Size, limit)}
	}
	body := io.Reader(object.Body)
	if limit > 0 && limit < math.MaxInt64 {
		body = io.LimitReader(body, limit+1) // for a server that does not say the size
	}
	// To the end, where the checksum is compared.
	data, err := exact.ReadAll(body, object.Length, maxUnread)
	if err != nil {
		return nil, wrapError("ReadObject", bucket, key, err)
	}
	if limit > 0 && int64(len(data)) > limit {
		return nil, &Error{Op: "ReadObject", Bucket: bucket, Key: key, Err: fmt.Errorf("it has more than the %d bytes allowed", limit)}
	}
	return data, nil
}

// ObjectTags returns the tags of an object; it is empty for an object without tags. A
// missing object is fs.ErrNotExist.
func (s *Store) ObjectTags(ctx context.Context, bucket, key string) (map[string]string, error) {
	const op = "ObjectTags"
	if err := checkNames(op, bucket, key); err != nil {
		return nil, err
	}
	tags, err := s.objectTags(ctx, bucket, key, "")
	return tags, wrapError(op, bucket, key, err)
}

func (s *Store) objectTags(ctx context.Context, bucket, key, version string) (map[string]string, error) {
	out, err := call(ctx, s, bucket, &s3.GetObjectTaggingInput{Bucket: &bucket, Key: &key, VersionId: optional(version)}, s.client.GetObjectTagging)
	if err != nil {
		return nil, err
	}
	tags := make(map[string]string, len(out.TagSet))
	for _, tag := range out.TagSet {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return tags, nil
}

// SetObjectTags replaces all tags of an object, of which S3 takes at most 10; no tags
// remove them. A missing object is fs.ErrNotExist.
func (s *Store) SetObjectTags(ctx context.Context, bucket, key string, tags map[string]string) error {
	const op = "SetObjectTags"
	if err := checkNames(op, bucket, key); err != nil {
		return err
	}
	if len(tags) == 0 {
		_, err := call(ctx, s, bucket, &s3.DeleteObjectTaggingInput{Bucket: &bucket, Key: &key}, s.client.DeleteObjectTagging)
		return wrapError(op, bucket, key, err)
	}
	set := make([]types.Tag, 0, len(tags))
	for name, value := range tags {
		if !validate.IsXML(name) || !validate.IsXML(value) {
			return wrapError(op, bucket, key, validate.Unsendable("tag", name))
		}
		set = append(set, types.Tag{Key: aws.String(name), Value: aws.String(value)})
	}
	_, err := call(ctx, s, bucket, &s3.PutObjectTaggingInput{Bucket: &bucket, Key: &key, Tagging: &types.Tagging{TagSet: set}}, s.client.PutObjectTagging)
	return wrapError(op, bucket, key, err)
}
