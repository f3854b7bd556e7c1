// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/proof"
)

const (
	// blockSize is how much of an object is read and kept at once.
	blockSize = 1 << 20
	// maxReadAhead is how many blocks one request gets at most, once reads follow
	// one another.
	maxReadAhead = 8
	// cachedBlocks is how many blocks are kept.
	cachedBlocks = 16
	// tailSize is how much of the object's end comes with opening it: that is where
	// zip and parquet files have their directory.
	tailSize = 64 << 10
)

// ReaderAtOptions are the options of OpenReaderAt; nil is the zero value.
type ReaderAtOptions struct {
	// IfMatch opens only the object with this ETag, else ErrPrecondition.
	IfMatch string
	// VersionID is the version to open; empty is the latest.
	VersionID string
	// SSECustomerKey is the key that the object was put with, see [PutOptions].
	SSECustomerKey Secret
}

// A ReaderAt reads anywhere in an object, as readers of zip and parquet files do.
// It reads the object that it was opened on. If that is replaced, a read of bytes that
// are not in memory returns ErrPrecondition. All methods are safe for concurrent use.
//
// It reads blocks of 1 MiB. If reads follow one another, one request gets up to eight
// blocks. A read of 4 MiB or more goes directly into the caller's memory. The last 16
// blocks are kept, so that it holds at most 16 MiB, and 8 MiB more for each request in
// flight. Bytes are not compared with a checksum, because none covers a part of an object.
type ReaderAt struct {
	store       *Store
	bucket, key string
	opts        GetOptions // hold every request to the object that was opened
	info        ObjectInfo
	tail        []byte          // the object's end
	ctx         context.Context //nolint:containedctx // ReadAt has none; Close ends it
	cancel      context.CancelCauseFunc

	mu     sync.Mutex
	blocks map[int64]*cachedBlock
	recent *list.List // of *cachedBlock that are read, the latest first
	next   int64      // the block after the last request's
	ahead  int64      // how many blocks that had
}

// A cachedBlock is a part of the object that is in memory or in flight.
type cachedBlock struct {
	index int64
	ready chan struct{} // closed once data or err is there
	data  []byte
	err   error
	place *list.Element
}

// OpenReaderAt opens an object for reading anywhere in it. It makes one request, or two
// if the object is empty. A missing object is fs.ErrNotExist. ctx applies to all later
// reads. The caller closes the ReaderAt.
func (s *Store) OpenReaderAt(ctx context.Context, bucket, key string, opts *ReaderAtOptions) (*ReaderAt, error) {
	if opts == nil {
		opts = &ReaderAtOptions{}
	}
	get := GetOptions{IfMatch: opts.IfMatch, VersionID: opts.VersionID, SSECustomerKey: opts.SSECustomerKey}
	info, tail, err := s.openTail(ctx, bucket, key, get)
	if err != nil {
		return nil, err
	}
	if info.Size < 0 || info.ETag == "" {
		return nil, &Error{Op: "OpenReaderAt", Bucket: bucket, Key: key, Err: errors.New("the server does not say the object's size or ETag")}
	}
	get.IfMatch, get.Parallel = info.ETag, 1
	r := &ReaderAt{
		store: s, bucket: bucket, key: key, opts: get, info: *info, tail: tail,
		blocks: map[int64]*cachedBlock{}, recent: list.New(), next: -1,
	}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	return r, nil
}

// openTail describes an object and gets its end, unless the object has no bytes and
// so no last ones, as servers say in several ways.
func (s *Store) openTail(ctx context.Context, bucket, key string, opts GetOptions) (*ObjectInfo, []byte, error) {
	tailOpts := opts
	tailOpts.Range = RangeLast(tailSize)
	object, err := s.GetObject(ctx, bucket, key, &tailOpts)
	if errors.Is(err, ErrInvalidRange) || errors.Is(err, proof.ErrIgnoredRange) {
		info, err := s.headObject(ctx, "OpenReaderAt", bucket, key, &opts)
		return info, nil, err
	}
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = object.Body.Close() }()
	tail, err := io.ReadAll(object.Body)
	return &object.ObjectInfo, tail, err
}

// Size returns the object's size in bytes.
func (r *ReaderAt) Size() int64 { return r.info.Size }

// Info returns the description of the object.
func (r *ReaderAt) Info() ObjectInfo { return r.info }

// NewReader returns a reader of all of the object that can seek, an [io.ReadSeeker] as
// archive/tar and http.ServeContent want it. Each has a place of its own.
func (r *ReaderAt) NewReader() *io.SectionReader { return io.NewSectionReader(r, 0, r.info.Size) }

// Close ends reads in progress and releases the memory. Later reads are ErrClosed.
func (r *ReaderAt) Close() error {
	r.cancel(ErrClosed)
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.blocks)
	r.recent.Init()
	r.tail = nil
	return nil
}

// ReadAt fills p with the bytes from offset on. An offset below 0 is ErrInvalidRange. As
// with any io.ReaderAt, fewer bytes come with an error, which is io.EOF at the object's end.
func (r *ReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, &Error{Op: "ReadAt", Bucket: r.bucket, Key: r.key, Err: fmt.Errorf("%w: it begins at %d", ErrInvalidRange, offset)}
	}
	if r.ctx.Err() != nil { // also at the end, and for no bytes
		return 0, r.explain(ended.Why(r.ctx))
	}
	done := 0
	for done < len(p) {
		at := offset + int64(done)
		if at >= r.info.Size {
			return done, io.EOF
		}
		n, err := r.readSome(p[done:], at)
		done += n
		if err != nil {
			return done, r.explain(err)
		}
	}
	return done, nil
}

func (r *ReaderAt) explain(err error) error {
	if context.Cause(r.ctx) == ErrClosed { //nolint:errorlint,forbidigo // the caller's cause may be that of another body
		err = ErrClosed
	}
	return wrapError("ReadAt", r.bucket, r.key, explainChange(err))
}

// directRead is the size in bytes from which on a read uses no block.
const directRead = 4 << 20

// readSome reads at least one byte at offset, which is in the object.
func (r *ReaderAt) readSome(p []byte, offset int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, ended.Why(r.ctx)
	}
	r.mu.Lock()
	if from := r.info.Size - int64(len(r.tail)); offset >= from {
		defer r.mu.Unlock()
		return copy(p, r.tail[offset-from:]), nil
	}
	index := offset / blockSize
	wanted, found := r.blocks[index]
	if !found && len(p) >= directRead {
		r.mu.Unlock()
		return r.readInto(p[:min(int64(len(p)), r.info.Size-offset)], offset)
	}
	var run []*cachedBlock
	if !found {
		run = r.claim(index, (offset+int64(len(p))-1)/blockSize)
		wanted = run[0]
	} else if wanted.place != nil {
		r.recent.MoveToFront(wanted.place)
	}
	r.mu.Unlock()

	if run != nil {
		r.fetch(run)
	}
	<-wanted.ready // whoever fetches it is in a ReadAt of its own
	if wanted.err != nil {
		return 0, wanted.err
	}
	return copy(p, wanted.data[offset-index*blockSize:]), nil
}

// claim makes the blocks that one request is to get: those asked for, and further ones
// if this request continues the last, up to a block that is there or in flight.
func (r *ReaderAt) claim(first, last int64) []*cachedBlock {
	ahead := int64(1)
	if first == r.next {
		ahead = min(2*r.ahead, maxReadAhead)
	}
	last = min(max(last, first+ahead-1), first+maxReadAhead-1, (r.info.Size-1)/blockSize)
	var run []*cachedBlock
	for index := first; index <= last && r.blocks[index] == nil; index++ {
		b := &cachedBlock{index: index, ready: make(chan struct{})}
		r.blocks[index] = b
		run = append(run, b)
	}
	r.next, r.ahead = first+int64(len(run)), max(ahead, int64(len(run)))
	return run
}

// fetch fills blocks that lie in a row.
func (r *ReaderAt) fetch(run []*cachedBlock) {
	offset := run[0].index * blockSize
	end := min((run[len(run)-1].index+1)*blockSize, r.info.Size)
	defer func() { // else others would wait after a panic
		for _, b := range run {
			r.settle(b, panics.ErrPanicked)
		}
	}()
	body, err := r.open(offset, end-offset)
	for len(run) > 0 {
		b := run[0]
		if err == nil {
			b.data = make([]byte, min(blockSize, r.info.Size-b.index*blockSize))
			_, err = io.ReadFull(body, b.data)
		}
		r.settle(b, err)
		run = run[1:]
	}
	if body != nil {
		_ = body.Close()
	}
}

// settle makes a block known, or forgets it.
func (r *ReaderAt) settle(b *cachedBlock, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(b.ready)
	if b.err = err; err != nil || r.blocks[b.index] != b { // closed meanwhile
		if r.blocks[b.index] == b {
			delete(r.blocks, b.index)
		}
		return
	}
	b.place = r.recent.PushFront(b)
	for r.recent.Len() > cachedBlocks {
		oldest, _ := r.recent.Remove(r.recent.Back()).(*cachedBlock)
		delete(r.blocks, oldest.index)
	}
}

// readInto reads without blocks.
func (r *ReaderAt) readInto(p []byte, offset int64) (int, error) {
	body, err := r.open(offset, int64(len(p)))
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	return io.ReadFull(body, p)
}

func (r *ReaderAt) open(offset, length int64) (io.ReadCloser, error) {
	opts := r.opts
	opts.Range = Range(offset, length)
	object, err := r.store.GetObject(r.ctx, r.bucket, r.key, &opts)
	if err != nil {
		return nil, err
	}
	if object.Length != length || object.Size != r.info.Size {
		return http.NoBody, errors.Join(fmt.Errorf("%w: %d bytes came instead of %d", errChanged, object.Length, length), object.Body.Close())
	}
	return object.Body, nil
}
