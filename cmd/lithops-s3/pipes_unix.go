// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// standardOutputs returns stdout and stderr, to which a write fails if no process reads them
// any more. To os.Stdout and os.Stderr, which are the descriptors 1 and 2, it would end the
// process, which would leave temporary files and uploads. Without readers of stderr, as after
// the end of a log's process, a command continues. Processes that this one starts die of a
// broken pipe as ever, because the signal is not ignored.
func standardOutputs() (stdout, stderr *os.File) {
	return withoutSignal(syscall.Stdout, os.Stdout), withoutSignal(syscall.Stderr, os.Stderr) //nolint:forbidigo // output wraps them
}

// withoutSignal returns a copy of a file's descriptor: the os package sends SIGPIPE for 1 and
// 2 only. To watch the signal has the same effect, and costs threads.
func withoutSignal(standard int, file *os.File) *os.File {
	descriptor, err := syscall.Dup(standard)
	if err != nil {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
		return file
	}
	syscall.CloseOnExec(descriptor)
	return os.NewFile(uintptr(descriptor), file.Name())
}
