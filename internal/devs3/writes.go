// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/rclone/gofakes3"
)

// lockedKey marks the context of a request that holds the lock of writes.
type lockedKey struct{}

// lock lets one write at a time change objects, because gofakes3 checks a condition before it
// reads the body, and another write may come in between. What is called with the context that
// it returns does not lock again.
func (b *backend) lock(ctx context.Context) (locked context.Context, unlock func()) {
	if ctx.Value(lockedKey{}) != nil {
		return ctx, func() {}
	}
	b.writes.Lock()
	return context.WithValue(ctx, lockedKey{}, true), b.writes.Unlock
}

// PutObject stores an object, if its conditions still hold when its body has come.
func (b *backend) PutObject(ctx context.Context, bucket, key string, meta map[string]string, body io.Reader, size int64) (gofakes3.PutObjectResult, error) {
	unlock := func() {}
	defer func() { unlock() }()
	atEnd := func() error {
		ctx, unlock = b.lock(ctx)
		return b.checkWrite(ctx, bucket, key)
	}
	return b.Backend.PutObject(ctx, bucket, key, meta, &endingReader{body: body, meta: meta, atEnd: atEnd}, size)
}

// checkWrite returns an error unless the conditions of a put hold.
func (b *backend) checkWrite(ctx context.Context, bucket, key string) error {
	if !gofakes3.HasWriteConditions(ctx) {
		return nil
	}
	etag := b.etagOf(ctx, bucket, key)
	return gofakes3.CheckWriteConditions(ctx, etag != "", etag)
}

// CopyObject copies an object.
func (b *backend) CopyObject(ctx context.Context, fromBucket, fromKey, bucket, key string, meta map[string]string) (gofakes3.CopyObjectResult, error) {
	ctx, unlock := b.lock(ctx)
	defer unlock()
	return b.Backend.CopyObject(ctx, fromBucket, fromKey, bucket, key, meta)
}

// DeleteObject deletes an object.
func (b *backend) DeleteObject(ctx context.Context, bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	ctx, unlock := b.lock(ctx)
	defer unlock()
	return b.Backend.DeleteObject(ctx, bucket, key)
}

// DeleteMulti deletes objects.
func (b *backend) DeleteMulti(ctx context.Context, bucket string, keys ...string) (gofakes3.MultiDeleteResult, error) {
	ctx, unlock := b.lock(ctx)
	defer unlock()
	return b.Backend.DeleteMulti(ctx, bucket, keys...)
}

// An endingReader notes in an object's description when its body was last read. A HEAD
// tells the time of the request and a listing that of the body's end, which S3 does not tell
// apart, so that the first one follows the second. At the body's end, atEnd is called once,
// and its error is the body's.
type endingReader struct {
	body  io.Reader
	meta  map[string]string
	atEnd func() error
}

// Read reads and notes the time.
func (r *endingReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.meta["Last-Modified"] = time.Now().UTC().Format(http.TimeFormat)
	if err == io.EOF && r.atEnd != nil {
		atEnd := r.atEnd
		r.atEnd = nil
		if failed := atEnd(); failed != nil {
			return n, failed
		}
	}
	return n, err
}
