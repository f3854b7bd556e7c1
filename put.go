package lithopss3

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// PutObject stores what body still has to give under key, replacing what is
// there. A body of at most 16 MiB is one request; a larger one goes up in parts,
// several at once. An io.ReaderAt with io.Seeker, as a file is, is read in place
// and again for a retry; of any other reader at most 96 MiB are held in memory:
// eight parts of 8 MiB, and the first one of up to 32 MiB (more beyond 8 GiB, as
// parts must grow for 10,000 of them to hold 5 TiB).
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
	source, err := newPartSource(body)
	if err != nil {
		return wrapError(op, bucket, key, fmt.Errorf("reading the body: %w", err))
	}
	if whole := source.whole(); whole != nil {
		return wrapError(op, bucket, key, s.putWhole(ctx, bucket, key, whole, opts))
	}
	return wrapError(op, bucket, key, s.putParts(ctx, bucket, key, source, opts))
}

func (s *Store) putWhole(ctx context.Context, bucket, key string, body io.ReadSeeker, opts *PutOptions) error {
	in := &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: body, ExpectedBucketOwner: s.expectedOwner(bucket),
		ContentType: optional(opts.ContentType), Metadata: opts.Metadata, IfMatch: quoteETag(opts.IfMatch),
	}
	if opts.IfAbsent {
		in.IfNoneMatch = aws.String("*")
	}
	var err error
	if in.ChecksumCRC32, err = s.headerChecksum(body); err != nil {
		return err
	}
	_, err = call(ctx, s, bucket, in, s.client.PutObject)
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
	sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, hash.Sum32()))
	return &sum, nil
}

// Sizes of an upload in parts, in bytes. S3 wants parts of 5 MiB to 5 GiB, at
// most 10,000.
const (
	wholeLimit  = 16 << 20
	minPartSize = 8 << 20
	maxParts    = 10_000
	// growEvery parts of a stream of unknown length, the part size doubles.
	growEvery     = 1000
	uploadsAtOnce = 8
)

// A partSource cuts a body into parts.
type partSource interface {
	// whole is the body for a single request, or nil where that is too large.
	whole() io.ReadSeeker
	// next returns the next part, or io.EOF. It is called by one goroutine.
	next(ctx context.Context) (part, error)
}

// A part is a stretch of the body that can be read more than once. done gives
// its memory back.
type part struct {
	body io.ReadSeeker
	done func()
}

func newPartSource(body io.Reader) (partSource, error) {
	if body == nil {
		return &fileSource{file: bytes.NewReader(nil)}, nil
	}
	file, ok := body.(interface {
		io.ReaderAt
		io.Seeker
	})
	if ok {
		if start, err := file.Seek(0, io.SeekCurrent); err == nil {
			end, err := file.Seek(0, io.SeekEnd)
			if err != nil {
				return nil, err
			}
			return &fileSource{file: file, offset: start, end: max(start, end)}, nil
		}
	}
	return newStreamSource(body)
}

// fileSource cuts sections of a file.
type fileSource struct {
	file        io.ReaderAt
	offset, end int64
	partSize    int64
}

func (f *fileSource) whole() io.ReadSeeker {
	size := f.end - f.offset
	if size > wholeLimit {
		return nil
	}
	return io.NewSectionReader(f.file, f.offset, size)
}

func (f *fileSource) next(context.Context) (part, error) {
	if f.offset >= f.end {
		return part{}, io.EOF
	}
	if f.partSize == 0 {
		f.partSize = max(minPartSize, (f.end-f.offset+maxParts-1)/maxParts)
	}
	size := min(f.partSize, f.end-f.offset)
	section := io.NewSectionReader(f.file, f.offset, size)
	f.offset += size
	return part{body: section, done: func() {}}, nil
}

// streamSource fills buffers from a reader of unknown length. Its first buffer
// tells whether there is more than one part.
type streamSource struct {
	reader io.Reader
	first  []byte
	ended  bool
	count  int
	free   chan []byte
}

func newStreamSource(reader io.Reader) (*streamSource, error) {
	source := &streamSource{reader: reader, free: make(chan []byte, uploadsAtOnce)}
	var first bytes.Buffer
	_, err := io.CopyN(&first, reader, wholeLimit+1)
	source.ended = errors.Is(err, io.EOF)
	if err != nil && !source.ended {
		return nil, err
	}
	source.first = first.Bytes()
	for range uploadsAtOnce {
		source.free <- nil
	}
	return source, nil
}

func (s *streamSource) whole() io.ReadSeeker {
	if !s.ended || len(s.first) > wholeLimit {
		return nil
	}
	return bytes.NewReader(s.first)
}

func (s *streamSource) next(ctx context.Context) (part, error) {
	if len(s.first) > 0 {
		body := bytes.NewReader(s.first)
		s.first = nil
		s.count++
		return part{body: body, done: func() {}}, nil
	}
	if s.ended {
		return part{}, io.EOF
	}
	var buffer []byte
	select {
	case buffer = <-s.free:
	case <-ctx.Done():
		return part{}, context.Cause(ctx)
	}
	size := minPartSize << (s.count / growEvery)
	if cap(buffer) < size {
		buffer = make([]byte, size)
	}
	n, err := io.ReadFull(s.reader, buffer[:size])
	s.ended = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !s.ended {
		return part{}, fmt.Errorf("reading the body: %w", err)
	}
	if n == 0 {
		return part{}, io.EOF
	}
	s.count++
	return part{body: bytes.NewReader(buffer[:n]), done: func() { s.free <- buffer }}, nil
}

// checksumAlgorithm is CRC32, as boto3's, unless AWS's settings want checksums
// only where S3 requires them.
func (s *Store) checksumAlgorithm() types.ChecksumAlgorithm {
	if s.session.s3.requestChecksum == aws.RequestChecksumCalculationWhenRequired {
		return ""
	}
	return types.ChecksumAlgorithmCrc32
}
