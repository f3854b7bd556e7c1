// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// listingsAtOnce is how many requests of a listing there are at a time.
const listingsAtOnce = 32

// A task is one file or object to move.
type task struct {
	name    string // for the report of a failure
	preview string // what a dry run prints
	key     string // for the report of a dry run
	size    int64
	isLink  bool // to a file that another task may remove, so that this one is first
	move    func(ctx context.Context, progress func(lithopss3.Progress)) error
}

// A transfer runs tasks, several at once, and reports their results.
type transfer struct {
	t      *terminal
	verb   string // "Stored", "Fetched", "Copied", …
	object objectName
	target string // what the summary names, object's name if empty
	json   bool
	quiet  bool
	dryRun bool
	// isMixed reports that the sources are in several buckets, of which one may be missing.
	isMixed bool
}

// A folderReport is what a transfer of several files prints as JSON.
type folderReport struct {
	Bucket  string          `json:"bucket"`
	Prefix  string          `json:"prefix"`
	Files   int             `json:"files"` // that were moved
	Bytes   int64           `json:"bytes"`
	Deleted *int            `json:"deleted,omitempty"` // by sync
	Failed  []failureReport `json:"failed"`
	NotDone int             `json:"not_done,omitempty"` // after a failure that all would meet
	DryRun  bool            `json:"dry_run,omitempty"`
	Keys    []string        `json:"keys,omitempty"`         // of a dry run
	Extra   []string        `json:"would_delete,omitempty"` // names in the target, of a dry run of sync
}

type failureReport struct {
	File  string `json:"file"`
	Error string `json:"error"`
	err   error  // of an argument, for the exit code; may be nil
}

func newTransfer(t *terminal, verb string, object objectName, json, quiet bool) *transfer {
	return &transfer{t: t, verb: verb, object: object, json: json, quiet: quiet}
}

func (f *transfer) newReport(failures []failureReport) *folderReport {
	return &folderReport{Bucket: f.object.bucket, Prefix: f.object.key, Failed: failures, DryRun: f.dryRun}
}

// run runs all tasks and prints the report. An error of one leaves the others alone;
// the first is returned in the end.
func (f *transfer) run(tasks []task, failures []failureReport) error {
	report := f.newReport(failures)
	err := f.do(report, tasks)
	return f.finish(report, len(tasks)+len(failures), err)
}

// do runs all tasks, or prints what they would do, and returns the first failure.
func (f *transfer) do(report *folderReport, tasks []task) error {
	if f.dryRun {
		return f.preview(report, tasks)
	}
	bar := &sharedBar{bar: f.t.newBar(f.barName(), f.quiet)}
	links, others := []task(nil), []task(nil)
	for _, task := range tasks {
		bar.total.Total += max(task.size, 0)
		if task.isLink {
			links = append(links, task)
		} else {
			others = append(others, task)
		}
	}
	running := &taskRun{transfer: f, report: report, bar: bar, first: firstFailure(report.Failed)}
	known := len(report.Failed)
	running.all(links)
	running.all(others)
	bar.bar.clear()
	report.NotDone = len(tasks) - report.Files - (len(report.Failed) - known)
	return running.first
}

// A taskRun runs tasks.
type taskRun struct {
	*transfer
	report *folderReport
	bar    *sharedBar

	stopped atomic.Bool // because all that are left would fail
	mu      sync.Mutex
	first   error // the first failure
}

// all runs tasks, several at once, and returns when they have ended.
func (r *taskRun) all(tasks []task) {
	var group sync.WaitGroup
	var next atomic.Int64
	large := make(chan struct{}, openfiles.LargeAtOnce)
	for range min(openfiles.AtOnce(), len(tasks)) {
		group.Go(func() {
			for index := int(next.Add(1) - 1); index < len(tasks) && !r.stopped.Load() && r.t.ctx.Err() == nil; index = int(next.Add(1) - 1) {
				r.inTurn(&tasks[index], large)
			}
		})
	}
	group.Wait()
}

// inTurn runs a task, a large one once it has a place among those that run.
func (r *taskRun) inTurn(next *task, large chan struct{}) {
	if size := next.size; size >= 0 && size <= openfiles.LargeFile {
		r.one(next)
		return
	}
	large <- struct{}{}
	defer func() { <-large }()
	if !r.stopped.Load() && r.t.ctx.Err() == nil {
		r.one(next)
	}
}

func (r *taskRun) one(next *task) {
	bytes := &countedBytes{report: r.bar.report(), bytes: max(next.size, 0)}
	err := next.move(r.t.ctx, bytes.update)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil || !r.stopped.Load() {
		r.first = r.note(r.report, next, bytes.bytes, err, r.first, r.bar.bar)
	}
	if isOfAll(err) || !r.isMixed && isOfBucket(err) {
		r.stopped.Store(true)
	}
}

// countedBytes are the bytes of one task: those that were moved, because an object's size may
// not be known before, and a file's may change. report may be nil.
type countedBytes struct {
	report func(lithopss3.Progress)
	bytes  int64
}

func (c *countedBytes) update(p lithopss3.Progress) {
	c.bytes = p.Done
	if c.report != nil {
		c.report(p)
	}
}

func (f *transfer) barName() string {
	if f.object.key != "" {
		return f.object.key
	}
	return f.object.bucket
}

// firstFailure returns the first of the failures as an error, nil if there is none.
func firstFailure(failures []failureReport) error {
	if len(failures) == 0 {
		return nil
	}
	if failures[0].err != nil {
		return failures[0].err
	}
	return errors.New(sanitize.Name(failures[0].File) + ": " + failures[0].Error)
}

// preview prints what run would do.
func (f *transfer) preview(report *folderReport, tasks []task) error {
	for _, task := range tasks {
		report.Files++
		report.Bytes += max(task.size, 0)
		if f.json {
			report.Keys = append(report.Keys, task.key)
			continue
		}
		if _, err := fmt.Fprintln(f.t.stdout, task.preview); err != nil {
			return err
		}
	}
	return firstFailure(report.Failed)
}

// note counts a task that has ended, and its bytes, and tells at once if it failed. It returns
// the first failure.
func (f *transfer) note(report *folderReport, done *task, bytes int64, err, first error, bar *progressBar) error {
	if err == nil {
		report.Files++
		report.Bytes += bytes
		return first
	}
	if f.t.ctx.Err() != nil {
		return first
	}
	bar.clear()
	err = fmt.Errorf("%s: %w", sanitize.Name(done.name), err)
	report.Failed = append(report.Failed, failureReport{File: done.name, Error: err.Error()})
	f.t.printError(err)
	return cmpError(first, err)
}

// finish prints the report. The error says how many of total tasks failed.
func (f *transfer) finish(report *folderReport, total int, firstErr error) error {
	if err := f.t.ctx.Err(); err != nil {
		return fmt.Errorf("%d of %d files were done: %w", report.Files, total, context.Cause(f.t.ctx))
	}
	var err error
	switch {
	case f.json:
		if report.Failed == nil {
			report.Failed = []failureReport{}
		}
		err = f.t.printJSON(report)
	case !f.quiet:
		_, err = fmt.Fprintf(f.t.stdout, "%s %s, %s%s: %s\n", f.verb, formatCount(report.Files, "file"), formatSize(report.Bytes), deletedToo(report), f.targetName())
	}
	if firstErr != nil && len(report.Failed) == 0 {
		return firstErr // of the output, and of no file
	}
	if firstErr != nil {
		return &failuresError{failed: len(report.Failed), notDone: report.NotDone, total: total, first: firstErr}
	}
	return err
}

// A failuresError counts failures that were printed before.
type failuresError struct {
	what          string // what failed, files if empty
	failed, total int
	notDone       int // of total, because all would fail
	first         error
}

// Error returns the count.
func (e *failuresError) Error() string {
	if e.total < e.failed { // of sync --delete
		return e.first.Error()
	}
	text := fmt.Sprintf("%d of %d %s failed", e.failed, e.total, cmp.Or(e.what, "files"))
	if e.notDone > 0 {
		text += fmt.Sprintf(", %d were not done", e.notDone)
	}
	return text
}

// Unwrap returns the first failure, for the exit code.
func (e *failuresError) Unwrap() error { return e.first }

func (f *transfer) targetName() string {
	if f.target != "" {
		return sanitize.Name(f.target)
	}
	return f.object.String()
}

// deletedToo says how many files a sync deleted, if it may.
func deletedToo(report *folderReport) string {
	if report.Deleted == nil {
		return ""
	}
	if report.DryRun {
		return fmt.Sprintf(", and would delete %d", *report.Deleted)
	}
	return fmt.Sprintf(", deleted %d", *report.Deleted)
}
