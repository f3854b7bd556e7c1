package lithopss3

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
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/lithops-go/lithopss3/internal/checksum"
)

// A request whose answer is lost, or proves nothing, may have been served all the
// same. Sent again, a conditional put then meets the very object that it stored, and
// the end of an upload finds the upload gone. What is stored tells: it is ours if it
// has the size and a checksum of what was sent, and is no older than the upload.

// expected describes the object that a put should have left behind.
type expected struct {
	size    int64
	started time.Time
	// etag is S3's for an object in these parts, without quotes; empty for a put in one
	// request.
	etag string
	// composite is S3's CRC32 of the parts' CRC32s; empty if it can't be known.
	composite string
	// sum returns the checksum of all bytes, and false if it can't be known.
	sum func(kind *checksum.Kind) ([]byte, bool)
}

// expectBytes describes the object of a put in one request, whose body it may read
// once more.
func expectBytes(body io.ReadSeeker, started time.Time) (expected, error) {
	size, err := body.Seek(0, io.SeekEnd)
	return expected{size: size, started: started, sum: func(kind *checksum.Kind) ([]byte, bool) {
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return nil, false
		}
		hash := kind.New()
		_, err := io.Copy(hash, body)
		return hash.Sum(nil), err == nil
	}}, err
}

// errOutcomeUnknown is a put of which nobody knows whether it was done.
var errOutcomeUnknown = errors.New("whether the object was stored is not known (look at it, or put it again)")

// unknownOutcome returns errOutcomeUnknown with its reason. It does not wrap the
// refusal that the put met, because a retry that fails with 404 or 412 may have met
// what an attempt before it did.
func unknownOutcome(refusal, reason error) error {
	return fmt.Errorf("%w: after %s: %w", errOutcomeUnknown, plainText(refusal), reason)
}

// A verdict is what a look at the object told.
type verdict int

const (
	isStored verdict = iota
	isAnother
	isUnknown
)

// errNothingToCompare is an object whose size is right and that says nothing more.
var errNothingToCompare = errors.New("the server keeps no checksum of the object that could be compared")

// verifyStored returns nil if key holds what was sent, and refusal otherwise. If
// that can't be found out, it is errOutcomeUnknown. Two writers that store the same
// bytes at the same time look alike.
func (s *Store) verifyStored(ctx context.Context, bucket, key string, want expected, refusal error) error {
	out, err := call(ctx, s, bucket, &s3.HeadObjectInput{
		Bucket: &bucket, Key: &key, ExpectedBucketOwner: s.expectedOwner(bucket), ChecksumMode: types.ChecksumModeEnabled,
	}, s.client.HeadObject)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && answerStatus(err) == http.StatusNotFound:
		return refusal
	case err != nil:
		return unknownOutcome(refusal, err)
	}
	switch want.compare(out) {
	case isStored:
		return nil
	case isAnother:
		return refusal
	}
	return unknownOutcome(refusal, errNothingToCompare)
}

// compare tells whether a HEAD describes the object.
func (e *expected) compare(out *s3.HeadObjectOutput) verdict {
	if aws.ToInt64(out.ContentLength) != e.size || e.isOlder(out) {
		return isAnother
	}
	tag := strings.Trim(aws.ToString(out.ETag), `"`)
	if e.etag != "" && strings.EqualFold(tag, e.etag) || e.composite != "" && aws.ToString(out.ChecksumCRC32) == e.composite {
		return isStored
	}
	if sum := headChecksum(out); sum.IsKnown() {
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

// isOlder reports whether the object was there before the put began. Both times are
// of the server's clock, in seconds.
func (e *expected) isOlder(out *s3.HeadObjectOutput) bool {
	now, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	return ok && out.LastModified != nil && now.Sub(*out.LastModified) > time.Since(e.started)+2*time.Second
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

// countAttempts counts how often a request is sent.
func countAttempts(attempts *int) func(*s3.Options) {
	count := middleware.FinalizeMiddlewareFunc("LithopsAttempts",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			*attempts++
			return next.HandleFinalize(ctx, in)
		})
	return func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Finalize.Insert(count, "Retry", middleware.After)
		})
	}
}

// answerStatus is the HTTP status that err came with, 0 where no answer did.
func answerStatus(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	var known *Error
	if errors.As(err, &known) {
		return known.StatusCode
	}
	return 0
}

// partsETag is S3's ETag of an upload in parts: the MD5 of the parts' MD5s, with
// their number. It is empty where the parts' ETags are no MD5s.
func partsETag(parts []types.CompletedPart) string {
	hash := md5.New() //nolint:gosec // see the import
	for _, part := range parts {
		if part.ETag == nil {
			return ""
		}
		sum, err := hex.DecodeString(strings.Trim(*part.ETag, `"`))
		if err != nil || len(sum) != md5.Size {
			return ""
		}
		_, _ = hash.Write(sum)
	}
	return fmt.Sprintf("%x-%d", hash.Sum(nil), len(parts))
}
