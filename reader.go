// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/progress"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/readahead"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// resumeAttempts is how often in a row a body may break without a byte between.
const resumeAttempts = 5

// objectReader is a body that resumes after its connection broke, and compares all
// bytes with the checksum of the first answer. It is not safe for concurrent use, except for
// Close.
type objectReader struct {
	ctx      context.Context //nolint:containedctx // a body lives as long as the GetObject that opened it
	store    *Store
	in       s3.GetObjectInput
	body     io.ReadCloser
	offset   int64 // of the next byte, in the object
	end      int64 // after the last byte; -1 if unknown
	size     int64 // of the object
	etag     string
	checksum checksum.Sum
	hash     hash.Hash // of what was read so far; nil if there is no checksum
	failures int
	err      error
	// isOpenEnded means that the end of the connection is all that tells the object's end.
	isOpenEnded bool

	plan    aheadPlan
	speed   progress.Speed    // of the connection that the body began with
	ahead   *readahead.Reader // nil until ranges are asked for
	aheadAt int64             // of its first byte, in the object
	isAhead bool              // body is ahead

	closing closing
}

// newReader makes the Body of object, whose bytes have the checksum sum
// if that is known. Where the server gave no length or no ETag, the body can't be
// resumed.
func (s *Store) newReader(ctx context.Context, in *s3.GetObjectInput, object *Object, body io.ReadCloser, sum checksum.Sum, plan aheadPlan) io.ReadCloser {
	reader := &objectReader{ctx: ctx, store: s, in: *in, body: body, offset: object.Offset, end: -1, size: object.Size, etag: object.ETag, plan: plan}
	if object.Length >= 0 {
		reader.end = object.Offset + object.Length
	}
	if object.Offset == 0 && object.Length == object.Size && s.validatesChecksums() && sum.IsKnown() {
		reader.checksum, reader.hash = sum, sum.Kind.New()
	}
	reader.isOpenEnded = reader.end < 0 && reader.hash == nil && s3http.IsOpenEnded(body)
	reader.in.IfMatch = strongETag(object.ETag)
	reader.in.IfNoneMatch, reader.in.IfModifiedSince, reader.in.IfUnmodifiedSince = nil, nil, nil
	if plan.begins == object.Offset {
		reader.beginAhead()
	}
	return reader
}

// Read fills p from the object. An error other than io.EOF is final.
func (r *objectReader) Read(p []byte) (int, error) {
	if !r.closing.begin() {
		return 0, ErrClosed
	}
	defer r.closing.end(r.closeAll)
	n, err := r.read(p)
	if r.closing.isClosed() {
		return 0, ErrClosed
	}
	return n, err
}

func (r *objectReader) read(p []byte) (int, error) {
	if r.end >= 0 {
		p = p[:min(int64(len(p)), max(0, r.end-r.offset))] // whatever else comes
	}
	for r.err == nil {
		if r.end >= 0 {
			p = p[:min(int64(len(p)), r.end-r.offset)] // a server may send more than it was asked for
		}
		n, err := r.readBody(p)
		r.offset += int64(n)
		if n > 0 {
			r.failures = 0
			if r.hash != nil {
				_, _ = r.hash.Write(p[:n])
			}
		}
		switch {
		case r.isEnd(err):
			return r.finish(n)
		case err == nil:
			return n, nil
		case n > 0:
			return n, nil // the next Read meets the error again and resumes
		case r.closing.isClosed():
			return 0, ErrClosed
		case r.isAhead:
			r.fail(err) // the range has resumed by itself
		default:
			r.resume(err)
		}
	}
	return 0, r.err
}

// readBody reads what comes next, from the connection or from what is read ahead.
func (r *objectReader) readBody(p []byte) (int, error) {
	if r.ahead == nil && r.plan.begins >= 0 && r.offset >= r.plan.begins {
		r.beginAhead()
	}
	switch {
	case r.isAhead || r.ahead == nil && r.plan.begins < 0:
		return r.body.Read(p)
	case r.ahead == nil:
		return r.speed.Read(r.body, p)
	}
	left := r.aheadAt - r.offset
	if left > 0 {
		return r.body.Read(p[:min(int64(len(p)), left)])
	}
	if err := r.switchOver(); err != nil {
		return 0, err
	}
	return r.body.Read(p)
}

// beginAhead asks for the first ranges, if the connection is not fast and there is memory.
// Else it is tried later.
func (r *objectReader) beginAhead() {
	at := r.offset + r.plan.first
	if r.speed.IsFast(r.plan.fast, 0) {
		r.plan.begins = at
		return
	}
	if at >= r.end {
		r.plan.begins = -1
		return
	}
	options := r.plan.with
	options.Open = r.openRange
	ahead := readahead.Start(r.ctx, at, r.end, options)
	r.closing.withLock(func() { r.ahead = ahead })
	if ahead == nil {
		r.plan.begins = at
		return
	}
	r.aheadAt = at
}

// switchOver continues with what is read ahead. If its first range did not come, or not
// soon, the connection serves the rest: the server may have no ranges, or allow few
// connections.
func (r *objectReader) switchOver() error {
	timer := time.NewTimer(r.store.pace.io / aheadPatience)
	defer timer.Stop()
	isReady, err := r.ahead.Wait(timer.C)
	if r.ctx.Err() != nil {
		return ended.Why(r.ctx)
	}
	if isReady && err == nil {
		_ = r.body.Close()
		r.closing.withLock(func() { r.body, r.isAhead = r.ahead, true })
		return nil
	}
	_ = r.ahead.Close()
	r.closing.withLock(func() { r.ahead, r.plan.begins = nil, -1 })
	return nil
}

// openRange opens a range that is read ahead, of the same version. Its body resumes as
// any other.
func (r *objectReader) openRange(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	opts := r.plan.opts
	opts.Range = Range(offset, length)
	object, err := r.plan.get(ctx, &opts)
	if err != nil {
		return nil, explainChange(err)
	}
	if object.Length != length || object.Size != r.size {
		_ = object.Body.Close()
		return nil, fmt.Errorf("%w: %d bytes of %d came instead of %d of %d", errChanged, object.Length, object.Size, length, r.size)
	}
	return object.Body, nil
}

// endAhead ends what is read ahead.
func (r *objectReader) endAhead() {
	if r.ahead != nil {
		_ = r.ahead.Close()
	}
}

// WriteTo writes the rest of the object to w.
func (r *objectReader) WriteTo(w io.Writer) (int64, error) { return copyBody(w, r) }

func (r *objectReader) isEnd(err error) bool {
	if r.end >= 0 {
		return r.offset >= r.end
	}
	return ended.IsEOF(err)
}

// finish gives the last n bytes away, unless the whole is not what was promised:
// many readers, io.ReadFull for one, don't ask on once they have all bytes.
func (r *objectReader) finish(n int) (int, error) {
	if r.hash != nil {
		if err := r.checksum.Compare(r.hash.Sum(nil)); err != nil {
			r.fail(err)
			return 0, r.err
		}
	}
	if r.isOpenEnded {
		if err := r.proveEnd(); err != nil {
			r.fail(err)
			return 0, r.err
		}
	}
	r.endAhead()
	r.err = io.EOF
	return n, r.err
}

// resume opens the rest of the object, if it is still the same.
func (r *objectReader) resume(cause error) {
	_ = r.body.Close()
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF
	}
	r.failures++
	if err := r.ctx.Err(); err != nil {
		if !errors.Is(cause, err) {
			cause = errors.Join(ended.Why(r.ctx), cause)
		}
		r.fail(cause)
		return
	}
	if r.end < 0 || r.in.IfMatch == nil {
		r.fail(fmt.Errorf("the body broke off at byte %d, and the server gave no length or no strong ETag to resume with: %w", r.offset, cause))
		return
	}
	if r.failures > resumeAttempts {
		r.fail(fmt.Errorf("the body broke off %d times at byte %d of %d: %w", r.failures, r.offset, r.end, cause))
		return
	}
	if err := s3http.Sleep(r.ctx, r.store.pace.resumeDelay(r.failures)); err != nil {
		r.fail(err)
		return
	}
	r.in.Range = aws.String(Range(r.offset, r.end-r.offset).wire().Header())
	out, err := call(r.ctx, r.store, *r.in.Bucket, &r.in, r.store.client.GetObject, r.store.askChecksum)
	if err != nil {
		r.fail(fmt.Errorf("after the body broke off at byte %d of %d (%w): %w", r.offset, r.end, cause, r.explainRest(err)))
		return
	}
	r.closing.withLock(func() { r.body = out.Body })
	if err := r.checkRest(out); err != nil {
		r.fail(err)
	}
}

// checkRest returns an error unless an answer is the rest of the object that the body
// began with.
func (r *objectReader) checkRest(out *s3.GetObjectOutput) error {
	if err := checkETag(r.etag, out.ETag); err != nil {
		return err
	}
	found, err := proof.ParseContentRange(aws.ToString(out.ContentRange))
	switch {
	case err != nil:
		return err
	case found.Size != r.size:
		return fmt.Errorf("%w: it has %d bytes, not %d", errChanged, found.Size, r.size)
	case found.Offset != r.offset || found.Length != r.end-r.offset:
		return fmt.Errorf("%w: the server answered with %d bytes from byte %d on, not %d from %d", proof.ErrIgnoredRange, found.Length, found.Offset, r.end-r.offset, r.offset)
	}
	return nil
}

// explainRest tells why the rest of the object can't be had. A server that has no
// bytes after those that came, of the object that it had promised more of, has broken
// its promise; the object was not replaced.
func (r *objectReader) explainRest(err error) error {
	status := answerStatus(err)
	if status != http.StatusRequestedRangeNotSatisfiable && status != http.StatusPartialContent {
		return explainChange(err)
	}
	out, headErr := r.head()
	if headErr == nil && aws.ToString(out.ETag) == r.etag && aws.ToInt64(out.ContentLength) == r.offset {
		return fmt.Errorf("the object ends there, and the server had promised %d bytes: %w", r.end, io.ErrUnexpectedEOF)
	}
	return explainChange(err)
}

// head describes the object as it is now.
func (r *objectReader) head() (*s3.HeadObjectOutput, error) {
	return call(r.ctx, r.store, *r.in.Bucket, &s3.HeadObjectInput{
		Bucket: r.in.Bucket, Key: r.in.Key, VersionId: r.in.VersionId,
		SSECustomerAlgorithm: r.in.SSECustomerAlgorithm, SSECustomerKey: r.in.SSECustomerKey, SSECustomerKeyMD5: r.in.SSECustomerKeyMD5,
	}, r.store.client.HeadObject)
}

// proveEnd asks the server for the object's size, because the end of a connection proves
// nothing: it may have broken.
func (r *objectReader) proveEnd() error {
	out, err := r.head()
	if err == nil {
		err = checkETag(r.etag, out.ETag)
	}
	if err != nil {
		return fmt.Errorf("the server gave no length, so that its connection may have broken after %d bytes: %w", r.offset, err)
	}
	if size := aws.ToInt64(out.ContentLength); size != r.offset {
		return fmt.Errorf("%d bytes came of %d: %w", r.offset, size, io.ErrUnexpectedEOF)
	}
	return nil
}

// explainChange tells an object that was replaced from other errors of a request
// for a range that it had: the condition fails, or, where a server looks at the
// range first, there are no such bytes any more.
func explainChange(err error) error {
	status := answerStatus(err)
	if (status == http.StatusPreconditionFailed || status == http.StatusRequestedRangeNotSatisfiable) && !errors.Is(err, errChanged) {
		return fmt.Errorf("%w: %w", errChanged, err)
	}
	return err
}

func (r *objectReader) fail(err error) {
	body := r.body
	defer func() { _ = body.Close() }() // also after a panic of what is read ahead
	r.closing.withLock(func() { r.body = http.NoBody })
	defer r.endAhead()
	r.err = ended.HideEOF(wrapError("GetObject", *r.in.Bucket, *r.in.Key, err)) // else callers take it for the end
}

// Close ends the body; reading on is ErrClosed. So is a Read in progress.
func (r *objectReader) Close() error {
	_, err := r.closing.close(r.interrupt, r.closeAll)
	return err
}

// closeAll closes what is open. No Read is in progress.
func (r *objectReader) closeAll() error {
	r.err = ErrClosed
	defer r.endAhead()
	return r.body.Close()
}

// interrupt ends what is read ahead, and returns the connection that a Read may wait for.
func (r *objectReader) interrupt() io.Closer {
	if r.ahead != nil {
		r.ahead.Cancel()
	}
	if r.isAhead {
		return io.NopCloser(nil)
	}
	return r.body
}

// validatesChecksums reports whether bodies are compared with the server's
// checksums, which AWS's setting response_checksum_validation can turn off.
func (s *Store) validatesChecksums() bool {
	return !s.session.s3.ResponseChecksumWhenRequired
}

// askChecksum has the server send the object's checksum, and turns the SDK's own
// comparison off, because that knows neither a checksum's type nor how to continue
// after a broken connection.
func (s *Store) askChecksum(o *s3.Options) {
	if !s.validatesChecksums() {
		return
	}
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Checksum-Mode", "ENABLED"))
}
