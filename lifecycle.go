// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/lifecycle"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// The names of the rules that ExpireAfter makes.
const (
	expireRuleID  = "lithopss3-expire-" // and the prefix
	uploadsRuleID = "lithopss3-abort-uploads"
)

// ExpireAfter adds two rules to the bucket's lifecycle. By the first, the server deletes
// objects whose keys begin with prefix once they are older than days. By the second, it
// aborts incomplete multipart uploads of any key that are older than days. Rules that
// ExpireAfter added before for the same prefix are replaced, and all others stay as they
// are. changed reports whether the rules changed, or with dryRun, whether they would. In a
// bucket that keeps versions, S3 keeps those of expired objects.
//
// The server counts whole days and deletes about once a day. A server without lifecycle
// rules is errors.ErrUnsupported. S3 has no condition for this: of two programs that
// change a bucket's rules at the same time, one loses.
func (s *Store) ExpireAfter(ctx context.Context, bucket, prefix string, days int, dryRun bool) (changed bool, err error) {
	const op = "ExpireAfter"
	if err := checkBucket(op, bucket); err != nil {
		return false, err
	}
	const longest = 200 // S3 takes names of 255 bytes
	if prefix == "" || len(prefix) > longest || days < 1 {
		return false, &Error{Op: op, Bucket: bucket, Err: fmt.Errorf("a prefix of 1 to %d bytes and 1 day or more are needed, not %q and %d", longest, prefix, days)}
	}
	if !validate.IsXML(prefix) { // a rule would have another prefix, and delete what is there
		return false, &Error{Op: op, Bucket: bucket, Err: fmt.Errorf("a rule can't have the prefix %q, which XML can't hold", prefix)}
	}
	rules := []lifecycle.Rule{
		{ID: expireRuleID + prefix, Prefix: prefix, ExpireDays: days},
		{ID: uploadsRuleID, UploadsDays: days},
	}
	changed, err = s.addRules(ctx, bucket, rules, dryRun)
	return changed, wrapError(op, bucket, "", err)
}

// addRules adds rules to a bucket's lifecycle, if they are not there.
func (s *Store) addRules(ctx context.Context, bucket string, rules []lifecycle.Rule, dryRun bool) (changed bool, err error) {
	before, size, err := s.lifecycleOf(ctx, bucket)
	if err != nil {
		return false, err
	}
	document, changed, err := lifecycle.Merge(before, rules)
	if err != nil || !changed || dryRun {
		return changed, err
	}
	_, err = call(ctx, s, bucket, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: &bucket, TransitionDefaultMinimumObjectSize: size,
		LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{}}, // document takes its place
	}, s.client.PutBucketLifecycleConfiguration, withBody(document))
	if err != nil {
		return false, lifecycleError(err)
	}
	return true, s.confirmRules(ctx, bucket, rules)
}

// confirmRules asks whether the bucket has the rules, because a server that does not
// know the request may answer it as another. S3 may need a moment.
func (s *Store) confirmRules(ctx context.Context, bucket string, rules []lifecycle.Rule) error {
	for wait := 250 * time.Millisecond; ; wait *= 2 {
		document, _, err := s.lifecycleOf(ctx, bucket)
		if err != nil || lifecycle.Has(document, rules) {
			return err
		}
		if wait > time.Second {
			return fmt.Errorf("the server accepted the lifecycle rules but does not return them: %w", errors.ErrUnsupported)
		}
		if err := s3http.Sleep(ctx, wait/s.pace.divide); err != nil {
			return err
		}
	}
}

// lifecycleOf returns a bucket's lifecycle configuration as the server wrote it, empty if
// it has none, and the setting that comes with it.
func (s *Store) lifecycleOf(ctx context.Context, bucket string) (document []byte, size types.TransitionDefaultMinimumObjectSize, err error) {
	var body bytes.Buffer
	out, err := call(ctx, s, bucket, &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket}, s.client.GetBucketLifecycleConfiguration, keepBody(&body))
	if err == nil {
		return body.Bytes(), out.TransitionDefaultMinimumObjectSize, nil
	}
	if answer := asError(err); answer.StatusCode == http.StatusNotFound && answer.Code == "NoSuchLifecycleConfiguration" {
		return nil, "", nil
	}
	return nil, "", lifecycleError(err)
}

// asError returns what a server answered.
func asError(err error) *Error {
	var answer *Error
	errors.As(wrapError("", "", "", err), &answer)
	return answer
}

// lifecycleError tells a server that has no lifecycle rules from other errors.
func lifecycleError(err error) error {
	if !lacksOperation(err) && !proof.IsUnproven(err) {
		return err
	}
	return fmt.Errorf("the server has no lifecycle rules: %w: %w", errors.ErrUnsupported, err)
}

// withBody sends a document in place of the one that the SDK makes of the input, which
// would lose what the SDK does not know.
func withBody(document []byte) func(*s3.Options) {
	step := middleware.SerializeMiddlewareFunc("LithopsBody", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
		request, ok := in.Request.(*smithyhttp.Request)
		if !ok {
			return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("a request is a %T", in.Request)
		}
		request, err := request.SetStream(bytes.NewReader(document))
		if err != nil {
			return middleware.SerializeOutput{}, middleware.Metadata{}, err
		}
		in.Request = request
		return next.HandleSerialize(ctx, in)
	})
	return withStep(func(stack *middleware.Stack) error { return stack.Serialize.Add(step, middleware.After) })
}

// keepBody keeps the answer's document, as the SDK reads it.
func keepBody(document *bytes.Buffer) func(*s3.Options) {
	step := middleware.DeserializeMiddlewareFunc("LithopsKeepBody", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		response, ok := out.RawResponse.(*smithyhttp.Response)
		if err != nil || !ok || response.StatusCode != http.StatusOK {
			return out, metadata, err
		}
		document.Reset() // of an attempt before
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(response.Body, document), response.Body}
		return out, metadata, nil
	})
	return withStep(func(stack *middleware.Stack) error {
		return stack.Deserialize.Insert(step, "LithopsNormalizeXML", middleware.Before)
	})
}

// withStep adds a step to one call.
func withStep(add func(*middleware.Stack) error) func(*s3.Options) {
	return func(o *s3.Options) { o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], add) }
}
