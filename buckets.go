// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/listing"
	"github.com/lithops-go/lithopss3/internal/panics"
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

// A BucketStatus describes a bucket: whether it exists, who owns it, and who has access.
type BucketStatus struct {
	Region    string        // where the bucket is, empty if the server does not say
	RoundTrip time.Duration // of the look
	ClockSkew time.Duration // how far this machine's clock is ahead of the server's, to about a second
	// PublicAccessBlocked reports whether public access is blocked. PublicPolicy and
	// PublicACL report whether the bucket's policy, or its access control list, admits
	// the public. Nil means unknown: the server did not say, or these credentials may
	// not ask.
	PublicAccessBlocked, PublicPolicy, PublicACL *bool
	// Owner is the number of the account that owns the bucket. It is empty if the
	// bucket is Foreign, or if the owner can't be known; OwnerUnknown then has the reason.
	Owner        string
	Foreign      bool // it is another account's than the caller's
	OwnerUnknown string
	// OwnerDemanded reports whether each request demands the Owner: for a bucket that
	// this package named, and for one in an account's regional namespace.
	OwnerDemanded bool
}

// BucketStatus describes a bucket, to find out what is wrong with it. It makes up to
// eight requests, one of them to STS, and creates nothing. What a server does not tell
// within a few seconds is unknown. Its errors are those of EnsureBucket.
func (s *Store) BucketStatus(ctx context.Context, bucket string) (*BucketStatus, error) {
	if err := s.HeadBucket(ctx, bucket); err != nil { // also finds the region
		if isPermission(err) {
			err = s.explainRefusal(ctx, bucket, err)
		}
		if err != nil {
			return nil, err
		}
	}
	start := time.Now()
	out, err := call(ctx, s, bucket, &s3.HeadBucketInput{Bucket: &bucket}, s.client.HeadBucket)
	if err != nil {
		return nil, wrapError("BucketStatus", bucket, "", err)
	}
	status := &BucketStatus{Region: aws.ToString(out.BucketRegion), RoundTrip: time.Since(start), ClockSkew: -s.peer.Clock.Correction()}
	s.addDetails(ctx, bucket, status)
	status.OwnerDemanded = s.expectedOwner(bucket) != nil
	return status, nil
}

var errDetailTime = errors.New("no answer that could be used in time")

// addDetails asks for the details at once, for pace.detail at most.
func (s *Store) addDetails(ctx context.Context, bucket string, status *BucketStatus) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.pace.detail, errDetailTime)
	defer cancel()
	var group panics.Group
	group.Go(func() { status.PublicAccessBlocked = s.publicAccessBlocked(ctx, bucket) }, cancel)
	group.Go(func() { status.PublicPolicy = s.publicPolicy(ctx, bucket) }, cancel)
	group.Go(func() { status.PublicACL = s.publicACL(ctx, bucket) }, cancel)
	group.Go(func() { status.Owner, status.Foreign, status.OwnerUnknown = s.ownership(ctx, bucket) }, cancel)
	group.Wait()
}

func (s *Store) publicAccessBlocked(ctx context.Context, bucket string) *bool {
	out, err := call(ctx, s, bucket, &s3.GetPublicAccessBlockInput{Bucket: &bucket}, s.client.GetPublicAccessBlock)
	switch {
	case hasCode(err, "NoSuchPublicAccessBlockConfiguration"):
		return aws.Bool(false)
	case err != nil || out.PublicAccessBlockConfiguration == nil:
		return nil
	}
	c := out.PublicAccessBlockConfiguration
	blocked := aws.ToBool(c.BlockPublicAcls) && aws.ToBool(c.BlockPublicPolicy) && aws.ToBool(c.IgnorePublicAcls) && aws.ToBool(c.RestrictPublicBuckets)
	return &blocked
}

func (s *Store) publicPolicy(ctx context.Context, bucket string) *bool {
	out, err := call(ctx, s, bucket, &s3.GetBucketPolicyStatusInput{Bucket: &bucket}, s.client.GetBucketPolicyStatus)
	switch {
	case hasCode(err, "NoSuchBucketPolicy"):
		return aws.Bool(false)
	case err != nil || out.PolicyStatus == nil:
		return nil
	}
	return out.PolicyStatus.IsPublic
}

// publicGroups lists the groups of all users, and of all users with an AWS account.
var publicGroups = []string{"http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}

func (s *Store) publicACL(ctx context.Context, bucket string) *bool {
	out, err := call(ctx, s, bucket, &s3.GetBucketAclInput{Bucket: &bucket}, s.client.GetBucketAcl)
	if err != nil || out.Owner == nil { // a server that knows no ACLs may answer something else
		return nil
	}
	public := slices.ContainsFunc(out.Grants, func(grant types.Grant) bool {
		return grant.Grantee != nil && slices.Contains(publicGroups, aws.ToString(grant.Grantee.URI))
	})
	return &public
}
