// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"
)

func decodeGet(response *http.Response) *s3.GetObjectOutput {
	out := &s3.GetObjectOutput{}
	if !readHeader(out, response.Header) || !readDate(out, response.Header) {
		return nil
	}
	out.Body = response.Body
	return out
}

func decodeHead(response *http.Response) *s3.HeadObjectOutput {
	var out s3.GetObjectOutput
	if !readHeader(&out, response.Header) || !readDate(&out, response.Header) {
		return nil
	}
	_ = response.Body.Close()
	return &s3.HeadObjectOutput{
		AcceptRanges: out.AcceptRanges, BucketKeyEnabled: out.BucketKeyEnabled, CacheControl: out.CacheControl,
		ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C, ChecksumCRC64NVME: out.ChecksumCRC64NVME,
		ChecksumSHA1: out.ChecksumSHA1, ChecksumSHA256: out.ChecksumSHA256, ChecksumSHA512: out.ChecksumSHA512,
		ChecksumMD5: out.ChecksumMD5, ChecksumType: out.ChecksumType,
		ContentDisposition: out.ContentDisposition, ContentEncoding: out.ContentEncoding, ContentLanguage: out.ContentLanguage,
		ContentLength: out.ContentLength, ContentRange: out.ContentRange, ContentType: out.ContentType, ETag: out.ETag,
		Expiration: out.Expiration, LastModified: out.LastModified, Metadata: out.Metadata, ReplicationStatus: out.ReplicationStatus,
		SSEKMSKeyId: out.SSEKMSKeyId, ServerSideEncryption: out.ServerSideEncryption, StorageClass: out.StorageClass, VersionId: out.VersionId,
		SSECustomerAlgorithm: out.SSECustomerAlgorithm, SSECustomerKeyMD5: out.SSECustomerKeyMD5, RequestCharged: out.RequestCharged, TagCount: out.TagCount,
	}
}

// decodePut leaves an answer with a body to the SDK, because the body may be an error.
func decodePut(response *http.Response) *s3.PutObjectOutput {
	var out s3.GetObjectOutput
	if response.ContentLength != 0 || !readHeader(&out, response.Header) {
		return nil
	}
	_ = response.Body.Close()
	return &s3.PutObjectOutput{
		BucketKeyEnabled: out.BucketKeyEnabled, ETag: out.ETag, Expiration: out.Expiration,
		ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C, ChecksumCRC64NVME: out.ChecksumCRC64NVME,
		ChecksumSHA1: out.ChecksumSHA1, ChecksumSHA256: out.ChecksumSHA256, ChecksumSHA512: out.ChecksumSHA512,
		ChecksumMD5: out.ChecksumMD5, ChecksumType: out.ChecksumType,
		SSEKMSKeyId: out.SSEKMSKeyId, ServerSideEncryption: out.ServerSideEncryption, VersionId: out.VersionId,
		SSECustomerAlgorithm: out.SSECustomerAlgorithm, SSECustomerKeyMD5: out.SSECustomerKeyMD5, RequestCharged: out.RequestCharged,
	}
}

// decodePart leaves an answer with a body to the SDK, as decodePut does.
func decodePart(response *http.Response) *s3.UploadPartOutput {
	out := decodePut(response)
	if out == nil {
		return nil
	}
	return &s3.UploadPartOutput{
		BucketKeyEnabled: out.BucketKeyEnabled, ETag: out.ETag,
		ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C, ChecksumCRC64NVME: out.ChecksumCRC64NVME,
		ChecksumSHA1: out.ChecksumSHA1, ChecksumSHA256: out.ChecksumSHA256, ChecksumSHA512: out.ChecksumSHA512, ChecksumMD5: out.ChecksumMD5,
		SSEKMSKeyId: out.SSEKMSKeyId, ServerSideEncryption: out.ServerSideEncryption,
		SSECustomerAlgorithm: out.SSECustomerAlgorithm, SSECustomerKeyMD5: out.SSECustomerKeyMD5, RequestCharged: out.RequestCharged,
	}
}

// readHeader reads the headers that answers mostly have, except Last-Modified. It
// reports false if there is one that only the SDK can read.
func readHeader(out *s3.GetObjectOutput, header http.Header) bool {
	for name, values := range header {
		if len(values) == 0 {
			continue
		}
		values[0] = strings.TrimSpace(values[0])
		if !setText(out, name, &values[0]) && !readOther(out, name, values[0]) {
			return false
		}
	}
	return true
}

// setText sets the field for a header that is a string. It reports false for others.
func setText(out *s3.GetObjectOutput, name string, value *string) bool {
	switch name {
	case "Accept-Ranges":
		out.AcceptRanges = value
	case "Cache-Control":
		out.CacheControl = value
	case "Content-Disposition":
		out.ContentDisposition = value
	case "Content-Encoding":
		out.ContentEncoding = value
	case "Content-Language":
		out.ContentLanguage = value
	case "Content-Range":
		out.ContentRange = value
	case "Content-Type":
		out.ContentType = value
	case "Etag":
		out.ETag = value
	case "X-Amz-Expiration":
		out.Expiration = value
	case "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":
		out.SSEKMSKeyId = value
	case "X-Amz-Server-Side-Encryption-Customer-Algorithm":
		out.SSECustomerAlgorithm = value
	case "X-Amz-Server-Side-Encryption-Customer-Key-Md5":
		out.SSECustomerKeyMD5 = value
	case "X-Amz-Version-Id":
		out.VersionId = value
	default:
		return setChecksum(out, name, value)
	}
	return true
}

func setChecksum(out *s3.GetObjectOutput, name string, value *string) bool {
	switch name {
	case "X-Amz-Checksum-Crc32":
		out.ChecksumCRC32 = value
	case "X-Amz-Checksum-Crc32c":
		out.ChecksumCRC32C = value
	case "X-Amz-Checksum-Crc64nvme":
		out.ChecksumCRC64NVME = value
	case "X-Amz-Checksum-Sha1":
		out.ChecksumSHA1 = value
	case "X-Amz-Checksum-Sha256":
		out.ChecksumSHA256 = value
	case "X-Amz-Checksum-Sha512":
		out.ChecksumSHA512 = value
	case "X-Amz-Checksum-Md5":
		out.ChecksumMD5 = value
	default:
		return false
	}
	return true
}

// readOther reads a header that is not only a string. It ignores those that are not
// S3's.
func readOther(out *s3.GetObjectOutput, name, value string) bool {
	switch name {
	case "Content-Length":
		length, err := strconv.ParseUint(value, 10, 63) // as proof.ContentLength, which has read it before
		signed := int64(length)
		out.ContentLength = &signed
		return err == nil
	case "X-Amz-Checksum-Type":
		out.ChecksumType = types.ChecksumType(value)
	case "X-Amz-Request-Charged":
		out.RequestCharged = types.RequestCharged(value)
	case "X-Amz-Tagging-Count":
		count, err := strconv.ParseInt(value, 0, 32) // as the SDK
		tags := int32(count)
		out.TagCount = &tags
		return err == nil
	case "X-Amz-Replication-Status":
		out.ReplicationStatus = types.ReplicationStatus(value)
	case "X-Amz-Server-Side-Encryption":
		out.ServerSideEncryption = types.ServerSideEncryption(value)
	case "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled":
		enabled, err := strconv.ParseBool(value)
		out.BucketKeyEnabled = &enabled
		return err == nil
	case "X-Amz-Storage-Class":
		out.StorageClass = types.StorageClass(value)
	case "Last-Modified", "X-Amz-Request-Id", "X-Amz-Id-2", "X-Amz-Bucket-Region":
	case "Expires":
		return false
	default:
		return readMetadata(out, name, value)
	}
	return true
}

// readDate reads Last-Modified, which an answer to a put does not need.
func readDate(out *s3.GetObjectOutput, header http.Header) bool {
	values := header["Last-Modified"]
	if len(values) == 0 {
		return true
	}
	modified, err := smithytime.ParseHTTPDate(values[0])
	out.LastModified = &modified
	return err == nil
}

// readMetadata reports false for a header of S3 that is not known.
func readMetadata(out *s3.GetObjectOutput, name, value string) bool {
	if key, ok := strings.CutPrefix(name, metaPrefix); ok {
		if out.Metadata == nil {
			out.Metadata = map[string]string{}
		}
		out.Metadata[strings.ToLower(key)] = value
		return true
	}
	const amazon = "X-Amz-"
	return len(name) < len(amazon) || !strings.EqualFold(name[:len(amazon)], amazon)
}
