// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"os"
	"syscall"
)

// identify returns the volume and the file ID of a name, and false if there is no file.
func identify(folder *os.Root, name string) (fileID, bool) {
	file, err := folder.Open(name)
	if err != nil {
		return fileID{}, false
	}
	defer func() { _ = file.Close() }()
	var info syscall.ByHandleFileInformation
	if syscall.GetFileInformationByHandle(syscall.Handle(file.Fd()), &info) != nil {
		return fileID{}, false
	}
	return fileID{uint64(info.VolumeSerialNumber), uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)}, true
}
