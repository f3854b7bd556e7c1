// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"errors"
	"fmt"
	"strings"
)

// An ID names an executor ("4b99c1-0"), a job of it ("4b99c1-0-M000") or a call of
// that ("4b99c1-0-M000/00000"): what is more general leaves the rest empty.
type ID struct{ ExecutorID, JobID, CallID string }

// ErrInvalidID matches the error of ParseID for a string that is not an ID.
var ErrInvalidID = errors.New("no executor (4b99c1-0), job (4b99c1-0-M000) or call (4b99c1-0-M000/00000)")

// ParseID reads an ID, also with [Prefix] in front and a slash at its end, as it
// stands in keys.
func ParseID(text string) (ID, error) {
	id := strings.TrimSuffix(strings.TrimPrefix(text, Prefix+"/"), "/")
	if key, ok := ParseKey(Prefix + "/" + id + "/" + statusName); ok {
		return ID(key.Call), nil
	}
	if id == "" || id == "tmp" || strings.Contains(id, "/") { // tmp has the CloudObjects
		return ID{}, fmt.Errorf("%q is %w", text, ErrInvalidID)
	}
	if executorID, jobID, ok := parseJobKey(id); ok {
		return ID{ExecutorID: executorID, JobID: jobID}, nil
	}
	return ID{ExecutorID: id}, nil
}

// String returns the ID as [ParseID] reads it.
func (id ID) String() string {
	if id.CallID != "" {
		return Call(id).String()
	}
	if id.JobID != "" {
		return JobKey(id.ExecutorID, id.JobID)
	}
	return id.ExecutorID
}

// Has reports whether the ID selects a call: the one that it names, or a call of the
// job or of the executor that it names. Calls of executors that were made inside those
// calls are not selected, see [ID.HasNested]. The empty ID selects all.
func (id ID) Has(call Call) bool {
	return (id.ExecutorID == "" || id.ExecutorID == call.ExecutorID) &&
		(id.JobID == "" || id.JobID == call.JobID) && (id.CallID == "" || id.CallID == call.CallID)
}

// HasNested reports whether a call is one of an executor that was made inside a call
// that the ID selects, or inside a call of such an executor.
func (id ID) HasNested(call Call) bool {
	if id.ExecutorID == "" || id.ExecutorID == call.ExecutorID || !isWithin(call.ExecutorID, id.ExecutorID) {
		return false
	}
	if id.JobID == "" {
		return true
	}
	start := JobKey(id.ExecutorID, id.JobID) + "-"
	if id.CallID != "" {
		start += id.CallID + "-"
	}
	return strings.HasPrefix(call.ExecutorID, start)
}

// prefixes returns what the keys of the selected calls and jobs begin with, so that
// keys of later prefixes come after those of earlier ones.
func (id ID) prefixes(nested bool) []string {
	if id.ExecutorID == "" || id.JobID == "" {
		return []string{executorPrefix(id.ExecutorID)}
	}
	own := Prefix + "/" + JobKey(id.ExecutorID, id.JobID)
	inside := own + "-"
	if id.CallID != "" {
		own += "/" + id.CallID
		inside += id.CallID + "-"
	}
	if nested {
		return []string{inside, own + "/"}
	}
	return []string{own + "/"}
}
