// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"cmp"
	"context"
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
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/progress"
)

const (
	// CreateGrace is the usual Options.CreateGrace.
	CreateGrace = 2 * time.Second
	// partsAtOnce is how many parts are sent at a time by default.
	partsAtOnce = 24
	// abortTimeout bounds how long the abort of a failed upload may take.
	abortTimeout = 15 * time.Second
	// SettleTime is the usual Options.Settle.
	SettleTime = 250 * time.Millisecond
	// maxAborts is how often an upload is aborted before it is given up.
	maxAborts = 4
)

// A multipart is a multipart upload in progress.
type multipart struct {
	*put
	id string
	// isFullObject is whether the server keeps a checksum of all bytes, and not one of
	// the parts' checksums.
	isFullObject bool

	mu    sync.Mutex
	parts []sentPart
	// isInFlight is whether a part may yet be stored, because an attempt sent all of it
	// and got no response.
	isInFlight bool
}

// A sentPart is a part that is stored.
type sentPart struct {
	types.CompletedPart
	size  int64
	crc32 string // as computed here; empty if Options.Algorithm is
}

// putParts uploads in parts, and aborts the upload on any error.
func (p *put) putParts(ctx context.Context, reader partReader) error {
	m := &multipart{put: p}
	if err := m.create(ctx); err != nil {
		return err
	}
	isOver := false
	defer func() {
		if !isOver { // the body has panicked
			_ = m.abort(ctx)
		}
	}()
	err := m.sendAll(ctx, reader)
	if err == nil {
		err = reader.check()
	}
	if err == nil {
		err = m.complete(ctx, func(kind *checksum.Kind) ([]byte, bool) { return sumAgain(ctx, reader, kind) })
	}
	isOver = true
	if err == nil {
		return nil
	}
	if abortErr := m.abort(ctx); abortErr != nil {
		return &LeftBehindError{Cause: err, Abort: abortErr, ID: m.id}
	}
	return err
}

// create starts the upload. A cancel does not end the request at once, because the
// server may have served it, and only its response tells what to abort.
func (m *multipart) create(ctx context.Context) error {
	if ctx.Err() != nil {
		return ended.Why(ctx)
	}
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(m.opts.CreateGrace, cancel) })()

	in := &s3.CreateMultipartUploadInput{
		Bucket: &m.opts.Bucket, Key: &m.opts.Key, Metadata: m.opts.Metadata, ChecksumAlgorithm: m.opts.Algorithm,
	}
	if m.opts.ContentType != "" {
		in.ContentType = &m.opts.ContentType
	}
	// A checksum of all bytes helps those who read the object; boto3's, of the parts'
	// checksums, does not. Servers that don't know the type ignore it, or refuse.
	if in.ChecksumAlgorithm != "" {
		in.ChecksumType = types.ChecksumTypeFullObject
	}
	created, err := m.client.CreateMultipartUpload(patient, in)
	if err != nil && in.ChecksumType != "" && refusesType(m.client.Describe(err).Status) {
		in.ChecksumType = ""
		created, err = m.client.CreateMultipartUpload(patient, in)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return ended.Why(ctx)
	case err != nil:
		return err
	}
	m.id, m.isFullObject = aws.ToString(created.UploadId), created.ChecksumType == types.ChecksumTypeFullObject
	return nil
}

// refusesType reports whether a status may be the answer to an unknown ChecksumType.
func refusesType(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusNotImplemented
}

// sendAll sends the parts. The first error stops the rest and is returned.
func (m *multipart) sendAll(ctx context.Context, reader partReader) error {
	defer m.panics.Join() // also after a panic of the body
	caller := ctx
	ctx, cancel := context.WithCancelCause(caller)
	defer cancel(nil)
	slots := make(chan struct{}, cmp.Or(m.opts.AtOnce, partsAtOnce))
	for number := int32(1); ; number++ {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		next, err := reader.next(ctx)
		if err == nil && number > MaxParts {
			err = fmt.Errorf("the body needs more than %d parts", MaxParts)
		}
		if err != nil {
			if !ended.IsEOF(err) {
				cancel(err)
			}
			break
		}
		m.panics.Go(func() {
			defer func() { next.done(); <-slots }()
			if err := m.send(ctx, number, next); err != nil {
				cancel(err)
			}
		}, func() { cancel(panics.ErrPanicked) })
	}
	m.panics.Join()
	return ended.First(caller, ctx)
}

// send sends one part.
func (m *multipart) send(ctx context.Context, number int32, next part) error {
	in := &s3.UploadPartInput{
		Bucket: &m.opts.Bucket, Key: &m.opts.Key, UploadId: &m.id, PartNumber: &number, Body: next.body, ChecksumAlgorithm: m.opts.Algorithm,
	}
	var err error
	if in.ChecksumCRC32, err = m.hashFirst(next.body); err != nil {
		return err
	}
	sending := &progress.Sending{Meter: m.meter, Size: next.size}
	out, err := m.client.UploadPart(ctx, in, sending)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.isInFlight = m.isInFlight || sending.IsUnanswered()
	if err != nil {
		return err
	}
	sent := sentPart{size: next.size, crc32: aws.ToString(in.ChecksumCRC32)}
	if computed, ok := s3.GetComputedInputChecksumsMetadata(out.ResultMetadata); ok && sent.crc32 == "" {
		sent.crc32 = computed.ComputedChecksums["CRC32"]
	}
	sent.CompletedPart = types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32}
	m.parts = append(m.parts, sent)
	return nil
}

// errUploadGone is an upload that the server does not know any more.
var errUploadGone = errors.New("the multipart upload does not exist any more: it was aborted, or completed and its object replaced since")

// complete makes the parts the object, or verifies that an attempt did whose response
// was lost. again returns a checksum of all bytes, and false if it can't be computed.
func (m *multipart) complete(ctx context.Context, again func(*checksum.Kind) ([]byte, bool)) error {
	parts := m.sortParts()
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &m.opts.Bucket, Key: &m.opts.Key, UploadId: &m.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}, IfMatch: m.opts.IfMatch, IfNoneMatch: m.ifNoneMatch(),
	}
	size, crc, isKnown := m.sum()
	if m.isFullObject && isKnown {
		in.ChecksumCRC32, in.ChecksumType, in.MpuObjectSize = aws.String(checksum.EncodeCRC32(crc)), types.ChecksumTypeFullObject, &size
	}
	_, err := m.client.CompleteMultipartUpload(ctx, in)
	if err == nil || ctx.Err() != nil {
		return err
	}
	// No other client knows the upload. If it is gone, an earlier attempt completed
	// it, or a copy of one that something in between made.
	failure := m.client.Describe(err)
	isGone := failure.Code == "NoSuchUpload"
	isMet := m.slowETag != "" && failure.Status == http.StatusPreconditionFailed // the slow copy itself
	if failure.Attempts <= 1 && !isGone && !isMet {
		return err
	}
	want := expected{size: size, started: m.started, etag: partsETag(parts), slowETag: m.slowETag, composite: m.compositeSum()}
	want.sum = func(kind *checksum.Kind) ([]byte, bool) {
		if kind == checksum.CRC32 && isKnown {
			return kind.Bytes(uint64(crc)), true
		}
		return again(kind)
	}
	verified := m.verifyStored(ctx, want, err)
	if isGone && verified == err { //nolint:errorlint // the refusal itself
		return m.unknownOutcome(err, errUploadGone)
	}
	return verified
}

// sortParts puts the parts in order, and returns them as a request names them.
func (m *multipart) sortParts() []types.CompletedPart {
	slices.SortFunc(m.parts, func(a, b sentPart) int { return int(*a.PartNumber - *b.PartNumber) })
	parts := make([]types.CompletedPart, len(m.parts))
	for i, part := range m.parts {
		parts[i] = part.CompletedPart
	}
	return parts
}

// sumAgain reads all of a body once more, if it can be.
func sumAgain(ctx context.Context, reader partReader, kind *checksum.Kind) ([]byte, bool) {
	body := reader.again()
	if body == nil {
		return nil, false
	}
	hash := kind.New()
	_, err := io.Copy(hash, contextReader{ctx, body})
	return hash.Sum(nil), err == nil
}

// sum returns the size of all parts, and the CRC32 of all their bytes if it is known.
func (m *multipart) sum() (size int64, crc uint32, isKnown bool) {
	total := uint64(0)
	isKnown = true
	for _, part := range m.parts {
		sum, ok := part.sum()
		isKnown = isKnown && ok
		total = checksum.CRC32.Combine(total, checksum.CRC32.Value(sum), part.size)
		size += part.size
	}
	return size, uint32(total), isKnown
}

// compositeSum returns the CRC32 of the parts' CRC32s, as S3 writes it, or "" if one
// is not known.
func (m *multipart) compositeSum() string {
	total := crc32.NewIEEE()
	for _, part := range m.parts {
		sum, ok := part.sum()
		if !ok {
			return ""
		}
		_, _ = total.Write(sum)
	}
	return fmt.Sprintf("%s-%d", checksum.EncodeCRC32(total.Sum32()), len(m.parts))
}

// sum returns the part's CRC32, if it is known.
func (p *sentPart) sum() ([]byte, bool) {
	return checksum.DecodeCRC32(p.crc32)
}

// abort aborts the upload with a context of its own, because the caller's may be why.
// A part that was in flight may be stored after that, and keep the upload or bring it
// back; see AbortMultipartUpload in the S3 API Reference. Then it aborts again, until
// the upload is gone.
func (m *multipart) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	for aborts := 1; ; aborts++ {
		_, err := m.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &m.opts.Bucket, Key: &m.opts.Key, UploadId: &m.id})
		wasOpen := err == nil
		if err != nil && m.client.Describe(err).Code != "NoSuchUpload" {
			return err
		}
		if !m.isInFlight || !wasOpen && aborts > 1 || aborts == maxAborts {
			return nil
		}
		select {
		case <-time.After(cmp.Or(m.opts.Settle, SettleTime)):
		case <-ctx.Done():
			return nil // it was aborted, as far as anyone knows
		}
	}
}
