//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package lithopss3

import (
	"os"
	"syscall"
)

// hasLocks tells that lockFile keeps others out.
const hasLocks = true

// lockFile fails where another open file has the lock. Closing the file, and the
// process's end, give it back.
func lockFile(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
