// SPDX-License-Identifier: Apache-2.0

//go:build unix

package partfile

import (
	"io/fs"
	"os"
	"syscall"
)

// identify returns the device and the inode of a name, and false if there is no file.
func identify(folder *os.Root, name string) (fileID, bool) {
	info, err := folder.Lstat(name)
	if err != nil {
		return fileID{}, false
	}
	return idOf(info)
}

func idOf(info fs.FileInfo) (fileID, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, false
	}
	return fileID{uint64(stat.Dev), uint64(stat.Ino)}, true //nolint:unconvert // their types differ by system; any number will do
}

// inodeOf returns the number of an open file in its file system, 0 if it has none.
func inodeOf(file *os.File) uint64 {
	info, err := file.Stat()
	if err != nil {
		return 0
	}
	id, _ := idOf(info)
	return id.file
}

// hasOneName reports whether no other hard link leads to the file.
func hasOneName(file *os.File) bool {
	info, err := file.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink == 1
}
