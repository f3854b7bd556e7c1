// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"io"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// WithPrefix returns a Storage whose keys are those of storage that begin with prefix,
// without it: "a" is prefix+"a" there. Usually prefix ends with a slash. Errors have
// the shorter keys, except for those of a Body. Keys can have 1,024 bytes less those of
// prefix. Buckets are the same. Closing storage remains the caller's task.
func WithPrefix(storage Storage, prefix string) Storage {
	if prefix == "" {
		return storage
	}
	return &prefixed{storage, prefix}
}

// A prefixed is a Storage below a prefix.
type prefixed struct {
	storage Storage
	prefix  string
}

// PutObject stores an object.
func (p *prefixed) PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *PutOptions) error {
	if err := p.check("PutObject", bucket, key); err != nil {
		return err
	}
	return p.shorten(p.storage.PutObject(ctx, bucket, p.prefix+key, body, opts))
}

// GetObject opens an object.
func (p *prefixed) GetObject(ctx context.Context, bucket, key string, opts *GetOptions) (*Object, error) {
	if err := p.check("GetObject", bucket, key); err != nil {
		return nil, err
	}
	object, err := p.storage.GetObject(ctx, bucket, p.prefix+key, opts)
	if err != nil {
		return nil, p.shorten(err)
	}
	object.Key = key
	return object, nil
}

// HeadObject describes an object.
func (p *prefixed) HeadObject(ctx context.Context, bucket, key string) (*ObjectInfo, error) {
	if err := p.check("HeadObject", bucket, key); err != nil {
		return nil, err
	}
	info, err := p.storage.HeadObject(ctx, bucket, p.prefix+key)
	if err != nil {
		return nil, p.shorten(err)
	}
	info.Key = key
	return info, nil
}

// DeleteObjects removes objects.
func (p *prefixed) DeleteObjects(ctx context.Context, bucket string, keys []string) error {
	long := make([]string, 0, len(keys))
	var failed []*Error
	for _, key := range keys {
		if key == "" { // which would be the prefix itself
			failed = append(failed, &Error{Op: "DeleteObjects", Bucket: bucket, Err: validate.Key(key)})
			continue
		}
		long = append(long, p.prefix+key)
	}
	err := p.storage.DeleteObjects(ctx, bucket, long)
	below, rest := s3err.Apart[*DeleteError](err)
	for _, each := range below {
		for _, one := range each.Failed {
			failed = append(failed, p.shortenOne(one))
		}
	}
	switch {
	case err == nil && len(failed) == 0:
		return nil
	case len(failed) == 0:
		return p.shorten(err)
	case rest != nil:
		failed = append(failed, p.unnamed(bucket, long, failed, rest)...)
	}
	return &DeleteError{Failed: failed}
}

// unnamed returns an error for each of the long keys that failed does not name, because
// they failed together.
func (p *prefixed) unnamed(bucket string, long []string, failed []*Error, err error) []*Error {
	named := make(map[string]bool, len(failed))
	for _, one := range failed {
		named[one.Key] = true
	}
	var others []*Error
	for _, key := range long {
		key = strings.TrimPrefix(key, p.prefix)
		if named[key] {
			continue
		}
		one := &Error{Op: "DeleteObjects", Bucket: bucket, Err: err}
		if known, ok := err.(*Error); ok { //nolint:errorlint // one that is wrapped keeps its text
			one = p.shortenOne(known)
		}
		one.Key = key
		others = append(others, one)
	}
	return others
}

// ListObjects yields the objects below the prefix. The pattern is matched here, because
// it is one of the shorter keys.
func (p *prefixed) ListObjects(ctx context.Context, bucket string, opts *ListOptions) iter.Seq2[ObjectInfo, error] {
	opts = opts.clone()
	return func(yield func(ObjectInfo, error) bool) {
		inner := *opts // a sequence may be ranged over again
		var glob *Glob
		if inner.Match != "" {
			var err error
			if glob, err = CompileGlob(inner.Match); err != nil {
				yield(ObjectInfo{}, err)
				return
			}
			inner.Prefix = narrow(glob, &inner)
			inner.Match = ""
		}
		inner.Prefix = p.prefix + inner.Prefix
		if inner.StartAfter != "" {
			inner.StartAfter = p.prefix + inner.StartAfter
		}
		for info, err := range p.storage.ListObjects(ctx, bucket, &inner) {
			if err != nil {
				yield(ObjectInfo{}, p.shorten(err))
				return
			}
			info.Key = strings.TrimPrefix(info.Key, p.prefix)
			isHidden := info.Key == "" || glob != nil && !info.IsPrefix && !glob.Match(info.Key)
			if !isHidden && !yield(info, nil) {
				return
			}
		}
	}
}

// HeadBucket reports whether the bucket is there.
func (p *prefixed) HeadBucket(ctx context.Context, bucket string) error {
	return p.storage.HeadBucket(ctx, bucket)
}

// CreateBucket makes a bucket.
func (p *prefixed) CreateBucket(ctx context.Context, bucket string) error {
	return p.storage.CreateBucket(ctx, bucket)
}

// ServerTime returns the time of the storage's clock, which package jobs asks for.
func (p *prefixed) ServerTime() time.Time { return serverTime(p.storage) }

// serverTime returns the time of a storage's clock if it tells it, else this machine's.
func serverTime(storage Storage) time.Time {
	if known, ok := storage.(interface{ ServerTime() time.Time }); ok {
		return known.ServerTime()
	}
	return time.Now()
}

// check refuses an empty key, which would be the prefix itself.
func (p *prefixed) check(op, bucket, key string) error {
	if key != "" {
		return nil
	}
	return &Error{Op: op, Bucket: bucket, Err: validate.Key(key)}
}

// shorten returns err with the caller's keys.
func (p *prefixed) shorten(err error) error {
	if known, ok := err.(*Error); ok { //nolint:errorlint // one that is wrapped keeps its text
		return p.shortenOne(known)
	}
	return err
}

func (p *prefixed) shortenOne(err *Error) *Error {
	short := *err
	short.Key = strings.TrimPrefix(err.Key, p.prefix)
	return &short
}

// WithLimit returns a Storage that does at most n operations of storage at once; an n
// below 1 is 1. The others wait for their turn, or until their context is done.
//
// A GetObject is over when its Body is closed, or has given its last byte or an error.
// A listing counts while it waits for the next entry, and not while the loop's body
// runs. A put counts to its end: a put whose body reads from the same Storage takes two
// turns. What counts is operations: one may send several requests at once.
func WithLimit(storage Storage, n int) Storage {
	return &limited{storage, make(chan struct{}, max(1, n))}
}

// A limited is a Storage whose operations take turns.
type limited struct {
	storage Storage
	turns   chan struct{}
}

// take waits for a turn.
func (l *limited) take(ctx context.Context, op, bucket, key string) error {
	select {
	case l.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return wrapError(op, bucket, key, ended.Why(ctx))
	}
}

func (l *limited) give() { <-l.turns }

// ServerTime returns the time of the storage's clock. It is no operation.
func (l *limited) ServerTime() time.Time { return serverTime(l.storage) }

// PutObject stores an object.
func (l *limited) PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *PutOptions) error {
	if err := l.take(ctx, "PutObject", bucket, key); err != nil {
		return err
	}
	defer l.give()
	return l.storage.PutObject(ctx, bucket, key, body, opts)
}

// GetObject opens an object.
func (l *limited) GetObject(ctx context.Context, bucket, key string, opts *GetOptions) (*Object, error) {
	if err := l.take(ctx, "GetObject", bucket, key); err != nil {
		return nil, err
	}
	isOpen := false
	defer func() {
		if !isOpen {
			l.give()
		}
	}()
	object, err := l.storage.GetObject(ctx, bucket, key, opts)
	if err != nil {
		return nil, err
	}
	isOpen = true
	object.Body = &limitedBody{ReadCloser: object.Body, left: object.Length, give: sync.OnceFunc(l.give)}
	return object, nil
}

// A limitedBody gives its turn back at its end.
type limitedBody struct {
	io.ReadCloser
	left int64 // bytes to come, below 0 if that is not known
	give func()
}

// Read reads from the object. A caller that knows the length need not read on to the error
// that tells the end.
func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if err != nil || b.left == 0 {
		b.give()
	}
	return n, err
}

// WriteTo writes the rest of the object to w.
func (b *limitedBody) WriteTo(w io.Writer) (int64, error) {
	defer b.give()
	return io.Copy(w, b.ReadCloser)
}

// Close closes the body.
func (b *limitedBody) Close() error {
	defer b.give()
	return b.ReadCloser.Close()
}

// HeadObject describes an object.
func (l *limited) HeadObject(ctx context.Context, bucket, key string) (*ObjectInfo, error) {
	if err := l.take(ctx, "HeadObject", bucket, key); err != nil {
		return nil, err
	}
	defer l.give()
	return l.storage.HeadObject(ctx, bucket, key)
}

// DeleteObjects removes objects.
func (l *limited) DeleteObjects(ctx context.Context, bucket string, keys []string) error {
	if err := l.take(ctx, "DeleteObjects", bucket, ""); err != nil {
		return err
	}
	defer l.give()
	return l.storage.DeleteObjects(ctx, bucket, keys)
}

// ListObjects yields objects.
func (l *limited) ListObjects(ctx context.Context, bucket string, opts *ListOptions) iter.Seq2[ObjectInfo, error] {
	const op = "ListObjects"
	opts = opts.clone()
	return func(yield func(ObjectInfo, error) bool) {
		if err := l.take(ctx, op, bucket, ""); err != nil {
			yield(ObjectInfo{}, err)
			return
		}
		isMine := true
		defer func() {
			if isMine {
				l.give()
			}
		}()
		for info, err := range l.storage.ListObjects(ctx, bucket, opts) {
			l.give()
			isMine = false
			if !yield(info, err) || err != nil {
				return
			}
			if err := l.take(ctx, op, bucket, ""); err != nil {
				yield(ObjectInfo{}, err)
				return
			}
			isMine = true
		}
	}
}

// HeadBucket reports whether the bucket is there.
func (l *limited) HeadBucket(ctx context.Context, bucket string) error {
	if err := l.take(ctx, "HeadBucket", bucket, ""); err != nil {
		return err
	}
	defer l.give()
	return l.storage.HeadBucket(ctx, bucket)
}

// CreateBucket makes a bucket.
func (l *limited) CreateBucket(ctx context.Context, bucket string) error {
	if err := l.take(ctx, "CreateBucket", bucket, ""); err != nil {
		return err
	}
	defer l.give()
	return l.storage.CreateBucket(ctx, bucket)
}
