package lithopss3

import (
	"context"
	"io/fs"
	"os"
)

// UploadFile stores the file at path under key, as PutObject does.
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
