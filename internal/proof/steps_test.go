// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An answer is what a fake server says to a request.
type answer struct {
	status int
	header http.Header
	body   string
	cut    error // after the body
}

// A fakeServer gives its answers in turn, the last one for ever.
type fakeServer struct {
	answers  []answer
	requests []*http.Request
	bodies   []string
}

func (f *fakeServer) Do(request *http.Request) (*http.Response, error) {
	body := ""
	if request.Body != nil {
		data, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		body = string(data)
	}
	f.requests, f.bodies = append(f.requests, request), append(f.bodies, body)
	a := f.answers[min(len(f.requests), len(f.answers))-1]
	reader := io.Reader(strings.NewReader(a.body))
	if a.cut != nil {
		reader = io.MultiReader(reader, iotest.ErrReader(a.cut))
	}
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	closer := io.NopCloser(reader)
	if a.body == "" && a.cut == nil {
		closer = http.NoBody
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: closer, ContentLength: -1, Request: request, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// client has no retries: what an error says of that is for the test.
func (f *fakeServer) client() *s3.Client {
	return s3.New(s3.Options{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AK", "SK", ""), BaseEndpoint: aws.String("http://127.0.0.1:1"), UsePathStyle: true,
		HTTPClient: f, Retryer: aws.NopRetryer{}, APIOptions: []func(*middleware.Stack) error{AddSteps},
	})
}

var (
	bucket, key, id = aws.String("bucket"), aws.String("key"), aws.String("id")
	etag            = http.Header{"Etag": {`"e"`}}
	length          = http.Header{"Content-Length": {"1"}}
)

// calls makes a request of each operation.
var calls = map[string]func(*testing.T, *s3.Client) error{
	"PutObject": func(t *testing.T, c *s3.Client) error {
		_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("x")})
		return err
	},
	"UploadPart": func(t *testing.T, c *s3.Client) error {
		_, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: id, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
		return err
	},
	"CreateMultipartUpload": func(t *testing.T, c *s3.Client) error {
		_, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
		return err
	},
	"CompleteMultipartUpload": func(t *testing.T, c *s3.Client) error {
		_, err := c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id})
		return err
	},
	"AbortMultipartUpload": func(t *testing.T, c *s3.Client) error {
		_, err := c.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id})
		return err
	},
	"CopyObject": func(t *testing.T, c *s3.Client) error {
		_, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: key, CopySource: aws.String("b/k")})
		return err
	},
	"UploadPartCopy": func(t *testing.T, c *s3.Client) error {
		_, err := c.UploadPartCopy(t.Context(), &s3.UploadPartCopyInput{Bucket: bucket, Key: key, CopySource: aws.String("b/k"), UploadId: id, PartNumber: aws.Int32(1)})
		return err
	},
	"ListObjectVersions": func(t *testing.T, c *s3.Client) error {
		_, err := c.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: bucket})
		return err
	},
	"ListBuckets": func(t *testing.T, c *s3.Client) error {
		_, err := c.ListBuckets(t.Context(), &s3.ListBucketsInput{})
		return err
	},
	"GetObjectTagging": func(t *testing.T, c *s3.Client) error {
		_, err := c.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: bucket, Key: key})
		return err
	},
	"PutObjectTagging": func(t *testing.T, c *s3.Client) error {
		_, err := c.PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{Bucket: bucket, Key: key, Tagging: &types.Tagging{TagSet: []types.Tag{}}})
		return err
	},
	"DeleteObjectTagging": func(t *testing.T, c *s3.Client) error {
		_, err := c.DeleteObjectTagging(t.Context(), &s3.DeleteObjectTaggingInput{Bucket: bucket, Key: key})
		return err
	},
	"ListMultipartUploads": func(t *testing.T, c *s3.Client) error {
		_, err := c.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: bucket})
		return err
	},
	"GetObject": func(t *testing.T, c *s3.Client) error {
		_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
		return err
	},
	"HeadObject": func(t *testing.T, c *s3.Client) error {
		_, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key})
		return err
	},
	"DeleteObject": func(t *testing.T, c *s3.Client) error {
		_, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: key})
		return err
	},
	"DeleteObjects": func(t *testing.T, c *s3.Client) error {
		_, err := c.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: key}}}})
		return err
	},
	"ListObjectsV2": func(t *testing.T, c *s3.Client) error {
		_, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket})
		return err
	},
	"HeadBucket": func(t *testing.T, c *s3.Client) error {
		_, err := c.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: bucket})
		return err
	},
	"CreateBucket": func(t *testing.T, c *s3.Client) error {
		_, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket})
		return err
	},
	"PutPublicAccessBlock": func(t *testing.T, c *s3.Client) error {
		_, err := c.PutPublicAccessBlock(t.Context(), &s3.PutPublicAccessBlockInput{Bucket: bucket, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{}})
		return err
	},
	"GetPublicAccessBlock": func(t *testing.T, c *s3.Client) error {
		_, err := c.GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: bucket})
		return err
	},
	"GetBucketLifecycleConfiguration": func(t *testing.T, c *s3.Client) error {
		_, err := c.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})
		return err
	},
	"PutBucketLifecycleConfiguration": func(t *testing.T, c *s3.Client) error {
		_, err := c.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{}}})
		return err
	},
	"GetBucketPolicyStatus": func(t *testing.T, c *s3.Client) error {
		_, err := c.GetBucketPolicyStatus(t.Context(), &s3.GetBucketPolicyStatusInput{Bucket: bucket})
		return err
	},
	"GetBucketAcl": func(t *testing.T, c *s3.Client) error {
		_, err := c.GetBucketAcl(t.Context(), &s3.GetBucketAclInput{Bucket: bucket})
		return err
	},
	"CreateSession": func(t *testing.T, c *s3.Client) error {
		_, err := c.CreateSession(t.Context(), &s3.CreateSessionInput{Bucket: bucket})
		return err
	},
}

// proven are answers that prove success.
var proven = map[string][]answer{
	"PutObject":                       {{status: 200, header: etag}, {status: 200, header: etag, body: " \n"}},
	"UploadPart":                      {{status: 200, header: etag}},
	"CreateMultipartUpload":           {{status: 200, body: "<InitiateMultipartUploadResult><UploadId>x</UploadId></InitiateMultipartUploadResult>"}, {status: 200, body: "<InitiateMultipartUpload><UploadId>x</UploadId></InitiateMultipartUpload>"}},
	"CompleteMultipartUpload":         {{status: 200, body: "<CompleteMultipartUploadResult/>"}, {status: 200, body: "   \r\n\t  <?xml version=\"1.0\"?>\n<CompleteMultipartUploadResult></CompleteMultipartUploadResult>"}},
	"AbortMultipartUpload":            {{status: 204}, {status: 200}, {status: 200, body: " "}},
	"CopyObject":                      {{status: 200, body: "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"}, {status: 200, body: "  \n<?xml version=\"1.0\"?><CopyObjectResult><ETag>e</ETag></CopyObjectResult>"}},
	"UploadPartCopy":                  {{status: 200, body: "<CopyPartResult><ETag>e</ETag></CopyPartResult>"}},
	"ListObjectVersions":              {{status: 200, body: "<ListVersionsResult/>"}},
	"ListBuckets":                     {{status: 200, body: "<ListAllMyBucketsResult/>"}},
	"GetObjectTagging":                {{status: 200, body: "<Tagging/>"}},
	"PutObjectTagging":                {{status: 200}, {status: 204}},
	"DeleteObjectTagging":             {{status: 204}, {status: 200}},
	"ListMultipartUploads":            {{status: 200, body: "<ListMultipartUploadsResult/>"}},
	"GetObject":                       {{status: 200, header: length, body: "x"}, {status: 200, body: "<Error>of the object</Error>"}},
	"HeadObject":                      {{status: 200, header: length}},
	"DeleteObject":                    {{status: 204}, {status: 200}},
	"DeleteObjects":                   {{status: 200, body: "<DeleteResult/>"}},
	"ListObjectsV2":                   {{status: 200, body: "<ListBucketResult/>"}},
	"HeadBucket":                      {{status: 200}},
	"CreateBucket":                    {{status: 200}, {status: 200, body: "<CreateBucketResponse/>"}},
	"PutPublicAccessBlock":            {{status: 200}, {status: 201}, {status: 204}},
	"GetPublicAccessBlock":            {{status: 200, body: "<PublicAccessBlockConfiguration/>"}},
	"GetBucketPolicyStatus":           {{status: 200, body: "<PolicyStatus/>"}},
	"GetBucketLifecycleConfiguration": {{status: 200, body: "<LifecycleConfiguration/>"}},
	"PutBucketLifecycleConfiguration": {{status: 200}, {status: 200, body: " \n"}},
	"GetBucketAcl":                    {{status: 200, body: "<AccessControlPolicy/>"}},
	"CreateSession":                   {{status: 200, body: "<CreateSessionResult><Credentials><SecretAccessKey>s</SecretAccessKey></Credentials></CreateSessionResult>"}},
}

// TestProvenAnswers are success.
func TestProvenAnswers(t *testing.T) {
	t.Parallel()
	for operation := range calls {
		require.NotEmpty(t, proven[operation], operation)
		for _, a := range proven[operation] {
			server := &fakeServer{answers: []answer{a}}
			require.NoError(t, calls[operation](t, server.client()), "%s: %+v", operation, a)
			assert.Len(t, server.requests, 1)
		}
	}
	for _, operation := range Operations() {
		if !strings.HasPrefix(operation, "AssumeRole") && operation != "GetCallerIdentity" {
			assert.Contains(t, calls, operation)
		}
	}
}

// retriedOperations are sent again after an answer that proves nothing.
var retriedOperations = map[string]bool{
	"PutBucketLifecycleConfiguration": true, "PutObject": true, "UploadPart": true, "CompleteMultipartUpload": true, "CreateBucket": true, "CopyObject": true, "UploadPartCopy": true,
}

// TestUnprovenAnswers are errors, that say whether the request is worth sending again.
func TestUnprovenAnswers(t *testing.T) {
	t.Parallel()
	for operation, call := range calls {
		p := operations[operation]
		rows := map[string]answer{"202": {status: 202, header: etag}, "203": {status: 203, header: etag}, "206": {status: 206, header: etag}}
		if !p.keepsBody {
			rows["HTML"] = answer{status: 200, header: etag, body: "<html>canary</html>"}
			rows["HTML of today"] = answer{status: 200, header: etag, body: "<!DOCTYPE html><html><br>canary"}
			rows["JSON"] = answer{status: 200, header: etag, body: `{"canary": 1}`}
			rows["a list"] = answer{status: 200, header: etag, body: `["canary"]`}
			rows["text"] = answer{status: 200, header: etag, body: "canary"}
			rows["HTML without its element"] = answer{status: 200, header: etag, body: "<!doctype html><body>canary</body>"}
			rows["other XML"] = answer{status: 200, header: etag, body: "<Other><UploadId>canary</UploadId></Other>"}
			rows["almost the root"] = answer{status: 200, header: etag, body: "<X" + p.root + ">canary</X" + p.root + ">"}
		}
		if p.root != "" {
			rows["not well-formed"] = answer{status: 200, body: "<" + p.root + "><a></b></" + p.root + ">"}
		}
		if p.element != "" {
			rows["without it"] = answer{status: 200, body: "<" + p.root + "><a>canary</a></" + p.root + ">"}
			rows["with an empty one"] = answer{status: 200, body: "<" + p.root + "><" + p.element + "/></" + p.root + ">"}
		}
		if p.header == "Etag" {
			rows["without an ETag"] = answer{status: 200}
			rows["an empty ETag"] = answer{status: 200, header: http.Header{"Etag": {" "}}}
		}
		if p.header != "Content-Length" {
			rows["a length that is none"] = answer{status: 200, header: http.Header{"Content-Length": {"x"}, "Etag": {`"e"`}}}
		} else {
			rows["without a length"] = answer{status: 200}
		}
		for name, a := range rows {
			server := &fakeServer{answers: []answer{a}}
			err := call(t, server.client())
			require.Error(t, err, "%s, %s", operation, name)
			isRange := operation == "GetObject" && name == "206"
			assert.Equal(t, !isRange, IsUnproven(err), "%s, %s: %v", operation, name, err)
			assert.NotContains(t, err.Error(), "canary", "an answer of STS has secrets")
			if want := map[string]string{"HTML": "HTML", "HTML of today": "HTML", "HTML without its element": "HTML", "JSON": "JSON", "a list": "JSON", "text": "text", "other XML": "other XML"}[name]; want != "" && p.header == "" {
				require.ErrorContains(t, err, want, "%s, %s", operation, name)
			}
			if p.root == "" && !p.keepsBody && a.body != "" {
				require.ErrorContains(t, err, "has a body", "%s, %s", operation, name)
			}
			var marked interface{ RetryableError() bool }
			if !isRange {
				require.ErrorAs(t, err, &marked, "%s, %s: %v", operation, name, err)
				assert.Equal(t, retriedOperations[operation], marked.RetryableError(), "%s, %s", operation, name)
			}
			assert.Len(t, server.requests, 1)
		}
	}
}

// TestBrokenAnswers say why, and leave it to the retry policy.
func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	reset := errors.New("reset")
	for operation, call := range calls {
		p := operations[operation]
		if p.keepsBody {
			continue
		}
		rows := map[string]answer{"reset": {status: 200, header: etag, cut: reset}, "a tag": {status: 200, header: etag, body: "<Compl"}}
		if p.root != "" {
			rows["nothing"] = answer{status: 200}
			rows["blank"] = answer{status: 200, body: "\n \t"}
			rows["without its end"] = answer{status: 200, body: "<" + p.root + "><a>x</a>"}
		}
		for name, a := range rows {
			err := call(t, (&fakeServer{answers: []answer{a}}).client())
			require.ErrorContains(t, err, "broke off", "%s, %s", operation, name)
			want := io.ErrUnexpectedEOF
			if name == "reset" {
				want = reset
			}
			require.ErrorIs(t, err, want, "%s, %s", operation, name)
			assert.True(t, IsUnproven(err))
			var marked interface{ RetryableError() bool }
			assert.NotErrorAs(t, err, &marked)
			var undecoded *smithy.DeserializationError
			require.ErrorAs(t, err, &undecoded, "which the retry policy looks for")
		}
	}
}

// TestErrorsWithStatus200 are errors as with status 500.
func TestErrorsWithStatus200(t *testing.T) {
	t.Parallel()
	for operation, call := range calls {
		if operations[operation].keepsBody {
			continue
		}
		for _, body := range []string{"<Error><Code>SlowDown</Code><Message>m</Message></Error>", " <?xml version=\"1.0\"?>\n<Error><Code>SlowDown</Code></Error>", "<error><Code>SlowDown</Code></error>"} {
			err := call(t, (&fakeServer{answers: []answer{{status: 200, header: etag, body: body}}}).client())
			var response *awshttp.ResponseError
			require.ErrorAs(t, err, &response, operation)
			assert.Equal(t, 500, response.HTTPStatusCode(), operation)
			assert.False(t, IsUnproven(err))
			var api smithy.APIError
			require.ErrorAs(t, err, &api)
			assert.Equal(t, "SlowDown", api.ErrorCode(), operation)
		}
	}
}
