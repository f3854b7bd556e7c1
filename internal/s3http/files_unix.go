// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package s3http

import (
	"math"
	"syscall"
)

// openFilesLimit returns how many files the process may have open, 0 for no limit.
// The Go runtime has raised it as far as the process may.
func openFilesLimit() int {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	if err != nil || limit.Cur > math.MaxInt32 {
		return 0
	}
	return int(limit.Cur)
}
