// SPDX-License-Identifier: Apache-2.0

// Package memstore is a lithopss3.Storage in memory, for tests: it opens no socket,
// sends no request and needs no credentials. storagetest holds it to what S3 does.
//
// Objects live as long as the Store. Start reading at [New].
package memstore

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3's ETag
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// A Store is a [lithopss3.Storage] in memory. It is safe for concurrent use. Its zero
// value is not usable; see [New].
type Store struct {
	mu      sync.RWMutex
	buckets map[string]map[string]*object
}

var _ lithopss3.Storage = (*Store)(nil)

// An object is never changed once it is stored.
type object struct {
	data     []byte
	etag     string
	modified time.Time
	options  lithopss3.PutOptions
}

// New returns a store with these buckets, which are empty. It does not check their names;
// CreateBucket, which makes more, does.
func New(buckets ...string) *Store {
	s := &Store{buckets: map[string]map[string]*object{}}
	for _, bucket := range buckets {
		s.buckets[bucket] = map[string]*object{}
	}
	return s
}

// defaultContentType is the content type that S3 returns for an object without one.
const defaultContentType = "binary/octet-stream"

var errNoSuchBucket = fmt.Errorf("%w (%w)", lithopss3.ErrNoSuchBucket, fs.ErrNotExist)

// failure returns the error of an operation; nil stays nil.
func failure(op, bucket, key string, err error) error {
	if err == nil {
		return nil
	}
	return &lithopss3.Error{Op: op, Bucket: bucket, Key: key, Err: err}
}

func checkBucket(bucket string) error {
	if !validate.IsBucket(bucket) {
		return fmt.Errorf("%w: %q", lithopss3.ErrInvalidBucketName, bucket)
	}
	return nil
}

// check returns an error for names that no request could have, and for a context that
// is done.
func check(ctx context.Context, bucket, key string) error {
	if err := checkBucket(bucket); err != nil {
		return err
	}
	if err := validate.Key(key); err != nil {
		return err
	}
	return ended.Why(ctx)
}

// PutObject stores what body still has to give. On an error nothing is stored.
func (s *Store) PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *lithopss3.PutOptions) error {
	return failure("PutObject", bucket, key, s.put(ctx, bucket, key, body, opts))
}

func (s *Store) put(ctx context.Context, bucket, key string, body io.Reader, opts *lithopss3.PutOptions) error {
	if err := check(ctx, bucket, key); err != nil {
		return err
	}
	if opts == nil {
		opts = &lithopss3.PutOptions{}
	}
	if err := checkOptions(opts); err != nil {
		return err
	}
	data, err := readBody(ctx, body)
	if err != nil {
		return err
	}
	sum := md5.Sum(data) //nolint:gosec // see the import
	stored := &object{data: data, etag: `"` + hex.EncodeToString(sum[:]) + `"`, modified: time.Now(), options: *opts}
	stored.options.Metadata = asReceived(opts.Metadata)
	if err := s.store(bucket, key, stored); err != nil {
		return err
	}
	if opts.Progress != nil {
		opts.Progress(lithopss3.Progress{Done: int64(len(data)), Total: int64(len(data))})
	}
	return nil
}

// store puts an object in its place, if its conditions hold.
func (s *Store) store(bucket, key string, stored *object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	objects, ok := s.buckets[bucket]
	if !ok {
		return errNoSuchBucket
	}
	found := objects[key]
	switch {
	case stored.options.IfAbsent && found != nil:
		return lithopss3.ErrPrecondition
	case stored.options.IfMatch != "" && found == nil:
		return fs.ErrNotExist
	case stored.options.IfMatch != "" && !matches(stored.options.IfMatch, found.etag):
		return lithopss3.ErrPrecondition
	}
	objects[key] = stored
	return nil
}

// matches reports whether a condition's list of ETags has this one.
func matches(condition, etag string) bool {
	if condition == "*" {
		return true
	}
	for part := range strings.SplitSeq(condition, ",") {
		if strings.Trim(strings.TrimPrefix(strings.TrimSpace(part), "W/"), `"`) == strings.Trim(etag, `"`) {
			return true
		}
	}
	return false
}

// find returns an object.
func (s *Store) find(bucket, key string) (*object, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	objects, ok := s.buckets[bucket]
	if !ok {
		return nil, errNoSuchBucket
	}
	found, ok := objects[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return found, nil
}

// GetObject opens an object, or a part of it. The Body is the object as it was when it
// was opened.
func (s *Store) GetObject(ctx context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	found, err := s.get(ctx, bucket, key, opts)
	return found, failure("GetObject", bucket, key, err)
}

func (s *Store) get(ctx context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	if err := check(ctx, bucket, key); err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &lithopss3.GetOptions{}
	}
	if err := checkGet(opts); err != nil {
		return nil, err
	}
	found, err := s.find(bucket, key)
	if err != nil {
		return nil, err
	}
	if opts.VersionID != "" {
		return nil, errors.New("package memstore keeps no versions")
	}
	if err := found.checkConditions(opts); err != nil {
		return nil, err
	}
	offset, length, err := cut(opts.Range, int64(len(found.data)))
	if err != nil {
		return nil, err
	}
	data := found.data[min(offset, int64(len(found.data))):]
	body := &reader{ctx: ctx, data: bytes.NewReader(data[:length])}
	return &lithopss3.Object{ObjectInfo: found.info(key), Body: body, Offset: offset, Length: length}, nil
}

func (o *object) checkConditions(opts *lithopss3.GetOptions) error {
	modified := o.modified.Truncate(time.Second)
	switch {
	case opts.IfMatch != "" && !matches(opts.IfMatch, o.etag):
		return lithopss3.ErrPrecondition
	case opts.IfNoneMatch != "" && matches(opts.IfNoneMatch, o.etag):
		return lithopss3.ErrNotModified
	case opts.IfMatch == "" && !opts.IfUnmodifiedSince.IsZero() && modified.After(opts.IfUnmodifiedSince):
		return lithopss3.ErrPrecondition
	case opts.IfNoneMatch == "" && !opts.IfModifiedSince.IsZero() && !modified.After(opts.IfModifiedSince):
		return lithopss3.ErrNotModified
	}
	return nil
}

// cut returns which bytes of an object a range is.
func cut(r *lithopss3.ByteRange, size int64) (offset, length int64, err error) {
	if r == nil {
		return 0, size, nil
	}
	offset = r.Offset
	if offset < 0 {
		offset = max(0, size+offset)
	}
	if r.Length == 0 {
		return offset, 0, nil
	}
	if offset >= size && (size > 0 || r.Offset >= 0) {
		return 0, 0, fmt.Errorf("%w: it begins at %d, and the object has %d bytes", lithopss3.ErrInvalidRange, offset, size)
	}
	length = size - offset
	if r.Length > 0 {
		length = min(length, r.Length)
	}
	return offset, length, nil
}

func (o *object) info(key string) lithopss3.ObjectInfo {
	contentType := o.options.ContentType
	if contentType == "" {
		contentType = defaultContentType
	}
	return lithopss3.ObjectInfo{
		Key: key, Size: int64(len(o.data)), ETag: o.etag, LastModified: o.modified,
		ContentType: contentType, Metadata: maps.Clone(o.options.Metadata),
	}
}

// HeadObject describes an object.
func (s *Store) HeadObject(ctx context.Context, bucket, key string) (*lithopss3.ObjectInfo, error) {
	const op = "HeadObject"
	if err := check(ctx, bucket, key); err != nil {
		return nil, failure(op, bucket, key, err)
	}
	found, err := s.find(bucket, key)
	if err != nil {
		return nil, failure(op, bucket, key, err)
	}
	info := found.info(key)
	return &info, nil
}

// DeleteObjects removes keys. One that is not there is no error.
func (s *Store) DeleteObjects(ctx context.Context, bucket string, keys []string) error {
	const op = "DeleteObjects"
	if err := checkBucket(bucket); err != nil {
		return failure(op, bucket, "", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	objects, ok := s.buckets[bucket]
	var failed []*lithopss3.Error
	for _, key := range keys {
		err := check(ctx, bucket, key)
		if err == nil && !ok {
			err = errNoSuchBucket
		}
		if err != nil {
			failed = append(failed, &lithopss3.Error{Op: op, Bucket: bucket, Key: key, Err: err})
			continue
		}
		delete(objects, key)
	}
	if len(failed) > 0 {
		return &lithopss3.DeleteError{Failed: failed}
	}
	return nil
}

// HeadBucket reports whether the bucket is there.
func (s *Store) HeadBucket(ctx context.Context, bucket string) error {
	err := checkBucket(bucket)
	if err == nil {
		err = ended.Why(ctx)
	}
	if err == nil {
		s.mu.RLock()
		defer s.mu.RUnlock()
		if _, ok := s.buckets[bucket]; !ok {
			err = errNoSuchBucket
		}
	}
	return failure("HeadBucket", bucket, "", err)
}

// CreateBucket makes a bucket. One that is there is no error.
func (s *Store) CreateBucket(ctx context.Context, bucket string) error {
	const op = "CreateBucket"
	if reason := validate.NewBucketProblem(bucket); reason != "" {
		return failure(op, bucket, "", fmt.Errorf("%w: %s", lithopss3.ErrInvalidBucketName, reason))
	}
	if err := ended.Why(ctx); err != nil {
		return failure(op, bucket, "", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.buckets[bucket]; !ok {
		s.buckets[bucket] = map[string]*object{}
	}
	return nil
}

// A reader is the Body of an object.
type reader struct {
	ctx      context.Context //nolint:containedctx // a body lives as long as the GetObject that opened it
	data     *bytes.Reader   // not embedded: its WriteTo would read on after Close
	isClosed bool
}

// Read reads from the object.
func (r *reader) Read(p []byte) (int, error) {
	if r.isClosed {
		return 0, lithopss3.ErrClosed
	}
	if err := ended.Why(r.ctx); err != nil {
		return 0, err
	}
	return r.data.Read(p)
}

// Close ends the body; reading on is ErrClosed.
func (r *reader) Close() error {
	r.isClosed = true
	return nil
}
