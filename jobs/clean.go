package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lithops-go/lithopss3"
)

// CleanOptions say what [Client.Clean] deletes. The zero value selects nothing and
// is refused.
type CleanOptions struct {
	// ExecutorID selects an executor: its functions, the data, statuses and
	// results of its jobs, its calls' CloudObjects, and the same of executors that
	// were made inside its calls.
	ExecutorID string
	// JobID, with ExecutorID, selects only one job, without the functions.
	JobID string
	// CloudObjects alone selects every CloudObject at Lithops' own keys; with
	// ExecutorID, only those of its calls.
	CloudObjects bool
	// All selects everything below Lithops' prefixes: jobs, CloudObjects and
	// runtime metadata, and the latter's local cache.
	All bool

	// DryRun only counts.
	DryRun bool
	// Each hears of every object before it is deleted, in the order of the keys;
	// nil is nobody. It is called by one goroutine.
	Each func(lithopss3.ObjectInfo)
}

// A CleanReport counts what was deleted, or would be.
type CleanReport struct{ Objects, Bytes int64 }

// ErrNothingSelected is a Clean whose options select nothing.
var ErrNothingSelected = errors.New("nothing selected to clean")

// Clean deletes what Lithops has left in the bucket: what "lithops clean" and
// FunctionExecutor.clean delete there. Nothing outside of [Prefix] and
// [RuntimesPrefix] is touched. Keys that could not be deleted are in a
// *DeleteError; the rest is deleted. The report is of what was deleted, or would
// be in a dry run, also beside an error.
func (c *Client) Clean(ctx context.Context, opts CleanOptions) (CleanReport, error) {
	scopes, err := opts.scopes()
	if err != nil {
		return CleanReport{}, err
	}
	var report CleanReport
	failed := &lithopss3.DeleteError{}
	for _, scope := range scopes {
		if err := c.cleanScope(ctx, scope, opts, &report, failed); err != nil {
			return report, errors.Join(err, orNil(failed))
		}
	}
	if opts.All && !opts.DryRun && c.cacheDir != "" {
		if err := os.RemoveAll(filepath.Join(c.cacheDir, RuntimesPrefix)); err != nil {
			return report, errors.Join(err, orNil(failed))
		}
	}
	return report, orNil(failed)
}

// orNil is no error where nothing failed.
func orNil(failed *lithopss3.DeleteError) error {
	if len(failed.Failed) == 0 {
		return nil
	}
	return failed
}

// A cleanScope is a prefix, and which of the folders right below it are meant.
type cleanScope struct {
	prefix string
	folder func(name string) bool // nil for everything
}

func (o CleanOptions) scopes() ([]cleanScope, error) {
	switch {
	case strings.Contains(o.ExecutorID+o.JobID, "/"), o.ExecutorID == "tmp": // that folder is CloudObjects'
		return nil, fmt.Errorf("invalid id %q", o.ExecutorID+o.JobID)
	case o.JobID != "" && o.ExecutorID == "":
		return nil, fmt.Errorf("%w: a job without its executor", ErrNothingSelected)
	case o.All && (o.ExecutorID != "" || o.CloudObjects):
		return nil, errors.New("both everything and a part are selected to clean")
	case o.All:
		return []cleanScope{{Prefix + "/", nil}, {RuntimesPrefix + "/", nil}}, nil
	case o.ExecutorID == "" && o.CloudObjects:
		return []cleanScope{{TempPrefix + "/", nil}}, nil
	case o.ExecutorID == "":
		return nil, ErrNothingSelected
	}
	start := o.ExecutorID
	if o.JobID != "" {
		start = JobKey(o.ExecutorID, o.JobID)
	}
	scopes := []cleanScope{{TempPrefix + "/" + start + "-", o.ownsSession}}
	if !o.CloudObjects {
		scopes = append(scopes, cleanScope{Prefix + "/" + start, o.ownsFolder})
	}
	return scopes, nil
}

// ownsFolder tells whether a folder right below lithops.jobs is selected: an
// executor's, with its functions, or a job's.
func (o CleanOptions) ownsFolder(name string) bool {
	if name == o.ExecutorID {
		return o.JobID == ""
	}
	executorID, jobID, isJob := parseJobKey(name)
	if isJob {
		return o.ownsJob(executorID, jobID)
	}
	return o.ownsNested(name)
}

// ownsSession tells whether the CloudObjects of a session are selected: of a call.
func (o CleanOptions) ownsSession(name string) bool {
	jobKey, callID, ok := cutLast(name)
	if !ok || !isDigits(callID) {
		return false
	}
	executorID, jobID, ok := parseJobKey(jobKey)
	return ok && o.ownsJob(executorID, jobID)
}

func (o CleanOptions) ownsJob(executorID, jobID string) bool {
	if executorID == o.ExecutorID {
		return o.JobID == "" || jobID == o.JobID
	}
	return o.ownsNested(executorID)
}

// ownsNested tells whether an executor was made inside a selected call.
func (o CleanOptions) ownsNested(executorID string) bool {
	if executorID == o.ExecutorID || !isWithin(executorID, o.ExecutorID) {
		return false
	}
	return o.JobID == "" || strings.HasPrefix(executorID, JobKey(o.ExecutorID, o.JobID)+"-")
}

// deletesAtOnce is how many requests a DeleteObjects of *lithopss3.Store makes at once.
const deletesAtOnce = 16

// cleanBatch is how many keys go to one DeleteObjects: enough to keep all its
// requests busy.
const cleanBatch = deletesAtOnce * maxPageSize

// count adds objects, given by their sizes.
func (r *CleanReport) count(sizes map[string]int64) {
	for _, size := range sizes {
		r.Objects++
		r.Bytes += size
	}
}

func (c *Client) cleanScope(ctx context.Context, scope cleanScope, opts CleanOptions, report *CleanReport, failed *lithopss3.DeleteError) error {
	base := scope.prefix[:strings.LastIndexByte(scope.prefix, '/')+1]
	batch, sizes := make([]string, 0, cleanBatch), map[string]int64{}
	flush := func() error {
		err := c.storage.DeleteObjects(ctx, c.bucket, batch)
		if some := (*lithopss3.DeleteError)(nil); errors.As(err, &some) {
			failed.Failed = append(failed.Failed, some.Failed...)
			for _, e := range some.Failed {
				delete(sizes, e.Key)
			}
			err = nil
		}
		if err == nil {
			report.count(sizes)
		}
		batch = batch[:0]
		clear(sizes)
		return err
	}
	for info, err := range c.storage.ListObjects(ctx, c.bucket, &lithopss3.ListOptions{Prefix: scope.prefix, Parallel: listedAtOnce}) {
		if err != nil {
			return err
		}
		if err := checkPrefix(info.Key, scope.prefix); err != nil {
			return err
		}
		name, _, isFolder := strings.Cut(info.Key[len(base):], "/")
		if scope.folder != nil && (!isFolder || !scope.folder(name)) {
			continue
		}
		if opts.Each != nil {
			opts.Each(info)
		}
		sizes[info.Key] = info.Size
		if opts.DryRun {
			report.count(sizes)
			clear(sizes)
			continue
		}
		if batch = append(batch, info.Key); len(batch) == cleanBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return flush()
}
