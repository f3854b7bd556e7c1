// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"iter"
)

// Status reads the status of a call that has ended, of at most 64 MiB. Before the
// call has ended, the error is fs.ErrNotExist.
func (c *Client) Status(ctx context.Context, call Call) (status *Status, err error) {
	err = c.read(ctx, c.source(call.StatusKey(), c.limits.status), func(data []byte) error {
		status, err = parseStatus(call, data)
		return err
	})
	if err != nil {
		return nil, err
	}
	return status, nil
}

func parseStatus(call Call, data []byte) (*Status, error) {
	status := &Status{}
	if err := status.UnmarshalJSON(data); err != nil {
		return nil, fmt.Errorf("%s: %w", call.StatusKey(), err)
	}
	if status.Type != StatusEnd { // {} would be a call that returned None
		return nil, fmt.Errorf("%s: %w: type is %.80q, and not %q", call.StatusKey(), ErrMalformedStatus, status.Type, StatusEnd)
	}
	status.Call = call // a copy of another call's names that one; Python believes the key, too
	return status, nil
}

// statusesAtOnce is how many statuses Statuses asks for at once, as Python's monitor
// (StorageMonitor.THREADPOOL_SIZE).
const statusesAtOnce = 64

// Statuses reads the statuses of many calls, 64 at once, and yields them in the order
// of the calls, one answer for each. An error is of one call, and the sequence
// continues after it. Calls that were not asked for, because ctx has ended, have its
// cause.
//
// At most 8 MiB of statuses are held at once, counted by their size in the bucket, or
// 4 MiB and one that is larger: a status counts from when it is read until the loop's
// body for it has ended.
func (c *Client) Statuses(ctx context.Context, calls []Call) iter.Seq2[*Status, error] {
	reader := &orderedReader[Call, *Status]{
		client: c, atOnce: statusesAtOnce, most: c.limits.statuses,
		source: func(call Call) (source, error) { return c.source(call.StatusKey(), c.limits.status), nil },
		name:   Call.StatusKey,
		parse:  parseStatus,
	}
	return reader.all(ctx, calls)
}
