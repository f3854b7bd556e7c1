// SPDX-License-Identifier: Apache-2.0

// Package upload stores a body as an object: in one request or in parts, several at
// once. It aborts what can't be completed, and after a lost answer it finds out
// whether the object was stored.
//
// It must not know files and their names, *Store, or the public options; requests go
// through a [Client].
//
// Start reading at [Put].
package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/progress"
)

// A Client sends requests to S3, and retries them. Its answers are proofs of success.
type Client interface {
	// PutObject counts the bytes of the body in sending, which may be nil.
	PutObject(ctx context.Context, in *s3.PutObjectInput, sending *progress.Sending) (*s3.PutObjectOutput, error)
	CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput) (*s3.CreateMultipartUploadOutput, error)
	// UploadPart counts as PutObject does, and sets the CRC32 of in if it had to compute
	// that.
	UploadPart(ctx context.Context, in *s3.UploadPartInput, sending *progress.Sending) (*s3.UploadPartOutput, error)
	CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (*s3.CompleteMultipartUploadOutput, error)
	AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) (*s3.AbortMultipartUploadOutput, error)
	HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error)

	// Describe returns what is known of the error of a request.
	Describe(err error) Failure
}

// A Failure is what is known of the error of a request.
type Failure struct {
	Text       string
	Status     int    // HTTP's; 0 if no answer came
	Code       string // S3's
	Attempts   int
	IsUnproven bool // the answer was a success that proves nothing
	IsTimeout  bool // the server, or one in between, took too long
}

// Options are the options of [Put].
type Options struct {
	Bucket, Key string
	ContentType string // empty for none
	Metadata    map[string]string
	IfMatch     *string // as in the header
	IfAbsent    bool
	// Progress is told how many bytes were sent. It may be nil.
	Progress func(done, total int64)

	// Algorithm is the algorithm of the checksum sent with the body; empty for none.
	Algorithm types.ChecksumAlgorithm
	// HashFirst has the checksum computed before a request, for servers that don't
	// know it after the body.
	HashFirst bool
	// CreateGrace is how long a canceled upload waits for its upload ID, so that it
	// can be aborted.
	CreateGrace time.Duration
	// Settle is when a part whose response was not waited for should be stored, so that
	// its upload is aborted once more then. Zero is SettleTime.
	Settle time.Duration
	// AtOnce is how many parts are sent at once, and how many of a body that can be read
	// only once are held. Zero is 24, and 8 of such a body.
	AtOnce int
	// Scale divides the sizes of parts, so that tests need no large bodies. Zero is 1.
	Scale int64
	// Began is when a copy began that was [ErrTooSlow], and may be made after all. Zero is
	// none.
	Began time.Time
}

// ErrOutcomeUnknown means that it is unknown whether the object was stored. It wraps
// no refusal, because a retry that fails with 404 or 412 may have met the result of
// an earlier attempt.
var ErrOutcomeUnknown = errors.New("whether the object was stored is not known (look at it, or put it again)")

// ErrLeftBehind is in the error of an upload that could not be aborted.
var ErrLeftBehind = errors.New("was left behind")

// A LeftBehindError is an upload that failed, and could not be aborted either. Its
// parts cost money until it is.
type LeftBehindError struct {
	Cause error
	Abort error // why it could not be aborted
	ID    string
}

// Error says both.
func (e *LeftBehindError) Error() string { return e.Cause.Error() + "\n" + e.Left().Error() }

// Left says that the upload was not aborted, and why.
func (e *LeftBehindError) Left() error {
	return fmt.Errorf("the upload %s %w: %w", e.ID, ErrLeftBehind, e.Abort)
}

// Unwrap returns both causes.
func (e *LeftBehindError) Unwrap() []error { return []error{e.Cause, e.Abort} }

// Put stores what body still has to give. On an error nothing of it is stored, but
// for [ErrOutcomeUnknown] and [LeftBehindError]. A panic of body or of Progress
// reaches the caller, once everything is cleaned up.
func Put(ctx context.Context, client Client, body io.Reader, opts Options) error {
	p := &put{client: client, opts: opts, started: time.Now()} // one allocation, with all that escapes
	defer p.panics.Rethrow()
	reader, err := newPartReader(ctx, body, &p.panics.Box, scale(opts.Scale), opts.AtOnce)
	if err != nil {
		return bodyError(err)
	}
	defer reader.close()
	if p.opts.Progress != nil {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		p.meter = progress.New(func(done, total int64) {
			defer p.panics.Catch(func() { cancel(panics.ErrPanicked) })
			p.opts.Progress(done, total)
		}, reader.size())
		defer p.meter.End()
	}
	if whole := reader.whole(); whole != nil {
		err = p.putWhole(ctx, whole, reader.size())
	} else {
		err = p.putParts(ctx, reader)
	}
	if err == nil {
		p.meter.Finish(reader.size())
	}
	return err
}

// A put is one call of Put.
type put struct {
	client  Client
	opts    Options
	started time.Time
	meter   *progress.Meter // may be nil
	// slowETag is the ETag that a copy may have, without quotes; see Options.Began.
	slowETag string
	panics   panics.Group // its parts, and the body's and Progress's panics
}

// putWhole puts in one request. It verifies an answer that proves nothing, and a
// refusal that an attempt before the refused one may have caused.
func (p *put) putWhole(ctx context.Context, body io.ReadSeeker, size int64) error {
	in := &s3.PutObjectInput{
		Bucket: &p.opts.Bucket, Key: &p.opts.Key, Body: body, Metadata: p.opts.Metadata, IfMatch: p.opts.IfMatch, IfNoneMatch: p.ifNoneMatch(),
		ChecksumAlgorithm: p.opts.Algorithm, // as boto3: moto keeps no checksum without it
	}
	if p.opts.ContentType != "" {
		in.ContentType = &p.opts.ContentType
	}
	var err error
	if in.ChecksumCRC32, err = p.hashFirst(body); err != nil {
		return err
	}
	var sending *progress.Sending
	if p.meter != nil {
		sending = &progress.Sending{Meter: p.meter, Size: size}
	}
	if _, err = p.client.PutObject(ctx, in, sending); err == nil {
		return nil
	}
	if p.isDoubtful(err) {
		return p.verifyStored(ctx, expectBytes(body, size, p.started), err)
	}
	return err
}

// isDoubtful reports whether a request may have stored the object although it failed:
// its answer proves nothing, or it is a refusal that an attempt before may have caused.
func (p *put) isDoubtful(err error) bool {
	failure := p.client.Describe(err)
	return failure.IsUnproven || failure.Attempts > 1 && failure.Status == http.StatusPreconditionFailed
}

// ifNoneMatch is nil unless there must not be an object.
func (p *put) ifNoneMatch() *string {
	if p.opts.IfAbsent {
		return aws.String("*")
	}
	return nil
}

// hashFirst returns the CRC32 of body if it must be computed before a request, else
// nil.
func (p *put) hashFirst(body io.ReadSeeker) (*string, error) {
	if !p.opts.HashFirst {
		return nil, nil //nolint:nilnil // none is no error
	}
	sum, err := checksum.ReadCRC32(body)
	if err != nil {
		return nil, err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return aws.String(checksum.EncodeCRC32(sum)), nil
}
