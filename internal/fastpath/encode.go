// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"reflect"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Each function here gives a request what an input has, and reports false for an input
// with anything else. TestEachFieldOfInputs holds them to the SDK's inputs.

func encodeGet(r *request, in *s3.GetObjectInput) bool {
	rest := *in
	rest.Bucket, rest.Key, rest.ExpectedBucketOwner, rest.Range = nil, nil, nil, nil
	rest.VersionId, rest.RequestPayer = nil, ""
	rest.SSECustomerAlgorithm, rest.SSECustomerKey, rest.SSECustomerKeyMD5 = nil, nil, nil
	rest.IfMatch, rest.IfNoneMatch, rest.IfModifiedSince, rest.IfUnmodifiedSince = nil, nil, nil, nil
	r.askedRange = aws.ToString(in.Range)
	r.addTime("If-Modified-Since", "if-modified-since", in.IfModifiedSince)
	r.addTime("If-Unmodified-Since", "if-unmodified-since", in.IfUnmodifiedSince)
	return rest == s3.GetObjectInput{} && r.addOwner(in.ExpectedBucketOwner) && r.addPayer(in.RequestPayer) && r.addVersion(in.VersionId) &&
		r.addCustomerKey(in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5) &&
		r.addText("Range", "range", in.Range) &&
		r.addText("If-Match", "if-match", in.IfMatch) &&
		r.addText("If-None-Match", "if-none-match", in.IfNoneMatch)
}

func encodeHead(r *request, in *s3.HeadObjectInput) bool {
	rest := *in
	rest.Bucket, rest.Key, rest.ExpectedBucketOwner = nil, nil, nil
	rest.VersionId, rest.RequestPayer = nil, ""
	rest.SSECustomerAlgorithm, rest.SSECustomerKey, rest.SSECustomerKeyMD5 = nil, nil, nil
	rest.IfMatch, rest.IfNoneMatch, rest.IfModifiedSince, rest.IfUnmodifiedSince = nil, nil, nil, nil
	r.addTime("If-Modified-Since", "if-modified-since", in.IfModifiedSince)
	r.addTime("If-Unmodified-Since", "if-unmodified-since", in.IfUnmodifiedSince)
	return rest == s3.HeadObjectInput{} && r.addOwner(in.ExpectedBucketOwner) && r.addPayer(in.RequestPayer) && r.addVersion(in.VersionId) &&
		r.addCustomerKey(in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5) &&
		r.addText("If-Match", "if-match", in.IfMatch) &&
		r.addText("If-None-Match", "if-none-match", in.IfNoneMatch)
}

// encodePart takes upload IDs of the characters that AWS makes them of.
func encodePart(r *request, in *s3.UploadPartInput) bool {
	rest := *in
	rest.Bucket, rest.Key, rest.ExpectedBucketOwner, rest.UploadId, rest.PartNumber = nil, nil, nil, nil, nil
	rest.Body, rest.ChecksumAlgorithm, rest.ChecksumCRC32 = nil, "", nil
	rest.RequestPayer = ""
	rest.SSECustomerAlgorithm, rest.SSECustomerKey, rest.SSECustomerKeyMD5 = nil, nil, nil
	if rest != (s3.UploadPartInput{}) || in.UploadId == nil || in.PartNumber == nil || !isToken(*in.UploadId) {
		return false
	}
	r.query = "partNumber=" + strconv.Itoa(int(*in.PartNumber)) + "&uploadId=" + *in.UploadId
	return r.addOwner(in.ExpectedBucketOwner) && r.addPayer(in.RequestPayer) &&
		r.addCustomerKey(in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5) &&
		r.addChecksum(in.ChecksumAlgorithm, in.ChecksumCRC32) && r.openBody(in.Body)
}

func encodePut(r *request, in *s3.PutObjectInput) bool {
	return !hasOther(in) && r.addOwner(in.ExpectedBucketOwner) && r.addPayer(in.RequestPayer) &&
		r.addText("Content-Type", "content-type", in.ContentType) &&
		r.addText("Cache-Control", "cache-control", in.CacheControl) &&
		r.addText("Content-Disposition", "content-disposition", in.ContentDisposition) &&
		r.addText("Content-Encoding", "content-encoding", in.ContentEncoding) &&
		r.addName("X-Amz-Server-Side-Encryption", "x-amz-server-side-encryption", string(in.ServerSideEncryption)) &&
		r.addText("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "x-amz-server-side-encryption-aws-kms-key-id", in.SSEKMSKeyId) &&
		r.addName("X-Amz-Storage-Class", "x-amz-storage-class", string(in.StorageClass)) &&
		r.addText("X-Amz-Tagging", "x-amz-tagging", in.Tagging) &&
		r.addCustomerKey(in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5) &&
		r.addMetadata(in.Metadata) && r.addChecksum(in.ChecksumAlgorithm, in.ChecksumCRC32) && r.openBody(in.Body)
}

func (r *request) addOwner(owner *string) bool {
	return r.addText("X-Amz-Expected-Bucket-Owner", "x-amz-expected-bucket-owner", owner)
}

func (r *request) addPayer(payer types.RequestPayer) bool {
	return r.addName("X-Amz-Request-Payer", "x-amz-request-payer", string(payer))
}

// addVersion asks for a version, whose ID needs no escaping. Its name in the query comes
// before the template's.
func (r *request) addVersion(id *string) bool {
	if id == nil {
		return true
	}
	r.query = "versionId=" + *id
	return isToken(*id)
}

// addCustomerKey adds a key of the customer (SSE-C).
func (r *request) addCustomerKey(algorithm, key, md5 *string) bool {
	return r.addText("X-Amz-Server-Side-Encryption-Customer-Algorithm", "x-amz-server-side-encryption-customer-algorithm", algorithm) &&
		r.addText("X-Amz-Server-Side-Encryption-Customer-Key", "x-amz-server-side-encryption-customer-key", key) &&
		r.addText("X-Amz-Server-Side-Encryption-Customer-Key-Md5", "x-amz-server-side-encryption-customer-key-md5", md5)
}

// addName adds a header whose value is one of several names, unless it is empty.
func (r *request) addName(name, lower, value string) bool {
	if value == "" {
		return true
	}
	return r.addText(name, lower, &value)
}

// addChecksum adds a CRC32, and tells the server that the request has one, because moto
// keeps none without that. It reports false for other checksums.
func (r *request) addChecksum(algorithm types.ChecksumAlgorithm, crc32 *string) bool {
	r.hasCRC32 = crc32 != nil
	if algorithm == types.ChecksumAlgorithmCrc32 {
		r.add("X-Amz-Sdk-Checksum-Algorithm", "x-amz-sdk-checksum-algorithm", string(algorithm))
	} else if algorithm != "" {
		return false
	}
	return r.addText("X-Amz-Checksum-Crc32", "x-amz-checksum-crc32", crc32)
}

// hasOther reports whether a put has a field that encodePut does not know. It names the
// fields of the SDK that this module was built with, because an input with a map can't
// be compared, and reflection took a tenth of a small put's time.
func hasOther(in *s3.PutObjectInput) bool {
	if isNewerPut {
		return hasOtherField(reflect.ValueOf(in).Elem())
	}
	texts := [...]*string{
		in.ChecksumCRC32C, in.ChecksumCRC64NVME, in.ChecksumMD5, in.ChecksumSHA1, in.ChecksumSHA256, in.ChecksumSHA512,
		in.ChecksumXXHASH128, in.ChecksumXXHASH3, in.ChecksumXXHASH64, in.ContentLanguage, in.ContentMD5,
		in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP, in.IfMatch, in.IfNoneMatch, in.SSEKMSEncryptionContext,
		in.WebsiteRedirectLocation,
	}
	for _, text := range texts {
		if text != nil {
			return true
		}
	}
	return in.ACL != "" || in.BucketKeyEnabled != nil || in.ContentLength != nil || in.Expires != nil ||
		in.WriteOffsetBytes != nil || hasLock(in)
}

func hasLock(in *s3.PutObjectInput) bool {
	return in.ObjectLockEventHold != "" || in.ObjectLockEventHoldDurationDays != nil || in.ObjectLockEventHoldDurationYears != nil ||
		in.ObjectLockLegalHoldStatus != "" || in.ObjectLockMode != "" || in.ObjectLockRetainUntilDate != nil
}

// isNewerPut is whether the SDK has other fields than hasOther names.
var isNewerPut = reflect.TypeFor[s3.PutObjectInput]().NumField() != 50

func hasOtherField(in reflect.Value) bool {
	for i := range in.NumField() {
		switch in.Type().Field(i).Name {
		case "Bucket", "Key", "Body", "ExpectedBucketOwner", "ContentType", "Metadata", "ChecksumAlgorithm", "ChecksumCRC32",
			"CacheControl", "ContentDisposition", "ContentEncoding", "RequestPayer", "ServerSideEncryption", "SSEKMSKeyId", "StorageClass", "Tagging",
			"SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5":
			continue
		}
		if !in.Field(i).IsZero() {
			return true
		}
	}
	return false
}
