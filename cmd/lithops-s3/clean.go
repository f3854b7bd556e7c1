// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

// cleanFlags are those of "lithops clean", where -b is not the storage.
type cleanFlags struct {
	connectionFlags
	Storage string `short:"s" empty:"ok" group:"connection" placeholder:"NAME" help:"The storage backend, instead of the configuration's. Only aws_s3 is supported."`
	Backend string `short:"b" empty:"ok" group:"connection" placeholder:"NAME" help:"Lithops' compute backend: refused, because functions and machines can't be deleted from here. The storage is --storage."`
	Bucket  string `type:"bucket" placeholder:"NAME" help:"The bucket, instead of the configuration's."`
}

// open opens the storage and the jobs in the bucket. The caller closes the storage.
func (f *cleanFlags) open(t *terminal) (*lithopss3.Store, *jobs.Client, error) {
	flags := &jobsFlags{storageFlags: storageFlags{connectionFlags: f.connectionFlags, Backend: f.Storage}, Bucket: f.Bucket}
	return flags.open(t)
}

type cleanCommand struct {
	cleanFlags
	ID           string `arg:"" optional:"" help:"An executor (4b99c1-0), a job (4b99c1-0-M000) or a call (4b99c1-0-M000/00000)."`
	CloudObjects bool   `name:"cloudobjects" help:"Only CloudObjects: those of the executor or job, or all."`
	All          bool   `short:"a" help:"Everything that Lithops keeps in the bucket: jobs, CloudObjects, runtime metadata."`
	DryRun       bool   `name:"dry-run" short:"n" help:"Only print what would be deleted."`
	OlderThan    age    `name:"older-than" placeholder:"AGE" help:"Only what belongs to executors that have stored nothing for so long: 12h, 7d, 2w. Alone, all jobs and CloudObjects."`
	Yes          bool   `short:"y" help:"Do not ask; needed without a terminal to ask on."`
}

// Run deletes what is selected. On a terminal it asks first; elsewhere it wants --yes.
func (c *cleanCommand) Run(t *terminal) error {
	if c.Backend != "" {
		return usagef("-b is Lithops' compute backend here, as in \"lithops clean\", and its functions and machines can't be deleted by this command: " +
			"leave it out to clean the bucket only; --storage is the storage backend")
	}
	opts := jobs.CleanOptions{All: c.All, CloudObjects: c.CloudObjects, DryRun: c.DryRun, OlderThan: time.Duration(c.OlderThan)}
	if c.ID != "" {
		id, err := parseID(c.ID)
		if err != nil {
			return err
		}
		opts.ExecutorID, opts.JobID, opts.CallID = id.ExecutorID, id.JobID, id.CallID
	}
	if c.ID == "" && !c.All && !c.CloudObjects && c.OlderThan == 0 {
		return fmt.Errorf("%w: name an executor or a job, or say --older-than, --cloudobjects or --all", errUsage)
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
	var seen *asked
	if asks {
		if seen, err = c.ask(t, client, opts); err != nil {
			return err
		}
	}
	report, err := c.clean(t, client, opts, seen)
	if err == nil && c.ID != "" && report == (jobs.CleanReport{}) && seen.kept() == 0 {
		return noSuchID(c.ID, client.Bucket())
	}
	done := "Deleted"
	if c.DryRun {
		done = "Would delete"
	}
	_, printed := fmt.Fprintf(t.stdout, "%s %s, %s, in bucket %s%s%s\n", done, formatCount(report.Objects, "object"), formatSize(report.Bytes), sanitize.Name(client.Bucket()), younger(report), describeKept(seen.kept()))
	return errors.Join(err, printed)
}

// clean deletes what is selected, and if a question was asked only what it counted. It shows
// how far it is. A dry run prints the keys.
func (c *cleanCommand) clean(t *terminal, client *jobs.Client, opts jobs.CleanOptions, seen *asked) (jobs.CleanReport, error) {
	if !c.DryRun {
		opts.Keep = seen.keeps
		return showCleaning(t, client, opts, seen.total())
	}
	var printing error
	opts.Each = func(info lithopss3.ObjectInfo) {
		if printing == nil {
			_, printing = fmt.Fprintln(t.stdout, sanitize.Name(info.Key))
		}
	}
	report, err := client.Clean(t.ctx, opts)
	return report, errors.Join(err, printing)
}

// showCleaning runs Clean with a counter of its objects on a terminal.
func showCleaning(t *terminal, client *jobs.Client, opts jobs.CleanOptions, total int64) (jobs.CleanReport, error) {
	bar := t.newCounter(client.Bucket(), "object")
	if bar != nil {
		each, count := opts.Each, int64(0)
		opts.Each = func(info lithopss3.ObjectInfo) {
			if each != nil {
				each(info)
			}
			count++
			bar.update(lithopss3.Progress{Done: count, Total: total})
		}
	}
	defer bar.clear()
	return client.Clean(t.ctx, opts)
}

// younger says how many objects were kept for their age.
func younger(report jobs.CleanReport) string {
	if report.Younger == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s younger)", formatCount(report.Younger, "object"))
}

var errNotConfirmed = errors.New("nothing was deleted")

// ask counts what would be deleted, and asks for a yes.
func (c *cleanCommand) ask(t *terminal, client *jobs.Client, opts jobs.CleanOptions) (*asked, error) {
	seen := newAsked()
	opts.DryRun, opts.Each = true, seen.add
	report, err := showCleaning(t, client, opts, -1)
	if err != nil {
		return nil, err
	}
	question := fmt.Sprintf("Delete %s, %s, in bucket %s?", formatCount(report.Objects, "object"), formatSize(report.Bytes), sanitize.Name(client.Bucket()))
	return seen, t.confirm(question)
}
