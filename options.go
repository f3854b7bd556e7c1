// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"weak"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/lithops-go/lithopss3/internal/awscreds"
	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/s3err"
)

// Options are the options of Open and New; nil is the zero value.
type Options struct {
	// Loader finds the configuration for Open; its zero value looks where Lithops
	// looks. New does not use it.
	Loader ConfigLoader
	// Logger logs warnings of the configuration, requests without encryption, and
	// buckets that were created or found in another region. At debug level it has a record for each request, also
	// to STS, SSO and metadata services, and for each retry, with its wait and reason. It
	// gets no secret. Nil logs nothing.
	Logger *slog.Logger
	// Observer is called after each request, when its answer was read, for metrics and
	// traces. It is called at the same time from several goroutines, must return soon,
	// and must not keep info. A request of the Store with ctx that needs the credentials which
	// are being fetched is a *CredentialsError; with another context it would wait for itself.
	// Nil costs nothing.
	Observer func(ctx context.Context, info *RequestInfo)
	// Endpoint is the URL of the S3 server. It overrides AWS's settings
	// (AWS_ENDPOINT_URL_S3 and the like).
	Endpoint string
	// STSEndpoint is the URL of the STS server. It overrides AWS_ENDPOINT_URL_STS and the
	// like.
	STSEndpoint string
	// AWS is the configuration that the program has for its other services. Its
	// credentials, HTTP client, APIOptions, Retryer and endpoints are used for S3 and
	// STS, and its region unless the Lithops configuration has one. An endpoint of S3 or STS
	// alone (AWS_ENDPOINT_URL_S3) comes before BaseEndpoint, as in the SDK. Fields that it leaves
	// empty, and all of them if AWS is nil, are found as boto3 finds them. If it has
	// APIOptions, every request goes through the SDK's client, so that they apply to it.
	AWS *aws.Config
	// Credentials sign the requests. They take precedence over AWS, the keys of the Lithops
	// configuration and boto3's chain. The provider is called for each request, so it
	// should cache; see aws.NewCredentialsCache.
	Credentials aws.CredentialsProvider
	// Profile is the profile in ~/.aws, over AWS_PROFILE. As in boto3.Session(profile_name=…)
	// the keys of the environment are not used then. Keys of the Lithops configuration, of
	// AWS and Credentials are used before those of a profile.
	Profile string
	// AskMFA returns the code of an MFA device, by its serial number, which a role of ~/.aws
	// may need. It is asked at each renewal of the role's keys, once for all operations of the
	// Store that wait, until ctx ends; its error is the cause of their *CredentialsError. Nil
	// asks on the terminal or, if there is none, on standard error and input.
	AskMFA func(ctx context.Context, serial string) (string, error)
	// Anonymous signs no request, whatever else is set. It is for public buckets. Without
	// an identity, the configuration or the caller must name the bucket.
	Anonymous bool
	// Transport carries the requests to S3; nil for one of the Store's own with
	// Lithops' time-outs and 128 connections kept.
	Transport http.RoundTripper
	// LookupEnv looks up environment variables; nil reads the process's own. Tests set it
	// to be independent of the machine.
	LookupEnv func(string) (string, bool)
	// RequesterPays says that the caller's account pays for requests, which some buckets
	// demand (x-amz-request-payer).
	RequesterPays bool
	// Customize may change any request to S3: input is a pointer to the SDK's input of
	// operation, such as *s3.PutObjectInput of "PutObject". It is for what has no option
	// here. A put is a PutObject, or CreateMultipartUpload, UploadPart and
	// CompleteMultipartUpload, so set what describes an object in both PutObject and
	// CreateMultipartUpload. Customize is called before each request, at the same
	// time for several, and once for all its retries; it must not keep input. A request
	// with a field that this package does not know goes through the SDK.
	Customize func(operation string, input any)
	// AccountRegional names the user's bucket in the regional namespace of the
	// account, in which no other account can take the name:
	// lithops-<region>-<four characters>-<account>-<region>-an. Python Lithops does
	// not make such a name. Set it as storage_bucket, and both sides use it and create
	// it in that namespace.
	AccountRegional bool
	// SDKOnly sends every request through the SDK's client. By default this package signs
	// and sends puts, parts, gets and heads itself, in a fraction of the CPU time and with
	// the same results, and uses the SDK's client for everything else. Over https to AWS
	// it then sends the CRC32 of a body in a header, not after the body, so that a body
	// that is not copied is read twice.
	SDKOnly bool
	// UnsignedPayload leaves the SHA-256 of bodies out of the signature of puts and parts
	// over plain http, as it is left out over https. That saves most of their CPU time. Use
	// it only with your own server (MinIO, versitygw) in a trusted network: an attacker who
	// can change a request can then replace a body and its CRC32, and the server accepts
	// it. If AWS's settings demand no checksums, nothing protects a body.
	UnsignedPayload bool
	// Offline makes every request fail with ErrOffline before it is sent, to S3 and to
	// the services that give credentials. Use it to inspect what the settings say.
	Offline bool

	pace          pace   // zero is usualPace
	parallelRange int    // zero is the constant
	signer        string // which option gave Credentials
}

// sourceOptions is the source of credentials from Options.Credentials.
const sourceOptions = "Options.Credentials"

// parallelRange is the size of the ranges of GetOptions.Parallel, in bytes.
const parallelRange = 8 << 20

// withDefaults returns a copy of o in which each option has its default, except for
// Transport, which depends on AWS's settings. Open and New pass nothing else on.
func (o *Options) withDefaults() *Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.LookupEnv == nil {
		opts.LookupEnv = homedir.Environment()
	}
	opts.LookupEnv = withProfile(opts.LookupEnv, opts.Profile)
	opts.pace = cmp.Or(opts.pace, usualPace)
	opts.parallelRange = cmp.Or(opts.parallelRange, parallelRange)
	opts.signer = sourceOptions
	if opts.AskMFA == nil {
		opts.AskMFA = awscreds.AskMFA
	}
	return opts.withAWS()
}

// withAWS returns the options with what AWS says where they say nothing themselves.
func (o *Options) withAWS() *Options {
	filled := *o
	if o.AWS != nil {
		if filled.Credentials == nil {
			filled.Credentials, filled.signer = o.AWS.Credentials, sourceAWS
		}
		filled.Endpoint = cmp.Or(o.Endpoint, o.awsEndpoint("S3"))
		filled.STSEndpoint = cmp.Or(o.STSEndpoint, o.awsEndpoint("STS"))
	}
	if aws.IsCredentialsProvider(filled.Credentials, aws.AnonymousCredentials{}) {
		filled.Anonymous = true
	}
	if filled.Anonymous {
		filled.Credentials = nil
	}
	return &filled
}

// awsEndpoint returns the endpoint that a client of service has which is made of Options.AWS,
// or "". That of one service, in the environment or the profile that AWS was loaded from, comes
// before BaseEndpoint, which is also that of all services (AWS_ENDPOINT_URL).
func (o *Options) awsEndpoint(service string) string {
	base := aws.ToString(o.AWS.BaseEndpoint)
	_, isForAll := o.LookupEnv("AWS_ENDPOINT_URL")
	_, isForOne := o.LookupEnv("AWS_ENDPOINT_URL_" + service)
	if isForAll && !isForOne { // comes before that of the profile
		return base
	}
	for _, source := range o.AWS.ConfigSources {
		ignoring, ok := source.(interface {
			GetIgnoreConfiguredEndpoints(ctx context.Context) (ignore, found bool, err error)
		})
		if ok {
			if ignore, found, err := ignoring.GetIgnoreConfiguredEndpoints(context.Background()); found && err == nil && ignore {
				return base
			}
		}
	}
	for _, source := range o.AWS.ConfigSources {
		provider, ok := source.(interface {
			GetServiceBaseEndpoint(ctx context.Context, sdkID string) (endpoint string, found bool, err error)
		})
		if !ok {
			continue
		}
		if endpoint, found, err := provider.GetServiceBaseEndpoint(context.Background(), service); found && err == nil {
			return endpoint
		}
	}
	return base
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

// profileOption returns what errors call the option that chose the profile; "" if the
// environment did.
func profileOption(profile string) string {
	if profile == "" {
		return ""
	}
	return "Options.Profile"
}

// transportOf returns an HTTP client of the SDK's as a transport, or nil for nil. It
// follows no redirect, which would carry signed headers to another host.
func transportOf(client aws.HTTPClient) http.RoundTripper {
	if usual, ok := client.(*awshttp.BuildableClient); ok { // the SDK's own, which follows 307 and 308
		client = freeze(usual)
	}
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

// frozen has the *http.Client of each client of the SDK's own kind. Stores that are made of one
// aws.Config share its connections, so that one for each task of a service does not make new ones.
var frozen sync.Map // of weak.Pointer[awshttp.BuildableClient] to aws.HTTPClient

// freeze returns a client as an *http.Client, whose redirects can be turned off.
func freeze(client *awshttp.BuildableClient) aws.HTTPClient {
	key := weak.Make(client)
	found, isKnown := frozen.Load(key)
	if !isKnown {
		found, isKnown = frozen.LoadOrStore(key, client.Freeze())
	}
	if !isKnown {
		runtime.AddCleanup(client, func(key weak.Pointer[awshttp.BuildableClient]) { frozen.Delete(key) }, key)
	}
	own, _ := found.(aws.HTTPClient)
	return own
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

// ErrOffline means that a request was not sent because of [Options].Offline.
var ErrOffline = errors.New("offline: no request is sent")

// offline is a transport that sends nothing.
type offline struct{}

// RoundTrip refuses the request. It is not retried.
func (offline) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, s3err.Final(ErrOffline)
}
