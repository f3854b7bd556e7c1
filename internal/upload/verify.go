// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"context"
	"crypto/md5" //nolint:gosec // an ETag is one, and protects from nobody
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/ended"
)

// A request whose answer is lost, or proves nothing, may have been served all the
// same. Sent again, a conditional put then meets the very object that it stored, and
// the end of an upload finds the upload gone. What is stored tells: it is ours if it
// has the size and a checksum of what was sent, and is no older than the upload.

// An expected object is what a put should have left.
type expected struct {
	size    int64
	started time.Time
	// etag is S3's for an object in these parts, without quotes; empty for a put in one
	// request.
	etag string
	// slowETag is that of the same object, copied with one request; empty for none.
	slowETag string
	// composite is S3's CRC32 of the parts' CRC32s; empty if it can't be known.
	composite string
	// sum returns the checksum of all bytes, and false if it can't be known.
	sum func(kind *checksum.Kind) ([]byte, bool)
}

// expectBytes describes the object of a put in one request, whose body it may read
// once more.
func expectBytes(body io.ReadSeeker, size int64, started time.Time) expected {
	return expected{size: size, started: started, sum: func(kind *checksum.Kind) ([]byte, bool) {
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return nil, false
		}
		hash := kind.New()
		_, err := io.Copy(hash, body)
		return hash.Sum(nil), err == nil
	}}
}

// A verdict is what a HEAD told of the object.
type verdict int

const (
	isStored verdict = iota
	isAnother
	isUnknown
)

// errNothingToCompare is an object whose size is right and that says nothing more.
var errNothingToCompare = errors.New("the server keeps no checksum of the object that could be compared")

// verifyStored returns nil if the key holds what was sent, and refusal otherwise. If
// that can't be found out, it is ErrOutcomeUnknown. Two writers that store the same
// bytes at the same time look alike.
func (p *put) verifyStored(ctx context.Context, want expected, refusal error) error {
	out, err := p.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &p.opts.Bucket, Key: &p.opts.Key, ChecksumMode: types.ChecksumModeEnabled})
	switch {
	case err != nil && ctx.Err() != nil:
		return ended.Why(ctx)
	case err != nil && p.client.Describe(err).Status == http.StatusNotFound:
		return refusal
	case err != nil:
		return p.unknownOutcome(refusal, err)
	}
	switch want.compare(out) {
	case isStored:
		return nil
	case isAnother:
		return refusal
	}
	return p.unknownOutcome(refusal, errNothingToCompare)
}

func (p *put) unknownOutcome(refusal, reason error) error {
	text := fmt.Sprintf("%v: after %s: %s", ErrOutcomeUnknown, p.client.Describe(refusal).Text, p.client.Describe(reason).Text)
	return &unknownError{text: text, reason: reason}
}

// An unknownError is an ErrOutcomeUnknown with its reason.
type unknownError struct {
	text   string
	reason error
}

// Error says what is not known, and why.
func (e *unknownError) Error() string { return e.text }

// Unwrap returns ErrOutcomeUnknown and the reason.
func (e *unknownError) Unwrap() []error { return []error{ErrOutcomeUnknown, e.reason} }

// compare tells whether a HEAD describes the object.
func (e *expected) compare(out *s3.HeadObjectOutput) verdict {
	if aws.ToInt64(out.ContentLength) != e.size || e.isOlder(out) {
		return isAnother
	}
	tag := strings.Trim(aws.ToString(out.ETag), `"`)
	if e.slowETag != "" && strings.EqualFold(tag, e.slowETag) {
		return isStored
	}
	if e.etag != "" && strings.EqualFold(tag, e.etag) || e.composite != "" && aws.ToString(out.ChecksumCRC32) == e.composite {
		return isStored
	}
	if sum := HeadChecksum(out); sum.IsKnown() {
		if got, ok := e.sum(sum.Kind); ok {
			return verdictOf(sum.Compare(got) == nil)
		}
	}
	if !isMD5(tag) || isEncrypted(out) {
		return isUnknown
	}
	if strings.Contains(tag, "-") { // of an object in parts: not these, or else it were ours
		return isAnother
	}
	if got, ok := e.sum(checksum.MD5); ok {
		return verdictOf(strings.EqualFold(tag, hex.EncodeToString(got)))
	}
	return isUnknown
}

func verdictOf(isSame bool) verdict {
	if isSame {
		return isStored
	}
	return isAnother
}

// HeadChecksum returns the checksum of all of the object's bytes that came with out, the
// answer to a HEAD.
func HeadChecksum(out *s3.HeadObjectOutput) checksum.Sum {
	answer := checksum.Answer{
		CRC32: out.ChecksumCRC32, CRC32C: out.ChecksumCRC32C, CRC64NVME: out.ChecksumCRC64NVME,
		SHA256: out.ChecksumSHA256, SHA512: out.ChecksumSHA512, SHA1: out.ChecksumSHA1, MD5: out.ChecksumMD5,
		Type: string(out.ChecksumType), ETag: aws.ToString(out.ETag),
	}
	return answer.Object()
}

// clockSlack is how much the server's two times of an object may differ, because
// they are in seconds.
const clockSlack = 2 * time.Second

// isOlder reports whether the object was there before the put began. Both times are
// of the server's clock.
func (e *expected) isOlder(out *s3.HeadObjectOutput) bool {
	now, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	return ok && out.LastModified != nil && now.Sub(*out.LastModified) > time.Since(e.started)+clockSlack
}

// isMD5 reports whether an ETag looks like S3's: an MD5, and the number of parts for
// an object that was put in parts.
func isMD5(etag string) bool {
	sum, _, _ := strings.Cut(etag, "-")
	decoded, err := hex.DecodeString(sum)
	return err == nil && len(decoded) == md5.Size
}

// isEncrypted reports whether the object's ETag is no MD5 of its bytes, although it
// looks like one, as with KMS and with keys of the customer.
func isEncrypted(out *s3.HeadObjectOutput) bool {
	return out.ServerSideEncryption != "" && out.ServerSideEncryption != types.ServerSideEncryptionAes256 ||
		out.SSECustomerAlgorithm != nil || out.SSEKMSKeyId != nil
}

// partsETag returns S3's ETag of an object in parts: the MD5 of the parts' MD5s, with
// their number. It is empty if the parts' ETags are no MD5s.
func partsETag(parts []types.CompletedPart) string {
	hash := md5.New() //nolint:gosec // see the import
	for _, part := range parts {
		sum, err := hex.DecodeString(strings.Trim(aws.ToString(part.ETag), `"`))
		if err != nil || len(sum) != md5.Size {
			return ""
		}
		_, _ = hash.Write(sum)
	}
	return fmt.Sprintf("%x-%d", hash.Sum(nil), len(parts))
}
