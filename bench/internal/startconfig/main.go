// SPDX-License-Identifier: Apache-2.0

// Command startconfig stores one file with aws-sdk-go-v2 as its documentation shows it:
// region and credentials are those that its config finds.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func main() {
	if err := put(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func put(endpoint, path, bucket, key string) error {
	found, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		return err
	}
	client := s3.NewFromConfig(found, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &endpoint, true })
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = client.PutObject(context.Background(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: file})
	return err
}
