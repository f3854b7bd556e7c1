// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"encoding/json"
	"time"
)

// Types of a Status.
const (
	StatusInit = "__init__" // the call has started
	StatusEnd  = "__end__"  // the call has ended
)

// unknownSize is the ResultSize of a status that has null in its place. Python's future
// looks for the result then, because null is not 0.
const unknownSize = -1

// A Status is what Lithops' worker writes about a call (lithops/worker/status.py,
// handler.py and jobrunner.py). Fields that the worker left out are zero.
type Status struct {
	Call
	Type         string // StatusEnd; a status in storage has no other
	ActivationID string // of the attempt that ended
	Exception    bool   // the call failed: see Err

	HostSubmitted time.Time     // when the call was submitted
	WorkerStart   time.Time     // when its worker began with it
	WorkerEnd     time.Time     // when its worker was done
	FuncStart     time.Time     // when its function was called
	FuncEnd       time.Time     // when its function returned
	FuncTime      time.Duration // how long its function ran
	UploadTime    time.Duration // how long storing its result took

	ResultSize      int64 // bytes of the pickled result, 0 for None, below 0 if unknown
	ChunkSize       int64 // how many calls one activation serves
	ColdStart       bool  // this call started its worker
	PeakMemoryStart int64 // bytes, before the function
	PeakMemoryEnd   int64 // bytes, after it
	NetSent         int64 // bytes
	NetReceived     int64 // bytes
	RSS, VMS, USS   int64 // bytes: resident, virtual, unique memory
	CPUUsage        []float64
	CPUSystem       time.Duration
	CPUUser         time.Duration
	PythonVersion   string // empty where Python wrote null

	// Extra are the fields that this package does not know, as JSON. They are
	// written again.
	Extra map[string]json.RawMessage

	result, excInfo, newFutures, logs string
	excPickleFail                     bool
	noResult                          bool // it was read, and says that there is no result
}
