// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	endpoints "github.com/aws/smithy-go/endpoints"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
)

func requestChecksum(settings *awsconfig.S3) aws.RequestChecksumCalculation {
	if settings.RequestChecksumWhenRequired {
		return aws.RequestChecksumCalculationWhenRequired
	}
	return aws.RequestChecksumCalculationWhenSupported
}

func responseChecksum(settings *awsconfig.S3) aws.ResponseChecksumValidation {
	if settings.ResponseChecksumWhenRequired {
		return aws.ResponseChecksumValidationWhenRequired
	}
	return aws.ResponseChecksumValidationWhenSupported
}

// A resolver gives the SDK's rule set the inputs that botocore gives to the same.
type resolver struct {
	next      s3.EndpointResolverV2
	settings  awsconfig.S3
	pathStyle bool
}

// NewResolver returns a resolver of endpoints for settings.
func NewResolver(settings *awsconfig.S3) s3.EndpointResolverV2 {
	return &resolver{next: s3.NewDefaultEndpointResolverV2(), settings: *settings, pathStyle: settings.PathStyle()}
}

// ResolveEndpoint is called by the SDK for each request.
func (r *resolver) ResolveEndpoint(ctx context.Context, params s3.EndpointParameters) (endpoints.Endpoint, error) {
	custom := params.Endpoint != nil
	isARN := strings.HasPrefix(aws.ToString(params.Bucket), "arn:")
	accelerated := r.settings.Accelerate && !custom // which needs a virtual host
	params.ForcePathStyle = aws.Bool(r.pathStyle && !isARN && !accelerated)
	params.Accelerate = aws.Bool(r.settings.Accelerate)
	params.UseArnRegion = aws.Bool(r.settings.UseARNRegion)
	params.UseDualStack = aws.Bool(r.settings.DualStack && !custom)
	params.UseFIPS = aws.Bool(r.settings.FIPS && !custom)
	params.UseGlobalEndpoint = aws.Bool(!r.settings.RegionalUSEast1 && aws.ToString(params.Region) == "us-east-1")
	return r.next.ResolveEndpoint(ctx, params)
}
