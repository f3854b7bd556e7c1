// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// What is tried again, by all clients (S3, STS, SSO, SSO OIDC): IsRetryable is the
// one place. It holds what botocore's legacy mode retries (botocore/data/_retry.json
// and retryhandler.py), and beyond that what S3 or a server of its kind says may
// pass.
var (
	// Those from 520 on are Cloudflare's, for what failed between it and the server.
	retriedStatuses = []int{429, 500, 502, 503, 504, 509, 520, 521, 522, 523, StatusOriginTimeout, 527}
	retriedCodes    = []string{
		"RequestTimeout", "BadDigest", "Throttling", "ThrottlingException", "ThrottledException",
		"RequestThrottledException", "ProvisionedThroughputExceededException", "SlowDown", "InternalError",
		"ServiceUnavailable", // without a status inside of an answer, as DeleteObjects has it
		"IDPCommunicationError",
		// The body is not the one that was signed: it was changed on its way over plain http.
		"XAmzContentSHA256Mismatch",
	}
	retriedConflicts = []string{"ConditionalRequestConflict", "OperationAborted"} // with HTTP 409
)

// StatusOriginTimeout is Cloudflare's [http.StatusGatewayTimeout].
const StatusOriginTimeout = 524

// A retryError is one that the next attempt avoids, because it is made otherwise.
type retryError struct{ err error }

// Error is that of the attempt.
func (e *retryError) Error() string { return e.err.Error() }

// RetryableError is for the retry policy.
func (*retryError) RetryableError() bool { return true }

// Unwrap returns the error of the attempt.
func (e *retryError) Unwrap() error { return e.err }

// NewRetryer has no token bucket: one that a burst of failures empties would
// starve a fan-out of thousands of calls.
func NewRetryer(attempts int, delay retry.BackoffDelayerFunc) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.MaxBackoff = maxDelay
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, err error) (time.Duration, error) {
			if changed := (*retryError)(nil); errors.As(err, &changed) {
				return 0, nil // the next attempt is another request
			}
			return delay(attempt, err)
		})
		o.Retryables = []retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary { return aws.BoolTernary(IsRetryable(err)) })}
	})
}

// IsRetryable reports whether a failed attempt may succeed if it is made again.
func IsRetryable(err error) bool {
	var canceled interface{ CanceledError() bool }
	if errors.As(err, &canceled) && canceled.CanceledError() {
		return false
	}
	var marked interface{ RetryableError() bool } // FinalError, RequestError, retryError
	if errors.As(err, &marked) {
		return marked.RetryableError()
	}
	status := statusOf(err)
	if slices.Contains(retriedStatuses, status) {
		return true
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return slices.Contains(retriedCodes, api.ErrorCode()) || (status == http.StatusConflict && slices.Contains(retriedConflicts, api.ErrorCode()))
	}
	return isBroken(err)
}

// isBroken reports whether an answer, or the connection, ended early or stalled.
func isBroken(err error) bool {
	var broken *brokenBodyError
	if errors.Is(err, ErrStalled) || IsDisconnect(err) || errors.As(err, &broken) {
		return true
	}
	// Of an answer without a length only its decoder notices that it is cut.
	var undecoded *smithy.DeserializationError
	var syntax *xml.SyntaxError
	return errors.As(err, &undecoded) && (errors.Is(err, io.ErrUnexpectedEOF) || (errors.As(err, &syntax) && syntax.Msg == "unexpected EOF"))
}

// IsDisconnect reports whether the connection broke.
func IsDisconnect(err error) bool {
	var operation *net.OpError
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, net.ErrClosed) || errors.As(err, &operation)
}

// IsDial reports whether no connection was made, so that no server has got the request.
func IsDial(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && (operation.Op == "dial" || operation.Op == "proxyconnect")
}

// maxDelay is botocore's longest wait between attempts.
const maxDelay = 20 * time.Second

// Backoff is botocore's wait before another attempt: up to 1, 2, 4, … seconds.
func Backoff(attempt int, _ error) (time.Duration, error) {
	ceiling := min(maxDelay, time.Second<<min(attempt-1, 10))
	return rand.N(ceiling), nil
}
