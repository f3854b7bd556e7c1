// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/exact"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// Open returns a reader of the partition: of its bytes, or if it has a Newline, of the
// complete lines that begin in it. The caller closes the reader, which is not safe for
// concurrent use. The error is ErrPrecondition if the object has changed since it was
// cut, also on a storage that ignores IfMatch. A partition of 32 MiB or more of a
// *lithopss3.Store is read ahead, see [lithopss3.GetOptions].Parallel.
//
// Together, the partitions of an object have all of its bytes. Python's worker loses
// some: at the end of an object without a newline there, and after lines longer than
// 128 KiB.
func (p *Partition) Open(ctx context.Context, storage lithopss3.Storage) (io.ReadCloser, error) {
	if p.Newline == "" || p.Range == nil {
		object, err := p.get(ctx, storage, p.Range, p.ETag)
		if err != nil {
			return nil, err
		}
		return object.Body, nil
	}
	newline := []byte(p.Newline)
	start := p.start()
	source := &stretches{ctx: ctx, storage: storage, partition: p, etag: p.ETag}
	var err error
	if source.offset, err = source.before(start, newline); err != nil {
		return nil, err
	}
	lines := &lineReader{source: source, newline: newline, offset: source.offset, start: start, end: math.MaxInt64, skipping: start > 0}
	lines.buffer = bufio.NewReaderSize(source, lineBuffer+len(newline))
	source.next = -1 // the last partition reads to the object's end
	if p.Part < p.TotalParts {
		lines.end = start + p.ChunkSize
		source.next = lines.end - source.offset + lineThreshold
	}
	if err := source.open(); err != nil {
		return nil, err
	}
	return lines, nil
}

// get opens a range of the object. It compares the answer with what was asked for, because a
// storage that ignores a range or a condition would give bytes of other partitions, or of
// another object.
func (p *Partition) get(ctx context.Context, storage lithopss3.Storage, where *lithopss3.ByteRange, etag string) (*lithopss3.Object, error) {
	object, err := storage.GetObject(ctx, p.Bucket, p.Key, &lithopss3.GetOptions{Range: where, IfMatch: etag})
	if err != nil {
		return nil, err
	}
	if where == nil {
		where = lithopss3.RangeFrom(0)
	}
	length, err := p.check(object, *where, etag)
	if err != nil {
		return nil, errors.Join(err, object.Body.Close())
	}
	object.Body = exact.Body(object.Body, length, where.Length)
	return object, nil
}

// check returns how many bytes an answer must have, 0 if that is not known, and an error if it
// is not of the object that was cut, or is another range of it.
func (p *Partition) check(object *lithopss3.Object, where lithopss3.ByteRange, etag string) (length int64, err error) {
	isOtherETag := etag != "" && etag != "*" && object.ETag != "" && bareETag(object.ETag) != bareETag(etag)
	if isOtherETag || p.Size > 0 && object.Size > 0 && object.Size != p.Size {
		return 0, fmt.Errorf("%s has changed: it has %d bytes and the ETag %s: %w", sanitize.Name(p.Key), object.Size, sanitize.Name(object.ETag), lithopss3.ErrPrecondition)
	}
	got := exact.Span{Offset: object.Offset, Length: object.Length}
	if object.Size < 1 && object.Length < 1 { // nothing is told, so that the offset may not be either
		got.Offset = where.Offset
	}
	length, err = exact.Range(exact.Span(where), got, p.sizeOf(object))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", sanitize.Name(p.Key), err)
	}
	return length, nil
}

// sizeOf returns the size of an object that was opened, or if the storage does not tell it, what it
// was when the object was cut; 0 if that is not known either.
func (p *Partition) sizeOf(object *lithopss3.Object) int64 {
	if object.Size > 0 {
		return object.Size
	}
	return p.Size
}

// bareETag leaves out what clients and proxies add or take away.
func bareETag(etag string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(etag), "W/"), `"`)
}

// start is where the partition begins. Its range begins a byte before, except
// that of the first one.
func (p *Partition) start() int64 {
	if p.Part == 1 {
		return 0
	}
	return p.Range.Offset + 1
}

// maxLine is the longest line of Lines, in bytes.
const maxLine = 1 << 30

// Lines yields the lines of the partition, each with the newline at its end if it
// has one, as Python's readline. Without a Newline they end in "\n" and may be cut
// at both ends of the partition. A line is valid until the next one. A line
// longer than 1 GiB is bufio.ErrTooLong; Open has no such limit. The first error
// ends the sequence.
func (p *Partition) Lines(ctx context.Context, storage lithopss3.Storage) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		body, err := p.Open(ctx, storage)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = body.Close() }()
		newline := []byte(p.Newline)
		if len(newline) == 0 {
			newline = []byte("\n")
		}
		lines := bufio.NewScanner(body)
		lines.Buffer(make([]byte, lineBuffer), maxLine)
		lines.Split((&lineSplitter{newline: newline}).split)
		for lines.Scan() {
			if !yield(lines.Bytes(), nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, fmt.Errorf("%s: %w", p.Key, err))
		}
	}
}

const lineBuffer = 64 << 10

// A lineSplitter finds the lines for a bufio.Scanner, which shows it an incomplete line from
// the beginning whenever more of it has come.
type lineSplitter struct {
	newline  []byte
	searched int // where the search in the line continues
}

// split is a bufio.SplitFunc.
func (s *lineSplitter) split(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.Index(data[s.searched:], s.newline); i >= 0 {
		end := s.searched + i + len(s.newline)
		s.searched = 0
		return end, data[:end], nil
	}
	if atEOF && len(data) > 0 {
		s.searched = 0
		return len(data), data, nil
	}
	s.searched = max(0, len(data)-len(s.newline)+1) // the last bytes may begin a newline
	return 0, nil, nil
}

// A lineReader reads the lines that begin in [start, end). It reads from a little
// before start, to find out whether a line begins there.
type lineReader struct {
	source     *stretches
	buffer     *bufio.Reader
	newline    []byte
	offset     int64 // of the next byte, in the object
	start, end int64
	skipping   bool // the rest of a line of the partition before
	piece      int  // bytes that can be passed on before looking again
	ends       bool // the piece ends a line
	inLine     bool // what was passed on before the piece did not end a line
}

// Read fills p.
func (r *lineReader) Read(p []byte) (int, error) {
	for r.piece == 0 {
		if !r.inLine && !r.skipping && r.offset >= r.end {
			return 0, io.EOF
		}
		if err := r.look(); err != nil {
			return 0, err
		}
		if r.skipping {
			r.skip()
		}
	}
	n, err := r.buffer.Read(p[:min(len(p), r.piece)])
	r.offset += int64(n)
	r.piece -= n
	if r.piece == 0 {
		r.inLine = !r.ends
	}
	return n, err
}

// look finds the next piece in what is buffered. At the object's end it returns io.EOF.
func (r *lineReader) look() error {
	k := len(r.newline)
	if _, err := r.buffer.Peek(k); err != nil && (!ended.IsEOF(err) || r.buffer.Buffered() == 0) {
		return err
	}
	ready, _ := r.buffer.Peek(r.buffer.Buffered()) // what is there has no error
	if k == 1 && !r.skipping && r.offset < r.end { // many lines at once
		r.piece = int(min(int64(len(ready)), r.end-r.offset))
		r.ends = ready[r.piece-1] == r.newline[0]
		return nil
	}
	i := bytes.Index(ready, r.newline)
	r.ends = i >= 0
	switch {
	case r.ends:
		r.piece = i + k
	case len(ready) < k: // the end of the object
		r.piece = len(ready)
	default: // the last bytes may begin a newline
		r.piece = len(ready) - (k - 1)
	}
	return nil
}

// skip drops the piece. The first line of the partition begins after the first
// newline that ends at its start or later.
func (r *lineReader) skip() {
	_, _ = r.buffer.Discard(r.piece) // it is buffered
	r.offset += int64(r.piece)
	r.piece = 0
	r.skipping = !r.ends || r.offset < r.start
}

// Close ends the reader.
func (r *lineReader) Close() error { return r.source.close() }

// stretches reads an object from offset on, a stretch with each request: as
// much as is likely needed, and more only if it is.
type stretches struct {
	ctx          context.Context //nolint:containedctx // a body lives as long as the Open that made it
	storage      lithopss3.Storage
	partition    *Partition
	etag         string
	offset, next int64 // where the next stretch begins, and how long it is; -1 to the object's end
	size         int64
	body         io.ReadCloser
	begin        int64 // of the stretch that is open
	ended        bool
}

// before is where to begin to read so that no newline is cut that ends at start or
// later: the newline's length before it. Of "::", three in a row are a newline
// and one more, but which ones they are depends on where the row begins.
func (s *stretches) before(start int64, newline []byte) (int64, error) {
	k := int64(len(newline))
	if !overlapsItself(newline) {
		return max(0, start-k), nil
	}
	for window := int64(4 << 10); ; window *= 2 {
		from := max(0, start-window)
		s.offset, s.next = from, start-from
		if s.next <= 2*k {
			return from, nil
		}
		if err := s.open(); err != nil {
			return 0, err
		}
		data, err := io.ReadAll(io.LimitReader(s.body, s.next))
		if err = errors.Join(err, s.body.Close()); err != nil {
			return 0, err
		}
		for at := int64(len(data)) - k; at >= k; at-- { // a place that no newline reaches over
			if !bytes.Contains(data[at-k+1:min(at+k-1, int64(len(data)))], newline) {
				return from + at, nil
			}
		}
		if from == 0 {
			return 0, nil
		}
	}
}

// overlapsItself reports whether the newline ends as it begins.
func overlapsItself(newline []byte) bool {
	for n := 1; n < len(newline); n++ {
		if bytes.HasSuffix(newline, newline[:n]) {
			return true
		}
	}
	return false
}

func (s *stretches) open() error {
	object, err := s.partition.get(s.ctx, s.storage, lithopss3.Range(s.offset, s.next), s.etag)
	if err != nil {
		return err
	}
	if s.etag == "" {
		s.etag = object.ETag // later stretches must be of this version
	}
	s.body, s.size, s.begin = object.Body, s.partition.sizeOf(object), s.offset
	return nil
}

// Read reads on in another stretch at the end of one.
func (s *stretches) Read(p []byte) (int, error) {
	for !s.ended {
		n, err := s.body.Read(p)
		s.offset += int64(n)
		if n > 0 || !ended.IsEOF(err) {
			if ended.IsEOF(err) {
				err = nil
			}
			return n, err
		}
		if err := s.openNext(); err != nil {
			return 0, err
		}
	}
	return 0, io.EOF
}

// openNext opens the next stretch, or notes that there is none. If the storage tells the
// object's size, get has held the stretch to its length. If not, the end is where a stretch
// has no bytes, or would begin after it.
func (s *stretches) openNext() error {
	isKnown := s.size > 0
	if s.next < 0 || isKnown && s.offset >= s.size || !isKnown && s.offset == s.begin {
		s.ended = true
		return nil
	}
	if err := s.close(); err != nil {
		return err
	}
	const longest = 64 << 20
	s.next = min(max(s.next, lineThreshold)*2, longest)
	err := s.open()
	if !isKnown && errors.Is(err, lithopss3.ErrInvalidRange) {
		s.ended = true
		return nil
	}
	return err
}

func (s *stretches) close() error { return s.body.Close() }
