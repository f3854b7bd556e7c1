// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// An input is standard input. A read ends when the command is canceled, also while
// it waits for a person or for another process.
type input struct {
	ctx        context.Context //nolint:containedctx // of the process
	in         io.Reader
	isTerminal bool

	reads chan readResult // of a read that has not been collected yet, else nil
	rest  []byte          // what such a read gave, and did not fit
	err   error           // what comes after the rest
}

type readResult struct {
	data []byte
	err  error
}

// inputBuffer is how much is read at a time: what a pipe of Linux holds.
const inputBuffer = 64 << 10

// newInput returns standard input as commands see it. A regular file never makes a
// read wait and stays what it is, so that its size is known.
func newInput(ctx context.Context, in io.Reader) io.Reader {
	if file, ok := in.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			return in
		}
	}
	return &input{ctx: ctx, in: in, isTerminal: isTerminal(in)}
}

// Read returns the context's cause once it is canceled. The read of the stream that
// still waits then is left to the end of the process.
func (i *input) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if i.ctx.Err() != nil {
		return 0, context.Cause(i.ctx)
	}
	if len(i.rest) == 0 && i.err == nil {
		if err := i.fill(); err != nil {
			return 0, err
		}
	}
	if n := copy(p, i.rest); n > 0 {
		i.rest = i.rest[n:]
		return n, nil
	}
	return 0, i.err
}

// fill waits for the stream or the context.
func (i *input) fill() error {
	if i.reads == nil {
		i.reads = make(chan readResult, 1)
		go func(reads chan<- readResult) {
			buffer := make([]byte, inputBuffer)
			n, err := i.in.Read(buffer)
			reads <- readResult{buffer[:n], err}
		}(i.reads)
	}
	select {
	case result := <-i.reads:
		i.reads, i.rest, i.err = nil, result.data, result.err
		return nil
	case <-i.ctx.Done():
		return context.Cause(i.ctx)
	}
}

// errNeedsYes refuses to delete several objects if there is no terminal to ask on.
var errNeedsYes = lineError{fmt.Errorf("%w: there is no terminal to ask on; say --yes, or look first with --dry-run", errUsage)}

// confirm asks a person before something is deleted. Without a terminal it returns
// errNeedsYes, for no or no answer errNotConfirmed, and the context's cause when the
// command is canceled meanwhile.
func (t *terminal) confirm(question string) error {
	stdin, ok := t.stdin.(*input)
	if !ok || !stdin.isTerminal {
		return errNeedsYes
	}
	_, _ = fmt.Fprintf(t.stderr, "%s [y/N] ", question)
	answer, err := bufio.NewReader(stdin).ReadString('\n')
	if t.ctx.Err() != nil {
		_, _ = fmt.Fprintln(t.stderr)
		return context.Cause(t.ctx)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	if err != nil || answer != "y" && answer != "yes" {
		return errNotConfirmed
	}
	return nil
}
