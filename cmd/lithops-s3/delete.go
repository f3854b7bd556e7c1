// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// deletionFlags are the options of everything that deletes objects.
type deletionFlags struct {
	DryRun bool `short:"n" aliases:"dryrun" help:"Only print what would be deleted."`
	Yes    bool `short:"y" help:"Do not ask before more than one object is deleted; needed without a terminal to ask on."`
	JSON   bool `name:"json" help:"Print JSON."`
}

type deleteCommand struct {
	storageFlags
	deletionFlags
	Args   []string `arg:"" optional:"" name:"object" help:"The bucket and keys, or s3://BUCKET/KEY. The bucket . is the configuration's."`
	Prefix string   `short:"p" help:"Delete every object whose key begins with this."`
}

// Usage is shown by delete --help.
func (deleteCommand) Usage() string {
	return "BUCKET KEY... | s3://BUCKET/KEY... | BUCKET --prefix PREFIX"
}

// Help is shown by delete --help.
func (deleteCommand) Help() string {
	return `A key that is not there is no error.

Examples:
  lithops-s3 delete my-bucket data/2026.csv
  lithops-s3 delete s3://my-bucket/a s3://my-bucket/b
  lithops-s3 delete my-bucket -p data/ --dry-run`
}

// A deleteReport is what deleting several objects prints as JSON.
type deleteReport struct {
	Bucket  string   `json:"bucket"`
	Key     string   `json:"key"` // the prefix
	Deleted int64    `json:"deleted"`
	Kept    int64    `json:"kept,omitempty"` // stored after they were counted
	DryRun  bool     `json:"dry_run,omitempty"`
	Keys    []string `json:"keys,omitempty"` // of a dry run
}

// Run deletes objects, or those with a prefix. A missing one is no error.
func (c *deleteCommand) Run(t *terminal) error {
	names, err := c.names()
	if err != nil {
		return err
	}
	store, err := c.openFor(t, names)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if c.Prefix != "" {
		return c.deleteAll(t, store, objectName{names[0].bucket, c.Prefix}, &lithopss3.ListOptions{Prefix: c.Prefix}, keepsAll)
	}
	return t.eachObject(names, func(name objectName) error { return c.deleteName(t, store, name) })
}

func (c *deleteCommand) names() ([]objectName, error) {
	if c.Prefix == "" && len(c.Args) == 1 {
		if _, isURL, _ := parseURL(c.Args[0]); !isURL {
			return nil, usagef("%s names no key: write BUCKET KEY, s3://BUCKET/KEY, or BUCKET --prefix PREFIX", sanitize.Name(c.Args[0]))
		}
	}
	if c.Prefix == "" {
		return parseObjects(c.Args)
	}
	switch len(c.Args) {
	case 0:
		return []objectName{{}}, nil
	case 1:
		bucket, err := parseBucket(c.Args[0])
		return []objectName{{bucket: bucket}}, err
	}
	return nil, usagef("delete takes a key or --prefix, one of them")
}

// deleteName deletes an object, or says that it would.
func (f *deletionFlags) deleteName(t *terminal, store *lithopss3.Store, name objectName) error {
	if f.DryRun {
		if _, err := store.HeadObject(t.ctx, name.bucket, name.key); err != nil {
			return err
		}
		return t.printDone(f.JSON, "Would delete", name, "dry_run", true)
	}
	if err := store.DeleteObject(t.ctx, name.bucket, name.key); err != nil {
		return err
	}
	return t.printDone(f.JSON, "Deleted", name)
}

// keepsAll is for what no filter is given.
func keepsAll(string) bool { return true }

// deleteAll deletes what is listed and kept by the filter. What can't be deleted leaves the
// rest alone.
func (f *deletionFlags) deleteAll(t *terminal, store *lithopss3.Store, name objectName, list *lithopss3.ListOptions, keeps func(key string) bool) error {
	if f.DryRun {
		return f.preview(t, store, name, list, keeps)
	}
	prefix, matches, err := selectedBy(list)
	if err != nil {
		return err
	}
	var seen *asked
	if !f.Yes {
		if seen, err = f.ask(t, store, name, list, keeps); err != nil {
			return err
		}
	}
	bar := t.newCounter(name.String(), "object")
	opts := &lithopss3.DeletePrefixOptions{All: prefix == "", Keep: func(info lithopss3.ObjectInfo) bool {
		return !matches(info.Key) || !keeps(info.Key) || seen.keeps(info)
	}}
	if bar != nil {
		done := int64(0)
		opts.Each = func(lithopss3.ObjectInfo) {
			done++
			bar.update(lithopss3.Progress{Done: done, Total: seen.total()})
		}
	}
	deleted, err := store.DeletePrefix(t.ctx, name.bucket, prefix, opts)
	bar.clear()
	if err != nil && deleted == 0 {
		return err
	}
	return errors.Join(err, f.print(t, "Deleted", name, &deleteReport{Deleted: deleted, Kept: seen.kept()}))
}

// selectedBy returns what all keys of a list begin with, and a function that reports whether a
// key with that prefix is in the list.
func selectedBy(list *lithopss3.ListOptions) (prefix string, matches func(key string) bool, err error) {
	if list.Match == "" {
		return list.Prefix, keepsAll, nil
	}
	glob, err := lithopss3.CompileGlob(list.Match)
	if err != nil {
		return "", nil, err
	}
	return glob.Prefix(), glob.Match, nil
}

// preview prints the keys that would be deleted.
func (f *deletionFlags) preview(t *terminal, store *lithopss3.Store, name objectName, opts *lithopss3.ListOptions, keeps func(key string) bool) error {
	report := &deleteReport{DryRun: true}
	opts.Parallel = listingsAtOnce
	for info, err := range store.ListObjects(t.ctx, name.bucket, opts) {
		if err != nil {
			return err
		}
		if !keeps(info.Key) {
			continue
		}
		report.Deleted++
		if f.JSON {
			report.Keys = append(report.Keys, info.Key)
			continue
		}
		if _, err := fmt.Fprintln(t.stdout, sanitize.Name(info.Key)); err != nil {
			return err
		}
	}
	return f.print(t, "Would delete", name, report)
}

// ask counts the objects. One needs no answer; for more, it asks a person, and
// without a terminal it does not count them all, as it can't ask.
func (f *deletionFlags) ask(t *terminal, store *lithopss3.Store, name objectName, opts *lithopss3.ListOptions, keeps func(key string) bool) (*asked, error) {
	seen := newAsked()
	for info, err := range t.counting(name.bucket, store.ListObjects(t.ctx, name.bucket, opts)) {
		if err != nil {
			return nil, err
		}
		if !keeps(info.Key) {
			continue
		}
		seen.add(info)
		if seen.total() > 1 && !isTerminal(t.stdin) {
			return nil, fmt.Errorf("more than one object %s %s: %w", relation(opts), sanitize.Name(name.key), errNeedsYes)
		}
	}
	if seen.total() <= 1 {
		return seen, nil
	}
	return seen, t.confirm(fmt.Sprintf("Delete %s, %s, from %s?", formatCount(seen.total(), "object"), formatSize(seen.bytes), name))
}

// relation says how keys relate to what was asked for.
func relation(opts *lithopss3.ListOptions) string {
	if opts.Match != "" {
		return "matches"
	}
	return "begins with"
}

func (f *deletionFlags) print(t *terminal, done string, name objectName, report *deleteReport) error {
	report.Bucket, report.Key = name.bucket, name.key
	if f.JSON {
		return t.printJSON(report)
	}
	_, err := fmt.Fprintf(t.stdout, "%s %s from %s%s\n", done, formatCount(report.Deleted, "object"), name, describeKept(report.Kept))
	return err
}

type rmCommand struct {
	storageFlags
	deletionFlags
	filterFlags
	Args      []string `arg:"" optional:"" name:"object" help:"s3://BUCKET/KEY, which can have wildcards, or the bucket and keys. The bucket . is the configuration's."`
	Recursive bool     `short:"r" help:"Delete all objects below a folder."`
}

// Usage is shown by rm --help.
func (rmCommand) Usage() string { return "s3://BUCKET/KEY..." }

// Help is shown by rm --help.
func (rmCommand) Help() string {
	return `With --recursive or wildcards, it asks before more than one object is deleted. A backslash before a wildcard makes it a character.

Examples:
  lithops-s3 rm s3://my-bucket/data/2026.csv
  lithops-s3 rm -r s3://my-bucket/data/ --dry-run
  lithops-s3 rm 's3://my-bucket/data/*.tmp' --yes`
}

// Run deletes objects.
func (c *rmCommand) Run(t *terminal) error {
	names, err := c.names()
	if err != nil {
		return err
	}
	keep, err := c.newFilter(t.filter)
	if err != nil {
		return err
	}
	store, err := c.openFor(t, names)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	return t.eachObject(names, func(name objectName) error { return c.remove(t, store, name, keep) })
}

// remove deletes an object, all below a folder, or all that match a pattern.
func (c *rmCommand) remove(t *terminal, store *lithopss3.Store, name objectName, keep *filter) error {
	var isPattern bool
	name.key, isPattern = plainKey(name.key)
	if !c.Recursive && !isPattern {
		if !keep.keepsNamed(name.key) {
			return nil
		}
		return c.deleteName(t, store, name)
	}
	query := folderQuery(name)
	if !c.Recursive {
		var err error
		if query, err = patternQuery(name); err != nil {
			return err
		}
	}
	if keep == nil && query.match == "" {
		name.key = query.prefix
	}
	keeps := func(key string) bool { return keep.keeps(strings.TrimPrefix(key, query.base)) }
	return c.deleteAll(t, store, name, &lithopss3.ListOptions{Prefix: query.prefix, Match: query.match}, keeps)
}

// names reads the arguments. With --recursive, a bucket without a key is all of it.
func (c *rmCommand) names() ([]objectName, error) {
	if len(c.Args) == 0 {
		return nil, usagef("rm takes s3://BUCKET/KEY")
	}
	if !c.Recursive && len(c.Include)+len(c.Exclude) > 0 && !slices.ContainsFunc(c.Args, hasWildcard) {
		return nil, usagef("--include and --exclude need --recursive or a wildcard")
	}
	if !c.Recursive {
		names, err := parseObjects(c.Args)
		for _, name := range names {
			if _, bad := patternQuery(name); hasWildcard(name.key) && bad != nil {
				return nil, bad
			}
		}
		return names, err
	}
	if _, isURL, err := parseURL(c.Args[0]); err != nil || !isURL {
		return parseObjects(c.Args)
	}
	var names []objectName
	for _, arg := range c.Args {
		name, isURL, err := parseURL(arg)
		if err != nil || !isURL {
			return nil, firstError(err, usagef("%s is no s3://BUCKET/KEY", sanitize.Name(arg)))
		}
		names = append(names, name)
	}
	return names, nil
}
