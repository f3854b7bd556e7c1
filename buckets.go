// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/listing"
)

// BucketInfo describes a bucket in a listing.
type BucketInfo struct {
	Name    string
	Created time.Time
	// Region is empty if the server does not say it.
	Region string
}

// maxBucketsPage is how many buckets to ask for at once: S3's limit. Without it, S3
// refuses an account that has more.
const maxBucketsPage = 10_000

// ListBuckets yields the buckets of the caller's account, in all regions, by name. The
// first error ends the sequence.
func (s *Store) ListBuckets(ctx context.Context) iter.Seq2[BucketInfo, error] {
	const op = "ListBuckets"
	return func(yield func(BucketInfo, error) bool) {
		in := &s3.ListBucketsInput{MaxBuckets: aws.Int32(maxBucketsPage)}
		var guard listing.CircleGuard
		for {
			out, err := call(ctx, s, "", in, s.client.ListBuckets)
			if err != nil {
				yield(BucketInfo{}, wrapError(op, "", "", err))
				return
			}
			first := ""
			for i, bucket := range out.Buckets {
				info := BucketInfo{Name: aws.ToString(bucket.Name), Created: aws.ToTime(bucket.CreationDate), Region: aws.ToString(bucket.BucketRegion)}
				if i == 0 {
					first = info.Name
				}
				if !yield(info, nil) {
					return
				}
			}
			if out.ContinuationToken == nil {
				return
			}
			if err := guard.Check(*out.ContinuationToken, first); err != nil {
				yield(BucketInfo{}, wrapError(op, "", "", err))
				return
			}
			in.ContinuationToken = out.ContinuationToken
		}
	}
}
