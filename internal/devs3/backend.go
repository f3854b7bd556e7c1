// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

// backend lists as S3 does where gofakes3's memory does not: after a key that is
// not there it leaves out the next one, and with a delimiter a prefix that spans
// two pages is listed on both. Its conditional writes are atomic.
type backend struct {
	*s3mem.Backend
	buckets *bucketTable
	writes  sync.Mutex // see lock
}

func newBackend(buckets *bucketTable) *backend {
	return &backend{Backend: s3mem.New(), buckets: buckets}
}

// ListBucket lists one page.
func (b *backend) ListBucket(ctx context.Context, name string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	if !prefix.HasDelimiter && (page.Marker == "" || b.has(ctx, name, page.Marker)) {
		return b.Backend.ListBucket(ctx, name, prefix, page)
	}
	flat := &gofakes3.Prefix{HasPrefix: prefix.HasPrefix, Prefix: prefix.Prefix}
	all, err := b.Backend.ListBucket(ctx, name, flat, gofakes3.ListBucketPage{})
	if err != nil {
		return nil, err
	}
	return pageOf(all.Contents, prefix, page), nil
}

// HeadObject describes an object. One of a bucket that keeps no versions has none.
func (b *backend) HeadObject(ctx context.Context, bucket, key string) (*gofakes3.Object, error) {
	object, err := b.Backend.HeadObject(ctx, bucket, key)
	if err != nil {
		return nil, err
	}
	if versioning, _ := b.VersioningConfiguration(bucket); !versioning.Enabled() {
		object.VersionID = ""
	}
	return object, nil
}

func (b *backend) has(ctx context.Context, bucket, key string) bool {
	_, err := b.HeadObject(ctx, bucket, key)
	return err == nil
}

// DeleteBucket deletes a bucket and what the table knows of it.
func (b *backend) DeleteBucket(ctx context.Context, name string) error {
	err := b.Backend.DeleteBucket(ctx, name)
	if err == nil {
		b.buckets.forget(name)
	}
	return err
}

// pageOf cuts a page out of all keys. The marker of a page that ends with a
// common prefix is the last key with that prefix.
func pageOf(contents []*gofakes3.Content, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) *gofakes3.ObjectList {
	list := gofakes3.NewObjectList()
	count, last := int64(0), ""
	for _, content := range contents {
		if content.Key <= page.Marker {
			continue
		}
		common := commonPrefix(content.Key, prefix)
		if common != "" && common == last {
			list.NextMarker = content.Key
			continue
		}
		if count == page.MaxKeys {
			list.IsTruncated = true
			return list
		}
		if common != "" {
			list.AddPrefix(common)
		} else {
			list.Add(content)
		}
		count++
		last, list.NextMarker = common, content.Key
	}
	list.NextMarker = ""
	return list
}

func commonPrefix(key string, prefix *gofakes3.Prefix) string {
	if !prefix.HasDelimiter {
		return ""
	}
	rest := strings.TrimPrefix(key, prefix.Prefix)
	before, _, found := strings.Cut(rest, prefix.Delimiter)
	if !found {
		return ""
	}
	return key[:len(key)-len(rest)] + before + prefix.Delimiter
}

// fixRange answers ranges as S3 does where gofakes3 does not: the last bytes of an
// object that is shorter are all of it, and a range that is all of the object comes
// with its checksum.
func fixRange(memory *backend, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			if object, err := memory.object(r); err == nil {
				if last, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=-"); ok {
					count, _ := strconv.ParseInt(last, 10, 64) // no bytes for no number, which is refused
					r.Header.Set("Range", fmt.Sprintf("bytes=-%d", min(count, object.Size)))
				}
				if strings.EqualFold(r.Header.Get("X-Amz-Checksum-Mode"), "ENABLED") {
					w = &rangeWriter{w, object}
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}

// object describes the object that a request names.
func (b *backend) object(r *http.Request) (*gofakes3.Object, error) {
	bucket, key := namesOf(r)
	return b.HeadObject(r.Context(), bucket, key)
}

// namesOf returns the bucket and the key that a request names.
func namesOf(r *http.Request) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return bucket, key
}

// A rangeWriter gives a range that is all of an object the object's checksums.
type rangeWriter struct {
	http.ResponseWriter
	object *gofakes3.Object
}

// WriteHeader adds the checksums.
func (w *rangeWriter) WriteHeader(status int) {
	if w.Header().Get("Content-Range") == fmt.Sprintf("bytes 0-%d/%d", w.object.Size-1, w.object.Size) {
		for name, value := range w.object.Metadata {
			if name = http.CanonicalHeaderKey(name); strings.HasPrefix(name, "X-Amz-Checksum-") {
				w.Header().Set(name, value)
			}
		}
	}
	w.ResponseWriter.WriteHeader(status)
}
