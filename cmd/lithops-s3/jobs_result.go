package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
)

type jobsResultCommand struct {
	jobsFlags
	ID   string `arg:"" help:"An executor (4b99c1-0), a job (4b99c1-0-M000) or a call (4b99c1-0-M000/00000)."`
	JSON bool   `name:"json" xor:"form" help:"Print JSON: an array, or an object for one call. What JSON has no form for is an object such as {\"$bytes\": \"aGk=\"}; a tuple is an array."`
	Raw  bool   `xor:"form" help:"Write the pickle of a call's result, byte for byte: for Python's pickle.load."`
}

// Help is shown by jobs result --help.
func (jobsResultCommand) Help() string {
	return `In JSON, None, booleans, integers of any size, floats, strings, lists and dicts are JSON's own. The rest:
  bytes, bytearray      {"$bytes": "base64"}, {"$bytearray": "base64"}
  nan, inf, -inf        {"$float": "nan"}
  complex               {"$complex": [1.0, 2.0]}
  set, frozenset        {"$set": [...]}, {"$frozenset": [...]}
  dict with other keys  {"$dict": [[key, value], ...]}, if a key is no string or begins with $
  datetime and the like {"$datetime": ...}, {"$date": ...}, {"$time": ...}, {"$timedelta": [days, seconds, microseconds]}
  Decimal               {"$decimal": "1.50"}
  numpy array           {"$ndarray": [...], "dtype": "<f8", "shape": [2, 3]}
  any other object      {"$object": "module.Class", "repr": ..., "args": [...], "state": ...}
A tuple is an array, as Python's json writes it, and a numpy scalar is its value.

Examples:
  lithops-s3 jobs result 4b99c1-0-M000/00000
  lithops-s3 jobs result 4b99c1-0-M000 --json | jq '.[].result'
  lithops-s3 jobs result 4b99c1-0-M000/00000 --raw > result.pickle`
}

// errCallsFailed is for the exit code; the failures themselves are printed.
var errCallsFailed = errors.New("calls failed")

// Run prints the results of the calls that have ended.
func (c *jobsResultCommand) Run(t *terminal) error {
	selected, err := parseSelection(c.ID)
	if err != nil {
		return err
	}
	store, client, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if c.Raw {
		return c.writeRaw(t, client, selected)
	}
	reports, err := calls(t.ctx, client, selected)
	if err != nil {
		return err
	}
	failed, running := 0, 0
	for _, report := range reports {
		switch {
		case report.status == nil && report.State == "running":
			running++
			continue
		case report.State == "failed":
			failed++
		default:
			value, err := client.ResultOf(t.ctx, report.status)
			if err != nil && isOfStorage(t.ctx, err) {
				return err
			}
			if err != nil {
				report.fail(err)
				failed++
				continue
			}
			report.Result = &value
		}
	}
	if err := c.print(t, reports, selected.call != ""); err != nil {
		return err
	}
	if running > 0 {
		return fmt.Errorf("%d of %d calls have not ended", running, len(reports))
	}
	if failed > 0 {
		return fmt.Errorf("%w: %d of %d", errCallsFailed, failed, len(reports))
	}
	return nil
}

func (c *jobsResultCommand) print(t *terminal, reports []*callReport, single bool) error {
	for _, report := range reports {
		if c.JSON {
			if report.Result != nil {
				*report.Result = pythonJSON{*report.Result}
			}
			continue
		}
		text := report.State
		switch {
		case report.Error != "":
			text = sanitize.Line(report.Error)
		case report.Result != nil:
			text = pythonText(*report.Result)
		}
		if !single {
			text = sanitize.Name(report.Call) + "\t" + text
		}
		if _, err := fmt.Fprintln(t.stdout, text); err != nil {
			return err
		}
	}
	switch {
	case !c.JSON:
		return nil
	case single && len(reports) == 1:
		return t.printJSON(reports[0])
	}
	return t.printJSON(reports)
}

// writeRaw writes the pickle that the call left.
func (c *jobsResultCommand) writeRaw(t *terminal, client *jobs.Client, selected selection) error {
	if selected.call == "" {
		return fmt.Errorf("%w: --raw takes one call (4b99c1-0-M000/00000)", errUsage)
	}
	call := jobs.Call{ExecutorID: selected.executor, JobID: selected.job, CallID: selected.call}
	status, err := client.Status(t.ctx, call)
	if err != nil {
		return err
	}
	if err := status.Err(); err != nil {
		return err
	}
	data, err := client.ResultPickle(t.ctx, status)
	if err != nil {
		return err
	}
	_, err = t.stdout.data().Write(data)
	return err
}

// pythonText is a value as Python would print it in a list, on one line.
func pythonText(value any) string {
	calls, ok := value.([]jobs.Call)
	if !ok {
		return sanitize.Line(pickle.Repr(value))
	}
	texts := make([]string, len(calls))
	for i, call := range calls {
		texts[i] = call.String()
	}
	return sanitize.Line("futures: " + strings.Join(texts, ", "))
}

type jobsLogsCommand struct {
	jobsFlags
	ID string `arg:"" help:"An executor (4b99c1-0), a job (4b99c1-0-M000) or a call (4b99c1-0-M000/00000)."`
}

// Run prints the logs of the calls that have ended, those of several under headings.
func (c *jobsLogsCommand) Run(t *terminal) error {
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
		if report.status == nil {
			continue
		}
		logs, err := report.status.Logs()
		if err != nil {
			return err
		}
		if err := t.printLogs(report.Call, logs, len(reports) > 1); err != nil {
			return err
		}
	}
	return nil
}

// printLogs prints what a function printed, byte for byte into a pipe or file. Only
// between the logs of several calls it adds a heading and a missing line break.
func (t *terminal) printLogs(call, logs string, isOneOfMany bool) error {
	if isOneOfMany {
		if _, err := fmt.Fprintf(t.stdout, "==> %s <==\n", sanitize.Name(call)); err != nil {
			return err
		}
	}
	if logs != "" && !strings.HasSuffix(logs, "\n") && (isOneOfMany || t.stdout.isTerminal) {
		logs += "\n"
	}
	_, err := io.WriteString(t.stdout.logs(), logs)
	return err
}
