// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

type getCommand struct {
	storageFlags
	Args      []string `arg:"" optional:"" name:"object" help:"The bucket and keys, or s3://BUCKET/KEY. The bucket . is the configuration's. With --recursive, a folder, or nothing for the whole bucket."`
	Out       string   `short:"o" type:"file" placeholder:"FILE" help:"The file or folder to write, which is a folder, and made, if it ends with a slash; - for standard output; the key, below this folder, if not given."`
	Recursive bool     `short:"r" help:"Fetch all objects below a folder."`
	DryRun    bool     `short:"n" help:"Only print what would be fetched."`
	Resume    bool     `help:"Resume an interrupted download; keep partial data if interrupted again."`
	Quiet     bool     `short:"q" help:"Print nothing but errors."`
	JSON      bool     `name:"json" help:"Print JSON."`
}

// Usage is shown by get --help.
func (getCommand) Usage() string { return "BUCKET KEY... | s3://BUCKET/KEY..." }

// Help is shown by get --help.
func (getCommand) Help() string {
	return `Examples:
  lithops-s3 get my-bucket data/2026.csv -o copy.csv
  lithops-s3 get s3://my-bucket/data/2026.csv --resume
  lithops-s3 get -r s3://my-bucket/results -o results
  lithops-s3 get . folder.tar -o - | tar x

Standard output gets a large object in ranges, several at once, with up to 64 MiB of memory.`
}

// Run fetches the objects, or all below a folder.
func (c *getCommand) Run(t *terminal) error {
	names, err := c.names()
	if err != nil {
		return err
	}
	store, err := c.openFor(t, names)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	copier := t.newCopier(store)
	defer copier.close()
	copier.resume, copier.dryRun = c.Resume, c.DryRun
	if c.Recursive {
		return c.fetchFolder(t, copier, names[0])
	}
	return c.fetch(t, copier, names)
}

// names reads the arguments.
func (c *getCommand) names() ([]objectName, error) {
	c.Out = standardOut(c.Out)
	if c.Recursive {
		return c.folder()
	}
	names, err := parseObjects(c.Args)
	if err != nil {
		return nil, err
	}
	if len(names) > 1 && c.Out != "" && c.Out != "-" && !isFolder(c.Out) {
		return nil, usagef("several objects need a folder for --out")
	}
	for _, name := range names {
		if _, err := c.target(name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// folder reads the arguments of get --recursive.
func (c *getCommand) folder() ([]objectName, error) {
	if c.Out == "-" {
		return nil, usagef("standard output is no folder")
	}
	if len(c.Args) == 0 {
		return []objectName{{}}, nil
	}
	name, err := parseFolder(c.Args[0])
	switch {
	case err != nil:
		return nil, err
	case len(c.Args) > 2, len(c.Args) == 2 && name.key != "":
		return nil, usagef("get --recursive takes one folder: BUCKET KEY or s3://BUCKET/KEY")
	case len(c.Args) == 2:
		name.key = c.Args[1]
	}
	return []objectName{name}, nil
}

// target returns the file to write.
func (c *getCommand) target(name objectName) (string, error) {
	if c.Out != "" && !isFolder(c.Out) {
		return c.Out, nil
	}
	key := name.key
	if c.Out != "" {
		key = path.Base(key)
	}
	out, err := lithopss3.LocalPath(key)
	if err != nil {
		return "", usagef("the key would be written outside of this folder, or not at all: %w; say where with --out", err)
	}
	if c.Out != "" {
		return joinFile(c.Out, out), nil
	}
	return out, nil
}

// fetch fetches objects that are named.
func (c *getCommand) fetch(t *terminal, copier *copier, names []objectName) error {
	written := make([]string, len(names))
	for i, name := range names {
		written[i] = urlOf(name)
	}
	copier.isMixed = !shareBucket(names)
	err := copier.collectEach(written, !copier.isMixed, func(i int) error {
		out, err := c.target(names[i])
		switch {
		case err != nil:
			return err
		case c.Out == "":
			return copier.fetchBelow(names[i], out)
		}
		return copier.fetchFile(names[i], -1, place{path: out, isBelow: isFolder(c.Out)})
	})
	if err != nil {
		return err
	}
	return c.report(t, copier, names)
}

// report runs the tasks: one with its own line, several with a summary.
func (c *getCommand) report(t *terminal, copier *copier, names []objectName) error {
	if c.Out == "-" {
		return copier.runInTurn(c.Quiet)
	}
	if len(names) == 1 {
		out, err := c.target(names[0])
		if err != nil {
			return err
		}
		return t.runOne(copier, oneTask{done: "Fetched", dry: "Would fetch", object: names[0], file: out, json: c.JSON, quiet: c.Quiet, dryRun: c.DryRun})
	}
	return c.newTransfer(t, copier, objectName{names[0].bucket, ""}).run(copier.tasks, copier.failed)
}

func (c *getCommand) newTransfer(t *terminal, copier *copier, object objectName) *transfer {
	transfer := newTransfer(t, "Fetched", object, c.JSON, c.Quiet)
	transfer.isMixed = copier.isMixed
	if c.DryRun {
		transfer.verb, transfer.dryRun = "Would fetch", true
		for i := range copier.tasks {
			copier.tasks[i].preview = sanitize.Name(copier.tasks[i].key)
		}
	}
	return transfer
}

// runInTurn runs the tasks one after the other, with a bar if their bytes don't go to
// the terminal. A dry run has nothing to print.
func (c *copier) runInTurn(quiet bool) error {
	failures := &failuresError{failed: len(c.failed), total: len(c.failed) + len(c.tasks), first: firstFailure(c.failed)}
	if c.dryRun {
		return failures.ofEach(c.t, true, func(int) error { return nil })
	}
	return failures.ofEach(c.t, !c.isMixed, func(i int) error {
		var bar *progressBar
		if !quiet && !c.t.stdout.isTerminal {
			bar = c.t.newLiveBar(c.tasks[i].key)
		}
		defer bar.clear()
		return c.tasks[i].move(c.t.ctx, bar.report())
	})
}

// print writes an object to standard output.
func (c *copier) print(ctx context.Context, source objectName, progress func(lithopss3.Progress)) error {
	object, err := c.store.GetObject(ctx, source.bucket, source.key, nil)
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	_, err = io.Copy(&countedWriter{c.t.stdout.data(), progress, lithopss3.Progress{Total: object.Length}}, object.Body)
	return err
}

// A countedWriter reports how many bytes were written.
type countedWriter struct {
	io.Writer
	progress func(lithopss3.Progress)
	so       lithopss3.Progress
}

// Write writes and reports.
func (w *countedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.so.Done += int64(n)
	if w.progress != nil {
		w.progress(w.so)
	}
	return n, err
}

// fetchBelow adds an object that becomes the file of its key's own path, wherever
// links in this folder lead.
func (c *copier) fetchBelow(name objectName, out string) error {
	size, err := c.sizeOf(name, -1)
	if err != nil {
		return err
	}
	return c.add(out, task{
		name: urlOf(name), key: name.key, size: size,
		move: func(ctx context.Context, progress func(lithopss3.Progress)) error {
			root, err := openfiles.OpenRoot(".")
			if err != nil {
				return err
			}
			defer func() { _ = root.Close() }()
			if err := c.makeFolder(ctx, name, root, filepath.Dir(out)); err != nil {
				return err
			}
			return c.store.DownloadFile(ctx, name.bucket, name.key, out, c.download(root, size, progress))
		},
	})
}

// fetchFolder fetches all objects below a prefix into a folder, or the one object
// that has the folder's name. All keys are looked at before a byte is written.
func (c *getCommand) fetchFolder(t *terminal, copier *copier, name objectName) error {
	query := folderQuery(name)
	found, err := query.list(t, copier.store, nil)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return c.fetchLone(t, copier, name, query.none())
	}
	if err := copier.fetchFolder(&query, found, func() (*os.Root, error) { return c.openFolder(query.prefix) }, ""); err != nil {
		return err
	}
	return c.newTransfer(t, copier, objectName{name.bucket, query.prefix}).run(copier.tasks, copier.failed)
}

// fetchLone fetches the object that was named as a folder, as cp -r copies a file.
func (c *getCommand) fetchLone(t *terminal, copier *copier, name objectName, none error) error {
	if name.key == "" || strings.HasSuffix(name.key, "/") {
		return none
	}
	if _, err := copier.store.HeadObject(t.ctx, name.bucket, name.key); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return none
		}
		return err
	}
	return c.fetch(t, copier, []objectName{name})
}

// openFolder makes and opens the folder to fetch into: the one of --out, else that
// of the prefix below this one.
func (c *getCommand) openFolder(prefix string) (*os.Root, error) {
	if c.Out != "" {
		return makeRoot(c.Out)()
	}
	here, err := openfiles.OpenRoot(".")
	if err != nil || prefix == "" {
		return here, err
	}
	defer func() { _ = here.Close() }()
	below, err := lithopss3.LocalPath(strings.TrimSuffix(prefix, "/"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w; say where with --out", errUsage, err)
	}
	if err := here.MkdirAll(below, partfile.FolderMode); err != nil {
		return nil, err
	}
	return openfiles.Open(func() (*os.Root, error) { return here.OpenRoot(below) })
}
