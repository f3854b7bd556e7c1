// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
)

const (
	// MaxCopy is the largest object that S3 copies with one request, in bytes.
	MaxCopy = 5 << 30
	// copyPart is the usual size of a part of a copy, in bytes. The server moves the
	// bytes, so that a part costs no memory here.
	copyPart = 256 << 20
	// slowCopy is 16 MiB, before it is scaled, see [Options.SlowCopy].
	slowCopy = 16 << 20
)

// ErrTooSlow is a server that does not answer in time while it copies with one request.
// In parts of [Options.SlowCopy] it may.
var ErrTooSlow = errors.New("the server took too long to copy")

// A CopyClient is a [Client] that has the server copy, too.
type CopyClient interface {
	Client
	// CopyObject does not try again after a timeout if isLarge.
	CopyObject(ctx context.Context, in *s3.CopyObjectInput, isLarge bool) (*s3.CopyObjectOutput, error)
	UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (*s3.UploadPartCopyOutput, error)
}

// A Source is the object that is copied, as a HEAD described it, or a listing.
type Source struct {
	// Name is the object's, as in the header X-Amz-Copy-Source.
	Name string
	Size int64
	// ETag holds the copy to this version of the object, in quotes. It is nil if the
	// server gives no strong ETag.
	ETag *string
	// Sum is the checksum of all bytes, if the server keeps one.
	Sum checksum.Sum
	// Describe asks for the size and the checksum of a source that a listing described, which
	// tells no checksum. It is nil after a HEAD.
	Describe func(context.Context) (size int64, sum checksum.Sum, err error)
}

// errUnpinned is a source that may be replaced between two parts of a copy.
var errUnpinned = errors.New("the server gives no strong ETag of the source, so that parts of a copy could be of two versions")

// Copy has the server copy an object, in one request up to limit bytes and in parts
// beyond, and returns the copy's ETag, which is empty if it is not known. On an error
// there is no copy, except for [ErrOutcomeUnknown] and [LeftBehindError]. After
// [ErrTooSlow] the caller may copy with a limit of [Options.SlowCopy], and Options.Began.
func Copy(ctx context.Context, client CopyClient, source Source, opts Options, limit int64) (etag string, err error) {
	c := &copier{
		put: &put{client: client, opts: opts, started: opts.Began}, client: client, source: source,
	}
	if c.started.IsZero() {
		c.started = time.Now()
	} else {
		c.slowETag = strings.Trim(aws.ToString(source.ETag), `"`)
	}
	defer c.panics.Rethrow()
	switch {
	case source.Size <= limit:
		etag, err = c.copyWhole(ctx)
	case source.ETag == nil:
		err = errUnpinned
	default:
		etag, err = c.copyParts(ctx, copyPartSize(source.Size, limit))
	}
	if err == nil && opts.Progress != nil {
		opts.Progress(source.Size, source.Size)
	}
	return etag, err
}

// copyPartSize returns the size of the parts of a copy: at most limit, and so that
// [MaxParts] of them hold it all.
func copyPartSize(size, limit int64) int64 {
	return max(min(copyPart, limit), (size+MaxParts-1)/MaxParts)
}

// A copier is one call of Copy.
type copier struct {
	*put
	client CopyClient
	source Source

	mu   sync.Mutex
	done int64 // bytes that are copied in this try
	told int64 // to Progress
}

// copyWhole copies with one request. It verifies an answer that proves nothing, and a
// refusal that an attempt before the refused one may have caused.
func (c *copier) copyWhole(ctx context.Context) (string, error) {
	in := &s3.CopyObjectInput{
		Bucket: &c.opts.Bucket, Key: &c.opts.Key, CopySource: &c.source.Name, CopySourceIfMatch: c.source.ETag,
		IfMatch: c.opts.IfMatch, IfNoneMatch: c.ifNoneMatch(), Metadata: c.opts.Metadata,
	}
	if c.opts.ContentType != "" {
		in.ContentType = &c.opts.ContentType
	}
	isLarge := c.source.ETag != nil && c.source.Size > c.opts.SlowCopy()
	out, err := c.client.CopyObject(ctx, in, isLarge)
	if err == nil {
		return aws.ToString(out.CopyObjectResult.ETag), nil
	}
	if isLarge && c.isTooSlow(ctx, err) {
		return "", fmt.Errorf("%w: %w", ErrTooSlow, err)
	}
	if !c.isDoubtful(err) {
		return "", err
	}
	c.describeSource(ctx)
	return "", c.verifyStored(ctx, expected{
		size: c.source.Size, started: c.started, etag: strings.Trim(aws.ToString(c.source.ETag), `"`), sum: c.sumOfSource,
	}, err)
}

// describeSource finds out what tells a copy of the source from another object. On an error
// the listing must do.
func (c *copier) describeSource(ctx context.Context) {
	if c.source.Describe == nil {
		return
	}
	if size, sum, err := c.source.Describe(ctx); err == nil {
		c.source.Size, c.source.Sum = size, sum
	}
}

// SlowCopy returns how much a server copies with one request at most, in bytes, once it took
// too long for more: many servers answer when the last byte is copied.
func (o *Options) SlowCopy() int64 { return slowCopy / cmp.Or(o.Scale, 1) }

// isTooSlow reports whether an error is that of a server which took too long.
func (c *copier) isTooSlow(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && c.client.Describe(err).IsTimeout
}

// sumOfSource returns the checksum that the server keeps of the source.
func (c *copier) sumOfSource(kind *checksum.Kind) ([]byte, bool) {
	if c.source.Sum.Kind != kind {
		return nil, false
	}
	return c.source.Sum.Bytes()
}

// errWholeSum reports a server that gives each part of a copy the checksum of the whole
// source, as versitygw 1.8 does. It would keep what it makes of them for the copy.
var errWholeSum = errors.New("the server gives a part the checksum of the whole object")

// copyParts copies in parts. If the server's checksums of parts are wrong, it copies
// once more without checksums: what is stored is then known by its ETag and size. If the
// server is too slow for such parts, it copies once more in smaller ones.
func (c *copier) copyParts(ctx context.Context, partSize int64) (string, error) {
	etag, err := c.tryParts(ctx, partSize)
	var left *LeftBehindError
	if errors.As(err, &left) {
		return etag, err
	}
	if errors.Is(err, errWholeSum) {
		c.opts.Algorithm = ""
		etag, err = c.tryParts(ctx, partSize)
	}
	smaller := copyPartSize(c.source.Size, c.opts.SlowCopy())
	if smaller < partSize && c.isTooSlow(ctx, err) && !errors.As(err, &left) {
		return c.tryParts(ctx, smaller)
	}
	return etag, err
}

// tryParts copies in parts, and aborts the upload on any error.
func (c *copier) tryParts(ctx context.Context, partSize int64) (string, error) {
	c.done = 0
	m := &multipart{put: c.put}
	if err := m.create(ctx); err != nil {
		return "", err
	}
	err := c.copyAll(ctx, m, partSize)
	if err == nil {
		err = c.compareSums(m)
	}
	if err == nil {
		err = m.complete(ctx, c.sumOfSource)
	}
	if err == nil {
		return partsETag(m.sortParts()), nil
	}
	if abortErr := m.abort(ctx); abortErr != nil {
		return "", &LeftBehindError{Cause: err, Abort: abortErr, ID: m.id}
	}
	return "", err
}

// copyAll copies the parts, several at once. The first error stops the rest and is
// returned. [errWholeSum] starts no new part, but lets those run that have started, so
// that an error of one of them is not lost in a second try.
func (c *copier) copyAll(ctx context.Context, m *multipart, partSize int64) error {
	caller := ctx
	ctx, cancel := context.WithCancelCause(caller)
	defer cancel(nil)
	slots := make(chan struct{}, cmp.Or(m.opts.AtOnce, partsAtOnce))
	var isSumWrong atomic.Bool
	for number, offset := int32(1), int64(0); offset < c.source.Size && ctx.Err() == nil && !isSumWrong.Load(); number++ {
		size := min(partSize, c.source.Size-offset)
		first := offset
		slots <- struct{}{}
		c.panics.Go(func() {
			defer func() { <-slots }()
			err := c.copyPart(ctx, m, number, first, size)
			if errors.Is(err, errWholeSum) {
				isSumWrong.Store(true)
			} else if err != nil {
				cancel(err)
			}
		}, func() { cancel(panics.ErrPanicked) })
		offset += size
	}
	c.panics.Join()
	if err := ended.First(caller, ctx); err != nil || !isSumWrong.Load() {
		return err
	}
	return errWholeSum
}

// copyPart copies one part of the version of the source that the copy began with.
func (c *copier) copyPart(ctx context.Context, m *multipart, number int32, offset, size int64) error {
	out, err := c.client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: &c.opts.Bucket, Key: &c.opts.Key, UploadId: &m.id, PartNumber: &number,
		CopySource: &c.source.Name, CopySourceIfMatch: c.source.ETag, CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+size-1)),
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.isInFlight = true // the server may be at work
		return err
	}
	sent := sentPart{size: size}
	sent.CompletedPart = types.CompletedPart{PartNumber: &number, ETag: out.CopyPartResult.ETag}
	if m.opts.Algorithm == types.ChecksumAlgorithmCrc32 {
		sent.crc32 = aws.ToString(out.CopyPartResult.ChecksumCRC32)
		sent.ChecksumCRC32 = out.CopyPartResult.ChecksumCRC32
		if c.isSumOfSource(sent.crc32) { // no part is the whole
			return errWholeSum
		}
	}
	m.parts = append(m.parts, sent)
	c.report(size)
	return nil
}

// isSumOfSource reports whether sum is the CRC32 of the whole source.
func (c *copier) isSumOfSource(sum string) bool {
	whole, ok := c.sumOfSource(checksum.CRC32)
	return ok && sum == checksum.EncodeCRC32(binary.BigEndian.Uint32(whole))
}

// compareSums returns ErrMismatch if the parts' checksums, which the server computed
// when it copied them, are not those of the source.
func (c *copier) compareSums(m *multipart) error {
	m.sortParts()
	_, crc, isKnown := m.sum()
	if !isKnown || c.source.Sum.Kind != checksum.CRC32 {
		return nil
	}
	return c.source.Sum.Compare(checksum.CRC32.Bytes(uint64(crc)))
}

// report tells Progress that size bytes more are copied, unless an earlier try has told as
// many. That all are, it is told once the object is stored.
func (c *copier) report(size int64) {
	if c.opts.Progress == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done += size
	if c.done > c.told && c.done < c.source.Size {
		c.told = c.done
		c.opts.Progress(c.told, c.source.Size)
	}
}
