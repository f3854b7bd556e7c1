// SPDX-License-Identifier: Apache-2.0

//go:build unix

package partfile

import (
	"io/fs"
	"os"
	"syscall"
)

// openFlags keep an open from waiting for the other end of a FIFO.
const openFlags = syscall.O_NONBLOCK

// isOwn reports whether the file belongs to the user of this process.
func isOwn(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(stat.Uid) == int64(os.Geteuid())
}

// isPrivate reports whether only the owner may read or write the file.
func isPrivate(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }
