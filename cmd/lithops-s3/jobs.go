package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

type jobsCommand struct {
	List   jobsListCommand   `cmd:"" default:"withargs" help:"List the executors and jobs in the bucket."`
	Show   jobsShowCommand   `cmd:"" help:"Show each call of a job."`
	Watch  jobsWatchCommand  `cmd:"" help:"Follow the calls of a job until they have ended."`
	Result jobsResultCommand `cmd:"" help:"Print what the calls of a job returned."`
	Logs   jobsLogsCommand   `cmd:"" help:"Print what the calls of a job printed."`
}

// jobsFlags are the options of every command on jobs.
type jobsFlags struct {
	storageFlags
	Bucket string `placeholder:"NAME" help:"The bucket, instead of the configuration's."`
}

// open opens the storage and the jobs in the bucket. The caller closes the storage.
func (f *jobsFlags) open(t *terminal) (*lithopss3.Store, *jobs.Client, error) { return f.openAt(t, 0) }

// openAt opens them with another interval than the configuration's, if that is not 0.
func (f *jobsFlags) openAt(t *terminal, interval time.Duration) (*lithopss3.Store, *jobs.Client, error) {
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
	if interval <= 0 {
		interval = store.Config().MonitoringInterval
	}
	return store, jobs.New(store, bucket, &jobs.Options{Interval: interval}), nil
}

// A selection is what an ID names: an executor, a job of it, or a call of that.
type selection struct{ executor, job, call string }

// parseSelection reads "4b99c1-0", "4b99c1-0-M000" or "4b99c1-0-M000/00000".
func parseSelection(id string) (selection, error) {
	id = strings.Trim(strings.TrimPrefix(id, jobs.Prefix+"/"), "/")
	if key, ok := jobs.ParseKey(jobs.Prefix + "/" + id + "/status.json"); ok {
		return selection{key.ExecutorID, key.JobID, key.CallID}, nil
	}
	if id == "" || strings.Contains(id, "/") {
		return selection{}, fmt.Errorf("%w: %q is no executor (4b99c1-0), job (4b99c1-0-M000) or call (4b99c1-0-M000/00000)", errUsage, id)
	}
	if key, ok := jobs.ParseKey(jobs.Prefix + "/" + id + "/aggdata.pickle"); ok {
		return selection{key.ExecutorID, key.JobID, ""}, nil
	}
	return selection{executor: id}, nil
}

// has tells whether a call is selected; those of executors made inside selected
// calls are.
func (s selection) has(call jobs.Call) bool {
	if call.ExecutorID != s.executor {
		start := s.executor + "-"
		if s.job != "" {
			start += s.job + "-"
		}
		if s.call != "" {
			start += s.call + "-"
		}
		return strings.HasPrefix(call.ExecutorID, start)
	}
	return (s.job == "" || s.job == call.JobID) && (s.call == "" || s.call == call.CallID)
}

// A callReport is a call in a table or in JSON.
type callReport struct {
	Call       string     `json:"call"`
	State      string     `json:"state"` // running, done, failed
	Activation string     `json:"activation,omitempty"`
	Start      *time.Time `json:"start,omitempty"`
	Seconds    float64    `json:"seconds,omitempty"`
	Result     *any       `json:"result,omitempty"` // of a call that is done; points to nil for None
	Error      string     `json:"error,omitempty"`
	Traceback  string     `json:"traceback,omitempty"`

	id     jobs.Call
	status *jobs.Status
}

// calls are the selected calls in the order of their keys, with the statuses of
// those that have ended.
func calls(ctx context.Context, client *jobs.Client, selected selection) ([]*callReport, error) {
	status, err := client.Progress(ctx, selected.executor)
	if err != nil {
		return nil, err
	}
	reports := map[jobs.Call]*callReport{}
	for _, activation := range status.Started {
		if selected.has(activation.Call) {
			reports[activation.Call] = &callReport{Call: activation.String(), State: "running", Activation: activation.ActivationID, id: activation.Call}
		}
	}
	done := slices.DeleteFunc(status.Done, func(call jobs.Call) bool { return !selected.has(call) })
	for _, call := range done {
		if reports[call] == nil {
			reports[call] = &callReport{Call: call.String(), id: call}
		}
	}
	i := 0
	for status, err := range client.Statuses(ctx, done) {
		report := reports[done[i]]
		i++
		switch {
		case err == nil:
			report.fill(status)
		case isOfStorage(ctx, err):
			return nil, err
		default:
			report.State, report.Error = "failed", err.Error()
		}
	}
	if len(reports) == 0 {
		return nil, fmt.Errorf("%w (bucket %s)", errNoCalls, client.Bucket())
	}
	return slices.SortedFunc(maps.Values(reports), func(a, b *callReport) int { return cmp.Compare(a.Call, b.Call) }), nil
}

var errNoCalls = fmt.Errorf("there is no such executor, job or call: %w", fs.ErrNotExist)

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

func (r *callReport) fill(status *jobs.Status) {
	r.status, r.State, r.Activation = status, "done", status.ActivationID
	if start := status.WorkerStart; !start.IsZero() {
		r.Start, r.Seconds = &start, status.WorkerEnd.Sub(start).Seconds()
	}
	if err := status.Err(); err != nil {
		r.fail(err)
	}
}

// fail takes the type, the message and the traceback of Python's exception.
func (r *callReport) fail(err error) {
	r.State, r.Error = "failed", err.Error()
	var failure *jobs.CallError
	if !errors.As(err, &failure) {
		return
	}
	r.Traceback = failure.Traceback
	if r.Error = failure.Err.Error(); failure.Type == "" {
		r.Error = failure.Message + ": " + r.Error
	}
}

type jobsListCommand struct {
	jobsFlags
	Prefix string `arg:"" optional:"" help:"Only executors whose id begins with this."`
	Fast   bool   `help:"Do not read the statuses: failed calls count as done."`
	JSON   bool   `name:"json" help:"Print a JSON array."`
}

// A jobReport is a job in JSON.
type jobReport struct {
	Executor string    `json:"executor"`
	Job      string    `json:"job"`
	Running  int       `json:"running"`
	Done     int       `json:"done"`
	Failed   int       `json:"failed"`
	Since    time.Time `json:"since"`
	Bytes    int64     `json:"bytes"`
}

// Run lists the jobs.
func (c *jobsListCommand) Run(t *terminal) error {
	store, client, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	list, err := client.List(t.ctx, c.Prefix)
	if err != nil {
		return err
	}
	failed := map[[2]string]int{}
	if !c.Fast {
		if failed, err = countFailed(t.ctx, client, list); err != nil {
			return err
		}
	}
	reports := make([]jobReport, 0, len(list))
	for _, job := range list {
		bad := failed[[2]string{job.ExecutorID, job.JobID}]
		reports = append(reports, jobReport{
			job.ExecutorID, job.JobID, max(0, job.Started-job.Done), job.Done - bad, bad, job.First.UTC(), job.Bytes,
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
	table := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "EXECUTOR\tJOB\tRUNNING\tDONE\tFAILED\tSINCE\tSIZE") // Flush reports errors
	for _, r := range reports {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%s\t%s\n", sanitize.Name(r.Executor), r.Job, r.Running, r.Done, r.Failed,
			formatTime(r.Since), formatSize(r.Bytes))
	}
	return table.Flush()
}

// countFailed reads the statuses of all calls that have ended, by executor and job.
func countFailed(ctx context.Context, client *jobs.Client, list []jobs.Info) (map[[2]string]int, error) {
	failed := map[[2]string]int{}
	seen := map[string]bool{}
	for _, job := range list {
		if seen[job.ExecutorID] {
			continue
		}
		seen[job.ExecutorID] = true
		status, err := client.Progress(ctx, job.ExecutorID)
		if err != nil {
			return nil, err
		}
		done := slices.DeleteFunc(status.Done, func(call jobs.Call) bool { return call.ExecutorID != job.ExecutorID })
		i := 0
		for status, err := range client.Statuses(ctx, done) {
			if err != nil && isOfStorage(ctx, err) {
				return nil, err
			}
			if call := done[i]; err != nil || status.Err() != nil {
				failed[[2]string{call.ExecutorID, call.JobID}]++
			}
			i++
		}
	}
	return failed, nil
}

type jobsShowCommand struct {
	jobsFlags
	ID   string `arg:"" help:"An executor (4b99c1-0), a job (4b99c1-0-M000) or a call (4b99c1-0-M000/00000)."`
	JSON bool   `name:"json" help:"Print a JSON array."`
}

// Run shows the calls.
func (c *jobsShowCommand) Run(t *terminal) error {
	selected, err := parseSelection(c.ID)
	if err != nil {
		return err
	}
	store, client, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	reports, err := calls(t.ctx, client, selected)
	if err != nil {
		return err
	}
	for _, report := range reports {
		report.summarize()
	}
	if c.JSON {
		return t.printJSON(reports)
	}
	if err := t.printCalls(reports); err != nil || selected.call == "" {
		return err
	}
	for _, report := range reports {
		if report.Traceback == "" {
			continue
		}
		if _, err := fmt.Fprint(t.stdout, "\n", report.Traceback); err != nil {
			return err
		}
	}
	return nil
}

func (t *terminal) printCalls(reports []*callReport) error {
	table := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "CALL\tSTATE\tSTART\tSECONDS\tRESULT") // Flush reports errors
	for _, r := range reports {
		start, seconds := "", ""
		if r.Start != nil {
			start, seconds = formatTime(*r.Start), fmt.Sprintf("%.3f", r.Seconds)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", sanitize.Name(r.Call), r.State, start, seconds, r.line())
	}
	return table.Flush()
}

// line is the failure or the result as a line of text.
func (r *callReport) line() string {
	switch {
	case r.Error != "":
		return sanitize.Line(r.Error)
	case r.Result != nil:
		return fmt.Sprint(*r.Result)
	}
	return ""
}

// summarize makes the result a line of text, without reading an object for it.
func (r *callReport) summarize() {
	if r.State != "done" {
		return
	}
	var summary any = "None"
	futures, err := r.status.Futures()
	value, inline, err2 := r.status.InlineResult()
	switch {
	case err != nil || err2 != nil:
		r.State, r.Error = "failed", errors.Join(err, err2).Error()
		return
	case len(futures) > 0:
		summary = fmt.Sprintf("%d futures, the first: %s", len(futures), futures[0])
	case inline:
		summary = shortLine(pythonText(value))
	case r.status.ResultSize > 0:
		summary = fmt.Sprintf("(%s, see jobs result)", formatSize(r.status.ResultSize))
	}
	r.Result = &summary
}

// shortLine keeps a line a line.
func shortLine(text string) string {
	const most = 72
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
