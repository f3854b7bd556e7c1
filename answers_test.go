// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/faultproxy"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An oddAnswer is an answer with a 2xx, or the like, that no sound server gives.
type oddAnswer struct {
	status int
	header http.Header
	body   func() io.Reader
	// breaks is whether the answer breaks off, so that every operation is tried again.
	breaks bool
	// isDocument is whether the body is the matter, so that it says nothing to an
	// operation whose answer has none, or any.
	isDocument bool
}

func textBody(text string) func() io.Reader {
	return func() io.Reader { return strings.NewReader(text) }
}

func oddAnswers() map[string]oddAnswer {
	answers := map[string]oddAnswer{
		"nothing":            {status: 200, body: textBody(""), breaks: true, isDocument: true},
		"blank":              {status: 200, body: textBody(" \r\n\t "), breaks: true, isDocument: true},
		"HTML":               {status: 200, body: textBody("<html><body>Sign in</body></html>"), isDocument: true},
		"HTML of today":      {status: 200, body: textBody("<!DOCTYPE html><html><head><meta charset=utf-8><br></head></html>"), isDocument: true},
		"JSON":               {status: 200, body: textBody(`{"error": null}`), isDocument: true},
		"text":               {status: 200, body: textBody("ok"), isDocument: true},
		"an error":           {status: 200, body: textBody("<Error><Code>InternalError</Code><Message>m</Message></Error>"), breaks: true, isDocument: true},
		"an error, declared": {status: 200, body: textBody("<?xml version=\"1.0\"?>\n  <Error><Code>SlowDown</Code></Error>"), breaks: true, isDocument: true},
		"another root":       {status: 200, body: textBody("<Other><UploadId>x</UploadId></Other>"), isDocument: true},
		"a cut root":         {status: 200, body: textBody("<Oth"), breaks: true, isDocument: true},
		"closed in the body": {status: 200, body: func() io.Reader {
			return io.MultiReader(strings.NewReader("<"), iotest.ErrReader(io.ErrUnexpectedEOF))
		}, breaks: true, isDocument: true},
		"201":           {status: 201, body: textBody("")},
		"202":           {status: 202, body: textBody("")},
		"203":           {status: 203, body: textBody("")},
		"206":           {status: 206, body: textBody("")},
		"301":           {status: 301, body: textBody("")},
		"an odd length": {status: 200, header: http.Header{"Content-Length": {"many"}, "Etag": {`"e"`}}, body: textBody("")},
	}
	return answers
}

// An answeredOp is an operation whose requests of a kind are answered oddly.
type answeredOp struct {
	root string // of a sound answer; "" if it has none
	// retried is whether an answer without proof is sent again.
	retried bool
	// blankIsFine reports whether a sound server may answer with a blank 200.
	blankIsFine bool
	// anyBody is whether the body is an object's, or none comes.
	anyBody bool
	run     func(ctx context.Context, s *lithopss3.Store, id string) error
	// more holds answers that are wrong for this operation alone.
	more map[string]oddAnswer
	// fine are answers of those above that are success, or tell nothing to this one.
	fine []string
	// requests are how many other answers take than the rules say.
	requests map[string]int
}

// multipartBody is a stream that needs two parts.
func multipartBody() io.Reader {
	return struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 5*unit+1))}
}

func answeredOps() map[string]answeredOp {
	type store = *lithopss3.Store
	puts := func(ctx context.Context, s store, _ string) error {
		return s.PutObject(ctx, "bucket", "key", multipartBody(), nil)
	}
	status := func(of func(*lithopss3.BucketStatus) *bool) func(context.Context, store, string) error {
		return func(ctx context.Context, s store, _ string) error {
			status, err := s.BucketStatus(ctx, "bucket")
			if err == nil && of(status) == nil {
				return errors.New("unknown")
			}
			return err
		}
	}
	etag := http.Header{"Etag": {`"e"`}}
	document := func(text string) oddAnswer { return oddAnswer{status: 200, body: textBody(text)} }
	cut := func(text string) oddAnswer { return oddAnswer{status: 200, body: textBody(text), breaks: true} }
	get := func(opts *lithopss3.GetOptions) func(context.Context, store, string) error {
		return func(ctx context.Context, s store, _ string) error {
			object, err := s.GetObject(ctx, "bucket", "key", opts)
			if err != nil {
				return err
			}
			_, err = io.ReadAll(object.Body)
			return errors.Join(err, object.Body.Close())
		}
	}
	return map[string]answeredOp{
		"PutObject": {
			retried: true,
			run: func(ctx context.Context, s store, _ string) error {
				return s.PutObject(ctx, "bucket", "key", strings.NewReader("after"), nil)
			},
			more: map[string]oddAnswer{
				"204 with an ETag": {status: 204, header: etag, body: textBody("")}, "an empty ETag": {status: 200, header: http.Header{"Etag": {""}}, body: textBody("")},
				"HTML with an ETag": {status: 200, header: etag, body: textBody("<html></html>")},
			},
		},
		"UploadPart": {
			retried: true, run: puts,
			more: map[string]oddAnswer{
				"204 with an ETag": {status: 204, header: etag, body: textBody("")}, "an empty ETag": {status: 200, header: http.Header{"Etag": {" "}}, body: textBody("")},
			},
		},
		"CreateMultipartUpload": {
			root: "InitiateMultipartUploadResult", run: puts,
			more: map[string]oddAnswer{
				"no ID":       document("<InitiateMultipartUploadResult><Bucket>bucket</Bucket></InitiateMultipartUploadResult>"),
				"an empty ID": document("<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>"),
				"a blank ID":  document("<InitiateMultipartUploadResult><UploadId> </UploadId></InitiateMultipartUploadResult>"),
				"cut":         cut("<InitiateMultipartUploadResult><UploadId>x</UploadId>"),
			},
		},
		"CompleteMultipartUpload": {
			root: "CompleteMultipartUploadResult", retried: true, run: puts,
			more: map[string]oddAnswer{"cut": cut("  <CompleteMultipartUploadResult><ETag>x")},
		},
		"CopyObject": {
			root: "CopyObjectResult", retried: true,
			run: func(ctx context.Context, s store, _ string) error {
				return s.CopyObject(ctx, "bucket", "key2", "bucket", "never there", nil)
			},
			more: map[string]oddAnswer{
				"cut": cut("<CopyObjectResult><ETag>x"), "no ETag": document("<CopyObjectResult><LastModified/></CopyObjectResult>"),
			},
		},
		"UploadPartCopy": {
			root: "CopyPartResult", retried: true,
			run: func(ctx context.Context, s store, _ string) error {
				return s.CopyObject(ctx, "bucket", "key2", "bucket", "never there", lithopss3.CopyInParts(&lithopss3.CopyOptions{}, 1))
			},
			more: map[string]oddAnswer{"cut": cut("<CopyPartResult><ETag>x"), "no ETag": document("<CopyPartResult></CopyPartResult>")},
		},
		"ListObjectVersions": {
			root: "ListVersionsResult",
			run: func(ctx context.Context, s store, _ string) error {
				for _, err := range s.ListVersions(ctx, "bucket", "") {
					if err != nil {
						return err
					}
				}
				return nil
			},
			more: map[string]oddAnswer{"cut": cut("<ListVersionsResult><Version>")},
		},
		"ListBuckets": {
			root: "ListAllMyBucketsResult",
			run: func(ctx context.Context, s store, _ string) error {
				for _, err := range s.ListBuckets(ctx) {
					if err != nil {
						return err
					}
				}
				return nil
			},
			more: map[string]oddAnswer{"cut": cut("<ListAllMyBucketsResult><Buckets>")},
		},
		"GetObjectTagging": {
			root: "Tagging",
			run:  func(ctx context.Context, s store, _ string) error { return second(s.ObjectTags(ctx, "bucket", "key")) },
			more: map[string]oddAnswer{"cut": cut("<Tagging><TagSet>")},
		},
		"PutObjectTagging": {
			blankIsFine: true,
			run: func(ctx context.Context, s store, _ string) error {
				return s.SetObjectTags(ctx, "bucket", "key", map[string]string{"a": "b"})
			},
		},
		"DeleteObjectTagging": {
			blankIsFine: true,
			run:         func(ctx context.Context, s store, _ string) error { return s.SetObjectTags(ctx, "bucket", "key", nil) },
		},
		"AbortMultipartUpload": {
			blankIsFine: true,
			run: func(ctx context.Context, s store, id string) error {
				return s.AbortUpload(ctx, "bucket", lithopss3.OpenUpload{Key: "key", ID: id})
			},
		},
		"ListMultipartUploads": {
			root: "ListMultipartUploadsResult",
			run: func(ctx context.Context, s store, _ string) error {
				for _, err := range s.OpenUploads(ctx, "bucket", "") {
					if err != nil {
						return err
					}
				}
				return nil
			},
			more: map[string]oddAnswer{"cut": cut("<ListMultipartUploadsResult><Upload>")},
		},
		"GetObject": {
			anyBody: true, run: get(nil),
			more: map[string]oddAnswer{
				"a part":        {status: 206, header: http.Header{"Content-Range": {"bytes 0-0/6"}, "Content-Length": {"1"}}, body: textBody("x")},
				"shorter":       {status: 200, header: http.Header{"Content-Length": {"100"}}, body: textBody("x")},
				"octal-looking": {status: 200, header: http.Header{"Content-Length": {"0100"}}, body: textBody(strings.Repeat("x", 64))},
			},
			fine: []string{"nothing"},
		},
		"GetObject of a range": {
			anyBody: true, run: get(&lithopss3.GetOptions{Range: lithopss3.Range(1, 2)}),
			more: map[string]oddAnswer{
				"the whole": {status: 200, header: etag, body: textBody("before")},
				"no range":  {status: 206, header: etag, body: textBody("ef")},
				"another":   {status: 206, header: http.Header{"Content-Range": {"bytes 0-1/6"}}, body: textBody("be")},
			},
		},
		"HeadObject": {
			anyBody: true,
			run:     func(ctx context.Context, s store, _ string) error { return second(s.HeadObject(ctx, "bucket", "key")) },
		},
		"DeleteObject": {
			blankIsFine: true,
			run:         func(ctx context.Context, s store, _ string) error { return s.DeleteObject(ctx, "bucket", "key") },
		},
		"DeleteObjects": {
			root: "DeleteResult",
			run: func(ctx context.Context, s store, _ string) error {
				return s.DeleteObjects(ctx, "bucket", []string{"key", "key2"})
			},
			more: map[string]oddAnswer{"cut": cut("<DeleteResult><Error><Key>k")},
		},
		"ListObjectsV2": {
			root: "ListBucketResult",
			// Its decoder comes first, and finds an answer without content.
			requests: map[string]int{"an odd length": 6},
			run:      func(ctx context.Context, s store, _ string) error { return second(s.ListKeys(ctx, "bucket", "")) },
			more:     map[string]oddAnswer{"cut": cut("<ListBucketResult><Contents>")},
		},
		"HeadBucket": {
			anyBody: true, blankIsFine: true, requests: map[string]int{"301": 2}, // to ask for the region
			run: func(ctx context.Context, s store, _ string) error { return s.HeadBucket(ctx, "bucket") },
		},
		"CreateBucket": {
			blankIsFine: true, retried: true,
			run: func(ctx context.Context, s store, _ string) error { return s.CreateBucket(ctx, "another") },
		},
		"PutPublicAccessBlock": { // whose outcome is for the log
			blankIsFine: true,
			requests:    map[string]int{"a cut root": 2, "an error": 2, "an error, declared": 2, "closed in the body": 2},
			run: func(ctx context.Context, s store, id string) error {
				return s.CreateBucket(ctx, "another-"+strings.ToLower(id))
			},
		},
		"GetBucketLifecycleConfiguration": {
			root: "LifecycleConfiguration",
			run: func(ctx context.Context, s store, _ string) error {
				return second(s.ExpireAfter(ctx, "bucket", "tmp/", 7, true))
			},
			more: map[string]oddAnswer{"cut": cut("<LifecycleConfiguration><Rule>")},
		},
		"PutBucketLifecycleConfiguration": {
			// Without content it is success, and then the server does not show the rules.
			retried: true, requests: map[string]int{"nothing": 1, "blank": 1},
			run: func(ctx context.Context, s store, _ string) error {
				return second(s.ExpireAfter(ctx, "bucket", "tmp/", 7, false))
			},
		},
		"GetPublicAccessBlock":  {root: "PublicAccessBlockConfiguration", run: status(func(s *lithopss3.BucketStatus) *bool { return s.PublicAccessBlocked })},
		"GetBucketPolicyStatus": {root: "PolicyStatus", run: status(func(s *lithopss3.BucketStatus) *bool { return s.PublicPolicy })},
		"GetBucketAcl":          {root: "AccessControlPolicy", run: status(func(s *lithopss3.BucketStatus) *bool { return s.PublicACL })},
	}
}

// outcome is whether an answer to an operation is success, and how many requests it
// takes.
func (op *answeredOp) outcome(name string, odd oddAnswer) (isFine bool, requests int) {
	isBlank := name == "nothing" || name == "blank"
	switch {
	case slices.Contains(op.fine, name):
		return true, 1
	case op.root == "" && op.blankIsFine && isBlank:
		return true, 1
	case op.requests[name] > 0:
		return false, op.requests[name]
	case name == "301":
		return false, 1
	case op.retried, odd.breaks && !op.anyBody:
		return false, 6
	}
	return false, 1
}

// fastOperations are those that the fast path makes without the SDK.
var fastOperations = []string{"PutObject", "UploadPart", "GetObject", "HeadObject"}

// TestAnswers answers every operation that this module sends with everything that is
// no proof of success. None is taken for success, none costs the object that is
// there, and each takes as many requests as it should.
func TestAnswers(t *testing.T) {
	t.Parallel()
	ops := answeredOps()
	for _, operation := range lithopss3.ProvenOperations() {
		_, ok := ops[operation]
		assert.True(t, ok, "%s has a proof and no row here", operation)
	}
	for name, op := range ops {
		for path, sdkOnly := range map[string]bool{"fast": false, "sdk": true} {
			t.Run(name+" "+path, func(t *testing.T) {
				t.Parallel()
				if testing.Short() && sdkOnly && !slices.Contains(fastOperations, strings.Fields(name)[0]) {
					t.Skip("the same requests on both paths")
				}
				a := openAnswers(t, name, sdkOnly)
				odd := oddAnswers()
				maps.Copy(odd, op.more)
				for _, answer := range slices.Sorted(maps.Keys(odd)) {
					a.test(t, &op, answer, odd[answer])
				}
			})
		}
	}
}

// An answering is a store whose requests of one operation are answered oddly, once it
// is armed.
type answering struct {
	store    *lithopss3.Store
	breaks   string
	odd      atomic.Pointer[oddAnswer]
	requests atomic.Int64
}

func openAnswers(t *testing.T, name string, sdkOnly bool) *answering {
	t.Helper()
	operation, _, _ := strings.Cut(name, " ")
	a := &answering{breaks: operation}
	server := testkit.Server(t, &devs3.Options{Credentials: []devs3.Credential{alice}})
	require.NoError(t, server.AddBucket("bucket", alice.Account, "us-east-1"))
	parsed, err := lithopss3.ParseConfig([]byte(configOf(alice, "us-east-1")))
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	a.store, err = lithopss3.New(t.Context(), parsed, lithopss3.WithoutSettling(lithopss3.InSmall(lithopss3.InNoTime(&lithopss3.Options{
		SDKOnly:   sdkOnly,
		LookupEnv: testkit.Env(map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()}),
		Transport: &wire{next: transport, trip: a.trip},
	}, 10*time.Second))))
	require.NoError(t, err)
	// The fast path learns.
	require.NoError(t, a.store.PutObject(t.Context(), "bucket", "key", multipartBody(), nil))
	require.NoError(t, a.store.PutObject(t.Context(), "bucket", "key2", strings.NewReader("before"), nil))
	require.NoError(t, second(a.store.HeadObject(t.Context(), "bucket", "key")))
	require.NoError(t, second(a.store.ReadObject(t.Context(), "bucket", "key", 0)))
	return a
}

func (a *answering) trip(request *http.Request, next http.RoundTripper) (*http.Response, error) {
	odd := a.odd.Load()
	if query := request.URL.Query(); query.Has("uploadId") && query.Get("uploadId") == "" {
		return nil, errors.New("a request with an empty upload ID")
	}
	if number := request.URL.Query().Get("partNumber"); odd == nil || operationOf(request) != a.breaks || number != "" && number != "1" {
		return next.RoundTrip(request)
	}
	a.requests.Add(1)
	if request.Body != nil {
		_, _ = io.Copy(io.Discard, request.Body)
		_ = request.Body.Close()
	}
	body := odd.body()
	if request.Method == http.MethodHead {
		body = http.NoBody
	}
	return answer(request, odd.status, odd.header.Clone(), body), nil
}

func (a *answering) test(t *testing.T, op *answeredOp, name string, odd oddAnswer) {
	t.Helper()
	if odd.isDocument && op.anyBody && name != "nothing" {
		return
	}
	const key = "key"
	require.NoError(t, a.store.PutObject(t.Context(), "bucket", key, strings.NewReader("before"), nil))
	id := "none"
	if a.breaks == "AbortMultipartUpload" {
		id = beginUpload(t, a.store)
	}
	isFine, requests := op.outcome(name, odd)
	a.requests.Store(0)
	a.odd.Store(&odd)
	err := op.run(t.Context(), a.store, id)
	a.odd.Store(nil)
	label := fmt.Sprintf("%s: %v", name, err)
	if a.breaks != "PutPublicAccessBlock" {
		assert.Equal(t, isFine, err == nil, label)
	}
	assert.EqualValues(t, requests, a.requests.Load(), label)
	if err != nil {
		assert.NotContains(t, err.Error(), "StatusCode", label)
		assert.NotContains(t, err.Error(), "deserialization", label)
	}
	stored, readErr := a.store.ReadObject(t.Context(), "bucket", key, 0)
	require.NoError(t, readErr, label)
	assert.Equal(t, "before", string(stored), label)
	if a.breaks == "AbortMultipartUpload" {
		assert.Equal(t, 1, uploadsLeft(t, a.store), label)
		require.NoError(t, a.store.AbortUpload(t.Context(), "bucket", lithopss3.OpenUpload{Key: key, ID: id}))
	}
	assert.Zero(t, uploadsLeft(t, a.store), label)
}

// beginUpload leaves an upload open.
func beginUpload(t *testing.T, store *lithopss3.Store) string {
	t.Helper()
	bucket, key := "bucket", "key"
	out, err := store.Client().CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key})
	require.NoError(t, err)
	return *out.UploadId
}

// operationOf knows what only BucketStatus asks for, too.
func operationOf(request *http.Request) string {
	query := request.URL.Query()
	if request.Method == http.MethodGet {
		for parameter, operation := range map[string]string{"publicAccessBlock": "GetPublicAccessBlock", "policyStatus": "GetBucketPolicyStatus", "acl": "GetBucketAcl"} {
			if query.Has(parameter) {
				return operation
			}
		}
	}
	return faultproxy.OperationOf(request)
}
