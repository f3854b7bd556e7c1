// SPDX-License-Identifier: Apache-2.0

// Package download gets an object into a file, in chunks of 8 MiB, several at once, or
// in one answer where the server can't do better. From a near server, all chunks may come on
// one connection. It ends with all of the object's bytes in the file's place, compared with
// the server's checksum if there is one, or with an error.
//
// It must not know the SDK or the Store; an object is a [Source] of two methods, a
// file is a partfile.Target.
//
// Start reading at [File].
package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/progress"
)

const (
	// ChunkSize is how many bytes one request gets.
	ChunkSize = 8 << 20
	// chunksAtOnce is how many requests there are at a time.
	chunksAtOnce = 24
	// copySize is the memory of each of them.
	copySize = 256 << 10
)

// Options are the options of File.
type Options struct {
	// Bucket and Key name the object in the journal of a resumable download.
	Bucket, Key string
	// ETag gets only this version, "" any.
	ETag string
	// Resume keeps partial data if the download fails, and resumes an earlier one.
	Resume bool
	// Sync has the file on the disk before it takes its place.
	Sync bool
	// Size is the object's in bytes if it was listed, and 0 if it is not known. One of at most
	// ChunkSize is asked for without a range, because many servers give no checksum with a range. It
	// proves nothing: the object may have been replaced.
	Size int64
	// Progress is called as internal/progress says. It may be nil.
	Progress func(done, total int64)
	// Fast is the rate, in bytes a second, of a connection to a near server that is used
	// alone as long as it gives that. Zero is none.
	Fast int64
	// Scale divides the sizes of chunks and of what depends on them, so that tests need
	// no large objects. Zero is 1.
	Scale int64
}

// scaled returns a size of this package divided by the scale.
func (o *Options) scaled(size int64) int64 { return size / max(1, o.Scale) }

// File downloads the object into target. On an error, the file that target would have
// replaced stays, and only Resume leaves other files; a device may have received part of
// the bytes. A panic of Progress ends the download like an error, and then reaches the
// caller.
func File(ctx context.Context, source Source, target *partfile.Target, opts Options) error {
	d := &download{source: source, target: target, opts: opts}
	defer func() { d.meter.End() }()
	if target.IsDevice() {
		return d.writeDevice(ctx)
	}
	if opts.Resume {
		resumed, err := d.resume(ctx)
		if resumed || err != nil {
			return err
		}
	}
	began := time.Now()
	first, err := source.Get(ctx, Range{Length: opts.firstLength(), ETag: opts.ETag})
	if err != nil {
		return err
	}
	if time.Since(began) > nearTime {
		d.opts.Fast = 0
	}
	defer func() { _ = first.Body.Close() }()
	isWhole := first.Size >= 0 && first.Length == first.Size
	if isWhole || first.Size < 0 || !isStrong(first.ETag) {
		return d.getWhole(ctx, first)
	}
	d.size, d.etag = first.Size, first.ETag
	return d.getNew(ctx, first)
}

// firstLength returns how many bytes the first request asks for, negative for all.
func (o *Options) firstLength() int64 {
	if chunk := o.scaled(ChunkSize); o.Size <= 0 || o.Size > chunk {
		return chunk
	}
	return -1
}

// A download is one call of File.
type download struct {
	source Source
	target *partfile.Target
	opts   Options
	meter  *progress.Meter

	size int64
	etag string
	sum  checksum.Sum // of the whole, once asked is closed

	// What follows is for a download in chunks.
	asked   chan struct{}
	waited  <-chan struct{} // closed once open ranges have waited long enough for asked
	file    *partfile.File
	writing sync.Mutex
	sums    []uint64 // of each chunk, if sum can be combined from them
}

// getNew downloads in chunks, of which first is the first.
func (d *download) getNew(ctx context.Context, first *Answer) (err error) {
	if d.opts.Resume {
		d.file, err = d.target.CreateResumable(partfile.Source{
			Bucket: d.opts.Bucket, Key: d.opts.Key, ETag: d.etag, Size: d.size, Chunk: d.opts.scaled(ChunkSize),
		})
	} else {
		d.file, err = d.target.Create(d.size)
	}
	if err != nil {
		return err
	}
	return d.finish(d.getAll(ctx, first))
}

// resume continues an earlier download, if its partial data belongs to the version that is
// there now.
func (d *download) resume(ctx context.Context) (resumed bool, err error) {
	left, err := d.target.Resume(ctx, d.opts.Bucket, d.opts.Key)
	if left == nil || err != nil {
		return false, err
	}
	info, err := d.source.Head(ctx, d.opts.ETag)
	if err != nil {
		return false, errors.Join(err, left.Keep())
	}
	was := left.Source()
	if !isStrong(info.ETag) || info.ETag != was.ETag || info.Size != was.Size || was.Chunk != d.opts.scaled(ChunkSize) {
		return false, left.Discard()
	}
	d.file, d.size, d.etag, d.sum = left, info.Size, info.ETag, info.Sum
	d.asked = make(chan struct{})
	close(d.asked)
	kept := d.keptChunks()
	err = d.getAll(ctx, nil)
	if err == nil && !d.sum.IsKnown() && len(kept) > 0 && !d.provedByETag(ctx) {
		err = d.getAgain(ctx, kept)
	}
	return true, d.finish(err)
}

// finish puts the file in its place, or leaves what came on an error that another
// attempt may not meet.
func (d *download) finish(err error) error {
	switch {
	case errors.Is(err, checksum.ErrMismatch), errors.Is(err, ErrChanged):
		return errors.Join(err, d.file.Discard())
	case err != nil:
		return errors.Join(err, d.file.Keep())
	}
	if err := d.file.Commit(d.size, d.opts.Sync); err != nil {
		return err
	}
	d.meter.Finish(d.size)
	return nil
}

// errUnknownSize is an answer that may be cut off: its end proves nothing.
var errUnknownSize = errors.New("the server does not say the object's size, so that nothing proves that all of it came")

// getWhole downloads in one answer. It serves small objects, and servers that know
// no ranges, sizes or strong ETags: without such an ETag, ranges could be of two
// versions. first is the whole object, or else the object is asked for again.
func (d *download) getWhole(ctx context.Context, first *Answer) error {
	answer := first
	if first.Size >= 0 && first.Length != first.Size {
		whole, err := d.source.Get(ctx, Range{Length: -1, ETag: d.opts.ETag})
		if err != nil {
			return err
		}
		defer func() { _ = whole.Body.Close() }()
		answer = whole
	}
	d.size, d.etag = answer.Length, answer.ETag
	d.meter = progress.New(d.opts.Progress, d.size)
	file, err := d.target.Create(d.size)
	if err != nil {
		return err
	}
	d.file = file
	defer func() { _ = file.Discard() }() // also if Progress panics
	if err := d.copyWhole(ctx, answer); err != nil {
		return errors.Join(err, file.Discard())
	}
	return d.finish(nil)
}

// copyWhole copies an answer into the file while the server is asked for what the
// answer did not tell.
func (d *download) copyWhole(ctx context.Context, answer *Answer) error {
	team := newTeam(ctx)
	defer team.stop()
	var info Info
	var headErr error
	mustAsk := answer.MayHaveSum || answer.Length < 0
	if mustAsk {
		team.start(func(ctx context.Context) error {
			info, headErr = d.source.Head(ctx, d.pin())
			return nil
		})
	}
	n, err := d.copyTo(&offsetWriter{d.file, 0}, answer.Body)
	if err != nil {
		return err
	}
	if err := team.wait(); err != nil {
		return err
	}
	if d.size < 0 {
		if headErr != nil {
			return fmt.Errorf("%w: %w", errUnknownSize, headErr)
		}
		if !isSameVersion(info.ETag, d.etag) {
			return fmt.Errorf("%w: its ETag is %q, not %q", ErrChanged, info.ETag, d.etag)
		}
		d.size = info.Size
	}
	if n != d.size {
		return fmt.Errorf("%d bytes came instead of %d: %w", n, d.size, io.ErrUnexpectedEOF)
	}
	isDescribed := mustAsk && headErr == nil
	if isDescribed && info.Size == d.size && isSameVersion(info.ETag, d.etag) {
		d.sum = info.Sum
	}
	return d.compareFile(ctx)
}

// pin is the ETag that pins further requests to the version that came.
func (d *download) pin() string {
	if isStrong(d.etag) {
		return d.etag
	}
	return d.opts.ETag
}

// writeDevice writes to a device or a pipe, which can't be replaced.
func (d *download) writeDevice(ctx context.Context) error {
	answer, err := d.source.Get(ctx, Range{Length: -1, ETag: d.opts.ETag})
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	d.size, d.etag = answer.Length, answer.ETag
	d.meter = progress.New(d.opts.Progress, d.size)
	device, err := d.target.OpenDevice(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = device.Close() }()
	n, err := d.copyTo(device, answer.Body)
	if err != nil {
		return err
	}
	if d.size < 0 {
		info, err := d.source.Head(ctx, d.pin())
		if err != nil {
			return fmt.Errorf("%w: %w", errUnknownSize, err)
		}
		d.size = info.Size
	}
	if n != d.size {
		return fmt.Errorf("%d bytes came instead of %d: %w", n, d.size, io.ErrUnexpectedEOF)
	}
	if err := device.Close(); err != nil {
		return err
	}
	d.meter.Finish(d.size)
	return nil
}

// copyTo copies a body and counts its bytes.
func (d *download) copyTo(writer io.Writer, body io.Reader) (int64, error) {
	size := d.opts.scaled(copySize)
	if d.size >= 0 {
		size = min(size, d.size+1) // one more, so that the end comes with the last bytes
	}
	return io.CopyBuffer(struct{ io.Writer }{writer}, &meteredReader{body, d.meter}, make([]byte, size))
}

// meteredReader counts what is read.
type meteredReader struct {
	io.Reader
	meter *progress.Meter
}

// Read reads, and counts the bytes.
func (r *meteredReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.meter.Add(int64(n))
	return n, err
}

// offsetWriter writes one after the other.
type offsetWriter struct {
	file   *partfile.File
	offset int64
}

// Write writes after what was written before.
func (w *offsetWriter) Write(p []byte) (int, error) {
	n, err := w.file.WriteAt(p, w.offset)
	w.offset += int64(n)
	return n, err
}
