package lithopss3

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/progress"
)

const (
	// abortTimeout bounds how long a failed upload may take to be taken back.
	abortTimeout = 15 * time.Second
	// createGrace is how long a canceled upload waits to learn its own name, so
	// that it can be taken back.
	createGrace = 2 * time.Second
	// lateParts is when a part that nobody waits for any more should be stored.
	lateParts = 250 * time.Millisecond
	// maxAborts is how often an upload is taken back before it is given up.
	maxAborts = 4
)

// An upload is an upload in parts under way.
type upload struct {
	store    *Store
	bucket   string
	key      string
	id       *string
	started  time.Time
	progress *progress.Meter
	// isWhole tells that the server keeps a checksum of all bytes, and not one over
	// those of the parts.
	isWhole bool

	mu    sync.Mutex
	parts []sentPart
	// isLate is whether a part may yet be stored, because an attempt sent all of it
	// and got no answer.
	isLate bool
}

// A sentPart is a part that is stored.
type sentPart struct {
	types.CompletedPart
	size  int64
	crc32 string // as computed here; empty where AWS's settings want none
}

// putParts uploads in parts, several at once, and takes the upload back on any error.
func (s *Store) putParts(ctx context.Context, bucket, key string, source partSource, opts *PutOptions, meter *progress.Meter) error {
	u := &upload{store: s, bucket: bucket, key: key, started: time.Now(), progress: meter}
	if err := u.create(ctx, opts); err != nil {
		return err
	}
	isOver := false
	defer func() {
		if !isOver { // the body has panicked
			_ = u.abort(ctx)
		}
	}()
	err := u.sendAll(ctx, source)
	if err == nil {
		err = source.check()
	}
	if err == nil {
		err = u.complete(ctx, source, opts)
	}
	isOver = true
	if err != nil {
		// Wrapped first, or else an error of the abort would pass for the reason.
		return errors.Join(wrapError("PutObject", bucket, key, err), u.abort(ctx))
	}
	return nil
}

// create begins the upload. A cancel does not end the request at once: the server
// may have heard it, and nobody would know what to take back.
func (u *upload) create(ctx context.Context, opts *PutOptions) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(u.store.pace.create, cancel) })()

	in := &s3.CreateMultipartUploadInput{
		Bucket: &u.bucket, Key: &u.key, ExpectedBucketOwner: u.store.expectedOwner(u.bucket),
		ContentType: optional(opts.ContentType), Metadata: opts.Metadata, ChecksumAlgorithm: u.store.checksumAlgorithm(),
	}
	// A checksum of the whole is of use to who reads the object; boto3's, over the
	// parts' checksums, is not. Servers that don't know the type ignore it, or refuse.
	if in.ChecksumAlgorithm != "" {
		in.ChecksumType = types.ChecksumTypeFullObject
	}
	created, err := call(patient, u.store, u.bucket, in, u.store.client.CreateMultipartUpload)
	if status := answerStatus(err); in.ChecksumType != "" && (status == http.StatusBadRequest || status == http.StatusNotImplemented) {
		in.ChecksumType = ""
		created, err = call(patient, u.store, u.bucket, in, u.store.client.CreateMultipartUpload)
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	u.id, u.isWhole = created.UploadId, created.ChecksumType == types.ChecksumTypeFullObject
	return nil
}

// sendAll sends the parts. The first error stops the rest and is returned.
func (u *upload) sendAll(ctx context.Context, source partSource) error {
	var group sync.WaitGroup
	defer group.Wait() // also after a panic of the body
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slots := make(chan struct{}, uploadsAtOnce)
	for number := int32(1); ; number++ {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		next, err := source.next(ctx)
		if err == nil && number > maxParts {
			err = fmt.Errorf("the body needs more than %d parts", maxParts)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				cancel(err)
			}
			break
		}
		group.Go(func() {
			defer func() { next.done(); <-slots }()
			if err := u.send(ctx, number, next); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

func (u *upload) send(ctx context.Context, number int32, next part) error {
	in := &s3.UploadPartInput{
		Bucket: &u.bucket, Key: &u.key, UploadId: u.id, PartNumber: &number, Body: next.body,
		ChecksumAlgorithm: u.store.checksumAlgorithm(), ExpectedBucketOwner: u.store.expectedOwner(u.bucket),
	}
	var err error
	if in.ChecksumCRC32, err = u.store.headerChecksum(next.body); err != nil {
		return err
	}
	sending := &sending{meter: u.progress, size: next.size}
	out, err := call(withSending(ctx, sending), u.store, u.bucket, in, u.store.hot.UploadPart)
	if sending.isUnanswered.Load() {
		u.noteLate()
	}
	if err != nil {
		return err
	}
	sent := sentPart{size: next.size, crc32: aws.ToString(in.ChecksumCRC32)} // the hot path puts it there
	if computed, ok := s3.GetComputedInputChecksumsMetadata(out.ResultMetadata); ok && sent.crc32 == "" {
		sent.crc32 = computed.ComputedChecksums["CRC32"]
	}
	sent.CompletedPart = types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts = append(u.parts, sent)
	return nil
}

func (u *upload) noteLate() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.isLate = true
}

// errUploadGone is an upload that the server does not know any more.
var errUploadGone = errors.New("the upload is gone: another ended it, or the object that it became was replaced")

// isUploadGone goes by the code, because the SDK has no type for it here.
func isUploadGone(err error) bool { return hasCode(err, "NoSuchUpload") }

func (u *upload) complete(ctx context.Context, source partSource, opts *PutOptions) error {
	slices.SortFunc(u.parts, func(a, b sentPart) int { return int(*a.PartNumber - *b.PartNumber) })
	parts := make([]types.CompletedPart, len(u.parts))
	for i, part := range u.parts {
		parts[i] = part.CompletedPart
	}
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &u.bucket, Key: &u.key, UploadId: u.id, ExpectedBucketOwner: u.store.expectedOwner(u.bucket),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}, IfMatch: ifMatchOfWrite(opts.IfMatch),
	}
	if opts.IfAbsent {
		in.IfNoneMatch = aws.String("*")
	}
	size, crc, isKnown := u.sum()
	if u.isWhole && isKnown {
		in.ChecksumCRC32, in.ChecksumType, in.MpuObjectSize = aws.String(checksum.EncodeCRC32(crc)), types.ChecksumTypeFullObject, &size
	}
	attempts := 0
	_, err := call(ctx, u.store, u.bucket, in, u.store.client.CompleteMultipartUpload, countAttempts(&attempts))
	// Nobody else knows the upload: one that is gone was completed by an attempt
	// before the last one, or by a copy of it that something on the way made.
	if err == nil || attempts <= 1 && !isUploadGone(err) || ctx.Err() != nil {
		return err
	}
	want := expected{size: size, started: u.started, etag: partsETag(parts), composite: u.compositeSum()}
	want.sum = func(kind *checksum.Kind) ([]byte, bool) {
		if kind == checksum.CRC32 && isKnown {
			return kind.Bytes(uint64(crc)), true
		}
		return sumAgain(ctx, source, kind)
	}
	err = u.store.verifyStored(ctx, u.bucket, u.key, want, err)
	if isUploadGone(err) {
		return unknownOutcome(err, errUploadGone)
	}
	return err
}

// sumAgain reads all of a body once more, if it can be.
func sumAgain(ctx context.Context, source partSource, kind *checksum.Kind) ([]byte, bool) {
	body := source.again()
	if body == nil {
		return nil, false
	}
	hash := kind.New()
	_, err := io.Copy(hash, contextReader{ctx, body})
	return hash.Sum(nil), err == nil
}

// sum returns the size of all parts, and the CRC32 of all their bytes if it is known.
func (u *upload) sum() (size int64, crc uint32, isKnown bool) {
	total := uint64(0)
	isKnown = true
	for _, part := range u.parts {
		sum, err := base64.StdEncoding.DecodeString(part.crc32)
		isKnown = isKnown && err == nil && len(sum) == crc32.Size
		total = checksum.CRC32.Combine(total, checksum.CRC32.Value(sum), part.size)
		size += part.size
	}
	return size, uint32(total), isKnown
}

// compositeSum returns the CRC32 of the parts' CRC32s, as S3 writes it, or "" if one
// is not known.
func (u *upload) compositeSum() string {
	total := crc32.NewIEEE()
	for _, part := range u.parts {
		sum, err := base64.StdEncoding.DecodeString(part.crc32)
		if err != nil || len(sum) != crc32.Size {
			return ""
		}
		_, _ = total.Write(sum)
	}
	return fmt.Sprintf("%s-%d", checksum.EncodeCRC32(total.Sum32()), len(u.parts))
}

// abort takes the upload back with a context of its own: the caller's may be why.
// A part that was under way may be stored after that, and keep the upload or bring
// it back; see AbortMultipartUpload in the S3 API Reference. Then it asks again, until
// the upload is gone.
func (u *upload) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	id := aws.ToString(u.id)
	for aborts := 1; ; aborts++ {
		wasOpen, err := u.store.abortUpload(ctx, u.bucket, u.key, id)
		if err != nil {
			return fmt.Errorf("the upload %s was left behind: %w", id, err)
		}
		if !u.isLate || !wasOpen && aborts > 1 || aborts == maxAborts {
			return nil
		}
		if err := sleep(ctx, lateParts); err != nil {
			return nil // it was taken back, as far as anyone knows
		}
	}
}
