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
	Bucket    string        `arg:"" help:"The bucket."`
	Prefix    string        `short:"p" help:"Only those of keys that begin with this."`
	OlderThan time.Duration `default:"24h" help:"Only those begun longer ago: what is younger may be under way. 0s is all."`
	Abort     bool          `help:"End them: the server drops their parts. Objects stay. Uploads that are under way fail."`
	DryRun    bool          `short:"n" help:"With --abort, only print what would be ended."`
	JSON      bool          `name:"json" help:"Print JSON."`
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
	var found []lithopss3.OpenUpload // all of them, as what ends moves the pages
	for upload, err := range store.OpenUploads(t.ctx, c.Bucket, c.Prefix) {
		if err != nil {
			return err
		}
		// The age of an upload without a time is unknown. Both times are the server's.
		if c.OlderThan <= 0 || (!upload.Begun.IsZero() && store.ServerTime().Sub(upload.Begun) >= c.OlderThan) {
			found = append(found, upload)
		}
	}
	lines := make([]uploadLine, 0, len(found))
	var failed error
	for _, upload := range found {
		if c.Abort && !c.DryRun {
			if failed = store.AbortUpload(t.ctx, c.Bucket, upload); failed != nil {
				break // and tell of those before
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
