package lithopss3

import (
	"context"
	"crypto/md5" //nolint:gosec // an ETag is one, and protects from nobody
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
)

// A request whose answer is lost may have been served all the same. Sent again,
// a conditional put then meets the very object that it stored, and the end of an
// upload an upload that is gone. What is stored tells such a failure from a real
// one: it is ours if it has the size and a checksum of what was sent, and is no
// older than the upload.

// sentObject is what an upload should have left behind.
type sentObject struct {
	size    int64
	etag    string // without quotes; empty where it can't be known
	crc32   string // as S3 writes it; empty where it can't be known
	started time.Time
}

// describeWhole reads body once more.
func describeWhole(body io.ReadSeeker, started time.Time) (sentObject, error) {
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return sentObject{}, err
	}
	tag, sum := md5.New(), crc32.NewIEEE() //nolint:gosec // see the import
	size, err := io.Copy(io.MultiWriter(tag, sum), body)
	return sentObject{
		size: size, started: started,
		etag: hex.EncodeToString(tag.Sum(nil)), crc32: base64.StdEncoding.EncodeToString(sum.Sum(nil)),
	}, err
}

// errUntold is the outcome of a conditional put that nobody knows.
var errUntold = errors.New("whether an attempt before the refused one was stored can't be told")

// confirm is nil if key holds what was sent, and refused if it does not. Where S3
// can't be asked, a condition may have failed only because an attempt before was
// served, and it is neither. Two writers that store the same bytes at the same time
// look alike.
func (s *Store) confirm(ctx context.Context, bucket, key string, sent sentObject, refused error) error {
	out, err := call(ctx, s, bucket, &s3.HeadObjectInput{
		Bucket: &bucket, Key: &key, ExpectedBucketOwner: s.expectedOwner(bucket), ChecksumMode: types.ChecksumModeEnabled,
	}, s.client.HeadObject)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && answerStatus(err) != http.StatusNotFound && answerStatus(refused) == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", errUntold, err)
	case err != nil || out.ContentLength == nil || *out.ContentLength != sent.size:
		return refused
	}
	// Both times are of the server's clock, in seconds.
	if now, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok && out.LastModified != nil &&
		now.Sub(*out.LastModified) > time.Since(sent.started)+2*time.Second {
		return refused
	}
	isOurs := (sent.etag != "" && out.ETag != nil && strings.EqualFold(strings.Trim(*out.ETag, `"`), sent.etag)) ||
		(sent.crc32 != "" && out.ChecksumCRC32 != nil && *out.ChecksumCRC32 == sent.crc32)
	if !isOurs {
		return refused
	}
	return nil
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
