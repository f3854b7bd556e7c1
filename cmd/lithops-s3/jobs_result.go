package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
)

type jobsResultCommand struct {
	jobsFlags
	ID   string `arg:"" help:"An executor (4b99c1-0), a job (4b99c1-0-M000) or a call (4b99c1-0-M000/00000)."`
	JSON bool   `name:"json" help:"Print JSON: an array, or an object for one call."`
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
				*report.Result = asJSON(*report.Result)
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

// asJSON is a value of Python's for JSON: containers as arrays and objects, bytes
// in base64, and what JSON has no form for as Python prints it.
func asJSON(value any) any {
	switch value := value.(type) {
	case nil, bool, int64, string:
		return value
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return pickle.Repr(value)
		}
		return value
	case []byte:
		return base64.StdEncoding.EncodeToString(value)
	case pickle.ByteArray:
		return base64.StdEncoding.EncodeToString(value)
	case []any:
		return arrayJSON(value)
	case pickle.Tuple:
		return arrayJSON(value)
	case pickle.Set:
		return arrayJSON(value)
	case pickle.FrozenSet:
		return arrayJSON(value)
	case *pickle.Dict:
		object := make(map[string]any, value.Len())
		for key, item := range value.All() {
			name, ok := key.(string)
			if !ok {
				name = pickle.Repr(key)
			}
			object[name] = asJSON(item)
		}
		return object
	case pickle.NumpyScalar:
		return asJSON(value.Value)
	case time.Time:
		return value.Format(time.RFC3339Nano)
	case *jobs.CloudObject:
		return map[string]any{"backend": value.Backend, "bucket": value.Bucket, "key": value.Key}
	}
	return pythonText(value)
}

func arrayJSON(items []any) []any {
	array := make([]any, len(items))
	for i, item := range items {
		array[i] = asJSON(item)
	}
	return array
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
