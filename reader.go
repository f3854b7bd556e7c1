package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// resumeAttempts is how often in a row a body may break without a byte between.
const resumeAttempts = 5

// objectReader is a body that goes on after its connection broke. It is not safe
// for concurrent use.
type objectReader struct {
	ctx      context.Context //nolint:containedctx // a body lives as long as the GetObject that opened it
	store    *Store
	in       s3.GetObjectInput
	body     io.ReadCloser
	offset   int64 // of the next byte, in the object
	end      int64 // behind the last byte
	failures int
	err      error
}

// newReader makes the Body of object. Where the server gave no length or no
// ETag, the body can't be resumed and is handed out as it is.
func (s *Store) newReader(ctx context.Context, in *s3.GetObjectInput, object *Object, body io.ReadCloser) io.ReadCloser {
	if object.Length < 0 || object.ETag == "" {
		return body
	}
	reader := &objectReader{ctx: ctx, store: s, in: *in, body: body, offset: object.Offset, end: object.Offset + object.Length}
	reader.in.IfMatch = aws.String(object.ETag)
	reader.in.IfNoneMatch, reader.in.IfModifiedSince, reader.in.IfUnmodifiedSince = nil, nil, nil
	return reader
}

// Read fills p from the object. An error other than io.EOF is final.
func (r *objectReader) Read(p []byte) (int, error) {
	for r.err == nil {
		n, err := r.body.Read(p)
		r.offset += int64(n)
		if n > 0 {
			r.failures = 0
		}
		switch {
		case err == nil:
			return n, nil
		case r.offset >= r.end:
			r.err = err
			if !errors.Is(err, io.EOF) { // a checksum that does not match
				r.err = wrapError("GetObject", *r.in.Bucket, *r.in.Key, err)
			}
		case n > 0:
			return n, nil // the next Read meets the error again and resumes
		default:
			r.resume(err)
		}
		if n > 0 {
			return n, r.err
		}
	}
	return 0, r.err
}

// resume opens the rest of the object, if it is still the same.
func (r *objectReader) resume(cause error) {
	_ = r.body.Close()
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF
	}
	r.failures++
	if err := r.ctx.Err(); err != nil {
		r.fail(errors.Join(context.Cause(r.ctx), cause))
		return
	}
	if r.failures > resumeAttempts {
		r.fail(fmt.Errorf("the body broke off %d times at byte %d of %d: %w", r.failures, r.offset, r.end, cause))
		return
	}
	if err := sleep(r.ctx, resumeDelay(r.failures)); err != nil {
		r.fail(err)
		return
	}
	r.in.Range = aws.String(Range(r.offset, r.end-r.offset).header())
	out, err := call(r.ctx, r.store, *r.in.Bucket, &r.in, r.store.client.GetObject)
	if err != nil {
		r.fail(fmt.Errorf("after the body broke off at byte %d of %d (%w): %w", r.offset, r.end, cause, err))
		return
	}
	r.body = out.Body
	offset, _, err := parseContentRange(aws.ToString(out.ContentRange))
	if err == nil && offset != r.offset {
		err = fmt.Errorf("the server answered with byte %d instead of %d", offset, r.offset)
	}
	if err != nil {
		_ = r.body.Close()
		r.fail(err)
	}
}

// resumeDelay leaves a server that drops connections some time, but not after
// its first.
func resumeDelay(failures int) time.Duration {
	if failures == 1 {
		return 0
	}
	return 100 * time.Millisecond << failures
}

func (r *objectReader) fail(err error) {
	r.body = io.NopCloser(errReader{err})
	r.err = wrapError("GetObject", *r.in.Bucket, *r.in.Key, err)
}

// Close ends the body; reading on is ErrClosed.
func (r *objectReader) Close() error {
	if errors.Is(r.err, ErrClosed) {
		return nil
	}
	r.err = ErrClosed
	return r.body.Close()
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }
