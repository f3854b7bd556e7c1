// SPDX-License-Identifier: Apache-2.0

// Package fastpath sends puts, parts, gets and heads to S3 without the SDK's
// middleware, which costs several times what net/http and a signature do. It must not
// know who owns a bucket, where it is, or what a request is for: it is given a client
// of the SDK, whose requests it takes as templates and which sends
// everything else. Start reading at do, which makes one call.
package fastpath

import (
	"context"
	"errors"
	"net/http"
	"os"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/progress"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// Options configure a [Client].
type Options struct {
	// SDK makes the requests that templates are taken from, and all others that
	// the fast path does not know.
	SDK *s3.Client
	// HTTP sends the requests. The SDK must use it too.
	HTTP        *s3http.Client
	Credentials aws.CredentialsProvider
	// Region returns the region of a bucket that is in another than the SDK's client
	// is for, else "".
	Region func(bucket string) string
	// OfGets is an option of all gets that the SDK makes. It may be nil.
	OfGets func(*s3.Options)
	// First returns what the first small put to a bucket in a region ("" for the SDK's)
	// is like, with an empty key, or nil if only the SDK knows. It may be nil.
	First func(bucket, region string) *http.Request
	// SDKOnly leaves every request to the SDK.
	SDKOnly bool
}

// A Client stands in for some methods of s3.Client, which it returns the same outputs
// and errors as.
//
// The first request of an operation to a bucket goes through the SDK, and the ones
// after it are made like it (endpoint, addressing, signing region, headers). Of a small
// put, Options.First may tell what it is like, until such a put fails. Whatever
// is not success goes back to the SDK: an unusual input before anything is sent, any
// other answer or a broken connection as the outcome of a first attempt, so that
// errors, retries and back-off are the SDK's own.
//
// It is safe for concurrent use.
type Client struct {
	Options
	onLambda   bool // whether a trace ID is sent
	isCounting bool // whether HTTP counts, which the SDK's own client does not
	templates  *templates
}

// New returns a client. It makes no request.
func New(options Options) *Client {
	if options.OfGets == nil {
		options.OfGets = func(*s3.Options) {}
	}
	_, onLambda := os.LookupEnv("AWS_LAMBDA_FUNCTION_NAME")
	return &Client{Options: options, onLambda: onLambda, templates: &templates{}}
}

// Counting returns a client for one put or part, whose body it counts. It is c itself
// if sending is nil.
func (c *Client) Counting(sending *progress.Sending) *Client {
	if sending == nil {
		return c
	}
	counting := *c
	counting.HTTP = c.HTTP.Counting(sending)
	counting.isCounting = true
	return &counting
}

// GetObject is s3.Client's.
func (c *Client) GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return do(ctx, c, operation[s3.GetObjectInput, s3.GetObjectOutput]{
		name: "GetObject", method: http.MethodGet, sdk: c.getBySDK, encode: encodeGet, decode: decodeGet,
	}, in.Bucket, in.Key, in, options)
}

func (c *Client) getBySDK(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return c.SDK.GetObject(ctx, in, append(options, c.OfGets)...)
}

// HeadObject is s3.Client's.
func (c *Client) HeadObject(ctx context.Context, in *s3.HeadObjectInput, options ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return do(ctx, c, operation[s3.HeadObjectInput, s3.HeadObjectOutput]{
		name: "HeadObject", method: http.MethodHead, sdk: c.SDK.HeadObject, encode: encodeHead, decode: decodeHead,
	}, in.Bucket, in.Key, in, options)
}

// PutObject is s3.Client's. It sets the CRC32 of an input that has none, if the request
// had to have one.
func (c *Client) PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	return do(ctx, c, operation[s3.PutObjectInput, s3.PutObjectOutput]{
		name: "PutObject", method: http.MethodPut, sdk: c.putBySDK, encode: encodePut, decode: decodePut,
		setCRC32: func(in *s3.PutObjectInput, sum string) { in.ChecksumCRC32 = &sum },
	}, in.Bucket, in.Key, in, options)
}

func (c *Client) putBySDK(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	return c.SDK.PutObject(ctx, in, c.counted(options)...)
}

// UploadPart is s3.Client's. It sets the CRC32 as PutObject does.
func (c *Client) UploadPart(ctx context.Context, in *s3.UploadPartInput, options ...func(*s3.Options)) (*s3.UploadPartOutput, error) {
	return do(ctx, c, operation[s3.UploadPartInput, s3.UploadPartOutput]{
		name: "UploadPart", method: http.MethodPut, sdk: c.partBySDK, encode: encodePart, decode: decodePart,
		setCRC32: func(in *s3.UploadPartInput, sum string) { in.ChecksumCRC32 = &sum },
	}, in.Bucket, in.Key, in, options)
}

func (c *Client) partBySDK(ctx context.Context, in *s3.UploadPartInput, options ...func(*s3.Options)) (*s3.UploadPartOutput, error) {
	return c.SDK.UploadPart(ctx, in, c.counted(options)...)
}

// counted returns the options of a call of the SDK whose body is counted. Options for
// another HTTP client come later, and send through c.HTTP.
func (c *Client) counted(options []func(*s3.Options)) []func(*s3.Options) {
	if !c.isCounting {
		return options
	}
	return append([]func(*s3.Options){through(c.HTTP)}, options...)
}

// An operation is how one method differs from another.
type operation[In, Out any] struct {
	name, method string
	sdk          func(context.Context, *In, ...func(*s3.Options)) (*Out, error)
	// encode reports whether the request can have all of the input.
	encode func(*request, *In) bool
	// decode returns nil for an answer that only the SDK can read, with its body
	// untouched.
	decode func(*http.Response) *Out
	// setCRC32 gives the input the CRC32 that was computed; nil if there is no body.
	setCRC32 func(in *In, sum string)
}

// do makes one call. Its options may be none but the region's, which it knows by
// itself.
func do[In, Out any](ctx context.Context, c *Client, op operation[In, Out], bucket, key *string, in *In, options []func(*s3.Options)) (*Out, error) {
	if c.SDKOnly || aws.ToString(bucket) == "" || aws.ToString(key) == "" || !utf8.ValidString(*key) {
		return op.sdk(ctx, in, options...)
	}
	at := templateKey{op.name, *bucket, c.Region(*bucket)}
	if len(options) > 1 || len(options) == 1 && at.region == "" {
		return op.sdk(ctx, in, options...)
	}
	r := newRequest(op.method, *key)
	defer r.release()
	if !op.encode(r, in) || c.onLambda && !r.addTrace() {
		return op.sdk(ctx, in, options...)
	}
	known := c.templates.get(at)
	if known == nil {
		known = c.first(at, r)
	}
	if known == nil {
		known = c.templates.learn(ctx, at)
	}
	if known == nil {
		defer c.templates.end(at)
		return op.sdk(ctx, in, append(options, through(&recorder{client: c, at: at, key: *key, query: r.query}))...)
	}
	first, err := c.tryOnce(ctx, r, known)
	if r.computedCRC32 != "" {
		op.setCRC32(in, r.computedCRC32)
	}
	if err == errOnlySDK { //nolint:errorlint // it is not wrapped
		return op.sdk(ctx, in, options...)
	}
	if err != nil {
		return nil, err // of the credentials, which the SDK would ask for once more
	}
	if first.err == nil && proof.CheckHead(op.name, first.response, r.askedRange) == nil {
		if out := op.decode(first.response); out != nil {
			return out, nil
		}
	}
	if known.isUnproven {
		c.templates.refuse(at, known)
	}
	if first.err == nil && s3http.IsSkewed(first.response) {
		_ = first.response.Body.Close()
		return op.sdk(ctx, in, options...) // with the corrected clock
	}
	replayed := &replayedAttempt{next: c.HTTP, first: first}
	defer replayed.close()
	return op.sdk(ctx, in, append(options, through(replayed))...)
}

// errOnlySDK is returned for a request that only the SDK can make.
var errOnlySDK = errors.New("only the SDK can make this request")

// An outcome is the result of an attempt.
type outcome struct {
	response *http.Response
	err      error
}

// tryOnce makes a first attempt. Its error is errOnlySDK or that of the credentials.
func (c *Client) tryOnce(ctx context.Context, r *request, t *template) (outcome, error) {
	if !t.isUsable {
		return outcome{}, errOnlySDK
	}
	credentials, err := c.retrieve(ctx, t)
	if err != nil {
		return outcome{}, err
	}
	payload, ok := r.addBody(t)
	if !ok {
		return outcome{}, errOnlySDK
	}
	response, err := r.send(ctx, c.HTTP, t, &credentials, payload)
	if r.large == nil {
		return outcome{response, err}, nil
	}
	_ = r.large.Close() // net/http may still read
	if rewindErr := r.large.rewind(); rewindErr != nil && err == nil {
		_ = response.Body.Close()
		return outcome{err: rewindErr}, nil
	}
	return outcome{response, err}, nil
}

// retrieve returns what a request is signed with, and none for one that is not signed.
func (c *Client) retrieve(ctx context.Context, t *template) (aws.Credentials, error) {
	if t.isAnonymous {
		return aws.Credentials{}, nil
	}
	return c.Credentials.Retrieve(ctx)
}

func through(client s3.HTTPClient) func(*s3.Options) {
	return func(o *s3.Options) { o.HTTPClient = client }
}
