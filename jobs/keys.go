// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"strconv"
	"strings"
)

// Prefixes of everything that Lithops keeps in a bucket (lithops/constants.py).
const (
	Prefix         = "lithops.jobs"     // functions, data, and what calls leave
	TempPrefix     = "lithops.jobs/tmp" // CloudObjects
	RuntimesPrefix = "lithops.runtimes" // runtime metadata
)

const (
	functionSuffix    = ".func.pickle"
	dataName          = "aggdata.pickle"
	statusName        = "status.json"
	outputName        = "output.pickle"
	initSuffix        = ".init"
	runtimeSuffix     = ".meta.json"
	cloudObjectPrefix = "cloudobject_"
)

// A Call is one call of a job, as Lithops counts them: the executor's id
// ("4b99c1-0", or "4b99c1-0-M009-00000-1" for one inside a call), the job's
// ("M000", "A001", "R002") and the call's ("00000").
type Call struct {
	ExecutorID, JobID, CallID string
}

// Calls returns the calls of a job that has n, in their order.
func Calls(executorID, jobID string, n int) []Call {
	calls := make([]Call, max(0, n))
	for i := range calls {
		calls[i] = Call{executorID, jobID, FormatCallID(i)}
	}
	return calls
}

// String returns the call's place below [Prefix]: "4b99c1-0-M000/00000".
func (c Call) String() string { return JobKey(c.ExecutorID, c.JobID) + "/" + c.CallID }

// Session returns the id of the session inside the call, "4b99c1-0-M009-00000", from
// which its CloudObjects and the executors that it makes have their names.
func (c Call) Session() string { return JobKey(c.ExecutorID, c.JobID) + "-" + c.CallID }

// JobKey returns the name of a job in keys, "4b99c1-0-M000" (create_job_key of
// lithops/storage/utils.py, where the functions below come from too).
func JobKey(executorID, jobID string) string { return executorID + "-" + jobID }

// FunctionKey returns the key of a job's function. hash is the MD5 of the object's
// bytes, in hexadecimal (create_func_key); [Client.PutFunction] makes it.
//
// Where a worker of Python's shall load the function, the object is the pickle of a
// dict with two keys:
//
//	func         bytes: the function, pickled on its own, as by cloudpickle
//	module_data  a dict from the path of each module's file, relative to a folder that
//	             the worker adds to sys.path, to its content as base64, a str; {} for none
//
// The worker calls the function with the dict of a call's arguments, see
// [Client.PutArguments], as keyword arguments. An executor whose workers are in Go may
// store any bytes.
func FunctionKey(executorID, hash string) string {
	return Prefix + "/" + executorID + "/" + hash + functionSuffix
}

// DataKey returns the key of the arguments of a job's calls, one pickle after another
// (create_data_key), see [Client.PutArguments].
func DataKey(executorID, jobID string) string {
	return Prefix + "/" + JobKey(executorID, jobID) + "/" + dataName
}

// InitKey returns the key of the empty object that a call leaves when it starts;
// activationID tells its attempts apart (create_init_key).
func (c Call) InitKey(activationID string) string {
	return Prefix + "/" + c.String() + "/" + activationID + initSuffix
}

// StatusKey returns the key of the status that a call leaves when it ends (create_status_key).
func (c Call) StatusKey() string { return Prefix + "/" + c.String() + "/" + statusName }

// OutputKey returns the key of a call's result, if that is too large for its status
// (create_output_key).
func (c Call) OutputKey() string { return Prefix + "/" + c.String() + "/" + outputName }

// RuntimeKey returns the key of a runtime's metadata (InternalStorage.put_runtime_meta).
func RuntimeKey(runtime string) string {
	return strings.ReplaceAll(RuntimesPrefix+"/"+runtime+runtimeSuffix, `\`, "/")
}

// CloudObjectKey returns the key that Lithops gives the n-th CloudObject of a session,
// counted from 0 (Storage.put_cloudobject). A call's session is its job's key and
// its own id, "4b99c1-0-M005-00000".
func CloudObjectKey(sessionID string, n uint64) string {
	name := cloudObjectPrefix + strconv.FormatUint(n, 16)
	if sessionID == "" {
		return TempPrefix + "/" + name
	}
	return TempPrefix + "/" + sessionID + "/" + name
}

// A KeyKind tells what an object of Lithops holds.
type KeyKind int

// Kinds of keys, and what of a [Key] each has.
const (
	KeyFunction    KeyKind = iota + 1 // ExecutorID, Hash
	KeyData                           // ExecutorID, JobID
	KeyInit                           // Call, ActivationID
	KeyStatus                         // Call
	KeyOutput                         // Call
	KeyCloudObject                    // Name, SessionID; Call where the session is a call's
	KeyRuntime                        // Name
)

// String returns "function", "data", "init", "status", "output", "cloudobject" or
// "runtime".
func (k KeyKind) String() string {
	if k < KeyFunction || k > KeyRuntime {
		return "KeyKind(" + strconv.Itoa(int(k)) + ")"
	}
	return [...]string{"function", "data", "init", "status", "output", "cloudobject", "runtime"}[k-KeyFunction]
}

// A Key is what [ParseKey] reads from an object's key.
type Key struct {
	Kind KeyKind
	Call
	ActivationID string
	Hash         string // of a function: MD5, in hexadecimal
	SessionID    string // of a CloudObject; empty outside a session
	Name         string // of a CloudObject, or a runtime
}

// String returns the key that was parsed.
func (k Key) String() string {
	switch k.Kind {
	case KeyFunction:
		return FunctionKey(k.ExecutorID, k.Hash)
	case KeyData:
		return DataKey(k.ExecutorID, k.JobID)
	case KeyInit:
		return k.InitKey(k.ActivationID)
	case KeyStatus:
		return k.StatusKey()
	case KeyOutput:
		return k.OutputKey()
	case KeyCloudObject:
		return strings.ReplaceAll(TempPrefix+"/"+k.SessionID+"/"+k.Name, "//", "/")
	case KeyRuntime:
		return RuntimeKey(k.Name)
	}
	return ""
}

// isDigits reports whether text is a number as ids have it: 1 to 18 digits. Lithops
// writes more than one, but Python reads any.
func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return len(text) >= 1 && len(text) <= 18
}

func isHex(text string) bool {
	return strings.Trim(text, "0123456789abcdef") == ""
}

func isJobID(text string) bool {
	return len(text) > 1 && text[0] >= 'A' && text[0] <= 'Z' && isDigits(text[1:])
}

// ParseKey reads a key that Lithops made. It is strict: for a key that only begins or
// ends like one, ok is false. Key.String returns the same key again.
func ParseKey(key string) (parsed Key, ok bool) {
	if name, isRuntime := strings.CutPrefix(key, RuntimesPrefix+"/"); isRuntime {
		name, ok = strings.CutSuffix(name, runtimeSuffix)
		return Key{Kind: KeyRuntime, Name: name}, ok && name != "" && !strings.Contains(name, `\`)
	}
	rest, isJob := strings.CutPrefix(key, Prefix+"/")
	if !isJob {
		return Key{}, false
	}
	segments := strings.Split(rest, "/")
	switch {
	case segments[0] == "tmp":
		return parseCloudObject(segments[1:])
	case len(segments) == 2:
		return parseJobObject(segments[0], segments[1])
	case len(segments) == 3:
		return parseCallObject(segments)
	}
	return Key{}, false
}

func parseCloudObject(segments []string) (Key, bool) {
	key := Key{Kind: KeyCloudObject}
	switch len(segments) {
	case 1:
		key.Name = segments[0]
	case 2:
		key.SessionID, key.Name = segments[0], segments[1]
		if key.SessionID == "" {
			return Key{}, false
		}
	default:
		return Key{}, false
	}
	if jobKey, callID := cutLast(key.SessionID); isDigits(callID) {
		if executorID, jobID, ok := parseJobKey(jobKey); ok {
			key.Call = Call{executorID, jobID, callID}
		}
	}
	number, ok := strings.CutPrefix(key.Name, cloudObjectPrefix)
	return key, ok && len(number) >= 1 && len(number) <= 16 && isHex(number)
}

// parseJobObject reads what is right below an executor or a job.
func parseJobObject(folder, name string) (Key, bool) {
	if hash, ok := strings.CutSuffix(name, functionSuffix); ok {
		return Key{Kind: KeyFunction, Call: Call{ExecutorID: folder}, Hash: hash}, folder != "" && len(hash) == 32 && isHex(hash)
	}
	executorID, jobID, ok := parseJobKey(folder)
	return Key{Kind: KeyData, Call: Call{ExecutorID: executorID, JobID: jobID}}, ok && name == dataName
}

func parseCallObject(segments []string) (Key, bool) {
	executorID, jobID, ok := parseJobKey(segments[0])
	if !ok || !isDigits(segments[1]) {
		return Key{}, false
	}
	key := Key{Call: Call{executorID, jobID, segments[1]}}
	activation, isInit := strings.CutSuffix(segments[2], initSuffix)
	switch {
	case isInit && activation != "":
		key.Kind, key.ActivationID = KeyInit, activation
	case segments[2] == statusName:
		key.Kind = KeyStatus
	case segments[2] == outputName:
		key.Kind = KeyOutput
	default:
		return Key{}, false
	}
	return key, true
}

// parseJobKey takes a job's key apart: at the last hyphen, as nested executors
// have more of them.
func parseJobKey(jobKey string) (executorID, jobID string, ok bool) {
	executorID, jobID = cutLast(jobKey)
	if executorID == "" || !isJobID(jobID) {
		return "", "", false
	}
	return executorID, jobID, true
}

// cutLast cuts text at its last hyphen. Text without one gives two empty strings.
func cutLast(text string) (before, after string) {
	i := strings.LastIndexByte(text, '-')
	if i < 0 {
		return "", ""
	}
	return text[:i], text[i+1:]
}

// outermost returns the executor that was not made inside a call, in whose calls, or
// those of executors made inside them, an executor was made; or the executor itself.
func outermost(executorID string) string {
	for {
		parent, isNested := madeIn(executorID)
		if !isNested {
			return executorID
		}
		executorID = parent
	}
}

// madeIn returns the executor in whose call an executor was made.
func madeIn(executorID string) (parent string, isNested bool) {
	session, number := cutLast(executorID)
	jobKey, callID := cutLast(session)
	parent, _, isJob := parseJobKey(jobKey)
	return parent, isJob && isDigits(callID) && isDigits(number)
}

// isWithin reports whether an executor is the named one, or was made inside one of
// its calls. "4b99c1-1" is not within "4b99c1-10", nor the other way round. Everything
// is within "".
func isWithin(executorID, ancestor string) bool {
	if ancestor == "" {
		return true
	}
	for executorID != ancestor {
		parent, isNested := madeIn(executorID)
		if !isNested {
			return false
		}
		executorID = parent
	}
	return true
}
