// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

type headCommand struct {
	storageFlags
	Args []string `arg:"" optional:"" name:"object" help:"The bucket and keys, or s3://BUCKET/KEY. The bucket . is the configuration's."`
	JSON bool     `name:"json" help:"Print JSON: an object for each key."`
}

// Usage is shown by head --help.
func (headCommand) Usage() string { return "BUCKET KEY... | s3://BUCKET/KEY..." }

// Help is shown by head --help.
func (headCommand) Help() string {
	return `Examples:
  lithops-s3 head my-bucket data/2026.csv
  lithops-s3 head s3://my-bucket/data/2026.csv --json`
}

// Run describes the objects.
func (c *headCommand) Run(t *terminal) error {
	names, err := parseObjects(c.Args)
	if err != nil {
		return err
	}
	store, err := c.openFor(t, names)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	isNext := false
	return t.eachObject(names, func(name objectName) error {
		info, err := store.HeadObject(t.ctx, name.bucket, name.key)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.printJSON(describe(*info))
		}
		defer func() { isNext = true }()
		return t.printInfo(info, isNext)
	})
}

type bucketCommand struct {
	storageFlags
	Create          bool `help:"Create the bucket if it is missing."`
	AccountRegional bool `help:"Name it in the account's regional namespace, where no other account can take the name; set aws_s3.storage_bucket to it, for Python too."`
	ExpireTemporary span `name:"expire-temporary" placeholder:"AGE" help:"Add rules to the bucket's lifecycle: CloudObjects below lithops.jobs/tmp/ are deleted, and incomplete multipart uploads aborted, by the server after so many days (7d, 2w). Other rules stay."`
	DryRun          bool `name:"dry-run" short:"n" help:"With --expire-temporary, only say what would change."`
	JSON            bool `name:"json" help:"Print JSON."`
}

// Help is shown by bucket --help.
func (bucketCommand) Help() string {
	return `Examples:
  lithops-s3 bucket
  lithops-s3 bucket --create
  lithops-s3 bucket --expire-temporary 7d`
}

// Run prints the bucket's name.
func (c *bucketCommand) Run(t *terminal) error {
	days, err := c.days()
	if err != nil {
		return err
	}
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
	if days > 0 {
		return c.expire(t, store, bucket, days)
	}
	if c.JSON {
		return t.printJSON(map[string]string{"bucket": bucket, "region": store.Region()})
	}
	_, err = fmt.Fprintln(t.stdout, sanitize.Name(bucket))
	return err
}

type mbCommand struct {
	storageFlags
	Bucket string `arg:"" optional:"" type:"bucket" help:"The bucket, also as s3://BUCKET; the configuration's if not given."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Usage is shown by mb --help.
func (mbCommand) Usage() string { return "[BUCKET | s3://BUCKET]" }

// Help is shown by mb --help.
func (mbCommand) Help() string {
	return `A bucket that is already yours is no error.

Examples:
  lithops-s3 mb
  lithops-s3 mb s3://my-bucket --region eu-west-1`
}

// Run creates the bucket.
func (c *mbCommand) Run(t *terminal) error {
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	bucket := c.Bucket
	if bucket == "" {
		bucket, err = store.EnsureBucket(t.ctx)
	} else {
		err = store.CreateBucket(t.ctx, bucket)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(map[string]string{"bucket": bucket, "region": store.Region()})
	}
	_, err = fmt.Fprintf(t.stdout, "Bucket %s exists\n", sanitize.Name(bucket))
	return err
}
