package lithopss3

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/checksum"
)

// getChecksum returns the checksum of all of the object's bytes that came with out.
func getChecksum(out *s3.GetObjectOutput) checksum.Sum {
	answer := checksum.Answer{
		CRC32: out.ChecksumCRC32, CRC32C: out.ChecksumCRC32C, CRC64NVME: out.ChecksumCRC64NVME,
		SHA256: out.ChecksumSHA256, SHA512: out.ChecksumSHA512, SHA1: out.ChecksumSHA1, MD5: out.ChecksumMD5,
		Type: string(out.ChecksumType), ETag: aws.ToString(out.ETag),
	}
	return answer.Object()
}

// headChecksum returns the checksum of all of the object's bytes that came with out.
func headChecksum(out *s3.HeadObjectOutput) checksum.Sum {
	answer := checksum.Answer{
		CRC32: out.ChecksumCRC32, CRC32C: out.ChecksumCRC32C, CRC64NVME: out.ChecksumCRC64NVME,
		SHA256: out.ChecksumSHA256, SHA512: out.ChecksumSHA512, SHA1: out.ChecksumSHA1, MD5: out.ChecksumMD5,
		Type: string(out.ChecksumType), ETag: aws.ToString(out.ETag),
	}
	return answer.Object()
}

// validatesChecksums reports whether bodies are compared with the server's
// checksums, which AWS's setting response_checksum_validation can turn off.
func (s *Store) validatesChecksums() bool {
	return !s.session.s3.ResponseChecksumWhenRequired
}

// askChecksum has the server send the object's checksum, and turns the SDK's own
// comparison off, because that knows neither a checksum's type nor how to continue
// after a broken connection.
func (s *Store) askChecksum(o *s3.Options) {
	if !s.validatesChecksums() {
		return
	}
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Checksum-Mode", "ENABLED"))
}
