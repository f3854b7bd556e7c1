// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

type jobsCommand struct {
	All    jobsAllCommand    `cmd:"" default:"withargs" hidden:"" help:"List the executors and jobs in the bucket."`
	List   jobsListCommand   `cmd:"" help:"List the executors and jobs in the bucket."`
	Show   jobsShowCommand   `cmd:"" help:"Show each call of a job."`
	Watch  jobsWatchCommand  `cmd:"" help:"Follow the calls of a job until they have ended."`
	Result jobsResultCommand `cmd:"" help:"Print what the calls of a job returned."`
	Logs   jobsLogsCommand   `cmd:"" help:"Print what the calls of a job printed."`
}

// jobsFlags are the options of every command on jobs.
type jobsFlags struct {
	storageFlags
	Bucket string `type:"bucket" placeholder:"NAME" help:"The bucket, instead of the configuration's."`
}

// open opens the storage and the jobs in the bucket. The caller closes the storage.
func (f *jobsFlags) open(t *terminal) (*lithopss3.Store, *jobs.Client, error) {
	return f.openWith(t, jobs.Options{})
}

// openWith opens them with options, whose zero values are the configuration's.
func (f *jobsFlags) openWith(t *terminal, opts jobs.Options) (*lithopss3.Store, *jobs.Client, error) {
	store, err := f.storageFlags.open(t)
	if err != nil {
		return nil, nil, err
	}
	bucket := f.Bucket
	if bucket == "" {
		if bucket, err = store.Bucket(t.ctx); err != nil {
			return nil, nil, errors.Join(err, store.Close())
		}
	}
	config := store.Config()
	return store, jobs.New(store, bucket, withConfig(opts, &config)), nil
}

// withConfig returns options, with those of the configuration in place of zero values.
func withConfig(opts jobs.Options, config *lithopss3.Config) *jobs.Options {
	if opts.Interval <= 0 {
		opts.Interval = config.MonitoringInterval
	}
	if opts.LostAfter == 0 && config.ExecutionTimeout > 0 {
		opts.LostAfter = config.ExecutionTimeout + jobs.LostGrace
	}
	return &opts
}

// lostFlags say when a call without a status is lost.
type lostFlags struct {
	Timeout span `placeholder:"AGE" help:"A call that began longer ago and has left no status is lost; execution_timeout of the configuration (1800 s) and 5 s if not given."`
}

// options returns the timeout for openWith.
func (f lostFlags) options() jobs.Options {
	return jobs.Options{LostAfter: time.Duration(f.Timeout)}
}

// selectionFlags select an executor, a job or a call.
type selectionFlags struct {
	jobsFlags
	lostFlags
	ID     string `arg:"" help:"An executor (4b99c1-0), a job (4b99c1-0-M000) or a call (4b99c1-0-M000/00000)."`
	Nested bool   `help:"Also the calls of executors that were made inside the selected calls."`
}

// A selection is what the flags select in a bucket.
type selection struct {
	client *jobs.Client
	id     jobs.ID
	jobs   []jobs.Job
	calls  int
	// isOne reports whether the ID names one call, and others are not asked for.
	isOne bool
}

// find finds what is selected. The caller closes the storage.
func (f *selectionFlags) find(t *terminal) (*lithopss3.Store, *selection, error) {
	id, err := parseID(f.ID)
	if err != nil {
		return nil, nil, err
	}
	store, client, err := f.openWith(t, f.options())
	if err != nil {
		return nil, nil, err
	}
	found := &selection{client: client, id: id, isOne: id.CallID != "" && !f.Nested}
	if found.jobs, err = client.Find(t.ctx, id, f.Nested); err != nil {
		return nil, nil, errors.Join(f.explain(err, client.Bucket()), store.Close())
	}
	for _, job := range found.jobs {
		found.calls += len(job.Calls)
	}
	return store, found, nil
}

// explain says what is not there; other errors stay what they are.
func (f *selectionFlags) explain(err error, bucket string) error {
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, lithopss3.ErrNoSuchBucket) {
		return err
	}
	return noSuchID(f.ID, bucket)
}

// parseID reads an ID. A mistyped one is as one of which the bucket has nothing.
func parseID(text string) (jobs.ID, error) {
	id, err := jobs.ParseID(text)
	if err != nil {
		return id, &mistypedIDError{err}
	}
	return id, nil
}

// A mistypedIDError means that the argument is not an ID. It is an fs.ErrNotExist.
type mistypedIDError struct{ err error }

// Error says what an ID looks like.
func (e *mistypedIDError) Error() string { return e.err.Error() }

// Unwrap makes it an fs.ErrNotExist, too.
func (e *mistypedIDError) Unwrap() []error { return []error{e.err, fs.ErrNotExist} }

// A noSuchIDError is an ID of which the bucket has nothing. It is an fs.ErrNotExist.
type noSuchIDError struct{ id, bucket string }

func noSuchID(id, bucket string) error { return &noSuchIDError{id, bucket} }

// Error names the ID and the bucket.
func (e *noSuchIDError) Error() string {
	return fmt.Sprintf("no such executor, job or call: %s (bucket %s)", sanitize.Name(e.id), sanitize.Name(e.bucket))
}

// Unwrap makes it an fs.ErrNotExist.
func (*noSuchIDError) Unwrap() error { return fs.ErrNotExist }

// each passes the selected calls to do, in the order of their keys, with the status
// of those that have ended. A status is held only while do runs.
func (s *selection) each(ctx context.Context, do func(jobs.CallState, *jobs.Status, error) error) error {
	return eachCall(ctx, s.client, s.jobs, do)
}

func eachCall(ctx context.Context, client *jobs.Client, list []jobs.Job, do func(jobs.CallState, *jobs.Status, error) error) error {
	statuses, stop := iter.Pull2(client.Statuses(ctx, jobs.Ended(list)))
	defer stop()
	for _, job := range list {
		for _, call := range job.Calls {
			var status *jobs.Status
			var failure error
			if call.State == jobs.StateEnded {
				status, failure, _ = statuses()
			}
			if failure != nil && isOfStorage(ctx, failure) {
				return failure
			}
			if err := do(call, status, failure); err != nil {
				return err
			}
		}
	}
	return nil
}

// isOfStorage tells an error of the storage, or an interruption, which says nothing
// of the call, from a status or a result that is missing or broken.
func isOfStorage(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return true
	}
	isMissing := errors.Is(err, fs.ErrNotExist) && !errors.Is(err, lithopss3.ErrNoSuchBucket)
	var failure *lithopss3.Error
	return errors.As(err, &failure) && !isMissing
}

type jobsAllCommand struct {
	jobsFlags
	lostFlags
	Fast bool `help:"Do not read the statuses: failed calls count as done."`
	JSON bool `name:"json" help:"Print a JSON array."`
}

// Run lists the jobs.
func (c *jobsAllCommand) Run(t *terminal) error { return c.list(t, "") }

type jobsListCommand struct {
	jobsAllCommand
	Prefix string `arg:"" optional:"" help:"Only executors whose id begins with this."`
}

// Run lists the jobs.
func (c *jobsListCommand) Run(t *terminal) error { return c.list(t, c.Prefix) }

// A jobReport is a job in JSON.
type jobReport struct {
	Executor string     `json:"executor"`
	Job      string     `json:"job"`
	Running  int        `json:"running"`
	Lost     int        `json:"lost"`
	Done     int        `json:"done"`
	Failed   int        `json:"failed"`
	Since    *time.Time `json:"since"` // null if it is not known
	Bytes    int64      `json:"bytes"`
}

func (c *jobsAllCommand) list(t *terminal, prefix string) error {
	store, client, err := c.openWith(t, c.options())
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	list, err := client.List(t.ctx, prefix)
	if err != nil {
		return err
	}
	if len(list) == 0 && prefix != "" {
		return noSuchID(prefix, client.Bucket())
	}
	failed := map[jobs.ID]int{} // by job
	if !c.Fast {
		if failed, err = countFailed(t.ctx, client, list); err != nil {
			return err
		}
	}
	reports := make([]jobReport, 0, len(list))
	for _, job := range list {
		bad := failed[jobs.ID{ExecutorID: job.ExecutorID, JobID: job.JobID}]
		reports = append(reports, jobReport{
			Executor: job.ExecutorID, Job: job.JobID, Running: job.Count(jobs.StateRunning), Lost: job.Count(jobs.StateLost),
			Done: job.Count(jobs.StateEnded) - bad, Failed: bad, Since: knownTime(job.First), Bytes: job.Bytes,
		})
	}
	if c.JSON {
		return t.printJSON(reports)
	}
	return t.printJobs(reports, client.Bucket())
}

func (t *terminal) printJobs(reports []jobReport, bucket string) error {
	if len(reports) == 0 {
		_, err := fmt.Fprintf(t.stdout, "no jobs in bucket %s\n", sanitize.Name(bucket))
		return err
	}
	table := newTable("EXECUTOR", "JOB", "RUNNING", "LOST", "DONE", "FAILED", "SINCE", "SIZE")
	for _, r := range reports {
		table.add(cell{text: sanitize.Name(r.Executor)}, cell{text: sanitize.Name(r.Job)},
			countCell(r.Running, "running"), countCell(r.Lost, "lost"), countCell(r.Done, "done"), countCell(r.Failed, "failed"),
			cell{text: formatKnownTime(r.Since)}, cell{text: formatSize(r.Bytes)})
	}
	return table.print(t.stdout)
}

// countFailed reads the statuses of all calls that have ended.
func countFailed(ctx context.Context, client *jobs.Client, list []jobs.Job) (map[jobs.ID]int, error) {
	failed := map[jobs.ID]int{}
	err := eachCall(ctx, client, list, func(call jobs.CallState, status *jobs.Status, failure error) error {
		if failure != nil || status != nil && status.Err() != nil {
			failed[jobs.ID{ExecutorID: call.ExecutorID, JobID: call.JobID}]++
		}
		return nil
	})
	return failed, err
}
