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
	needsPath := !isHostPart(aws.ToString(params.Bucket))
	params.ForcePathStyle = aws.Bool(!isARN && (needsPath || (r.pathStyle && !accelerated)))
	params.Accelerate = aws.Bool(r.settings.Accelerate)
	params.UseArnRegion = aws.Bool(r.settings.UseARNRegion)
	params.UseDualStack = aws.Bool(r.settings.DualStack && !custom)
	params.UseFIPS = aws.Bool(r.settings.FIPS && !custom)
	params.UseGlobalEndpoint = aws.Bool(!r.settings.RegionalUSEast1 && aws.ToString(params.Region) == "us-east-1")
	return r.next.ResolveEndpoint(ctx, params)
}

// isHostPart reports whether no part of a bucket's name between dots begins or ends with a
// dash, as no part of a host may (botocore.endpoint_provider.VALID_HOST_LABEL_RE). The SDK's
// rule set, which has other names that can't be part of a host in the path, takes these.
func isHostPart(bucket string) bool {
	for label := range strings.SplitSeq(bucket, ".") {
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return true
}
