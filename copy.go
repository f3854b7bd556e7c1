// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/encoding/httpbinding"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/upload"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// CopyOptions are the options of CopyObject and MoveObject; nil is the zero value.
type CopyOptions struct {
	// PutOptions describe the copy. Its storage class and encryption are the bucket's
	// defaults unless they are set here. Nil Tags keep the source's.
	PutOptions
	// Source selects the version to copy and holds conditions on it, which are those of
	// GetObject. Its Range must be nil.
	Source GetOptions
	// ReplaceMetadata gives the copy the ContentType, Metadata, CacheControl,
	// ContentEncoding and ContentDisposition of PutOptions instead of the source's. It is
	// an error to set one of them without it.
	ReplaceMetadata bool
	// Listed describes the source as a listing did; it may be nil. CopyObject does not ask for
	// the description of an object of up to 16 MiB then. If the server refuses to copy it, for
	// example because it was replaced since, it is described and copied as without Listed.
	// Only Size and ETag are used. Listed is ignored with a Source that has conditions, a
	// version or a key, and by MoveObject.
	Listed *ObjectInfo

	maxCopy int64 // the largest object to copy with one request; 0 is S3's limit
}

// describes reports whether the options have something that ReplaceMetadata replaces.
func (o *CopyOptions) describes() bool {
	return o.ContentType != "" || len(o.Metadata) > 0 || o.CacheControl != "" || o.ContentEncoding != "" || o.ContentDisposition != ""
}

func (o *CopyOptions) check() error {
	switch {
	case o.Source.Range != nil:
		return errors.New("a part of an object can't be copied: CopyOptions.Source has a Range")
	case !o.ReplaceMetadata && o.describes():
		return errors.New("a copy keeps the content type and metadata of its source: set CopyOptions.ReplaceMetadata to replace all of them")
	}
	return errors.Join(checkKey(o.Source.SSECustomerKey), o.PutOptions.check())
}

// fields returns the options of all requests of a copy.
func (o *CopyOptions) fields() inputFields {
	fields := o.PutOptions.fields().addKey("CopySource", o.Source.SSECustomerKey)
	if o.ReplaceMetadata {
		fields = fields.add("MetadataDirective", string(types.MetadataDirectiveReplace))
	}
	if o.Tags != nil {
		fields = fields.add("TaggingDirective", string(types.TaggingDirectiveReplace))
	}
	return fields
}

// CopyObject has the server copy an object: no byte of it comes here. It asks for the
// source's description first (but see CopyOptions.Listed), and copies that version or fails
// with ErrPrecondition.
// An object of more than 5 GiB is copied in parts of 256 MiB, up to 24 at once. If the
// server takes longer than this client waits, it is asked for parts of 16 MiB.
//
// The copy keeps the source's content type, metadata and tags, or gets those of opts.
// The two buckets may be in different regions, of one partition of AWS. Conditions of
// opts.PutOptions hold for what is at the destination, those of opts.Source for the
// source. A missing source is fs.ErrNotExist. On an error nothing is stored.
func (s *Store) CopyObject(ctx context.Context, fromBucket, fromKey, bucket, key string, opts *CopyOptions) error {
	const op = "CopyObject"
	c, err := s.newCopying(op, fromBucket, fromKey, bucket, key, opts)
	if err != nil {
		return err
	}
	isDone, refusal := c.copyListed(ctx)
	if isDone {
		return refusal
	}
	if err := c.describe(ctx); err != nil {
		return err
	}
	if refusal != nil && c.isAsListed() { // the same request would be refused again
		return refusal
	}
	_, err = c.copy(ctx)
	return err
}

// A copying is one CopyObject or MoveObject.
type copying struct {
	store               *Store
	op                  string
	fromBucket, fromKey string
	bucket, key         string
	opts                CopyOptions
	source              *s3.HeadObjectOutput
	// describeLater is upload.Source's, of a source that was listed.
	describeLater func(context.Context) (int64, checksum.Sum, error)
}

func (s *Store) newCopying(op, fromBucket, fromKey, bucket, key string, opts *CopyOptions) (*copying, error) {
	if err := checkNames(op, fromBucket, fromKey); err != nil {
		return nil, err
	}
	if err := checkNames(op, bucket, key); err != nil {
		return nil, err
	}
	c := &copying{store: s, op: op, fromBucket: fromBucket, fromKey: fromKey, bucket: bucket, key: key}
	if opts != nil {
		c.opts = *opts
	}
	return c, wrapError(op, bucket, key, c.opts.check())
}

// describe finds out what the source is.
func (c *copying) describe(ctx context.Context) (err error) {
	c.source, err = c.store.head(ctx, c.fromBucket, c.fromKey, &c.opts.Source, c.store.client.HeadObject, c.store.askChecksum)
	return wrapError(c.op, c.fromBucket, c.fromKey, err)
}

// copyListed makes the copy of what was listed, with one request. It reports false if the
// source must be described: nothing was listed, it is large, or the server refuses. The
// listing may be why: the object was replaced or deleted since, or the ETag or the size is
// another than a HEAD's. If it is not, only a HEAD tells an error of the source from one of
// the destination.
func (c *copying) copyListed(ctx context.Context) (isDone bool, err error) {
	listed, options := c.opts.Listed, c.uploadOptions()
	if listed == nil || !reflect.ValueOf(c.opts.Source).IsZero() || !isCondition(listed.ETag) || listed.Size < 0 ||
		listed.Size > min(options.SlowCopy(), cmp.Or(c.opts.maxCopy, upload.MaxCopy)) {
		return false, nil
	}
	c.source, c.describeLater = &s3.HeadObjectOutput{ContentLength: &listed.Size, ETag: &listed.ETag}, c.describeListed
	_, err = c.copy(ctx)
	c.describeLater = nil
	return !isRefusal(err), err
}

// isAsListed reports whether the source's description agrees with the listing.
func (c *copying) isAsListed() bool {
	return aws.ToString(c.source.ETag) == c.opts.Listed.ETag && *c.source.ContentLength == c.opts.Listed.Size
}

// describeListed describes the version of the source that was listed.
func (c *copying) describeListed(ctx context.Context) (int64, checksum.Sum, error) {
	opts := GetOptions{IfMatch: *c.source.ETag}
	found, err := c.store.head(ctx, c.fromBucket, c.fromKey, &opts, c.store.client.HeadObject, c.store.askChecksum)
	if err != nil {
		return 0, checksum.Sum{}, err
	}
	return *found.ContentLength, upload.HeadChecksum(found), nil
}

// isCondition reports whether a header can hold an ETag of a listing, and it stands for the
// very bytes of an object.
func isCondition(etag string) bool {
	return strongETag(etag) != nil && validate.Header(http.Header{"Etag": {etag}}) == nil
}

// isRefusal reports whether a server refused a copy, so that nothing was stored, and would
// refuse the same request later. If the outcome of the copy is not known, that is no refusal,
// even if the HEAD that asked for it was refused.
func isRefusal(err error) bool {
	status := answerStatus(err)
	return status >= 400 && status < 500 && !s3http.IsRetryable(err) && !errors.Is(err, upload.ErrOutcomeUnknown)
}

// copy makes the copy and returns its ETag, or "" if that is not known.
func (c *copying) copy(ctx context.Context) (string, error) {
	options, began := c.uploadOptions(), time.Now()
	if options.IfMatch != nil {
		if err := checkIfMatch(*options.IfMatch); err != nil {
			return "", wrapError(c.op, c.bucket, c.key, err)
		}
	}
	etag, err := c.copyUpTo(ctx, cmp.Or(c.opts.maxCopy, upload.MaxCopy), options)
	if errors.Is(err, upload.ErrTooSlow) {
		options.Began = began
		etag, err = c.copyUpTo(ctx, options.SlowCopy(), options)
	}
	if c.opts.IfMatch == "" && !c.opts.IfAbsent && err != nil {
		err = explainChange(err) // the only condition is that the source is still the same
	}
	return etag, wrapUpload(c.op, c.bucket, c.key, err)
}

// copyUpTo copies with one request up to limit bytes, and in parts beyond.
func (c *copying) copyUpTo(ctx context.Context, limit int64, options upload.Options) (string, error) {
	fields, size := c.opts.fields(), aws.ToInt64(c.source.ContentLength)
	if size > limit {
		options.Algorithm = c.store.checksumAlgorithm()
		if !c.opts.ReplaceMetadata {
			options.ContentType, options.Metadata = aws.ToString(c.source.ContentType), c.source.Metadata
		}
		kept, err := c.kept(ctx)
		if err != nil {
			return "", err
		}
		fields = append(fields, kept...)
	}
	return upload.Copy(ctx, storeClient{c.store, fields, c.keepExpires()}, upload.Source{
		Name: copySource(c.fromBucket, c.fromKey, c.opts.Source.VersionID),
		Size: size, ETag: strongETag(aws.ToString(c.source.ETag)), Sum: upload.HeadChecksum(c.source), Describe: c.describeLater,
	}, options, limit)
}

func (c *copying) uploadOptions() upload.Options {
	options := upload.Options{
		Bucket: c.bucket, Key: c.key, IfMatch: ifMatchOfWrite(c.opts.IfMatch), IfAbsent: c.opts.IfAbsent,
		Progress: reportTo(c.opts.Progress), CreateGrace: c.store.pace.create, Settle: c.store.pace.settle, Scale: c.store.pace.scale, AtOnce: c.opts.Parallel,
	}
	if c.opts.ReplaceMetadata {
		options.ContentType, options.Metadata = c.opts.ContentType, c.opts.Metadata
	}
	return options
}

// kept returns the headers and tags of the source that a copy in parts must send
// itself, because S3 has directives to keep them only for CopyObject.
func (c *copying) kept(ctx context.Context) (inputFields, error) {
	var fields inputFields
	if !c.opts.ReplaceMetadata {
		if aws.ToInt32(c.source.MissingMeta) > 0 {
			return nil, &Error{Op: c.op, Bucket: c.fromBucket, Key: c.fromKey, Err: errors.New("it has metadata that no header can hold, so that a copy in parts would lose it: set CopyOptions.ReplaceMetadata")}
		}
		fields = fields.add("CacheControl", aws.ToString(c.source.CacheControl)).
			add("ContentDisposition", aws.ToString(c.source.ContentDisposition)).
			add("ContentEncoding", aws.ToString(c.source.ContentEncoding)).
			add("ContentLanguage", aws.ToString(c.source.ContentLanguage)).
			add("WebsiteRedirectLocation", aws.ToString(c.source.WebsiteRedirectLocation))
	}
	if c.opts.Tags != nil || aws.ToInt32(c.source.TagCount) == 0 {
		return fields, nil
	}
	tags, err := c.store.objectTags(ctx, c.fromBucket, c.fromKey, c.opts.Source.VersionID)
	return fields.add("Tagging", encodeTags(tags)), wrapError(c.op, c.fromBucket, c.fromKey, err)
}

// keepExpires returns options of the request that begins a copy in parts, with which the copy
// keeps the source's header Expires. It is sent as it came, because it need not be a date, and
// the SDK's input takes nothing else.
func (c *copying) keepExpires() []func(*s3.Options) {
	expires := aws.ToString(c.source.ExpiresString)
	if expires == "" || c.opts.ReplaceMetadata {
		return nil
	}
	return []func(*s3.Options){withStep(smithyhttp.SetHeaderValue("Expires", expires))}
}

// copySource returns the header X-Amz-Copy-Source for an object.
func copySource(bucket, key, version string) string {
	separator := "/"
	if strings.HasPrefix(bucket, "arn:") {
		separator = "/object/"
	}
	source := bucket + separator + httpbinding.EscapePath(key, false)
	if version != "" {
		source += "?versionId=" + httpbinding.EscapePath(version, false)
	}
	return source
}

// CopyObject has the server copy an object.
func (c storeClient) CopyObject(ctx context.Context, in *s3.CopyObjectInput, isLarge bool) (*s3.CopyObjectOutput, error) {
	if isLarge {
		return sendWith(ctx, c, in.Bucket, in, c.store.client.CopyObject, withoutTimeouts)
	}
	return sendWith(ctx, c, in.Bucket, in, c.store.client.CopyObject)
}

// UploadPartCopy has the server copy a part of an object.
func (c storeClient) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (*s3.UploadPartCopyOutput, error) {
	return sendWith(ctx, c, in.Bucket, in, c.store.client.UploadPartCopy)
}
