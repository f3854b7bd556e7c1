// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// A syncDeletion deletes from the target of a sync what its source does not have. Copying
// may have taken hours since both were listed, so that it deletes only what is still as it
// was then, and what the source still does not have.
type syncDeletion struct {
	t       *terminal
	copier  *copier
	report  *folderReport
	source  *syncSide
	target  *syncSide
	extra   []string // names that only the target has
	deleted int
	first   error // the first failure
}

// extraNames returns the names that only the target has.
func extraNames(source, target *syncSide) (extra []string) {
	for _, name := range sortedNames(target.entries) {
		if _, exists := source.entries[name]; !exists {
			extra = append(extra, name)
		}
	}
	return extra
}

// run deletes, puts what waited for that in its place, and returns the first failure. A dry run says what it would delete, in the report
// for JSON.
func (d *syncDeletion) run(dryRun, asJSON bool) error {
	d.report.Deleted = &d.deleted
	switch {
	case dryRun && asJSON:
		d.deleted, d.report.Extra = len(d.extra), d.extra
		return nil
	case dryRun:
		d.deleted = len(d.extra)
		return d.preview()
	}
	err := d.delete()
	d.placeBlocked()
	return cmpError(err, d.first)
}

// delete deletes, and returns the first failure.
func (d *syncDeletion) delete() error {
	if len(d.extra) == 0 {
		return nil
	}
	if err := d.lookAgain(); err != nil || len(d.extra) == 0 {
		return cmpError(d.first, err)
	}
	if d.target.place.isS3 {
		return d.objects()
	}
	return d.files()
}

// errAppeared is why something is kept that only the target had.
var errAppeared = errors.New("not deleted, because the source has it now")

// lookAgain lists the source again, and keeps what it has now. If the source can't be read any
// more, the error says so, and nothing may be deleted.
func (d *syncDeletion) lookAgain() error {
	now := &syncSide{place: d.source.place}
	failed := len(d.copier.failed)
	if err := now.load(d.copier); err != nil {
		return d.giveUp(d.source, err)
	}
	if d.t.ctx.Err() != nil { // of which a folder may be listed in part
		return context.Cause(d.t.ctx)
	}
	if failures := d.copier.failed[failed:]; len(failures) > 0 {
		d.report.Failed = append(d.report.Failed, failures...)
		return firstFailure(failures)
	}
	d.extra = slices.DeleteFunc(d.extra, func(name string) bool {
		_, exists := now.entries[name]
		if exists {
			d.fail(name, errAppeared)
		}
		return exists
	})
	return nil
}

func (d *syncDeletion) preview() error {
	for _, name := range d.extra {
		if _, err := fmt.Fprintf(d.t.stdout, "would delete %s\n", sanitize.Name(d.target.place.join(name).String())); err != nil {
			return err
		}
	}
	return nil
}

// fail reports what was not deleted.
func (d *syncDeletion) fail(name string, err error) {
	err = fmt.Errorf("%s: %w", sanitize.Name(d.target.place.join(name).String()), err)
	d.report.Failed = append(d.report.Failed, failureReport{File: name, Error: err.Error()})
	d.t.printError(err)
	d.first = cmpError(d.first, err)
}

// giveUp reports an error of a whole side, after which nothing is deleted.
func (d *syncDeletion) giveUp(side *syncSide, err error) error {
	if d.t.ctx.Err() == nil {
		d.report.Failed = append(d.report.Failed, failureReport{File: side.place.String(), Error: err.Error()})
		d.t.printError(err)
	}
	return err
}

// objects deletes objects.
func (d *syncDeletion) objects() error {
	query := folderQuery(d.target.place.object)
	found, err := query.list(d.t, d.copier.store, d.copier.keep)
	if err != nil {
		return d.giveUp(d.target, err)
	}
	now := make(map[string]entry, len(found))
	for _, e := range found {
		now[e.name] = e
	}
	var keys []string
	names := map[string]string{}
	for _, name := range d.extra {
		e, exists := now[name]
		if exists && !e.isSame(d.target.entries[name]) {
			d.fail(name, errReplaced)
		} else if exists {
			keys = append(keys, e.key)
			names[e.key] = name
		}
	}
	err = d.copier.store.DeleteObjects(d.t.ctx, query.bucket, keys)
	var failed *lithopss3.DeleteError
	if err != nil && !errors.As(err, &failed) {
		return d.giveUp(d.target, err)
	}
	d.deleted = len(keys)
	if failed != nil {
		for _, key := range failed.Failed {
			d.deleted--
			d.fail(names[key.Key], key)
		}
	}
	return d.first
}

// files deletes files. Links come first, because one whose file is gone can't be compared
// with what was there.
func (d *syncDeletion) files() error {
	root := d.target.root
	var links, files []string
	for _, name := range d.extra {
		if isLink(root, filepath.FromSlash(name)) {
			links = append(links, name)
		} else {
			files = append(files, name)
		}
	}
	for _, name := range append(links, files...) {
		if d.t.ctx.Err() != nil {
			break
		}
		local := filepath.FromSlash(name)
		err := removeUnchanged(d.target.entries[name].file, func() (os.FileInfo, error) { return root.Stat(local) }, func() error { return root.Remove(local) })
		switch {
		case err == nil:
			d.deleted++
		case !errors.Is(err, fs.ErrNotExist) || isLink(root, local): // whose file is gone, and which stays
			d.fail(name, err)
		}
	}
	return d.first
}
