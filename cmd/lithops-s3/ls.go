// SPDX-License-Identifier: Apache-2.0

package main

import (
	"iter"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

type lsCommand struct {
	storageFlags
	Path      string `arg:"" optional:"" name:"folder" help:"BUCKET or s3://BUCKET/PREFIX, which can have wildcards; the configuration's bucket if it is . or not given."`
	Recursive bool   `short:"r" help:"List all objects below the folder, with their whole keys."`
	DU        bool   `name:"du" help:"Print the size of all below each folder."`
	JSON      bool   `name:"json" help:"Print a JSON array."`
}

// Usage is shown by ls --help.
func (lsCommand) Usage() string { return "[BUCKET | s3://BUCKET/PREFIX]" }

// Help is shown by ls --help.
func (lsCommand) Help() string {
	return `Examples:
  lithops-s3 ls
  lithops-s3 ls s3://my-bucket/data/ --du
  lithops-s3 ls 's3://my-bucket/data/**/*.csv'
  lithops-s3 ls s3://                             (all buckets of the account)`
}

// Run lists a folder, or the account's buckets for "s3://".
func (c *lsCommand) Run(t *terminal) error {
	if strings.EqualFold(c.Path, s3Scheme) {
		return c.listBuckets(t)
	}
	name, err := parseFolder(c.Path)
	if err != nil {
		return err
	}
	if _, err := patternQuery(name); err != nil {
		return err
	}
	var isPattern bool
	name.key, isPattern = plainKey(name.key)
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if err := t.resolve(store, &name); err != nil {
		return err
	}
	objects, base, err := c.objects(t, store, name, isPattern)
	if err != nil {
		return err
	}
	found := 0
	objects = counted(objects, &found)
	if c.JSON {
		err = t.listJSON(objects)
	} else {
		table := t.newListing()
		table.base = base
		err = table.addAll(objects)
		err = firstError(err, table.end(err == nil && (found > 0 || name.key == "")))
	}
	if err == nil && found == 0 && name.key != "" {
		query := objectQuery{bucket: name.bucket, prefix: name.key}
		if isPattern {
			query.match = name.key
		}
		return query.none()
	}
	return err
}

// A bucketLine is a bucket in the JSON of ls.
type bucketLine struct {
	Bucket  string    `json:"bucket"`
	Created time.Time `json:"created"`
	Region  string    `json:"region,omitempty"`
}

// listBuckets lists the account's buckets.
func (c *lsCommand) listBuckets(t *terminal) error {
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	lines := []bucketLine{}
	for bucket, err := range store.ListBuckets(t.ctx) {
		if err != nil {
			return err
		}
		lines = append(lines, bucketLine{bucket.Name, bucket.Created.UTC(), bucket.Region})
		if c.JSON {
			continue
		}
		if err := t.printRow("%s  %s\n", formatTime(bucket.Created), sanitize.Name(bucket.Name)); err != nil {
			return err
		}
	}
	if c.JSON {
		return t.printJSON(lines)
	}
	return nil
}

// counted counts what it yields.
func counted(objects iter.Seq2[lithopss3.ObjectInfo, error], count *int) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		for info, err := range objects {
			*count++
			if !yield(info, err) {
				return
			}
		}
	}
}

// objects returns what is listed, and what names are printed without.
func (c *lsCommand) objects(t *terminal, store *lithopss3.Store, name objectName, isPattern bool) (iter.Seq2[lithopss3.ObjectInfo, error], string, error) {
	list := func(opts lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
		opts.Parallel = listingsAtOnce
		return t.countingUnlessShown(name.bucket, store.ListObjects(t.ctx, name.bucket, &opts))
	}
	switch {
	case isPattern:
		return list(lithopss3.ListOptions{Match: name.key}), "", nil
	case c.Recursive:
		return list(lithopss3.ListOptions{Prefix: name.key}), "", nil
	}
	prefix, err := c.folder(list, name.key)
	if err != nil {
		return nil, "", err
	}
	base := prefix[:strings.LastIndex(prefix, "/")+1]
	if c.DU {
		return foldFolders(list(lithopss3.ListOptions{Prefix: prefix}), prefix), base, nil
	}
	return list(lithopss3.ListOptions{Prefix: prefix, Delimiter: "/"}), base, nil
}

// folder returns the prefix to list: a name that only a folder has is that folder.
func (c *lsCommand) folder(list func(lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error], key string) (string, error) {
	if key == "" || strings.HasSuffix(key, "/") {
		return key, nil
	}
	count, isFolder := 0, false
	for info, err := range list(lithopss3.ListOptions{Prefix: key, Delimiter: "/", PageSize: 2}) {
		if err != nil {
			return "", err
		}
		isFolder = info.IsPrefix && info.Key == key+"/"
		if count++; count == 2 {
			break
		}
	}
	if count == 1 && isFolder {
		return key + "/", nil
	}
	return key, nil
}

// foldFolders sums up all objects of a folder that is directly below prefix.
func foldFolders(objects iter.Seq2[lithopss3.ObjectInfo, error], prefix string) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		folder := lithopss3.ObjectInfo{}
		for info, err := range objects {
			if err != nil {
				yield(info, err)
				return
			}
			rest := strings.TrimPrefix(info.Key, prefix)
			end := strings.Index(rest, "/")
			if end >= 0 && folder.IsPrefix && folder.Key == prefix+rest[:end+1] {
				folder.Size += info.Size
				continue
			}
			if folder.IsPrefix && !yield(folder, nil) {
				return
			}
			folder = lithopss3.ObjectInfo{}
			if end >= 0 {
				folder = lithopss3.ObjectInfo{Key: prefix + rest[:end+1], IsPrefix: true, Size: info.Size}
				continue
			}
			if !yield(info, nil) {
				return
			}
		}
		if folder.IsPrefix {
			yield(folder, nil)
		}
	}
}

type duCommand struct {
	storageFlags
	Paths []string `arg:"" optional:"" name:"folder" help:"BUCKET or s3://BUCKET/PREFIX, which can have wildcards; the configuration's bucket if it is . or not given."`
	JSON  bool     `name:"json" help:"Print a JSON array."`
}

// Usage is shown by du --help.
func (duCommand) Usage() string { return "[BUCKET | s3://BUCKET/PREFIX]..." }

// Help is shown by du --help.
func (duCommand) Help() string {
	return `Examples:
  lithops-s3 du
  lithops-s3 du s3://my-bucket/data/ s3://my-bucket/results/
  lithops-s3 ls --du s3://my-bucket/data/`
}

// A duReport is what all objects below a prefix take.
type duReport struct {
	Bucket  string `json:"bucket"`
	Prefix  string `json:"prefix"`
	Objects int64  `json:"objects"`
	Bytes   int64  `json:"bytes"`
}

// Run sums up what is below each folder.
func (c *duCommand) Run(t *terminal) error {
	if len(c.Paths) == 0 {
		c.Paths = []string{ownBucket}
	}
	names := make([]objectName, len(c.Paths))
	for i, path := range c.Paths {
		var err error
		if names[i], err = parseFolder(path); err != nil {
			return err
		}
		if _, err := patternQuery(names[i]); err != nil {
			return err
		}
	}
	store, err := c.openFor(t, names)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	reports := make([]duReport, 0, len(names))
	err = t.eachObject(names, func(name objectName) error {
		report, err := sumUp(t, store, name)
		if err != nil {
			return err
		}
		reports = append(reports, *report)
		if c.JSON {
			return nil
		}
		return t.printRow("%10s  %s  %s\n", formatSize(report.Bytes), formatCount(report.Objects, "object"), name.url())
	})
	if c.JSON && len(reports) > 0 {
		return firstError(err, t.printJSON(reports))
	}
	return err
}

// sumUp counts the objects below a prefix, or those that match a pattern.
func sumUp(t *terminal, store *lithopss3.Store, name objectName) (*duReport, error) {
	key, isPattern := plainKey(name.key)
	opts := &lithopss3.ListOptions{Prefix: key, Parallel: listingsAtOnce}
	if isPattern {
		opts.Prefix, opts.Match = "", key
	}
	report := &duReport{Bucket: name.bucket, Prefix: name.key}
	for info, err := range t.counting(name.bucket, store.ListObjects(t.ctx, name.bucket, opts)) {
		if err != nil {
			return nil, err
		}
		report.Objects++
		report.Bytes += info.Size
	}
	return report, nil
}

type catCommand struct {
	storageFlags
	Args []string `arg:"" optional:"" name:"object" help:"The bucket and keys, or s3://BUCKET/KEY. The bucket . is the configuration's."`
}

// Usage is shown by cat --help.
func (catCommand) Usage() string { return "BUCKET KEY... | s3://BUCKET/KEY..." }

// Help is shown by cat --help.
func (catCommand) Help() string {
	return `In a pipe or a file, the bytes are the object's. On a terminal, control characters are shown as escapes.

Examples:
  lithops-s3 cat s3://my-bucket/data/2026.csv | head
  lithops-s3 cat . a.txt b.txt > both.txt`
}

// Run prints the objects, one after the other.
func (c *catCommand) Run(t *terminal) error {
	names, err := parseObjects(c.Args)
	if err != nil {
		return err
	}
	store, err := c.openFor(t, names)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	copier := t.newCopier(store)
	return t.eachObject(names, func(name objectName) error { return copier.print(t.ctx, name, nil) })
}
