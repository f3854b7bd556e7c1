package lithopss3

import (
	"context"
	"io"
	"net/http"
	"os"
	"sync"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// A hotPath sends puts, parts, gets and heads without the SDK's middleware, which
// costs several times what net/http and a signature do. It takes after the SDK:
// the first request of an operation to a bucket goes through the SDK, and the
// ones after it are made in its pattern (endpoint, addressing, signing region,
// headers). Whatever is not plain success goes back to the SDK: an unusual input
// before anything is sent, any other answer or a broken connection as the outcome
// of a first attempt, so that errors, retries and back-off are the SDK's own.
//
// Its methods stand in for those of s3.Client. It is safe for concurrent use.
type hotPath struct {
	client      *s3.Client
	http        *s3http.Client
	credentials aws.CredentialsProvider
	regions     func(bucket string) string
	askChecksum func(*s3.Options)
	off         bool
	lambda      bool // whether a trace id goes along
	patterns    *patterns
}

// patterns are those that are known. It is safe for concurrent use.
type patterns struct {
	mu sync.RWMutex
	of map[place]*pattern
}

// A place is where a pattern holds.
type place struct{ operation, bucket, region string }

func newHotPath(s *Store, client *s3http.Client, off bool) *hotPath {
	_, lambda := os.LookupEnv("AWS_LAMBDA_FUNCTION_NAME")
	return &hotPath{
		client: s.client, http: client, credentials: s.session.credentials, regions: s.s3.BucketRegion,
		askChecksum: s.askChecksum, off: off, lambda: lambda, patterns: &patterns{of: map[place]*pattern{}},
	}
}

// GetObject is s3.Client's.
func (h *hotPath) GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return direct(ctx, h, operation[s3.GetObjectInput, s3.GetObjectOutput]{
		name: "GetObject", method: http.MethodGet, sdk: h.getBySDK, fill: fillGet, output: getOutput,
	}, in.Bucket, in.Key, in, options)
}

// getBySDK leaves the comparison of checksums to the body that GetObject hands out.
func (h *hotPath) getBySDK(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return h.client.GetObject(ctx, in, append(options, h.askChecksum)...)
}

// HeadObject is s3.Client's.
func (h *hotPath) HeadObject(ctx context.Context, in *s3.HeadObjectInput, options ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return direct(ctx, h, operation[s3.HeadObjectInput, s3.HeadObjectOutput]{
		name: "HeadObject", method: http.MethodHead, sdk: h.client.HeadObject, fill: fillHead, output: headOutput,
	}, in.Bucket, in.Key, in, options)
}

// PutObject is s3.Client's. An input without the CRC32 that the request had to have
// gets it.
func (h *hotPath) PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	return direct(ctx, h, operation[s3.PutObjectInput, s3.PutObjectOutput]{
		name: "PutObject", method: http.MethodPut, sdk: h.client.PutObject, fill: fillPut, output: putOutput,
	}, in.Bucket, in.Key, in, options)
}

// UploadPart is s3.Client's. An input gets its CRC32, as PutObject's does.
func (h *hotPath) UploadPart(ctx context.Context, in *s3.UploadPartInput, options ...func(*s3.Options)) (*s3.UploadPartOutput, error) {
	return direct(ctx, h, operation[s3.UploadPartInput, s3.UploadPartOutput]{
		name: "UploadPart", method: http.MethodPut, sdk: h.client.UploadPart, fill: fillPart, output: partOutput,
	}, in.Bucket, in.Key, in, options)
}

// An operation is what sets one method apart from another.
type operation[In, Out any] struct {
	name, method string
	sdk          func(context.Context, *In, ...func(*s3.Options)) (*Out, error)
	fill         func(*hotRequest, *In) bool         // false for an input that only the SDK can send
	output       func(*pattern, *http.Response) *Out // nil for an answer that only the SDK can read; its body is untouched then
}

// direct makes one call. Its options must be none but the region's, which it
// knows by itself.
func direct[In, Out any](ctx context.Context, h *hotPath, op operation[In, Out], bucket, key *string, in *In, options []func(*s3.Options)) (*Out, error) {
	if h.off || bucket == nil || key == nil || !utf8.ValidString(*key) {
		return op.sdk(ctx, in, options...)
	}
	at := place{op.name, *bucket, h.regions(*bucket)}
	if len(options) > 1 || len(options) == 1 && at.region == "" {
		return op.sdk(ctx, in, options...)
	}
	request := hotRequests.Get().(*hotRequest)
	defer request.release()
	request.reset(op.method, *key)
	if !op.fill(request, in) || (h.lambda && !request.addTrace()) {
		return op.sdk(ctx, in, options...)
	}
	pattern := h.patterns.get(at)
	if pattern == nil {
		return op.sdk(ctx, in, append(options, through(&learner{path: h, at: at, key: *key, query: request.query}))...)
	}
	first, err := h.attempt(ctx, request, pattern)
	if err != nil {
		return nil, err // the SDK would ask for credentials once more
	}
	if first == nil {
		return op.sdk(ctx, in, options...)
	}
	if first.err == nil && proof.CheckHead(op.name, first.response, request.value("range")) == nil {
		if out := op.output(pattern, first.response); out != nil {
			return out, nil
		}
	}
	if first.err == nil && s3http.IsSkewed(first.response) {
		_ = first.response.Body.Close()
		return op.sdk(ctx, in, options...) // with the corrected clock
	}
	defer first.close()
	return op.sdk(ctx, in, append(options, through(first))...)
}

// attempt makes a first attempt, or returns nil if only the SDK can. An error is
// that of the credentials.
func (h *hotPath) attempt(ctx context.Context, r *hotRequest, p *pattern) (*replay, error) {
	if !p.plain {
		return nil, nil
	}
	credentials, err := h.credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	payload, ok := r.addBody(p)
	if !ok {
		return nil, nil
	}
	response, err := r.send(ctx, h.http, p, &credentials, payload)
	if r.large == nil {
		return &replay{next: h.http, response: response, err: err}, nil
	}
	_ = r.large.Close() // net/http may still read
	if back := r.large.rewind(); back != nil && err == nil {
		_ = response.Body.Close()
		response, err = nil, back
	}
	return &replay{next: h.http, response: response, err: err}, nil
}

func (p *patterns) get(at place) *pattern {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.of[at]
}

func (p *patterns) put(at place, found *pattern) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of[at] = found
}

func through(client s3.HTTPClient) func(*s3.Options) {
	return func(o *s3.Options) { o.HTTPClient = client }
}

// A learner learns the pattern of a request that the SDK sends with success.
type learner struct {
	path       *hotPath
	at         place
	key, query string
}

// Do sends the request.
func (r *learner) Do(request *http.Request) (*http.Response, error) {
	found := newPattern(request, r.at.operation, r.key, r.query)
	response, err := r.path.http.Do(request)
	if err == nil && response.StatusCode/100 == 2 {
		r.path.patterns.put(r.at, found)
	}
	return response, err
}

// A replay gives the SDK the outcome of an attempt that was made without it, and
// sends what the SDK makes of it: the second attempt and those after it.
type replay struct {
	next     *s3http.Client
	response *http.Response
	err      error
	given    bool
}

// Do answers the first attempt and sends the others.
func (r *replay) Do(request *http.Request) (*http.Response, error) {
	if r.given {
		return r.next.Do(request)
	}
	r.given = true
	if request.Body != nil {
		// The SDK wants the checksum of what was sent.
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return nil, err
		}
	}
	return r.response, r.err
}

// close ends an answer that the SDK did not ask for, as ctx was done.
func (r *replay) close() {
	if !r.given && r.response != nil {
		_ = r.response.Body.Close()
	}
}
