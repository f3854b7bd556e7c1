// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/awscreds"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// A session is what the configuration, the environment and the files of ~/.aws
// come to (boto3.Session and the settings of its clients). Making one makes no
// request.
type session struct {
	settings             *awsconfig.Environment
	region, regionSource string
	s3                   awsconfig.S3
	sts                  awsconfig.STS

	providers   *awscreds.Providers
	chain       awscreds.Chain
	credentials aws.CredentialsProvider // the chain's; renewed
	isAnonymous bool                    // nothing is signed

	mu    sync.Mutex
	tried []TriedSource
}

func newSession(config *Config, opts *Options) (*session, error) {
	s, err := readSession(config, opts)
	if err != nil {
		return nil, publicError(err)
	}
	s.chain, s.isAnonymous = newChain(config, opts, s.providers), opts.Anonymous
	renewed := aws.CredentialsProvider(awscreds.NewRefresher(s.askChain))
	if opts.Credentials != nil { // which the caller's provider renews
		renewed = aws.CredentialsProviderFunc(s.askChain)
	}
	s.credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		found, err := renewed.Retrieve(ctx)
		return found, requestError(err)
	})
	return s, nil
}

// readSession reads and checks AWS's settings.
func readSession(config *Config, opts *Options) (*session, error) {
	settings, err := awsconfig.Read(opts.LookupEnv, profileOption(opts.Profile))
	if err != nil {
		return nil, err
	}
	if err := settings.Check(); err != nil {
		return nil, err
	}
	s := &session{settings: settings}
	if s.s3, err = settings.S3(opts.Endpoint); err != nil {
		return nil, err
	}
	region, err := resolveRegion(config, opts.awsRegion(), settings, &s.s3)
	if err != nil {
		return nil, err
	}
	if err := s.s3.CheckRegion(region.name); err != nil {
		return nil, err
	}
	s.region, s.regionSource = region.name, region.source
	s.sts = settings.STS(opts.STSEndpoint, region.name)
	s.sts.Global = s.sts.Global || region.isFallback
	s.s3.FIPS = s.s3.FIPS || region.isFIPS
	s.sts.FIPS = s.sts.FIPS || region.isFIPS
	s.providers = newProviders(s, opts)
	s.providers.Services.NoRegion = region.isFallback
	if config.hasKeys() || opts.Credentials != nil || opts.Anonymous {
		return s, nil // botocore does not look at the settings of the metadata service then
	}
	s.providers.Instances, err = settings.Metadata()
	return s, err
}

// newProviders returns what the sources of credentials ask with.
func newProviders(s *session, opts *Options) *awscreds.Providers {
	observer := newObserver(opts.Observer, opts.Logger)
	providers := &awscreds.Providers{
		Settings: s.settings,
		Services: &awscreds.Services{
			Transport: s.transport(awscreds.Timeout, true),
			Observer:  observer,
			Backoff:   s3http.LogWaits(opts.Logger, awscreds.Attempts, opts.pace.backoff),
			AppID:     s.settings.AppID(),
			Settings:  s.sts,
		},
		Metadata: &awscreds.Metadata{Transport: s3http.ObserveTransport(metadataTransport(), observer, "metadata"), Sleep: s3http.Sleep},
		AskMFA:   opts.AskMFA,

		ProfileOnly: opts.Profile != "",
	}
	if opts.AWS != nil {
		providers.Services.APIOptions = opts.AWS.APIOptions
		providers.Services.Retryer = opts.AWS.Retryer
		if transport := transportOf(opts.AWS.HTTPClient); transport != nil {
			providers.Services.Transport = transport
		}
	}
	if opts.Offline {
		providers.Services.Transport, providers.Metadata.Transport = offline{}, offline{}
		providers.Metadata.Sleep = func(context.Context, time.Duration) error { return nil } // it will not be better later
	}
	return providers
}

// metadataTransport keeps no connection and asks no proxy, because metadata services
// are near.
func metadataTransport() http.RoundTripper {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	return &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return openfiles.Open(func() (net.Conn, error) { return dialer.DialContext(ctx, network, address) })
	}}
}

// transport returns the transport for AWS's services except the metadata services. It
// has the proxies and the certificates that AWS's settings name.
func (s *session) transport(timeout time.Duration, once bool) *s3http.Transport {
	return s3http.NewTransport(s3http.Options{
		Timeout: timeout, CABundle: s.settings.CABundle(), Proxies: s3http.ReadProxies(s.settings.Lookup), Once: once,
	})
}

// askChain asks the chain, and keeps what it tried for Identity.
func (s *session) askChain(ctx context.Context) (aws.Credentials, error) {
	found, skipped, err := s.chain.Ask(ctx)
	s.mu.Lock()
	s.tried = triedSources(skipped)
	s.mu.Unlock()
	if err != nil {
		return aws.Credentials{}, err
	}
	return *found, nil
}

// sameService reports whether the account that STS names is one that the S3 server
// knows: both are AWS's, or both have one custom endpoint. Another STS than
// the S3 server has its own accounts.
func (s *session) sameService() bool { return s.s3.URL == s.sts.URL }

// insecureEndpoints warns of servers that are asked without encryption, other than on
// this machine: whoever is on the way reads and changes what is stored.
func (s *session) insecureEndpoints() []string {
	var warnings []string
	warn := func(service, address, source string) {
		if awsconfig.IsInsecure(address) {
			warnings = append(warnings, fmt.Sprintf("%s is asked over plain http at %s (%s): whoever is on the way can read and change what goes there, session tokens too; use https",
				service, sanitize.URL(address), source))
		}
	}
	warn("S3", s.s3.URL, s.s3.URLSource)
	warn("STS", s.sts.URL, s.sts.URLSource)
	used := s.providers.UsedKeys()
	for _, of := range []struct{ key, service string }{{"sso_account_id", "sso"}, {"sso_account_id", "sso_oidc"}, {"login_session", "signin"}} {
		if used[of.key] {
			at, _ := s.settings.Endpoint(of.service, "") // a wrong one is an error for the caller of that service
			warn(of.service, at.Text, at.Source)
		}
	}
	return warnings
}
