package lithopss3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/s3client"
)

// call makes one request to bucket: it demands the bucket's owner, and follows it into
// its region. The request's body must be one that can be sent again.
func call[In, Out any](ctx context.Context, s *Store, bucket string, in *In,
	send func(context.Context, *In, ...func(*s3.Options)) (*Out, error), options ...func(*s3.Options),
) (*Out, error) {
	return s3client.Call(ctx, s.s3, bucket, in, send, options...)
}
