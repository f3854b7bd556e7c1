// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// A copier collects the tasks of the commands that copy: put, get, cp, mv and sync.
type copier struct {
	t      *terminal
	store  *lithopss3.Store
	keep   *filter
	put    lithopss3.PutOptions // of what is stored
	resume bool
	moves  bool // the source is deleted after it was copied
	dryRun bool // nothing is made
	// keepsTimes gives files the times of their objects.
	keepsTimes bool
	isMixed    bool // the sources are in several buckets
	tasks      []task
	failed     []failureReport
	targets    map[string]bool
	sources    map[string]bool // objects that the server copies
	roots      []*os.Root
	blocked    *blockedSet               // of sync --delete
	together   lithopss3.DownloadOptions // of all downloads
}

func (t *terminal) newCopier(store *lithopss3.Store) *copier {
	return &copier{t: t, store: store, targets: map[string]bool{}, sources: map[string]bool{}, together: lithopss3.DownloadOptions{}.Together()}
}

// close closes the folders that the tasks work in.
func (c *copier) close() {
	c.blocked.close()
	for _, root := range c.roots {
		_ = root.Close()
	}
}

// openRoot opens a folder for the tasks.
func (c *copier) openRoot(path string) (*os.Root, error) {
	root, err := openfiles.OpenRoot(path)
	if err == nil {
		c.roots = append(c.roots, root)
	}
	return root, err
}

// word returns "copy" or "move", for dry runs.
func (c *copier) word() string {
	if c.moves {
		return "move"
	}
	return "copy"
}

// add adds a task. Two sources of one target are an error, because only one of them
// would be there in the end. On standard output, one follows the other.
func (c *copier) add(target string, next task) error {
	if c.targets[target] && target != "-" {
		return lineError{usagef("two of the sources would be stored as %s", sanitize.Name(target))}
	}
	c.targets[target] = true
	c.tasks = append(c.tasks, next)
	return nil
}

// checkSources returns an error if one task replaces the object that another one reads:
// the tasks run at the same time, and mv would lose what was replaced first.
func (c *copier) checkSources() error {
	for _, target := range slices.Sorted(maps.Keys(c.targets)) {
		if c.sources[target] {
			return usagef("%s is a source, and another source would be stored there: leave one of them out, or choose another target", sanitize.Name(target))
		}
	}
	return nil
}

// collectEach has collect add the tasks of each of several sources, and counts one that fails
// as a file. Names are those that the user wrote.
func (c *copier) collectEach(names []string, sharesBucket bool, collect func(i int) error) error {
	return c.t.eachOperand(len(names), sharesBucket, collect, func(i int, err error) error {
		if len(names) == 1 {
			return err
		}
		c.t.printError(err)
		c.failed = append(c.failed, failureReport{File: names[i], Error: err.Error(), err: err})
		return nil
	})
}

// fail reports a file for which there will be no task.
func (c *copier) fail(name string, err error) {
	c.failed = append(c.failed, failureReport{File: name, Error: err.Error()})
	c.t.printError(fmt.Errorf("%s: %w", sanitize.Name(name), err))
}

// describe returns what a dry run prints of a task.
func (c *copier) describe(source, target string) string {
	return fmt.Sprintf("would %s %s to %s", c.word(), sanitize.Name(source), sanitize.Name(target))
}

func urlOf(name objectName) string { return s3Scheme + name.bucket + "/" + name.key }

// storeFile adds a file, or standard input.
func (c *copier) storeFile(path string, target objectName) error {
	size := int64(-1)
	if path != "-" {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return fileError(path, err)
		case info.IsDir():
			return usagef("%s is a folder: say --recursive", formatPath(path))
		}
		size = info.Size()
	}
	return c.add(urlOf(target), task{
		isLink: c.moves && isNamedLink(path),
		name:   filepath.ToSlash(path), preview: c.describe(filepath.ToSlash(path), urlOf(target)), key: target.key, size: size,
		move: func(ctx context.Context, progress func(lithopss3.Progress)) error {
			opts := c.put
			opts.Progress = progress
			if path == "-" {
				return c.store.PutObject(ctx, target.bucket, target.key, c.t.stdin, &opts)
			}
			stored, err := os.Stat(path)
			if err != nil {
				return err
			}
			if isStream(stored) {
				return c.store.PutObject(ctx, target.bucket, target.key, newInput(ctx, &lateFile{path: path}), &opts)
			}
			if err := c.store.UploadFile(ctx, path, target.bucket, target.key, &opts); err != nil || !c.moves {
				return err
			}
			return removeStored(stored, func() (os.FileInfo, error) { return os.Stat(path) }, func() error { return os.Remove(path) })
		},
	})
}

// storeFolder adds all files below a folder, under the prefix target.key.
func (c *copier) storeFolder(path string, target objectName) error {
	root, err := c.openRoot(path)
	if err != nil {
		return usagef("%w", err)
	}
	found, failures := walkFiles(c.t, root, c.keep)
	c.failed = append(c.failed, failures...)
	for _, e := range found {
		if err := c.storeEntry(root, e, objectName{target.bucket, target.key + e.name}); err != nil {
			return err
		}
	}
	return nil
}

// storeEntry adds a file of a folder.
func (c *copier) storeEntry(root *os.Root, e entry, target objectName) error {
	local := filepath.FromSlash(e.name)
	return c.add(urlOf(target), task{
		isLink: c.moves && isLink(root, local),
		name:   e.name, preview: c.describe(filepath.ToSlash(filepath.Join(root.Name(), local)), urlOf(target)), key: target.key, size: e.size,
		move: func(ctx context.Context, progress func(lithopss3.Progress)) error {
			opts := c.put
			opts.Progress = progress
			stored, err := root.Stat(local)
			if err != nil {
				return err
			}
			if err := c.storeOpened(ctx, root, local, target, &opts); err != nil || !c.moves {
				return err
			}
			return removeStored(stored, func() (os.FileInfo, error) { return root.Stat(local) }, func() error { return root.Remove(local) })
		},
	})
}

// removeStored removes a file that was moved. An error says that the file is in both places.
func removeStored(stored os.FileInfo, stat func() (os.FileInfo, error), remove func() error) error {
	err := removeUnchanged(stored, stat, remove)
	switch {
	case errors.Is(err, errReplaced):
		return fmt.Errorf("the object is stored, and the file was %w", err)
	case err != nil:
		return fmt.Errorf("the object is stored, and the file was not deleted: %w", err)
	}
	return nil
}

// errReplaced is why something is kept that was to be deleted.
var errReplaced = errors.New("not deleted, because it was replaced or written to meanwhile")

// removeUnchanged removes a file that was described before, unless another is in its
// place or it was written to since.
func removeUnchanged(before os.FileInfo, stat func() (os.FileInfo, error), remove func() error) error {
	now, err := stat()
	if err != nil {
		return err
	}
	if !os.SameFile(before, now) || now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime()) {
		return errReplaced
	}
	return remove()
}

func (c *copier) storeOpened(ctx context.Context, root *os.Root, local string, target objectName, opts *lithopss3.PutOptions) error {
	opened, err := openfiles.OpenIn(root, local)
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	return c.store.PutObject(ctx, target.bucket, target.key, opened, opts)
}

// sizeOf returns size, unless it is not known and this is a dry run: then it returns the
// object's, and the error of an object that could not be copied.
func (c *copier) sizeOf(source objectName, size int64) (int64, error) {
	if size >= 0 || !c.dryRun {
		return size, nil
	}
	info, err := c.store.HeadObject(c.t.ctx, source.bucket, source.key)
	if err != nil {
		return 0, err
	}
	return info.Size, nil
}

// download returns the options of a download below root, or into any folder for nil. The
// size may be unknown.
func (c *copier) download(root *os.Root, size int64, progress func(lithopss3.Progress)) *lithopss3.DownloadOptions {
	opts := c.together
	opts.Root, opts.Resume, opts.Size, opts.Progress = root, c.resume, max(0, size), progress
	return &opts
}

// fetch downloads an object, or moves it.
func (c *copier) fetch(ctx context.Context, source objectName, path string, opts *lithopss3.DownloadOptions) error {
	if c.moves {
		return c.store.MoveToFile(ctx, source.bucket, source.key, path, opts)
	}
	return c.store.DownloadFile(ctx, source.bucket, source.key, path, opts)
}

// fromS3 adds an object that is copied to a file or another object. Found may be nil.
func (c *copier) fromS3(source objectName, found *lithopss3.ObjectInfo, target place) error {
	if target.isS3 {
		return c.copyObject(source, found, target.object)
	}
	return c.fetchFile(source, listedSize(found), target)
}

// listedSize returns the size of an object that was found, or -1 if it is not known.
func listedSize(found *lithopss3.ObjectInfo) int64 {
	if found == nil {
		return -1
	}
	return found.Size
}

// fromFolder adds all objects of a query.
func (c *copier) fromFolder(query *objectQuery, found []entry, target place) error {
	if target.isStdout() {
		for _, e := range found {
			if err := c.fetchFile(objectName{query.bucket, e.key}, e.size, target); err != nil {
				return err
			}
		}
		return nil
	}
	if !target.isS3 {
		return c.fetchFolder(query, found, makeRoot(target.path), target.path)
	}
	prefix := folderPrefix(target.object.key)
	for _, e := range found {
		key := prefix + e.name
		if key == "" && e.size == 0 {
			c.moveMark(query.bucket, e, urlOf(target.object))
			continue // it marks the folder itself, and a bucket needs no mark
		}
		if err := c.copyObject(objectName{query.bucket, e.key}, e.listed(), objectName{target.object.bucket, key}); err != nil {
			return err
		}
	}
	return nil
}

// copyObject adds an object that the server copies. Found may be nil.
func (c *copier) copyObject(source objectName, found *lithopss3.ObjectInfo, target objectName) error {
	if source == target {
		return usagef("%s is the source and the target", source.url())
	}
	size, err := c.sizeOf(source, listedSize(found))
	if err != nil {
		return err
	}
	c.sources[urlOf(source)] = true
	return c.add(urlOf(target), task{
		name: urlOf(source), preview: c.describe(urlOf(source), urlOf(target)), key: target.key, size: size,
		move: func(ctx context.Context, progress func(lithopss3.Progress)) error {
			opts := &lithopss3.CopyOptions{PutOptions: c.put, ReplaceMetadata: c.put.ContentType != "" || len(c.put.Metadata) > 0, Listed: found}
			opts.Progress = progress
			if c.moves {
				return c.store.MoveObject(ctx, source.bucket, source.key, target.bucket, target.key, opts)
			}
			return c.store.CopyObject(ctx, source.bucket, source.key, target.bucket, target.key, opts)
		},
	})
}

// checkKeyOf returns an error for a file's name that can be no key.
func checkKeyOf(name string) error {
	if !utf8.ValidString(name) {
		return usagef("%q is no key, as it is not UTF-8; name one with --key or s3://BUCKET/KEY", name)
	}
	return nil
}
