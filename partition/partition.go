// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/pickle"
)

// Options say how objects are cut; nil is one partition for each object.
type Options struct {
	// ChunkSize is the size of a partition in bytes; 0 for none.
	ChunkSize int64
	// ChunkNumber is into how many partitions each object is cut; 0 for none. It
	// counts more than ChunkSize.
	ChunkNumber int
	// Newline ends a line, and partitions hold whole lines. If it is empty, objects are
	// cut anywhere. Lithops' own default is "\n".
	Newline string
}

// A Partition is a piece of an object, as Lithops' partitioner cuts it
// (lithops/job/partitioner.py). Its bytes are those of [Partition.Open].
type Partition struct {
	Bucket, Key string
	// Range is the range that Python's worker asks for (data_byte_range), nil for the
	// whole object. With a newline it begins a byte before the partition and ends
	// 128 KiB after it; without, it may end after the object's end.
	Range *lithopss3.ByteRange
	// ChunkSize is the size of the partition in bytes (chunk_size), before lines
	// are made whole.
	ChunkSize int64
	// Part counts the object's partitions from 1 to TotalParts.
	Part, TotalParts int
	// Newline ends a line; empty where the object was cut anywhere.
	Newline string
	// URL is the index of the URL that the object was found by.
	URL int
	// Size is the object's, in bytes, and ETag its state when it was cut: it is
	// ErrPrecondition to open a partition of an object that has changed since.
	// Both are zero in a partition of Python's.
	Size int64
	ETag string
}

// lineThreshold is how far after a partition Python's worker looks for the end
// of its last line (CHUNK_THRESHOLD).
const lineThreshold = 128 << 10

// maxObjectSize is more than the 50 TB that S3 stores.
const maxObjectSize = 64 << 40

// listedAtOnce is how many requests list what must be listed to its end.
const listedAtOnce = 16

// maxPosition is more than any object has bytes, and adds up without overflow.
const maxPosition = 1 << 60

// ErrInvalid is a partitioning that can't be: bad options, a bad URL, or
// a CloudObject that is no partition.
var ErrInvalid = errors.New("invalid partition")

// Objects cuts the objects that URLs name into partitions, in the order
// of the URLs and of the objects' keys:
//
//	bucket                all objects of the bucket
//	bucket/folder/        all objects with this prefix
//	bucket/key            this object; fs.ErrNotExist if it is not there
//	bucket/data/*.csv     all objects that match, see [lithopss3.CompileGlob]
//
// each with or without s3:// or aws_s3://. Another scheme is ErrOtherBackend.
// Keys that end in "/" are left out. Empty objects have no partitions. Where no
// URL finds anything it is fs.ErrNotExist. At most 64 requests are in flight.
//
// perObject has the number of partitions of each object that was found, in order.
func Objects(ctx context.Context, storage lithopss3.Storage, urls []string, opts *Options) (partitions []Partition, perObject []int, err error) {
	if opts == nil {
		opts = &Options{}
	}
	if opts.ChunkSize < 0 || opts.ChunkNumber < 0 {
		return nil, nil, fmt.Errorf("%w: the chunk size %d and the chunk number %d must not be negative", ErrInvalid, opts.ChunkSize, opts.ChunkNumber)
	}
	sources, err := parseObjectURLs(urls)
	if err != nil {
		return nil, nil, err
	}
	found, err := findObjects(ctx, storage, sources)
	if err != nil {
		return nil, nil, err
	}
	total := 0
	for i, objects := range found {
		for _, object := range objects {
			total++
			if strings.HasSuffix(object.Key, "/") {
				continue
			}
			if object.Size < 0 || object.Size > maxObjectSize {
				return nil, nil, fmt.Errorf("the storage says that %s has %d bytes: %w", sanitize.Name(object.Key), object.Size, lithopss3.ErrTooLarge)
			}
			parts := opts.split(object.Size)
			perObject = append(perObject, len(parts))
			for _, part := range parts {
				part.Bucket = sources[i].bucket
				part.Key = object.Key
				part.URL = i
				part.Size = object.Size
				part.ETag = object.ETag
				partitions = append(partitions, part)
			}
		}
	}
	if total == 0 {
		return nil, nil, fmt.Errorf("no objects at %s: %w", strings.Join(urls, ", "), fs.ErrNotExist)
	}
	return partitions, perObject, nil
}

// split cuts an object of a size.
func (o *Options) split(size int64) []Partition {
	if size == 0 {
		return nil
	}
	chunk := size
	switch {
	case o.ChunkNumber > 0:
		number := int64(o.ChunkNumber)
		chunk = size / number
		if size%number > 0 {
			chunk++
		}
	case o.ChunkSize > 0:
		chunk = o.ChunkSize
	}
	if size <= chunk {
		return []Partition{{ChunkSize: size, Part: 1, TotalParts: 1, Newline: o.Newline}}
	}
	var parts []Partition
	for offset := int64(0); offset < o.stop(size); offset += chunk {
		part := Partition{ChunkSize: chunk, Part: len(parts) + 1, Newline: o.Newline}
		switch {
		case o.Newline == "":
			part.Range = lithopss3.Range(offset, chunk)
		case offset+chunk < size:
			first := max(0, offset-1)
			part.Range = lithopss3.Range(first, offset+chunk+lineThreshold-first+1)
		default:
			part.Range, part.ChunkSize = lithopss3.Range(offset-1, size-offset+1), size-offset
		}
		parts = append(parts, part)
	}
	for i := range parts {
		parts[i].TotalParts = len(parts)
	}
	return parts
}

// stop is where no partition begins any more. Python stops a byte early. Where
// that loses the byte it is not followed; with whole lines the last partition
// takes all that is left, so that nothing is lost and the partitions are Python's.
func (o *Options) stop(size int64) int64 {
	if o.Newline == "" {
		return size
	}
	return size - 1
}

// CloudObject is the partition as Python's worker takes it, in the data of a job.
func (p *Partition) CloudObject() *pickle.CloudObject {
	attrs := pickle.NewDict("data_byte_range", nil, "chunk_size", p.ChunkSize, "part", int64(p.Part), "newline", nil, "total_parts", int64(p.TotalParts))
	if p.Range != nil {
		_ = attrs.Set("data_byte_range", pickle.Tuple{p.Range.Offset, p.Range.Offset + p.Range.Length - 1}) // a string is a key
	}
	if p.Newline != "" {
		_ = attrs.Set("newline", p.Newline)
	}
	return &pickle.CloudObject{Backend: lithopss3.Backend, Bucket: p.Bucket, Key: p.Key, Attrs: attrs}
}

// Of reads a partition that Python's partitioner made. It returns ErrOtherBackend for one
// into another storage, and ErrInvalid for a CloudObject that is not a partition.
func Of(object *pickle.CloudObject) (*Partition, error) {
	if err := checkBackend(object); err != nil {
		return nil, err
	}
	attrs := object.Attrs
	chunk, hasChunk := numberOf(attrs, "chunk_size")
	part, hasPart := numberOf(attrs, "part")
	total, hasTotal := numberOf(attrs, "total_parts")
	newline, hasNewline := newlineOf(attrs)
	if !hasChunk || !hasPart || !hasTotal || !hasNewline || part < 1 || part > total {
		return nil, fmt.Errorf("%w: %v lacks the attributes of a partition, or has wrong ones", ErrInvalid, object)
	}
	byteRange, err := rangeOf(attrs)
	if err != nil {
		return nil, fmt.Errorf("%w: %v %w", ErrInvalid, object, err)
	}
	return &Partition{
		Bucket: object.Bucket, Key: object.Key, Range: byteRange,
		ChunkSize: chunk, Part: int(part), TotalParts: int(total), Newline: newline,
	}, nil
}

// numberOf returns a number that may be a size or a position.
func numberOf(attrs *pickle.Dict, name string) (number int64, ok bool) {
	value, _ := attrs.Get(name)
	number, ok = value.(int64)
	return number, ok && number >= 0 && number < maxPosition
}

// newlineOf returns what ends a line, "" for nothing.
func newlineOf(attrs *pickle.Dict) (newline string, ok bool) {
	value, _ := attrs.Get("newline")
	if value == nil {
		return "", true
	}
	newline, ok = value.(string)
	return newline, ok
}

// rangeOf returns the range that is asked for, nil for the whole object.
func rangeOf(attrs *pickle.Dict) (*lithopss3.ByteRange, error) {
	value, _ := attrs.Get("data_byte_range")
	if value == nil {
		return nil, nil
	}
	bounds, _ := value.(pickle.Tuple)
	if len(bounds) == 2 {
		first, isFirst := bounds[0].(int64)
		last, isLast := bounds[1].(int64)
		if isFirst && isLast && first >= 0 && first <= last && last < maxPosition {
			return lithopss3.Range(first, last-first+1), nil
		}
	}
	return nil, fmt.Errorf("has the range %s", pickle.Repr(value))
}

// checkBackend returns ErrOtherBackend for a reference into another storage.
func checkBackend(object *pickle.CloudObject) error {
	if object.Backend != lithopss3.Backend {
		return fmt.Errorf("%w: %v is in %q, not in %q", lithopss3.ErrOtherBackend, object, object.Backend, lithopss3.Backend)
	}
	return nil
}

// An objectSource is what a URL names: a key, a prefix, or a pattern.
type objectSource struct{ bucket, key, prefix, match string }

func parseObjectURLs(urls []string) ([]objectSource, error) {
	if len(urls) == 0 {
		return nil, fmt.Errorf("%w: no URLs", ErrInvalid)
	}
	sources := make([]objectSource, len(urls))
	for i, url := range urls {
		var err error
		if sources[i], err = parseObjectURL(url); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

func parseObjectURL(url string) (objectSource, error) {
	scheme, path, ok := strings.Cut(url, "://")
	if !ok || strings.Contains(scheme, "/") {
		scheme, path = lithopss3.Backend, url
	}
	if scheme != lithopss3.Backend && scheme != "s3" {
		return objectSource{}, fmt.Errorf("%w: %q is not in %s", lithopss3.ErrOtherBackend, url, lithopss3.Backend)
	}
	bucket, key, _ := strings.Cut(path, "/")
	if bucket == "" || strings.HasSuffix(bucket, ":") { // as of "s3:/bucket"
		return objectSource{}, fmt.Errorf("%w: %q names no bucket", ErrInvalid, url)
	}
	folder, isFolder := strings.CutSuffix(key, "/")
	switch {
	case strings.Contains(key, "*"): // the pattern of a folder has no slash at its end, as in Python
		if _, err := lithopss3.CompileGlob(folder); err != nil {
			return objectSource{}, err
		}
		return objectSource{bucket: bucket, match: folder}, nil
	case key == "" || isFolder:
		return objectSource{bucket: bucket, prefix: key}, nil
	}
	return objectSource{bucket: bucket, key: key}, nil
}

// findObjects lists or heads what the sources name, several at once. The error is
// that of the first source that has one.
func findObjects(ctx context.Context, storage lithopss3.Storage, sources []objectSource) ([][]lithopss3.ObjectInfo, error) {
	const atOnce = 64 // as Python's partitioner
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found, errs := make([][]lithopss3.ObjectInfo, len(sources)), make([]error, len(sources))
	slots := make(chan struct{}, atOnce)
	var running panics.Group
	for i, source := range sources {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			if found[i], errs[i] = source.find(ctx, storage); errs[i] != nil {
				cancel()
			}
		}, cancel)
	}
	running.Wait()
	var canceled error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
		canceled = errors.Join(canceled, err)
	}
	return found, canceled
}

func (s objectSource) find(ctx context.Context, storage lithopss3.Storage) ([]lithopss3.ObjectInfo, error) {
	if ctx.Err() != nil {
		return nil, ended.Why(ctx)
	}
	if s.key != "" {
		info, err := storage.HeadObject(ctx, s.bucket, s.key)
		if err != nil {
			return nil, err
		}
		return []lithopss3.ObjectInfo{*info}, nil
	}
	var objects []lithopss3.ObjectInfo
	for info, err := range storage.ListObjects(ctx, s.bucket, &lithopss3.ListOptions{Prefix: s.prefix, Match: s.match, Parallel: listedAtOnce}) {
		if err != nil {
			return nil, err
		}
		objects = append(objects, info)
	}
	return objects, nil
}
