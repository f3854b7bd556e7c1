package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lithops-go/lithopss3"
)

type putCommand struct {
	storageFlags
	File   string `arg:"" help:"The file to store; - is standard input."`
	Bucket string `arg:"" help:"The bucket."`
	Key    string `short:"k" help:"The object's key; the file's name if not given."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run stores the file.
func (c *putCommand) Run(t *terminal) error {
	key := c.Key
	if key == "" {
		key = filepath.Base(c.File)
	}
	if c.File == "-" && c.Key == "" {
		return fmt.Errorf("%w: standard input needs --key", errUsage)
	}
	if err := checkFile(c.File); err != nil {
		return err
	}
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if c.File == "-" {
		err = store.PutObject(t.ctx, c.Bucket, key, t.stdin, nil)
	} else {
		err = store.UploadFile(t.ctx, c.File, c.Bucket, key, nil)
	}
	if err != nil {
		return err
	}
	return t.printDone(c.JSON, "Stored", objectName{c.Bucket, key})
}

// checkFile finds a missing file before any request is made. That it is missing
// is no missing object, so that the exit code is not that of one.
func checkFile(path string) error {
	if path == "-" {
		return nil
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s: no such file", errUsage, path)
	}
	return err
}

type getCommand struct {
	storageFlags
	Bucket string `arg:"" help:"The bucket."`
	Key    string `arg:"" help:"The object's key."`
	Out    string `short:"o" placeholder:"FILE" help:"The file to write, - for standard output; the key, below this folder, if not given."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run fetches the object.
func (c *getCommand) Run(t *terminal) error {
	out := c.Out
	if out == "" {
		if !filepath.IsLocal(filepath.FromSlash(c.Key)) {
			return fmt.Errorf("%w: the key %q would be written outside of this folder; say where with --out", errUsage, c.Key)
		}
		out = filepath.FromSlash(c.Key)
	}
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if out == "-" {
		return c.copyTo(t, store)
	}
	if folder := filepath.Dir(out); c.Out == "" && folder != "." {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	if err := store.DownloadFile(t.ctx, c.Bucket, c.Key, out, nil); err != nil {
		return err
	}
	return t.printDone(c.JSON, "Fetched", objectName{c.Bucket, c.Key}, "file", out)
}

func (c *getCommand) copyTo(t *terminal, store *lithopss3.Store) error {
	object, err := store.GetObject(t.ctx, c.Bucket, c.Key, nil)
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	_, err = io.Copy(t.stdout, object.Body)
	return err
}

type deleteCommand struct {
	storageFlags
	Bucket string `arg:"" help:"The bucket."`
	Key    string `arg:"" optional:"" help:"The object's key."`
	Prefix string `short:"p" help:"Delete every object whose key begins with this."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run deletes one object or those with a prefix. One that is not there is no error.
func (c *deleteCommand) Run(t *terminal) error {
	if (c.Key == "") == (c.Prefix == "") {
		return fmt.Errorf("%w: delete takes a key or --prefix, one of them", errUsage)
	}
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if c.Key != "" {
		if err := store.DeleteObject(t.ctx, c.Bucket, c.Key); err != nil {
			return err
		}
		return t.printDone(c.JSON, "Deleted", objectName{c.Bucket, c.Key})
	}
	keys, err := store.ListKeys(t.ctx, c.Bucket, c.Prefix)
	if err != nil {
		return err
	}
	if err := store.DeleteObjects(t.ctx, c.Bucket, keys); err != nil {
		return err
	}
	return t.printDone(c.JSON, fmt.Sprintf("Deleted %d objects from", len(keys)), objectName{c.Bucket, c.Prefix}, "deleted", len(keys))
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
	Create bool `help:"Create the bucket if it is missing."`
	JSON   bool `name:"json" help:"Print JSON."`
}

// Run prints the bucket's name.
func (c *bucketCommand) Run(t *terminal) error {
	store, err := c.open(t)
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
	_, err = fmt.Fprintln(t.stdout, bucket)
	return err
}
