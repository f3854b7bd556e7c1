// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/s3err"
)

// The limits of what is read from a server, apart from the bodies of objects.
const (
	// maxListAnswer bounds an answer with a list, in bytes: a thousand keys, each of
	// 1,024 bytes that are all escaped, come to some 6 MiB.
	maxListAnswer = 16 << 20
	// maxAnswer bounds the others, and errors.
	maxAnswer = 1 << 20
	// maxHead bounds an answer's status line and headers, in bytes; S3's have at most
	// some 16 KiB.
	maxHead = 1 << 20
	// maxAnswerTime bounds how long an answer may take to come, so that one byte now
	// and then does not hold the caller. CompleteMultipartUpload sends spaces for
	// minutes while S3 is at work.
	maxAnswerTime = 15 * time.Minute
)

// errEndless is an answer that did not end in maxAnswerTime.
var errEndless = errors.New("the server's answer did not end in 15 minutes")

// boundAnswer bounds the body of an answer to a request of ctx, unless it is that
// of an object.
func boundAnswer(ctx context.Context, method string, response *http.Response, cancel context.CancelCauseFunc) io.ReadCloser {
	limit, isFine := int64(maxAnswer), response.StatusCode/100 == 2
	switch {
	case isFine && IsStream(ctx, method):
		return response.Body
	case isFine && isList(ctx):
		limit = maxListAnswer
	}
	timer := time.AfterFunc(maxAnswerTime, func() { cancel(errEndless) })
	return &boundBody{ReadCloser: unzipped(response), ctx: ctx, left: limit, limit: limit, timer: timer}
}

// IsStream reports whether the answer to a request of ctx is an object, which may be
// of any length. A request without an operation is the fast path's, whose gets are
// objects.
func IsStream(ctx context.Context, method string) bool {
	switch awsmiddleware.GetOperationName(ctx) {
	case "":
		return method == http.MethodGet
	case "GetObject", "GetObjectTorrent", "SelectObjectContent":
		return true
	}
	return false
}

func isList(ctx context.Context) bool {
	operation := awsmiddleware.GetOperationName(ctx)
	return strings.HasPrefix(operation, "List") || operation == "DeleteObjects"
}

// A boundBody fails after its limit.
type boundBody struct {
	io.ReadCloser
	ctx         context.Context //nolint:containedctx // the request's own
	left, limit int64
	timer       *time.Timer
}

func (b *boundBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, fmt.Errorf("the server's answer has more than %d bytes: %w", b.limit, s3err.ErrTooLarge)
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if err != nil && !ended.IsEOF(err) && b.ctx.Err() == nil {
		err = &brokenBodyError{err}
	}
	return n, err
}

// A brokenBodyError is why the body of an answer could not be read to its end. HTTP/2 and a
// transport of the caller's have errors of their own for a connection that broke, so that the
// retry policy can't know them.
type brokenBodyError struct{ err error }

// Error is that of the connection.
func (b *brokenBodyError) Error() string { return b.err.Error() }

// Unwrap returns the error of the connection.
func (b *brokenBodyError) Unwrap() error { return b.err }

func (b *boundBody) Close() error {
	b.timer.Stop()
	return b.ReadCloser.Close()
}
