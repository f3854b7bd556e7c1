// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/lithops-go/lithopss3/internal/readahead"
)

// A body begins with one connection. One that is large, and read on, continues with
// ranges that are read ahead. So a caller that reads the head of an object, and closes,
// makes one request.
const (
	// parallelRange is the size of a range of GetOptions.Parallel, in bytes.
	parallelRange = 8 << 20
	// aheadRange is the size of a range otherwise, and aheadBuffers how many of them are
	// in memory, for all bodies of a Store together.
	aheadRange   = 2 << 20
	aheadBuffers = 14
	// aheadLeast is how many bytes there must be, and aheadAfter how many of them are read
	// before any range is asked for. As many more come on the first connection.
	aheadLeast = 32 << 20
	aheadAfter = 4 << 20
	// aheadRanges is how many ranges are asked for at once, until the caller has to wait
	// for one, and aheadMostRanges how many then.
	aheadRanges     = 4
	aheadMostRanges = 32
	// aheadPatience divides the time-out of a read: so long, 2 s, a body waits for its first
	// range. Then it stays with the connection that it has.
	aheadPatience = 5
)

// newAheadPool returns the memory that the bodies of a Store share.
func newAheadPool(scale int64) *readahead.Pool {
	return readahead.NewPool(aheadRange/cmp.Or(scale, 1), aheadBuffers)
}

// An aheadPlan is when and how a body is read ahead.
type aheadPlan struct {
	opts   GetOptions // that hold each range to the same version
	begins int64      // where ranges are asked for, as an offset in the object; -1 for never
	first  int64      // how many bytes from there on come on the first connection
	with   readahead.Options
}

// planAhead plans how the body of object is read ahead. Only a strong ETag holds several
// requests to one version.
func (s *Store) planAhead(object *Object, opts *GetOptions) aheadPlan {
	never := aheadPlan{begins: -1}
	if object.Length <= 0 || opts.Parallel == 1 || strongETag(object.ETag) == nil {
		return never
	}
	plan := aheadPlan{opts: GetOptions{IfMatch: object.ETag, VersionID: opts.VersionID, SSECustomerKey: opts.SSECustomerKey, Parallel: 1}}
	if opts.Parallel > 1 {
		size := int64(s.parallelRange)
		plan.begins, plan.first = object.Offset, size
		plan.with = readahead.Options{Pool: readahead.NewPool(size, opts.Parallel), Ranges: opts.Parallel, MostRanges: opts.Parallel}
	} else {
		scale := cmp.Or(s.pace.scale, 1)
		if object.Length < aheadLeast/scale {
			return never
		}
		plan.begins, plan.first = object.Offset+aheadAfter/scale, aheadAfter/scale
		plan.with = readahead.Options{Pool: s.ahead, Ranges: aheadRanges, MostRanges: aheadMostRanges}
	}
	if plan.begins+plan.first >= object.Offset+object.Length {
		return never
	}
	return plan
}

// readBody reads what comes next, from the connection or from what is read ahead.
func (r *objectReader) readBody(p []byte) (int, error) {
	if r.ahead == nil && r.plan.begins >= 0 && r.offset >= r.plan.begins {
		r.beginAhead()
	}
	if r.ahead == nil || r.isAhead {
		return r.body.Read(p)
	}
	left := r.aheadAt - r.offset
	if left > 0 {
		return r.body.Read(p[:min(int64(len(p)), left)])
	}
	if err := r.switchOver(); err != nil {
		return 0, err
	}
	return r.body.Read(p)
}

// beginAhead asks for the first ranges, if there is memory. If not, it is tried later.
func (r *objectReader) beginAhead() {
	at := r.offset + r.plan.first
	if at >= r.end {
		r.plan.begins = -1
		return
	}
	options := r.plan.with
	options.Open = r.openRange
	if r.ahead = readahead.Start(r.ctx, at, r.end, options); r.ahead == nil {
		r.plan.begins = at
		return
	}
	r.aheadAt = at
}

// switchOver continues with what is read ahead. If its first range did not come, or not
// soon, the connection serves the rest: the server may have no ranges, or allow few
// connections.
func (r *objectReader) switchOver() error {
	timer := time.NewTimer(r.store.pace.io / aheadPatience)
	defer timer.Stop()
	isReady, err := r.ahead.Wait(timer.C)
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	if isReady && err == nil {
		_ = r.body.Close()
		r.body, r.isAhead = r.ahead, true
		return nil
	}
	_ = r.ahead.Close()
	r.ahead, r.plan.begins = nil, -1
	return nil
}

// openRange opens a range that is read ahead, of the same version. Its body resumes as
// any other.
func (r *objectReader) openRange(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	opts := r.plan.opts
	opts.Range = Range(offset, length)
	object, err := r.store.getObject(ctx, *r.in.Bucket, *r.in.Key, &opts)
	if err != nil {
		return nil, explainChange(err)
	}
	if object.Length != length || object.Size != r.size {
		_ = object.Body.Close()
		return nil, fmt.Errorf("%w: %d bytes of %d came instead of %d of %d", errChanged, object.Length, object.Size, length, r.size)
	}
	return object.Body, nil
}

// endAhead ends what is read ahead.
func (r *objectReader) endAhead() {
	if r.ahead != nil {
		_ = r.ahead.Close()
	}
}
