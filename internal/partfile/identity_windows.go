// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"os"
	"syscall"

	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// identify returns the volume and the file ID of a name, and false if there is no file.
func identify(folder *os.Root, name string) (fileID, bool) {
	file, err := openfiles.Open(func() (*os.File, error) { return folder.Open(name) })
	if err != nil {
		return fileID{}, false
	}
	defer func() { _ = file.Close() }()
	return idOf(file)
}

func idOf(file *os.File) (fileID, bool) {
	var info syscall.ByHandleFileInformation
	if syscall.GetFileInformationByHandle(syscall.Handle(file.Fd()), &info) != nil {
		return fileID{}, false
	}
	return fileID{uint64(info.VolumeSerialNumber), uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)}, true
}

// inodeOf returns the number of an open file in its file system, 0 if it has none.
func inodeOf(file *os.File) uint64 {
	id, _ := idOf(file)
	return id.file
}

// hasOneName reports whether no other hard link leads to the file.
func hasOneName(file *os.File) bool {
	var info syscall.ByHandleFileInformation
	err := syscall.GetFileInformationByHandle(syscall.Handle(file.Fd()), &info)
	return err == nil && info.NumberOfLinks == 1
}
