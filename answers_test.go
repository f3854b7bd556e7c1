// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
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
	for name, op := range testkit.Some(ops, 14) {
		for path, sdkOnly := range map[string]bool{"fast": false, "sdk": true} {
			t.Run(name+" "+path, func(t *testing.T) {
				t.Parallel()
				if testing.Short() && sdkOnly && !slices.Contains(fastOperations, strings.Fields(name)[0]) {
					t.Skip("the same requests on both paths")
				}
				a := openAnswers(t, name, sdkOnly)
				odd := testkit.Some(oddAnswers(), 1)
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
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	require.NoError(t, server.AddBucket("bucket", alice.Account, "us-east-1"))
	parsed, err := lithopss3.ParseConfig([]byte(configOf(alice, "us-east-1")))
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	a.store, err = lithopss3.New(t.Context(), parsed, lithopss3.WithoutSettling(lithopss3.InSmall(lithopss3.InNoTime(&lithopss3.Options{
		SDKOnly:   sdkOnly,
		LookupEnv: testkit.Env(map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()}),
		Transport: &wire{next: transport, trip: a.trip},
	}, patient))))
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
