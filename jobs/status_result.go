// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"errors"
	"fmt"

	"github.com/lithops-go/lithopss3/pickle"
)

// maxInlineResult is the first size in bytes of a pickled result that goes to an
// object of its own (lithops/worker/jobrunner.py).
const maxInlineResult = 8 * 1024

// InlineResult decodes the result in the status. ok is false if there is none:
// it is in an object of its own, or the call failed, or returned None or futures.
// [Client.Result] looks into all of these.
func (s *Status) InlineResult() (value any, ok bool, err error) {
	if s.result == "" {
		return nil, false, nil
	}
	data, err := pickle.ParseBytesLiteral(s.result)
	if err == nil {
		value, err = pickle.Decode(data)
	}
	if err != nil {
		return nil, true, fmt.Errorf("the result of call %s: %w", s.Call, err)
	}
	return value, true, nil
}

// Futures are the calls that the call returned as futures: of an executor that
// it made itself. It is nil for other results, and has none for an empty FuturesList.
func (s *Status) Futures() ([]Call, error) {
	if s.newFutures == "" {
		return nil, nil
	}
	data, err := pickle.ParseBytesLiteral(s.newFutures)
	if err != nil {
		return nil, fmt.Errorf("the futures of call %s: %w", s.Call, err)
	}
	value, err := pickle.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("the futures of call %s: %w", s.Call, err)
	}
	futures, err := callsOf(value)
	if err != nil {
		return nil, fmt.Errorf("the futures of call %s: %w", s.Call, err)
	}
	return futures, nil
}

var errNoFuture = errors.New("they are not futures of Lithops")

// callsOf reads a ResponseFuture, a list of them or a FuturesList.
func callsOf(value any) ([]Call, error) {
	items, isList := value.([]any)
	object, isObject := value.(*pickle.Object)
	switch {
	case isObject && object.Name == "ResponseFuture":
		return callOf(object)
	case isObject:
		items = object.List
	case !isList:
		return nil, errNoFuture
	}
	calls := []Call{}
	for _, item := range items {
		object, ok := item.(*pickle.Object)
		if !ok {
			return nil, errNoFuture
		}
		call, err := callOf(object)
		if err != nil {
			return nil, err
		}
		calls = append(calls, call...)
	}
	return calls, nil
}

func callOf(object *pickle.Object) ([]Call, error) {
	state, ok := object.State.(*pickle.Dict)
	if !ok {
		return nil, errNoFuture
	}
	var call Call
	for name, target := range map[string]*string{"executor_id": &call.ExecutorID, "job_id": &call.JobID, "call_id": &call.CallID} {
		value, _ := state.Get(name)
		if *target, ok = value.(string); !ok {
			return nil, errNoFuture
		}
	}
	return []Call{call}, nil
}

// What is wrong with a status that has neither a result nor an exception.
var (
	errNoResult = errors.New("its function ended the worker's process, as sys.exit does")
	// ErrExceptionLost matches the error of a call whose worker could not pickle its
	// exception. The traceback is in its logs, see [Status.Logs].
	ErrExceptionLost = errors.New("its worker could not write it; its logs have the traceback")
)

// Err is the exception that the call failed with, as a *CallError; nil if it did
// not. A call whose status has neither a result nor an exception has failed too:
// Python's future is a KeyError then.
func (s *Status) Err() error {
	failure := &CallError{Call: s.Call, ActivationID: s.ActivationID}
	switch {
	case s.noResult:
		failure.Message, failure.Err = "it left no result", errNoResult
		return failure
	case !s.Exception:
		return nil
	case s.excInfo == "":
		failure.Message, failure.Err = "its exception is lost", ErrExceptionLost
		return failure
	}
	info, err := pickle.ParseExcInfo(s.excInfo)
	if err != nil {
		failure.Message, failure.Err = "its exception can't be read", err
		return failure
	}
	failure.Type, failure.Message, failure.Traceback, failure.Err = info.Type, info.Message, info.Traceback, info
	return failure
}

// A CallError is the exception that a call ended with.
type CallError struct {
	Call
	ActivationID string
	Type         string // as Python writes it: "ValueError", "module.Error"; empty if it can't be read
	Message      string // str() of the exception
	Traceback    string // what Python prints
	Err          error  // a *pickle.ExcInfo with the exception itself, or why it can't be read
}

// Error names the call, the type and the message.
func (e *CallError) Error() string {
	if e.Type == "" {
		return fmt.Sprintf("call %s failed: %s: %v", e.Call, e.Message, e.Err)
	}
	return fmt.Sprintf("call %s failed: %v", e.Call, e.Err)
}

// Unwrap gives Err.
func (e *CallError) Unwrap() error { return e.Err }
