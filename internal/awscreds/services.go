// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	endpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// The defaults of botocore's clients. Lithops gives settings of its own to the S3
// client only.
const (
	// Timeout bounds a connection and each part of an answer of a service.
	Timeout = time.Minute
	// Attempts is how often a service is asked, unless AWS_MAX_ATTEMPTS says otherwise.
	Attempts = 5
)

// Services makes the clients of STS, SSO, SSO OIDC and AWS's sign-in. Each has the settings, checks
// its answers and reads XML in the same way.
type Services struct {
	Transport http.RoundTripper
	Backoff   func(attempt int, err error) (time.Duration, error) // the wait before an attempt
	Observer  *s3http.Observer                                    // may be nil
	AppID     string                                              // for the user agent
	Settings  awsconfig.STS
	// Retryer makes the retry policy of STS; nil for botocore's.
	Retryer func() aws.Retryer
	// APIOptions are more options of STS.
	APIOptions []func(*middleware.Stack) error
	// NoRegion reports whether nothing names a region to sign for.
	NoRegion bool
}

// STS returns a client of STS that signs with the credentials of provider.
func (s *Services) STS(provider aws.CredentialsProvider) *sts.Client {
	client := s.client()
	retryer := s.retryer()
	if s.Retryer != nil {
		retryer = s.Retryer()
	}
	return sts.New(sts.Options{
		Region:                     s.Settings.SigningRegion,
		Credentials:                provider,
		HTTPClient:                 client,
		Retryer:                    retryer,
		EndpointResolverV2:         s.resolver(),
		BaseEndpoint:               optional(s.Settings.URL),
		AppID:                      s.AppID,
		HTTPSignerV4:               s3http.NewSigner(&client.Peer.Clock),
		DisableClockSkewCorrection: true, // the signer corrects it
		APIOptions:                 append(answerSteps(client, proof.AddSteps), s.APIOptions...),
	})
}

// stsForRole returns a client for a request for a role. Like botocore it signs nothing
// for a custom endpoint without a region.
func (s *Services) stsForRole(provider aws.CredentialsProvider) (*sts.Client, error) {
	if s.Settings.Err != nil {
		return nil, s.Settings.Err
	}
	_, isAnonymous := provider.(aws.AnonymousCredentials)
	if s.NoRegion && s.Settings.URL != "" && !isAnonymous {
		return nil, failure("NoRegionError", "an STS endpoint is set, but no region to sign for")
	}
	return s.STS(provider), nil
}

// sso returns a client of SSO.
func (s *Services) sso(region string, at awsconfig.Service) *sso.Client {
	client := s.client()
	return sso.New(sso.Options{
		Region: region, BaseEndpoint: optional(at.URL), HTTPClient: client,
		EndpointOptions: sso.EndpointResolverOptions{UseDualStackEndpoint: dualStack(at), UseFIPSEndpoint: fips(at)},
		Retryer:         s.retryer(), APIOptions: answerSteps(client),
	})
}

// oidc returns a client of SSO OIDC.
func (s *Services) oidc(region string, at awsconfig.Service) *ssooidc.Client {
	client := s.client()
	return ssooidc.New(ssooidc.Options{
		Region: region, BaseEndpoint: optional(at.URL), HTTPClient: client,
		EndpointOptions: ssooidc.EndpointResolverOptions{UseDualStackEndpoint: dualStack(at), UseFIPSEndpoint: fips(at)},
		Retryer:         s.retryer(), APIOptions: answerSteps(client),
	})
}

// signin returns a client of AWS's sign-in, which signs nothing.
func (s *Services) signin(at awsconfig.Service) *signin.Client {
	client := s.client()
	region := s.Settings.SigningRegion
	if region == "aws-global" {
		region = "us-east-1"
	}
	at.FIPS = at.FIPS || (s.Settings.FIPS && at.URL == "") // of a pseudo region
	return signin.New(signin.Options{
		Region: region, BaseEndpoint: optional(at.URL), HTTPClient: client, Credentials: aws.AnonymousCredentials{},
		EndpointOptions: signin.EndpointResolverOptions{UseDualStackEndpoint: dualStack(at), UseFIPSEndpoint: fips(at)},
		Retryer:         s.retryer(), APIOptions: answerSteps(client),
	})
}

func dualStack(at awsconfig.Service) aws.DualStackEndpointState {
	if at.DualStack {
		return aws.DualStackEndpointStateEnabled
	}
	return aws.DualStackEndpointStateDisabled
}

func fips(at awsconfig.Service) aws.FIPSEndpointState {
	if at.FIPS {
		return aws.FIPSEndpointStateEnabled
	}
	return aws.FIPSEndpointStateDisabled
}

// retryer returns the retry policy of botocore's clients.
func (s *Services) retryer() aws.Retryer {
	return s3http.NewRetryer(cmp.Or(s.Settings.Attempts, Attempts), s.Backoff)
}

func (s *Services) client() *s3http.Client {
	return &s3http.Client{Transport: s.Transport, Timeout: Timeout, Observer: s.Observer, Peer: &s3http.Peer{IsObserved: s.Observer != nil}}
}

// answerSteps are the options of every client: its answers are read tolerantly, and
// must prove what they say. More of them look at an answer as it came.
func answerSteps(client *s3http.Client, more ...func(*middleware.Stack) error) []func(*middleware.Stack) error {
	steps := append([]func(*middleware.Stack) error{proveAnswers}, more...)
	return append(steps, client.Peer.AddSteps, s3http.NormalizeXML)
}

// STSEndpoint returns the URL that STS is asked at.
func (s *Services) STSEndpoint(ctx context.Context) (string, error) {
	endpoint, err := s.resolver().ResolveEndpoint(ctx, sts.EndpointParameters{Region: &s.Settings.SigningRegion, Endpoint: optional(s.Settings.URL)})
	if err != nil {
		return "", &awsconfig.Error{Kind: awsconfig.KindResolution, Reason: err.Error(), Err: err}
	}
	return endpoint.URI.String(), nil
}

func (s *Services) resolver() *stsResolver {
	return &stsResolver{next: sts.NewDefaultEndpointResolverV2(), settings: s.Settings}
}

// stsResolver gives the SDK's rule set the inputs that botocore gives to the same.
type stsResolver struct {
	next     sts.EndpointResolverV2
	settings awsconfig.STS
}

// ResolveEndpoint is called by the SDK for each request.
func (r *stsResolver) ResolveEndpoint(ctx context.Context, params sts.EndpointParameters) (endpoints.Endpoint, error) {
	isCustom := params.Endpoint != nil
	params.UseDualStack = aws.Bool(r.settings.DualStack && !isCustom)
	params.UseFIPS = aws.Bool(r.settings.FIPS && !isCustom)
	params.UseGlobalEndpoint = aws.Bool(r.settings.Global && !isCustom)
	return r.next.ResolveEndpoint(ctx, params)
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
