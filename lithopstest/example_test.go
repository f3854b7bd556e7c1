// SPDX-License-Identifier: Apache-2.0

package lithopstest_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/lithopstest"
)

func ExampleServer() {
	server, err := lithopstest.Start(nil) // in a test: server := lithopstest.NewServer(t)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Close() }()
	ctx := context.Background()
	store, err := lithopss3.New(ctx, server.Config(), server.Options())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()
	bucket, err := store.EnsureBucket(ctx)
	fmt.Println(bucket, err)
	// Output: lithops-us-east-1-wxyz <nil>
}

// Wrap lets a test count requests, or answer some of them itself.
func ExampleOptions() {
	var requests atomic.Int64
	server, err := lithopstest.Start(&lithopstest.Options{
		Region: "eu-west-1",
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				next.ServeHTTP(w, r)
			})
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Close() }()
	ctx := context.Background()
	store, err := lithopss3.New(ctx, server.Config(), server.Options())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()
	bucket, err := store.Bucket(ctx) // asks STS
	fmt.Println(bucket, err, requests.Load())
	// Output: lithops-eu-west-1-wxyz <nil> 1
}
