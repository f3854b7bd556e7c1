package lithopss3

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"
)

func getOutput(_ *pattern, response *http.Response) *s3.GetObjectOutput {
	out := &s3.GetObjectOutput{}
	if !readHeader(out, response.Header) || !readDate(out, response.Header) {
		return nil
	}
	out.Body = response.Body
	return out
}

func headOutput(_ *pattern, response *http.Response) *s3.HeadObjectOutput {
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
	}
}

// putOutput leaves an answer with a body, which may be an error behind a 200, to the SDK.
func putOutput(_ *pattern, response *http.Response) *s3.PutObjectOutput {
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
	}
}

// partOutput likewise.
func partOutput(p *pattern, response *http.Response) *s3.UploadPartOutput {
	out := putOutput(p, response)
	if out == nil {
		return nil
	}
	return &s3.UploadPartOutput{
		BucketKeyEnabled: out.BucketKeyEnabled, ETag: out.ETag,
		ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C, ChecksumCRC64NVME: out.ChecksumCRC64NVME,
		ChecksumSHA1: out.ChecksumSHA1, ChecksumSHA256: out.ChecksumSHA256, ChecksumSHA512: out.ChecksumSHA512, ChecksumMD5: out.ChecksumMD5,
		SSEKMSKeyId: out.SSEKMSKeyId, ServerSideEncryption: out.ServerSideEncryption,
	}
}

// readHeader reads the headers that answers mostly have. It is false where there
// is one that only the SDK can read.
func readHeader(out *s3.GetObjectOutput, header http.Header) bool {
	for name, values := range header {
		if len(values) == 0 {
			continue
		}
		values[0] = strings.TrimSpace(values[0])
		value := &values[0]
		if field := textField(out, name); field != nil {
			*field = value
			continue
		}
		if !readOther(out, name, *value) {
			return false
		}
	}
	return true
}

// textField is the field for a header that is a text.
func textField(out *s3.GetObjectOutput, name string) **string {
	switch name {
	case "Accept-Ranges":
		return &out.AcceptRanges
	case "Cache-Control":
		return &out.CacheControl
	case "Content-Disposition":
		return &out.ContentDisposition
	case "Content-Encoding":
		return &out.ContentEncoding
	case "Content-Language":
		return &out.ContentLanguage
	case "Content-Range":
		return &out.ContentRange
	case "Content-Type":
		return &out.ContentType
	case "Etag":
		return &out.ETag
	case "X-Amz-Checksum-Crc32":
		return &out.ChecksumCRC32
	case "X-Amz-Checksum-Crc32c":
		return &out.ChecksumCRC32C
	case "X-Amz-Checksum-Crc64nvme":
		return &out.ChecksumCRC64NVME
	case "X-Amz-Checksum-Sha1":
		return &out.ChecksumSHA1
	case "X-Amz-Checksum-Sha256":
		return &out.ChecksumSHA256
	case "X-Amz-Checksum-Sha512":
		return &out.ChecksumSHA512
	case "X-Amz-Checksum-Md5":
		return &out.ChecksumMD5
	case "X-Amz-Expiration":
		return &out.Expiration
	case "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":
		return &out.SSEKMSKeyId
	case "X-Amz-Version-Id":
		return &out.VersionId
	}
	return nil
}

// readOther reads a header that is more than a text. Those that are not S3's do
// not matter.
func readOther(out *s3.GetObjectOutput, name, value string) bool {
	switch name {
	case "Content-Length":
		length, err := strconv.ParseUint(value, 10, 63) // as contentLength, which has read it before
		signed := int64(length)
		out.ContentLength = &signed
		return err == nil
	case "X-Amz-Checksum-Type":
		out.ChecksumType = types.ChecksumType(value)
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

// readDate reads when an object was last modified. Answers to puts are not asked.
func readDate(out *s3.GetObjectOutput, header http.Header) bool {
	values := header["Last-Modified"]
	if len(values) == 0 {
		return true
	}
	modified, err := smithytime.ParseHTTPDate(values[0])
	out.LastModified = &modified
	return err == nil
}

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
