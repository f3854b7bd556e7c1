// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"errors"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// withoutTimeouts has a call not try again after a timeout.
func withoutTimeouts(o *s3.Options) {
	if retryer, ok := o.Retryer.(aws.RetryerV2); ok {
		o.Retryer = timeoutsAreFinal{retryer}
	}
}

type timeoutsAreFinal struct{ aws.RetryerV2 }

// IsErrorRetryable reports whether the next attempt may succeed.
func (r timeoutsAreFinal) IsErrorRetryable(err error) bool {
	return !isTimeout(err) && r.RetryerV2.IsErrorRetryable(err)
}

// isTimeout reports whether a server took longer for a request than this client, or
// a gateway, waits. A connection that was not made in time carried no request.
func isTimeout(err error) bool {
	if err == nil {
		return false
	}
	var timeout net.Error
	status := answerStatus(err)
	return errors.Is(err, s3http.ErrStalled) || status == http.StatusGatewayTimeout || status == s3http.StatusOriginTimeout ||
		errors.As(err, &timeout) && timeout.Timeout() && !s3http.IsDial(err)
}
