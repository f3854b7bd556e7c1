// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
)

// An Event describes one request and its answer. It has no URL, no header but the ID,
// and no body, because they may have secrets.
type Event struct {
	Service   string // "S3", "STS", "SSO", "SSO OIDC", "Signin" or "metadata"
	Operation string // such as "PutObject"
	Bucket    string
	Key       string
	Method    string // of HTTP
	Scheme    string // "http" or "https"
	Host      string
	Attempt   int           // from 1 on
	Wait      time.Duration // between the attempt before and this one
	Reason    string        // why the attempt before failed
	Start     time.Time
	FirstByte time.Duration // until the head of the answer
	Duration  time.Duration // until the end of the answer's body
	Status    int           // HTTP's; 0 if no answer came
	Sent      int64         // bytes of the request's body
	Received  int64         // bytes of the answer's body that were read
	RequestID string
	Err       error // why no answer came, or its body broke off
}

// An Observer is told of requests, at the same time from several goroutines.
type Observer struct {
	// Retry is called before an attempt after the first.
	Retry func(ctx context.Context, event *Event)
	// Request is called when an answer was read, or none came.
	Request func(ctx context.Context, event *Event)
}

// A call is the operation that requests are attempts of.
type call struct {
	operation, bucket, key string

	mu       sync.Mutex
	attempts int
	ended    time.Time // the attempt before
	reason   string
}

type callKey struct{}

// WithCall returns a context whose requests are attempts of one operation.
func WithCall(ctx context.Context, operation, bucket, key string) context.Context {
	return context.WithValue(ctx, callKey{}, &call{operation: operation, bucket: bucket, key: key})
}

func callOf(ctx context.Context) *call {
	found, _ := ctx.Value(callKey{}).(*call)
	return found
}

// fail notes why an attempt failed.
func (c *call) fail(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reason = reason
}

func (c *call) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = time.Now()
}

// begin returns the event of the next attempt.
func (c *call) begin(ctx context.Context, request *http.Request) *Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts++
	event := &Event{
		Service: awsmiddleware.GetServiceID(ctx), Operation: c.operation, Bucket: c.bucket, Key: c.key,
		Method: request.Method, Scheme: request.URL.Scheme, Host: request.URL.Host, Attempt: c.attempts, Start: time.Now(), Sent: max(0, request.ContentLength),
	}
	if event.Service == "" {
		event.Service = "S3" // the fast path has no other
	}
	if event.Operation == "" {
		event.Operation = awsmiddleware.GetOperationName(ctx)
	}
	if c.attempts > 1 {
		event.Wait, event.Reason = event.Start.Sub(c.ended), c.reason
	}
	return event
}

// observe sends a request with send, and tells the observer.
func (o *Observer) observe(ctx context.Context, request *http.Request, send func(context.Context, *http.Request) (*http.Response, error)) (*http.Response, error) {
	of := callOf(ctx)
	if of == nil {
		of = &call{}
	}
	event := of.begin(ctx, request)
	if event.Attempt > 1 {
		o.Retry(ctx, event)
	}
	response, err := send(ctx, request)
	event.FirstByte = time.Since(event.Start)
	if response == nil {
		event.Err = err
		o.finish(ctx, of, event)
		return response, err
	}
	event.Status, event.RequestID = response.StatusCode, requestID(response.Header)
	if event.Status/100 > 3 {
		of.fail(fmt.Sprintf("HTTP %d", event.Status)) // until the body tells more
	}
	response.Body = &observedBody{ReadCloser: response.Body, event: event, finish: func(event *Event) { o.finish(ctx, of, event) }}
	return response, err
}

func (o *Observer) finish(ctx context.Context, of *call, event *Event) {
	event.Duration = time.Since(event.Start)
	if event.Err != nil {
		of.fail(PlainText(event.Err))
	}
	of.end()
	o.Request(ctx, event)
}

func requestID(header http.Header) string {
	for _, name := range []string{"X-Amz-Request-Id", "X-Amzn-Requestid"} {
		if values := header[name]; len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// An observedBody is over when it is closed, which it may be during a Read.
type observedBody struct {
	io.ReadCloser
	mu     sync.Mutex
	event  *Event // nil once it is over
	finish func(*Event)
}

// Read counts what is read.
func (b *observedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.event == nil {
		return n, err
	}
	b.event.Received += int64(n)
	if err != nil && err != io.EOF { // Read returns io.EOF itself
		b.event.Err = err
	}
	return n, err
}

func (b *observedBody) endsOpen() bool { return IsOpenEnded(b.ReadCloser) }

// Close ends the request.
func (b *observedBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// end reports the request, once.
func (b *observedBody) end() {
	b.mu.Lock()
	event := b.event
	b.event = nil
	b.mu.Unlock()
	if event != nil {
		b.finish(event)
	}
}

// ObserveTransport returns a transport that reports the requests to a service without a
// client of the SDK. The operation is the request's method, because paths may have
// secrets.
func ObserveTransport(next http.RoundTripper, observer *Observer, service string) http.RoundTripper {
	if observer == nil {
		return next
	}
	return observedTransport{next, observer, service}
}

type observedTransport struct {
	next     http.RoundTripper
	observer *Observer
	service  string
}

// RoundTrip sends a request.
func (t observedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := awsmiddleware.SetServiceID(WithCall(request.Context(), request.Method, "", ""), t.service)
	return t.observer.observe(ctx, request, func(_ context.Context, request *http.Request) (*http.Response, error) {
		return t.next.RoundTrip(request)
	})
}
