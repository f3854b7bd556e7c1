package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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

// DownloadFile gets an object into the file at path, which it replaces once all
// bytes are there: until then, and on any error, what was at path stays, and
// nothing else is left behind.
func (s *Store) DownloadFile(ctx context.Context, bucket, key, path string) (err error) {
	object, err := s.GetObject(ctx, bucket, key, nil)
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return &fs.PathError{Op: "download", Path: path, Err: errIsFolder}
	}
	return replaceFile(path, object.Body, object.Length)
}

// replaceFile writes size bytes beside path and renames the whole.
func replaceFile(path string, body io.Reader, size int64) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".lithops-s3-*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreClosed(temporary.Close()), os.Remove(temporary.Name()))
		}
	}()
	n, err := io.Copy(temporary, body)
	if err != nil {
		return err
	}
	if size >= 0 && n != size {
		return fmt.Errorf("%d bytes came instead of %d: %w", n, size, io.ErrUnexpectedEOF)
	}
	if err := temporary.Chmod(newFileMode(path)); err != nil {
		return err
	}
	if err := temporary.Sync(); err != nil {
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// newFileMode keeps the permissions of the file that is replaced; a new one may
// be read by its owner's group and others, as with most programs' umask.
func newFileMode(path string) fs.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
