// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/exact"
)

// A fileInfo describes a file or folder.
type fileInfo struct {
	name     string
	object   ObjectInfo // zero for a folder
	isFolder bool
}

func newFileInfo(name string, object *ObjectInfo) *fileInfo {
	return &fileInfo{name: path.Base(name), object: *object}
}

// Name returns the last part of the path.
func (i *fileInfo) Name() string { return i.name }

// Size returns the file's size in bytes.
func (i *fileInfo) Size() int64 { return i.object.Size }

// Mode returns the bits of a file or folder that can be read.
func (i *fileInfo) Mode() fs.FileMode {
	if i.isFolder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// ModTime returns when the file was put, to the second; a folder has the zero time.
func (i *fileInfo) ModTime() time.Time { return i.object.LastModified.Truncate(time.Second) }

// IsDir reports whether it is a folder.
func (i *fileInfo) IsDir() bool { return i.isFolder }

// Sys returns an ObjectInfo, or nil for a folder.
func (i *fileInfo) Sys() any {
	if i.isFolder {
		return nil
	}
	return i.object
}

// An openFile is a file that is read from a connection that is opened when needed. It may be
// closed during a Read, which http.ServeContent does where it serves several ranges to a client
// that is gone.
type openFile struct {
	storage     Storage
	bucket, key string
	name        string
	info        *fileInfo
	ctx         context.Context //nolint:containedctx // the methods of fs.File have none; Close ends it
	cancel      context.CancelFunc

	// What follows is the Read's or Seek's in progress, and Close's if there is none.
	offset int64
	body   io.ReadCloser // at offset; nil if none is open

	closing closing
}

func openObject(ctx context.Context, storage Storage, bucket, key, name string, info *fileInfo) *openFile {
	f := &openFile{storage: storage, bucket: bucket, key: key, name: name, info: info}
	f.ctx, f.cancel = context.WithCancel(ctx)
	return f
}

func (f *openFile) fail(op string, err error) error {
	if f.closing.isClosed() {
		err = fs.ErrClosed
	}
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

// Stat describes the file.
func (f *openFile) Stat() (fs.FileInfo, error) {
	if f.closing.isClosed() {
		return nil, f.fail("stat", fs.ErrClosed)
	}
	return f.info, nil
}

// Read reads on from where the last Read or Seek ended.
func (f *openFile) Read(p []byte) (int, error) {
	if !f.closing.begin() {
		return 0, f.fail("read", fs.ErrClosed)
	}
	defer f.closing.end(f.drop)
	if f.offset >= f.info.Size() {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if f.body == nil {
		object, err := f.get(RangeFrom(f.offset))
		if err != nil {
			return 0, f.fail("read", err)
		}
		f.body = object.Body
	}
	n, err := f.body.Read(p)
	f.offset += int64(n)
	if err != nil && !ended.IsEOF(err) || f.closing.isClosed() {
		err = f.fail("read", err)
	}
	return n, err
}

// get opens a part of the version that was opened, on a storage that ignores ranges or
// conditions too: it would give other bytes, or those of another version.
func (f *openFile) get(r *ByteRange) (*Object, error) {
	opts := &GetOptions{Range: r, IfMatch: f.info.object.ETag}
	object, err := f.storage.GetObject(f.ctx, f.bucket, f.key, opts)
	if err != nil {
		return nil, err
	}
	length, err := f.check(object, r)
	if err != nil {
		return nil, errors.Join(err, object.Body.Close())
	}
	object.Body = exact.Body(object.Body, length, r.Length)
	return object, nil
}

// check returns how many bytes an answer must have, 0 if that is not known, and an error if it
// is of another version, or another range.
func (f *openFile) check(object *Object, r *ByteRange) (length int64, err error) {
	size := f.info.Size()
	if err := checkETag(f.info.object.ETag, &object.ETag); err != nil {
		return 0, err
	}
	if object.Size > 0 && object.Size != size {
		return 0, fmt.Errorf("%w: it has %d bytes, not %d", errChanged, object.Size, size)
	}
	return exact.Range(exact.Span(*r), exact.Span{Offset: object.Offset, Length: object.Length}, size)
}

// Seek sets where the next Read begins. It sends no request.
func (f *openFile) Seek(offset int64, whence int) (int64, error) {
	if !f.closing.begin() {
		return 0, f.fail("seek", fs.ErrClosed)
	}
	defer f.closing.end(f.drop)
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += f.info.Size()
	default:
		return 0, f.fail("seek", fs.ErrInvalid)
	}
	if offset < 0 {
		return 0, f.fail("seek", fs.ErrInvalid)
	}
	if offset != f.offset {
		_ = f.drop()
	}
	f.offset = offset
	return offset, nil
}

// ReadAt reads at a place, with a request of its own.
func (f *openFile) ReadAt(p []byte, offset int64) (int, error) {
	switch {
	case f.closing.isClosed():
		return 0, f.fail("read", fs.ErrClosed)
	case offset < 0:
		return 0, f.fail("read", fs.ErrInvalid)
	case len(p) == 0:
		return 0, nil
	case offset >= f.info.Size():
		return 0, io.EOF
	}
	object, err := f.get(Range(offset, int64(len(p))))
	if err != nil {
		return 0, f.fail("read", err)
	}
	defer func() { _ = object.Body.Close() }()
	n, err := io.ReadFull(object.Body, p)
	if errors.Is(err, io.ErrUnexpectedEOF) && offset+int64(n) >= f.info.Size() {
		err = io.EOF
	}
	if err != nil && !ended.IsEOF(err) {
		err = f.fail("read", err)
	}
	return n, err
}

// Close closes the connection. It does not wait for a Read in progress, which ends with an error and
// closes what it has opened.
func (f *openFile) Close() error {
	isFirst, _ := f.closing.close(func() io.Closer { return io.NopCloser(nil) }, f.drop)
	f.cancel()
	if !isFirst {
		return f.fail("close", fs.ErrClosed)
	}
	return nil
}

// drop closes the connection, if there is one.
func (f *openFile) drop() error {
	body := f.body
	f.body = nil
	if body == nil {
		return nil
	}
	return body.Close()
}
