package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
)

type cleanCommand struct {
	jobsFlags
	ID           string `arg:"" optional:"" help:"An executor (4b99c1-0) or a job (4b99c1-0-M000)."`
	CloudObjects bool   `name:"cloudobjects" help:"Only CloudObjects: those of the executor or job, or all."`
	All          bool   `short:"a" help:"Everything that Lithops keeps in the bucket: jobs, CloudObjects, runtime metadata."`
	DryRun       bool   `name:"dry-run" short:"n" help:"Only print what would be deleted."`
	Yes          bool   `short:"y" help:"Do not ask."`
}

// Run deletes what is selected. On a terminal it asks first.
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
	store, client, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if !c.DryRun && !c.Yes && isTerminal(t.stdin) {
		if err := c.ask(t, client, opts); err != nil {
			return err
		}
	}
	done := "Deleted"
	if c.DryRun {
		done = "Would delete"
		opts.Each = func(info lithopss3.ObjectInfo) { _, _ = fmt.Fprintln(t.stdout, printable(info.Key)) }
	}
	report, err := client.Clean(t.ctx, opts)
	if some := (*lithopss3.DeleteError)(nil); errors.As(err, &some) {
		report.Objects -= int64(len(some.Failed))
	}
	_, _ = fmt.Fprintf(t.stdout, "%s %d objects, %s, in bucket %s\n", done, report.Objects, formatSize(report.Bytes), client.Bucket())
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
	_, _ = fmt.Fprintf(t.stderr, "Delete %d objects, %s, in bucket %s? [y/N] ", report.Objects, formatSize(report.Bytes), client.Bucket())
	answer, _ := bufio.NewReader(t.stdin).ReadString('\n') // no answer is no
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errNotConfirmed
	}
	return nil
}
