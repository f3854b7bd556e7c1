// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"net/http"
	"net/url"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/awscreds"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// The names of what Options give, where other sources have boto3's.
const (
	sourceOptions   = "Options.Credentials"
	sourceAnonymous = "Options.Anonymous"
	sourceAWS       = "Options.AWS"
)

// withAWS returns the options with what AWS says where they say nothing themselves.
func (o *Options) withAWS() *Options {
	filled := *o
	if o.AWS != nil {
		if filled.Credentials == nil {
			filled.Credentials = o.AWS.Credentials
		}
		if o.AWS.BaseEndpoint != nil && filled.Endpoint == "" {
			filled.Endpoint = *o.AWS.BaseEndpoint
		}
		if o.AWS.BaseEndpoint != nil && filled.STSEndpoint == "" {
			filled.STSEndpoint = *o.AWS.BaseEndpoint
		}
	}
	if aws.IsCredentialsProvider(filled.Credentials, aws.AnonymousCredentials{}) {
		filled.Anonymous = true
	}
	if filled.Anonymous {
		filled.Credentials = nil
	}
	return &filled
}

// awsRegion is the region of Options.AWS, or "".
func (o *Options) awsRegion() string {
	if o.AWS == nil {
		return ""
	}
	return o.AWS.Region
}

// withProfile returns an environment in which the profile is chosen, unless it is "".
func withProfile(lookup func(string) (string, bool), profile string) func(string) (string, bool) {
	if profile == "" {
		return lookup
	}
	return func(name string) (string, bool) {
		if name == "AWS_PROFILE" || name == "AWS_DEFAULT_PROFILE" {
			return profile, true
		}
		return lookup(name)
	}
}

// providedKeys returns a source that asks a provider of the caller's.
func providedKeys(provider aws.CredentialsProvider) func(context.Context) (*aws.Credentials, error) {
	return func(ctx context.Context) (*aws.Credentials, error) {
		found, err := provider.Retrieve(ctx)
		if err != nil {
			return nil, &awscreds.Error{Kind: "CredentialRetrievalError", Reason: s3http.PlainText(err), Err: err}
		}
		return &found, nil
	}
}

// noKeys is the source of a Store that signs nothing.
func noKeys(context.Context) (*aws.Credentials, error) {
	return nil, &awscreds.Error{Kind: "NoCredentialsError", Reason: "no request is signed, so that there is no identity and nothing to presign with (name the bucket with storage_bucket)", Err: ErrNoCredentials}
}

// transportOf returns an HTTP client of the SDK's as a transport, or nil for nil. It
// follows no redirect, which would carry signed headers to another host.
func transportOf(client aws.HTTPClient) http.RoundTripper {
	switch client := client.(type) {
	case nil:
		return nil
	case *http.Client:
		own := *client
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		return clientTransport{&own}
	}
	return clientTransport{client}
}

type clientTransport struct{ client aws.HTTPClient }

// RoundTrip sends one request. Its error is that of the client's own transport, because
// a *url.Error repeats the URL, which no log and no Observer gets.
func (c clientTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.client.Do(request)
	if wrapper, ok := err.(*url.Error); ok { //nolint:errorlint // the outermost layer is meant
		err = wrapper.Err
	}
	return response, err
}

// AWSConfig returns a configuration for other services of AWS, with what this Store
// found by the rules of Lithops and boto3: the region, the credentials, which are
// renewed, the endpoint for all services (AWS_ENDPOINT_URL), and an HTTP client with
// the proxies and certificates of AWS's settings, whose connections Close drops. Retries
// are the SDK's own.
func (s *Store) AWSConfig() aws.Config {
	config := aws.Config{
		Region:      s.session.region,
		Credentials: s.session.credentials,
		AppID:       s.session.settings.AppID(),
		HTTPClient: &http.Client{
			Transport:     s.others.get(s.session),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if s.session.isAnonymous {
		config.Credentials = aws.AnonymousCredentials{}
	}
	// A wrong endpoint is an error to those who ask there.
	if endpoint, err := s.session.settings.Endpoint("", ""); err == nil {
		config.BaseEndpoint = optional(endpoint.Text)
	}
	return config
}

// otherServices has the connections of AWSConfig, which are made when it is called.
type otherServices struct {
	mu        sync.Mutex
	transport *s3http.Transport
}

func (o *otherServices) get(session *session) *s3http.Transport {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.transport == nil {
		o.transport = session.transport(awscreds.Timeout, false)
	}
	return o.transport
}

func (o *otherServices) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.transport != nil {
		o.transport.CloseIdleConnections()
	}
}
