// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"net/http"
	"slices"
	"strings"
)

// A Kind is what goes wrong with one request.
type Kind string

// The kinds of faults. A reset is TCP's RST.
const (
	None Kind = ""

	// What happens to the connection before the server receives the request.
	Refuse        Kind = "refuse"          // reset, and so is the next new connection, as it is accepted
	ResetFirst    Kind = "reset first"     // reset before any of the body was read
	ResetInBody   Kind = "reset in body"   // reset with half of the body read
	ResetUnheard  Kind = "reset unheard"   // reset with all of the request read and nothing forwarded
	Stall         Kind = "stall"           // silence instead of an answer, then a reset
	ThrottledBody Kind = "throttled body"  // the body is read slowly
	FlipRequest   Kind = "flip request"    // one byte of the body is another
	Duplicate     Kind = "duplicate"       // the server receives the request twice; the first answer counts
	LoseAnswer    Kind = "lose the answer" // the server has served the request; reset instead of its answer

	// Answers that the server knows nothing of.
	InternalError  Kind = "500 InternalError"
	BadGateway     Kind = "502 in HTML"
	SlowDown       Kind = "503 SlowDown"
	TooMany        Kind = "429"
	RequestTimeout Kind = "400 RequestTimeout"
	ErrorIn200     Kind = "200 with an error"
	ExpiredToken   Kind = "400 ExpiredToken"
	Skew           Kind = "403 RequestTimeTooSkewed" // by a clock that is 20 minutes ahead
	Redirect       Kind = "307 to itself"
	Moved          Kind = "301 to itself"

	// What happens to the server's answer.
	ResetInHead     Kind = "reset in the head"   // reset with half of the head sent
	ResetInAnswer   Kind = "reset in the answer" // reset with half of the body sent
	Truncate        Kind = "truncate"            // the connection ends after half of the body
	Shorten         Kind = "shorten"             // half of the body, with a Content-Length to match
	StallInAnswer   Kind = "stall in the answer" // silence after half of the body, then a reset
	ThrottledAnswer Kind = "throttled answer"    // the body is sent slowly
	FlipAnswer      Kind = "flip answer"         // one byte of the body is another
	WrongChecksum   Kind = "wrong checksum"      // the header says what the bytes don't have
)

// Breaks tells whether a fault of this kind can happen to requests of an operation,
// and to its answer if there is one.
func (k Kind) Breaks(operation string) bool {
	switch k {
	case ResetInBody, ThrottledBody, FlipRequest:
		return isOneOf(operation, "PutObject", "UploadPart", "CompleteMultipartUpload", "DeleteObjects")
	case ErrorIn200:
		return isOneOf(operation, "PutObject", "UploadPart", "CreateMultipartUpload", "CompleteMultipartUpload", "CopyObject", "UploadPartCopy", "DeleteObjects", "ListObjectsV2")
	case ResetInAnswer, Truncate, StallInAnswer, ThrottledAnswer:
		return isOneOf(operation, "GetObject", "ListObjectsV2")
	case Shorten, FlipAnswer, WrongChecksum:
		return operation == "GetObject"
	}
	return true
}

func isOneOf(text string, texts ...string) bool { return slices.Contains(texts, text) }

// AppliesTo is Breaks for one request: a body must be there, and where bytes become
// others a checksum that tells, as no part of an object has one.
func (k Kind) AppliesTo(r *http.Request) bool {
	switch k {
	case ResetInBody, ThrottledBody, FlipRequest:
		if r.ContentLength <= 0 {
			return false
		}
	case FlipAnswer, WrongChecksum:
		if r.Header.Get("Range") != "" || r.Header.Get("X-Amz-Checksum-Mode") == "" {
			return false
		}
	}
	return k.Breaks(OperationOf(r))
}

// OperationOf is S3's name for what a path-style request asks for, or "" for what
// this package does not know.
func OperationOf(r *http.Request) string {
	query := r.URL.Query()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if bucket == "" && r.Method == http.MethodGet {
		return "ListBuckets"
	}
	if key == "" {
		return bucketOperation(r.Method, query.Has)
	}
	isCopy := r.Header.Get("X-Amz-Copy-Source") != ""
	switch {
	case query.Has("tagging"):
		return map[string]string{http.MethodGet: "GetObjectTagging", http.MethodPut: "PutObjectTagging", http.MethodDelete: "DeleteObjectTagging"}[r.Method]
	case r.Method == http.MethodGet && !query.Has("uploadId"):
		return "GetObject"
	case r.Method == http.MethodHead:
		return "HeadObject"
	case r.Method == http.MethodPut && query.Has("partNumber") && isCopy:
		return "UploadPartCopy"
	case r.Method == http.MethodPut && query.Has("partNumber"):
		return "UploadPart"
	case r.Method == http.MethodPut && isCopy:
		return "CopyObject"
	case r.Method == http.MethodPut:
		return "PutObject"
	case r.Method == http.MethodDelete && query.Has("uploadId"):
		return "AbortMultipartUpload"
	case r.Method == http.MethodDelete:
		return "DeleteObject"
	case r.Method == http.MethodPost && query.Has("uploads"):
		return "CreateMultipartUpload"
	case r.Method == http.MethodPost && query.Has("uploadId"):
		return "CompleteMultipartUpload"
	}
	return ""
}

func bucketOperation(method string, asks func(string) bool) string {
	switch {
	case method == http.MethodGet && asks("uploads"):
		return "ListMultipartUploads"
	case method == http.MethodGet && asks("versions"):
		return "ListObjectVersions"
	case method == http.MethodGet && asks("list-type"):
		return "ListObjectsV2"
	case method == http.MethodPost && asks("delete"):
		return "DeleteObjects"
	case method == http.MethodHead:
		return "HeadBucket"
	case method == http.MethodGet && asks("lifecycle"):
		return "GetBucketLifecycleConfiguration"
	case method == http.MethodPut && asks("lifecycle"):
		return "PutBucketLifecycleConfiguration"
	case method == http.MethodPut && asks("publicAccessBlock"):
		return "PutPublicAccessBlock"
	case method == http.MethodPut:
		return "CreateBucket"
	case method == http.MethodDelete:
		return "DeleteBucket"
	}
	return ""
}
