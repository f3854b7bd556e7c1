package lithopss3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // Lithops names functions by their MD5
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/pickle"
)

// Jobs is what an executor keeps in a bucket, on any [Storage]: Lithops'
// InternalStorage, and what an executor of one's own needs beyond. It is safe
// for concurrent use as long as nobody sets its fields.
type Jobs struct {
	// SessionID is what CloudObjects are named after: NewJobs takes it from
	// __LITHOPS_SESSION_ID, which Lithops sets in its workers. Empty stands for
	// a name that no other process takes.
	SessionID string
	// CacheDir is the folder of the local copies of runtime metadata, shared
	// with Python; NewJobs sets ~/.lithops/cache, or nothing inside a worker of
	// Lithops, as Python does. Empty is no cache.
	CacheDir string
	// Interval is how long Watch waits between two polls; NewJobs sets Lithops'
	// default for monitoring_interval, [DefaultMonitoringInterval].
	Interval time.Duration

	storage  Storage
	bucket   string
	pageSize int // of Watch
	sleep    func(context.Context, time.Duration) error
}

// NewJobs works on the jobs in a bucket. No request is made.
func NewJobs(storage Storage, bucket string) *Jobs {
	jobs := &Jobs{storage: storage, bucket: bucket, Interval: DefaultMonitoringInterval, pageSize: maxPageSize, sleep: sleep}
	jobs.SessionID = os.Getenv(sessionVariable)
	if home, err := os.UserHomeDir(); err == nil && os.Getenv("LITHOPS_WORKER") != "True" {
		jobs.CacheDir = filepath.Join(home, ".lithops", "cache")
	}
	return jobs
}

// Bucket is the bucket that the jobs are in.
func (j *Jobs) Bucket() string { return j.bucket }

// Limits of what is read into memory, in bytes.
const (
	maxStatus = 64 << 20
	maxOutput = 1 << 30
)

// PutData stores data of a job under key, see [DataKey].
func (j *Jobs) PutData(ctx context.Context, key string, body io.Reader) error {
	return j.storage.PutObject(ctx, j.bucket, key, body, nil)
}

// GetData opens data of a job, or a range of it. The caller closes its Body.
func (j *Jobs) GetData(ctx context.Context, key string, opts *GetOptions) (*Object, error) {
	return j.storage.GetObject(ctx, j.bucket, key, opts)
}

// DeleteData removes data of a job. That it is not there is no error.
func (j *Jobs) DeleteData(ctx context.Context, key string) error {
	return j.storage.DeleteObjects(ctx, j.bucket, []string{key})
}

// AggregateData puts the pickled arguments of a job's calls one after another,
// as they go under [DataKey]; ranges tells where each of them is
// (lithops.utils.agg_data, whose ranges count to the last byte).
func AggregateData(items [][]byte) (data []byte, ranges []ByteRange) {
	for _, item := range items {
		ranges = append(ranges, ByteRange{Offset: int64(len(data)), Length: int64(len(item))})
		data = append(data, item...)
	}
	return data, ranges
}

// PutFunction stores a pickled function for an executor, and returns its key,
// which is made from its bytes.
func (j *Jobs) PutFunction(ctx context.Context, executorID string, function []byte) (key string, err error) {
	hash := md5.Sum(function) //nolint:gosec // as above
	key = FunctionKey(executorID, hex.EncodeToString(hash[:]))
	return key, j.PutData(ctx, key, bytes.NewReader(function))
}

// GetFunction reads a pickled function, of at most 1 GiB.
func (j *Jobs) GetFunction(ctx context.Context, key string) ([]byte, error) {
	return j.read(ctx, key, maxOutput)
}

// read gets an object into memory.
func (j *Jobs) read(ctx context.Context, key string, limit int64) (data []byte, err error) {
	object, err := j.storage.GetObject(ctx, j.bucket, key, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, object.Body.Close()) }()
	data, err = io.ReadAll(io.LimitReader(object.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", key, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", key, limit)
	}
	return data, nil
}

// An Activation is an attempt at a call.
type Activation struct {
	Call
	ActivationID string
}

// A JobStatus is what an executor's calls have left in the bucket.
type JobStatus struct {
	// Started are the attempts that have started, those that have ended
	// included; Python calls them running. A call can have several.
	Started []Activation
	// Done are the calls that have ended, well or not.
	Done []Call
}

// JobStatus lists an executor's calls, those of executors made inside its calls
// included (InternalStorage.get_job_status), in the order of their keys. Unlike
// Python it leaves out other executors whose id only begins alike, and keys that
// are not Lithops'. The id "" stands for every executor. It costs a request for each thousand keys; [Jobs.Watch] costs less.
func (j *Jobs) JobStatus(ctx context.Context, executorID string) (*JobStatus, error) {
	status := &JobStatus{}
	for key, err := range j.keys(ctx, executorPrefix(executorID)) {
		if err != nil {
			return nil, err
		}
		if !isWithin(key.ExecutorID, executorID) {
			continue
		}
		switch key.Kind {
		case KeyInit:
			status.Started = append(status.Started, Activation{key.Call, key.ActivationID})
		case KeyStatus:
			status.Done = append(status.Done, key.Call)
		}
	}
	return status, nil
}

// executorPrefix is what the folders of an executor's jobs begin with, and those
// of executors made inside its calls. "" stands for every executor.
func executorPrefix(executorID string) string {
	if executorID == "" {
		return JobsPrefix + "/"
	}
	return JobsPrefix + "/" + executorID + "-"
}

// keys lists what of the keys with the prefix is Lithops'.
func (j *Jobs) keys(ctx context.Context, prefix string) iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) {
		for info, err := range j.storage.ListObjects(ctx, j.bucket, &ListOptions{Prefix: prefix, Parallel: listedAtOnce}) {
			if err != nil {
				yield(Key{}, err)
				return
			}
			if key, ok := ParseKey(info.Key); ok && !yield(key, nil) {
				return
			}
		}
	}
}

// CallStatus reads the status of a call that has ended; before, it is fs.ErrNotExist.
func (j *Jobs) CallStatus(ctx context.Context, call Call) (*CallStatus, error) {
	data, err := j.read(ctx, call.StatusKey(), maxStatus)
	if err != nil {
		return nil, err
	}
	status := &CallStatus{}
	if err := status.UnmarshalJSON(data); err != nil {
		return nil, fmt.Errorf("%s: %w", call.StatusKey(), err)
	}
	return status, nil
}

// statusesAtOnce is how many statuses CallStatuses reads at once, as Python's
// monitor (StorageMonitor.THREADPOOL_SIZE).
const statusesAtOnce = 64

// CallStatuses reads the statuses of many calls, 64 at once, and yields them in
// the order of the calls, one answer for each. An error is of one call; the sequence
// goes on behind it. Calls that are not asked for, as ctx has ended, have its cause.
func (j *Jobs) CallStatuses(ctx context.Context, calls []Call) iter.Seq2[*CallStatus, error] {
	return func(yield func(*CallStatus, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		type answer struct {
			status *CallStatus
			err    error
		}
		answers := make(chan chan answer, statusesAtOnce)
		running.Go(func() {
			defer close(answers)
			for _, call := range calls {
				slot := make(chan answer, 1)
				select {
				case answers <- slot:
				case <-ctx.Done():
					return
				}
				running.Go(func() {
					status, err := j.CallStatus(ctx, call)
					slot <- answer{status, err}
				})
			}
		})
		answered := 0
		for slot := range answers {
			if a := <-slot; !yield(a.status, a.err) {
				return
			}
			answered++
		}
		for _, call := range calls[answered:] {
			if !yield(nil, fmt.Errorf("%s: %w", call.StatusKey(), context.Cause(ctx))) {
				return
			}
		}
	}
}

// CallOutput reads the pickle of a call's result, of at most 1 GiB, where the
// call has left it in an object of its own; else it is fs.ErrNotExist.
func (j *Jobs) CallOutput(ctx context.Context, call Call) ([]byte, error) {
	return j.read(ctx, call.OutputKey(), maxOutput)
}

// Result is what a call returned, in the types of package pickle; None is nil. A
// call that returned futures gives a []Call. A call that failed is a *CallError,
// one that has not ended fs.ErrNotExist.
func (j *Jobs) Result(ctx context.Context, call Call) (any, error) {
	status, err := j.CallStatus(ctx, call)
	if err != nil {
		return nil, err
	}
	return j.ResultOf(ctx, status)
}

// ResultOf is [Jobs.Result] for a status that is already at hand. It makes a
// request only for a result that is not in the status.
func (j *Jobs) ResultOf(ctx context.Context, status *CallStatus) (any, error) {
	if err := status.Err(); err != nil {
		return nil, err
	}
	if futures, err := status.Futures(); err != nil || len(futures) > 0 {
		return futures, err
	}
	value, ok, err := status.InlineResult()
	if err != nil || ok || status.ResultSize == 0 {
		return value, err
	}
	data, err := j.CallOutput(ctx, status.Call)
	if err != nil {
		return nil, err
	}
	if value, err = pickle.Decode(data); err != nil {
		return nil, fmt.Errorf("%s: %w", status.OutputKey(), err)
	}
	return value, nil
}

// PutInit marks a call as started, as the worker does.
func (j *Jobs) PutInit(ctx context.Context, call Call, activationID string) error {
	if activationID == "" || strings.Contains(activationID, "/") {
		return fmt.Errorf("invalid activation id %q", activationID)
	}
	return j.PutData(ctx, call.InitKey(activationID), strings.NewReader(""))
}

// PutStatus marks a call as ended, as the worker does. Type and WorkerEnd are
// filled in where they are zero. The result, if it has an object of its own, must
// be there before.
func (j *Jobs) PutStatus(ctx context.Context, status *CallStatus) error {
	status.Type = StatusEnd
	if status.WorkerEnd.IsZero() {
		status.WorkerEnd = time.Now()
	}
	data, err := status.MarshalJSON()
	if err != nil {
		return fmt.Errorf("%s: %w", status.StatusKey(), err)
	}
	return j.PutData(ctx, status.StatusKey(), bytes.NewReader(data))
}

// Finish stores what a call returned, or failed with, and then its status, so
// that Python's get_result finds it. The result may be what [pickle.Encode] takes;
// below 8 KiB it goes into the status, else under [Call.OutputKey]. Python reads
// failure as an Exception with its text, or as the exception that a
// *pickle.Exception within it is.
func (j *Jobs) Finish(ctx context.Context, status *CallStatus, result any, failure error) error {
	status.result, status.excInfo, status.newFutures, status.ResultSize = "", "", "", 0
	status.noResult, status.excPickleFail = false, false
	if status.Exception = failure != nil; status.Exception {
		data, err := pickle.EncodeExcInfo(asException(failure))
		if err != nil {
			return fmt.Errorf("the exception of call %s: %w", status.Call, err)
		}
		status.excInfo = pickle.FormatBytesLiteral(data)
		return j.PutStatus(ctx, status)
	}
	if result == nil {
		return j.PutStatus(ctx, status)
	}
	data, err := pickle.Encode(result)
	if err != nil {
		return fmt.Errorf("the result of call %s: %w", status.Call, err)
	}
	status.ResultSize = int64(len(data))
	if len(data) < maxInlineResult {
		status.result = pickle.FormatBytesLiteral(data)
		return j.PutStatus(ctx, status)
	}
	start := time.Now()
	if err := j.PutData(ctx, status.OutputKey(), bytes.NewReader(data)); err != nil {
		return err
	}
	status.UploadTime = time.Since(start)
	return j.PutStatus(ctx, status)
}

// asException finds the exception of Python that an error is, or makes one of its text.
func asException(failure error) *pickle.Exception {
	if exception := (*pickle.Exception)(nil); errors.As(failure, &exception) && exception.Module == "builtins" {
		return exception
	}
	return &pickle.Exception{Module: "builtins", Class: "Exception", Args: pickle.Tuple{strings.ToValidUTF8(failure.Error(), "\uFFFD")}}
}

// A JobInfo is what the bucket tells about a job without reading an object.
type JobInfo struct {
	ExecutorID, JobID string
	Started, Done     int       // calls
	First, Last       time.Time // of the job's objects, when they were stored
	Objects, Bytes    int64
}

// List describes the jobs whose executor's id begins with prefix ("" for all), in
// the order of their ids. It lists every key of theirs.
func (j *Jobs) List(ctx context.Context, prefix string) ([]JobInfo, error) {
	infos := map[[2]string]*JobInfo{}
	started := map[Call]bool{}
	for info, err := range j.storage.ListObjects(ctx, j.bucket, &ListOptions{Prefix: JobsPrefix + "/" + prefix, Parallel: listedAtOnce}) {
		if err != nil {
			return nil, err
		}
		key, ok := ParseKey(info.Key)
		if !ok || key.JobID == "" || key.Kind == KeyCloudObject {
			continue
		}
		id := [2]string{key.ExecutorID, key.JobID}
		if infos[id] == nil {
			infos[id] = &JobInfo{ExecutorID: key.ExecutorID, JobID: key.JobID, First: info.LastModified}
		}
		infos[id].add(key, info, started)
	}
	list := make([]JobInfo, 0, len(infos))
	for _, info := range infos {
		list = append(list, *info)
	}
	slices.SortFunc(list, func(a, b JobInfo) int {
		return cmp.Or(cmp.Compare(a.ExecutorID, b.ExecutorID), cmp.Compare(a.JobID, b.JobID))
	})
	return list, nil
}

func (i *JobInfo) add(key Key, info ObjectInfo, started map[Call]bool) {
	i.Objects++
	i.Bytes += info.Size
	if info.LastModified.Before(i.First) {
		i.First = info.LastModified
	}
	if info.LastModified.After(i.Last) {
		i.Last = info.LastModified
	}
	switch {
	case key.Kind == KeyInit && !started[key.Call]:
		started[key.Call] = true
		i.Started++
	case key.Kind == KeyStatus:
		i.Done++
	}
}

// compile-time checks that a status keeps its form through encoding/json.
var (
	_ json.Marshaler   = (*CallStatus)(nil)
	_ json.Unmarshaler = (*CallStatus)(nil)
)
