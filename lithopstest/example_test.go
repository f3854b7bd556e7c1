// SPDX-License-Identifier: Apache-2.0

package lithopstest_test

import (
	"context"
	"fmt"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/lithopstest"
)

func Example() {
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
