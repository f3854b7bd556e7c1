// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

type uploadsCommand struct {
	storageFlags
	Bucket    string `arg:"" optional:"" type:"bucket" help:"The bucket, also as s3://BUCKET; the configuration's if it is . or not given."`
	Prefix    string `short:"p" help:"Only uploads of keys that begin with this."`
	OlderThan age    `default:"24h" placeholder:"AGE" help:"Only uploads older than this (12h, 7d, 2w); younger ones may still be running. 0s lists all."`
	Abort     bool   `help:"Abort them: the server deletes their parts. Objects stay. Uploads that are still running fail."`
	DryRun    bool   `short:"n" help:"With --abort, only print what would be aborted."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Usage is shown by uploads --help.
func (uploadsCommand) Usage() string { return "[BUCKET | s3://BUCKET]" }

// Help is shown by uploads --help.
func (uploadsCommand) Help() string {
	return `Examples:
  lithops-s3 uploads my-bucket
  lithops-s3 uploads my-bucket --older-than 7d --abort`
}

// An uploadLine describes an open upload.
type uploadLine struct {
	Key     string    `json:"key"`
	ID      string    `json:"upload_id"`
	Begun   time.Time `json:"begun"`
	Aborted bool      `json:"aborted"`
}

// Run lists the uploads, or ends them.
func (c *uploadsCommand) Run(t *terminal) error {
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	bucket, err := t.bucketOf(store, c.Bucket)
	if err != nil {
		return err
	}
	var found []lithopss3.OpenUpload // all of them, as what ends moves the pages
	for upload, err := range store.OpenUploads(t.ctx, bucket, c.Prefix) {
		if err != nil {
			return err
		}
		// The age of an upload without a time is unknown. Both times are the server's.
		if c.OlderThan <= 0 || (!upload.Begun.IsZero() && store.ServerTime().Sub(upload.Begun) >= time.Duration(c.OlderThan)) {
			found = append(found, upload)
		}
	}
	lines := make([]uploadLine, 0, len(found))
	var failed error
	for _, upload := range found {
		if c.Abort && !c.DryRun {
			if failed = store.AbortUpload(t.ctx, bucket, upload); failed != nil {
				break // and report those before
			}
		}
		line := uploadLine{Key: upload.Key, ID: upload.ID, Begun: upload.Begun, Aborted: c.Abort && !c.DryRun}
		lines = append(lines, line)
		if c.JSON {
			continue
		}
		if _, err := fmt.Fprintf(t.stdout, "%s  %s  %s  %s\n", c.word(), formatTime(upload.Begun), sanitize.Name(upload.Key), sanitize.Name(upload.ID)); err != nil {
			return err
		}
	}
	if c.JSON {
		return errors.Join(failed, t.printJSON(lines))
	}
	return failed
}

// word says what became of an upload.
func (c *uploadsCommand) word() string {
	switch {
	case !c.Abort:
		return "open"
	case c.DryRun:
		return "would end"
	}
	return "ended"
}
