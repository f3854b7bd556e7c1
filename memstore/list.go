// SPDX-License-Identifier: Apache-2.0

package memstore

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/ended"
)

// ListObjects yields the objects that were there when it began, in the order of their
// keys' bytes.
func (s *Store) ListObjects(ctx context.Context, bucket string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	given := lithopss3.ListOptions{} // the caller may change its own before the sequence begins
	if opts != nil {
		given = *opts
	}
	opts = &given
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		fail := func(err error) { yield(lithopss3.ObjectInfo{}, failure("ListObjects", bucket, "", err)) }
		if err := checkList(opts); err != nil {
			fail(err)
			return
		}
		var glob *lithopss3.Glob
		if opts.Match != "" {
			var err error
			if glob, err = lithopss3.CompileGlob(opts.Match); err != nil {
				fail(err)
				return
			}
		}
		objects, err := s.snapshot(bucket)
		if err != nil {
			fail(err)
			return
		}
		folded := ""
		for _, key := range slices.Sorted(maps.Keys(objects)) {
			if err := ended.Why(ctx); err != nil {
				fail(err)
				return
			}
			info, ok := entry(objects[key], key, opts)
			if !ok || info.IsPrefix && info.Key == folded || glob != nil && !info.IsPrefix && !glob.Match(key) {
				continue
			}
			if info.IsPrefix {
				folded = info.Key
			}
			if !yield(info, nil) {
				return
			}
		}
		if len(objects) == 0 && ctx.Err() != nil {
			fail(ended.Why(ctx))
		}
	}
}

// snapshot returns the objects of a bucket.
func (s *Store) snapshot(bucket string) (map[string]*object, error) {
	if err := checkBucket(bucket); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	objects, ok := s.buckets[bucket]
	if !ok {
		return nil, errNoSuchBucket
	}
	return maps.Clone(objects), nil
}

// entry returns what a listing has for an object, if it has something.
func entry(found *object, key string, opts *lithopss3.ListOptions) (lithopss3.ObjectInfo, bool) {
	if !strings.HasPrefix(key, opts.Prefix) {
		return lithopss3.ObjectInfo{}, false
	}
	if opts.Delimiter != "" {
		if before, _, ok := strings.Cut(key[len(opts.Prefix):], opts.Delimiter); ok {
			folder := opts.Prefix + before + opts.Delimiter
			return lithopss3.ObjectInfo{Key: folder, IsPrefix: true}, folder > opts.StartAfter
		}
	}
	return lithopss3.ObjectInfo{Key: key, Size: int64(len(found.data)), ETag: found.etag, LastModified: found.modified}, key > opts.StartAfter
}
