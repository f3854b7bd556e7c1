// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// Bucket is the bucket of the configuration, or the name that Lithops gives the
// user's own: lithops-<region>-<the last four characters of the STS user id>
// (S3Backend.generate_bucket_name), or that of [Options].AccountRegional. STS is
// asked once, and only where storage_bucket is not set. Nothing is created, see
// EnsureBucket.
func (s *Store) Bucket(ctx context.Context) (string, error) {
	if s.config.StorageBucket != "" {
		return s.config.StorageBucket, nil
	}
	if name := s.bucket.known(); name != "" {
		return name, nil
	}
	return s.bucket.asking.Do(ctx, s.nameBucket)
}

// nameBucket asks STS who the caller is, and remembers the name that follows from
// it. Callers who wait for the name share its outcome.
func (s *Store) nameBucket(ctx context.Context) (string, error) {
	if name := s.bucket.known(); name != "" {
		return name, nil
	}
	caller, err := s.callerIdentity(ctx)
	if err != nil {
		return "", fmt.Errorf("cannot name the bucket, because STS GetCallerIdentity failed (set storage_bucket to avoid it): %w", err)
	}
	name, account := bucketName(s.session.region, aws.ToString(caller.UserId)), ""
	if s.session.sameService() {
		account = aws.ToString(caller.Account)
	}
	if s.accountRegional {
		if name, err = accountRegionalName(name, account, s.session.region); err != nil {
			return "", err
		}
	}
	s.bucket.mu.Lock()
	defer s.bucket.mu.Unlock()
	s.bucket.name, s.bucket.account = name, account
	return name, nil
}

// bucketName is S3Backend.generate_bucket_name.
func bucketName(region, userID string) string {
	user, _, _ := strings.Cut(userID, ":")
	last := []rune(user)
	last = last[max(0, len(last)-4):]
	lower := strings.ToLower(strings.ReplaceAll(string(last), "İ", "i\u0307")) // Python's lower makes two characters of it
	return fmt.Sprintf("lithops-%s-%s", region, lower)
}

// EnsureBucket returns the name of the storage's bucket, and creates the bucket if it is
// missing (InternalStorage and S3Backend.create_bucket).
//
// The error is fs.ErrPermission if these credentials may not use the bucket, also
// ErrNotOwner if it belongs to another account, and ErrInvalidBucketName if S3 does not
// accept the name. EnsureBucket succeeds if another process of the same account creates
// the bucket at the same time.
func (s *Store) EnsureBucket(ctx context.Context) (string, error) {
	bucket, err := s.Bucket(ctx)
	if err != nil {
		return "", err
	}
	if reason := validate.NewBucketProblem(bucket); reason != "" && bucket == s.bucket.known() {
		// S3's answer to a HEAD of such a name need not be that it is missing.
		return "", &Error{Op: "EnsureBucket", Bucket: bucket, Err: fmt.Errorf("%w: %s; set storage_bucket", ErrInvalidBucketName, reason)}
	}
	err = s.HeadBucket(ctx, bucket)
	if errors.Is(err, fs.ErrNotExist) {
		err = s.CreateBucket(ctx, bucket)
	}
	if errors.Is(err, fs.ErrPermission) {
		err = s.explainRefusal(ctx, bucket, err)
	}
	if err != nil {
		return "", err
	}
	return bucket, nil
}

// HeadBucket tells whether a bucket is there and may be used: nil, fs.ErrNotExist
// (ErrNoSuchBucket too) or fs.ErrPermission. A bucket in another region than
// configured is found there, and the region is remembered.
func (s *Store) HeadBucket(ctx context.Context, bucket string) error {
	const op = "HeadBucket"
	if err := checkBucket(op, bucket); err != nil {
		return err
	}
	err := wrapError(op, bucket, "", s.lookAtBucket(ctx, bucket, nil))
	if known := (*Error)(nil); errors.As(err, &known) && known.StatusCode == http.StatusNotFound {
		known.kinds = []error{ErrNoSuchBucket, fs.ErrNotExist}
	}
	return err
}

// CreateBucket creates a bucket in the Store's region and blocks public access to it.
// It is no error if the caller owns the bucket already or, at an endpoint that is not
// AWS's, may use it, because many servers have no accounts. The error is ErrNotOwner if
// another account owns it, and ErrInvalidBucketName, before any request, if S3 does not
// accept the name.
func (s *Store) CreateBucket(ctx context.Context, bucket string) error {
	const op = "CreateBucket"
	if reason := validate.NewBucketProblem(bucket); reason != "" {
		return &Error{Op: op, Bucket: bucket, Err: fmt.Errorf("%w: %s", ErrInvalidBucketName, reason)}
	}
	in := &s3.CreateBucketInput{Bucket: &bucket, CreateBucketConfiguration: s.location()}
	if s.accountIn(bucket) != "" {
		in.BucketNamespace = types.BucketNamespaceAccountRegional
	}
	s.s3.Prepare(bucket, in)
	_, err := s.client.CreateBucket(s.s3.Named(ctx, bucket, in), in)
	if err != nil && s.isOwnAlready(ctx, bucket, err) {
		return nil
	}
	if err != nil {
		return wrapError(op, bucket, "", err)
	}
	s.log.Info("created the bucket", "bucket", bucket, "region", s.session.region)
	s.blockPublicAccess(ctx, bucket)
	return nil
}

// isOwnAlready reports whether a bucket could not be created because the caller has it.
// Servers without accounts answer as if it were another's.
func (s *Store) isOwnAlready(ctx context.Context, bucket string, refusal error) bool {
	var mine *types.BucketAlreadyOwnedByYou
	var taken *types.BucketAlreadyExists
	if errors.As(refusal, &mine) {
		return true
	}
	return errors.As(refusal, &taken) && s.session.s3.URL != "" && !awsconfig.IsAWS(s.session.s3.URL) && s.HeadBucket(ctx, bucket) == nil
}

// location is nil for us-east-1, which S3 refuses to be named there.
func (s *Store) location() *types.CreateBucketConfiguration {
	switch s.session.region {
	case "", "us-east-1", "aws-global":
		return nil
	}
	return &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(s.session.region)}
}

// blockPublicAccess states for a new bucket what AWS has as its default since
// April 2023. Other servers have no such setting.
func (s *Store) blockPublicAccess(ctx context.Context, bucket string) {
	_, err := call(ctx, s, bucket, &s3.PutPublicAccessBlockInput{
		Bucket: &bucket,
		PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
			BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true),
			IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
		},
	}, s.client.PutPublicAccessBlock, func(o *s3.Options) { o.RetryMaxAttempts = 2 })
	level := slog.LevelDebug
	if answerStatus(err) == http.StatusForbidden {
		level = slog.LevelWarn
	}
	if err != nil {
		s.log.Log(ctx, level, "the server did not take the public access block", "bucket", bucket, "error", wrapError("PutPublicAccessBlock", bucket, "", err))
	}
}
