// SPDX-License-Identifier: Apache-2.0

package openfiles

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

var (
	// ErrNotRegular matches a named pipe, a socket or a device: to read one may
	// never end.
	ErrNotRegular = errors.New("not a regular file")
	// ErrTooLarge matches a file of more bytes than its reader accepts.
	ErrTooLarge = errors.New("file too large")
)

// Read returns the content of the regular file at path, of at most limit bytes.
// Links are followed; the null device reads as an empty file. Errors are
// *fs.PathError and match fs.ErrNotExist, fs.ErrPermission, syscall.EISDIR for a
// folder, ErrNotRegular or ErrTooLarge.
func Read(path string, limit int64) ([]byte, error) {
	data, _, err := ReadInfo(path, limit)
	return data, err
}

// ReadInfo is Read, and returns what the system says of the file too.
func ReadInfo(path string, limit int64) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if err := checkKind(path, info); err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, info, nil // of the null device
	}
	// Without O_NONBLOCK, a pipe that took the file's place since would wait for a writer.
	file, err := Open(func() (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) })
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = file.Close() }()
	if info, err = file.Stat(); err != nil {
		return nil, nil, err
	}
	if err := checkKind(path, info); err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, nil, err
	}
	if int64(len(data)) > limit {
		return nil, nil, &fs.PathError{Op: "read", Path: path, Err: kindError{fmt.Sprintf("is larger than %d bytes", limit), ErrTooLarge}}
	}
	return data, info, nil
}

// OpenIn opens the regular file name below root to read. It does not wait for a pipe that
// took the place of a file after the folder was listed: that is ErrNotRegular, and a folder
// is syscall.EISDIR. The caller closes the file.
func OpenIn(root *os.Root, name string) (*os.File, error) {
	file, err := Open(func() (*os.File, error) { return root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) })
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = checkKind(name, info)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// checkKind returns an error for what is neither a regular file nor the null device.
func checkKind(path string, info fs.FileInfo) error {
	mode := info.Mode()
	if mode.IsRegular() || isNull(info) {
		return nil
	}
	problem := error(kindError{"is " + kindName(mode) + ", not a regular file", ErrNotRegular})
	if mode.IsDir() {
		problem = kindError{"is a folder, not a file", syscall.EISDIR}
	}
	return &fs.PathError{Op: "read", Path: path, Err: problem}
}

func isNull(info fs.FileInfo) bool {
	null, _ := os.Stat(os.DevNull)
	return os.SameFile(info, null) // never true of nil
}

func kindName(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}

// A kindError has its own message and matches a sentinel.
type kindError struct {
	text string
	kind error
}

// Error is the text.
func (e kindError) Error() string { return e.text }

// Unwrap returns the sentinel.
func (e kindError) Unwrap() error { return e.kind }
