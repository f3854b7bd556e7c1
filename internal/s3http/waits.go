// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// LevelWait is the level of the record that a wait before another attempt has: above
// the records of single requests, which are many, and below what people see by default.
const LevelWait = slog.LevelDebug + 1

// LogWaits returns delay with a record "waiting" for each wait: the attempt after it, of
// how many, how long it is, and why the attempt before failed.
func LogWaits(log *slog.Logger, attempts int, delay retry.BackoffDelayerFunc) retry.BackoffDelayerFunc {
	if log == nil {
		return delay
	}
	return func(attempt int, err error) (time.Duration, error) {
		wait, failed := delay(attempt, err)
		log.LogAttrs(context.Background(), LevelWait, "waiting",
			slog.Int("attempt", attempt+1), slog.Int("attempts", attempts), slog.Duration("wait", wait), slog.String("reason", waitReason(err)))
		return wait, failed
	}
}

// waitReason returns why an attempt failed, without the endpoint.
func waitReason(err error) string {
	var request *RequestError
	if errors.As(err, &request) {
		return request.reason
	}
	if err == nil {
		return ""
	}
	return CauseText(err)
}
