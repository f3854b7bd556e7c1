// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/ended"
)

// PutArguments stores the pickled arguments of a job's calls under [DataKey], one after
// another and as they come: it holds one of them, and what the storage holds of a
// stream. ranges has one range for each, which [Client.Arguments] reads. An error of
// items ends it, and nothing is stored.
//
// What Python's worker calls the function with is a dict of its named arguments:
// pickle.NewDict("x", 1). To pickle values as they come, see [pickle.EncodeEach].
func (c *Client) PutArguments(ctx context.Context, executorID, jobID string, items iter.Seq2[[]byte, error]) (ranges []lithopss3.ByteRange, err error) {
	data := AggregateData(items)
	err = c.PutData(ctx, DataKey(executorID, jobID), data)
	if closed := data.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	return data.Ranges(), nil
}

// Arguments reads the pickled arguments of a call, from the range of its job's data
// that [Client.PutArguments] returned for it. They may have at most 1 GiB. If the data ends
// before the range, as after another job's was stored there, it is io.ErrUnexpectedEOF.
func (c *Client) Arguments(ctx context.Context, call Call, where lithopss3.ByteRange) (data []byte, err error) {
	key := DataKey(call.ExecutorID, call.JobID)
	if where.Length > maxOutput {
		return nil, tooLarge(key, maxOutput)
	}
	err = c.read(ctx, source{bucket: c.bucket, key: key, limit: maxOutput, where: &where}, func(read []byte) error {
		if int64(len(read)) < where.Length {
			return fmt.Errorf("%s has %d of the %d bytes from %d on: %w", key, len(read), where.Length, where.Offset, io.ErrUnexpectedEOF)
		}
		data = read
		return nil
	})
	return data, err
}

// AggregateData returns a reader of the pickled arguments of a job's calls, one after
// another, as they go under [DataKey] (lithops.utils.agg_data). It takes an item when
// those before have been read, so that it holds one. Close it after use.
func AggregateData(items iter.Seq2[[]byte, error]) *AggregatedData {
	next, stop := iter.Pull2(items)
	return &AggregatedData{next: next, stop: stop}
}

// AggregatedData is the reader of [AggregateData]. It is safe for concurrent use, as a
// storage may still read while it is closed.
type AggregatedData struct {
	mu     sync.Mutex
	next   func() ([]byte, error, bool)
	stop   func()
	rest   []byte // of the item that is being read
	ranges []lithopss3.ByteRange
	length int64
	ended  error // io.EOF, or why there is no more
}

// errClosed is the error of a reader that was closed before its end.
var errClosed = errors.New("the arguments were closed before all of them were read")

// Read reads the items. An error of theirs ends it.
func (d *AggregatedData) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.rest) == 0 && d.ended == nil {
		d.take()
	}
	if len(d.rest) == 0 {
		return 0, d.ended
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

// take takes the next item.
func (d *AggregatedData) take() {
	item, err, ok := d.next()
	if !ok {
		d.ended = io.EOF
		return
	}
	if err != nil {
		d.ended = ended.HideEOF(fmt.Errorf("the arguments of call %d: %w", len(d.ranges), err)) // else it counts as the end
		return
	}
	d.ranges = append(d.ranges, lithopss3.ByteRange{Offset: d.length, Length: int64(len(item))})
	d.length += int64(len(item))
	d.rest = item
}

// Ranges returns where each item is that was taken so far: of all once Read has
// returned io.EOF. The ranges of lithops.utils.agg_data count to the last byte, these
// have a length.
func (d *AggregatedData) Ranges() []lithopss3.ByteRange {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clip(d.ranges) // which a caller may append to
}

// Close ends the sequence of items. It returns the error that the items ended with, if
// any, or an error if they were not all read.
func (d *AggregatedData) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stop()
	if d.ended == nil {
		d.ended, d.rest = errClosed, nil
	}
	if ended.IsEOF(d.ended) {
		return nil
	}
	return d.ended
}
