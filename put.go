package lithopss3

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/progress"
)

// PutObject stores what body still has to give under key, replacing what is
// there. What is larger than 16 MiB, or 5 MiB where body does not tell its size,
// goes up in parts, up to 24 at once.
//
// An io.ReaderAt with io.Seeker, as a file or a bytes.Reader is, and a
// bytes.Buffer are read in place and again for a retry: they must not change
// meanwhile. Of any other reader at most 45 MiB are held in memory: nine parts
// of 5 MiB. Only beyond 32 GiB it is more, as parts must grow for 10,000 of them
// to hold 5 TiB, and two are held: 80 MiB up to 69 GiB, and so on. PutObject
// returns no sooner than a Read of body that is under way.
//
// The object is durable when PutObject returns nil, and is there as a whole or
// not at all: on an error, also of body or ctx, which errors.Is then finds, an
// upload in parts is taken back. A condition that does not hold is
// ErrPrecondition. A nil body is an empty object.
func (s *Store) PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *PutOptions) error {
	const op = "PutObject"
	if err := checkNames(op, bucket, key); err != nil {
		return err
	}
	if opts == nil {
		opts = &PutOptions{}
	}
	ctx = withContentType(ctx, opts.ContentType)
	var panics panicBox
	defer panics.rethrow()
	source, err := newPartSource(ctx, body, &panics)
	if err != nil {
		return wrapError(op, bucket, key, fmt.Errorf("reading the body: %w", err))
	}
	defer source.close()
	report := opts.Progress
	if report != nil {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		report = func(p Progress) {
			defer panics.catch(func() { cancel(errProgressPanicked) })
			opts.Progress(p)
		}
	}
	meter := progress.New(reportTo(report), source.size())
	defer meter.End()
	if whole := source.whole(); whole != nil {
		err = s.putWhole(ctx, bucket, key, whole, opts, meter)
	} else {
		err = s.putParts(ctx, bucket, key, source, opts, meter)
	}
	if err != nil {
		return wrapError(op, bucket, key, err)
	}
	meter.Finish(source.size())
	return nil
}

// errProgressPanicked ends a put whose callback panicked. Its caller sees the panic.
var errProgressPanicked = errors.New("the progress callback panicked")

// putWhole puts in one request. An answer that proves nothing, and a refusal that an
// attempt before it may have caused, are verified.
func (s *Store) putWhole(ctx context.Context, bucket, key string, body io.ReadSeeker, opts *PutOptions, meter *progress.Meter) error {
	in := &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: body, ExpectedBucketOwner: s.expectedOwner(bucket),
		ContentType: optional(opts.ContentType), Metadata: opts.Metadata, IfMatch: ifMatchOfWrite(opts.IfMatch),
		ChecksumAlgorithm: s.checksumAlgorithm(), // as boto3: moto keeps no checksum without it
	}
	if opts.IfAbsent {
		in.IfNoneMatch = aws.String("*")
	}
	var err error
	if in.ChecksumCRC32, err = s.headerChecksum(body); err != nil {
		return err
	}
	if meter != nil {
		size, err := body.Seek(0, io.SeekEnd)
		if _, back := body.Seek(0, io.SeekStart); err != nil || back != nil {
			return errors.Join(err, back)
		}
		ctx = withSending(ctx, &sending{meter: meter, size: size})
	}
	started, attempts := time.Now(), 0
	if opts.IfMatch == "" && !opts.IfAbsent {
		_, err = call(ctx, s, bucket, in, s.hot.PutObject)
	} else {
		_, err = call(ctx, s, bucket, in, s.client.PutObject, countAttempts(&attempts))
	}
	if isUnproven(err) || attempts > 1 && answerStatus(err) == http.StatusPreconditionFailed {
		if want, hashErr := expectBytes(body, started); hashErr == nil {
			return s.verifyStored(ctx, bucket, key, want, err)
		}
	}
	return err
}

// headerChecksum computes the CRC32 that the SDK would send behind the body.
// Over https it uses a trailer, which servers other than AWS's may not know;
// they get it as a header. Nil leaves the checksum to the SDK, or to nobody
// where AWS's settings say so.
func (s *Store) headerChecksum(body io.ReadSeeker) (*string, error) {
	if !s.session.s3.avoidTrailers() {
		return nil, nil
	}
	hash := crc32.NewIEEE()
	if _, err := io.Copy(hash, body); err != nil {
		return nil, err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	sum := base64.StdEncoding.EncodeToString(hash.Sum(nil))
	return &sum, nil
}

// checksumAlgorithm is CRC32, as boto3's, unless AWS's settings want checksums
// only where S3 requires them.
func (s *Store) checksumAlgorithm() types.ChecksumAlgorithm {
	if s.session.s3.requestChecksum == aws.RequestChecksumCalculationWhenRequired {
		return ""
	}
	return types.ChecksumAlgorithmCrc32
}
