// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interrupted is the cause of a context that a signal canceled.
type interrupted struct{ signal os.Signal }

// Error returns the text for the user.
func (interrupted) Error() string { return "interrupted" }

// exitCode returns what shells expect of a process that a signal ended.
func (i interrupted) exitCode() int {
	number, ok := i.signal.(syscall.Signal)
	if !ok {
		return exitError
	}
	return exitSignal + int(number)
}

// errUnread is the cause of a context whose command writes to a pipe that no process reads
// any more. By default a process dies of it at once.
var errUnread = interrupted{syscall.SIGPIPE}

// interruptible returns a context that the first SIGINT, SIGTERM or SIGHUP cancels, with an
// interrupted as its cause: commands then stop to read, and abort what they began.
// A second signal ends the process. To watch signals costs two threads and a quarter of a
// millisecond, so it begins while the command gets ready. A signal in that time ends the
// process, as one does that comes before main.
func interruptible(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	go func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, heeded()...)
		received := <-signals
		signal.Stop(signals)
		cancel(interrupted{received})
	}()
	return ctx
}

// heeded returns the signals that end a command. What the process was started to ignore stays
// ignored: SIGHUP below nohup, SIGINT if a script runs the command in the background.
func heeded() []os.Signal {
	signals := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signals = append(signals, s)
		}
	}
	return signals
}
