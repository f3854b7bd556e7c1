// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLongAnswers are not read to their end.
func TestLongAnswers(t *testing.T) {
	t.Parallel()
	body := "<DeleteResult></DeleteResult>" + strings.Repeat(" ", 16<<20+1-len("<DeleteResult></DeleteResult>"))
	err := calls["DeleteObjects"](t, (&fakeServer{answers: []answer{{status: 200, body: body}}}).client())
	require.ErrorIs(t, err, errTooLong)
	body = "<DeleteResult></DeleteResult>" + strings.Repeat(" ", 16<<20-len("<DeleteResult></DeleteResult>"))
	require.NoError(t, calls["DeleteObjects"](t, (&fakeServer{answers: []answer{{status: 200, body: body}}}).client()))
}

// TestRefusalsPass as they are, with their invalid headers.
func TestRefusalsPass(t *testing.T) {
	t.Parallel()
	for operation, call := range calls {
		err := call(t, (&fakeServer{answers: []answer{{status: 403, header: http.Header{"Last-Modified": {"x"}, "Content-Length": {"x"}}, body: "<Error><Code>AccessDenied</Code></Error>"}}}).client())
		var response *awshttp.ResponseError
		require.ErrorAs(t, err, &response, operation)
		assert.Equal(t, 403, response.HTTPStatusCode())
		assert.False(t, IsUnproven(err))
	}
}

// TestAnswersOfSTS have no secret in an error.
func TestAnswersOfSTS(t *testing.T) {
	t.Parallel()
	call := func(a answer) error {
		client := sts.New(sts.Options{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AK", "SK", ""), BaseEndpoint: aws.String("http://127.0.0.1:1"),
			HTTPClient: &fakeServer{answers: []answer{a}}, Retryer: aws.NopRetryer{}, APIOptions: []func(*middleware.Stack) error{AddSteps},
		})
		_, identity := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		return identity
	}
	const sound = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
	require.NoError(t, call(answer{status: 200, body: sound}))
	for _, body := range []string{"", "canary", "<canary/>", "<GetCallerIdentityResponse>canary</GetCallerIdentityResponse>", sound[:60]} {
		err := call(answer{status: 200, body: body})
		require.Error(t, err, body)
		assert.True(t, IsUnproven(err), body)
		assert.NotContains(t, err.Error(), "canary")
	}
}

// TestOtherOperationsPass covers operations without a row, which callers send with the
// SDK.
func TestOtherOperationsPass(t *testing.T) {
	t.Parallel()
	client := (&fakeServer{answers: []answer{{status: 202}}}).client()
	_, err := client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: bucket})
	require.NoError(t, err)
}

// TestTolerantHeaders gets an object whose headers the SDK can't read.
func TestTolerantHeaders(t *testing.T) {
	t.Parallel()
	header := http.Header{
		"Content-Length": {"01"}, "Last-Modified": {"the other day"}, "X-Amz-Delete-Marker": {""}, "X-Amz-Tagging-Count": {"x"}, "X-Amz-Meta-A": {""},
	}
	client := (&fakeServer{answers: []answer{{status: 200, header: header, body: "x"}}}).client()
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
	require.NoError(t, err)
	assert.EqualValues(t, 1, *out.ContentLength)
	assert.Nil(t, out.LastModified)
	data, err := io.ReadAll(out.Body)
	require.NoError(t, err)
	assert.Equal(t, "x", string(data))
}

// TestNoEmptyUploadID checks that no request of any operation has one.
func TestNoEmptyUploadID(t *testing.T) {
	t.Parallel()
	server := &fakeServer{answers: []answer{{status: 204, header: etag}}}
	client := server.client()
	empty := aws.String("")
	_, abort := client.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: empty})
	_, part := client.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: empty, PartNumber: aws.Int32(1)})
	_, complete := client.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: empty})
	_, list := client.ListParts(t.Context(), &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: empty})
	for _, err := range []error{abort, part, complete, list} {
		require.ErrorIs(t, err, ErrNoUploadID)
	}
	assert.Empty(t, server.requests)
	_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("uploadId=")})
	require.NoError(t, err, "a key of that name")
}

// TestPresigned requests have no retries, and no empty upload ID either.
func TestPresigned(t *testing.T) {
	t.Parallel()
	client := s3.NewPresignClient((&fakeServer{}).client())
	_, err := client.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
	require.NoError(t, err)
	_, err = client.PresignUploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: aws.String(""), PartNumber: aws.Int32(1)})
	require.ErrorIs(t, err, ErrNoUploadID)
}
