package main

import (
	"errors"
	"fmt"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

type cleanCommand struct {
	jobsFlags
	ID           string `arg:"" optional:"" help:"An executor (4b99c1-0) or a job (4b99c1-0-M000)."`
	CloudObjects bool   `name:"cloudobjects" help:"Only CloudObjects: those of the executor or job, or all."`
	All          bool   `short:"a" help:"Everything that Lithops keeps in the bucket: jobs, CloudObjects, runtime metadata."`
	DryRun       bool   `name:"dry-run" short:"n" help:"Only print what would be deleted."`
	Yes          bool   `short:"y" help:"Do not ask; needed where there is no terminal to ask on."`
}

// Run deletes what is selected. On a terminal it asks first; elsewhere it wants --yes.
func (c *cleanCommand) Run(t *terminal) error {
	opts := jobs.CleanOptions{All: c.All, CloudObjects: c.CloudObjects, DryRun: c.DryRun}
	if c.ID != "" {
		selected, err := parseSelection(c.ID)
		if err != nil {
			return err
		}
		if selected.call != "" {
			return fmt.Errorf("%w: a single call can't be cleaned", errUsage)
		}
		opts.ExecutorID, opts.JobID = selected.executor, selected.job
	}
	if c.ID == "" && !c.All && !c.CloudObjects {
		return fmt.Errorf("%w: name an executor or a job, or say --cloudobjects or --all", errUsage)
	}
	if c.All && (c.ID != "" || c.CloudObjects) {
		return fmt.Errorf("%w: --all is everything; leave out the rest", errUsage)
	}
	asks := !c.DryRun && !c.Yes
	if asks && !isTerminal(t.stdin) {
		return errNeedsYes
	}
	store, client, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if asks {
		if err := c.ask(t, client, opts); err != nil {
			return err
		}
	}
	done := "Deleted"
	if c.DryRun {
		done = "Would delete"
		opts.Each = func(info lithopss3.ObjectInfo) { _, _ = fmt.Fprintln(t.stdout, sanitize.Name(info.Key)) }
	}
	report, err := client.Clean(t.ctx, opts)
	if some := (*lithopss3.DeleteError)(nil); errors.As(err, &some) {
		report.Objects -= int64(len(some.Failed))
	}
	_, _ = fmt.Fprintf(t.stdout, "%s %s, %s, in bucket %s\n", done, formatCount(report.Objects, "object"), formatSize(report.Bytes), sanitize.Name(client.Bucket()))
	return err
}

var errNotConfirmed = errors.New("nothing was deleted")

// ask counts what would go, and wants a yes.
func (c *cleanCommand) ask(t *terminal, client *jobs.Client, opts jobs.CleanOptions) error {
	opts.DryRun = true
	report, err := client.Clean(t.ctx, opts)
	if err != nil {
		return err
	}
	return t.confirm(fmt.Sprintf("Delete %s, %s, in bucket %s?", formatCount(report.Objects, "object"), formatSize(report.Bytes), sanitize.Name(client.Bucket())))
}
