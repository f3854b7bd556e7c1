// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/pyjson"
)

// PutRuntimeMeta stores a runtime's metadata, anything that encoding/json takes.
// The runtime is named as by Lithops, "aws_lambda/3.7.1/us-east-1/name/256".
func (c *Client) PutRuntimeMeta(ctx context.Context, runtime string, meta any) error {
	data, err := pyjson.Encode(meta)
	if err != nil {
		return fmt.Errorf("the metadata of runtime %s: %w", runtime, err)
	}
	copied := c.cacheOf(runtime)
	change := copied.beginChange() // whatever becomes of the request, the copy is old
	defer change.end()
	if err := c.PutData(ctx, RuntimeKey(runtime), bytes.NewReader(data)); err != nil {
		return err
	}
	change.store(data, "")
	return nil
}

// RuntimeMeta reads a runtime's metadata as JSON, and fs.ErrNotExist if there is
// none. A copy in the local cache answers for five minutes if it is of this bucket;
// after that it answers if the bucket still has the same. Another process or machine
// that changes the metadata is seen after five minutes at the latest; this process
// at once.
func (c *Client) RuntimeMeta(ctx context.Context, runtime string) (json.RawMessage, error) {
	copied := c.cacheOf(runtime)
	known, isFresh := copied.load()
	if isFresh {
		return known.data, nil
	}
	reading := copied.beginRead()
	data, etag, err := c.readMeta(ctx, RuntimeKey(runtime), known.origin.ETag)
	switch {
	case errors.Is(err, lithopss3.ErrNotModified):
		data, etag = known.data, known.origin.ETag
	case err != nil:
		if errors.Is(err, fs.ErrNotExist) {
			reading.forget()
		}
		return nil, err
	default:
		if _, err := pyjson.Decode(data); err != nil {
			return nil, fmt.Errorf("%s: %w", RuntimeKey(runtime), err)
		}
	}
	reading.store(data, etag)
	return data, nil
}

// readMeta reads an object and its ETag unless it is the one that is known.
func (c *Client) readMeta(ctx context.Context, key, known string) (data []byte, etag string, err error) {
	from := c.source(key, c.limits.status)
	from.known = known
	object, err := c.open(ctx, from)
	if err != nil {
		return nil, "", err
	}
	release, err := c.reading.acquire(ctx, weight(object, from.limit))
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("reading %s: %w", key, err), object.Body.Close())
	}
	defer release()
	data, err = readBody(object, from)
	return data, object.ETag, err
}

// DeleteRuntimeMeta removes a runtime's metadata, from the cache too. That there
// is none is no error.
func (c *Client) DeleteRuntimeMeta(ctx context.Context, runtime string) error {
	change := c.cacheOf(runtime).beginChange()
	defer change.end()
	return c.DeleteData(ctx, RuntimeKey(runtime))
}
