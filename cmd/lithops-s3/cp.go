// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// copyFlags are the options of cp and mv.
type copyFlags struct {
	storageFlags
	objectFlags
	filterFlags
	Paths     []string `arg:"" optional:"" type:"file" name:"path" help:"The sources and the target. At least one side is on S3. Sources on S3 can have wildcards."`
	IfAbsent  bool     `name:"if-absent" help:"Store only objects that are not there yet."`
	Recursive bool     `short:"r" help:"Copy all that is below a folder."`
	DryRun    bool     `short:"n" aliases:"dryrun" help:"Only print what would be copied."`
	Resume    bool     `help:"Resume interrupted downloads; keep partial data if interrupted again."`
	Quiet     bool     `short:"q" help:"Print nothing but errors."`
	JSON      bool     `name:"json" help:"Print JSON."`
}

// Usage is shown by cp --help and mv --help.
func (copyFlags) Usage() string { return "SOURCE... TARGET" }

type cpCommand struct{ copyFlags }

// Help is shown by cp --help.
func (cpCommand) Help() string {
	return `A path is a file or folder of this machine, - for standard input or output, or s3://BUCKET/KEY, with s3://./KEY for the configuration's bucket. Between buckets, the server copies. If the target ends with a slash, is a folder, or if there are several sources, the target is a folder, which is made if it is missing. A backslash before a wildcard makes it a character.

Examples:
  lithops-s3 cp data.csv s3://my-bucket/data/
  lithops-s3 cp -r s3://my-bucket/results results --exclude '*.tmp'
  lithops-s3 cp 's3://my-bucket/data/*.csv' .
  lithops-s3 cp s3://my-bucket/a s3://other-bucket/b`
}

// Run copies.
func (c *cpCommand) Run(t *terminal) error { return c.copy(t, false) }

type mvCommand struct{ copyFlags }

// Help is shown by mv --help.
func (mvCommand) Help() string {
	return `Copies as cp does, and deletes each source after it was copied, unless it was replaced meanwhile. With --recursive, empty objects that mark folders are moved too; they become folders of this machine.

Examples:
  lithops-s3 mv data.csv s3://my-bucket/data/
  lithops-s3 mv -r s3://my-bucket/new/ s3://my-bucket/old/ --dry-run`
}

// Run moves.
func (c *mvCommand) Run(t *terminal) error { return c.copy(t, true) }

// A place is a path of this machine, or an object or folder on S3.
type place struct {
	isS3    bool
	path    string
	object  objectName
	isBelow bool // of a folder, which is made if it is missing

	isPattern bool // the key has wildcards
}

func parsePlace(text string) (place, error) {
	name, isURL, err := parseURL(text)
	if isURL || err != nil {
		p := place{isS3: true, object: name}
		p.object.key, p.isPattern = plainKey(name.key)
		return p, err
	}
	return place{path: text}, nil
}

// String returns the place as it can be written again.
func (p place) String() string {
	if p.isS3 {
		return urlOf(p.object)
	}
	return filepath.ToSlash(p.path)
}

// isFolder reports whether what is copied to the place becomes a file below it.
func (p place) isFolder() bool {
	if p.isS3 {
		return p.object.key == "" || strings.HasSuffix(p.object.key, "/")
	}
	return p.path != "-" && isFolder(p.path)
}

// isStdout reports whether the place, as a target, is standard output.
func (p place) isStdout() bool { return !p.isS3 && p.path == "-" }

// join returns the place of name below p.
func (p place) join(name string) place {
	if p.isS3 {
		return place{isS3: true, object: objectName{p.object.bucket, folderPrefix(p.object.key) + name}}
	}
	return place{path: joinFile(p.path, filepath.FromSlash(name))}
}

// below returns the place in p of what has the last name of a key. On this machine, the
// name must be one that leads nowhere else.
func (p place) below(key string) (place, error) {
	name := path.Base(key)
	if p.isS3 {
		return p.join(name), nil
	}
	if _, err := lithopss3.LocalPath(name); err != nil {
		return place{}, lineError{usagef("the key would be written outside of %s, or not at all: %w", formatPath(p.path), err)}
	}
	joined := p.join(name)
	joined.isBelow = true
	return joined, nil
}

// places reads the arguments of cp and mv.
func (c *copyFlags) places(moves bool) (sources []place, target place, err error) {
	if len(c.Paths) < 2 {
		return nil, place{}, usagef("name a source and a target")
	}
	all := make([]place, len(c.Paths))
	for i, text := range c.Paths {
		if all[i], err = parsePlace(text); err != nil {
			return nil, place{}, err
		}
	}
	sources, target = all[:len(all)-1], all[len(all)-1]
	target.path = standardOut(target.path)
	for _, source := range sources {
		if err := c.checkPair(source, target, moves); err != nil {
			return nil, place{}, err
		}
	}
	if len(sources) == 1 && !sources[0].isS3 {
		if err := checkFile(sources[0].path); err != nil {
			return nil, place{}, err
		}
	}
	if len(c.Include)+len(c.Exclude) > 0 && !c.Recursive && !anyWildcard(sources) {
		return nil, place{}, usagef("--include and --exclude need --recursive or a wildcard")
	}
	return sources, target, nil
}

func anyWildcard(sources []place) bool {
	for _, source := range sources {
		if source.isPattern {
			return true
		}
	}
	return false
}

// checkPair returns an error for a source and a target that make no sense.
func (c *copyFlags) checkPair(source, target place, moves bool) error {
	isStream := !source.isS3 && source.path == "-" || !target.isS3 && target.path == "-"
	switch {
	case !source.isS3 && !target.isS3:
		return usagef("neither %s nor %s is on S3: write s3://BUCKET/KEY", formatPath(source.path), formatPath(target.path))
	case isStream && c.Recursive:
		return usagef("standard input and output are no folders")
	case isStream && moves:
		return usagef("standard input and output can't be moved")
	case !source.isS3 && source.path == "-" && (target.isFolder() || len(c.Paths) > 2):
		return usagef("standard input needs a key: s3://BUCKET/KEY")
	case c.IfAbsent && !target.isS3:
		return usagef("--if-absent is for objects, and would not keep the file %s", formatPath(target.path))
	case source.isS3 && source.object.key == "" && !c.Recursive:
		return usagef("%s names no key: say --recursive for the whole bucket", sanitize.Name(urlOf(source.object)))
	}
	return nil
}

// copy copies all sources, and deletes them if they are moved.
func (c *copyFlags) copy(t *terminal, moves bool) error {
	sources, target, err := c.places(moves)
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
	copier.keep, copier.put, copier.resume, copier.moves, copier.dryRun = keep, opts, c.Resume, moves, c.DryRun
	copier.put.IfAbsent = c.IfAbsent
	if err := t.resolvePlaces(copier, sources, &target); err != nil {
		return err
	}
	err = copier.collectEach(c.Paths[:len(sources)], shareBucketOf(sources), func(i int) error {
		return c.collect(copier, sources[i], target, len(sources) > 1)
	})
	if err != nil {
		return err
	}
	if err := copier.checkSources(); err != nil {
		return err
	}
	copier.isMixed = !shareBucketOf(sources)
	return c.run(t, copier, target)
}

// shareBucketOf reports whether all places are in one bucket, or files.
func shareBucketOf(places []place) bool {
	names := make([]objectName, len(places))
	for i, p := range places {
		names[i] = p.object
	}
	return shareBucket(names)
}

// resolvePlaces fills in the configuration's bucket.
func (t *terminal) resolvePlaces(copier *copier, sources []place, target *place) error {
	for i := range sources {
		if !sources[i].isS3 {
			continue
		}
		if err := t.resolve(copier.store, &sources[i].object); err != nil {
			return err
		}
	}
	if !target.isS3 {
		return nil
	}
	return t.resolve(copier.store, &target.object)
}

// collect adds the tasks of a source. IsOneOfMany reports that there are others,
// whose folders keep their names.
func (c *copyFlags) collect(copier *copier, source, target place, isOneOfMany bool) error {
	if !source.isS3 {
		return c.collectFiles(copier, source, target, isOneOfMany)
	}
	if !c.Recursive && !source.isPattern {
		if !copier.keep.keepsNamed(source.object.key) {
			return nil
		}
		if isOneOfMany && !target.isStdout() || target.isFolder() {
			var err error
			if target, err = target.below(source.object.key); err != nil {
				return err
			}
		}
		return copier.fromS3(source.object, nil, target)
	}
	query, err := c.query(source.object)
	if err == nil && isOneOfMany && c.Recursive && source.object.key != "" {
		target, err = target.below(source.object.key)
	}
	if err != nil {
		return err
	}
	found, err := query.list(copier.t, copier.store, copier.keep)
	if err != nil {
		return err
	}
	if query.isEmpty {
		return c.collectLone(copier, source, target, &query)
	}
	return copier.fromFolder(&query, found, target)
}

// query selects the objects of a source on S3 that is a folder or a pattern.
func (c *copyFlags) query(source objectName) (objectQuery, error) {
	if c.Recursive {
		return folderQuery(source), nil
	}
	return patternQuery(source)
}

// collectLone adds the object that was named as a folder, as cp -r copies a file.
func (c *copyFlags) collectLone(copier *copier, source, target place, query *objectQuery) error {
	if query.match != "" || source.object.key == "" || strings.HasSuffix(source.object.key, "/") {
		return query.none()
	}
	info, err := copier.store.HeadObject(copier.t.ctx, source.object.bucket, source.object.key)
	if errors.Is(err, fs.ErrNotExist) {
		return query.none()
	}
	if err != nil || !copier.keep.keepsNamed(source.object.key) {
		return err
	}
	if target.isFolder() {
		if target, err = target.below(source.object.key); err != nil {
			return err
		}
	}
	return copier.fromS3(source.object, info, target)
}

func (c *copyFlags) collectFiles(copier *copier, source, target place, isOneOfMany bool) error {
	info, err := os.Stat(source.path)
	isDir := err == nil && info.IsDir() && source.path != "-"
	if isDir && !c.Recursive {
		return usagef("%s is a folder: say --recursive", formatPath(source.path))
	}
	if !isDir && !copier.keep.keepsNamed(filepath.ToSlash(source.path)) {
		return nil
	}
	if err == nil && copier.moves && !isDir && !info.Mode().IsRegular() {
		return usagef("%s is no regular file, and can't be moved", formatPath(source.path))
	}
	name := ""
	if isOneOfMany || !isDir && target.isFolder() {
		if name, err = baseName(source.path); err != nil {
			return err
		}
		if err := checkKeyOf(name); err != nil {
			return err
		}
		target = target.join(name)
	}
	if isDir {
		return copier.storeFolder(source.path, objectName{target.object.bucket, folderPrefix(target.object.key)})
	}
	return copier.storeFile(source.path, target.object)
}

// run runs the tasks.
func (c *copyFlags) run(t *terminal, copier *copier, target place) error {
	if target.isStdout() {
		return copier.runInTurn(c.Quiet)
	}
	verb := "Copied"
	if copier.moves {
		verb = "Moved"
	}
	if len(copier.tasks) == 1 && len(copier.failed) == 0 && !c.JSON && !c.DryRun {
		return t.runAlone(copier, verb, c.Quiet)
	}
	transfer := newTransfer(t, verb, target.object, c.JSON, c.Quiet)
	transfer.target, transfer.isMixed = target.String(), copier.isMixed
	if c.DryRun {
		transfer.verb, transfer.dryRun = "Would "+copier.word(), true
	}
	return transfer.run(copier.tasks, copier.failed)
}

// runAlone runs the only task; its error is the command's.
func (t *terminal) runAlone(copier *copier, verb string, quiet bool) error {
	only := copier.tasks[0]
	bar := t.newBar(only.key, quiet)
	err := only.move(t.ctx, bar.report())
	bar.clear()
	if err != nil || quiet {
		return err
	}
	_, err = fmt.Fprintf(t.stdout, "%s %s\n", verb, strings.TrimPrefix(only.preview, "would "+copier.word()+" "))
	return err
}
