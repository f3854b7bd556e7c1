// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/lithops-go/lithopss3/internal/exact"
)

// errNoSize is an object of a storage that does not say how long it is.
var errNoSize = errors.New("the storage does not say its size")

// An FS is a bucket as a file system, see [NewFS]. It is safe for concurrent use.
type FS struct {
	ctx     context.Context //nolint:containedctx // the methods of fs.FS have none
	storage Storage
	bucket  string
	prefix  string // of the keys, "" or with a slash at its end
}

var (
	_ fs.ReadDirFS  = (*FS)(nil)
	_ fs.ReadFileFS = (*FS)(nil)
	_ fs.StatFS     = (*FS)(nil)
	_ fs.SubFS      = (*FS)(nil)
)

// NewFS returns the objects of a bucket as an [fs.FS], for [fs.WalkDir],
// http.FileServerFS, template.ParseFS and the like. Slashes in keys separate folders,
// which exist if a key begins with them. Files that are opened are an io.Seeker and an
// io.ReaderAt, and if the storage has ETags, give one version of the object or an error
// that is ErrPrecondition. Info().Sys() is an [ObjectInfo]. Times have whole seconds, as
// those of S3's answers.
//
// Keys that are no path of an fs.FS, such as "a//b", "/a" and "a/../b", are not seen.
// If an object has the name of a folder, it is a file: what is below it can be
// opened, but is not listed. Opening a file takes a HEAD, and reading it a get; a folder
// takes a listing more. ReadDir lists all of a folder.
func NewFS(storage Storage, bucket string) *FS {
	return &FS{ctx: context.Background(), storage: storage, bucket: bucket}
}

// WithContext returns the same files, whose requests end with ctx.
func (f *FS) WithContext(ctx context.Context) *FS {
	with := *f
	with.ctx = ctx
	return &with
}

// Open opens a file or folder.
func (f *FS) Open(name string) (fs.File, error) {
	info, err := f.stat("open", name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return &openFolder{fsys: f, name: name, info: info}, nil
	}
	if info.Size() < 0 { // all of it would be after the end
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNoSize}
	}
	return openObject(f.ctx, f.storage, f.bucket, f.prefix+name, name, info), nil
}

// Stat describes a file or folder.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	info, err := f.stat("stat", name)
	if err != nil {
		return nil, err
	}
	return info, nil
}

func (f *FS) stat(op, name string) (*fileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return &fileInfo{name: name, isFolder: true}, nil
	}
	object, err := f.storage.HeadObject(f.ctx, f.bucket, f.prefix+name)
	if err == nil {
		return newFileInfo(name, object), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	for _, listErr := range f.storage.ListObjects(f.ctx, f.bucket, &ListOptions{Prefix: f.prefix + name + "/", PageSize: 1}) {
		if listErr != nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: listErr}
		}
		return &fileInfo{name: path.Base(name), isFolder: true}, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: err}
}

// ReadFile returns all of a file, with one request.
func (f *FS) ReadFile(name string) ([]byte, error) {
	const op = "readfile"
	if !fs.ValidPath(name) || name == "." {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	object, err := f.storage.GetObject(f.ctx, f.bucket, f.prefix+name, nil)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	defer func() { _ = object.Body.Close() }()
	length, err := exact.Range(exact.Span{Length: -1}, exact.Span{Offset: object.Offset, Length: object.Length}, object.Size)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	data, err := exact.ReadAll(exact.Body(object.Body, length, -1), length, maxUnread)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return data, nil
}

// ReadDir returns what is in a folder, by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	const op = "readdir"
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	prefix := f.prefix
	if name != "." {
		prefix += name + "/"
	}
	exists := name == "."
	found := map[string]*fileInfo{}
	for object, err := range f.storage.ListObjects(f.ctx, f.bucket, &ListOptions{Prefix: prefix, Delimiter: "/"}) {
		if err != nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: err}
		}
		exists = true
		base := strings.TrimSuffix(strings.TrimPrefix(object.Key, prefix), "/")
		isFile := !object.IsPrefix && !strings.HasSuffix(object.Key, "/")
		switch {
		case base == "." || !fs.ValidPath(base): // no name, or the folder's own marker
		case isFile:
			found[base] = newFileInfo(base, &object)
		case found[base] == nil:
			found[base] = &fileInfo{name: base, isFolder: true}
		}
	}
	if !exists {
		_, err := f.stat(op, name)
		if err == nil {
			err = &fs.PathError{Op: op, Path: name, Err: errors.New("not a folder")}
		}
		return nil, err
	}
	entries := make([]fs.DirEntry, 0, len(found))
	for _, info := range found {
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Sub returns the files of a folder, which need not exist.
func (f *FS) Sub(folder string) (fs.FS, error) {
	if !fs.ValidPath(folder) {
		return nil, &fs.PathError{Op: "sub", Path: folder, Err: fs.ErrInvalid}
	}
	if folder == "." {
		return f, nil
	}
	sub := *f
	sub.prefix += folder + "/"
	return &sub, nil
}

// An openFolder is a folder that is read.
type openFolder struct {
	fsys    *FS
	name    string
	info    *fileInfo
	entries []fs.DirEntry // that were not returned yet
	isRead  bool
}

// Stat describes the folder.
func (f *openFolder) Stat() (fs.FileInfo, error) { return f.info, nil }

// Read returns an error, because a folder has no bytes.
func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: errIsFolder}
}

// Close does nothing.
func (f *openFolder) Close() error { return nil }

// ReadDir returns the next n entries, or all that are left if n is not above 0.
func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if !f.isRead {
		entries, err := f.fsys.ReadDir(f.name)
		if err != nil {
			return nil, err
		}
		f.entries, f.isRead = entries, true
	}
	if n <= 0 {
		n = len(f.entries)
	} else if len(f.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.entries))
	entries := f.entries[:n:n]
	f.entries = f.entries[n:]
	return entries, nil
}
