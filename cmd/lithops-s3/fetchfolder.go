// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// fetchFile adds an object and the file that it becomes, - for standard output.
func (c *copier) fetchFile(source objectName, size int64, target place) error {
	path := target.path
	size, err := c.sizeOf(source, size)
	if err != nil {
		return err
	}
	return c.add(path, task{
		name: urlOf(source), preview: c.describe(urlOf(source), filepath.ToSlash(path)), key: source.key, size: size,
		move: func(ctx context.Context, progress func(lithopss3.Progress)) error {
			if path == "-" {
				return c.print(ctx, source, progress)
			}
			if target.isBelow {
				if err := c.makeFolder(ctx, source, nil, filepath.Dir(path)); err != nil {
					return err
				}
			}
			return c.fetch(ctx, source, path, c.download(nil, size, progress))
		},
	})
}

// fetchFolder adds all objects of a query, as files below a folder that open makes.
func (c *copier) fetchFolder(query *objectQuery, found []entry, open func() (*os.Root, error), folder string) error {
	names, err := nameLocally(found)
	if err != nil {
		return err
	}
	c.failed = append(c.failed, names.failures...)
	for _, failure := range names.failures {
		c.t.printError(fmt.Errorf("%s: %s", sanitize.Name(failure.File), failure.Error)) //nolint:err113 // told at once
	}
	var root *os.Root
	if !c.dryRun {
		if root, err = open(); err != nil {
			return err
		}
		c.roots = append(c.roots, root)
		for _, below := range names.folders {
			if err := root.MkdirAll(below, partfile.FolderMode); err != nil {
				return err
			}
		}
	}
	for _, e := range names.files {
		if err := c.fetchEntry(query.bucket, e, root, folder); err != nil {
			return err
		}
	}
	for _, e := range names.marks {
		c.moveMark(query.bucket, e, filepath.Join(folder, e.name)+"/")
	}
	return nil
}

// moveMark adds an empty object that marks a folder, if it is moved to where folders have no
// such objects. It becomes a file that is removed, because a move deletes only what it read.
func (c *copier) moveMark(bucket string, e entry, target string) {
	if !c.moves {
		return
	}
	source := objectName{bucket, e.key}
	c.tasks = append(c.tasks, task{
		name: urlOf(source), preview: c.describe(urlOf(source), filepath.ToSlash(target)), key: e.key,
		move: func(ctx context.Context, progress func(lithopss3.Progress)) error {
			if e.etag == "" {
				return errNoETag
			}
			folder, err := os.MkdirTemp("", "lithops-s3-")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(folder) }()
			opts := &lithopss3.DownloadOptions{IfMatch: e.etag, Progress: progress} // still empty
			return c.store.MoveToFile(ctx, bucket, e.key, filepath.Join(folder, "mark"), opts)
		},
	})
}

// errNoETag is why an empty object stays: another in its place would go unnoticed.
var errNoETag = errors.New("not deleted, because the server lists no ETag")

// makeFolder makes a folder of this machine, below root if that is not nil, unless the object
// that becomes a file there is missing.
func (c *copier) makeFolder(ctx context.Context, source objectName, root *os.Root, folder string) error {
	stat, mkdir := os.Stat, os.MkdirAll
	if root != nil {
		stat, mkdir = root.Stat, root.MkdirAll
	}
	if _, err := stat(folder); errors.Is(err, fs.ErrNotExist) {
		if _, err := c.store.HeadObject(ctx, source.bucket, source.key); err != nil {
			return err
		}
	}
	return mkdir(folder, partfile.FolderMode)
}

// fetchEntry adds an object that becomes a file below root.
func (c *copier) fetchEntry(bucket string, e entry, root *os.Root, folder string) error {
	source := objectName{bucket, e.key}
	path := filepath.Join(folder, e.name)
	local, err := c.blocked.add(root, e.name, e.size)
	if err != nil {
		return err
	}
	return c.add(path, task{
		name: e.key, preview: c.describe(urlOf(source), filepath.ToSlash(path)), key: e.key, size: e.size,
		move: func(ctx context.Context, progress func(lithopss3.Progress)) error {
			if err := root.MkdirAll(filepath.Dir(local), partfile.FolderMode); err != nil {
				return err
			}
			opts := c.download(root, e.size, progress)
			if c.keepsTimes {
				opts.ModTime = e.modified
			}
			return c.fetch(ctx, source, local, opts)
		},
	})
}

// makeRoot makes a folder and opens it.
func makeRoot(path string) func() (*os.Root, error) {
	return func() (*os.Root, error) {
		if err := os.MkdirAll(path, partfile.FolderMode); err != nil {
			return nil, err
		}
		return openfiles.OpenRoot(path)
	}
}
