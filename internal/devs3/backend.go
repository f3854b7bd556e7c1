// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

// backend lists as S3 does where gofakes3's memory does not: after a key that is
// not there it leaves out the next one, and with a delimiter a prefix that spans
// two pages is listed on both.
type backend struct{ *s3mem.Backend }

// ListBucket lists one page.
func (b *backend) ListBucket(ctx context.Context, name string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	if (prefix == nil || !prefix.HasDelimiter) && (page.Marker == "" || b.has(ctx, name, page.Marker)) {
		return b.Backend.ListBucket(ctx, name, prefix, page)
	}
	if prefix == nil {
		prefix = &gofakes3.Prefix{}
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
	if versioning, err := b.VersioningConfiguration(bucket); err == nil && !versioning.Enabled() {
		object.VersionID = ""
	}
	return object, nil
}

// PutObject stores an object. A HEAD tells the time of the request and a listing that of
// the body's end, which S3 does not tell apart, so that the first one follows the second.
func (b *backend) PutObject(ctx context.Context, bucket, key string, meta map[string]string, body io.Reader, size int64) (gofakes3.PutObjectResult, error) {
	return b.Backend.PutObject(ctx, bucket, key, meta, &timedReader{body, meta}, size)
}

// A timedReader notes in an object's description when its body was last read.
type timedReader struct {
	body io.Reader
	meta map[string]string
}

// Read reads and notes the time.
func (r *timedReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.meta["Last-Modified"] = time.Now().UTC().Format(http.TimeFormat)
	return n, err
}

func (b *backend) has(ctx context.Context, bucket, key string) bool {
	object, err := b.HeadObject(ctx, bucket, key)
	if err != nil {
		return false
	}
	_ = object.Contents.Close()
	return true
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
		if page.MaxKeys > 0 && count == page.MaxKeys {
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
		if first, last, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"); ok {
			bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
			if object, err := memory.HeadObject(r.Context(), bucket, key); err == nil {
				_ = object.Contents.Close()
				fixRangeOf(object, first, last, w, r)
			}
		}
		next.ServeHTTP(w, r)
	})
}

func fixRangeOf(object *gofakes3.Object, first, last string, w http.ResponseWriter, r *http.Request) {
	end, err := strconv.ParseInt(last, 10, 64)
	isSuffix := first == "" && err == nil
	if isSuffix && object.Size > 0 && object.Size < end {
		r.Header.Set("Range", "bytes=0-")
	}
	isAll := first == "0" && (last == "" || (err == nil && end >= object.Size-1)) || (isSuffix && end >= object.Size)
	if !isAll || object.Size == 0 || !strings.EqualFold(r.Header.Get("X-Amz-Checksum-Mode"), "ENABLED") {
		return
	}
	for name, value := range object.Metadata {
		if name = http.CanonicalHeaderKey(name); strings.HasPrefix(name, "X-Amz-Checksum-") {
			w.Header().Set(name, value)
		}
	}
}
