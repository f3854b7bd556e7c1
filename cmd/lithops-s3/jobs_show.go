// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

type jobsShowCommand struct {
	selectionFlags
	JSON bool `name:"json" help:"Print JSON: an array, or an object for one call."`
}

// Help is shown by jobs show --help.
func (jobsShowCommand) Help() string {
	return `Reads the status of each call that has ended, 64 at once: 100,000 calls take half a
minute where a request takes 20 ms. "jobs list --fast" counts calls by their keys alone.`
}

// Run shows the calls.
func (c *jobsShowCommand) Run(t *terminal) error {
	store, found, err := c.find(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if c.JSON {
		return c.printJSON(t, found)
	}
	if found.calls == 0 {
		_, err := fmt.Fprintf(t.stdout, "no call of %s has begun\n", sanitize.Name(found.id.String()))
		return err
	}
	table := newTable("CALL", "STATE", "START", "SECONDS", "RESULT")
	traceback := ""
	err = found.each(t.ctx, func(call jobs.CallState, status *jobs.Status, failure error) error {
		report := reportCall(found.client, call, status, failure)
		report.summarize(status)
		table.add(cell{text: sanitize.Name(report.Call)}, cell{report.State, stateStyle(report.State)},
			cell{text: formatKnownTime(report.Start)}, cell{text: formatSeconds(report.Seconds)}, cell{text: sanitize.Line(report.line())})
		if found.isOne {
			traceback = report.Traceback
		}
		return nil
	})
	if err != nil { // of the storage: half a table would be taken for all of it
		return err
	}
	if err := table.print(t.stdout); err != nil || traceback == "" {
		return err
	}
	_, err = fmt.Fprint(t.stdout, "\n", sanitize.Text(traceback))
	return err
}

func (c *jobsShowCommand) printJSON(t *terminal, found *selection) error {
	array := &jsonArray{t: t}
	err := found.each(t.ctx, func(call jobs.CallState, status *jobs.Status, failure error) error {
		report := reportCall(found.client, call, status, failure)
		report.summarize(status)
		if found.isOne {
			return t.printJSON(report)
		}
		return array.add(report)
	})
	if err != nil || found.isOne {
		return err
	}
	return array.end()
}

// line is the failure or the result as a line of text.
func (r *callReport) line() string {
	switch {
	case r.Error != "":
		return shortLine(sanitize.Line(r.Error), 500)
	case r.Result != nil:
		return fmt.Sprint(*r.Result)
	case r.State == jobs.StateRunning.String():
		return "began " + ago(r.Seconds)
	}
	return ""
}

// summarize makes the result a line of text, without reading an object for it.
func (r *callReport) summarize(status *jobs.Status) {
	if r.State != "done" {
		return
	}
	var summary any = "None"
	futures, err := status.Futures()
	value, inline, err2 := status.InlineResult()
	switch {
	case err != nil || err2 != nil:
		r.State, r.Error = "failed", errors.Join(err, err2).Error()
		return
	case len(futures) > 0:
		summary = fmt.Sprintf("%d futures, the first: %s", len(futures), futures[0])
	case futures != nil:
		summary = pythonText(futures)
	case inline:
		summary = shortLine(pythonText(value), 72)
	case status.ResultSize > 0:
		summary = fmt.Sprintf("(%s, see jobs result)", formatSize(status.ResultSize))
	case status.ResultSize < 0:
		summary = "(see jobs result)"
	}
	r.Result = &summary
}

// shortLine keeps a line short.
func shortLine(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
