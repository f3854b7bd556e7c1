// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"context"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyauth "github.com/aws/smithy-go/auth"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// FirstPut returns what a small put to a bucket by the SDK's client is like, in region
// or, if that is "", in the region of the client: a request with an empty key, and with
// those headers that all have in common. The SDK's own middleware takes a millisecond
// when a process uses it for the first time. FirstPut returns nil unless the request is
// known for sure. TestFirstPut compares it with the SDK's.
func FirstPut(client *s3.Client, bucket, region string) *http.Request {
	options := client.Options()
	retryer, isStandard := options.Retryer.(*retry.Standard)
	if len(options.APIOptions) != ownSteps || !isStandard || options.Credentials == nil {
		return nil
	}
	to, region := endpointOf(&options, bucket, region)
	agent := userAgentOf(&options, sdkVersion())
	if to == nil || agent == "" {
		return nil
	}
	to.RawQuery = "x-id=PutObject"
	header := http.Header{
		"User-Agent": {agent}, "Accept-Encoding": {"identity"}, "Amz-Sdk-Request": {"attempt=1; max=" + strconv.Itoa(retryer.MaxAttempts())},
		"Authorization": {"AWS4-HMAC-SHA256 Credential=KEY/DAY/" + region + "/s3/aws4_request"}, "X-Amz-Date": {"DATE"},
		"X-Amz-Content-Sha256": {"HASH"},
	}
	if to.Scheme == "https" {
		header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	}
	if options.RequestChecksumCalculation == aws.RequestChecksumCalculationWhenSupported {
		header.Set("X-Amz-Checksum-Crc32", "SUM")
	}
	return &http.Request{URL: to, Header: header}
}

// endpointOf returns the URL of a bucket with a slash at the end, and the region to sign
// for. The URL is nil for one that the SDK may write otherwise, and for another signature
// than S3's Signature Version 4.
func endpointOf(options *s3.Options, bucket, region string) (to *url.URL, signed string) {
	if region == "" {
		region = options.Region
	}
	isUnclear := strings.ContainsAny(aws.ToString(options.BaseEndpoint), "@%?#")
	if isUnclear || region == "" || strings.Contains(region, "fips") || strings.HasPrefix(bucket, "arn:") {
		return nil, ""
	}
	endpoint, err := options.EndpointResolverV2.ResolveEndpoint(context.Background(), s3.EndpointParameters{
		Bucket: &bucket, Region: &region, Endpoint: options.BaseEndpoint,
		DisableMultiRegionAccessPoints: aws.Bool(false), DisableS3ExpressSessionAuth: options.DisableS3ExpressSessionAuth,
	})
	schemes, _ := smithyauth.GetAuthOptions(&endpoint.Properties)
	if err != nil || len(endpoint.Headers) > 0 || len(schemes) == 0 || schemes[0].SchemeID != "sigv4" {
		return nil, ""
	}
	service, _ := smithyhttp.GetSigV4SigningName(&schemes[0].SignerProperties)
	signed, _ = smithyhttp.GetSigV4SigningRegion(&schemes[0].SignerProperties)
	to = &endpoint.URI
	if port := to.Port(); service != "s3" || port == "80" || port == "443" {
		return nil, ""
	}
	to.Path = strings.TrimSuffix(to.Path, "/") + "/"
	return to, signed
}

// userAgentOf returns the user agent of a put of a client with a standard retryer, or ""
// if the SDK's version is not known.
func userAgentOf(options *s3.Options, version string) string {
	if version == "" {
		return ""
	}
	agent := awsmiddleware.NewRequestUserAgent()
	agent.AddSDKAgentKeyValue(awsmiddleware.APIMetadata, "s3", version)
	if options.AppID != "" {
		agent.AddSDKAgentKey(awsmiddleware.ApplicationIdentifier, options.AppID)
	}
	agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureRetryModeStandard)
	if options.RequestChecksumCalculation == aws.RequestChecksumCalculationWhenSupported {
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureRequestChecksumWhenSupported)
	} else {
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureRequestChecksumWhenRequired)
	}
	if known, ok := options.Credentials.(aws.CredentialProviderSource); ok {
		for _, source := range known.ProviderSources() {
			agent.AddCredentialsSource(source)
		}
	}
	request, _ := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	end := func(context.Context, middleware.BuildInput) (out middleware.BuildOutput, metadata middleware.Metadata, err error) {
		return out, metadata, nil
	}
	if _, _, err := agent.HandleBuild(context.Background(), middleware.BuildInput{Request: request}, middleware.BuildHandlerFunc(end)); err != nil {
		return ""
	}
	return request.Header.Get("User-Agent") + " " + userAgent
}

const (
	sdkModule = "github.com/aws/aws-sdk-go-v2/service/s3"
	// builtVersion is its version in this module's go.mod, for tests, whose build records
	// none.
	builtVersion = "1.114.9"
)

// sdkVersion returns the version of the SDK's client of S3 in this build, or "" if it is
// not known. The SDK does not export it.
var sdkVersion = sync.OnceValue(func() string {
	info, _ := debug.ReadBuildInfo()
	return versionIn(info)
})

// versionIn returns the version that a build says, which may be nil.
func versionIn(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	if len(info.Deps) == 0 {
		return builtVersion
	}
	for _, module := range info.Deps {
		if module.Path == sdkModule && module.Replace == nil {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return ""
}
