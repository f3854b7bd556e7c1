// SPDX-License-Identifier: Apache-2.0

// Command startconfig stores one file with aws-sdk-go-v2 as its documentation shows it:
// region and credentials are those that its config finds.
package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/bench/internal/startput"
)

func main() {
	startput.Run(func(endpoint string) (*s3.Client, error) {
		found, err := config.LoadDefaultConfig(context.Background())
		if err != nil {
			return nil, err
		}
		return s3.NewFromConfig(found, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &endpoint, true }), nil
	})
}
