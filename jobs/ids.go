// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

// Types of jobs, the letter that JobID begins with.
const (
	MapJob    = 'M' // map, and the map of map_reduce
	AsyncJob  = 'A' // call_async
	ReduceJob = 'R' // the reduce of map_reduce
)

// FormatJobID returns the id of an executor's n-th job, counted from 0: "M000"
// (lithops.executors.FunctionExecutor). A reduce has its map's number.
func FormatJobID(jobType byte, n int) string { return fmt.Sprintf("%c%03d", jobType, n) }

// FormatCallID returns the id of a job's n-th call, counted from 0: "00000".
func FormatCallID(n int) string { return fmt.Sprintf("%05d", n) }

// FormatExecutorID returns the id of a session's n-th executor, counted from 0
// (lithops.utils.create_executor_id). Inside a call the session is the call's:
// "4b99c1-0-M009-00000".
func FormatExecutorID(sessionID string, n int) string { return sessionID + "-" + strconv.Itoa(n) }

// processSession is the session of a process that is in none: six hexadecimal
// digits.
var processSession = sync.OnceValue(func() string { return randomHex(3) })

// executorCount counts the executors of the process.
var executorCount atomic.Int64

// NewExecutorID returns the id of another executor of this process
// (lithops.utils.create_executor_id), "4b99c1-0". Inside a call of Lithops, which
// __LITHOPS_SESSION_ID tells, the session is the call's; else it is made of six
// random hexadecimal digits. It is safe for concurrent use.
//
// The numbers continue from __LITHOPS_TOTAL_EXECUTORS, in which Python counts its
// own executors. Python does not learn of those that are made here, and two programs that
// one Python starts get the same ids, as two Pythons would: start all but one of them
// without __LITHOPS_SESSION_ID.
func NewExecutorID() string {
	session := os.Getenv(sessionVariable)
	if session == "" {
		session = processSession()
	}
	n := int(executorCount.Add(1) - 1)
	if last, err := strconv.Atoi(os.Getenv("__LITHOPS_TOTAL_EXECUTORS")); err == nil {
		n += last + 1
	}
	return FormatExecutorID(session, n)
}

// NewActivationID returns an id for an attempt at a call: twelve random hexadecimal
// digits, as Lithops' worker makes them where its platform has none of its own.
func NewActivationID() string { return randomHex(6) }

func randomHex(bytes int) string {
	id := make([]byte, bytes)
	_, _ = rand.Read(id) // never fails (crypto/rand)
	return hex.EncodeToString(id)
}

// sessionVariable is where Lithops says what session a process is in.
const sessionVariable = "__LITHOPS_SESSION_ID"
