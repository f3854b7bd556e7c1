// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"io"
	"iter"
	"sync"
)

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
		return wrapError(op, bucket, key, context.Cause(ctx))
	}
}

func (l *limited) give() { <-l.turns }

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
	object.Body = &limitedBody{ReadCloser: object.Body, give: sync.OnceFunc(l.give)}
	return object, nil
}

// A limitedBody gives its turn back at its end.
type limitedBody struct {
	io.ReadCloser
	give func()
}

// Read reads from the object.
func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
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
