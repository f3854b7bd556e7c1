package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

type putCommand struct {
	storageFlags
	File      string `arg:"" type:"file" help:"The file to store; - is standard input."`
	Bucket    string `arg:"" help:"The bucket."`
	Key       string `short:"k" help:"The object's key, or the folder's prefix; the file's name if not given."`
	Recursive bool   `short:"r" help:"Store a folder, with all that is below it."`
	DryRun    bool   `short:"n" help:"Only print what would be stored."`
	Quiet     bool   `short:"q" help:"Print nothing but errors."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run stores the file, or the folder.
func (c *putCommand) Run(t *terminal) error {
	if c.Recursive && c.File == "-" {
		return fmt.Errorf("%w: standard input is no folder", errUsage)
	}
	if c.File == "-" && c.Key == "" {
		return fmt.Errorf("%w: standard input needs --key", errUsage)
	}
	if err := checkFile(c.File); err != nil {
		return err
	}
	key, err := c.key()
	if err != nil {
		return err
	}
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if c.Recursive {
		return putFolder(t, store, c, key)
	}
	if c.DryRun {
		return t.printDone(c.JSON, "Would store", objectName{c.Bucket, key}, "dry_run", true)
	}
	bar := t.newBar(key, c.Quiet)
	opts := &lithopss3.PutOptions{Progress: bar.report()}
	if c.File == "-" {
		err = store.PutObject(t.ctx, c.Bucket, key, t.stdin, opts)
	} else {
		err = store.UploadFile(t.ctx, c.File, c.Bucket, key, opts)
	}
	bar.clear()
	if err != nil || (c.Quiet && !c.JSON) {
		return err
	}
	return t.printDone(c.JSON, "Stored", objectName{c.Bucket, key})
}

// key returns the object's key, or the name of the folder.
func (c *putCommand) key() (string, error) {
	if c.Key != "" {
		return c.Key, nil
	}
	name, err := baseName(c.File)
	if err != nil {
		return "", err
	}
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("%w: %q is no key, as it is not UTF-8; name one with --key", errUsage, name)
	}
	return name, nil
}

// baseName returns the name of a file or folder. One that is reached as ".." has
// the name that it has in the folder above it, because a key "../x" would be
// written outside of the folder that it is fetched into. This folder has none.
func baseName(path string) (string, error) {
	if filepath.Base(path) != ".." {
		return filepath.ToSlash(filepath.Base(filepath.Clean(path))), nil
	}
	if !filepath.IsAbs(path) {
		here, err := os.Getwd()
		if err != nil {
			return "", err
		}
		path = here + string(filepath.Separator) + path // not Join, which takes "link/.." for "."
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.ToSlash(filepath.Base(real)), nil
}

// checkFile finds a missing file before any request is made. That it is missing
// is no missing object, so that the exit code is not that of one.
func checkFile(path string) error {
	if path == "-" {
		return nil
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s: no such file", errUsage, sanitize.Name(path))
	}
	return err
}

type getCommand struct {
	storageFlags
	Bucket    string `arg:"" help:"The bucket."`
	Key       string `arg:"" optional:"" help:"The object's key; with --recursive a folder, or nothing for the whole bucket."`
	Out       string `short:"o" type:"file" placeholder:"FILE" help:"The file or folder to write, - for standard output; the key, below this folder, if not given."`
	Recursive bool   `short:"r" help:"Fetch all objects below a folder."`
	DryRun    bool   `short:"n" help:"Only print what would be fetched."`
	Resume    bool   `help:"Go on with a download that was interrupted, and leave what came if this one is."`
	Quiet     bool   `short:"q" help:"Print nothing but errors."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run fetches the object, or all below a folder.
func (c *getCommand) Run(t *terminal) error {
	out, err := c.target()
	if err != nil {
		return err
	}
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	switch {
	case c.Recursive:
		return getFolder(t, store, c)
	case c.DryRun:
		return c.preview(t, store, out)
	case out == "-":
		return c.copyTo(t, store)
	}
	bar := t.newBar(c.Key, c.Quiet)
	opts := &lithopss3.DownloadOptions{Resume: c.Resume, Progress: bar.report()}
	if c.Out == "" {
		err = c.fetchBelow(t, store, out, opts)
	} else {
		err = store.DownloadFile(t.ctx, c.Bucket, c.Key, out, opts)
	}
	bar.clear()
	if err != nil || (c.Quiet && !c.JSON) {
		return err
	}
	return t.printDone(c.JSON, "Fetched", objectName{c.Bucket, c.Key}, "file", out)
}

// target is the file to write, or an error of the arguments.
func (c *getCommand) target() (string, error) {
	switch {
	case c.Recursive && c.Out == "-":
		return "", fmt.Errorf("%w: standard output is no folder", errUsage)
	case c.Recursive:
		return "", nil
	case c.Key == "":
		return "", fmt.Errorf("%w: get takes a key, or --recursive", errUsage)
	case c.Out != "":
		return c.Out, nil
	}
	out, err := lithopss3.LocalPath(c.Key)
	if err != nil {
		return "", fmt.Errorf("%w: the key would be written outside of this folder, or not at all: %w; say where with --out", errUsage, err)
	}
	return out, nil
}

// fetchBelow fetches into the key's own path, wherever links in this folder lead.
func (c *getCommand) fetchBelow(t *terminal, store *lithopss3.Store, out string, opts *lithopss3.DownloadOptions) error {
	root, err := os.OpenRoot(".")
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	folder := filepath.Dir(out)
	if _, err := root.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		if _, err := store.HeadObject(t.ctx, c.Bucket, c.Key); err != nil {
			return err // and no folders are left behind
		}
	}
	if err := root.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	opts.Root = root
	return store.DownloadFile(t.ctx, c.Bucket, c.Key, out, opts)
}

// preview prints what would be fetched, if it is there.
func (c *getCommand) preview(t *terminal, store *lithopss3.Store, out string) error {
	if _, err := store.HeadObject(t.ctx, c.Bucket, c.Key); err != nil {
		return err
	}
	return t.printDone(c.JSON, "Would fetch", objectName{c.Bucket, c.Key}, "file", out, "dry_run", true)
}

func (c *getCommand) copyTo(t *terminal, store *lithopss3.Store) error {
	object, err := store.GetObject(t.ctx, c.Bucket, c.Key, nil)
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	_, err = io.Copy(t.stdout.data(), object.Body)
	return err
}

type headCommand struct {
	storageFlags
	Bucket string `arg:"" help:"The bucket."`
	Key    string `arg:"" help:"The object's key."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run describes the object.
func (c *headCommand) Run(t *terminal) error {
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	info, err := store.HeadObject(t.ctx, c.Bucket, c.Key)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(describe(*info))
	}
	return t.printInfo(info)
}

type bucketCommand struct {
	storageFlags
	Create          bool `help:"Create the bucket if it is missing."`
	AccountRegional bool `help:"Name it in the account's regional namespace, where nobody else can take the name; set aws_s3.storage_bucket to it, for Python too."`
	JSON            bool `name:"json" help:"Print JSON."`
}

// Run prints the bucket's name.
func (c *bucketCommand) Run(t *terminal) error {
	store, err := c.openWith(t, lithopss3.Options{AccountRegional: c.AccountRegional})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	name := store.Bucket
	if c.Create {
		name = store.EnsureBucket
	}
	bucket, err := name(t.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(map[string]string{"bucket": bucket, "region": store.Region()})
	}
	_, err = fmt.Fprintln(t.stdout, sanitize.Name(bucket))
	return err
}
