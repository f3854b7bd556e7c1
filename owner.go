// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// The name that Lithops makes for a user's bucket can be guessed, so that anyone
// can take it first, receive what is stored and feed the user pickles that Python
// runs. Every request to a bucket that this package named therefore carries the
// account that must own it (x-amz-expected-bucket-owner), and S3 refuses it in
// another's bucket before it takes or gives a byte.

// expectedOwner is the account that must own bucket, or nil where this package
// did not choose the bucket or the account is not known.
func (s *Store) expectedOwner(bucket string) *string {
	account := s.bucket.owner(bucket)
	if account == "" {
		account = s.accountIn(bucket)
	}
	return optional(account)
}

// accountRegionalSuffix ends the name of a bucket in an account's regional
// namespace (https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html).
var accountRegionalSuffix = lazyregexp.New(`^.+-([0-9]{12})-[a-z]+(?:-[a-z]+)+-[0-9]+-an$`)

// accountIn is the account that the name of a bucket in its regional namespace
// tells, which only that account can have made; "" for other names. At another
// server than AWS's such a name says nothing.
func (s *Store) accountIn(bucket string) string {
	if !strings.HasSuffix(bucket, "-an") || !s.session.sameService() {
		return ""
	}
	match := accountRegionalSuffix().FindStringSubmatch(bucket)
	if match == nil {
		return ""
	}
	return match[1]
}

// accountRegionalName puts name into the regional namespace of an account.
func accountRegionalName(name, account, region string) (string, error) {
	full := fmt.Sprintf("%s-%s-%s-an", name, account, region)
	switch {
	case account == "":
		return "", errors.New("an account-regional bucket needs the account's number, and the STS server is not that of the S3 server: set storage_bucket")
	case !accountRegionalSuffix().MatchString(full):
		return "", fmt.Errorf("%w: there is no regional namespace of account %q in %q", ErrInvalidBucketName, account, region)
	}
	return full, nil
}

const (
	ownerDanger = "the name of a user's bucket can be guessed, so anyone can take it first, to read what you store and to feed you pickles that Python would run"
	ownerWayOut = "set storage_bucket to a bucket of your own, or make one whose name nobody else can take (lithops-s3 bucket --account-regional --create, Options.AccountRegional) and set storage_bucket to it"
)

// explainRefusal tells a bucket of another account from one that the credentials
// may not use. It returns nil if the refusal has passed, because a server may refuse
// once and then no more: whose a bucket is must not follow from one answer.
//
// The look without the owner is the only request that does not demand it: a HEAD,
// which carries nothing and gets nothing, and is made only after a refusal.
func (s *Store) explainRefusal(ctx context.Context, bucket string, refusal error) error {
	if s.bucket.known() != bucket {
		return refusal
	}
	if errors.Is(refusal, ErrNotOwner) {
		return fmt.Errorf("%w: %s; %s", refusal, ownerDanger, ownerWayOut)
	}
	look := &s3.HeadBucketInput{Bucket: &bucket}
	_, open := s.client.HeadBucket(s.s3.Named(ctx, bucket, look), look, s3client.InRegion(s.s3.BucketRegion(bucket)))
	again := open
	account := s.bucket.owner(bucket)
	if account != "" {
		again = wrapError("HeadBucket", bucket, "", s.lookAtBucket(ctx, bucket, nil))
	}
	switch {
	case again == nil:
		return nil
	case open == nil && isPermission(again):
		return &notOwnerError{
			text:    fmt.Sprintf("%v: %s exists, but not in account %s: %s; %s", ErrNotOwner, bucket, account, ownerDanger, ownerWayOut),
			refusal: again,
		}
	case isPermission(open) && isPermission(again):
		return fmt.Errorf("%w: the bucket is another account's, or these credentials may not use it: %s; %s", refusal, ownerDanger, ownerWayOut)
	}
	return refusal
}

// A notOwnerError is a bucket that was shown to be another account's.
type notOwnerError struct {
	text    string
	refusal error
}

// Error says whose the bucket is not, and what to do.
func (e *notOwnerError) Error() string { return e.text }

// Unwrap returns ErrNotOwner and the server's refusal, which is an fs.ErrPermission.
func (e *notOwnerError) Unwrap() []error { return []error{ErrNotOwner, e.refusal} }

// ownership finds out for a person whose a bucket is that may be used. Unlike the
// other operations it asks STS where the configuration names the bucket.
func (s *Store) ownership(ctx context.Context, bucket string) (owner string, foreign bool, unknown string) {
	if demanded := s.expectedOwner(bucket); demanded != nil {
		return *demanded, false, "" // or the look at the bucket had failed
	}
	if !s.session.sameService() {
		return "", false, "the STS server is not that of the S3 server, whose accounts it does not know"
	}
	caller, err := s.callerIdentity(ctx)
	if err != nil {
		return "", false, "STS does not tell the account: " + err.Error()
	}
	account := aws.ToString(caller.Account)
	for range 2 { // one refusal may pass
		if err = s.lookAtBucket(ctx, bucket, &account); !isPermission(err) {
			break
		}
	}
	switch {
	case err == nil:
		return account, false, ""
	case isPermission(err):
		return "", true, ""
	}
	return "", false, wrapError("HeadBucket", bucket, "", err).Error()
}

// lookAtBucket sends a HeadBucket that demands an owner, or, for nil, the one that is known.
func (s *Store) lookAtBucket(ctx context.Context, bucket string, owner *string) error {
	_, err := call(ctx, s, bucket, &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: owner}, s.client.HeadBucket)
	return err
}

func (s *Store) callerIdentity(ctx context.Context) (*sts.GetCallerIdentityOutput, error) {
	if s.session.sts.Err != nil {
		return nil, publicError(s.session.sts.Err)
	}
	caller, err := s.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	err = wrapError("GetCallerIdentity", sanitize.URL(s.session.sts.URL), "", err)
	if s.session.sts.URLSource != "" && hasNoSTS(err) {
		err = fmt.Errorf("the server has no STS: %w", err)
	}
	return caller, err
}

// hasNoSTS reports whether a failed GetCallerIdentity was answered by a server that does
// not know it: the answer is not in STS's form, or refuses the action or the method.
func hasNoSTS(err error) bool {
	var failure *Error
	if !errors.As(err, &failure) || failure.StatusCode < 400 || failure.StatusCode >= 500 && failure.StatusCode != http.StatusNotImplemented {
		return false
	}
	switch failure.Code {
	case "UnknownError", "InvalidAction", "InvalidParameterValue", "MethodNotAllowed", "NotImplemented":
		return true
	}
	return failure.StatusCode == http.StatusNotImplemented
}
