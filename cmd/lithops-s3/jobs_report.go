// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

// A callReport is a call in a table or in JSON. What is not known is null.
type callReport struct {
	Call       string     `json:"call"`
	State      string     `json:"state"` // running, lost, done, failed
	Activation string     `json:"activation,omitempty"`
	Start      *time.Time `json:"start"`
	Seconds    *float64   `json:"seconds"`          // that it has run, so far or in all
	Result     *any       `json:"result,omitempty"` // of a call that is done; points to nil for None
	Error      string     `json:"error,omitempty"`
	Traceback  string     `json:"traceback,omitempty"`
}

// reportCall describes a call: by its status, or by why it can't be read, or as the
// listing has it.
func reportCall(client *jobs.Client, call jobs.CallState, status *jobs.Status, failure error) *callReport {
	report := &callReport{Call: call.String(), State: call.State.String(), Activation: call.ActivationID, Start: knownTime(call.Began)}
	switch {
	case failure != nil:
		report.fail(failure)
	case status != nil:
		report.fill(status)
	default:
		report.Seconds = knownSeconds(call.Began, client.Now())
	}
	if report.State == jobs.StateLost.String() {
		report.Error = "the call began " + ago(report.Seconds) + " and has left no status"
	}
	return report
}

func (r *callReport) fill(status *jobs.Status) {
	r.State = "done"
	if status.ActivationID != "" {
		r.Activation = status.ActivationID
	}
	r.Start, r.Seconds = knownTime(status.WorkerStart), knownSeconds(status.WorkerStart, status.WorkerEnd)
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
	r.Error = failure.Err.Error()
	if failure.Type == "" {
		r.Error = failure.Message + ": " + r.Error
	}
	if errors.Is(err, jobs.ErrExceptionLost) {
		r.Error += " (lithops-s3 jobs logs " + failure.String() + ")"
	}
}

// knownTime returns a time in UTC, nil where it is missing or absurd: what a status
// says is whatever its worker's clock, or its writer, has made of it.
func knownTime(when time.Time) *time.Time {
	if year := when.Year(); year < 2000 || year >= 2100 {
		return nil
	}
	when = when.UTC()
	return &when
}

// knownSeconds returns how long it took from start to end, nil where that is not known.
func knownSeconds(start, end time.Time) *float64 {
	if knownTime(start) == nil || knownTime(end) == nil || end.Before(start) {
		return nil
	}
	seconds := end.Sub(start).Seconds()
	return &seconds
}

func formatKnownTime(when *time.Time) string {
	if when == nil {
		return "unknown"
	}
	return formatTime(*when)
}

func formatSeconds(seconds *float64) string {
	if seconds == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.3f", *seconds)
}

// ago says how long ago something was: "1h2m3s ago".
func ago(seconds *float64) string {
	if seconds == nil {
		return "at an unknown time"
	}
	return time.Duration(*seconds*float64(time.Second)).Round(time.Second).String() + " ago"
}

// A jsonArray prints the elements of an array as they come, as printJSON would print
// all of them.
type jsonArray struct {
	t     *terminal
	count int
}

// add prints an element.
func (a *jsonArray) add(value any) error {
	data, err := sanitize.JSON(value, "  ")
	if err != nil {
		return err
	}
	before := ",\n  "
	if a.count == 0 {
		before = "[\n  "
	}
	a.count++
	data = bytes.ReplaceAll(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"), []byte("\n  ")) // none is in a string
	_, err = fmt.Fprintf(a.t.stdout, "%s%s", before, data)
	return err
}

// end ends the array.
func (a *jsonArray) end() error {
	if a.count == 0 {
		return a.t.printJSON([]any{})
	}
	_, err := fmt.Fprintln(a.t.stdout, "\n]")
	return err
}
