// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
)

// cloudObjectsAtOnce is how many CloudObjects are stored or read at once.
const cloudObjectsAtOnce = 16

// errBodyEnded is the error of a body whose Read ended its goroutine.
var errBodyEnded = errors.New("the body's Read did not return")

// PutCloudObjects stores many objects, 16 at once, under keys that Lithops would make,
// and returns the references to them in the order of the bodies. It tries all of them:
// if some can't be stored, the error is a [*CloudObjectsError] that says which, and
// their references are nil. Bodies that were not tried, because ctx has ended, are among
// those. If a body's Read panics, no further body is tried, and PutCloudObjects panics
// with the same value once the others are stored.
func (c *Client) PutCloudObjects(ctx context.Context, bodies []io.Reader) ([]*CloudObject, error) {
	objects, errs := make([]*CloudObject, len(bodies)), make([]error, len(bodies))
	for i := range bodies { // before any is stored, so that the keys have the bodies' order
		objects[i] = c.newCloudObject(CloudObjectOptions{})
	}
	slots := make(chan struct{}, cloudObjectsAtOnce)
	var running panics.Group
	for i, body := range bodies {
		slots <- struct{}{}
		if !running.IsEmpty() {
			break
		}
		if ctx.Err() != nil {
			errs[i] = ended.Why(ctx)
			<-slots
			continue
		}
		errs[i] = errBodyEnded
		running.Go(func() {
			defer func() { <-slots }()
			errs[i] = c.storage.PutObject(ctx, objects[i].Bucket, objects[i].Key, body, nil)
		}, nil)
	}
	running.Wait()
	return objects, collectFailures(objects, errs)
}

// collectFailures returns an error for those that have one, and takes their references
// out of objects.
func collectFailures(objects []*CloudObject, errs []error) error {
	var failed []FailedCloudObject
	for i, err := range errs {
		if err != nil {
			failed = append(failed, FailedCloudObject{Index: i, Object: objects[i], Err: err})
			objects[i] = nil
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &CloudObjectsError{Failed: failed, Total: len(objects)}
}

// GetCloudObjects reads many objects, 16 ahead of the loop that takes them, and yields
// their bytes in the order of the references, one answer for each. An error is of one
// object, names it, and the sequence continues after it: fs.ErrNotExist, ErrOtherBackend
// for a reference into another storage, ErrTooLarge beyond 1 GiB, for which
// [Client.GetCloudObject] has a stream. Objects that were not asked for, because ctx has
// ended, have its cause.
//
// At most 32 MiB are held at once, or 16 MiB and one object that is larger: an object
// counts from when it is read until the loop's body for it has ended.
func (c *Client) GetCloudObjects(ctx context.Context, objects []*CloudObject) iter.Seq2[[]byte, error] {
	objects = slices.Clone(objects) // for the errors too
	reader := &orderedReader[*CloudObject, []byte]{
		client: c, atOnce: cloudObjectsAtOnce, most: c.limits.reading,
		source: cloudObjectSource,
		name:   func(*CloudObject) string { return "not read" },
		parse:  func(_ *CloudObject, data []byte) ([]byte, error) { return data, nil },
	}
	return func(yield func([]byte, error) bool) {
		n := 0
		for data, err := range reader.all(ctx, objects) {
			if err != nil {
				err = fmt.Errorf("CloudObject %d of %d: %w", n, len(objects), nameOf(objects[n], err))
			}
			n++
			if !yield(data, err) {
				return
			}
		}
	}
}

func cloudObjectSource(object *CloudObject) (source, error) {
	if err := checkBackend(object); err != nil {
		return source{}, err
	}
	return source{bucket: object.Bucket, key: object.Key, limit: maxOutput}, nil
}

// nameOf adds to an error which object it is of.
func nameOf(object *CloudObject, err error) error {
	if object == nil {
		return err
	}
	return fmt.Errorf("%s: %w", object.URL(), err)
}

// A FailedCloudObject is one of many objects that could not be stored.
type FailedCloudObject struct {
	Index int // of its body, from 0
	// Object is the reference that it would have had. It may have been stored if Err says
	// that its outcome is not known.
	Object *CloudObject
	Err    error
}

// A CloudObjectsError says which of many objects could not be stored.
type CloudObjectsError struct {
	Failed []FailedCloudObject // in the order of their bodies; never empty
	Total  int                 // how many were to be stored
}

// Error says how many failed, and why the first one did.
func (e *CloudObjectsError) Error() string {
	first := e.Failed[0]
	return fmt.Sprintf("%d of %d CloudObjects not stored, the first is %d (%s): %v", len(e.Failed), e.Total, first.Index, first.Object.URL(), first.Err)
}

// Unwrap returns the errors of all that failed.
func (e *CloudObjectsError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, failed := range e.Failed {
		errs[i] = failed.Err
	}
	return errs
}
