// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answerHeaders are headers that an answer may have, one of each kind.
var answerHeaders = http.Header{
	"Accept-Ranges": {"bytes"}, "Cache-Control": {"no-cache"}, "Content-Disposition": {"inline"}, "Content-Encoding": {"gzip"},
	"Content-Language": {"en"}, "Content-Range": {"bytes 0-3/4"}, "Content-Type": {" text/plain "}, "Etag": {`"e"`, "second"},
	"Expires": {"Tue, 24 Nov 2026 02:00:00 GMT"}, "Last-Modified": {"Tue, 24 Nov 2026 02:00:00 GMT"}, "Content-Length": {"4"},
	"Date": {"Tue, 24 Nov 2026 02:00:00 GMT"}, "Server": {"AmazonS3"}, "Retry-After": {"1"}, "Connection": {"close"},
	"X-Amz-Archive-Status": {"ARCHIVE_ACCESS"}, "X-Amz-Bucket-Region": {"us-east-1"}, "X-Amz-Checksum-Crc32": {"rfPzYw=="},
	"X-Amz-Checksum-Crc32c": {"x0mDRw=="}, "X-Amz-Checksum-Crc64nvme": {"x"}, "X-Amz-Checksum-Md5": {"x"}, "X-Amz-Checksum-Sha1": {"x"},
	"X-Amz-Checksum-Sha256": {"x-2"}, "X-Amz-Checksum-Sha512": {"x-2"}, "X-Amz-Checksum-Type": {"FULL_OBJECT"}, "X-Amz-Checksum-Xxhash64": {"x-2"},
	"X-Amz-Delete-Marker": {"false"}, "X-Amz-Expiration": {`expiry-date="x"`}, "X-Amz-Id-2": {"HOST"}, "X-Amz-Meta-One-Two": {" one "},
	"X-Amz-Missing-Meta": {"1"}, "X-Amz-Mp-Parts-Count": {"2"}, "X-Amz-Object-Lock-Legal-Hold": {"ON"}, "X-Amz-Object-Lock-Mode": {"GOVERNANCE"},
	"X-Amz-Object-Lock-Retain-Until-Date": {"2026-11-24T02:00:00Z"}, "X-Amz-Object-Size": {"4"}, "X-Amz-Replication-Status": {"COMPLETED"},
	"X-Amz-Request-Charged": {"requester"}, "X-Amz-Request-Id": {"REQUEST"}, "X-Amz-Restore": {"x"}, "X-Amz-Server-Side-Encryption": {"aws:kms"},
	"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": {"key"}, "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": {"true"},
	"X-Amz-Server-Side-Encryption-Context": {"x"}, "X-Amz-Server-Side-Encryption-Customer-Algorithm": {"AES256"},
	"X-Amz-Server-Side-Encryption-Customer-Key-Md5": {"x"}, "X-Amz-Storage-Class": {"GLACIER_IR"}, "X-Amz-Tagging-Count": {"3"},
	"X-Amz-Version-Id": {"v"}, "X-Amz-Website-Redirect-Location": {"/x"}, "X-Amz-Of-Tomorrow": {"x"}, "X-Other": {"x"}, "Etag2": {},
}

// TestAnswers checks that the output is the SDK's, whatever header an answer has.
func TestAnswers(t *testing.T) {
	t.Parallel()
	p := newPair(t, "http://127.0.0.1:9000", whenRequired)
	p.learn(t, "my-bucket")
	bucket, key := "my-bucket", "key"
	for _, name := range append(slices.Sorted(maps.Keys(answerHeaders)), "") {
		header := http.Header{"Content-Length": {"4"}}
		if header[name] = answerHeaders[name]; name == "" {
			header = http.Header{}
		}
		for _, w := range []*wire{p.fastWire, p.slowWire} {
			w.answer = func(r *http.Request) (*http.Response, error) {
				body := "body"
				if r.Method == http.MethodPut {
					body = ""
				}
				return answer(r, http.StatusOK, header, body), nil
			}
		}
		t.Run(name, func(t *testing.T) {
			requireSameOutput(t, func(c *Client) (*s3.GetObjectOutput, error) {
				return c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			}, p)
			requireSameOutput(t, func(c *Client) (*s3.HeadObjectOutput, error) {
				return c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
			}, p)
			requireSameOutput(t, func(c *Client) (*s3.PutObjectOutput, error) {
				return c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("body")})
			}, p)
			requireSameOutput(t, func(c *Client) (*s3.UploadPartOutput, error) {
				return c.UploadPart(t.Context(), &s3.UploadPartInput{
					Bucket: &bucket, Key: &key, UploadId: aws.String("id"), PartNumber: aws.Int32(1), Body: strings.NewReader("body"),
				})
			}, p)
		})
	}
}

// requireSameOutput compares all of what a call gives, and the bytes of its body.
func requireSameOutput[Out any](t *testing.T, call func(*Client) (*Out, error), p *pair) {
	t.Helper()
	want, wantErr := call(p.slow)
	got, gotErr := call(p.fast)
	requireSameError(t, wantErr, gotErr)
	if wantErr != nil {
		return
	}
	read := func(out *Out) (string, string) {
		value := reflect.ValueOf(out).Elem()
		value.FieldByName("ResultMetadata").Set(reflect.ValueOf(middleware.Metadata{}))
		body := value.FieldByName("Body")
		if !body.IsValid() {
			return "", ""
		}
		data, err := io.ReadAll(body.Interface().(io.Reader))
		require.NoError(t, body.Interface().(io.Closer).Close())
		body.SetZero()
		return string(data), fmt.Sprint(err)
	}
	wantBody, wantText := read(want)
	gotBody, gotText := read(got)
	assert.Equal(t, want, got)
	assert.Equal(t, wantBody, gotBody)
	assert.Equal(t, wantText, gotText)
}

// TestHeadersOnlyTheSDKReads checks that an answer with such a header goes through the
// SDK.
func TestHeadersOnlyTheSDKReads(t *testing.T) {
	t.Parallel()
	var left []string
	for name, values := range answerHeaders {
		if !readHeader(&s3.GetObjectOutput{}, http.Header{name: slices.Clone(values)}) {
			left = append(left, name)
		}
	}
	slices.Sort(left)
	assert.Equal(t, []string{
		"Expires", "X-Amz-Archive-Status", "X-Amz-Checksum-Xxhash64", "X-Amz-Delete-Marker", "X-Amz-Missing-Meta", "X-Amz-Mp-Parts-Count",
		"X-Amz-Object-Lock-Legal-Hold", "X-Amz-Object-Lock-Mode", "X-Amz-Object-Lock-Retain-Until-Date", "X-Amz-Object-Size", "X-Amz-Of-Tomorrow",
		"X-Amz-Restore", "X-Amz-Server-Side-Encryption-Context", "X-Amz-Website-Redirect-Location",
	}, left)
	for name, value := range map[string]string{
		"Content-Length": "many", "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": "perhaps", "X-Amz-Tagging-Count": "some",
	} {
		assert.False(t, readHeader(&s3.GetObjectOutput{}, http.Header{name: {value}}), name)
	}
	assert.False(t, readDate(&s3.GetObjectOutput{}, http.Header{"Last-Modified": {"yesterday"}}))
	assert.True(t, readDate(&s3.GetObjectOutput{}, http.Header{"Last-Modified": {}}))
	assert.True(t, readHeader(&s3.GetObjectOutput{}, http.Header{"x-amz": {""}}), "too short to be S3's")
}

// TestAnswersOfPutsWithBody checks that a body that may be an error is left to the SDK.
func TestAnswersOfPutsWithBody(t *testing.T) {
	t.Parallel()
	for _, length := range []int64{-1, 1} {
		body := &closeNote{Reader: strings.NewReader("<Error/>")}
		response := &http.Response{Header: http.Header{"Etag": {`"e"`}}, ContentLength: length, Body: body}
		assert.Nil(t, decodePut(response))
		assert.Nil(t, decodePart(response))
		assert.False(t, body.isClosed)
	}
	body := &closeNote{Reader: strings.NewReader("")}
	assert.Equal(t, `"e"`, *decodePut(&http.Response{Header: http.Header{"Etag": {`"e"`}}, Body: body}).ETag)
	assert.True(t, body.isClosed)
	body = &closeNote{Reader: strings.NewReader("")}
	assert.Equal(t, `"e"`, *decodeHead(&http.Response{Header: http.Header{"Etag": {`"e"`}}, Body: body}).ETag)
	assert.True(t, body.isClosed)
}

// A closeNote notes that it was closed.
type closeNote struct {
	io.Reader
	isClosed bool
}

// Close notes it.
func (c *closeNote) Close() error {
	c.isClosed = true
	return nil
}
