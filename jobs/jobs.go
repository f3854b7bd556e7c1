// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // Lithops names functions by their MD5
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/pickle"
)

// A Client reads and writes what an executor keeps in a bucket: Lithops'
// InternalStorage, and what an executor in Go needs beyond it. It is safe for
// concurrent use.
type Client struct {
	storage  lithopss3.Storage
	bucket   string
	session  string // of the call that CloudObjects belong to; empty outside a call
	cacheDir string // empty for no cache
	interval time.Duration
	lost     time.Duration // the age at which a running call is lost; below 0 never
	pageSize int           // of Watch
	// productive is how many events make a page of Watch worth its request.
	productive int
	limits     limits  // of what is read into memory
	reading    *budget // of all that is; shared by the Clients of In
	sleep      func(context.Context, time.Duration) error
}

// Options are the options of [New]; nil is the zero value.
type Options struct {
	// CacheDir is the folder of the local copies of runtime metadata, which Python
	// reads too. The default is Lithops' own, ~/.lithops/cache, and no cache inside a
	// worker of Lithops.
	CacheDir string
	// NoCache keeps no copies.
	NoCache bool
	// Interval is the time between two polls of [Client.Watch]. The default is that
	// of monitoring_interval, [lithopss3.DefaultMonitoringInterval].
	Interval time.Duration
	// LostAfter is the age at which a call that has begun and has no status is lost. The
	// default is [lithopss3.DefaultExecutionTimeout] and [LostGrace]; below 0, no call is
	// ever lost.
	LostAfter time.Duration
}

// LostGrace is how much longer than execution_timeout of the configuration Lithops'
// monitor waits for a call's status.
const LostGrace = 5 * time.Second

// New returns a Client for the jobs in a bucket. It makes no request. In a worker of
// Lithops, CloudObjects belong to the worker's call, which __LITHOPS_SESSION_ID
// names; [Client.In] names another.
func New(storage lithopss3.Storage, bucket string, opts *Options) *Client {
	if opts == nil {
		opts = &Options{}
	}
	client := &Client{
		storage: storage, bucket: bucket, session: os.Getenv(sessionVariable), cacheDir: opts.CacheDir,
		interval: opts.Interval, lost: opts.LostAfter, pageSize: maxPageSize, productive: productive, sleep: sleep,
		limits: limits{status: maxStatus, reading: maxReading, statuses: maxStatuses}, reading: newBudget(maxReading),
	}
	if client.interval <= 0 {
		client.interval = lithopss3.DefaultMonitoringInterval
	}
	if client.lost == 0 {
		client.lost = lithopss3.DefaultExecutionTimeout + LostGrace
	}
	if client.cacheDir == "" {
		client.cacheDir = defaultCacheDir()
	}
	if opts.NoCache {
		client.cacheDir = ""
	}
	return client
}

// defaultCacheDir returns the folder that Python uses, or "" if it uses none.
func defaultCacheDir() string {
	home := homedir.Dir(homedir.Environment())
	if home == "" || os.Getenv("LITHOPS_WORKER") == "True" {
		return ""
	}
	return filepath.Join(home, ".lithops", "cache")
}

// In returns a Client whose CloudObjects belong to call, so that [Client.Clean]
// deletes them with it. A worker that runs several calls, in goroutines too, takes
// one for each.
func (c *Client) In(call Call) *Client {
	in := *c
	in.session = call.Session()
	return &in
}

// Bucket returns the name of the bucket.
func (c *Client) Bucket() string { return c.bucket }

const (
	// maxPageSize is the most keys that S3 lists, or deletes, with one request.
	maxPageSize = 1000
	// listedAtOnce is how many requests list what must be listed to its end.
	listedAtOnce = 32
)

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ended.Why(ctx)
	case <-timer.C:
		return nil
	}
}

// Now returns the time on the storage's clock, which dates its objects, if the storage
// has a method ServerTime() time.Time, as *lithopss3.Store has; else on this machine's.
// [lithopss3.WithPrefix] and [lithopss3.WithLimit] pass the method on, and so should a
// Storage of yours around another.
func (c *Client) Now() time.Time {
	if storage, ok := c.storage.(interface{ ServerTime() time.Time }); ok {
		return storage.ServerTime()
	}
	return time.Now()
}

// checkPrefix returns ErrListing if key lacks prefix, because a storage that ignores
// the prefix must not cause other keys to be deleted.
func checkPrefix(key, prefix string) error {
	if strings.HasPrefix(key, prefix) {
		return nil
	}
	return fmt.Errorf("%w below the prefix %q: it has %s", lithopss3.ErrListing, prefix, sanitize.Name(key))
}

// PutData stores data of a job under key, see [DataKey].
func (c *Client) PutData(ctx context.Context, key string, body io.Reader) error {
	return c.storage.PutObject(ctx, c.bucket, key, body, nil)
}

// GetData opens data of a job, or a range of it. The caller closes its Body.
func (c *Client) GetData(ctx context.Context, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	return c.storage.GetObject(ctx, c.bucket, key, opts)
}

// DeleteData removes data of a job. That it is not there is no error.
func (c *Client) DeleteData(ctx context.Context, key string) error {
	return c.storage.DeleteObjects(ctx, c.bucket, []string{key})
}

// PutFunction stores a pickled function for an executor, and returns its key,
// which is made from its bytes.
func (c *Client) PutFunction(ctx context.Context, executorID string, function []byte) (key string, err error) {
	hash := md5.Sum(function) //nolint:gosec // as above
	key = FunctionKey(executorID, hex.EncodeToString(hash[:]))
	return key, c.PutData(ctx, key, bytes.NewReader(function))
}

// GetFunction reads a pickled function, of at most 1 GiB.
func (c *Client) GetFunction(ctx context.Context, key string) ([]byte, error) {
	return c.readAll(ctx, key)
}

// readAll returns the bytes of an object, of at most 1 GiB.
func (c *Client) readAll(ctx context.Context, key string) (data []byte, err error) {
	err = c.read(ctx, c.source(key, maxOutput), func(read []byte) error {
		data = read
		return nil
	})
	return data, err
}

// An Activation is an attempt at a call.
type Activation struct {
	Call
	ActivationID string
}

// A Progress is what an executor's calls have left in the bucket.
type Progress struct {
	// Started are the attempts that have started, those that have ended
	// included; Python calls them running. A call can have several.
	Started []Activation
	// Done are the calls that have ended, well or not.
	Done []Call
}

// Progress returns an executor's calls and those of executors that were made inside them
// (InternalStorage.get_job_status), in the order of their keys. Unlike Python it leaves
// out other executors whose id only begins in the same way, and keys that are not
// Lithops'. The id "" stands for every executor. It costs a request for each thousand
// keys; [Client.Watch] costs less.
func (c *Client) Progress(ctx context.Context, executorID string) (*Progress, error) {
	status := &Progress{}
	for key, err := range c.keys(ctx, executorPrefix(executorID)) {
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

// executorPrefix returns the prefix of the folders of an executor's jobs, which is
// also that of executors made inside its calls. "" stands for every executor.
func executorPrefix(executorID string) string {
	if executorID == "" {
		return Prefix + "/"
	}
	return Prefix + "/" + executorID + "-"
}

// keys lists what of the keys with the prefix is Lithops'.
func (c *Client) keys(ctx context.Context, prefix string) iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) {
		for info, err := range c.storage.ListObjects(ctx, c.bucket, &lithopss3.ListOptions{Prefix: prefix, Parallel: listedAtOnce}) {
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

// Output reads the pickle of a call's result, of at most 1 GiB, where the
// call has left it in an object of its own; else it is fs.ErrNotExist.
func (c *Client) Output(ctx context.Context, call Call) ([]byte, error) {
	return c.readAll(ctx, call.OutputKey())
}

// Result returns what a call returned, in the types of package pickle; None is nil.
// For a call that returned futures it is a []Call. For a call that failed the error is
// a *CallError, for one that has not ended fs.ErrNotExist.
func (c *Client) Result(ctx context.Context, call Call) (any, error) {
	status, err := c.Status(ctx, call)
	if err != nil {
		return nil, err
	}
	value, err := c.ResultOf(ctx, status)
	return value, hasEnded(err)
}

// hasEnded returns an error of the result of a call that has ended. It does not match
// fs.ErrNotExist, which says that the call runs: its result may be deleted.
func hasEnded(err error) error { return s3err.Hide(err, fs.ErrNotExist) }

// ResultOf is [Client.Result] for a status that is already at hand. It makes a
// request only for a result that is not in the status.
func (c *Client) ResultOf(ctx context.Context, status *Status) (any, error) {
	if err := status.Err(); err != nil {
		return nil, err
	}
	if status.newFutures != "" { // also none at all: an empty FuturesList
		futures, err := status.Futures()
		if err != nil {
			return nil, err
		}
		return futures, nil
	}
	value, ok, err := status.InlineResult()
	if err != nil || ok || status.ResultSize == 0 {
		return value, err
	}
	err = c.read(ctx, c.source(status.OutputKey(), maxOutput), func(data []byte) error {
		if value, err = pickle.Decode(data); err != nil {
			return fmt.Errorf("%s: %w", status.OutputKey(), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// ResultPickle returns the pickle of what a call returned, as Python wrote it: of its
// futures if it returned any, and of None if it left no result. A call that failed is
// a *CallError.
func (c *Client) ResultPickle(ctx context.Context, status *Status) ([]byte, error) {
	if err := status.Err(); err != nil {
		return nil, err
	}
	literal := status.newFutures
	if literal == "" {
		literal = status.result
	}
	switch {
	case literal != "":
		data, err := pickle.ParseBytesLiteral(literal)
		if err != nil {
			return nil, fmt.Errorf("the result of call %s: %w", status.Call, err)
		}
		return data, nil
	case status.ResultSize == 0:
		return pickle.Encode(nil)
	}
	return c.Output(ctx, status.Call)
}

// PutInit marks a call as started, as the worker does.
func (c *Client) PutInit(ctx context.Context, call Call, activationID string) error {
	if activationID == "" || strings.Contains(activationID, "/") {
		return fmt.Errorf("invalid activation id %q", activationID)
	}
	return c.PutData(ctx, call.InitKey(activationID), strings.NewReader(""))
}

// compile-time checks that a status keeps its form through encoding/json.
var (
	_ json.Marshaler   = Status{}
	_ json.Unmarshaler = (*Status)(nil)
)
