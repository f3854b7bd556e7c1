package jobs

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/pyjson"
	"github.com/lithops-go/lithopss3/pickle"
)

// Types of a Status.
const (
	StatusInit = "__init__" // the call has started
	StatusEnd  = "__end__"  // the call has ended
)

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

	ResultSize      int64 // bytes of the pickled result, 0 for None
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
	noResult                          bool // it was read, and tells of no result
}

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
	_, sized := object.Get("func_result_size")
	read.noResult = read.Type == StatusEnd && !sized && !read.Exception
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
		*target = int64(number)
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

// MarshalJSON writes the status as Python's worker does, in ASCII.
func (s *Status) MarshalJSON() ([]byte, error) {
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

// maxLogs bounds what Logs unpacks: 256 MiB.
const maxLogs = 256 << 20

// Logs returns what the call printed, empty if the status has no logs. It is an error
// if they can't be unpacked or are larger than 256 MiB; [Status.LogReader] has no such
// limit and holds only a few KiB.
func (s *Status) Logs() (string, error) { return s.logsUpTo(maxLogs) }

// logsUpTo unpacks logs twice, so that it takes memory once it is known how much.
func (s *Status) logsUpTo(limit int64) (string, error) {
	size, err := io.Copy(io.Discard, io.LimitReader(s.LogReader(), limit+1))
	if err != nil {
		return "", err
	}
	if size > limit {
		return "", fmt.Errorf("the logs of call %s are larger than %d bytes: %w", s.Call, limit, lithopss3.ErrTooLarge)
	}
	var text strings.Builder
	text.Grow(int(size))
	if _, err := io.Copy(&text, s.LogReader()); err != nil {
		return "", err
	}
	return text.String(), nil
}

// LogReader returns a reader of what the call printed, which unpacks it as it is
// read. It is empty if the status has no logs; its error says that they can't be
// unpacked. It need not be closed.
func (s *Status) LogReader() io.Reader { return &logReader{status: s} }

type logReader struct {
	status *Status
	text   io.Reader
}

// Read reads what the call printed.
func (r *logReader) Read(p []byte) (int, error) {
	if r.status.logs == "" {
		return 0, io.EOF
	}
	if r.text == nil {
		text, err := zlib.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(r.status.logs)))
		if err != nil {
			return 0, fmt.Errorf("the logs of call %s: %w", r.status.Call, err)
		}
		r.text = text
	}
	n, err := r.text.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("the logs of call %s: %w", r.status.Call, err)
	}
	return n, err
}

// SetLogs puts what the call printed into the status: compressed, in base64.
// Python decodes it as UTF-8, so what isn't is replaced.
func (s *Status) SetLogs(text string) {
	var packed bytes.Buffer
	writer := zlib.NewWriter(&packed)
	_, _ = io.WriteString(writer, strings.ToValidUTF8(text, "\uFFFD")) // a buffer takes everything
	_ = writer.Close()
	s.logs = base64.StdEncoding.EncodeToString(packed.Bytes())
}

// maxInlineResult is the first size in bytes of a pickled result that goes to an
// object of its own (lithops/worker/jobrunner.py).
const maxInlineResult = 8 * 1024

// InlineResult decodes the result in the status. ok is false where there is none:
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
// it made itself. It is empty for other results.
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
	case isObject && len(object.List) > 0:
		items = object.List
	case !isList && !isObject:
		return nil, errNoFuture
	}
	var calls []Call
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
	errNoResult  = errors.New("its function ended the worker's process, as sys.exit does")
	errNoExcInfo = errors.New("its worker could not write it")
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
		failure.Message, failure.Err = "its exception is lost", errNoExcInfo
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
