// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"cmp"
	"context"
	"time"

	"github.com/lithops-go/lithopss3/internal/readahead"
)

// A body begins with one connection. One that is large, and read on, continues with
// ranges that are read ahead, unless the connection is faster than many would be. So a
// caller that reads the head of an object, and closes, makes one request.
const (
	// aheadRange is the size of a range without GetOptions.Parallel, and aheadBuffers how
	// many of them are in memory, for all bodies of a Store together.
	aheadRange   = 2 << 20
	aheadBuffers = 14
	// aheadLeast is how many bytes there must be, and aheadAfter how many of them are read
	// before any range is asked for. As many more come on the first connection.
	aheadLeast = 32 << 20
	aheadAfter = 4 << 20
	// aheadLeastFar is aheadLeast of a far server. A near one sends the rest sooner than ranges
	// come.
	aheadLeastFar = 12 << 20
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
	fast   int64      // bytes a second of a connection that needs no ranges; 0 for none
	with   readahead.Options
	// get opens a range with opts.
	get func(ctx context.Context, opts *GetOptions) (*Object, error)
}

// planAhead plans how the body of object is read ahead, if the server's quickest response took
// so long. Only a strong ETag holds several requests to one version.
func (s *Store) planAhead(object *Object, opts *GetOptions, quickest time.Duration) aheadPlan {
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
		scale, least := cmp.Or(s.pace.scale, 1), int64(aheadLeast)
		if far := s.pace.far; far > 0 && quickest > far {
			least = aheadLeastFar
		}
		if object.Length < least/scale {
			return never
		}
		plan.begins, plan.first = object.Offset+aheadAfter/scale, aheadAfter/scale
		plan.fast = s.pace.fast
		plan.with = readahead.Options{Pool: s.ahead, Ranges: aheadRanges, MostRanges: aheadMostRanges}
	}
	if plan.begins+plan.first >= object.Offset+object.Length {
		return never
	}
	return plan
}
