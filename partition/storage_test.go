// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/lithops-go/lithopss3"
)

// memoryStorage is a bucket in memory, for what only gets, heads and lists.
type memoryStorage struct {
	lithopss3.Storage
	bucket  string
	objects map[string][]byte
	sizes   map[string]int64 // of objects without bytes
	gets    atomic.Int64
	tells   *int64 // if not nil, the size that GetObject tells
	// emptyAfterEnd answers a range that begins at the object's end with no bytes.
	emptyAfterEnd bool
}

func (m *memoryStorage) info(key string) (lithopss3.ObjectInfo, bool) {
	if data, ok := m.objects[key]; ok {
		return lithopss3.ObjectInfo{Key: key, Size: int64(len(data)), ETag: fmt.Sprintf(`"%d"`, len(data))}, true
	}
	size, ok := m.sizes[key]
	return lithopss3.ObjectInfo{Key: key, Size: size}, ok
}

func (m *memoryStorage) HeadObject(_ context.Context, bucket, key string) (*lithopss3.ObjectInfo, error) {
	info, ok := m.info(key)
	if !ok || bucket != m.bucket {
		return nil, &lithopss3.Error{Op: "HeadObject", Bucket: bucket, Key: key, Err: fs.ErrNotExist}
	}
	return &info, nil
}

func (m *memoryStorage) ListObjects(_ context.Context, _ string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		keys := slices.Sorted(maps.Keys(m.sizes))
		keys = slices.AppendSeq(keys, maps.Keys(m.objects))
		var glob *lithopss3.Glob
		if opts.Match != "" {
			glob, _ = lithopss3.CompileGlob(opts.Match)
		}
		for _, key := range keys {
			info, _ := m.info(key)
			if strings.HasPrefix(key, opts.Prefix) && (glob == nil || glob.Match(key)) && !yield(info, nil) {
				return
			}
		}
	}
}

func (m *memoryStorage) GetObject(_ context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	m.gets.Add(1)
	info, ok := m.info(key)
	data := m.objects[key]
	switch {
	case !ok:
		return nil, &lithopss3.Error{Op: "GetObject", Bucket: bucket, Key: key, Err: fs.ErrNotExist}
	case opts.IfMatch != "" && opts.IfMatch != info.ETag:
		return nil, lithopss3.ErrPrecondition
	case opts.Range == nil:
		return &lithopss3.Object{ObjectInfo: info, Body: io.NopCloser(bytes.NewReader(data)), Length: info.Size}, nil
	case m.emptyAfterEnd && opts.Range.Offset == info.Size:
		return &lithopss3.Object{ObjectInfo: lithopss3.ObjectInfo{Key: key, Size: -1}, Body: io.NopCloser(strings.NewReader("")), Offset: info.Size}, nil
	case opts.Range.Offset >= info.Size:
		return nil, lithopss3.ErrInvalidRange
	}
	end := info.Size
	if m.tells != nil {
		info.Size = *m.tells
	}
	if opts.Range.Length >= 0 {
		end = min(end, opts.Range.Offset+opts.Range.Length)
	}
	return &lithopss3.Object{ObjectInfo: info, Body: io.NopCloser(bytes.NewReader(data[opts.Range.Offset:end])), Offset: opts.Range.Offset, Length: end - opts.Range.Offset}, nil
}
