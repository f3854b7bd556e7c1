package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// filesAtOnce is how many files of a folder are on their way at a time.
const filesAtOnce = 8

// A folderFile is a file of a folder and its key.
type folderFile struct {
	path string // below the folder
	key  string
	size int64
}

// A folderTransfer moves the files of a folder.
type folderTransfer struct {
	t      *terminal
	verb   string // "Stored" or "Fetched"
	object objectName
	json   bool
	quiet  bool
	dryRun bool
}

// A folderReport is what a transfer of a folder prints as JSON.
type folderReport struct {
	Bucket string          `json:"bucket"`
	Prefix string          `json:"prefix"`
	Files  int             `json:"files"` // that were moved
	Bytes  int64           `json:"bytes"`
	Failed []failureReport `json:"failed"`
	DryRun bool            `json:"dry_run,omitempty"`
	Keys   []string        `json:"keys,omitempty"` // of a dry run
}

type failureReport struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

func newTransfer(t *terminal, verb string, object objectName, json, quiet bool) *folderTransfer {
	return &folderTransfer{t: t, verb: verb, object: object, json: json, quiet: quiet}
}

// run moves all files, several at once. An error of one leaves the others alone;
// the first is returned in the end.
func (f *folderTransfer) run(files []folderFile, failures []failureReport, move func(context.Context, folderFile, func(lithopss3.Progress)) error) error {
	if f.dryRun {
		return f.preview(files, failures)
	}
	bar := &sharedBar{bar: f.t.newBar(path.Base(f.object.bucket+"/"+f.object.key), f.quiet)}
	for _, file := range files {
		bar.total.Total += file.size
	}
	report := &folderReport{Bucket: f.object.bucket, Prefix: f.object.key, Failed: failures}
	firstErr := firstFailure(failures)
	var mu sync.Mutex
	var group sync.WaitGroup
	var next atomic.Int64
	for range min(filesAtOnce, len(files)) {
		group.Go(func() {
			for index := int(next.Add(1) - 1); index < len(files) && f.t.ctx.Err() == nil; index = int(next.Add(1) - 1) {
				file := files[index]
				err := move(f.t.ctx, file, bar.report())
				mu.Lock()
				if err == nil {
					report.Files++
					report.Bytes += file.size
				} else if f.t.ctx.Err() == nil {
					bar.bar.clear()
					firstErr = f.note(report, file.path, err, firstErr)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	bar.bar.clear()
	return f.finish(report, len(files)+len(failures), firstErr)
}

// firstFailure returns the first of the failures as an error, nil if there is none.
func firstFailure(failures []failureReport) error {
	if len(failures) == 0 {
		return nil
	}
	return errors.New(sanitize.Name(failures[0].File) + ": " + failures[0].Error)
}

// preview prints what run would move.
func (f *folderTransfer) preview(files []folderFile, failures []failureReport) error {
	report := &folderReport{Bucket: f.object.bucket, Prefix: f.object.key, Failed: failures, DryRun: true}
	for _, file := range files {
		report.Files++
		report.Bytes += file.size
		if f.json {
			report.Keys = append(report.Keys, file.key)
			continue
		}
		if _, err := fmt.Fprintln(f.t.stdout, sanitize.Name(file.key)); err != nil {
			return err
		}
	}
	return f.finish(report, len(files)+len(failures), firstFailure(failures))
}

// note tells of a file that failed, at once.
func (f *folderTransfer) note(report *folderReport, name string, err, first error) error {
	report.Failed = append(report.Failed, failureReport{File: name, Error: err.Error()})
	f.t.printError(fmt.Errorf("%s: %w", sanitize.Name(name), err))
	if first != nil {
		return first
	}
	return fmt.Errorf("%s: %w", sanitize.Name(name), err)
}

func (f *folderTransfer) finish(report *folderReport, total int, firstErr error) error {
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
		_, err = fmt.Fprintf(f.t.stdout, "%s %s, %s: %s\n", f.verb, formatCount(report.Files, "file"), formatSize(report.Bytes), f.object)
	}
	if firstErr != nil {
		return fmt.Errorf("%d of %d files failed, the first: %w", len(report.Failed), total, firstErr)
	}
	return err
}

// folderPrefix makes a prefix of what the user wrote for a folder.
func folderPrefix(name string) string {
	name = strings.TrimSuffix(name, "/")
	if name == "" || name == "." {
		return ""
	}
	return name + "/"
}

// putFolder stores all files below a folder. Links to files within it are
// followed, what is no file is an error of its own.
func putFolder(t *terminal, store *lithopss3.Store, c *putCommand, name string) error {
	root, err := os.OpenRoot(c.File)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	defer func() { _ = root.Close() }()
	prefix := folderPrefix(name)
	transfer := newTransfer(t, "Stored", objectName{c.Bucket, prefix}, c.JSON, c.Quiet)
	if c.DryRun {
		transfer.verb, transfer.dryRun = "Would store", true
	}
	files, failures := transfer.findFiles(root, prefix)
	return transfer.run(files, failures, func(ctx context.Context, file folderFile, progress func(lithopss3.Progress)) error {
		opened, err := root.Open(filepath.FromSlash(file.path))
		if err != nil {
			return err
		}
		defer func() { _ = opened.Close() }()
		return store.PutObject(ctx, c.Bucket, file.key, opened, &lithopss3.PutOptions{Progress: progress})
	})
}

// findFiles walks a folder. Paths have slashes. The temporary files of downloads are
// skipped, each with a line that says so, but only those that are proved to be such:
// a file of the user's that just has the name of one is stored.
func (f *folderTransfer) findFiles(root *os.Root, prefix string) (files []folderFile, failures []failureReport) {
	fail := func(name string, err error) {
		failures = append(failures, failureReport{File: name, Error: err.Error()})
		f.t.printError(fmt.Errorf("%s: %w", sanitize.Name(name), err))
	}
	_ = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			fail(name, err)
			return nil // the rest of the folder is still worth storing
		case entry.IsDir():
			return nil
		}
		info, err := root.Stat(filepath.FromSlash(name))
		switch {
		case err != nil:
			fail(name, err)
		case !utf8.ValidString(name):
			fail(name, errors.New("the name is no key, as it is not UTF-8"))
		case partfile.IsLeftover(root, filepath.FromSlash(name)):
			f.t.printError(fmt.Errorf("%s: skipped, because it is the temporary file of an unfinished download", sanitize.Name(name)))
		case info.Mode().IsRegular():
			files = append(files, folderFile{path: name, key: prefix + name, size: info.Size()})
		case info.IsDir():
			fail(name, errors.New("a link to a folder is not followed"))
		default:
			fail(name, errors.New("is no file"))
		}
		return nil
	})
	return files, failures
}

// getFolder fetches all objects below a prefix into a folder. All keys are looked
// at before a byte is written.
func getFolder(t *terminal, store *lithopss3.Store, c *getCommand) error {
	prefix := folderPrefix(c.Key)
	files, folders, err := listFolder(t, store, c.Bucket, prefix)
	if err != nil {
		return err
	}
	transfer := newTransfer(t, "Fetched", objectName{c.Bucket, prefix}, c.JSON, c.Quiet)
	if c.DryRun {
		transfer.verb, transfer.dryRun = "Would fetch", true
		return transfer.preview(files, nil)
	}
	root, err := c.openFolder(prefix)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, folder := range folders {
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	return transfer.run(files, nil, func(ctx context.Context, file folderFile, progress func(lithopss3.Progress)) error {
		if err := root.MkdirAll(filepath.Dir(file.path), 0o755); err != nil {
			return err
		}
		return store.DownloadFile(ctx, c.Bucket, file.key, file.path, &lithopss3.DownloadOptions{Root: root, Resume: c.Resume, Progress: progress})
	})
}

// openFolder makes and opens the folder to fetch into: the one of --out, else that
// of the prefix below this one.
func (c *getCommand) openFolder(prefix string) (*os.Root, error) {
	if c.Out != "" {
		if err := os.MkdirAll(c.Out, 0o755); err != nil {
			return nil, err
		}
		return os.OpenRoot(c.Out)
	}
	here, err := os.OpenRoot(".")
	if err != nil || prefix == "" {
		return here, err
	}
	defer func() { _ = here.Close() }()
	below, err := lithopss3.LocalPath(strings.TrimSuffix(prefix, "/"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w; say where with --out", errUsage, err)
	}
	if err := here.MkdirAll(below, 0o755); err != nil {
		return nil, err
	}
	return here.OpenRoot(below)
}

// listFolder finds the objects below a prefix and the files that they become. An
// empty object whose key ends with a slash stands for a folder.
func listFolder(t *terminal, store *lithopss3.Store, bucket, prefix string) (files []folderFile, folders []string, err error) {
	check := newNameCheck(runtime.GOOS == "windows" || runtime.GOOS == "darwin")
	for info, err := range store.ListObjects(t.ctx, bucket, &lithopss3.ListOptions{Prefix: prefix, Parallel: filesAtOnce}) {
		if err != nil {
			return nil, nil, err
		}
		name := strings.TrimPrefix(info.Key, prefix)
		isFolder := info.Size == 0 && (name == "" || strings.HasSuffix(name, "/"))
		if name = strings.TrimSuffix(name, "/"); isFolder && name == "" {
			continue // the folder itself
		}
		if !isFolder {
			name = strings.TrimPrefix(info.Key, prefix)
		}
		local, err := lithopss3.LocalPath(name)
		if err == nil {
			err = check.add(name, isFolder)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("nothing was fetched, as %s can be no file: %w", sanitize.Name(info.Key), err)
		}
		if isFolder {
			folders = append(folders, local)
		} else {
			files = append(files, folderFile{path: local, key: info.Key, size: info.Size})
		}
	}
	if len(files)+len(folders) == 0 {
		return nil, nil, fmt.Errorf("%w: no object in %s begins with %s", fs.ErrNotExist, sanitize.Name(bucket), sanitize.Name(prefix))
	}
	return files, folders, nil
}

// A nameCheck finds keys that can't be files side by side: one that is a file and
// a folder, and, where the system does not tell upper case from lower, two that
// are the same file.
type nameCheck struct {
	fold  bool
	kinds map[string]bool // is it a folder
}

func newNameCheck(fold bool) *nameCheck { return &nameCheck{fold: fold, kinds: map[string]bool{}} }

func (c *nameCheck) add(name string, isFolder bool) error {
	if c.fold {
		name = strings.ToLower(name)
	}
	if was, known := c.kinds[name]; known && (was != isFolder || !isFolder) {
		if was == isFolder {
			return fmt.Errorf("%w: another key is the same file on this system", lithopss3.ErrUnsafeKey)
		}
		return fmt.Errorf("%w: other keys make it a file and a folder", lithopss3.ErrUnsafeKey)
	}
	c.kinds[name] = isFolder
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		if was, known := c.kinds[folder]; known {
			if !was {
				return fmt.Errorf("%w: %s is a file too", lithopss3.ErrUnsafeKey, sanitize.Name(folder))
			}
			break // and so is what is above it
		}
		c.kinds[folder] = true
	}
	return nil
}
