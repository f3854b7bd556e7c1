package lithopss3

import (
	"context"
	"io/fs"
	"os"
)

// UploadFile stores the file at path under key, as PutObject does. A file whose size
// or time of modification changes while it is sent is an error, and nothing of it is
// stored; a change that alters neither goes unnoticed, such as two writes within one
// tick of the file system's clock, or one through a memory map.
// A missing file is fs.ErrNotExist before any request; a folder is an error.
func (s *Store) UploadFile(ctx context.Context, path, bucket, key string, opts *PutOptions) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return &fs.PathError{Op: "upload", Path: path, Err: errIsFolder}
	}
	return s.PutObject(ctx, bucket, key, file, opts)
}
