// SPDX-License-Identifier: Apache-2.0

package memstore

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// readBody reads a body to its end.
func readBody(ctx context.Context, body io.Reader) ([]byte, error) {
	if body == nil {
		body = bytes.NewReader(nil)
	}
	if err := validate.Body(body); err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	data, err := io.ReadAll(&contextReader{ctx: ctx, body: body})
	return data, s3err.Answers(err) // the body may be another object
}

// maxEmptyReads is how often a body may read nothing in a row, as in package bufio.
const maxEmptyReads = 100

// A contextReader ends with its context, and for a body that breaks the rules of io.Reader.
type contextReader struct {
	ctx   context.Context //nolint:containedctx // of the one call that reads
	body  io.Reader
	empty int // reads of nothing, in a row
}

// Read reads unless the context is done.
func (r *contextReader) Read(p []byte) (int, error) {
	if err := ended.Why(r.ctx); err != nil {
		return 0, err
	}
	n, err := r.body.Read(p)
	if n < 0 || n > len(p) {
		return 0, fmt.Errorf("reading the body: it read %d bytes into %d", n, len(p))
	}
	if r.empty++; n > 0 || err != nil {
		r.empty = 0
	}
	if r.empty == maxEmptyReads {
		return 0, io.ErrNoProgress
	}
	return n, err
}
