package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
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
	temporary, err := createBeside(path)
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
	if info, err := os.Stat(path); err == nil { // the file that is replaced keeps its permissions
		if err := temporary.Chmod(info.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := temporary.Sync(); err != nil {
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// createBeside makes a new file in the folder of path, with the permissions that
// the user's umask leaves to new files; os.CreateTemp would keep it from the group.
func createBeside(path string) (*os.File, error) {
	const attempts = 100
	for attempt := 0; ; attempt++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".lithops-s3-%08x.part", rand.Uint32()))
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666) //nolint:gosec // the umask decides
		if !errors.Is(err, fs.ErrExist) || attempt == attempts {
			return file, err
		}
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
