// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/lithops-go/lithopss3/internal/validate"
)

// WithPrefix returns a Storage whose keys are those of storage that begin with prefix,
// without it: "a" is prefix+"a" there. Usually prefix ends with a slash. Errors have
// the shorter keys. Buckets are the same. Closing storage remains the caller's task.
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
	err := p.shorten(p.storage.DeleteObjects(ctx, bucket, long))
	if len(failed) == 0 {
		return err
	}
	if known := (*DeleteError)(nil); errors.As(err, &known) {
		return &DeleteError{Failed: append(failed, known.Failed...)}
	}
	return errors.Join(&DeleteError{Failed: failed}, err)
}

// ListObjects yields the objects below the prefix. The pattern is matched here, because
// it is one of the shorter keys.
func (p *prefixed) ListObjects(ctx context.Context, bucket string, opts *ListOptions) iter.Seq2[ObjectInfo, error] {
	return func(yield func(ObjectInfo, error) bool) {
		inner := ListOptions{}
		if opts != nil {
			inner = *opts
		}
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

// check refuses an empty key, which would be the prefix itself.
func (p *prefixed) check(op, bucket, key string) error {
	if key != "" {
		return nil
	}
	return &Error{Op: op, Bucket: bucket, Err: validate.Key(key)}
}

// shorten returns err with the caller's keys.
func (p *prefixed) shorten(err error) error {
	if known := (*DeleteError)(nil); errors.As(err, &known) {
		failed := make([]*Error, len(known.Failed))
		for i, each := range known.Failed {
			failed[i] = p.shortenOne(each)
		}
		return &DeleteError{Failed: failed}
	}
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
