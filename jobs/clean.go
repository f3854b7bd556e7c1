// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/ended"
)

// CleanOptions select what [Client.Clean] deletes. The zero value selects nothing and
// is refused.
type CleanOptions struct {
	// ExecutorID selects an executor: its functions, the data, statuses and
	// results of its jobs, its calls' CloudObjects, and the same of executors that
	// were made inside its calls.
	ExecutorID string
	// JobID, with ExecutorID, selects only one job, without the functions.
	JobID string
	// CallID, with both, selects only one call: its mark, status and result, its
	// CloudObjects, and executors that were made inside it.
	CallID string
	// CloudObjects alone selects every CloudObject at Lithops' own keys; with
	// ExecutorID, only those of its calls.
	CloudObjects bool
	// All selects everything below Lithops' prefixes: jobs, CloudObjects and
	// runtime metadata, and the latter's local cache.
	All bool
	// OlderThan keeps what is in use: of the selected objects, or alone of all jobs and
	// CloudObjects, it selects those whose executor has stored nothing for so long. It
	// is measured on the storage's clock, if the storage has a method
	// ServerTime() time.Time, as *lithopss3.Store has. Everything is listed twice. What
	// is stored between is kept; of an executor that stores something again in that time,
	// older objects that are listed before may be deleted.
	OlderThan time.Duration

	// Keep is called with every object before Each, and reports whether the object stays.
	// It may be nil.
	Keep func(lithopss3.ObjectInfo) bool
	// DryRun only counts.
	DryRun bool
	// Each is called with every object before it is deleted, in the order of the keys
	// and by one goroutine. It may be nil.
	Each func(lithopss3.ObjectInfo)
}

// A CleanReport counts what was deleted, or would be.
type CleanReport struct {
	Objects, Bytes int64
	// Younger counts the objects that stay because of OlderThan alone.
	Younger int64
}

// ErrNothingSelected is a Clean whose options select nothing.
var ErrNothingSelected = errors.New("nothing selected to clean: name an executor, an age, CloudObjects or All")

// Clean deletes what Lithops has left in the bucket: what "lithops clean" and
// FunctionExecutor.clean delete there. Nothing outside of [Prefix] and
// [RuntimesPrefix] is touched. Keys that could not be deleted are in a
// *lithopss3.DeleteError; the rest is deleted, unless there is another error, which ends it
// early. The report counts what was deleted, or would be in a dry run, also next to an error; a
// key whose deletion is uncertain is not counted.
func (c *Client) Clean(ctx context.Context, opts CleanOptions) (CleanReport, error) {
	scopes, err := opts.scopes()
	if err != nil {
		return CleanReport{}, err
	}
	run := &cleaning{client: c, opts: opts, failed: &lithopss3.DeleteError{}, sizes: map[string]int64{}}
	if opts.OlderThan > 0 {
		err = run.findYoung(ctx, opts.ownerScopes())
	}
	for _, scope := range scopes {
		if err == nil {
			err = run.clean(ctx, scope)
		}
	}
	if err == nil && opts.All && opts.OlderThan == 0 && !opts.DryRun && c.cacheDir != "" {
		err = os.RemoveAll(filepath.Join(c.cacheDir, RuntimesPrefix))
	}
	if len(run.failed.Failed) > 0 {
		err = errors.Join(err, run.failed)
	}
	return run.report, err
}

// A cleanScope is a prefix, and which of the folders right below it are meant.
type cleanScope struct {
	prefix string
	folder func(name string) bool // nil for everything
}

// has reports whether key, which has the scope's prefix, is meant.
func (s cleanScope) has(key string) bool {
	if s.folder == nil {
		return true
	}
	base := strings.LastIndexByte(s.prefix, '/') + 1
	name, _, isFolder := strings.Cut(key[base:], "/")
	return isFolder && s.folder(name)
}

// check returns an error for options that contradict each other or select nothing.
func (o CleanOptions) check() error {
	switch {
	case strings.Contains(o.ExecutorID+o.JobID+o.CallID, "/"), o.ExecutorID == "tmp": // that folder is CloudObjects'
		return fmt.Errorf("invalid id %q", o.ExecutorID+o.JobID+o.CallID)
	case o.OlderThan < 0:
		return fmt.Errorf("the age to clean must not be negative, as %v is", o.OlderThan)
	case o.JobID != "" && o.ExecutorID == "", o.CallID != "" && o.JobID == "":
		return fmt.Errorf("%w: a job needs its executor, and a call its job", ErrNothingSelected)
	case o.All && (o.ExecutorID != "" || o.CloudObjects):
		return errors.New("both All and a part are selected to clean: leave one of them out")
	case !o.All && !o.CloudObjects && o.ExecutorID == "" && o.OlderThan == 0:
		return ErrNothingSelected
	}
	return nil
}

// scopes returns what is selected, in the order of the keys.
func (o CleanOptions) scopes() ([]cleanScope, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.All {
		return []cleanScope{{Prefix + "/", nil}, {RuntimesPrefix + "/", nil}}, nil
	}
	if o.ExecutorID == "" && o.CloudObjects {
		return []cleanScope{{TempPrefix + "/", nil}}, nil
	}
	if o.ExecutorID == "" {
		return []cleanScope{{Prefix + "/", nil}}, nil
	}
	temporary, jobs := o.id().folderPrefixes()
	scopes := []cleanScope{{TempPrefix + "/" + temporary, o.ownsSession}}
	if o.CloudObjects {
		return scopes, nil
	}
	if o.CallID != "" {
		scopes = append(scopes, cleanScope{Prefix + "/" + Call(o.id()).String() + "/", nil})
	}
	scopes = append(scopes, cleanScope{Prefix + "/" + jobs, o.ownsFolder})
	slices.SortFunc(scopes, func(a, b cleanScope) int { return strings.Compare(a.prefix, b.prefix) })
	return scopes, nil
}

// id returns what is selected, if an executor is named.
func (o CleanOptions) id() ID { return ID{o.ExecutorID, o.JobID, o.CallID} }

// folderPrefixes returns what the names of the sessions and of the jobs' folders begin
// with that the ID may select.
func (id ID) folderPrefixes() (sessions, folders string) {
	switch {
	case id.JobID == "":
		return id.ExecutorID + "-", id.ExecutorID
	case id.CallID == "":
		return JobKey(id.ExecutorID, id.JobID) + "-", JobKey(id.ExecutorID, id.JobID)
	}
	return Call(id).Session(), Call(id).Session() + "-"
}

// ownerScopes returns where the owners of what is selected may have stored something.
func (o CleanOptions) ownerScopes() []cleanScope {
	if o.ExecutorID == "" {
		return []cleanScope{{Prefix + "/", nil}, {RuntimesPrefix + "/", nil}}
	}
	owner := CleanOptions{ExecutorID: outermost(o.ExecutorID)}
	scopes, _ := owner.scopes() // its id is part of one that was checked
	return scopes
}

// ownsFolder reports whether a folder right below lithops.jobs is selected: an
// executor's, with its functions, or a job's.
func (o CleanOptions) ownsFolder(name string) bool {
	id := o.id()
	executorID, jobID, isJob := parseJobKey(name)
	if !isJob {
		return name == id.ExecutorID && id.JobID == "" || id.HasNested(Call{ExecutorID: name})
	}
	return id.CallID == "" && id.Has(Call{executorID, jobID, ""}) || id.HasNested(Call{executorID, jobID, ""})
}

// ownsSession reports whether the CloudObjects of a session are selected: of a call.
func (o CleanOptions) ownsSession(name string) bool {
	jobKey, callID := cutLast(name)
	executorID, jobID, isJob := parseJobKey(jobKey)
	call := Call{executorID, jobID, callID}
	return isJob && isDigits(callID) && (o.id().Has(call) || o.id().HasNested(call))
}

// deletesAtOnce is how many requests a DeleteObjects of *lithopss3.Store makes at once.
const deletesAtOnce = 16

// cleanBatch is how many keys go to one DeleteObjects: enough to keep all its
// requests busy.
const cleanBatch = deletesAtOnce * maxPageSize

// A cleaning is one Clean at work.
type cleaning struct {
	client *Client
	opts   CleanOptions
	young  map[string]bool // owners that have stored something lately; nil without OlderThan
	before time.Time       // what was stored since then is young
	report CleanReport
	failed *lithopss3.DeleteError
	batch  []string         // keys to delete next
	sizes  map[string]int64 // of the batch
}

// objects lists a scope.
func (r *cleaning) objects(ctx context.Context, scope cleanScope) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		opts := &lithopss3.ListOptions{Prefix: scope.prefix, Parallel: listedAtOnce}
		for info, err := range r.client.storage.ListObjects(ctx, r.client.bucket, opts) {
			if err == nil {
				err = checkPrefix(info.Key, scope.prefix)
			}
			if err != nil {
				yield(info, err)
				return
			}
			if scope.has(info.Key) && !yield(info, nil) {
				return
			}
		}
	}
}

// findYoung finds the owners that have stored something within OlderThan. An object
// without a date counts as new.
func (r *cleaning) findYoung(ctx context.Context, scopes []cleanScope) error {
	newest := map[string]time.Time{}
	for _, scope := range scopes {
		for info, err := range r.objects(ctx, scope) {
			if err != nil {
				return err
			}
			owner := ownerOf(info.Key)
			last, known := newest[owner]
			isUndated := info.LastModified.IsZero() || known && last.IsZero()
			if isUndated {
				newest[owner] = time.Time{}
			} else if info.LastModified.After(last) {
				newest[owner] = info.LastModified
			}
		}
	}
	r.before = r.client.Now().Add(-r.opts.OlderThan) // after a request has told the storage's clock
	r.young = map[string]bool{}
	for owner, last := range newest {
		if r.isRecent(last) {
			r.young[owner] = true
		}
	}
	return nil
}

func (r *cleaning) isRecent(stored time.Time) bool { return stored.IsZero() || stored.After(r.before) }

// isYoung reports whether OlderThan keeps an object. Its owner may be new, or in use again,
// since the owners were looked at.
func (r *cleaning) isYoung(info lithopss3.ObjectInfo) bool {
	if r.young == nil {
		return false
	}
	owner := ownerOf(info.Key)
	if r.isRecent(info.LastModified) {
		r.young[owner] = true
	}
	return r.young[owner]
}

// ownerOf returns what the objects have in common that are in use as long as one of
// them is: the executor that was not made inside a call, or a session, or a key.
func ownerOf(key string) string {
	if session, ok := strings.CutPrefix(key, TempPrefix+"/"); ok {
		name, _, isFolder := strings.Cut(session, "/")
		if !isFolder {
			return key
		}
		if jobKey, callID := cutLast(name); isDigits(callID) {
			if executorID, _, ok := parseJobKey(jobKey); ok {
				return outermost(executorID)
			}
		}
		return TempPrefix + "/" + name
	}
	folder, ok := strings.CutPrefix(key, Prefix+"/")
	name, _, isFolder := strings.Cut(folder, "/")
	if !ok || !isFolder {
		return key
	}
	if executorID, _, ok := parseJobKey(name); ok {
		return outermost(executorID)
	}
	return outermost(name)
}

func (r *cleaning) clean(ctx context.Context, scope cleanScope) error {
	for info, err := range r.objects(ctx, scope) {
		if err != nil {
			return err // what the listing has told so far is not to be trusted
		}
		if r.isYoung(info) {
			r.report.Younger++
			continue
		}
		if r.opts.Keep != nil && r.opts.Keep(info) {
			continue
		}
		if r.opts.Each != nil {
			r.opts.Each(info)
		}
		if r.opts.DryRun {
			r.report.Objects++
			r.report.Bytes += info.Size
			continue
		}
		r.batch = append(r.batch, info.Key)
		r.sizes[info.Key] = info.Size
		if len(r.batch) < cleanBatch {
			continue
		}
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	return r.flush(ctx)
}

// flush deletes the batch and counts what is gone. Keys that were refused go to
// failed; another error is returned, also one next to those, and then nothing of the batch is
// counted.
func (r *cleaning) flush(ctx context.Context) error {
	if len(r.batch) == 0 {
		return nil
	}
	refused, err := failedDeletes(r.client.storage.DeleteObjects(ctx, r.client.bucket, r.batch))
	r.failed.Failed = append(r.failed.Failed, refused...)
	for _, key := range refused {
		delete(r.sizes, key.Key)
	}
	if err == nil {
		for _, size := range r.sizes {
			r.report.Objects++
			r.report.Bytes += size
		}
	}
	if err == nil && len(refused) > 0 {
		err = ended.Why(ctx)
	}
	r.batch = r.batch[:0]
	clear(r.sizes)
	return err
}
