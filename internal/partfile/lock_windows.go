// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

var lockFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")

const (
	lockExclusive       = 2                   // LOCKFILE_EXCLUSIVE_LOCK
	lockFailImmediately = 1                   // LOCKFILE_FAIL_IMMEDIATELY
	errLockViolation    = syscall.Errno(33)   // ERROR_LOCK_VIOLATION
	errIOPending        = syscall.Errno(997)  // ERROR_IO_PENDING
	lockOffsetHigh      = uint32(0x7fff_ffff) // beyond every object, as Windows' locks also keep readers out
)

// lock takes the lock of an open file without waiting. It returns ErrLocked if
// another open file has the lock, and errNoLocks if the file system has none.
// Closing the file, and the end of the process, release it.
func lock(file *os.File) error {
	place := syscall.Overlapped{OffsetHigh: lockOffsetHigh}
	ok, _, err := lockFileEx.Call(file.Fd(), lockExclusive|lockFailImmediately, 0, 1, 0, uintptr(unsafe.Pointer(&place))) //nolint:gosec // as the call wants it
	switch {
	case ok != 0:
		return nil
	case errors.Is(err, errLockViolation), errors.Is(err, errIOPending):
		return ErrLocked
	}
	return errNoLocks
}
