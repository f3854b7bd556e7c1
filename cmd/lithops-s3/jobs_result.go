// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
)

type jobsResultCommand struct {
	selectionFlags
	JSON bool `name:"json" xor:"form" help:"Print JSON: an array, or an object for one call. What JSON has no form for is an object such as {\"$bytes\": \"aGk=\"}; a tuple is an array."`
	Raw  bool `xor:"form" help:"Write the pickle of a call's result, byte for byte: for Python's pickle.load."`
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

// Errors for the exit code; what happened to each call is printed.
var (
	errCallsFailed = errors.New("calls failed or were lost")
	errNotEnded    = errors.New("calls have not ended")
)

// Run prints the results of the calls that have ended.
func (c *jobsResultCommand) Run(t *terminal) error {
	store, found, err := c.find(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if c.Raw {
		return c.writeRaw(t, found)
	}
	if found.calls == 0 {
		return fmt.Errorf("%w: no call of %s has begun", errNotEnded, sanitize.Name(found.id.String()))
	}
	failed, running := 0, 0
	array := &jsonArray{t: t}
	err = found.each(t.ctx, func(call jobs.CallState, status *jobs.Status, failure error) error {
		report := reportCall(found.client, call, status, failure)
		if err := report.readResult(t.ctx, found.client, status); err != nil {
			return err
		}
		if c.JSON && report.Result != nil {
			*report.Result = pythonJSON{*report.Result}
		}
		err := c.print(t, report, array, found.isOne)
		switch report.State {
		case "running":
			running++
		case "failed", "lost":
			failed++
		}
		return err
	})
	if err == nil && c.JSON && !found.isOne {
		err = array.end()
	}
	switch {
	case err != nil:
		return err
	case running > 0:
		return fmt.Errorf("%w: %d of %d", errNotEnded, running, found.calls)
	case failed > 0:
		return fmt.Errorf("%w: %d of %d", errCallsFailed, failed, found.calls)
	}
	return nil
}

// print prints what is known of a call, as text or as JSON. A result that is too deep for
// JSON is a failure of the call, as one that can't be read.
func (c *jobsResultCommand) print(t *terminal, report *callReport, array *jsonArray, isOne bool) error {
	if !c.JSON {
		return report.printResult(t, isOne)
	}
	add := array.add
	if isOne {
		add = t.printJSON
	}
	err := add(report)
	var broken *json.MarshalerError
	if !errors.As(err, &broken) {
		return err
	}
	report.Result = nil
	report.fail(fmt.Errorf("the result can't be written as JSON: %w", broken.Err))
	return add(report)
}

// readResult reads the result of a call that is done. The error is the storage's; a
// result that can't be read is a failure of the call.
func (r *callReport) readResult(ctx context.Context, client *jobs.Client, status *jobs.Status) error {
	if r.State != "done" {
		return nil
	}
	value, err := client.ResultOf(ctx, status)
	if err != nil && isOfStorage(ctx, err) {
		return err
	}
	if err != nil {
		r.fail(err)
		return nil
	}
	r.Result = &value
	return nil
}

// printResult prints a result on a line.
func (r *callReport) printResult(t *terminal, isOne bool) error {
	text := r.State
	switch {
	case r.Error != "":
		text = sanitize.Line(r.Error)
	case r.Result != nil:
		text = pythonText(*r.Result)
	}
	if !isOne {
		text = sanitize.Name(r.Call) + "\t" + text
	}
	_, err := fmt.Fprintln(t.stdout, text)
	return err
}

// writeRaw writes the pickle that the call left.
func (c *jobsResultCommand) writeRaw(t *terminal, found *selection) error {
	if !found.isOne {
		return fmt.Errorf("%w: --raw takes one call (4b99c1-0-M000/00000)", errUsage)
	}
	call := jobs.Call(found.id)
	status, err := found.client.Status(t.ctx, call)
	if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, lithopss3.ErrNoSuchBucket) {
		return fmt.Errorf("%w: %s has left no status", errNotEnded, sanitize.Name(call.String()))
	}
	if err != nil {
		return err
	}
	if err := status.Err(); err != nil {
		return err
	}
	data, err := found.client.ResultPickle(t.ctx, status)
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
	if len(calls) == 0 {
		return "no futures"
	}
	texts := make([]string, len(calls))
	for i, call := range calls {
		texts[i] = call.String()
	}
	return sanitize.Line("futures: " + strings.Join(texts, ", "))
}
