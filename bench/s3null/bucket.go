// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// stored holds what the server keeps of an object: everything except its bytes.
type stored struct {
	size     int64
	crc      uint32
	modified time.Time
}

// A bucket has the keys of a layout, of which some may be deleted, or those that
// clients have put. Its zero value is an empty one of the latter kind.
type bucket struct {
	layout *Layout

	mu      sync.RWMutex
	deleted []uint64 // a bit for each key of the layout
	sums    map[int]uint32

	objects map[string]stored
	sorted  []string // the keys of objects, nil where they have changed
}

func newBucket(name string) *bucket {
	b := &bucket{objects: map[string]stored{}, sums: map[int]uint32{}}
	if layout, ok := ParseLayout(name); ok {
		b.layout, b.deleted = &layout, make([]uint64, (layout.Count+63)/64)
	}
	return b
}

// keys returns the bucket's keys, including those of a layout that live says are
// deleted. The caller holds the lock for writing.
func (b *bucket) keys() *Layout {
	if b.layout != nil {
		return b.layout
	}
	if b.sorted == nil {
		b.sorted = slices.Sorted(maps.Keys(b.objects))
	}
	sorted := b.sorted
	return &Layout{Count: len(sorted), AppendKey: func(dst []byte, i int) []byte { return append(dst, sorted[i]...) }}
}

func (b *bucket) live(i int) bool {
	return b.layout == nil || b.deleted[i/64]&(1<<(i%64)) == 0
}

func (b *bucket) put(key string, object stored) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[key], b.sorted = object, nil
}

// remove deletes keys; one that is not there is no error.
func (b *bucket) remove(keys ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.layout == nil {
		for _, key := range keys {
			delete(b.objects, key)
		}
		b.sorted = nil
		return
	}
	at := -1
	for _, key := range keys {
		if at = b.layout.Find(key, at); at >= 0 {
			b.deleted[at/64] |= 1 << (at % 64)
		}
	}
}

// find is the object under key.
func (b *bucket) find(key string) (stored, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.layout == nil {
		object, ok := b.objects[key]
		return object, ok
	}
	i := b.layout.Find(key, -1)
	if i < 0 || !b.live(i) {
		return stored{}, false
	}
	return stored{size: b.layout.Size, modified: start}, true
}

// sum is the CRC32 of an object that find has found.
func (b *bucket) sum(key string, object stored) uint32 {
	if b.layout == nil {
		return object.crc
	}
	if object.size <= keptSum {
		return ContentCRC(key, object.size)
	}
	i := b.layout.Find(key, -1)
	b.mu.RLock()
	sum, ok := b.sums[i]
	b.mu.RUnlock()
	if ok {
		return sum
	}
	sum = ContentCRC(key, object.size)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sums[i] = sum
	return sum
}

// keptSum is the size of a layout's objects beyond which their checksums are kept.
const keptSum = 16 << 10

// prepare does what a bucket would else do while a client is measured.
func (b *bucket) prepare() {
	if b.layout == nil || b.layout.Size <= keptSum {
		return
	}
	for i := range b.layout.Count {
		b.sum(string(b.layout.AppendKey(nil, i)), stored{size: b.layout.Size})
	}
}

// A Report is what a bucket holds.
type Report struct {
	Objects int   // how many
	Bytes   int64 // in all of those that were put
	Wrong   int   // how many of those are not the Content of their keys
}

func (b *bucket) report() Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	var report Report
	if b.layout != nil {
		for i := range b.layout.Count {
			if b.live(i) {
				report.Objects++
			}
		}
		return report
	}
	for key, object := range b.objects {
		report.Objects++
		report.Bytes += object.size
		if object.crc != ContentCRC(key, object.size) {
			report.Wrong++
		}
	}
	return report
}

// start is when every object of a layout was made.
var start = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

// etag is unlike an MD5, which some clients would compare.
func etag(key string, object stored) string {
	return string(append(appendETag([]byte{'"'}, len(key), object), '"'))
}

func appendETag(dst []byte, keyLength int, object stored) []byte {
	dst = appendHex(dst, mix(uint64(object.crc)<<32^uint64(object.size)), 16)
	dst = appendHex(dst, mix(uint64(keyLength)), 16)
	return append(dst, "-1"...)
}

// AWSHost is S3's host in the region of the bench.
const AWSHost = "s3.us-east-1.amazonaws.com"

// AWSHosts returns all names that clients have for it, with those of buckets.
func AWSHosts() []string {
	var all []string
	for _, host := range []string{AWSHost, "s3.amazonaws.com", "s3.dualstack.us-east-1.amazonaws.com"} {
		all = append(all, host, "*."+host)
	}
	return all
}

// splitTarget returns the bucket and the key of a request: of a virtual host of
// AWS's, or of a path.
func splitTarget(host, path string) (bucket, key string) {
	path = strings.TrimPrefix(path, "/")
	if bucket, _, ok := strings.Cut(host, ".s3."); ok && strings.HasSuffix(host, ".amazonaws.com") {
		return bucket, path
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}
