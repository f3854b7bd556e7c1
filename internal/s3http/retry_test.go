// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answered is an error of the SDK for an answer.
func answered(status int, err error) error {
	return &smithy.OperationError{Err: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}}
}

func coded(code string) error { return &smithy.GenericAPIError{Code: code, Message: "message"} }

// TestRetryPolicy is the whole of what is tried again, for every client.
func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	undecoded := func(err error) error { return &smithy.DeserializationError{Err: fmt.Errorf("failed: %w", err)} }
	for _, test := range []struct {
		err   error
		again bool
	}{
		{answered(400, coded("InvalidArgument")), false},
		{answered(400, coded("RequestTimeout")), true},
		{answered(400, coded("BadDigest")), true},
		{answered(400, coded("XAmzContentSHA256Mismatch")), true},
		{answered(400, coded("Throttling")), true},
		{answered(400, coded("ThrottlingException")), true},
		{answered(400, coded("ThrottledException")), true},
		{answered(400, coded("RequestThrottledException")), true},
		{answered(400, coded("ProvisionedThroughputExceededException")), true},
		{answered(400, coded("IDPCommunicationError")), true},
		{answered(400, coded("MissingContentMD5")), false}, // attemptStep has it made otherwise
		{answered(400, coded("ConditionalRequestConflict")), false},
		{answered(400, coded("ExpiredToken")), false},
		{answered(401, coded("Unauthorized")), false},
		{answered(403, coded("AccessDenied")), false},
		{answered(403, coded("SignatureDoesNotMatch")), false},
		{answered(403, coded("RequestTimeTooSkewed")), false},
		{answered(404, coded("NoSuchKey")), false},
		{answered(409, coded("ConditionalRequestConflict")), true},
		{answered(409, coded("OperationAborted")), true},
		{answered(409, coded("BucketAlreadyExists")), false},
		{answered(409, coded("InvalidBucketState")), false},
		{answered(412, coded("PreconditionFailed")), false},
		{answered(417, coded("ExpectationFailed")), false},
		{answered(429, coded("TooManyRequests")), true},
		{answered(500, coded("InternalError")), true},
		{answered(501, coded("NotImplemented")), false},
		{answered(502, errors.New("html")), true},
		{answered(503, coded("SlowDown")), true},
		{answered(504, coded("")), true},
		{answered(507, coded("InsufficientStorage")), false},
		{answered(509, coded("BandwidthLimitExceeded")), true},
		{answered(519, coded("UnknownError")), false},
		{answered(520, coded("UnknownError")), true},
		{answered(521, coded("UnknownError")), true},
		{answered(522, coded("UnknownError")), true},
		{answered(523, coded("UnknownError")), true},
		{answered(StatusOriginTimeout, coded("UnknownError")), true},
		{answered(525, coded("UnknownError")), false}, // no handshake with the server
		{answered(526, coded("UnknownError")), false}, // the server's certificate is wrong
		{answered(527, coded("UnknownError")), true},
		{answered(200, coded("InternalError")), true},
		{answered(200, coded("SlowDown")), true},
		{answered(200, coded("NoSuchUpload")), false},
		{answered(200, undecoded(io.ErrUnexpectedEOF)), true},
		{answered(200, undecoded(&xml.SyntaxError{Msg: "unexpected EOF"})), true},
		{answered(200, undecoded(&xml.SyntaxError{Msg: "expected element name"})), false},
		{answered(200, undecoded(&net.OpError{Op: "read", Err: syscall.ECONNRESET})), true},
		{answered(404, undecoded(io.ErrUnexpectedEOF)), true},
		{answered(200, undecoded(s3err.ErrTooLarge)), false},
		{answered(200, errors.New("other")), false},
		{io.ErrUnexpectedEOF, false}, // of a body of the caller's
		{ErrStalled, true},
		{net.ErrClosed, true},
		{syscall.ECONNRESET, true},
		{&RequestError{err: errors.New("refused")}, true},
		{&RequestError{isFinal: true, err: errors.New("certificate")}, false},
		{&smithyhttp.RequestSendError{Err: &RequestError{err: errors.New("refused")}}, true},
		{s3err.Final(&RequestError{err: errors.New("refused")}), false},
		{s3err.Final(io.ErrNoProgress), false},
		{&smithyhttp.RequestSendError{Err: s3err.Final(errors.New("the file shrank"))}, false},
		{&retryError{answered(400, coded("MissingContentMD5"))}, true},
		{&smithy.CanceledError{Err: context.Canceled}, false},
		{&aws.RequestCanceledError{Err: context.Canceled}, false},
		{&smithy.CanceledError{Err: &RequestError{err: context.Canceled}}, false},
		{errors.New("anything"), false},
	} {
		assert.Equal(t, test.again, IsRetryable(test.err), "%v", test.err)
		for _, retryer := range []aws.Retryer{NewRetryer(6, Backoff), NewRetryer(5, Backoff)} {
			assert.Equal(t, test.again, retryer.IsErrorRetryable(test.err), "%v", test.err)
		}
	}
}

// TestRetryDelay checks that a changed request is sent at once, and the same one after a
// wait.
func TestRetryDelay(t *testing.T) {
	t.Parallel()
	retryer := NewRetryer(6, Backoff)
	delay, err := retryer.RetryDelay(4, &smithy.OperationError{Err: &retryError{errors.New("417")}})
	require.NoError(t, err)
	assert.Zero(t, delay)
	total := time.Duration(0)
	for range 100 {
		delay, err := retryer.RetryDelay(4, errors.New("500"))
		require.NoError(t, err)
		total += delay
	}
	assert.Positive(t, total)
	assert.Equal(t, 6, retryer.MaxAttempts())
}

// TestNoTokenBucket checks that a thousand failures in a row leave as many attempts to the
// next request as to the first.
func TestNoTokenBucket(t *testing.T) {
	t.Parallel()
	retryer := NewRetryer(6, Backoff)
	failure := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusServiceUnavailable}}, Err: errors.New("slow down")}
	for range 1000 {
		require.True(t, retryer.IsErrorRetryable(failure))
		release, err := retryer.GetRetryToken(t.Context(), failure)
		require.NoError(t, err)
		require.NoError(t, release(failure))
	}
	_, ok := retryer.(*retry.Standard)
	assert.True(t, ok)
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for attempt := 1; attempt < 100; attempt++ {
		for range 20 {
			d, err := Backoff(attempt, nil)
			require.NoError(t, err)
			assert.Less(t, d, min(maxDelay, time.Second<<min(attempt-1, 10))+1)
		}
	}
}

// TestIsDial tells a connection that was not made from one that broke.
func TestIsDial(t *testing.T) {
	t.Parallel()
	for op, want := range map[string]bool{"dial": true, "proxyconnect": true, "read": false, "write": false} {
		assert.Equal(t, want, IsDial(fmt.Errorf("failed: %w", &net.OpError{Op: op, Err: io.EOF})), op)
	}
	assert.False(t, IsDial(io.EOF))
	assert.False(t, IsDial(nil))
}

// TestAnswerThatBreaksOff is read again, whatever error the connection has for it: HTTP/2 has
// its own. Another document is final.
func TestAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	reset := errors.New("stream error: stream ID 1; INTERNAL_ERROR; received from peer")
	for name, test := range map[string]struct {
		body io.Reader
		sent int
	}{
		"a stream that is reset": {io.MultiReader(strings.NewReader("<ListBucketResult>"), failingReader{reset}), 2},
		"a connection":           {io.MultiReader(strings.NewReader("<ListBucketResult>"), failingReader{io.ErrUnexpectedEOF}), 2},
		"another document":       {strings.NewReader("<html><br></html>"), 1},
	} {
		first := true
		client, _, sent := clientOf(t, func(r *http.Request) *http.Response {
			response := testkit.Answer(r, http.StatusOK, nil, "<ListBucketResult></ListBucketResult>")
			if first {
				response.Body = io.NopCloser(test.body)
			}
			first = false
			return response
		})
		_, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
		assert.Equal(t, test.sent == 2, err == nil, "%s: %v", name, err)
		assert.Len(t, *sent, test.sent, name)
	}
}
