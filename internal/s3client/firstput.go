// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"context"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyauth "github.com/aws/smithy-go/auth"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A FirstPut describes the put of a small object that the SDK's client would send, so
// that it can be sent without the SDK's middleware, which takes a millisecond when it is
// used for the first time in a process.
type FirstPut struct {
	Scheme, Host string
	Prefix       string // the path before the key
	Region       string // that is signed
	UserAgent    string
	Attempts     int  // at most
	HasCRC32     bool // unless the input has another checksum
}

// NewFirstPut returns what a put to a bucket is like, in region or, if that is "", in the
// region of the client. It reports false where that is not known for sure: then the SDK
// must send it. TestFirstPut holds it to the SDK.
func NewFirstPut(client *s3.Client, bucket, region string) (*FirstPut, bool) {
	options := client.Options()
	if region == "" {
		region = options.Region
	}
	if region == "" || strings.Contains(region, "fips") || strings.HasPrefix(bucket, "arn:") {
		return nil, false
	}
	endpoint, err := options.EndpointResolverV2.ResolveEndpoint(context.Background(), s3.EndpointParameters{
		Bucket: &bucket, Region: &region, Endpoint: options.BaseEndpoint,
		DisableMultiRegionAccessPoints: aws.Bool(false), DisableS3ExpressSessionAuth: options.DisableS3ExpressSessionAuth,
	})
	if err != nil || len(endpoint.Headers) > 0 {
		return nil, false
	}
	put := &FirstPut{Scheme: endpoint.URI.Scheme, Host: endpoint.URI.Host, Prefix: strings.TrimSuffix(endpoint.URI.Path, "/") + "/"}
	if !put.hasPlainURL(&endpoint.URI) || !put.sign(&endpoint) || !put.setAttempts(options.Retryer) {
		return nil, false
	}
	put.HasCRC32 = options.RequestChecksumCalculation == aws.RequestChecksumCalculationWhenSupported
	put.UserAgent = userAgentOf(&options)
	return put, put.UserAgent != ""
}

// hasPlainURL reports whether the URL is sent as it is: the SDK leaves out a port that is
// the scheme's, and escapes paths.
func (p *FirstPut) hasPlainURL(u *url.URL) bool {
	isDefault := p.Scheme == "http" && u.Port() == "80" || p.Scheme == "https" && u.Port() == "443"
	path := url.URL{Path: p.Prefix}
	return !isDefault && u.RawPath == "" && u.RawQuery == "" && u.User == nil && path.EscapedPath() == p.Prefix
}

// sign takes the region to sign for. It reports false for other signatures than S3's
// Signature Version 4.
func (p *FirstPut) sign(endpoint *smithyendpoints.Endpoint) bool {
	schemes, _ := smithyauth.GetAuthOptions(&endpoint.Properties)
	if len(schemes) == 0 || schemes[0].SchemeID != sigV4 {
		return false
	}
	properties := &schemes[0].SignerProperties
	name, _ := smithyhttp.GetSigV4SigningName(properties)
	p.Region, _ = smithyhttp.GetSigV4SigningRegion(properties)
	return name == "s3" && p.Region != ""
}

func (p *FirstPut) setAttempts(retryer aws.Retryer) bool {
	_, isStandard := retryer.(*retry.Standard)
	if isStandard {
		p.Attempts = retryer.MaxAttempts()
	}
	return p.Attempts > 0
}

// userAgentOf returns the user agent of a put of a client with a standard retryer, or ""
// if the SDK's version is not known.
func userAgentOf(options *s3.Options) string {
	version := sdkVersion()
	if version == "" {
		return ""
	}
	agent := awsmiddleware.NewRequestUserAgent()
	agent.AddSDKAgentKeyValue(awsmiddleware.APIMetadata, "s3", version)
	if options.AppID != "" {
		agent.AddSDKAgentKey(awsmiddleware.ApplicationIdentifier, options.AppID)
	}
	agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureRetryModeStandard)
	feature := awsmiddleware.UserAgentFeature(awsmiddleware.UserAgentFeatureRequestChecksumWhenSupported)
	if options.RequestChecksumCalculation == aws.RequestChecksumCalculationWhenRequired {
		feature = awsmiddleware.UserAgentFeatureRequestChecksumWhenRequired
	}
	agent.AddUserAgentFeature(feature)
	if known, ok := options.Credentials.(aws.CredentialProviderSource); ok {
		for _, source := range known.ProviderSources() {
			agent.AddCredentialsSource(source)
		}
	}
	request, _ := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	in := middleware.BuildInput{Request: request}
	if _, _, err := agent.HandleBuild(context.Background(), in, middleware.BuildHandlerFunc(endOfBuild)); err != nil {
		return ""
	}
	return request.Header.Get("User-Agent") + " " + userAgent
}

func endOfBuild(context.Context, middleware.BuildInput) (out middleware.BuildOutput, metadata middleware.Metadata, err error) {
	return out, metadata, nil
}

// sigV4 is the scheme's name in the SDK's endpoints.
const sigV4 = "sigv4"

const sdkModule = "github.com/aws/aws-sdk-go-v2/service/s3"

// builtVersion is the version of the SDK's client of S3 in this module's go.mod.
const builtVersion = "1.114.9"

// sdkVersion returns the version of the SDK's client of S3, which the SDK does not
// export: the one that the build recorded, or in a test's, builtVersion. It is "" if it
// is not known.
var sdkVersion = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
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
})
