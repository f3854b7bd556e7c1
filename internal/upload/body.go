// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// Sizes of an upload in parts, in bytes. S3 wants parts of 5 MiB to 5 GiB, at
// most 10,000, and objects of at most 5 TiB.
const (
	wholeLimit   = 16 << 20
	filePartSize = 8 << 20
	// MaxParts is how many parts an upload has at most.
	MaxParts = 10_000

	// streamPartsAtOnce is how many parts of a stream are held at once. Where parts have
	// grown, they are fewer, but two.
	streamPartsAtOnce = 8
	// manyAtOnce is how many parts of a stream are held at once by a caller that wants
	// speed more than little memory.
	manyAtOnce = 16
)

// A streamCut is how a stream of unknown length is cut into parts: their size doubles
// after every growEvery of them.
type streamCut struct{ size, growEvery int64 }

var (
	// smallParts are the smallest that S3 takes. 10,000 of them hold 7 TiB.
	smallParts = streamCut{size: 5 << 20, growEvery: 950}
	// largeParts need fewer requests. 10,000 of them hold 7.8 TiB.
	largeParts = streamCut{size: 8 << 20, growEvery: 1000}
)

// cutOf returns how a stream is cut of which so many parts are held at once.
func cutOf(held int) streamCut {
	if held < manyAtOnce {
		return smallParts
	}
	return largeParts
}

// sizeOf returns the size of the part with this index.
func (c streamCut) sizeOf(index int) int64 { return c.size << (int64(index) / c.growEvery) }

// A scale divides the sizes above; zero is 1.
type scale int64

// of returns size divided by the scale.
func (s scale) of(size int64) int64 { return size / max(1, int64(s)) }

// A partReader cuts a body into parts.
type partReader interface {
	// whole is the body for a single request, or nil where that is too large.
	whole() io.ReadSeeker
	// next returns the next part, or io.EOF. It is called by one goroutine.
	next(ctx context.Context) (part, error)
	// size is how many bytes there are, -1 where that is not known yet.
	size() int64
	// check returns an error if the body is not what it was when the put began, as far
	// as that can be noticed.
	check() error
	// again returns all of the body once more, or nil if it can't be read again.
	again() io.Reader
	// close releases the memory. No part may be in flight.
	close()
}

// A part is a stretch of the body that can be read more than once. done gives
// its memory back.
type part struct {
	body io.ReadSeeker
	size int64
	done func()
}

// newPartReader takes a body as it is best read. A file that says that it is
// empty, or does not know its end, may be a device or one of /proc, and is a stream.
//
// A panic of the body in a goroutine that is not the caller's is put into panics.
// atOnce is how many parts of a stream are held at once; 0 is streamPartsAtOnce.
func newPartReader(ctx context.Context, body io.Reader, panics *panics.Box, scale scale, atOnce int) (partReader, error) {
	if err := validate.Body(body); err != nil {
		return nil, err
	}
	var version *fileVersion
	switch body := body.(type) {
	case nil:
		return newMemorySource(nil, scale), nil
	case *bytes.Buffer:
		return newMemorySource(body.Next(body.Len()), scale), nil
	case *bytes.Reader:
		return newBytesSource(body, scale), nil
	case interface {
		io.ReaderAt
		io.Seeker
	}:
		start, err := body.Seek(0, io.SeekCurrent)
		if err != nil {
			break // a pipe
		}
		version = newFileVersion(body)
		end, err := body.Seek(0, io.SeekEnd)
		if err == nil && end > start {
			source := newFileSource(body, start, end)
			source.version, source.panics, source.scale = version, panics, scale
			return source, nil
		}
		if _, err := body.Seek(start, io.SeekStart); err != nil {
			return nil, err
		}
	}
	if file, isFile := body.(*os.File); isFile {
		body = &fileStream{file}
	}
	source, err := newStreamSource(ctx, body, scale, cmp.Or(atOnce, streamPartsAtOnce))
	source.version = version
	if source.ended { // without an error
		err = source.check() // of a file that was empty, and is being written
	}
	return source, err
}

// fileSource cuts sections of a file, or of memory.
type fileSource struct {
	file        io.ReaderAt // nil for memory
	memory      []byte
	offset, end int64
	length      int64
	scale       scale
	version     *fileVersion // nil for what is no file
	panics      *panics.Box  // nil for a body of this package's
}

func newFileSource(file io.ReaderAt, start, end int64) *fileSource {
	return &fileSource{file: file, offset: start, end: end, length: end - start}
}

func newMemorySource(data []byte, scale scale) *fileSource {
	size := int64(len(data))
	return &fileSource{memory: data, end: size, length: size, scale: scale}
}

// newBytesSource takes what body still has to give without a copy, and leaves it at its
// end.
func newBytesSource(body *bytes.Reader, scale scale) *fileSource {
	source := newMemorySource(nil, scale)
	_, _ = body.WriteTo((*bytesTaker)(source)) // in one Write, which returns no error
	source.end = int64(len(source.memory))
	source.length = source.end
	return source
}

// A bytesTaker keeps what a bytes.Reader writes, which is its own memory and not a
// buffer that is used again.
type bytesTaker fileSource

// Write keeps p.
func (t *bytesTaker) Write(p []byte) (int, error) {
	t.memory = p
	return len(p), nil
}

func (f *fileSource) close()           {}
func (f *fileSource) size() int64      { return f.length }
func (f *fileSource) again() io.Reader { return f.section(f.end-f.length, f.length) }

func (f *fileSource) section(start, size int64) *section {
	return &section{source: f, start: start, size: size}
}

// readAt reads from the caller's file, mostly in a goroutine of net/http.
func (f *fileSource) readAt(p []byte, offset int64) (n int, err error) {
	if f.file == nil {
		return copy(p, f.memory[offset:]), nil
	}
	if f.panics != nil {
		defer f.panics.Catch(func() { n, err = 0, panics.ErrPanicked })
	}
	return f.file.ReadAt(p, offset)
}

// check asks the caller's file whether it changed, in the same goroutine.
func (f *fileSource) check() (err error) {
	if f.panics != nil {
		defer f.panics.Catch(func() { err = panics.ErrPanicked })
	}
	return f.version.check()
}

func (f *fileSource) whole() io.ReadSeeker {
	if f.length > f.scale.of(wholeLimit) {
		return nil
	}
	return f.section(f.offset, f.length)
}

func (f *fileSource) next(context.Context) (part, error) {
	if f.offset >= f.end {
		return part{}, io.EOF
	}
	size := min(f.scale.partSizeOf(f.length), f.end-f.offset)
	next := f.section(f.offset, size)
	f.offset += size
	return part{body: next, size: size, done: func() {}}, nil
}

// partSizeOf returns the part size for a known length, in whole MiB.
func (s scale) partSizeOf(length int64) int64 {
	mib := s.of(1 << 20)
	needed := (length + MaxParts - 1) / MaxParts
	return max(s.of(filePartSize), (needed+mib-1)/mib*mib)
}

// streamSource fills buffers from a reader of unknown length, and uses them
// again. It reads the first part at once, which may be all.
type streamSource struct {
	reader io.Reader
	file   *fileStream // the reader, or nil
	first  []byte
	read   int64 // bytes in all
	ended  bool
	count  int         // parts in all
	free   chan []byte // buffers that no part uses; nil is one that is not made yet
	held   int         // how many buffers there may be
	memory int64       // of all buffers before parts grow, in bytes
	cut    streamCut
	scale  scale

	version *fileVersion // nil for what is no file
}

func newStreamSource(ctx context.Context, reader io.Reader, scale scale, held int) (*streamSource, error) {
	source := &streamSource{reader: &strictReader{Reader: reader}, free: make(chan []byte, held), held: held, cut: cutOf(held), scale: scale}
	source.file, _ = reader.(*fileStream)
	source.memory = int64(held) * scale.of(source.cut.size)
	for range held - 1 { // the first part has the other
		source.free <- nil
	}
	err := source.readFirst(ctx)
	return source, err
}

// readFirst reads the first part into memory that grows: most streams are small.
func (s *streamSource) readFirst(ctx context.Context) error {
	partSize := int(s.scale.of(s.cut.size))
	for size := 4 << 10; ; size = min(16*size, partSize) {
		buffer := newBuffer(size)
		copied := copy(buffer, s.first)
		n, err := s.fill(ctx, buffer[copied:])
		s.first = buffer[:copied+n]
		if err != nil || s.ended || size == partSize {
			return err
		}
	}
}

// fill reads until buffer is full, the stream has ended, or ctx. Only io.EOF itself is the
// end: an error that wraps it, or an io.ErrUnexpectedEOF, is a stream that broke off.
func (s *streamSource) fill(ctx context.Context, buffer []byte) (n int, err error) {
	defer s.file.endWith(ctx)()
	reader := contextReader{ctx, s.reader}
	for n < len(buffer) && err == nil {
		var more int
		more, err = reader.Read(buffer[n:])
		n += more
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		err = ended.Why(ctx)
	}
	s.read += int64(n)
	if ended.IsEOF(err) {
		s.ended, err = true, nil
	}
	return n, err
}

// A contextReader reads no more once its context is done: a slow stream may take
// long to fill a buffer.
type contextReader struct {
	ctx context.Context //nolint:containedctx // for the Reads of one call
	io.Reader
}

// Read reads, unless the context is done.
func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, ended.Why(r.ctx)
	}
	return r.Reader.Read(p)
}

func (s *streamSource) check() error   { return s.version.check() }
func (*streamSource) again() io.Reader { return nil }

func (s *streamSource) size() int64 {
	if s.ended {
		return s.read
	}
	return -1
}

func (s *streamSource) whole() io.ReadSeeker {
	if !s.ended {
		return nil
	}
	return newMemorySource(s.first, s.scale).section(0, s.read)
}

func (s *streamSource) next(ctx context.Context) (part, error) {
	if buffer := s.first; buffer != nil {
		s.first = nil
		return s.part(buffer, len(buffer)), nil
	}
	if s.ended {
		return part{}, io.EOF
	}
	size := int(s.scale.of(s.cut.sizeOf(s.count)))
	if size <= 0 {
		return part{}, errors.New("the body is too long for the memory of a 32-bit machine")
	}
	buffer, err := s.buffer(ctx, size)
	if err != nil {
		return part{}, err
	}
	n, err := s.fill(ctx, buffer[:size])
	if err != nil {
		return part{}, bodyError(err)
	}
	if n == 0 {
		return part{}, io.EOF
	}
	return s.part(buffer, n), nil
}

// buffer waits for memory. Where parts have grown, there are fewer of them.
func (s *streamSource) buffer(ctx context.Context, size int) ([]byte, error) {
	for {
		select {
		case buffer := <-s.free:
			if int64(s.held) > max(2, s.memory/int64(size)) {
				s.held--
				continue
			}
			if cap(buffer) >= size {
				return buffer, nil
			}
			return newBuffer(size), nil
		case <-ctx.Done():
			return nil, ended.Why(ctx)
		}
	}
}

// streamBuffers are for the next stream that has small parts.
var streamBuffers = sync.Pool{New: func() any { buffer := make([]byte, smallParts.size); return &buffer }}

// newBuffer returns memory for a part, which an earlier stream may have used.
func newBuffer(size int) []byte {
	if int64(size) != smallParts.size {
		return make([]byte, size)
	}
	pooled, _ := streamBuffers.Get().(*[]byte)
	return *pooled
}

func (s *streamSource) close() {
	for {
		select {
		case buffer := <-s.free:
			if int64(cap(buffer)) == smallParts.size {
				streamBuffers.Put(&buffer)
			}
		default:
			return
		}
	}
}

func (s *streamSource) part(buffer []byte, size int) part {
	s.count++
	body := newMemorySource(buffer[:size], s.scale).section(0, int64(size))
	return part{body: body, size: int64(size), done: func() { s.free <- buffer }}
}
