// SPDX-License-Identifier: Apache-2.0

package lithopsotel

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// An exporter has the spans and metrics of a test.
type exporter struct {
	spans  *tracetest.InMemoryExporter
	reader *sdkmetric.ManualReader
	tracer *sdktrace.TracerProvider
	opts   *Options
}

func newExporter() *exporter {
	e := &exporter{spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	e.tracer = sdktrace.NewTracerProvider(sdktrace.WithSyncer(e.spans))
	e.opts = &Options{TracerProvider: e.tracer, MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(e.reader))}
	return e
}

func (e *exporter) take() tracetest.SpanStubs {
	spans := e.spans.GetSpans()
	e.spans.Reset()
	return spans
}

func (e *exporter) metrics(t *testing.T) map[string]metricdata.Aggregation {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, e.reader.Collect(t.Context(), &all))
	require.Len(t, all.ScopeMetrics, 1)
	assert.Equal(t, scope, all.ScopeMetrics[0].Scope.Name)
	found := map[string]metricdata.Aggregation{}
	for _, metric := range all.ScopeMetrics[0].Metrics {
		found[metric.Name+" "+metric.Unit] = metric.Data
	}
	return found
}

// open opens the storage of a server whose handler wrap makes, which may be nil.
func (e *exporter) open(t *testing.T, wrap func(http.Handler) http.Handler, change func(*lithopss3.Options)) (*lithopss3.Store, string) {
	t.Helper()
	server, err := lithopstest.Start(&lithopstest.Options{Wrap: wrap})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	opts := server.Options()
	opts.Observer, err = NewObserver(e.opts)
	require.NoError(t, err)
	if change != nil {
		change(opts)
	}
	store, err := lithopss3.New(t.Context(), server.Config(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	return store, bucket
}

func attributes(span tracetest.SpanStub) map[string]any {
	found := map[string]any{}
	for _, pair := range span.Attributes {
		found[string(pair.Key)] = pair.Value.AsInterface()
	}
	return found
}

// TestSpans has a span for each request, by both paths, below the caller's span.
func TestSpans(t *testing.T) {
	t.Parallel()
	for _, sdkOnly := range []bool{false, true} {
		e := newExporter()
		store, bucket := e.open(t, nil, func(opts *lithopss3.Options) { opts.SDKOnly = sdkOnly })
		first := e.take()
		require.NotEmpty(t, first)
		assert.Equal(t, "STS.GetCallerIdentity", first[0].Name)
		assert.Equal(t, "STS/GetCallerIdentity", attributes(first[0])["rpc.method"])
		for range 3 {
			ctx, parent := e.tracer.Tracer("test").Start(t.Context(), "the caller's")
			require.NoError(t, store.PutObject(ctx, bucket, "key", strings.NewReader("text"), nil))
			_, err := store.ReadObject(ctx, bucket, "key", 0)
			require.NoError(t, err)
			_, err = store.HeadObject(ctx, bucket, "missing")
			require.Error(t, err)
			spans := e.take()
			require.Len(t, spans, 3)
			for i, want := range []struct {
				operation, key, method string
				status                 int
				sent, received         int
			}{{"PutObject", "key", "PUT", 200, 4, 0}, {"GetObject", "key", "GET", 200, 0, 4}, {"HeadObject", "missing", "HEAD", 404, 0, 0}} {
				span := spans[i]
				assert.Equal(t, "S3."+want.operation, span.Name)
				assert.Equal(t, trace.SpanKindClient, span.SpanKind)
				assert.Equal(t, parent.SpanContext().SpanID(), span.Parent.SpanID())
				assert.False(t, span.EndTime.Before(span.StartTime))
				assert.WithinDuration(t, time.Now(), span.StartTime, time.Minute)
				found := attributes(span)
				assert.NotEmpty(t, found["aws.request_id"])
				assert.NotZero(t, found["server.port"])
				delete(found, "aws.request_id")
				delete(found, "server.port")
				expected := map[string]any{
					"rpc.system.name": "aws-api", "rpc.method": "S3/" + want.operation, "aws.s3.bucket": bucket, "aws.s3.key": want.key,
					"http.request.method": want.method, "http.response.status_code": int64(want.status), "url.scheme": "http", "server.address": "127.0.0.1",
					"http.request.body.size": int64(want.sent), "http.response.body.size": int64(want.received),
				}
				if want.status == 404 {
					expected["error.type"] = "404"
					assert.Equal(t, codes.Error, span.Status.Code)
				} else {
					assert.Equal(t, codes.Unset, span.Status.Code)
				}
				assert.Equal(t, expected, found)
			}
			parent.End()
			e.take()
		}
	}
}

// TestSpansOfRetries has one for each attempt.
func TestSpansOfRetries(t *testing.T) {
	t.Parallel()
	var fail atomic.Bool
	e := newExporter()
	store, bucket := e.open(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if fail.CompareAndSwap(true, false) {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		})
	}, nil)
	e.take()
	fail.Store(true)
	require.NoError(t, store.PutObject(t.Context(), bucket, "key", strings.NewReader("text"), nil))
	spans := e.take()
	require.Len(t, spans, 2)
	failed, repeated := attributes(spans[0]), attributes(spans[1])
	assert.Equal(t, "503", failed["error.type"])
	assert.NotContains(t, failed, "http.request.resend_count")
	assert.EqualValues(t, 1, repeated["http.request.resend_count"])
	assert.NotContains(t, repeated, "error.type")
}

// TestMetrics has three histograms of the same requests, without keys.
func TestMetrics(t *testing.T) {
	t.Parallel()
	e := newExporter()
	store, bucket := e.open(t, nil, nil)
	for i := range 5 {
		require.NoError(t, store.PutObject(t.Context(), bucket, fmt.Sprintf("key-%d", i), strings.NewReader("text"), nil))
	}
	_, err := store.ReadObject(t.Context(), bucket, "key-0", 0)
	require.NoError(t, err)
	metrics := e.metrics(t)
	require.Len(t, metrics, 3)
	puts := 0
	for _, point := range metrics["http.client.request.duration s"].(metricdata.Histogram[float64]).DataPoints {
		for _, name := range []string{"http.request.method", "server.address", "server.port", "url.scheme", "rpc.system.name", "rpc.method", "http.response.status_code"} {
			assert.True(t, point.Attributes.HasValue(attribute.Key(name)), name)
		}
		for _, name := range []string{"aws.s3.key", "aws.s3.bucket", "aws.request_id", "http.request.resend_count", "http.request.body.size"} {
			assert.False(t, point.Attributes.HasValue(attribute.Key(name)), name)
		}
		if method, _ := point.Attributes.Value("rpc.method"); method.AsString() == "S3/PutObject" {
			puts++
			assert.EqualValues(t, 5, point.Count)
			assert.Positive(t, point.Sum)
			assert.Less(t, point.Sum, 60.0)
		}
	}
	assert.Equal(t, 1, puts, "one series for all keys")
	sum := func(name, method string) (sum int64) {
		for _, point := range metrics[name].(metricdata.Histogram[int64]).DataPoints {
			if value, _ := point.Attributes.Value("rpc.method"); value.AsString() == method {
				sum += point.Sum
			}
		}
		return sum
	}
	assert.EqualValues(t, 20, sum("http.client.request.body.size By", "S3/PutObject"))
	assert.EqualValues(t, 4, sum("http.client.response.body.size By", "S3/GetObject"))
}

type timeout struct{}

func (timeout) Error() string   { return "timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// TestErrorType has few values.
func TestErrorType(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err    error
		status int
		want   string
	}{
		{nil, 200, ""},
		{nil, 304, ""},
		{nil, 399, ""},
		{nil, 400, "400"},
		{nil, 404, "404"},
		{nil, 503, "503"},
		{context.Canceled, 0, "canceled"},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), 0, "timeout"},
		{&net.OpError{Err: timeout{}}, 0, "timeout"},
		{&net.OpError{Err: errors.New("no timeout")}, 0, "_OTHER"},
		{io.ErrUnexpectedEOF, 200, "unexpected_eof"},
		{io.EOF, 0, "unexpected_eof"},
		{&net.OpError{Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, 0, "connection_refused"},
		{syscall.ECONNRESET, 0, "connection_reset"},
		{syscall.EPIPE, 0, "connection_reset"},
		{&net.OpError{Err: &net.DNSError{Name: "host", IsTimeout: true}}, 0, "name_resolution"},
		{lithopss3.ErrOffline, 0, "offline"},
		{x509.UnknownAuthorityError{}, 0, "_OTHER"},
		{errors.New("what /users/alice has"), 0, "_OTHER"},
	} {
		assert.Equal(t, test.want, errorType(&lithopss3.RequestInfo{Err: test.err, Status: test.status}), "%v %d", test.err, test.status)
	}
}

// TestServer is where the request went.
func TestServer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		scheme, host, address string
		port                  int
	}{
		{"https", "b.s3.eu-west-1.amazonaws.com", "b.s3.eu-west-1.amazonaws.com", 443},
		{"http", "minio", "minio", 80},
		{"http", "minio:9000", "minio", 9000},
		{"https", "[::1]:9000", "::1", 9000},
		{"https", "[::1]", "::1", 443},
		{"http", "[fe80::1]", "fe80::1", 80},
		{"https", "minio:", "minio", 443},
	} {
		address, port := splitHost(&lithopss3.RequestInfo{Scheme: test.scheme, Host: test.host})
		assert.Equal(t, test.address, address)
		assert.Equal(t, test.port, port)
	}
}

// TestNothingIsGiven uses the global providers, which record nothing here.
func TestNothingIsGiven(t *testing.T) {
	t.Parallel()
	observe, err := NewObserver(nil)
	require.NoError(t, err)
	observe(t.Context(), &lithopss3.RequestInfo{Service: "S3", Operation: "GetObject", Status: 200})
}

// container serves the credentials of a container, to those who have the token.
func container(t *testing.T, token, keys string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != token {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, keys)
	}))
	t.Cleanup(server.Close)
	return server
}

// TestNoSecret looks for secrets in all that is exported: keys to sign with, a token in
// the path and header of a request for credentials, a customer's key, a signature.
func TestNoSecret(t *testing.T) {
	t.Parallel()
	const canary = "CANARY"
	customers := lithopss3.NewSecret(strings.Repeat("k", 32))
	for _, sdkOnly := range []bool{false, true} {
		e := newExporter()
		metadata := container(t, canary+"-token", fmt.Sprintf(`{"AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q,"Expiration":%q}`,
			"AKIACONTAINER", canary+"-secret", canary+"-session", time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
		observe, err := NewObserver(e.opts)
		require.NoError(t, err)
		broken := errors.New("proxy said " + canary)
		env := map[string]string{
			"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "HOME": t.TempDir(),
			"AWS_CONTAINER_CREDENTIALS_FULL_URI": metadata.URL + "/" + canary + "-path", "AWS_CONTAINER_AUTHORIZATION_TOKEN": canary + "-token",
		}
		answers := 0
		store, err := lithopss3.New(t.Context(), nil, &lithopss3.Options{
			SDKOnly: sdkOnly, Observer: observe, LookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				require.Contains(t, r.Header.Get("Authorization"), "AKIACONTAINER")
				if answers++; answers == 2 {
					return nil, broken
				}
				header := http.Header{"Etag": {`"e"`}, "X-Amz-Meta-Secret": {canary}, "X-Amz-Request-Id": {"R"}}
				body := ""
				if r.Method == http.MethodGet {
					body = canary
				}
				return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
			}),
		})
		require.NoError(t, err)
		for range 4 {
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader(canary), &lithopss3.PutOptions{SSECustomerKey: customers, Metadata: map[string]string{"m": canary}}))
			_, err := store.ReadObject(t.Context(), "bucket", "key", 0)
			require.NoError(t, err)
			_, err = store.PresignGet(t.Context(), "bucket", "key", time.Minute, nil)
			require.NoError(t, err)
		}
		require.NoError(t, store.Close())

		spans := e.take()
		assert.Equal(t, "GET", spans[0].Name, "the request for the credentials")
		for _, name := range []string{"rpc.system.name", "rpc.method", "aws.s3.bucket"} {
			assert.NotContains(t, attributes(spans[0]), name)
		}
		assert.Contains(t, fmt.Sprintf("%+v", spans), "_OTHER", "the error whose text is kept back")
		traces, err := json.Marshal(spans)
		require.NoError(t, err)
		var all metricdata.ResourceMetrics
		require.NoError(t, e.reader.Collect(t.Context(), &all))
		for _, text := range []string{string(traces), fmt.Sprintf("%+v", spans), fmt.Sprintf("%+v", all)} {
			assert.NotEmpty(t, text)
			for _, secret := range []string{canary, customers.Reveal(), "a2tra2tr", "AKIACONTAINER", "Signature", "AWS4-HMAC"} {
				assert.NotContains(t, text, secret)
			}
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// TestTextIsValid checks that no server's text and no key spoils the batch that its span is in:
// OTLP carries UTF-8 only.
func TestTextIsValid(t *testing.T) {
	t.Parallel()
	for _, found := range spanAttributes(&lithopss3.RequestInfo{Bucket: "b\xff", Key: "k\xff", RequestID: "r\xff"}) {
		assert.True(t, utf8.ValidString(found.Value.String()), found.Key)
	}
}

// TestSizesOfBodies checks the boundaries of the histograms of sizes: powers of two up to 1 GiB,
// which tell parts of 8 and 16 MiB from others.
func TestSizesOfBodies(t *testing.T) {
	t.Parallel()
	e := newExporter()
	observe, err := NewObserver(e.opts)
	require.NoError(t, err)
	observe(t.Context(), &lithopss3.RequestInfo{Service: "S3", Operation: "PutObject", Status: 200, Sent: 1})
	const kib, mib = 1 << 10, 1 << 20
	want := []float64{0, kib, 4 * kib, 16 * kib, 64 * kib, 256 * kib, mib, 4 * mib, 8 * mib, 16 * mib, 64 * mib, 256 * mib, 1024 * mib}
	for _, name := range []string{"http.client.request.body.size By", "http.client.response.body.size By"} {
		points := e.metrics(t)[name].(metricdata.Histogram[int64]).DataPoints
		require.Len(t, points, 1)
		assert.Equal(t, want, points[0].Bounds)
	}
}

// TestAttributesOfNoAnswer checks a first attempt without an answer, and a third.
func TestAttributesOfNoAnswer(t *testing.T) {
	t.Parallel()
	info := &lithopss3.RequestInfo{Service: "S3", Operation: "PutObject", Method: "PUT", Scheme: "https", Host: "h", Attempt: 1, Err: context.Canceled}
	found := map[string]string{}
	for _, pair := range append(commonAttributes(info), spanAttributes(info)...) {
		found[string(pair.Key)] = pair.Value.String()
	}
	assert.Equal(t, map[string]string{
		"http.request.method": "PUT", "url.scheme": "https", "server.address": "h", "server.port": "443", "rpc.system.name": "aws-api", "rpc.method": "S3/PutObject",
		"error.type": "canceled", "http.request.body.size": "0", "http.response.body.size": "0",
	}, found)
	info.Attempt = 3
	attributes := spanAttributes(info)
	assert.Equal(t, attribute.Int("http.request.resend_count", 2), attributes[len(attributes)-1])
}

// A refusingProvider makes no instrument.
type refusingProvider struct{ noop.MeterProvider }

func (refusingProvider) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

var errNoInstrument = errors.New("no instrument")

func (refusingMeter) Int64Histogram(string, ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	return noop.Int64Histogram{}, errNoInstrument
}

// TestInstrumentsAreRefused returns the error of the provider.
func TestInstrumentsAreRefused(t *testing.T) {
	t.Parallel()
	observe, err := NewObserver(&Options{MeterProvider: refusingProvider{}})
	assert.ErrorIs(t, err, errNoInstrument)
	assert.Nil(t, observe)
}
