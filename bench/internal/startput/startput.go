// SPDX-License-Identifier: Apache-2.0

// Package startput stores one file with the SDK. Programs that make their clients in
// different ways share it, so that only what they link differs.
// It must not know how a client is made, nor link what makes one.
// Start reading at [Run].
package startput

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Run stores a file as the command line says: endpoint, path, bucket, key. It ends the
// process with 1 on an error.
func Run(newClient func(endpoint string) (*s3.Client, error)) {
	if err := put(newClient, os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func put(newClient func(endpoint string) (*s3.Client, error), endpoint, path, bucket, key string) error {
	client, err := newClient(endpoint)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = client.PutObject(context.Background(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: file})
	return err
}
