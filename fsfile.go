// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sync"
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

	mu       sync.Mutex
	isBusy   bool // a Read or a Seek is in progress
	isClosed bool
}

func openObject(ctx context.Context, storage Storage, bucket, key, name string, info *fileInfo) *openFile {
	f := &openFile{storage: storage, bucket: bucket, key: key, name: name, info: info}
	f.ctx, f.cancel = context.WithCancel(ctx)
	return f
}

func (f *openFile) fail(op string, err error) error {
	if f.closed() {
		err = fs.ErrClosed
	}
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

func (f *openFile) closed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.isClosed
}

// begin begins a Read or a Seek, which ends with end. It reports false if the file is closed.
func (f *openFile) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.isBusy = !f.isClosed
	return f.isBusy
}

// end drops what a Read has opened if the file was closed meanwhile.
func (f *openFile) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.isBusy = false
	if f.isClosed {
		f.drop()
	}
}

// Stat describes the file.
func (f *openFile) Stat() (fs.FileInfo, error) {
	if f.closed() {
		return nil, f.fail("stat", fs.ErrClosed)
	}
	return f.info, nil
}

// Read reads on from where the last Read or Seek ended.
func (f *openFile) Read(p []byte) (int, error) {
	if !f.begin() {
		return 0, f.fail("read", fs.ErrClosed)
	}
	defer f.end()
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
	if err != nil && !ended.IsEOF(err) || f.closed() {
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
	if !f.begin() {
		return 0, f.fail("seek", fs.ErrClosed)
	}
	defer f.end()
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
		f.drop()
	}
	f.offset = offset
	return offset, nil
}

// ReadAt reads at a place, with a request of its own.
func (f *openFile) ReadAt(p []byte, offset int64) (int, error) {
	switch {
	case f.closed():
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
	f.mu.Lock()
	wasClosed := f.isClosed
	f.isClosed = true
	if !f.isBusy {
		f.drop()
	}
	f.mu.Unlock()
	if wasClosed {
		return f.fail("close", fs.ErrClosed)
	}
	f.cancel()
	return nil
}

func (f *openFile) drop() {
	if f.body != nil {
		_ = f.body.Close()
		f.body = nil
	}
}
