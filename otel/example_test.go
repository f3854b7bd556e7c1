// SPDX-License-Identifier: Apache-2.0

package lithopsotel_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/lithopstest"
	lithopsotel "github.com/lithops-go/lithopss3/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// Each request of a Store becomes a span.
func ExampleNewObserver() {
	server, err := lithopstest.Start(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Close() }()

	ctx := context.Background()
	spans := tracetest.NewInMemoryExporter() // in a service: an exporter of OTLP
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	opts := server.Options() // in a service: &lithopss3.Options{}
	opts.Observer, err = lithopsotel.NewObserver(&lithopsotel.Options{TracerProvider: provider})
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := lithopss3.New(ctx, server.Config(), opts)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()
	bucket, err := store.EnsureBucket(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := store.PutObject(ctx, bucket, "key", strings.NewReader("text"), nil); err != nil {
		fmt.Println(err)
	}
	for _, span := range spans.GetSpans() {
		fmt.Println(span.Name)
	}
	// Output:
	// STS.GetCallerIdentity
	// S3.HeadBucket
	// S3.CreateBucket
	// S3.PutPublicAccessBlock
	// S3.PutObject
}

// Without a provider of metrics, the global one makes them.
func ExampleOptions() {
	observer, err := lithopsotel.NewObserver(&lithopsotel.Options{TracerProvider: sdktrace.NewTracerProvider()})
	opts := &lithopss3.Options{Observer: observer}
	fmt.Println(opts.Observer != nil, err)
	// Output: true <nil>
}
