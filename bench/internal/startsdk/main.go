// SPDX-License-Identifier: Apache-2.0

// Command startsdk stores one file with only aws-sdk-go-v2/service/s3: the least that a
// process costs that does so with the SDK.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/bench/internal/startput"
)

func main() {
	startput.Run(func(endpoint string) (*s3.Client, error) {
		return s3.New(s3.Options{
			Region: os.Getenv("AWS_REGION"), BaseEndpoint: &endpoint, UsePathStyle: true,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
			}),
		}), nil
	})
}
