// SPDX-License-Identifier: Apache-2.0

// Package lithopsotel reports the requests of a lithopss3.Store as OpenTelemetry traces
// and metrics, after the semantic conventions 1.43 for HTTP clients and for the AWS SDK.
// It is a module of its own, so that programs without OpenTelemetry don't get its
// modules. Start reading at [NewObserver]:
//
//	observer, err := lithopsotel.NewObserver(nil) // nil: OpenTelemetry's global providers
//	// …
//	store, err := lithopss3.Open(ctx, &lithopss3.Options{Observer: observer})
//
// # Spans
//
// Each request is a span of kind client; a retry is a span of its own. Its parent is the
// span in the context that the caller gave to the Store's method. A span has
//
//   - the name "S3.PutObject", that of the service and the operation;
//   - rpc.system.name ("aws-api"), rpc.method ("S3/PutObject"), aws.s3.bucket, aws.s3.key
//     and aws.request_id;
//   - http.request.method, http.request.resend_count (of a retry), http.request.body.size,
//     http.response.status_code and http.response.body.size;
//   - server.address, server.port and url.scheme;
//   - for a status of 400 or more, or if there was no response, the status Error and error.type:
//     the HTTP status, "canceled", "timeout", or the kind of the error.
//
// A span starts when the request is sent and ends when the body of the response is closed.
// Requests to the metadata service of a container or an instance have spans named after
// the HTTP method, without the attributes of rpc and aws.
//
// # Metrics
//
// http.client.request.duration (s), http.client.request.body.size (By) and
// http.client.response.body.size (By) are histograms of the same requests. They have
// the attributes above except those of aws, http.request.resend_count and the sizes, so
// that no key of an object becomes a time series.
//
// No URL, header, body or text of an error is reported, and so no secret.
package lithopsotel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"github.com/lithops-go/lithopss3"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"
)

// scope is the name of the tracer and the meter.
const scope = "github.com/lithops-go/lithopss3/otel"

// Options are the options of NewObserver; nil is the zero value.
type Options struct {
	// TracerProvider makes the spans; nil is the global one (otel.GetTracerProvider).
	TracerProvider trace.TracerProvider
	// MeterProvider makes the metrics; nil is the global one (otel.GetMeterProvider).
	MeterProvider metric.MeterProvider
}

// NewObserver returns a function for lithopss3.Options.Observer. It is safe for
// concurrent use, by several Stores too. It returns an error if the MeterProvider
// refuses an instrument.
func NewObserver(opts *Options) (func(context.Context, *lithopss3.RequestInfo), error) {
	if opts == nil {
		opts = &Options{}
	}
	traces, meters := opts.TracerProvider, opts.MeterProvider
	if traces == nil {
		traces = otel.GetTracerProvider()
	}
	if meters == nil {
		meters = otel.GetMeterProvider()
	}
	o := &observer{tracer: traces.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))}
	if err := o.addInstruments(meters.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))); err != nil {
		return nil, fmt.Errorf("lithopsotel: %w", err)
	}
	return o.observe, nil
}

type observer struct {
	tracer   trace.Tracer
	duration httpconv.ClientRequestDuration
	sent     httpconv.ClientRequestBodySize
	received httpconv.ClientResponseBodySize
}

func (o *observer) addInstruments(meter metric.Meter) error {
	// The SDK's own boundaries end at 10 kB.
	sizes := metric.WithExplicitBucketBoundaries(0, 1<<10, 1<<12, 1<<14, 1<<16, 1<<18, 1<<20, 1<<22, 1<<23, 1<<24, 1<<26, 1<<28, 1<<30)
	var durationErr, sentErr, receivedErr error
	o.duration, durationErr = httpconv.NewClientRequestDuration(meter)
	o.sent, sentErr = httpconv.NewClientRequestBodySize(meter, sizes)
	o.received, receivedErr = httpconv.NewClientResponseBodySize(meter, sizes)
	return errors.Join(durationErr, sentErr, receivedErr)
}

// observe reports a request that is over.
func (o *observer) observe(ctx context.Context, info *lithopss3.RequestInfo) {
	common := attribute.NewSet(commonAttributes(info)...)
	_, span := o.tracer.Start(ctx, spanName(info), trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(info.Start))
	if span.IsRecording() {
		span.SetAttributes(common.ToSlice()...)
		span.SetAttributes(spanAttributes(info)...)
	}
	if errorType(info) != "" {
		span.SetStatus(codes.Error, "")
	}
	// The context has the span, so that a measurement can have it as its exemplar.
	ctx = trace.ContextWithSpan(ctx, span)
	o.duration.RecordSet(ctx, info.Duration.Seconds(), common)
	o.sent.RecordSet(ctx, info.Sent, common)
	o.received.RecordSet(ctx, info.Received, common)
	span.End(trace.WithTimestamp(info.Start.Add(info.Duration)))
}

// isAWS reports whether the request is to an operation of AWS's APIs.
func isAWS(info *lithopss3.RequestInfo) bool { return info.Service != "metadata" }

func spanName(info *lithopss3.RequestInfo) string {
	if !isAWS(info) {
		return info.Method
	}
	return info.Service + "." + info.Operation
}

// commonAttributes returns the attributes of spans and metrics. They have few values.
func commonAttributes(info *lithopss3.RequestInfo) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 8)
	attributes = append(attributes, semconv.HTTPRequestMethodKey.String(info.Method), semconv.URLScheme(info.Scheme))
	host, port := splitHost(info)
	attributes = append(attributes, semconv.ServerAddress(host), semconv.ServerPort(port))
	if isAWS(info) {
		attributes = append(attributes, semconv.RPCSystemNameKey.String("aws-api"), semconv.RPCMethod(info.Service+"/"+info.Operation))
	}
	if info.Status != 0 {
		attributes = append(attributes, semconv.HTTPResponseStatusCode(info.Status))
	}
	if kind := errorType(info); kind != "" {
		attributes = append(attributes, semconv.ErrorTypeKey.String(kind))
	}
	return attributes
}

// spanAttributes returns the attributes of spans only.
func spanAttributes(info *lithopss3.RequestInfo) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 6)
	attributes = append(attributes, semconv.HTTPRequestBodySize(int(info.Sent)), semconv.HTTPResponseBodySize(int(info.Received)))
	if info.Attempt > 1 {
		attributes = append(attributes, semconv.HTTPRequestResendCount(info.Attempt-1))
	}
	// OTLP carries valid text only: another one would cost all spans of its batch.
	valid := func(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
	for _, optional := range []attribute.KeyValue{
		semconv.AWSS3Bucket(valid(info.Bucket)), semconv.AWSS3Key(valid(info.Key)), semconv.AWSRequestID(valid(info.RequestID)),
	} {
		if optional.Value.AsString() != "" {
			attributes = append(attributes, optional)
		}
	}
	return attributes
}

// splitHost returns the host, an address of IPv6 without its brackets, and the port, the
// scheme's if none is given.
func splitHost(info *lithopss3.RequestInfo) (host string, port int) {
	address := url.URL{Host: info.Host}
	port, err := strconv.Atoi(address.Port())
	switch {
	case err == nil:
		return address.Hostname(), port
	case info.Scheme == "http":
		return address.Hostname(), 80
	}
	return address.Hostname(), 443
}

// errorType returns the attribute error.type, which has few values, or "" for a success.
func errorType(info *lithopss3.RequestInfo) string {
	if info.Err == nil {
		if info.Status >= 400 {
			return strconv.Itoa(info.Status)
		}
		return ""
	}
	for _, known := range knownErrors {
		if errors.Is(info.Err, known.err) {
			return known.name
		}
	}
	var lookup *net.DNSError
	if errors.As(info.Err, &lookup) {
		return "name_resolution"
	}
	var wait net.Error
	if errors.As(info.Err, &wait) && wait.Timeout() {
		return "timeout"
	}
	return semconv.ErrorTypeOther.Value.AsString()
}

var knownErrors = []struct {
	err  error
	name string
}{
	{context.Canceled, "canceled"},
	{context.DeadlineExceeded, "timeout"},
	{io.ErrUnexpectedEOF, "unexpected_eof"},
	{io.EOF, "unexpected_eof"},
	{syscall.ECONNREFUSED, "connection_refused"},
	{syscall.ECONNRESET, "connection_reset"},
	{syscall.EPIPE, "connection_reset"},
	{lithopss3.ErrOffline, "offline"},
}
