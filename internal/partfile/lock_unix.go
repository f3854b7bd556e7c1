// SPDX-License-Identifier: Apache-2.0

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package partfile

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the lock of an open file without waiting. It returns ErrLocked if
// another open file has the lock, and errNoLocks if the file system has none.
// Closing the file, and the end of the process, release it.
func lock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrLocked
		case !errors.Is(err, syscall.EINTR):
			return errNoLocks
		}
	}
}
