// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

type syncCommand struct {
	storageFlags
	objectFlags
	filterFlags
	Paths    []string `arg:"" optional:"" pair:"" type:"file" name:"folder" help:"The source and the target: a folder of this machine, or s3://BUCKET/PREFIX."`
	Checksum bool     `help:"Compare bytes, not times: a file is read, and compared with the object's ETag."`
	Delete   bool     `help:"Delete from the target what the source does not have. Names that are left out by --exclude stay."`
	Yes      bool     `short:"y" help:"With --delete, empty the target if the source is empty."`
	DryRun   bool     `short:"n" aliases:"dryrun" help:"Only print what would be copied and deleted."`
	Quiet    bool     `short:"q" help:"Print nothing but errors."`
	JSON     bool     `name:"json" help:"Print JSON."`
}

// Usage is shown by sync --help.
func (syncCommand) Usage() string { return "SOURCE TARGET" }

// Help is shown by sync --help.
func (syncCommand) Help() string {
	return `Copies files whose size differs, and those that are newer in the source, to the second. If both were written within one second, bytes are compared. A file that is fetched gets the object's time. Nothing is deleted if something could not be read or copied, and nothing that was stored in the target meanwhile, or that the source has got.

Examples:
  lithops-s3 sync results s3://my-bucket/results --dry-run
  lithops-s3 sync s3://my-bucket/results results --delete
  lithops-s3 sync s3://my-bucket/data s3://backup/data --exclude '*.tmp'`
}

// A syncSide is the source or the target of a sync.
type syncSide struct {
	place   place
	isMade  bool     // a local folder that is missing is made: the target
	root    *os.Root // of a local folder; nil if it does not exist yet
	entries map[string]entry
}

// Run copies what differs.
func (c *syncCommand) Run(t *terminal) error {
	source, target, err := c.sides()
	if err != nil {
		return err
	}
	keep, err := c.newFilter(t.filter)
	if err != nil {
		return err
	}
	opts, err := c.options()
	if err != nil {
		return err
	}
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	copier := t.newCopier(store)
	defer copier.close()
	copier.keep, copier.put, copier.dryRun = keep, opts, c.DryRun
	for _, side := range []*syncSide{source, target} {
		if !side.place.isS3 {
			continue
		}
		if err := t.resolve(store, &side.place.object); err != nil {
			return err
		}
	}
	if err := checkOverlap(source.place, target.place); err != nil {
		return err
	}
	return c.sync(t, copier, source, target)
}

// sides reads the arguments.
func (c *syncCommand) sides() (source, target *syncSide, err error) {
	if len(c.Paths) != 2 {
		return nil, nil, usagef("name a source and a target")
	}
	sides := [2]*syncSide{}
	for i, text := range c.Paths {
		place, err := parsePlace(text)
		if err != nil {
			return nil, nil, err
		}
		place.object.key = folderPrefix(place.object.key)
		if place.path == "-" || place.isPattern {
			return nil, nil, usagef("%s is no folder", sanitize.Name(text))
		}
		sides[i] = &syncSide{place: place}
	}
	source, target = sides[0], sides[1]
	target.isMade = true
	if !source.place.isS3 && !target.place.isS3 {
		return nil, nil, usagef("neither %s nor %s is on S3: write s3://BUCKET/PREFIX", formatPath(source.place.path), formatPath(target.place.path))
	}
	if source.place.isS3 {
		return source, target, nil
	}
	if err := checkFile(source.place.path); err != nil {
		return nil, nil, err
	}
	if info, err := os.Stat(source.place.path); err == nil && !info.IsDir() {
		return nil, nil, usagef("%s is no folder", formatPath(source.place.path))
	}
	return source, target, nil
}

// checkOverlap refuses folders of which one is in the other.
func checkOverlap(source, target place) error {
	if !source.isS3 || !target.isS3 || source.object.bucket != target.object.bucket {
		return nil
	}
	if strings.HasPrefix(source.object.key, target.object.key) || strings.HasPrefix(target.object.key, source.object.key) {
		return usagef("%s and %s are one in the other", source.object.url(), target.object.url())
	}
	return nil
}

// load lists a side.
func (s *syncSide) load(c *copier) error {
	var found []entry
	if s.place.isS3 {
		query := folderQuery(s.place.object)
		var err error
		if found, err = query.list(c.t, c.store, c.keep); err != nil {
			return err
		}
	} else {
		root, err := c.openRoot(s.place.path)
		if s.isMade && errors.Is(err, os.ErrNotExist) {
			s.entries = map[string]entry{}
			return nil
		}
		if err != nil {
			return err
		}
		s.root = root
		files, failures := walkFiles(c.t, root, c.keep)
		c.failed = append(c.failed, failures...)
		found = files
	}
	s.entries = make(map[string]entry, len(found))
	for _, e := range found {
		isFolder := e.size == 0 && (e.name == "" || strings.HasSuffix(e.name, "/"))
		if !isFolder {
			s.entries[e.name] = e
		}
	}
	return nil
}

func (c *syncCommand) sync(t *terminal, copier *copier, source, target *syncSide) error {
	for _, side := range []*syncSide{source, target} {
		if err := side.load(copier); err != nil {
			return err
		}
	}
	if c.Delete && len(source.entries) == 0 && len(target.entries) > 0 && !c.Yes && !c.DryRun {
		return usagef("%s is empty, so that --delete would empty %s: say --yes, or look first with --dry-run",
			sanitize.Name(source.place.String()), sanitize.Name(target.place.String()))
	}
	changed, err := c.changed(copier, source, target)
	if err != nil {
		return err
	}
	if err := c.collect(copier, changed, source, target); err != nil {
		return err
	}
	transfer := newTransfer(t, "Copied", target.place.object, c.JSON, c.Quiet)
	transfer.target = target.place.String()
	if c.DryRun {
		transfer.verb, transfer.dryRun = "Would copy", true
	}
	report := transfer.newReport(copier.failed)
	err = transfer.do(report, copier.tasks)
	total := len(copier.tasks) + len(copier.failed)
	if c.Delete && err == nil && t.ctx.Err() == nil {
		deletion := &syncDeletion{t: t, copier: copier, report: report, source: source, target: target, extra: extraNames(source, target)}
		total += len(deletion.extra)
		err = deletion.run(c.DryRun, c.JSON)
	}
	copier.blocked.withdraw(report)
	return transfer.finish(report, total, err)
}

// changed returns the entries of the source that the target lacks, or has otherwise. One
// that can't be compared is a failure, and the others are compared.
func (c *syncCommand) changed(copier *copier, source, target *syncSide) ([]entry, error) {
	var changed []entry
	ctx := copier.t.ctx
	for _, name := range sortedNames(source.entries) {
		from := source.entries[name]
		to, exists := target.entries[name]
		if exists && from.size == to.size {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			same, err := c.isSame(ctx, from, to, source, target)
			if err != nil && ctx.Err() == nil {
				copier.fail(name, err)
			}
			if same || err != nil {
				continue
			}
		}
		changed = append(changed, from)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return changed, nil
}

// isSame compares two entries of the same size.
func (c *syncCommand) isSame(ctx context.Context, from, to entry, source, target *syncSide) (bool, error) {
	isDoubtful := isDoubtful(from, to, source.place.isS3 && target.place.isS3)
	if c.Checksum || isDoubtful {
		same, known, err := compareBytes(ctx, from, to, source, target)
		if err != nil || known {
			return same, err
		}
	}
	return !isDoubtful && !from.modified.Truncate(time.Second).After(to.modified.Truncate(time.Second)), nil
}

// isDoubtful reports whether times don't tell if the source was written to after it was
// copied, because S3's are in seconds.
func isDoubtful(from, to entry, areObjects bool) bool {
	isSecond := from.modified.Truncate(time.Second).Equal(to.modified.Truncate(time.Second))
	return isSecond && (from.modified.After(to.modified) || areObjects && from.modified.Equal(to.modified))
}

// compareBytes compares a file with an object's ETag, or two ETags. Known is false if
// the ETags do not tell.
func compareBytes(ctx context.Context, from, to entry, source, target *syncSide) (same, known bool, err error) {
	if source.place.isS3 && target.place.isS3 {
		return from.etag == to.etag, from.etag != "", nil
	}
	file, object, root := from, to, source.root
	if source.place.isS3 {
		file, object, root = to, from, target.root
	}
	opened, err := openfiles.OpenIn(root, filepath.FromSlash(file.name))
	if err != nil {
		return false, false, err
	}
	defer func() { _ = opened.Close() }()
	same, known, err = hasETag(&interruptibleFile{ctx, opened}, file.size, object.etag)
	if ended.IsEOF(err) { // it is shorter than it was
		return false, true, nil
	}
	return same, known, err
}

// An interruptibleFile is a file that is read until its context ends.
type interruptibleFile struct {
	ctx context.Context //nolint:containedctx // of one comparison
	*os.File
}

// Read reads, or returns why the context ended.
func (f *interruptibleFile) Read(p []byte) (int, error) {
	if f.ctx.Err() != nil {
		return 0, context.Cause(f.ctx)
	}
	return f.File.Read(p)
}

// collect adds the tasks that copy entries.
func (c *syncCommand) collect(copier *copier, changed []entry, source, target *syncSide) error {
	if !target.place.isS3 {
		query := folderQuery(source.place.object)
		copier.keepsTimes = true
		if c.Delete {
			copier.blocked = &blockedSet{}
		}
		return copier.fetchFolder(&query, changed, makeRoot(target.place.path), target.place.path)
	}
	for _, e := range changed {
		to := objectName{target.place.object.bucket, target.place.object.key + e.name}
		var err error
		if source.place.isS3 {
			err = copier.copyObject(objectName{source.place.object.bucket, e.key}, e.listed(), to)
		} else {
			err = copier.storeEntry(source.root, e, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
