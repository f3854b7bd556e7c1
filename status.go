package lithopss3

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// A BucketStatus is what one look at a bucket tells.
type BucketStatus struct {
	Region    string        // where the bucket is, empty where the server does not say
	RoundTrip time.Duration // of the look
	ClockSkew time.Duration // how far this machine's clock is ahead of the server's, to about a second
	// PublicAccessBlocked, PublicPolicy and PublicACL tell whether public access is
	// blocked altogether, and whether the bucket's policy, or its access control list,
	// lets the public in. Nil is where the server does not say, or not to these
	// credentials, and no reason to be calm.
	PublicAccessBlocked, PublicPolicy, PublicACL *bool
	// Owner is the account that the bucket was shown to belong to, in digits. It is
	// empty for a bucket that is Foreign, and where that can't be known, for the
	// reason in OwnerUnknown.
	Owner        string
	Foreign      bool // it is another account's than the caller's
	OwnerUnknown string
	// OwnerDemanded tells that each request demands the Owner: of a bucket that this
	// package named, and of one in an account's regional namespace.
	OwnerDemanded bool
}

// BucketStatus looks at a bucket, for people who want to know what is wrong. It
// makes up to eight requests, one of them to STS. Its errors are those of
// EnsureBucket, but nothing is created.
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
	status.PublicAccessBlocked = s.publicAccessBlocked(ctx, bucket)
	status.PublicPolicy, status.PublicACL = s.publicPolicy(ctx, bucket), s.publicACL(ctx, bucket)
	status.Owner, status.Foreign, status.OwnerUnknown = s.ownership(ctx, bucket)
	status.OwnerDemanded = s.expectedOwner(bucket) != nil
	return status, nil
}

// isPermission reports whether err is a refusal that is not the clock's, the
// signature's or an archive's fault.
func isPermission(err error) bool { return errors.Is(wrapError("", "", "", err), fs.ErrPermission) }

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

func hasCode(err error, code string) bool {
	api := smithy.APIError(nil)
	return errors.As(err, &api) && api.ErrorCode() == code
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

// publicGroups are everybody, and everybody with an account at AWS.
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
