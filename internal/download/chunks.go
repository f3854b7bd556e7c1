// SPDX-License-Identifier: Apache-2.0

package download

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"time"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/progress"
)

// getAll downloads all chunks that are missing, and compares the file with the server's
// checksum. first, if not nil, is the open first chunk. If a callback panics, getAll panics
// with it after everything else has ended.
func (d *download) getAll(ctx context.Context, first *Answer) error {
	ended := false
	defer func() {
		if !ended { // by a panic
			_ = d.file.Keep()
		}
	}()
	chunk := d.opts.scaled(ChunkSize)
	d.sums = make([]uint64, (d.size+chunk-1)/chunk)
	d.meter = progress.New(d.opts.Progress, d.size)
	team := newTeam(ctx)
	defer team.stop()
	if d.asked == nil {
		d.asked = make(chan struct{})
		team.start(d.askWhole)
	}
	waited := make(chan struct{})
	defer time.AfterFunc(sumPatience, func() { close(waited) }).Stop()
	d.waited = waited
	d.startWorkers(team, first)
	err := team.wait()
	if err == nil {
		err = d.verify(ctx)
	}
	ended = true
	return err
}

// askWhole asks for the checksum of the whole, which comes with no range. Where it
// can't be had, lengths must do.
func (d *download) askWhole(ctx context.Context) error {
	defer close(d.asked)
	info, err := d.source.Head(ctx, d.etag)
	if err == nil && info.Size == d.size && isSameVersion(info.ETag, d.etag) {
		d.sum = info.Sum
	}
	return nil
}

// getChunk gets one chunk, from where an earlier download left it.
func (d *download) getChunk(ctx context.Context, index int, first *Answer, buffer []byte) error {
	chunk := d.opts.scaled(ChunkSize)
	start := int64(index) * chunk
	offset, end := start, min(start+chunk, d.size)
	sums := &chunkSums{start: start}
	if left := d.file.Chunk(start); left.Bytes > 0 {
		if err := d.waitForSum(ctx, sums, nil); err != nil {
			return err
		}
		kept, err := d.keep(left, sums, buffer)
		if err != nil {
			return err
		}
		offset += kept
	}
	if offset < end {
		if err := d.fetch(ctx, offset, end, first, sums, buffer); err != nil {
			return err
		}
	}
	if !sums.begun {
		if err := d.sumLater(ctx, end-start, sums, buffer); err != nil {
			return err
		}
	}
	if sums.whole != nil {
		d.sums[index] = d.sum.Kind.Value(sums.whole.Sum(nil))
	}
	return nil
}

// waitForSum waits until the kind of the checksum is known, or until stop is closed: then sums
// have not begun. Mostly it is known: the HEAD is sent with the ranges, and no request waits for it.
func (d *download) waitForSum(ctx context.Context, sums *chunkSums, stop <-chan struct{}) error {
	select {
	case <-d.asked: // also if stop was closed long ago
	default:
		select {
		case <-d.asked:
		case <-stop:
			return nil
		case <-ctx.Done():
			return ended.Why(ctx)
		}
	}
	sums.begin(d.sum.Kind, d.file.IsResumable())
	return nil
}

// sumPatience is how long open ranges wait for the kind of the checksum. A transport of the
// caller's may bound its connections (MaxConnsPerHost), so that the HEAD waits for one of theirs.
const sumPatience = time.Second

// sumLater reads a chunk of so many bytes from the file for its checksums, whose kind was not known
// while it came.
func (d *download) sumLater(ctx context.Context, size int64, sums *chunkSums, buffer []byte) error {
	if err := d.waitForSum(ctx, sums, nil); err != nil {
		return err
	}
	if _, err := io.CopyBuffer(sums, d.section(ctx, sums.start, size), buffer); err != nil {
		return err
	}
	return d.note(sums)
}

// fetch gets the bytes from offset to end, and notes in the journal what it received.
func (d *download) fetch(ctx context.Context, offset, end int64, answer *Answer, sums *chunkSums, buffer []byte) (err error) {
	if answer == nil {
		answer, err = d.open(ctx, offset, end-offset)
		if err != nil {
			return err
		}
	}
	defer func() { _ = answer.Body.Close() }()
	if !sums.begun {
		if err := d.waitForSum(ctx, sums, d.waited); err != nil {
			return err
		}
	}
	defer func() {
		if noteErr := d.note(sums); err == nil {
			err = noteErr
		}
	}()
	for offset < end && ctx.Err() == nil { // which does not end the request of the first chunk
		n, readErr := gather(answer.Body, buffer[:min(int64(len(buffer)), end-offset)])
		if err := d.write(buffer[:n], offset); err != nil {
			return err
		}
		_, _ = sums.Write(buffer[:n])
		offset += int64(n)
		d.meter.Add(int64(n))
		if sums.bytes-d.file.Chunk(sums.start).Bytes >= d.opts.scaled(noteEvery) {
			if err := d.note(sums); err != nil {
				return err
			}
		}
		if errors.Is(readErr, io.EOF) && offset < end {
			readErr = io.ErrUnexpectedEOF
		}
		if readErr != nil && offset < end {
			return fmt.Errorf("at byte %d of %d: %w", offset, d.size, readErr)
		}
	}
	return ended.Why(ctx)
}

// gatherSize is how many bytes are written at once, unless there are fewer. Over TLS a
// Read returns 16 KiB at most, and a write of as much costs as much as one of more.
const gatherSize = 128 << 10

// gather reads until it has gatherSize bytes, or p is full, or there is an error.
func gather(body io.Reader, p []byte) (n int, err error) {
	enough := min(gatherSize, len(p))
	for n < enough && err == nil {
		var more int
		more, err = body.Read(p[n:])
		n += more
	}
	return n, err
}

// open opens a range of the version that the download began with.
func (d *download) open(ctx context.Context, offset, length int64) (*Answer, error) {
	answer, err := d.source.Get(ctx, Range{Offset: offset, Length: length, ETag: d.etag})
	if err != nil {
		return nil, err
	}
	if answer.Size != d.size || !isSameVersion(answer.ETag, d.etag) {
		_ = answer.Body.Close()
		return nil, fmt.Errorf("%w: it has %d bytes and the ETag %q, not %d and %q", ErrChanged, answer.Size, answer.ETag, d.size, d.etag)
	}
	return answer, nil
}

// noteEvery is how many bytes of a chunk lie between two lines of the journal.
const noteEvery = 2 << 20

// note writes to the journal how much of a chunk is there.
func (d *download) note(sums *chunkSums) error {
	if sums.crc == nil {
		return nil
	}
	return d.file.Note(sums.start, sums.bytes, sums.crc.Sum32())
}

// write writes one chunk's bytes at a time, because the system locks a file for
// each write, and waiting for that lock burns CPU.
func (d *download) write(p []byte, offset int64) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	_, err := d.file.WriteAt(p, offset)
	return err
}

// keep reads what the journal says is there, and returns how much of it is.
func (d *download) keep(left partfile.Chunk, sums *chunkSums, buffer []byte) (int64, error) {
	n, err := io.CopyBuffer(sums, io.NewSectionReader(d.file, left.At, left.Bytes), buffer)
	if err != nil {
		return 0, err
	}
	if n != left.Bytes || sums.crc == nil || sums.crc.Sum32() != uint32(left.CRC32) {
		sums.begin(d.sum.Kind, true) // the disk has something else
		return 0, nil
	}
	d.meter.Add(n)
	return n, nil
}

// chunkSums are the running checksums of a chunk: for the comparison with the
// server's, and for the journal.
type chunkSums struct {
	start  int64
	begun  bool
	bytes  int64
	whole  hash.Hash   // nil unless the server has a CRC
	crc    hash.Hash32 // nil unless there is a journal
	isSame bool        // both are one
}

func (s *chunkSums) begin(kind *checksum.Kind, journal bool) {
	*s = chunkSums{start: s.start, begun: true}
	if kind != nil && kind.CanCombine() {
		s.whole = kind.New()
	}
	if !journal {
		return
	}
	if crc, ok := s.whole.(hash.Hash32); ok && kind == checksum.CRC32 {
		s.crc, s.isSame = crc, true
		return
	}
	s.crc = crc32.NewIEEE()
}

// Write adds the next bytes of the chunk.
func (s *chunkSums) Write(p []byte) (int, error) {
	s.bytes += int64(len(p))
	if s.whole != nil {
		_, _ = s.whole.Write(p)
	}
	if s.crc != nil && !s.isSame {
		_, _ = s.crc.Write(p)
	}
	return len(p), nil
}
