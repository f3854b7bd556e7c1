// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package openfiles

import (
	"math"
	"syscall"
)

// Limit returns how many files the process may have open, 0 for no limit.
// The Go runtime has raised it as far as the process may.
func Limit() int {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	if err != nil || limit.Cur > math.MaxInt32 {
		return 0
	}
	return int(limit.Cur)
}
