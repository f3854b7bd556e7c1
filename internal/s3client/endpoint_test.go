// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"context"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	endpoints "github.com/aws/smithy-go/endpoints"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestResolvedEndpoints checks the address of a request to a bucket by settings, as
// botocore's rules have it.
func TestResolvedEndpoints(t *testing.T) {
	t.Parallel()
	const point = "arn:aws:s3:us-east-1:123456789012:accesspoint/point"
	server := aws.String("http://127.0.0.1:9000")
	for name, test := range map[string]struct {
		settings awsconfig.S3
		endpoint *string
		region   string
		bucket   string
		want     string
	}{
		"virtual host":              {awsconfig.S3{RegionalUSEast1: true}, nil, "eu-west-1", "bucket", "https://bucket.s3.eu-west-1.amazonaws.com"},
		"path":                      {awsconfig.S3{Addressing: "path"}, nil, "eu-west-1", "bucket", "https://s3.eu-west-1.amazonaws.com/bucket"},
		"us-east-1, global":         {awsconfig.S3{}, nil, "us-east-1", "bucket", "https://bucket.s3.amazonaws.com"},
		"us-east-1, regional":       {awsconfig.S3{RegionalUSEast1: true}, nil, "us-east-1", "bucket", "https://bucket.s3.us-east-1.amazonaws.com"},
		"global is of us-east-1":    {awsconfig.S3{}, nil, "us-west-2", "bucket", "https://bucket.s3.us-west-2.amazonaws.com"},
		"dual stack":                {awsconfig.S3{DualStack: true}, nil, "eu-west-1", "bucket", "https://bucket.s3.dualstack.eu-west-1.amazonaws.com"},
		"FIPS":                      {awsconfig.S3{FIPS: true}, nil, "us-east-2", "bucket", "https://bucket.s3-fips.us-east-2.amazonaws.com"},
		"accelerated":               {awsconfig.S3{Accelerate: true}, nil, "eu-west-1", "bucket", "https://bucket.s3-accelerate.amazonaws.com"},
		"accelerated, path":         {awsconfig.S3{Accelerate: true, Addressing: "path"}, nil, "eu-west-1", "bucket", "https://bucket.s3-accelerate.amazonaws.com"},
		"a server":                  {awsconfig.S3{URL: *server, Addressing: "auto"}, server, "us-east-1", "bucket", "http://127.0.0.1:9000/bucket"},
		"a server, dual stack":      {awsconfig.S3{DualStack: true, Addressing: "path"}, server, "us-east-1", "bucket", "http://127.0.0.1:9000/bucket"},
		"a server, FIPS":            {awsconfig.S3{FIPS: true, Addressing: "path"}, server, "us-east-1", "bucket", "http://127.0.0.1:9000/bucket"},
		"a dash in front":           {awsconfig.S3{}, nil, "us-east-1", "-bucket", "https://s3.amazonaws.com/-bucket"},
		"a dash at the end":         {awsconfig.S3{FIPS: true}, nil, "us-east-2", "bucket-", "https://s3-fips.us-east-2.amazonaws.com/bucket-"},
		"a dash, virtual":           {awsconfig.S3{Addressing: "virtual"}, server, "us-east-2", "bucket-", "http://127.0.0.1:9000/bucket-"},
		"a dash before a dot":       {awsconfig.S3{Addressing: "virtual"}, aws.String("http://server"), "us-east-2", "one-.two", "http://server/one-.two"},
		"no dash at a dot":          {awsconfig.S3{Addressing: "virtual"}, aws.String("http://server"), "us-east-2", "o-e.two", "http://o-e.two.server"},
		"a dash, accelerated":       {awsconfig.S3{Accelerate: true}, nil, "eu-west-1", "bucket-", ""},
		"access point":              {awsconfig.S3{UseARNRegion: true}, nil, "us-east-1", point, "https://point-123456789012.s3-accesspoint.us-east-1.amazonaws.com"},
		"access point, path":        {awsconfig.S3{Addressing: "path", UseARNRegion: true}, nil, "us-east-1", point, "https://point-123456789012.s3-accesspoint.us-east-1.amazonaws.com"},
		"access point, elsewhere":   {awsconfig.S3{UseARNRegion: true}, nil, "eu-west-1", point, "https://point-123456789012.s3-accesspoint.us-east-1.amazonaws.com"},
		"access point, not allowed": {awsconfig.S3{}, nil, "eu-west-1", point, ""},
	} {
		params := s3.EndpointParameters{Bucket: &test.bucket, Region: &test.region, Endpoint: test.endpoint}.WithDefaults()
		found, err := NewResolver(&test.settings).ResolveEndpoint(t.Context(), params)
		if test.want == "" {
			require.Error(t, err, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, test.want, found.URI.String(), name)
	}
}

// TestResolverParameters checks each input of the SDK's rules, because for many hosts
// several of them lead to one address.
func TestResolverParameters(t *testing.T) {
	t.Parallel()
	server := aws.String("http://127.0.0.1:9000")
	type flags struct{ path, accelerate, arn, dual, fips, global bool }
	for name, test := range map[string]struct {
		settings awsconfig.S3
		params   s3.EndpointParameters
		want     flags
	}{
		"nothing":               {awsconfig.S3{}, s3.EndpointParameters{Region: aws.String("eu-west-1")}, flags{}},
		"us-east-1":             {awsconfig.S3{}, s3.EndpointParameters{Region: aws.String("us-east-1")}, flags{global: true}},
		"no region":             {awsconfig.S3{}, s3.EndpointParameters{}, flags{}},
		"everything":            {awsconfig.S3{Addressing: "path", Accelerate: true, UseARNRegion: true, DualStack: true, FIPS: true}, s3.EndpointParameters{}, flags{false, true, true, true, true, false}},
		"everything, custom":    {awsconfig.S3{Addressing: "path", Accelerate: true, UseARNRegion: true, DualStack: true, FIPS: true}, s3.EndpointParameters{Endpoint: server}, flags{true, true, true, false, false, false}},
		"path, and an ARN":      {awsconfig.S3{Addressing: "path"}, s3.EndpointParameters{Bucket: aws.String("arn:x")}, flags{}},
		"path, and no ARN":      {awsconfig.S3{Addressing: "path"}, s3.EndpointParameters{Bucket: aws.String("xarn:")}, flags{path: true}},
		"path, no acceleration": {awsconfig.S3{Addressing: "path"}, s3.EndpointParameters{}, flags{path: true}},
	} {
		kept := &keptParameters{}
		r := &resolver{next: kept, settings: test.settings, pathStyle: test.settings.PathStyle()}
		_, err := r.ResolveEndpoint(t.Context(), test.params)
		require.NoError(t, err)
		got := flags{*kept.ForcePathStyle, *kept.Accelerate, *kept.UseArnRegion, *kept.UseDualStack, *kept.UseFIPS, *kept.UseGlobalEndpoint}
		assert.Equal(t, test.want, got, name)
	}
}

type keptParameters struct{ s3.EndpointParameters }

func (k *keptParameters) ResolveEndpoint(_ context.Context, params s3.EndpointParameters) (endpoints.Endpoint, error) {
	k.EndpointParameters = params
	return endpoints.Endpoint{}, nil
}

func TestChecksumSettings(t *testing.T) {
	t.Parallel()
	for required, want := range map[bool][2]int{
		true:  {int(aws.RequestChecksumCalculationWhenRequired), int(aws.ResponseChecksumValidationWhenRequired)},
		false: {int(aws.RequestChecksumCalculationWhenSupported), int(aws.ResponseChecksumValidationWhenSupported)},
	} {
		assert.Equal(t, want[0], int(requestChecksum(&awsconfig.S3{RequestChecksumWhenRequired: required})))
		assert.Equal(t, want[1], int(responseChecksum(&awsconfig.S3{ResponseChecksumWhenRequired: required})))
	}
}

// TestSDKVersion checks that tests have the version of the SDK that is in go.mod.
func TestSDKVersion(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	assert.Contains(t, string(module), "\t"+sdkModule+" v"+builtVersion+"\n")
	assert.Equal(t, builtVersion, sdkVersion())
	assert.Empty(t, userAgentOf(&s3.Options{}, ""))
}
