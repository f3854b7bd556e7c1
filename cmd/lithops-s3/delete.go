package main

import (
	"fmt"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

type deleteCommand struct {
	storageFlags
	Bucket string `arg:"" help:"The bucket."`
	Key    string `arg:"" optional:"" help:"The object's key."`
	Prefix string `short:"p" help:"Delete every object whose key begins with this."`
	DryRun bool   `short:"n" help:"Only print what would be deleted."`
	Yes    bool   `short:"y" help:"Do not ask before more than one object is deleted; needed where there is no terminal to ask on."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// A deleteReport is what "delete --prefix --json" prints.
type deleteReport struct {
	Bucket  string   `json:"bucket"`
	Key     string   `json:"key"` // the prefix
	Deleted int64    `json:"deleted"`
	DryRun  bool     `json:"dry_run,omitempty"`
	Keys    []string `json:"keys,omitempty"` // of a dry run
}

// Run deletes one object or those with a prefix. A missing one is no error.
func (c *deleteCommand) Run(t *terminal) error {
	if (c.Key == "") == (c.Prefix == "") {
		return fmt.Errorf("%w: delete takes a key or --prefix, one of them", errUsage)
	}
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	switch {
	case c.Prefix != "":
		return c.deletePrefix(t, store)
	case c.DryRun:
		if _, err := store.HeadObject(t.ctx, c.Bucket, c.Key); err != nil {
			return err
		}
		return t.printDone(c.JSON, "Would delete", objectName{c.Bucket, c.Key}, "dry_run", true)
	}
	if err := store.DeleteObject(t.ctx, c.Bucket, c.Key); err != nil {
		return err
	}
	return t.printDone(c.JSON, "Deleted", objectName{c.Bucket, c.Key})
}

func (c *deleteCommand) deletePrefix(t *terminal, store *lithopss3.Store) error {
	if c.DryRun {
		return c.preview(t, store)
	}
	if !c.Yes {
		if err := c.ask(t, store); err != nil {
			return err
		}
	}
	deleted, err := store.DeletePrefix(t.ctx, c.Bucket, c.Prefix, nil)
	if err != nil {
		return err
	}
	return c.print(t, "Deleted", &deleteReport{Deleted: deleted})
}

// preview prints the keys that would be deleted.
func (c *deleteCommand) preview(t *terminal, store *lithopss3.Store) error {
	report := &deleteReport{DryRun: true}
	for info, err := range store.ListObjects(t.ctx, c.Bucket, &lithopss3.ListOptions{Prefix: c.Prefix, Parallel: filesAtOnce}) {
		if err != nil {
			return err
		}
		report.Deleted++
		if c.JSON {
			report.Keys = append(report.Keys, info.Key)
			continue
		}
		if _, err := fmt.Fprintln(t.stdout, sanitize.Name(info.Key)); err != nil {
			return err
		}
	}
	return c.print(t, "Would delete", report)
}

// ask counts the objects. One needs no answer; for more, it asks a person, and
// without a terminal it does not count them all, as it can't ask.
func (c *deleteCommand) ask(t *terminal, store *lithopss3.Store) error {
	count, size := 0, int64(0)
	for info, err := range store.ListObjects(t.ctx, c.Bucket, &lithopss3.ListOptions{Prefix: c.Prefix}) {
		if err != nil {
			return err
		}
		count++
		size += info.Size
		if count > 1 && !isTerminal(t.stdin) {
			return fmt.Errorf("more than one object begins with %s: %w", sanitize.Name(c.Prefix), errNeedsYes)
		}
	}
	if count <= 1 {
		return nil
	}
	return t.confirm(fmt.Sprintf("Delete %s, %s, from %s?", formatCount(count, "object"), formatSize(size), objectName{c.Bucket, c.Prefix}))
}

func (c *deleteCommand) print(t *terminal, done string, report *deleteReport) error {
	report.Bucket, report.Key = c.Bucket, c.Prefix
	if c.JSON {
		return t.printJSON(report)
	}
	_, err := fmt.Fprintf(t.stdout, "%s %s from %s\n", done, formatCount(report.Deleted, "object"), objectName{c.Bucket, c.Prefix})
	return err
}
