package lithopss3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/boto"
	"github.com/lithops-go/lithopss3/internal/redact"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// A session is what the configuration, the environment and the files of ~/.aws
// come to (boto3.Session and the settings of its clients). Making one makes no
// request.
type session struct {
	region, regionSource string
	credentials          aws.CredentialsProvider
	s3                   awsconfig.S3
	sts                  awsconfig.STS

	env   *awsEnvironment
	chain *chain
	mu    sync.Mutex
	tried []TriedSource
}

// awsEnvironment is AWS's settings, and what the sources of credentials ask with.
type awsEnvironment struct {
	*awsconfig.Environment
	sts      awsconfig.STS
	noRegion bool // nothing names a region
	instance boto.InstanceSettings
	metadata *boto.Fetcher
	services http.RoundTripper // to STS, SSO and SSO OIDC
	backoff  func(attempt int, err error) (time.Duration, error)
	askMFA   func(ctx context.Context, serial string) (string, error)
}

func newSession(config *Config, lookup func(string) (string, bool), opts *Options) (*session, error) {
	s, err := readSession(config, lookup, opts)
	if err != nil {
		return nil, settingsError(err)
	}
	s.chain = newChain(config, s.env)
	s.credentials = newRefresher(s.walk)
	return s, nil
}

// readSession reads and checks AWS's settings.
func readSession(config *Config, lookup func(string) (string, bool), opts *Options) (*session, error) {
	settings, err := awsconfig.Read(lookup)
	if err != nil {
		return nil, err
	}
	if err := settings.Check(); err != nil {
		return nil, err
	}
	s := &session{env: newAWSEnvironment(settings, opts)}
	if s.s3, err = settings.S3(opts.Endpoint); err != nil {
		return nil, err
	}
	region, err := resolveRegion(config, settings, &s.s3)
	if err != nil {
		return nil, err
	}
	if err := s.s3.CheckRegion(region.name); err != nil {
		return nil, err
	}
	s.region, s.regionSource = region.name, region.source
	s.sts = settings.STS(opts.STSEndpoint, region.name)
	s.sts.Err = settingsError(s.sts.Err)
	s.sts.Attempts = cmp.Or(s.sts.Attempts, stsAttempts)
	s.sts.Global = s.sts.Global || region.isFallback
	s.s3.FIPS, s.sts.FIPS = s.s3.FIPS || region.isFIPS, s.sts.FIPS || region.isFIPS
	s.env.sts, s.env.noRegion = s.sts, region.isFallback
	if config.AccessKeyID != "" || !config.SecretAccessKey.IsZero() || !config.SessionToken.IsZero() {
		return s, nil // botocore does not look at the settings of the metadata service then
	}
	instance, err := settings.Metadata()
	s.env.instance = boto.InstanceSettings(instance)
	return s, err
}

// settingsError makes the public error of awsconfig's. Others stay as they are.
func settingsError(err error) error {
	var known *awsconfig.Error
	if !errors.As(err, &known) {
		return err
	}
	return &SettingsError{Kind: known.Kind, Reason: known.Reason, Err: err}
}

func newAWSEnvironment(settings *awsconfig.Environment, opts *Options) *awsEnvironment {
	env := &awsEnvironment{Environment: settings, askMFA: boto.AskMFA, backoff: cmp.Or(opts.pace, usualPace).backoff}
	env.metadata = &boto.Fetcher{Transport: metadataTransport(), Sleep: s3http.Sleep}
	env.services = env.transport(serviceTimeout, true)
	if opts.Offline {
		env.services, env.metadata.Transport = offline{}, offline{}
		env.metadata.Sleep = func(context.Context, time.Duration) error { return nil } // it will not be better later
	}
	return env
}

// metadataTransport keeps no connection and asks no proxy, because metadata services
// are near.
func metadataTransport() http.RoundTripper {
	return &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext}
}

// transport is what requests to AWS's services go through, except to the metadata
// services: each client has the proxies and the certificates that AWS's settings name.
func (e *awsEnvironment) transport(timeout time.Duration, once bool) *s3http.Transport {
	return s3http.NewTransport(s3http.Options{Timeout: timeout, CABundle: e.CABundle(), Proxies: s3http.ReadProxies(e.Lookup), Once: once})
}

// serviceTimeout is botocore's default, for a connection and for each part of an
// answer: Lithops gives its own to the S3 client only.
const serviceTimeout = time.Minute

// serviceClient is the HTTP client of STS, SSO and SSO OIDC.
func (e *awsEnvironment) serviceClient() *s3http.Client {
	return &s3http.Client{Transport: e.services, Timeout: serviceTimeout, Peer: &s3http.Peer{}}
}

// walk asks the chain, and keeps what it tried for those who want to know.
func (s *session) walk(ctx context.Context) (aws.Credentials, error) {
	found, tried, err := s.chain.walk(ctx)
	s.mu.Lock()
	s.tried = tried
	s.mu.Unlock()
	if err != nil {
		return aws.Credentials{}, settingsError(err)
	}
	return *found, nil
}

// sameService reports whether the account that STS names is one that the S3 server
// knows: both are AWS's, or both have one custom endpoint. An STS beside a
// foreign S3 server has accounts of its own.
func (s *session) sameService() bool { return s.s3.URL == s.sts.URL }

// insecureEndpoints warns of servers that are asked without encryption, other than on
// this machine: whoever is on the way reads and changes what is stored.
func (s *session) insecureEndpoints() []string {
	var warnings []string
	warn := func(service, address, source string) {
		if awsconfig.IsInsecure(address) {
			warnings = append(warnings, fmt.Sprintf("%s is asked over plain http at %s (%s): whoever is on the way can read and change what goes there, session tokens too; use https",
				service, redact.URL(address), source))
		}
	}
	warn("S3", s.s3.URL, s.s3.URLSource)
	warn("STS", s.sts.URL, s.sts.URLSource)
	if _, usesSSO := s.env.Section["sso_account_id"]; usesSSO {
		for _, service := range []string{"sso", "sso_oidc"} {
			at, _ := s.env.Endpoint(service, "") // a wrong one is an error to who asks there
			warn(service, at.Text, at.Source)
		}
	}
	return warnings
}
