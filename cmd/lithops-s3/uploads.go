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
	Error   string    `json:"error,omitempty"` // why it was not aborted
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
	return c.end(t, store, bucket, found)
}

// end prints the uploads, and aborts them. One that can't be aborted leaves the others
// alone; the first error is returned in the end.
func (c *uploadsCommand) end(t *terminal, store *lithopss3.Store, bucket string, found []lithopss3.OpenUpload) error {
	lines := make([]uploadLine, 0, len(found))
	failures := &failuresError{what: "uploads", total: len(found)}
	for _, upload := range found {
		line := uploadLine{Key: upload.Key, ID: upload.ID, Begun: upload.Begun}
		if c.Abort && !c.DryRun {
			err := store.AbortUpload(t.ctx, bucket, upload)
			if t.ctx.Err() != nil || isOfAll(err) || isOfBucket(err) {
				return errors.Join(err, c.printLines(t, lines)) // those before
			}
			if err != nil {
				t.printError(err)
				failures.failed, failures.first = failures.failed+1, cmpError(failures.first, err)
				line.Error = err.Error()
			}
			line.Aborted = err == nil
		}
		lines = append(lines, line)
		if c.JSON || line.Error != "" {
			continue
		}
		if _, err := fmt.Fprintf(t.stdout, "%s  %s  %s  %s\n", c.word(), formatTime(upload.Begun), sanitize.Name(upload.Key), sanitize.Name(upload.ID)); err != nil {
			return err
		}
	}
	err := c.printLines(t, lines)
	if failures.first != nil {
		return failures
	}
	return err
}

// printLines prints the uploads as JSON, if it is asked for.
func (c *uploadsCommand) printLines(t *terminal, lines []uploadLine) error {
	if !c.JSON {
		return nil
	}
	return t.printJSON(lines)
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
