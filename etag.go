// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/s3err"
)

// errNoETag is an answer that can't be held to a weak ETag.
var errNoETag = errors.New("the server's answer has no ETag, so that nothing tells whether it is the same object")

// quoteETag returns etag as S3 wants it, in quotes, which people cut off. It is nil
// for none.
func quoteETag(etag string) *string {
	if etag == "" || etag == "*" || strings.HasPrefix(etag, `"`) || strings.HasPrefix(etag, "W/") {
		return optional(etag)
	}
	return aws.String(`"` + etag + `"`)
}

// ifMatchOfRead returns the If-Match of a request that reads the object with this
// ETag. It is nil for a weak ETag, which no If-Match can match (RFC 9110, section
// 13.1.1): proxies make them, S3 has none. checkETag then compares the answer's.
func ifMatchOfRead(etag string) *string {
	if isWeakETag(etag) {
		return nil
	}
	return quoteETag(etag)
}

// ifMatchOfWrite returns the If-Match of a request that replaces the object with this
// ETag. No answer could be compared afterwards, so that a weak ETag is sent as the
// strong one that it was made from; a server that has another refuses.
func ifMatchOfWrite(etag string) *string {
	if etag == "" {
		return nil
	}
	parts := slices.Collect(splitETags(etag))
	for i, part := range parts {
		parts[i] = strings.TrimPrefix(strings.TrimSpace(part), "W/")
	}
	return quoteETag(strings.Join(parts, ", "))
}

// splitETags yields the ETags of a list. A comma in quotes is part of one.
func splitETags(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		isQuoted, start := false, 0
		for i := range len(list) {
			switch {
			case list[i] == '"':
				isQuoted = !isQuoted
			case list[i] == ',' && !isQuoted:
				if !yield(list[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(list[start:])
	}
}

// isWeakETag reports whether etag, or one of a list of them, is weak.
func isWeakETag(etag string) bool {
	for part := range splitETags(etag) {
		if strings.HasPrefix(strings.TrimSpace(part), "W/") {
			return true
		}
	}
	return false
}

// checkETag returns an error unless the ETag of an answer is one of those that the
// caller asked for, because some servers ignore If-Match. The answer's may be weak,
// as proxies make it. It may be missing if the server was asked with If-Match.
func checkETag(asked string, etag *string) error {
	if asked == "" || asked == "*" {
		return nil
	}
	if etag == nil || *etag == "" {
		if isWeakETag(asked) {
			return errNoETag
		}
		return nil
	}
	for part := range splitETags(asked) {
		if bareETag(part) == bareETag(*etag) {
			return nil
		}
	}
	return fmt.Errorf("%w: its ETag is %s, not %s", errChanged, s3err.Text(*etag), s3err.Text(asked))
}

// strongETag returns an ETag that stands for the very bytes of an object, and nil for
// a weak or empty one, which can't hold a second request to the version of the first,
// and for *, with which If-Match matches any object.
func strongETag(etag string) *string {
	if bareETag(etag) == "" || strings.HasPrefix(etag, "W/") || strings.TrimSpace(etag) == "*" {
		return nil
	}
	return &etag
}

// bareETag leaves out what clients and proxies add or take away.
func bareETag(etag string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(etag), "W/"), `"`)
}

// getChecksum returns the checksum of all of the object's bytes that came with out.
func getChecksum(out *s3.GetObjectOutput) checksum.Sum {
	answer := checksum.Answer{
		CRC32: out.ChecksumCRC32, CRC32C: out.ChecksumCRC32C, CRC64NVME: out.ChecksumCRC64NVME,
		SHA256: out.ChecksumSHA256, SHA512: out.ChecksumSHA512, SHA1: out.ChecksumSHA1, MD5: out.ChecksumMD5,
		Type: string(out.ChecksumType), ETag: aws.ToString(out.ETag),
	}
	return answer.Object()
}
