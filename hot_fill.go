package lithopss3

import (
	"net/textproto"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"
)

func fillGet(r *hotRequest, in *s3.GetObjectInput) bool {
	rest := *in
	rest.Bucket, rest.Key, rest.ExpectedBucketOwner, rest.Range = nil, nil, nil, nil
	rest.IfMatch, rest.IfNoneMatch, rest.IfModifiedSince, rest.IfUnmodifiedSince = nil, nil, nil, nil
	return rest == s3.GetObjectInput{} &&
		r.addText("X-Amz-Expected-Bucket-Owner", "x-amz-expected-bucket-owner", in.ExpectedBucketOwner) &&
		r.addText("Range", "range", in.Range) &&
		r.addText("If-Match", "if-match", in.IfMatch) &&
		r.addText("If-None-Match", "if-none-match", in.IfNoneMatch) &&
		r.addTime("If-Modified-Since", "if-modified-since", in.IfModifiedSince) &&
		r.addTime("If-Unmodified-Since", "if-unmodified-since", in.IfUnmodifiedSince)
}

func fillHead(r *hotRequest, in *s3.HeadObjectInput) bool {
	rest := *in
	rest.Bucket, rest.Key, rest.ExpectedBucketOwner = nil, nil, nil
	rest.IfMatch, rest.IfNoneMatch, rest.IfModifiedSince, rest.IfUnmodifiedSince = nil, nil, nil, nil
	return rest == s3.HeadObjectInput{} &&
		r.addText("X-Amz-Expected-Bucket-Owner", "x-amz-expected-bucket-owner", in.ExpectedBucketOwner) &&
		r.addText("If-Match", "if-match", in.IfMatch) &&
		r.addText("If-None-Match", "if-none-match", in.IfNoneMatch) &&
		r.addTime("If-Modified-Since", "if-modified-since", in.IfModifiedSince) &&
		r.addTime("If-Unmodified-Since", "if-unmodified-since", in.IfUnmodifiedSince)
}

// hasOther reports whether a put has a field that fillPut does not know. It names the
// fields of the SDK that this module was built with, because an input with a map can't
// be compared, and reflection took a tenth of a small put's time.
// TestHotKnowsEachInput fails if one is missing.
func hasOther(in *s3.PutObjectInput) bool {
	if isNewerPut {
		return hasOtherField(reflect.ValueOf(in).Elem())
	}
	texts := [...]*string{
		in.CacheControl, in.ChecksumCRC32C, in.ChecksumCRC64NVME, in.ChecksumMD5, in.ChecksumSHA1, in.ChecksumSHA256, in.ChecksumSHA512,
		in.ChecksumXXHASH128, in.ChecksumXXHASH3, in.ChecksumXXHASH64, in.ContentDisposition, in.ContentEncoding, in.ContentLanguage, in.ContentMD5,
		in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP, in.IfMatch, in.IfNoneMatch, in.SSECustomerAlgorithm, in.SSECustomerKey,
		in.SSECustomerKeyMD5, in.SSEKMSEncryptionContext, in.SSEKMSKeyId, in.Tagging, in.WebsiteRedirectLocation,
	}
	for _, text := range texts {
		if text != nil {
			return true
		}
	}
	return in.ACL != "" || in.BucketKeyEnabled != nil || in.ContentLength != nil || in.Expires != nil || in.RequestPayer != "" ||
		in.ServerSideEncryption != "" || in.StorageClass != "" || in.WriteOffsetBytes != nil || hasLock(in)
}

// isNewerPut is whether the SDK has other fields than hasOther names.
var isNewerPut = reflect.TypeFor[s3.PutObjectInput]().NumField() != 50

func hasOtherField(in reflect.Value) bool {
	for i := range in.NumField() {
		switch in.Type().Field(i).Name {
		case "Bucket", "Key", "Body", "ExpectedBucketOwner", "ContentType", "Metadata", "ChecksumAlgorithm", "ChecksumCRC32":
			continue
		}
		if !in.Field(i).IsZero() {
			return true
		}
	}
	return false
}

func hasLock(in *s3.PutObjectInput) bool {
	return in.ObjectLockEventHold != "" || in.ObjectLockEventHoldDurationDays != nil || in.ObjectLockEventHoldDurationYears != nil ||
		in.ObjectLockLegalHoldStatus != "" || in.ObjectLockMode != "" || in.ObjectLockRetainUntilDate != nil
}

// fillPart knows parts' numbers and names as AWS makes them.
func fillPart(r *hotRequest, in *s3.UploadPartInput) bool {
	rest := *in
	rest.Bucket, rest.Key, rest.ExpectedBucketOwner, rest.UploadId, rest.PartNumber = nil, nil, nil, nil, nil
	rest.Body, rest.ChecksumAlgorithm, rest.ChecksumCRC32 = nil, "", nil
	if rest != (s3.UploadPartInput{}) || in.UploadId == nil || in.PartNumber == nil || !isToken(*in.UploadId) {
		return false
	}
	r.query = "partNumber=" + strconv.Itoa(int(*in.PartNumber)) + "&uploadId=" + *in.UploadId + "&"
	r.checksum = &in.ChecksumCRC32
	return r.addText("X-Amz-Expected-Bucket-Owner", "x-amz-expected-bucket-owner", in.ExpectedBucketOwner) &&
		r.addText("X-Amz-Checksum-Crc32", "x-amz-checksum-crc32", in.ChecksumCRC32) && r.addAlgorithm(in.ChecksumAlgorithm) && r.openBody(in.Body)
}

func fillPut(r *hotRequest, in *s3.PutObjectInput) bool {
	r.checksum = &in.ChecksumCRC32
	return !hasOther(in) && r.addText("X-Amz-Expected-Bucket-Owner", "x-amz-expected-bucket-owner", in.ExpectedBucketOwner) &&
		r.addText("Content-Type", "content-type", in.ContentType) &&
		r.addText("X-Amz-Checksum-Crc32", "x-amz-checksum-crc32", in.ChecksumCRC32) &&
		r.addMetadata(in.Metadata) && r.addAlgorithm(in.ChecksumAlgorithm) && r.openBody(in.Body)
}

// addAlgorithm tells the server which checksum the request has: moto keeps none
// without it.
func (r *hotRequest) addAlgorithm(algorithm types.ChecksumAlgorithm) bool {
	switch algorithm {
	case "":
		return true
	case types.ChecksumAlgorithmCrc32:
		r.add("X-Amz-Sdk-Checksum-Algorithm", "x-amz-sdk-checksum-algorithm", string(algorithm))
		return true
	}
	return false
}

// addText adds a header unless it is nil. It is false for a value that the
// signature would have to normalize.
func (r *hotRequest) addText(name, lower string, value *string) bool {
	if value == nil {
		return true
	}
	r.add(name, lower, *value)
	return isPlainValue(*value)
}

func isPlainValue(text string) bool {
	before := byte(' ')
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' || (c == ' ' && before == ' ') {
			return false
		}
		before = c
	}
	return before != ' '
}

func (r *hotRequest) addTime(name, lower string, value *time.Time) bool {
	if value != nil {
		r.add(name, lower, smithytime.FormatHTTPDate(*value))
	}
	return true
}

func (r *hotRequest) addMetadata(metadata map[string]string) bool {
	for key, value := range metadata {
		name := metaPrefix + key
		// Names that differ in case only would be one header.
		if !isToken(key) || key != strings.ToLower(key) || !r.addText(textproto.CanonicalMIMEHeaderKey(name), strings.ToLower(name), &value) {
			return false
		}
	}
	return true
}

// isToken tells a name that needs no thought, of those that a header can have.
func isToken(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isUnreserved(c) || c == '/' || c == '~' {
			return false
		}
	}
	return name != ""
}

// addTrace adds what the SDK adds on AWS Lambda
// (github.com/aws/aws-sdk-go-v2/aws/middleware, RecursionDetection).
func (r *hotRequest) addTrace() bool {
	id, ok := os.LookupEnv("_X_AMZN_TRACE_ID")
	if ok {
		r.add("X-Amzn-Trace-Id", "", id)
	}
	return isToken(strings.NewReplacer("=", "", ";", "", ":", "").Replace(id)) // the SDK escapes others
}
