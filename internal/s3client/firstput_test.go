// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUnknownFirstPut checks that the SDK sends the first put wherever options or the
// bucket may change it.
func TestUnknownFirstPut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bucket, region, url string
		change              func(*s3.Options)
		isKnown             bool
	}{
		"nothing":           {isKnown: true},
		"an app":            {change: func(o *s3.Options) { o.AppID = "app" }, isKnown: true},
		"another region":    {region: "eu-west-3", isKnown: true},
		"S3 Express":        {bucket: "bucket--use1-az4--x-s3"},
		"access point":      {bucket: "arn:aws:s3:us-east-1:123456789012:accesspoint/mine"},
		"multiple regions":  {bucket: "arn:aws:s3::123456789012:accesspoint/mine.mrap"},
		"pseudo region":     {region: "fips-us-east-1"},
		"no region":         {change: func(o *s3.Options) { o.Region = "" }},
		"impossible region": {region: "a/b"},
		"port of http":      {url: "http://127.0.0.1:80"},
		"port of https":     {url: "https://127.0.0.1:443"},
		"user":              {url: "http://user@127.0.0.1:9000"},
		"escaped path":      {url: "http://127.0.0.1:9000/a%2Fb"},
		"anonymous":         {change: func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} }},
		"another retryer":   {change: func(o *s3.Options) { o.Retryer = aws.NopRetryer{} }},
		"unsigned payload":  {change: func(o *s3.Options) { o.APIOptions = append(o.APIOptions, UnsignedPayload) }},
		"a caller's step": {change: func(o *s3.Options) {
			o.APIOptions = append(o.APIOptions, func(*middleware.Stack) error { return nil })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := s3.Options{
				Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""), Retryer: s3http.NewRetryer(Attempts, nil),
			}
			if test.change != nil {
				test.change(&options)
			}
			if test.bucket == "" {
				test.bucket = "my-bucket"
			}
			client := NewSDK(&s3http.Client{Peer: &s3http.Peer{}}, &awsconfig.S3{URL: test.url, Addressing: "auto", UseARNRegion: true}, options)
			put := FirstPut(client, test.bucket, test.region)
			if !test.isKnown {
				assert.Nil(t, put)
				return
			}
			require.NotNil(t, put)
			assert.Equal(t, "attempt=1; max=6", put.Header.Get("Amz-Sdk-Request"))
		})
	}
}
