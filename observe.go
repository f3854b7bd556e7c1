// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"log/slog"
	"time"

	"github.com/lithops-go/lithopss3/internal/s3http"
)

// RequestInfo describes one request and its answer, for [Options].Observer. It has no
// URL, header or body, and so no secret.
type RequestInfo struct {
	Service   string        // "S3", "STS", "SSO", "SSO OIDC", "Signin", or "metadata" of a container or instance
	Operation string        // S3's name, such as "PutObject"; of a metadata service the method
	Bucket    string        // empty if the operation has none
	Key       string        // likewise
	Method    string        // of HTTP, such as "PUT"
	Scheme    string        // "http" or "https"
	Host      string        // of the URL, with the port if it has one
	Attempt   int           // from 1 on
	Wait      time.Duration // since the attempt before; 0 for the first
	Reason    string        // why the attempt before failed; empty for the first
	Start     time.Time
	FirstByte time.Duration // from Start to the head of the answer
	Duration  time.Duration // from Start until the answer's body is closed
	Status    int           // the HTTP status; 0 if no answer came
	Sent      int64         // bytes of the request's body
	Received  int64         // bytes of the answer's body that were read
	RequestID string        // for AWS support; empty if the answer had none
	Err       error         // why no answer came, or why its body broke off; nil for any status
}

// newObserver returns what is told of each request: observe, which may be nil, and the
// log. It returns nil without either.
func newObserver(observe func(context.Context, *RequestInfo), log *slog.Logger) *s3http.Observer {
	if observe == nil && (log == nil || log.Handler() == slog.DiscardHandler) {
		return nil
	}
	return &s3http.Observer{
		Retry: func(ctx context.Context, event *s3http.Event) { logRetry(ctx, log, event) },
		Request: func(ctx context.Context, event *s3http.Event) {
			logRequest(ctx, log, event)
			if observe != nil {
				info := RequestInfo(*event)
				observe(ctx, &info)
			}
		},
	}
}

// logRequest writes a record at debug level.
func logRequest(ctx context.Context, log *slog.Logger, event *s3http.Event) {
	if log == nil || !log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attributes := append(describeEvent(event),
		slog.Int("status", event.Status), slog.Int64("sent", event.Sent), slog.Int64("received", event.Received),
		slog.Duration("duration", event.Duration), slog.String("request_id", event.RequestID))
	if event.Err != nil {
		attributes = append(attributes, slog.String("error", s3http.PlainText(event.Err)))
	}
	log.LogAttrs(ctx, slog.LevelDebug, "request", attributes...)
}

// logRetry writes a record at debug level before an attempt after the first.
func logRetry(ctx context.Context, log *slog.Logger, event *s3http.Event) {
	if log == nil || !log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	log.LogAttrs(ctx, slog.LevelDebug, "retry", append(describeEvent(event), slog.Duration("wait", event.Wait), slog.String("reason", event.Reason))...)
}

func describeEvent(event *s3http.Event) []slog.Attr {
	attributes := []slog.Attr{slog.String("service", event.Service), slog.String("operation", event.Operation)}
	if event.Bucket != "" {
		attributes = append(attributes, slog.String("bucket", event.Bucket))
	}
	if event.Key != "" {
		attributes = append(attributes, slog.String("key", event.Key))
	}
	return append(attributes, slog.Int("attempt", event.Attempt))
}
