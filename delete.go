// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// deletesAtOnce is how many requests of a DeleteObjects are in flight.
const deletesAtOnce = 16

// DeleteObject deletes one key. A missing key is no error, as with S3.
func (s *Store) DeleteObject(ctx context.Context, bucket, key string) error {
	const op = "DeleteObject"
	if err := checkNames(op, bucket, key); err != nil {
		return err
	}
	_, err := call(ctx, s, bucket, &s3.DeleteObjectInput{
		Bucket: &bucket, Key: &key,
	}, s.client.DeleteObject)
	err = wrapError(op, bucket, key, err)
	if known := (*Error)(nil); errors.As(err, &known) && known.StatusCode == http.StatusNotFound && known.Code == codeNoSuchKey {
		return nil
	}
	return err
}

// codeNoSuchKey says that a key to delete is not there. S3 calls such a key deleted,
// but Google's server, for example, does not. An attempt whose response was lost may have
// deleted it.
const codeNoSuchKey = "NoSuchKey"

// DeleteObjects deletes any number of keys, up to 1,000 with each request and 16
// requests at once. A missing key is no error. The error is a *DeleteError with the
// reason for each key that could not be deleted; Python drops these. A server that knows
// no request for several keys gets one for each key, 16 at once.
func (s *Store) DeleteObjects(ctx context.Context, bucket string, keys []string) error {
	const op = "DeleteObjects"
	if err := checkBucket(op, bucket); err != nil {
		return err
	}
	deleter := s.newDeleter(bucket)
	deleter.delete(ctx, keys)
	deleter.group.Wait()
	return deleter.err()
}

// checkMovable returns an error for an object that can't be told from one that
// replaces it.
func checkMovable(found *s3.HeadObjectOutput) error {
	if strongETag(aws.ToString(found.ETag)) == nil {
		return errors.New("the server gives no strong ETag, without which a replacement during the move would go unnoticed")
	}
	return nil
}

// deleteUnchanged deletes the object that was found with opts, if it is still there.
// S3 compares the ETag itself, and for servers that don't, it is looked at here.
func (s *Store) deleteUnchanged(ctx context.Context, bucket, key string, found *s3.HeadObjectOutput, opts GetOptions) error {
	opts.IfMatch, opts.IfNoneMatch = aws.ToString(found.ETag), ""
	opts.IfModifiedSince, opts.IfUnmodifiedSince = time.Time{}, time.Time{}
	now, err := s.head(ctx, bucket, key, &opts, s.client.HeadObject)
	if err != nil {
		return explainChange(err)
	}
	if !aws.ToTime(now.LastModified).Equal(aws.ToTime(found.LastModified)) {
		return fmt.Errorf("%w: it was put again", errChanged)
	}
	in := &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, IfMatch: found.ETag, VersionId: optional(opts.VersionID)}
	if in.VersionId != nil {
		in.IfMatch = nil // a version never changes, and S3 takes no condition with one
	}
	_, err = call(ctx, s, bucket, in, s.client.DeleteObject)
	if in.IfMatch != nil && answerStatus(err) == http.StatusNotImplemented {
		in.IfMatch = nil // other servers ignore what this one can't do
		_, err = call(ctx, s, bucket, in, s.client.DeleteObject)
	}
	if s.wasDeleted(ctx, in, err) {
		return nil
	}
	return explainChange(err)
}

// wasDeleted reports whether a DELETE with If-Match was refused because an attempt before
// had deleted the object, and its answer was lost: S3 then says that there is no object,
// and other servers that the condition does not hold.
func (s *Store) wasDeleted(ctx context.Context, in *s3.DeleteObjectInput, refusal error) bool {
	status := answerStatus(refusal)
	isRefused := status == http.StatusNotFound || status == http.StatusPreconditionFailed
	if !isRefused || in.IfMatch == nil || s3http.Attempts(refusal) < 2 {
		return false
	}
	_, err := s.head(ctx, *in.Bucket, *in.Key, &GetOptions{}, s.client.HeadObject)
	return answerStatus(err) == http.StatusNotFound
}

// A deleter has up to 16 requests in flight. Its creator must wait for its group.
type deleter struct {
	store  *Store
	bucket string
	group  panics.Group
	slots  chan struct{}

	isSingle atomic.Bool   // the server has no request for several keys
	singles  chan struct{} // slots of the requests for one key

	mu      sync.Mutex
	deleted int64
	failed  []*Error
	futile  int // requests in a row that removed nothing
}

func (s *Store) newDeleter(bucket string) *deleter {
	return &deleter{store: s, bucket: bucket, slots: make(chan struct{}, deletesAtOnce), singles: make(chan struct{}, deletesAtOnce)}
}

// delete starts to delete keys, and returns when the last request has started.
func (d *deleter) delete(ctx context.Context, keys []string) {
	for _, batch := range deleteBatches(keys) {
		d.slots <- struct{}{}
		if !d.group.IsEmpty() { // Wait panics
			<-d.slots
			return
		}
		d.group.Go(func() {
			defer func() { <-d.slots }()
			d.account(batch, d.deleteBatch(ctx, batch))
		}, nil)
	}
}

// account counts the keys for which the server reports no error. A server may report one that
// it was not asked to delete.
func (d *deleter) account(keys []string, failed []*Error) {
	blamed := make(map[string]bool, len(failed))
	for _, e := range failed {
		blamed[e.Key] = true
	}
	deleted := 0
	for _, key := range keys {
		if !blamed[key] {
			deleted++
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = append(d.failed, failed...)
	d.deleted += int64(deleted)
	d.futile++
	if deleted > 0 {
		d.futile = 0
	}
}

func (d *deleter) err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.failed) == 0 {
		return nil
	}
	return &DeleteError{Failed: d.failed}
}

// deleteBatches puts the keys that XML can't hold into batches of their own. So it does with
// what is no key, because the request would be refused for all of its keys.
func deleteBatches(keys []string) [][]string {
	var batches [][]string
	plain := make([]string, 0, len(keys))
	for _, key := range keys {
		if validate.IsXML(key) && validate.Key(key) == nil {
			plain = append(plain, key)
			continue
		}
		batches = append(batches, []string{key})
	}
	return slices.AppendSeq(batches, slices.Chunk(plain, maxPageSize))
}

// failedKeys returns an error for each key of a request, with the same cause.
func failedKeys(op, bucket string, keys []string, err error) []*Error {
	if err == nil {
		return nil
	}
	failed := make([]*Error, len(keys))
	for i, key := range keys {
		var known *Error
		if errors.As(wrapError(op, bucket, key, err), &known) {
			failed[i] = known
		}
	}
	return failed
}

// errNotMentioned is a key that an answer leaves out that names the deleted ones, or
// that has an error without a key.
var errNotMentioned = fmt.Errorf("%w: the server's answer does not mention it", errNotKnownDeleted)

// A lostDeletionError is a request that may have been served, and whose answer did
// not come.
type lostDeletionError struct{ err error }

// Error says what happened, without the SDK's words.
func (e *lostDeletionError) Error() string {
	return errNotKnownDeleted.Error() + ": " + s3http.CauseText(e.err)
}

// Unwrap returns both.
func (e *lostDeletionError) Unwrap() []error { return []error{errNotKnownDeleted, e.err} }

// deleteBatch deletes up to 1,000 keys, and returns an error for each that was not
// deleted. Keys that S3 blames for what may pass are tried again, and no others.
func (d *deleter) deleteBatch(ctx context.Context, keys []string) []*Error {
	if len(keys) == 1 || d.isSingle.Load() {
		return d.deleteEach(ctx, keys)
	}
	var final []*Error
	for attempt := 1; ; attempt++ {
		failed := d.deleteHalving(ctx, keys)
		var passing []*Error
		for _, e := range failed {
			if mayPass(e) {
				passing = append(passing, e)
			} else {
				final = append(final, e)
			}
		}
		if len(passing) == 0 || attempt == s3client.Attempts || d.store.waitBackoff(ctx, attempt) != nil {
			return append(final, passing...)
		}
		keys = make([]string, len(passing))
		for i, e := range passing {
			keys[i] = e.Key
		}
	}
}

// deleteEach deletes keys with a request each, 16 at once for all batches together.
func (d *deleter) deleteEach(ctx context.Context, keys []string) []*Error {
	var group panics.Group
	failed := make([][]*Error, len(keys))
	for i, key := range keys {
		d.singles <- struct{}{}
		if !group.IsEmpty() { // Wait panics
			<-d.singles
			break
		}
		group.Go(func() {
			defer func() { <-d.singles }()
			failed[i] = failedKeys("DeleteObjects", d.bucket, keys[i:i+1], d.store.DeleteObject(ctx, d.bucket, key))
		}, nil)
	}
	group.Wait()
	return slices.Concat(failed...)
}

// waitBackoff waits before the next attempt.
func (s *Store) waitBackoff(ctx context.Context, attempt int) error {
	delay, err := s.pace.backoff(attempt, nil)
	if err != nil {
		return err
	}
	return s3http.Sleep(ctx, delay)
}

// mayPass reports whether S3 blames a key, in an answer that is a success as a
// whole, for what the next attempt may not meet.
func mayPass(e *Error) bool {
	if e.StatusCode != 0 || e.Key == "" {
		return false
	}
	return e.Code != "" && s3http.IsRetryable(e.Err) || errors.Is(e, errNotMentioned)
}

// deleteHalving deletes keys with one request, or with more of half the keys each
// after a timeout, because some servers delete one key after the other and take
// longer than this client waits. It gives up after as many timeouts in a row as
// other requests have attempts. A server that has no such request gets one for each key.
func (d *deleter) deleteHalving(ctx context.Context, keys []string) []*Error {
	var failed []*Error
	size, timeouts := len(keys), 0
	for len(keys) > 0 {
		batch := keys[:min(size, len(keys))]
		blamed, err := d.store.deleteOnce(ctx, d.bucket, batch)
		if isTimeout(err) && timeouts < s3client.Attempts-1 && ctx.Err() == nil {
			timeouts++
			size = (len(batch) + 1) / 2
			if d.store.waitBackoff(ctx, timeouts) == nil {
				continue
			}
		}
		if lacksOperation(err) {
			d.isSingle.Store(true)
			return append(failed, d.deleteEach(ctx, keys)...)
		}
		if err != nil {
			if mayBeServed(err) {
				err = &lostDeletionError{err}
			}
			return append(failed, failedKeys("DeleteObjects", d.bucket, keys, err)...)
		}
		failed, keys, timeouts = append(failed, blamed...), keys[len(batch):], 0
	}
	return failed
}

// deleteOnce makes one request, and returns the errors of its keys.
func (s *Store) deleteOnce(ctx context.Context, bucket string, keys []string) ([]*Error, error) {
	in := &s3.DeleteObjectsInput{
		Bucket: &bucket,
		Delete: &types.Delete{Quiet: aws.Bool(true), Objects: make([]types.ObjectIdentifier, len(keys))},
	}
	for i := range keys {
		in.Delete.Objects[i].Key = &keys[i]
	}
	out, err := call(ctx, s, bucket, in, s.client.DeleteObjects, withoutTimeouts)
	if err != nil {
		return nil, err
	}
	blamed := make([]*Error, 0, len(out.Errors))
	mentioned := make(map[string]bool, len(out.Errors)+len(out.Deleted))
	for _, e := range out.Errors {
		code, key := aws.ToString(e.Code), aws.ToString(e.Key)
		if mentioned[key] && key != "" { // a caller counts the keys
			continue
		}
		mentioned[key] = true
		if code == codeNoSuchKey && key != "" {
			continue
		}
		blamed = append(blamed, &Error{
			Op: "DeleteObjects", Bucket: bucket, Key: key, Code: code,
			Err: &smithy.GenericAPIError{Code: code, Message: aws.ToString(e.Message)}, kinds: errorKinds(0, code),
		})
	}
	for _, deleted := range out.Deleted {
		mentioned[aws.ToString(deleted.Key)] = true
	}
	// An answer that names the deleted keys, which it was not asked to, names them
	// all. An error without a key may be that of any.
	if len(out.Deleted) == 0 && !mentioned[""] {
		return blamed, nil
	}
	for _, key := range keys {
		if !mentioned[key] {
			blamed = append(blamed, &Error{Op: "DeleteObjects", Bucket: bucket, Key: key, Err: errNotMentioned})
		}
	}
	return blamed, nil
}

// withoutTimeouts has a call not try again after a timeout.
func withoutTimeouts(o *s3.Options) {
	if retryer, ok := o.Retryer.(aws.RetryerV2); ok {
		o.Retryer = timeoutsAreFinal{retryer}
	}
}

type timeoutsAreFinal struct{ aws.RetryerV2 }

// IsErrorRetryable reports whether the next attempt may succeed.
func (r timeoutsAreFinal) IsErrorRetryable(err error) bool {
	return !isTimeout(err) && r.RetryerV2.IsErrorRetryable(err)
}

// mayBeServed reports whether the server may have done what a failed request asked.
func mayBeServed(err error) bool {
	var request *s3http.RequestError
	return isTimeout(err) || proof.IsUnproven(err) || s3http.IsDisconnect(err) && !s3http.IsDial(err) || errors.As(err, &request) && request.RetryableError() && !s3http.IsDial(err) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
