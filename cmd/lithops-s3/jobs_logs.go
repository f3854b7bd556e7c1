// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

type jobsLogsCommand struct{ selectionFlags }

// Run prints the logs of the calls that have ended, those of several under headings.
func (c *jobsLogsCommand) Run(t *terminal) error {
	store, found, err := c.find(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	var unreadable error // the first; the others' logs are printed all the same
	err = found.each(t.ctx, func(call jobs.CallState, status *jobs.Status, failure error) error {
		if failure != nil {
			unreadable = cmpError(unreadable, failure)
			return nil
		}
		if status == nil && found.isOne {
			return fmt.Errorf("%w: the logs of %s come with its status", errNotEnded, sanitize.Name(call.String()))
		}
		if status == nil {
			return nil
		}
		logs := &failingReader{Reader: status.LogReader()}
		err := t.printLogs(call.String(), logs, found.calls > 1)
		if logs.err != nil {
			unreadable = cmpError(unreadable, err)
			return nil //nolint:nilerr // reported in the end, beside the other logs
		}
		return err
	})
	return errors.Join(err, unreadable)
}

// cmpError returns the first error that is not nil.
func cmpError(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// printLogs prints what a function printed, byte for byte into a pipe or file. Only
// between the logs of several calls it adds a heading and a missing line break.
func (t *terminal) printLogs(call string, logs io.Reader, isOneOfMany bool) error {
	if isOneOfMany {
		if _, err := fmt.Fprintf(t.stdout, "==> %s <==\n", sanitize.Name(call)); err != nil {
			return err
		}
	}
	out := &lastByte{out: t.stdout.logs()}
	_, err := io.Copy(out, logs)
	if out.written && out.last != '\n' && (isOneOfMany || t.stdout.isTerminal) {
		_, broken := io.WriteString(out, "\n")
		err = errors.Join(err, broken)
	}
	return err
}

// failingReader remembers why a reader failed.
type failingReader struct {
	io.Reader
	err error
}

// Read reads.
func (r *failingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// lastByte remembers the last byte that was written.
type lastByte struct {
	out     io.Writer
	last    byte
	written bool
}

// Write passes p on.
func (w *lastByte) Write(p []byte) (int, error) {
	if len(p) > 0 {
		w.last, w.written = p[len(p)-1], true
	}
	return w.out.Write(p)
}
