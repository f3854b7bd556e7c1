// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/lithops-go/lithopss3/internal/pyjson"
	"github.com/lithops-go/lithopss3/pickle"
)

// statusField ties a field to its name in JSON. value points to the field.
type statusField struct {
	name   string
	value  any
	float  bool // Python writes this number as a float
	always bool // Python writes it in every status
}

func (s *Status) fields() []statusField {
	return []statusField{
		{"exception", &s.Exception, false, true},
		{"activation_id", &s.ActivationID, false, true},
		{"python_version", &s.PythonVersion, false, true},
		{"worker_start_tstamp", &s.WorkerStart, false, true},
		{"host_submit_tstamp", &s.HostSubmitted, false, true},
		{"call_id", &s.CallID, false, true},
		{"job_id", &s.JobID, false, true},
		{"executor_id", &s.ExecutorID, false, true},
		{"chunksize", &s.ChunkSize, false, true},
		{"worker_cold_start", &s.ColdStart, false, true},
		{"type", &s.Type, false, true},
		{"worker_func_cpu_usage", &s.CPUUsage, false, false},
		{"worker_func_cpu_system_time", &s.CPUSystem, false, false},
		{"worker_func_cpu_user_time", &s.CPUUser, false, false},
		{"worker_func_sent_net_io", &s.NetSent, false, false},
		{"worker_func_recv_net_io", &s.NetReceived, false, false},
		{"worker_func_rss", &s.RSS, false, false},
		{"worker_func_vms", &s.VMS, false, false},
		{"worker_func_uss", &s.USS, false, false},
		{"worker_peak_memory_start", &s.PeakMemoryStart, true, false},
		{"worker_func_start_tstamp", &s.FuncStart, false, false},
		{"worker_func_end_tstamp", &s.FuncEnd, false, false},
		{"worker_func_exec_time", &s.FuncTime, false, false},
		// A future of Python's looks into it wherever there was no exception.
		{"func_result_size", &s.ResultSize, true, !s.Exception && !s.noResult},
		{"result", &s.result, false, false},
		{"new_futures", &s.newFutures, false, false},
		{"worker_result_upload_time", &s.UploadTime, false, false},
		{"exc_pickle_fail", &s.excPickleFail, false, false},
		{"exc_info", &s.excInfo, false, false},
		{"worker_peak_memory_end", &s.PeakMemoryEnd, true, false},
		{"worker_end_tstamp", &s.WorkerEnd, false, s.Type == StatusEnd},
		{"logs", &s.logs, false, false},
	}
}

// ErrMalformedStatus is a status that is not one.
var ErrMalformedStatus = errors.New("malformed call status")

// UnmarshalJSON reads a status as json.loads does: NaN and lone surrogates are
// no errors, and neither is UTF-8. A field of another type than Python's is
// ErrMalformedStatus and named.
func (s *Status) UnmarshalJSON(data []byte) error {
	value, err := pyjson.Decode(data)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformedStatus, err)
	}
	object, ok := value.(pyjson.Object)
	if !ok {
		return fmt.Errorf("%w: it is not an object", ErrMalformedStatus)
	}
	read := Status{}
	targets := map[string]any{}
	for _, field := range read.fields() {
		targets[field.name] = field.value
	}
	for _, member := range object {
		target, known := targets[member.Name]
		switch {
		case !known:
			if err := read.keep(member); err != nil {
				return err
			}
		case member.Value != nil && !assign(target, member.Value):
			return fmt.Errorf("%w: %s is %.80q", ErrMalformedStatus, member.Name, pickle.Repr(member.Value))
		}
	}
	size, sized := object.Get("func_result_size")
	if sized && (size == nil || size == "None") {
		read.ResultSize = unknownSize
	}
	read.noResult = read.Type == StatusEnd && !sized && !read.Exception && read.newFutures == ""
	*s = read
	return nil
}

func (s *Status) keep(member pyjson.Member) error {
	text, err := pyjson.Encode(member.Value)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrMalformedStatus, member.Name, err)
	}
	if s.Extra == nil {
		s.Extra = map[string]json.RawMessage{}
	}
	s.Extra[member.Name] = text
	return nil
}

// assign stores a value of JSON where target points to, if it fits.
func assign(target, value any) bool {
	switch target := target.(type) {
	case *bool:
		flag, ok := value.(bool)
		*target = flag
		return ok
	case *string:
		text, ok := value.(string)
		*target = text
		return ok
	case *[]float64:
		items, ok := value.([]any)
		for _, item := range items {
			number, isNumber := asFloat(item)
			ok = ok && isNumber
			*target = append(*target, number)
		}
		return ok
	}
	if value == "None" { // what Python knows of its memory on Windows
		return true
	}
	number, ok := asFloat(value)
	if !ok {
		return false
	}
	switch target := target.(type) {
	case *int64:
		*target = int64(math.Ceil(number)) // a half is not 0, which is the size of None
		if whole, isInt := value.(int64); isInt {
			*target = whole
		}
	case *time.Time:
		*target = fromSeconds(number)
	case *time.Duration:
		*target = time.Duration(math.Round(number * float64(time.Second)))
	}
	return math.Abs(number) < math.MaxInt64/2
}

func asFloat(value any) (float64, bool) {
	switch value := value.(type) {
	case int64:
		return float64(value), true
	case float64:
		return value, !math.IsNaN(value) && !math.IsInf(value, 0)
	}
	return 0, false
}

// fromSeconds reads Python's time.time(): seconds since 1970, as a float. Its
// steps near today are 0.24 µs, so that nanoseconds lose nothing.
func fromSeconds(seconds float64) time.Time {
	if seconds == 0 || math.Abs(seconds) > 1e11 {
		return time.Time{}
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e9)))
}

func toSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9
}

// MarshalJSON writes the status as Python's worker does, in ASCII. A Status that is a value,
// as within another struct, has it too.
func (s Status) MarshalJSON() ([]byte, error) {
	var object pyjson.Object
	for _, field := range s.fields() {
		if value, zero := field.json(); !zero || field.always {
			object = append(object, pyjson.Member{Name: field.name, Value: value})
		}
	}
	extra := make(map[string]any, len(s.Extra))
	for name, value := range s.Extra {
		extra[name] = value
	}
	return pyjson.Encode(append(object, pyjson.Sorted(extra)...))
}

// json is the field's value for JSON, and whether it is zero.
func (f statusField) json() (value any, zero bool) {
	switch v := f.value.(type) {
	case *bool:
		return *v, !*v
	case *string:
		if *v == "" && f.name == "python_version" {
			return nil, true
		}
		return *v, *v == ""
	case *int64:
		if f.float {
			return float64(*v), *v == 0
		}
		return *v, *v == 0
	case *time.Time:
		return toSeconds(*v), v.IsZero()
	case *time.Duration:
		return v.Seconds(), *v == 0
	case *[]float64:
		items := make([]any, len(*v))
		for i, item := range *v {
			items[i] = item
		}
		return items, len(items) == 0
	}
	return nil, true
}
