// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io/fs"
	"os"

	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// isStream reports whether a file is one to wait for, at its open or at a read: a pipe, a
// terminal or another device without a size. Such a file is read as standard input is.
func isStream(info fs.FileInfo) bool {
	return info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) != 0
}

// A lateFile is a file that the first read opens, because the open waits for a writer of a
// pipe. It is closed at its end.
type lateFile struct {
	path string
	file *os.File
}

// Read reads.
func (f *lateFile) Read(p []byte) (int, error) {
	if f.file == nil {
		file, err := openfiles.Open(func() (*os.File, error) { return os.Open(f.path) })
		if err != nil {
			return 0, err
		}
		f.file = file
	}
	n, err := f.file.Read(p)
	if err != nil {
		_ = f.file.Close()
	}
	return n, err
}
