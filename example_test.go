// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/lithopstest"
)

// demoStore returns a store on a server in this process, and a function that closes both.
func demoStore(ctx context.Context) (store *lithopss3.Store, done func()) {
	server, err := lithopstest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	store, err = lithopss3.New(ctx, server.Config(), server.Options())
	if err != nil {
		log.Fatal(err)
	}
	return store, func() {
		_ = store.Close()
		_ = server.Close()
	}
}

func ExampleStore_EnsureBucket() {
	ctx := context.Background()
	store, done := demoStore(ctx) // lithopss3.Open(ctx, nil) for your own
	defer done()
	bucket, err := store.EnsureBucket(ctx)
	fmt.Println(bucket, err)
	// Output: lithops-us-east-1-wxyz <nil>
}

func ExampleStore_GetObject() {
	ctx := context.Background()
	store, done := demoStore(ctx)
	defer done()
	bucket, err := store.EnsureBucket(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := store.PutObject(ctx, bucket, "greeting", strings.NewReader("hello, world"), nil); err != nil {
		log.Fatal(err)
	}
	object, err := store.GetObject(ctx, bucket, "greeting", &lithopss3.GetOptions{Range: lithopss3.Range(7, 5)})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = object.Body.Close() }()
	if _, err := io.Copy(os.Stdout, object.Body); err != nil {
		log.Fatal(err)
	}
	_, err = store.GetObject(ctx, bucket, "no such key", nil)
	fmt.Println("", errors.Is(err, fs.ErrNotExist))
	// Output: world true
}

func ExampleStore_ListObjects() {
	ctx := context.Background()
	store, done := demoStore(ctx)
	defer done()
	bucket, err := store.EnsureBucket(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, key := range []string{"data/a.csv", "data/b.txt", "data/2026/c.csv"} {
		if err := store.PutObject(ctx, bucket, key, strings.NewReader(key), nil); err != nil {
			log.Fatal(err)
		}
	}
	for object, err := range store.ListObjects(ctx, bucket, &lithopss3.ListOptions{Match: "data/**/*.csv"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(object.Key, object.Size)
	}
	// Output:
	// data/2026/c.csv 15
	// data/a.csv 10
}

func ExampleParseConfig() {
	_, err := lithopss3.ParseConfig([]byte("aws:\n  regoin: eu-west-1\n"))
	fmt.Println(err)
	config, err := lithopss3.ParseConfig([]byte("aws:\n  region: eu-west-1\n  access_key_id: AKIA\n  secret_access_key: hush\n"))
	fmt.Println(config.Region, config.SecretAccessKey, err)
	// Output:
	// configuration:1: aws.region: is missing: Lithops requires region under aws or aws_s3 (aws.regoin looks like a misspelling of it)
	// eu-west-1 [redacted] <nil>
}
