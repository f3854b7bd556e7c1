// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/exact"
)

// Limits of what is read into memory, in bytes.
const (
	maxStatus = 64 << 20 // of one status
	maxOutput = 1 << 30  // of one result or function

	// maxReading bounds the objects that all calls of a Client's methods read at
	// once; one that is larger is read while no other is.
	maxReading = 32 << 20
	// maxUnread bounds the memory for bytes of an object that have not come, because its
	// length is a promise of the server's. What is held is counted by that length before.
	maxUnread = 8 << 20
	// maxStatuses bounds the statuses that one Client.Statuses holds: those that
	// have been read and not yet been yielded. Half of it is for those of more than
	// 64 KiB.
	maxStatuses = 8 << 20
)

// limits are those of a Client, in bytes. The tests have smaller ones, because reading
// what is as large as these takes time.
type limits struct{ status, reading, statuses int64 }

// A source is an object, or a range of it, that is read into memory.
type source struct {
	bucket, key string
	limit       int64                // in bytes; what is larger is ErrTooLarge
	where       *lithopss3.ByteRange // nil for all of it
	known       string               // the ETag of what need not be read again; empty for none
}

// source returns an object in the bucket of the jobs.
func (c *Client) source(key string, limit int64) source {
	return source{bucket: c.bucket, key: key, limit: limit}
}

// read reads an object and passes it to use. The bytes count as held until use returns.
func (c *Client) read(ctx context.Context, from source, use func(data []byte) error) error {
	object, err := c.open(ctx, from)
	if err != nil {
		return err
	}
	release, err := c.reading.acquire(ctx, weight(object, from.limit))
	if err != nil {
		return errors.Join(fmt.Errorf("reading %s: %w", from.key, err), object.Body.Close())
	}
	defer release()
	data, err := readBody(object, from)
	if err != nil {
		return err
	}
	return use(data)
}

// open opens an object that is not too large.
func (c *Client) open(ctx context.Context, from source) (*lithopss3.Object, error) {
	object, err := c.storage.GetObject(ctx, from.bucket, from.key, &lithopss3.GetOptions{Range: from.where, IfNoneMatch: from.known})
	if err != nil {
		return nil, err
	}
	if err := from.hold(object); err != nil {
		return nil, errors.Join(err, object.Body.Close())
	}
	return object, nil
}

// hold holds the body of an open object to what was asked for. It returns an error for one that
// is too large, or is another range: a storage that ignores ranges would give each call all
// arguments.
func (s source) hold(object *lithopss3.Object) error {
	if object.Length > s.limit {
		return tooLarge(s.key, s.limit)
	}
	asked := exact.Span{Length: -1}
	if s.where != nil {
		asked = exact.Span(*s.where)
	}
	length, err := exact.Range(asked, exact.Span{Offset: object.Offset, Length: object.Length}, object.Size)
	if err != nil {
		return fmt.Errorf("%s: %w", s.key, err)
	}
	object.Body = exact.Body(object.Body, length, asked.Length)
	return nil
}

func tooLarge(key string, limit int64) error {
	return fmt.Errorf("%s is larger than %d bytes: %w", key, limit, lithopss3.ErrTooLarge)
}

// weight returns what an open object counts in a budget: its length, or where the
// storage does not tell it, the limit.
func weight(object *lithopss3.Object, limit int64) int64 {
	if object.Length > 0 || object.Size == 0 && object.Length == 0 {
		return object.Length
	}
	return limit
}

// readBody reads the body of an object that was opened by open to its end, and closes it.
func readBody(object *lithopss3.Object, from source) (data []byte, err error) {
	defer func() { err = errors.Join(err, object.Body.Close()) }()
	data, err = exact.ReadAll(io.LimitReader(object.Body, from.limit+1), object.Length, maxUnread)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", from.key, err)
	}
	if int64(len(data)) > from.limit {
		return nil, tooLarge(from.key, from.limit)
	}
	return data, nil
}
