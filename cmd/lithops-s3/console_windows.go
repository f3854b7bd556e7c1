// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"syscall"
)

// enableEscapes has a console interpret escape sequences, and reports whether it does.
func enableEscapes(file *os.File) bool {
	const enableVirtualTerminalProcessing = 4
	setConsoleMode := syscall.NewLazyDLL("kernel32.dll").NewProc("SetConsoleMode")
	enabled := false
	withDescriptor(file, func(fd int) {
		var mode uint32
		if err := syscall.GetConsoleMode(syscall.Handle(fd), &mode); err != nil {
			return
		}
		done, _, _ := setConsoleMode.Call(uintptr(fd), uintptr(mode|enableVirtualTerminalProcessing))
		enabled = done != 0
	})
	return enabled
}
