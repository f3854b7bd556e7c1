// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestOperations checks the names of requests.
func TestOperations(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		request, copySource, want string
	}{
		{"GET /", "", "ListBuckets"},
		{"POST /", "", ""},
		{"GET /b?uploads", "", "ListMultipartUploads"},
		{"GET /b/?versions", "", "ListObjectVersions"},
		{"GET /b?list-type=2", "", "ListObjectsV2"},
		{"GET /b?lifecycle", "", "GetBucketLifecycleConfiguration"},
		{"GET /b?acl", "", ""},
		{"POST /b?delete", "", "DeleteObjects"},
		{"POST /b", "", ""},
		{"HEAD /b", "", "HeadBucket"},
		{"PUT /b?lifecycle", "", "PutBucketLifecycleConfiguration"},
		{"PUT /b?publicAccessBlock", "", "PutPublicAccessBlock"},
		{"PUT /b?delete", "", "CreateBucket"},
		{"PUT /b", "", "CreateBucket"},
		{"DELETE /b", "", "DeleteBucket"},
		{"DELETE /b?lifecycle", "", "DeleteBucket"},
		{"GET /b/k?tagging", "", "GetObjectTagging"},
		{"PUT /b/k?tagging", "", "PutObjectTagging"},
		{"DELETE /b/k?tagging", "", "DeleteObjectTagging"},
		{"GET /b/k/l", "", "GetObject"},
		{"GET /b/k?uploadId=a", "", ""},
		{"HEAD /b/k", "", "HeadObject"},
		{"PUT /b/k?partNumber=1&uploadId=a", "/b/l", "UploadPartCopy"},
		{"PUT /b/k?partNumber=1&uploadId=a", "", "UploadPart"},
		{"PUT /b/k", "/b/l", "CopyObject"},
		{"PUT /b/k", "", "PutObject"},
		{"DELETE /b/k?uploadId=a", "", "AbortMultipartUpload"},
		{"DELETE /b/k", "", "DeleteObject"},
		{"POST /b/k?uploads", "", "CreateMultipartUpload"},
		{"POST /b/k?uploadId=a", "", "CompleteMultipartUpload"},
		{"POST /b/k", "", ""},
		{"OPTIONS /b/k?uploads&uploadId=a&partNumber=1", "", ""},
		{"OPTIONS /b?uploads&versions&list-type&delete&lifecycle&publicAccessBlock", "", ""},
	} {
		method, path, _ := strings.Cut(test.request, " ")
		r := incoming(t, method, path, "")
		if test.copySource != "" {
			r.Header.Set("X-Amz-Copy-Source", test.copySource)
		}
		assert.Equal(t, test.want, OperationOf(r), test.request)
	}
}

// TestWhatKindsBreak checks to which operations a fault can happen.
func TestWhatKindsBreak(t *testing.T) {
	t.Parallel()
	bodies := []string{"PutObject", "UploadPart", "CompleteMultipartUpload", "DeleteObjects"}
	lists := []string{"GetObject", "ListObjectsV2"}
	limited := map[Kind][]string{
		ResetInBody: bodies, ThrottledBody: bodies, FlipRequest: bodies,
		ErrorIn200:    append(slices.Clone(bodies), "CreateMultipartUpload", "CopyObject", "UploadPartCopy", "ListObjectsV2"),
		ResetInAnswer: lists, Truncate: lists, StallInAnswer: lists, ThrottledAnswer: lists,
		Shorten: {"GetObject"}, FlipAnswer: {"GetObject"}, WrongChecksum: {"GetObject"},
	}
	for _, kind := range kinds {
		for _, operation := range []string{
			"PutObject", "UploadPart", "CompleteMultipartUpload", "DeleteObjects", "GetObject", "ListObjectsV2", "HeadObject",
			"CreateMultipartUpload", "CopyObject", "UploadPartCopy", "DeleteObject",
		} {
			operations, isLimited := limited[kind]
			assert.Equal(t, !isLimited || slices.Contains(operations, operation), kind.Breaks(operation), "%s of %s", kind, operation)
		}
	}
}

// TestWhatKindsApplyTo checks which requests of such an operation a fault can break.
func TestWhatKindsApplyTo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind   Kind
		method string
		body   string
		header []string
		want   bool
	}{
		{ResetInBody, "PUT", "1", nil, true},
		{ThrottledBody, "PUT", "1", nil, true},
		{FlipRequest, "PUT", "1", nil, true},
		{ResetInBody, "PUT", "", nil, false},
		{ThrottledBody, "PUT", "", nil, false},
		{FlipRequest, "PUT", "", nil, false},
		{FlipRequest, "GET", "1", nil, false},
		{FlipAnswer, "GET", "", []string{"X-Amz-Checksum-Mode", "ENABLED"}, true},
		{WrongChecksum, "GET", "", []string{"X-Amz-Checksum-Mode", "ENABLED"}, true},
		{FlipAnswer, "GET", "", nil, false},
		{WrongChecksum, "GET", "", nil, false},
		{FlipAnswer, "GET", "", []string{"X-Amz-Checksum-Mode", "ENABLED", "Range", "bytes=0-1"}, false},
		{WrongChecksum, "GET", "", []string{"X-Amz-Checksum-Mode", "ENABLED", "Range", "bytes=0-1"}, false},
		{Shorten, "GET", "", nil, true},
		{Shorten, "PUT", "", nil, false},
		{SlowDown, "PUT", "", nil, true},
	} {
		r := incoming(t, test.method, "/bucket/key", test.body, test.header...)
		assert.Equal(t, test.want, test.kind.AppliesTo(r), "%s of %s %q %v", test.kind, test.method, test.body, test.header)
	}
}
