package lithopss3

import (
	"context"
	"errors"
	"io"
	"sync"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// regionCache remembers the buckets that lie in another region than configured.
// Its zero value is empty; it is safe for concurrent use.
type regionCache struct{ regions sync.Map }

func (c *regionCache) get(bucket string) string {
	region, _ := c.regions.Load(bucket)
	text, _ := region.(string)
	return text
}

// inRegion are the options of a call to a bucket whose region is known.
func inRegion(region string) func(*s3.Options) {
	return func(o *s3.Options) {
		if region != "" {
			o.Region = region
		}
	}
}

// call makes one request to bucket and, where S3 answers that the bucket is in
// another region, once more there (botocore's S3RegionRedirectorv2). The region
// is remembered. The request's body must be one that can be sent again.
func call[In, Out any](ctx context.Context, s *Store, bucket string, in *In,
	send func(context.Context, *In, ...func(*s3.Options)) (*Out, error), options ...func(*s3.Options),
) (*Out, error) {
	region := s.regions.get(bucket)
	out, err := send(ctx, in, append(options, inRegion(region))...)
	if err == nil {
		return out, nil
	}
	actual := s.bucketRegion(ctx, bucket, err)
	if actual == "" || actual == region || (region == "" && actual == s.session.region) {
		return out, err
	}
	s.log.Info("the bucket is in another region than configured", "bucket", bucket, "region", actual, "configured", s.session.region)
	s.regions.regions.Store(bucket, actual)
	if err := rewind(in); err != nil {
		return nil, err
	}
	return send(ctx, in, append(options, inRegion(actual))...)
}

// rewind makes the body of a request ready to be sent again.
func rewind(in any) error {
	var body io.Reader
	switch in := in.(type) {
	case *s3.PutObjectInput:
		body = in.Body
	case *s3.UploadPartInput:
		body = in.Body
	}
	if seeker, ok := body.(io.Seeker); ok {
		_, err := seeker.Seek(0, io.SeekStart)
		return err
	}
	return nil
}

// bucketRegion reads from an error where the bucket is, or asks, as S3 does not
// always say. It is empty where the error has another reason.
func (s *Store) bucketRegion(ctx context.Context, bucket string, err error) string {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || !isRegionError(response.HTTPStatusCode(), err) {
		return ""
	}
	if region := regionHeader(response); region != "" {
		return region
	}
	_, err = s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: s.expectedOwner(bucket)})
	if errors.As(err, &response) {
		return regionHeader(response)
	}
	return ""
}

// regionHeader is the region that an answer names. A name that is none is no
// region: it becomes part of the host that the next request goes to.
func regionHeader(response *awshttp.ResponseError) string {
	region := response.Response.Header.Get("X-Amz-Bucket-Region")
	if validateRegion(region) != nil {
		return ""
	}
	return region
}

func isRegionError(status int, err error) bool {
	code := ""
	if api := smithy.APIError(nil); errors.As(err, &api) {
		code = api.ErrorCode()
	}
	switch status {
	case 301, 307:
		return true
	case 400:
		// A HEAD has no body, so that its code is only the status.
		return code == "AuthorizationHeaderMalformed" || code == "IllegalLocationConstraintException" || code == "BadRequest"
	}
	return false
}
