package lithopss3

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// A BucketStatus is what one look at a bucket tells.
type BucketStatus struct {
	Region    string        // where the bucket is, empty where the server does not say
	RoundTrip time.Duration // of the look
	ClockSkew time.Duration // how far this machine's clock is ahead of the server's, to about a second
	// PublicAccessBlocked is nil where the server does not say.
	PublicAccessBlocked *bool
}

// BucketStatus looks at a bucket, for people who want to know what is wrong. Its
// errors are those of HeadBucket.
func (s *Store) BucketStatus(ctx context.Context, bucket string) (*BucketStatus, error) {
	if err := s.HeadBucket(ctx, bucket); err != nil { // also finds the region
		return nil, err
	}
	start := time.Now()
	out, err := call(ctx, s, bucket, &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: s.expectedOwner(bucket)}, s.client.HeadBucket)
	if err != nil {
		return nil, wrapError("BucketStatus", bucket, "", err)
	}
	status := &BucketStatus{Region: aws.ToString(out.BucketRegion), RoundTrip: time.Since(start)}
	if skew, ok := awsmiddleware.GetAttemptSkew(out.ResultMetadata); ok {
		status.ClockSkew = -skew
	}
	status.PublicAccessBlocked = s.publicAccessBlocked(ctx, bucket)
	return status, nil
}

func (s *Store) publicAccessBlocked(ctx context.Context, bucket string) *bool {
	out, err := call(ctx, s, bucket, &s3.GetPublicAccessBlockInput{Bucket: &bucket, ExpectedBucketOwner: s.expectedOwner(bucket)}, s.client.GetPublicAccessBlock)
	api := smithy.APIError(nil)
	switch {
	case errors.As(err, &api) && api.ErrorCode() == "NoSuchPublicAccessBlockConfiguration":
		return aws.Bool(false)
	case err != nil || out.PublicAccessBlockConfiguration == nil:
		return nil
	}
	c := out.PublicAccessBlockConfiguration
	blocked := aws.ToBool(c.BlockPublicAcls) && aws.ToBool(c.BlockPublicPolicy) && aws.ToBool(c.IgnorePublicAcls) && aws.ToBool(c.RestrictPublicBuckets)
	return &blocked
}
