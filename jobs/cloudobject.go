// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/pickle"
)

// A CloudObject is Lithops' reference to an object in a bucket
// (lithops.storage.utils.CloudObject). Results may hold them; [pickle.Encode]
// writes them.
type CloudObject = pickle.CloudObject

// CloudObjectOptions are the options of PutCloudObject; nil is the zero value.
type CloudObjectOptions struct {
	// Bucket is where it goes; empty for the bucket of the jobs.
	Bucket string
	// Key is its key; empty for one that Lithops would make.
	Key string
}

// maxSessions is how many sessions have a counter of their own, because a worker of many calls
// has a session for each.
const maxSessions = 4096

// A sessionCounter numbers the CloudObjects of each session. When it has maxSessions of them,
// it forgets all, and numbers every session from where none of them has a number, because a
// number that is used twice replaces an object.
type sessionCounter struct {
	mu    sync.Mutex
	next  map[string]uint64
	start uint64 // of a session that is not known
}

// sessionCounters has the number of CloudObjects of each session in this process, as
// Lithops' COBJECTS_INDEX.
var sessionCounters sessionCounter

// take returns the next number of a session.
func (c *sessionCounter) take(session string) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	number, isKnown := c.next[session]
	if !isKnown {
		if c.next == nil || len(c.next) >= maxSessions {
			c.forget()
		}
		number = c.start
	}
	c.next[session] = number + 1
	return number
}

func (c *sessionCounter) forget() {
	for _, next := range c.next {
		c.start = max(c.start, next)
	}
	c.next = map[string]uint64{}
}

var errNilCloudObject = errors.New("a nil *CloudObject")

// ownSession stands for the session if there is none: Python then numbers
// from 0 in each process, so that one overwrites the other's.
var ownSession = sync.OnceValue(func() string { return "go-" + randomHex(8) })

// PutCloudObject stores an object and returns the reference to it. Without a key
// it gets one from the session's id and a number (Storage.put_cloudobject), as
// "lithops.jobs/tmp/4b99c1-0-M005-00000/cloudobject_0". Numbers begin at 0 in each process, so
// that processes of one session, a worker's children too, need keys of their own. In a process
// that has had thousands of sessions, they may begin higher.
func (c *Client) PutCloudObject(ctx context.Context, body io.Reader, opts *CloudObjectOptions) (*CloudObject, error) {
	if opts == nil {
		opts = &CloudObjectOptions{}
	}
	object := c.newCloudObject(*opts)
	return object, c.storage.PutObject(ctx, object.Bucket, object.Key, body, nil)
}

// newCloudObject returns a reference with the next key of the session.
func (c *Client) newCloudObject(opts CloudObjectOptions) *CloudObject {
	object := &CloudObject{Backend: lithopss3.Backend, Bucket: opts.Bucket, Key: opts.Key}
	if object.Bucket == "" {
		object.Bucket = c.bucket
	}
	session := c.session
	if session == "" {
		session = ownSession()
	}
	number := sessionCounters.take(session)
	if object.Key == "" { // a key that was given takes a number too, as in Python
		object.Key = CloudObjectKey(session, number)
	}
	return object
}

// GetCloudObject opens what a reference names. The caller closes the Body. A
// reference into another storage is ErrOtherBackend, before any request.
func (c *Client) GetCloudObject(ctx context.Context, object *CloudObject, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	if err := checkBackend(object); err != nil {
		return nil, err
	}
	return c.storage.GetObject(ctx, object.Bucket, object.Key, opts)
}

// DeleteCloudObjects removes what references name, each from its own bucket. One
// that is not there is no error; one into another storage is ErrOtherBackend,
// before any request. Those that could not be deleted are in a *lithopss3.DeleteError.
func (c *Client) DeleteCloudObjects(ctx context.Context, objects ...*CloudObject) error {
	keys := map[string][]string{}
	var buckets []string
	for _, object := range objects {
		if err := checkBackend(object); err != nil {
			return err
		}
		if keys[object.Bucket] == nil {
			buckets = append(buckets, object.Bucket)
		}
		keys[object.Bucket] = append(keys[object.Bucket], object.Key)
	}
	var failed []*lithopss3.Error
	var others []error
	for _, bucket := range buckets {
		refused, err := failedDeletes(c.storage.DeleteObjects(ctx, bucket, keys[bucket]))
		failed, others = append(failed, refused...), append(others, err)
	}
	if len(failed) > 0 {
		others = append(others, &lithopss3.DeleteError{Failed: failed})
	}
	return errors.Join(others...)
}

// failedDeletes returns the keys that an error of DeleteObjects names, and what there is next
// to them: after that, other keys are not known to be deleted.
func failedDeletes(err error) (failed []*lithopss3.Error, rest error) {
	found, rest := s3err.Apart[*lithopss3.DeleteError](err)
	for _, each := range found {
		failed = append(failed, each.Failed...)
	}
	if len(failed) == 0 { // an error that names no key is one of all
		return nil, err
	}
	return failed, rest
}

// checkBackend returns an error for a reference that is nil or into another storage.
func checkBackend(object *CloudObject) error {
	if object == nil {
		return errNilCloudObject
	}
	if object.Backend != lithopss3.Backend {
		return fmt.Errorf("%w: %v is in %q, not in %q", lithopss3.ErrOtherBackend, object, object.Backend, lithopss3.Backend)
	}
	return nil
}
