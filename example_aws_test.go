// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/lithopstest"
)

// A service that has an aws.Config already uses it for the user's storage.
func ExampleOptions_aws() {
	server, err := lithopstest.Start(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Close() }()

	ctx := context.Background()
	shared, err := config.LoadDefaultConfig(ctx, config.WithRegion("us-east-1"), config.WithBaseEndpoint(server.URL()),
		config.WithCredentialsProvider(server.Credentials()))
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := lithopss3.New(ctx, nil, &lithopss3.Options{AWS: &shared})
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
	fmt.Println(bucket, store.PutObject(ctx, bucket, "key", strings.NewReader("text"), nil))
	// Output: lithops-us-east-1-wxyz <nil>
}

// An executor calls other services with the identity that Lithops' rules found.
func ExampleStore_AWSConfig() {
	server, err := lithopstest.Start(nil)
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
	caller, err := sts.NewFromConfig(store.AWSConfig()).GetCallerIdentity(ctx, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(aws.ToString(caller.Account))
	// Output: 123456789012
}
