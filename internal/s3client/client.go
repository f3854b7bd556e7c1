// SPDX-License-Identifier: Apache-2.0

// Package s3client sends requests to S3 as this module has them: every request to a
// bucket with a known owner demands that owner, and follows the bucket into its
// region; the SDK's client checks answers and logs no secrets. It must not know files,
// STS, Lithops' configuration or what a request is for; the fast path and who owns what
// are given to it. Start reading at [Call], and at [NewSDK] for the client's options.
package s3client

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// Options configure a [Client].
type Options struct {
	SDK  *s3.Client
	Peer *s3http.Peer // what is known of the server; the SDK's client must use it too
	// Region is where buckets are unless they turn out to be elsewhere.
	Region string
	// Owner returns the account that must own a bucket, or nil if that is not known.
	Owner func(bucket string) *string
	// Customize may change the input of any operation before it is sent. It may be nil.
	Customize func(operation string, input any)
	// RequesterPays has the caller's account pay for requests to others' buckets.
	RequesterPays bool
	// IsObserved has each call named for the observer of its requests.
	IsObserved bool
	// IsRegion reports whether text may be a region. It becomes a part of a host.
	IsRegion func(text string) bool
	Log      *slog.Logger
}

// A Client sends requests to buckets. It is safe for concurrent use.
type Client struct {
	Options
	places places
}

// New returns a client.
func New(options Options) *Client { return &Client{Options: options} }

// Call makes one request to bucket, with send, which is a method of the SDK's client
// or stands in for one. It demands the bucket's owner, unless in does already. If S3
// answers that the bucket is in another region, it makes the request once more there
// (botocore's S3RegionRedirectorv2), and remembers the region. The request's body must
// be one that can be sent again.
func Call[In, Out any](ctx context.Context, c *Client, bucket string, in *In,
	send func(context.Context, *In, ...func(*s3.Options)) (*Out, error), options ...func(*s3.Options),
) (*Out, error) {
	if c.Customize == nil {
		return call(ctx, c, bucket, in, send, options)
	}
	own := *in // a caller that makes the request again has the input as it was before Customize
	out, err := call(ctx, c, bucket, &own, send, options)
	tellCRC32(in, &own)
	return out, err
}

func call[In, Out any](ctx context.Context, c *Client, bucket string, in *In,
	send func(context.Context, *In, ...func(*s3.Options)) (*Out, error), options []func(*s3.Options),
) (*Out, error) {
	c.Prepare(bucket, in)
	ctx = c.Named(ctx, bucket, in)
	region := c.BucketRegion(bucket)
	out, err := send(ctx, in, withRegion(options, region)...)
	if err == nil {
		return out, nil
	}
	actual := c.findRegion(ctx, bucket, err)
	if actual == "" || actual == region || (region == "" && actual == c.Region) {
		return out, err
	}
	c.Log.Info("the bucket is in another region than configured", "bucket", bucket, "region", actual, "configured", c.Region)
	c.places.put(bucket, actual)
	if err := rewind(in); err != nil {
		return nil, err
	}
	return send(ctx, in, withRegion(options, actual)...)
}

// tellCRC32 gives the input of a part the CRC32 of the one that was sent, which send may have
// computed.
func tellCRC32(given, sent any) {
	part, isPart := given.(*s3.UploadPartInput)
	own, _ := sent.(*s3.UploadPartInput)
	if isPart {
		part.ChecksumCRC32 = own.ChecksumCRC32
	}
}

// Named returns a context in which the observer is told the bucket and the key of a
// request. Call does this itself.
func (c *Client) Named(ctx context.Context, bucket string, in any) context.Context {
	if !c.IsObserved {
		return ctx
	}
	return s3http.WithCall(ctx, operationOf(in), bucket, keyOf(in))
}

// withRegion returns the options with one for the region, if there is one to set.
func withRegion(options []func(*s3.Options), region string) []func(*s3.Options) {
	if region == "" {
		return options
	}
	return append(options, InRegion(region))
}

// Prepare makes an input ready to be sent to bucket. Every input passes here. The
// owner is demanded last, so that Customize can't remove it.
func (c *Client) Prepare(bucket string, in any) {
	if c.RequesterPays {
		field := reflect.ValueOf(in).Elem().FieldByName("RequestPayer")
		if field.IsValid() && field.IsZero() {
			field.SetString(string(types.RequestPayerRequester))
		}
	}
	if c.Customize != nil {
		ownMetadata(in)
		c.Customize(operationOf(in), in)
	}
	c.demandOwner(bucket, in)
}

// ownMetadata gives an input a copy of its metadata. That of a put is the caller's map, which
// puts at the same time may share, and Customize may add to it.
func ownMetadata(in any) {
	field := reflect.ValueOf(in).Elem().FieldByName("Metadata")
	if !field.IsValid() {
		return
	}
	if shared, ok := field.Interface().(map[string]string); ok {
		field.Set(reflect.ValueOf(maps.Clone(shared)))
	}
}

// operationOf returns the operation that an input is of.
func operationOf(in any) string { return strings.TrimSuffix(reflect.TypeOf(in).Elem().Name(), "Input") }

// keyOf returns the key of an input, if it has one.
func keyOf(in any) string {
	field := reflect.ValueOf(in).Elem().FieldByName("Key")
	if !field.IsValid() || field.IsNil() {
		return ""
	}
	return field.Elem().String()
}

// ownerField is the field of an input that demands the bucket's owner. Nearly every
// operation of S3 on a bucket has it. sourceOwnerField is that of a copy's source.
const (
	ownerField       = "ExpectedBucketOwner"
	sourceOwnerField = "ExpectedSourceBucketOwner"
)

// demandOwner sets the owner that S3 must find, of every input that can demand one,
// and that does not demand another.
func (c *Client) demandOwner(bucket string, in any) {
	if account := c.Owner(bucket); account != nil {
		demand(in, ownerField, account)
	}
	source := ""
	switch in := in.(type) {
	case *s3.CopyObjectInput:
		source = sourceBucket(in.CopySource)
	case *s3.UploadPartCopyInput:
		source = sourceBucket(in.CopySource)
	}
	if source == "" {
		return
	}
	if account := c.Owner(source); account != nil {
		demand(in, sourceOwnerField, account)
	}
}

// demand sets a field of an input, if it has the field and that is not set.
func demand(in any, name string, account *string) {
	field := reflect.ValueOf(in).Elem().FieldByName(name)
	if field.IsValid() && field.IsNil() {
		field.Set(reflect.ValueOf(account))
	}
}

// sourceBucket returns the bucket of the header X-Amz-Copy-Source, or the ARN of an
// access point.
func sourceBucket(source *string) string {
	if source == nil {
		return ""
	}
	text := strings.TrimPrefix(*source, "/")
	if strings.HasPrefix(text, "arn:") {
		bucket, _, _ := strings.Cut(text, "/object/")
		return bucket
	}
	bucket, _, _ := strings.Cut(text, "/")
	return bucket
}

// rewind makes the body of a request ready to be sent again.
func rewind(in any) error {
	var body io.Reader
	switch in := in.(type) {
	case *s3.PutObjectInput:
		body = in.Body
	case *s3.UploadPartInput:
		body = in.Body
	}
	if seeker, ok := body.(io.Seeker); ok {
		_, err := seeker.Seek(0, io.SeekStart)
		return err
	}
	return nil
}
