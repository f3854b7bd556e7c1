// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// A PresignedRequest is a request that anyone who has it can send until it expires,
// without credentials. Its URL is a secret.
type PresignedRequest struct {
	Method string
	URL    string
	// Header must be sent with the request. It is empty for a URL that works by itself,
	// as in a browser.
	Header http.Header
	// Expires is when the server refuses the request: after the time that was asked for,
	// or earlier if the credentials that signed it expire before.
	Expires time.Time
}

// maxPresigned is how long S3 takes a presigned request at most.
const maxPresigned = 7 * 24 * time.Hour

// PresignGet returns a request to get an object, which is valid for the duration
// expires: at most 7 days. Conditions, the range and keys of opts are headers that
// must be sent with it. A range that HTTP can't express is an error: an empty one, and one
// that has both a Length and an Offset below 0.
//
// The first call for a bucket asks which region it is in; no other request is made,
// and the object need not exist. If the bucket's owner is demanded, see
// [BucketStatus], the URL demands it too.
func (s *Store) PresignGet(ctx context.Context, bucket, key string, expires time.Duration, opts *GetOptions) (*PresignedRequest, error) {
	const op = "PresignGet"
	if err := checkNames(op, bucket, key); err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &GetOptions{}
	}
	if err := checkKey(opts.SSECustomerKey); err != nil {
		return nil, wrapError(op, bucket, key, err)
	}
	if r := opts.Range; r != nil && !r.hasHeader() { // GetObject asks for the size first
		return nil, wrapError(op, bucket, key, fmt.Errorf("a presigned request can't ask for %d bytes from %d on: HTTP has no such range", r.Length, r.Offset))
	}
	in := s.getInput(bucket, key, opts)
	request, err := s.presign(ctx, bucket, in, expires, func(client *s3.PresignClient) (*v4.PresignedHTTPRequest, error) {
		return client.PresignGetObject(ctx, in)
	})
	return request, wrapError(op, bucket, key, err)
}

// PresignPut returns a request to put an object, like PresignGet. The options become
// headers that must be sent with it; Progress is not used. The server takes any body
// of up to 5 GiB.
func (s *Store) PresignPut(ctx context.Context, bucket, key string, expires time.Duration, opts *PutOptions) (*PresignedRequest, error) {
	const op = "PresignPut"
	if err := checkNames(op, bucket, key); err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &PutOptions{}
	}
	if err := opts.check(); err != nil {
		return nil, wrapError(op, bucket, key, err)
	}
	in := &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, ContentType: optional(opts.ContentType), Metadata: opts.Metadata, IfMatch: ifMatchOfWrite(opts.IfMatch),
	}
	if opts.IfAbsent {
		in.IfNoneMatch = aws.String("*")
	}
	opts.fields().set(in)
	request, err := s.presign(ctx, bucket, in, expires, func(client *s3.PresignClient) (*v4.PresignedHTTPRequest, error) {
		return client.PresignPutObject(ctx, in)
	})
	return request, wrapError(op, bucket, key, err)
}

// presign signs the input in with sign, where the bucket is.
func (s *Store) presign(ctx context.Context, bucket string, in any, expires time.Duration,
	sign func(*s3.PresignClient) (*v4.PresignedHTTPRequest, error),
) (*PresignedRequest, error) {
	if expires < time.Second || expires > maxPresigned {
		return nil, fmt.Errorf("a presigned request is valid from one second up to 7 days, not %s", expires)
	}
	region, err := s.s3.Locate(ctx, bucket)
	if err != nil {
		return nil, err
	}
	s.s3.Prepare(bucket, in)
	credentials, err := s.session.credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	now := s.peer.Clock.Now()
	if credentials.CanExpire {
		expires = min(expires, credentials.Expires.Sub(now).Truncate(time.Second))
	}
	if expires < time.Second {
		return nil, fmt.Errorf("the credentials expire at %s, too soon to sign a request for later", credentials.Expires.Format(time.RFC3339))
	}
	client := s3.NewPresignClient(s.client, func(o *s3.PresignOptions) {
		o.Presigner = s3http.NewSigner(&s.peer.Clock, s3client.UnescapedPath)
		o.Expires = expires
		o.ClientOptions = append(o.ClientOptions, s3client.InRegion(region), func(o *s3.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil })
			// The SDK makes a provider, and would else give that of s.client this client's keys.
			o.ExpressCredentials = nil
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // of a body that is not known
		})
	})
	signed, err := sign(client)
	if err != nil {
		return nil, err
	}
	signed.SignedHeader.Del("Host")
	return &PresignedRequest{Method: signed.Method, URL: signed.URL, Header: signed.SignedHeader, Expires: now.Add(expires).Truncate(time.Second)}, nil
}
