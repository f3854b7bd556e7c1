// SPDX-License-Identifier: Apache-2.0

//go:build unix

package partfile

import (
	"os"
	"syscall"
)

// identify returns the device and the inode of a name, and false if there is no file.
func identify(folder *os.Root, name string) (fileID, bool) {
	info, err := folder.Lstat(name)
	if err != nil {
		return fileID{}, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, false
	}
	return fileID{uint64(stat.Dev), uint64(stat.Ino)}, true //nolint:unconvert // their types differ by system; any number will do
}
