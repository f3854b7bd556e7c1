// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/proof"
)

// getParallel opens an object whose body is read ahead in ranges, all of the version
// that the first range is of. It returns nil if one connection must do: the server
// knows no ranges or gives no strong ETag, or the object has no bytes.
func (s *Store) getParallel(ctx context.Context, bucket, key string, opts *GetOptions) (*Object, error) {
	first := *opts
	first.Parallel = 0
	asked := RangeFrom(0)
	if opts.Range != nil {
		asked = opts.Range
	}
	chunk := int64(s.readAhead)
	if asked.Length >= 0 {
		chunk = min(chunk, asked.Length)
	}
	first.Range = Range(asked.Offset, chunk)
	object, err := s.getObject(ctx, bucket, key, &first)
	if err != nil {
		if opts.Range == nil && (answerStatus(err) == 416 || errors.Is(err, proof.ErrIgnoredRange)) {
			return nil, nil //nolint:nilnil // see above
		}
		return nil, err
	}
	end := object.Size
	if asked.Length >= 0 {
		end = min(end, asked.Offset+asked.Length)
	}
	if object.Offset+object.Length >= end {
		return object, nil
	}
	if strongETag(object.ETag) == nil {
		return nil, object.Body.Close()
	}
	object.Body = s.readAheadOf(ctx, bucket, key, object, opts, end)
	object.Length = end - object.Offset
	return object, nil
}

// readAheadOf returns the body of an object whose first range is open.
func (s *Store) readAheadOf(ctx context.Context, bucket, key string, object *Object, opts *GetOptions, end int64) *parallelReader {
	r := &parallelReader{
		store: s, bucket: bucket, key: key, first: object.Body, at: object.Offset, next: object.Offset + object.Length, end: end,
		opts:  GetOptions{IfMatch: object.ETag, VersionID: opts.VersionID, SSECustomerKey: opts.SSECustomerKey},
		slots: opts.Parallel,
	}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	if object.Offset == 0 && end == object.Size && s.validatesChecksums() {
		r.sum = make(chan checksum.Sum, 1)
		r.group.Go(func() { r.sum <- r.askSum() })
	}
	r.fill()
	return r
}

// A parallelReader is a body whose ranges are read ahead, in order. It holds at most
// one range for each of its slots. It is not safe for concurrent use.
type parallelReader struct {
	ctx         context.Context //nolint:containedctx // a body lives as long as the GetObject that opened it
	cancel      context.CancelCauseFunc
	store       *Store
	bucket, key string
	opts        GetOptions // that hold each range to the same version
	first       io.ReadCloser
	at, end     int64 // of the next byte that Read returns; after the last one
	next        int64 // of the next range to ask for
	slots       int
	ahead       []*readAhead // that are asked for, in order
	buffers     [][]byte     // that are free
	current     []byte       // of the first of ahead, not returned yet
	group       sync.WaitGroup
	sum         chan checksum.Sum // of the whole; nil if nothing is compared
	hash        hash.Hash
	whole       checksum.Sum
	err         error
}

// A readAhead is a range that is on its way.
type readAhead struct {
	data  []byte
	ready chan struct{} // closed when data is there, or err
	err   error
}

// fill asks for ranges as long as a slot is free.
func (r *parallelReader) fill() {
	for len(r.ahead) < r.slots && r.next < r.end {
		size := min(int64(r.store.readAhead), r.end-r.next)
		ahead := &readAhead{data: r.buffer(size), ready: make(chan struct{})}
		offset := r.next
		r.ahead = append(r.ahead, ahead)
		r.next += size
		r.group.Go(func() {
			defer close(ahead.ready)
			ahead.err = r.fetch(ahead.data, offset)
		})
	}
}

func (r *parallelReader) buffer(size int64) []byte {
	if n := len(r.buffers); n > 0 {
		free := r.buffers[n-1]
		r.buffers = r.buffers[:n-1]
		return free[:size]
	}
	return make([]byte, size, r.store.readAhead)
}

// fetch gets one range.
func (r *parallelReader) fetch(data []byte, offset int64) error {
	opts := r.opts
	opts.Range = Range(offset, int64(len(data)))
	object, err := r.store.getObject(r.ctx, r.bucket, r.key, &opts)
	if err != nil {
		return explainChange(err)
	}
	defer func() { _ = object.Body.Close() }()
	if object.Length != int64(len(data)) {
		return fmt.Errorf("%w: %d bytes came instead of %d", errChanged, object.Length, len(data))
	}
	_, err = io.ReadFull(object.Body, data)
	return err
}

// askSum returns the checksum of the whole object, if the server keeps one and says it.
func (r *parallelReader) askSum() checksum.Sum {
	out, err := r.store.head(r.ctx, r.bucket, r.key, &r.opts, r.store.client.HeadObject, r.store.askChecksum)
	if err != nil {
		return checksum.Sum{}
	}
	return headChecksum(out)
}

// Read fills p from the object. An error other than io.EOF is final.
func (r *parallelReader) Read(p []byte) (int, error) {
	if r.err == nil && len(p) > 0 {
		n, err := r.read(p)
		if err != nil {
			r.fail(err)
		}
		if n > 0 {
			if err := r.account(p[:n]); err != nil {
				return 0, err
			}
			return n, nil
		}
	}
	return 0, r.err
}

// read returns the next bytes.
func (r *parallelReader) read(p []byte) (int, error) {
	if r.first != nil {
		n, err := r.first.Read(p)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, ignoreEOF(err)
		}
		err = r.first.Close()
		r.first = nil
		if err != nil {
			return 0, err
		}
	}
	if len(r.current) == 0 {
		if len(r.ahead) == 0 {
			return 0, io.ErrUnexpectedEOF
		}
		if err := r.wait(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.current)
	r.current = r.current[n:]
	if len(r.current) == 0 {
		r.buffers = append(r.buffers, r.ahead[0].data)
		r.ahead = r.ahead[1:]
		r.fill()
	}
	return n, nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil // the next Read meets it again
	}
	return err
}

// wait has the next range ready.
func (r *parallelReader) wait() error {
	select {
	case <-r.ahead[0].ready:
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
	r.current = r.ahead[0].data
	return r.ahead[0].err
}

// account counts the bytes that Read returns, and compares all of them in the end. The
// last bytes are not returned if they are not the server's.
func (r *parallelReader) account(p []byte) error {
	if r.sum != nil && r.hash == nil {
		select {
		case r.whole = <-r.sum:
		case <-r.ctx.Done():
		}
		r.sum = nil
		if r.whole.IsKnown() {
			r.hash = r.whole.Kind.New()
		}
	}
	if r.hash != nil {
		_, _ = r.hash.Write(p)
	}
	r.at += int64(len(p))
	if r.at < r.end {
		return nil
	}
	if r.hash != nil {
		if err := r.whole.Compare(r.hash.Sum(nil)); err != nil {
			r.fail(err)
			return r.err
		}
	}
	r.err = io.EOF
	return nil
}

func (r *parallelReader) fail(err error) { r.err = wrapError("GetObject", r.bucket, r.key, err) }

// WriteTo writes the rest of the object to w.
func (r *parallelReader) WriteTo(w io.Writer) (int64, error) { return copyBody(w, r) }

// Close ends all requests.
func (r *parallelReader) Close() error {
	if errors.Is(r.err, ErrClosed) {
		return nil
	}
	r.err = ErrClosed
	r.cancel(ErrClosed)
	if r.first != nil {
		_ = r.first.Close()
		r.first = nil
	}
	r.group.Wait()
	r.ahead, r.buffers, r.current = nil, nil, nil
	return nil
}
