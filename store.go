// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/fastpath"
	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/upload"
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
	// and must not keep info. Nil costs nothing.
	Observer func(ctx context.Context, info *RequestInfo)
	// Endpoint is the URL of the S3 server. It overrides AWS's settings
	// (AWS_ENDPOINT_URL_S3 and the like).
	Endpoint string
	// STSEndpoint is the URL of the STS server, likewise.
	STSEndpoint string
	// AWS is the configuration that the program has for its other services. Its
	// credentials, HTTP client, APIOptions, Retryer and BaseEndpoint are used for S3 and
	// STS, and its region unless the Lithops configuration has one. What it leaves out,
	// and for nil all of it, is found as boto3 finds it. With APIOptions every request goes
	// through the SDK, so that they see it.
	AWS *aws.Config
	// Credentials sign the requests, in place of the Lithops configuration's keys and of
	// boto3's chain. The provider is asked for each request, and caches as it likes; see
	// aws.NewCredentialsCache.
	Credentials aws.CredentialsProvider
	// Profile is the profile in ~/.aws, over AWS_PROFILE. As in boto3.Session(profile_name=…)
	// the keys of the environment are not used then.
	Profile string
	// Anonymous signs no request, for buckets that are public. There is no identity then,
	// so that the configuration or the caller must name the bucket.
	Anonymous bool
	// Transport carries the requests to S3; nil for one of the Store's own with
	// Lithops' time-outs and 128 connections kept.
	Transport http.RoundTripper
	// LookupEnv looks up environment variables; nil reads the process's own. Tests set it
	// to be independent of the machine.
	LookupEnv func(string) (string, bool)
	// RequesterPays has the caller's account pay for requests to buckets that demand it
	// (x-amz-request-payer).
	RequesterPays bool
	// Customize may change any request to S3: input is a pointer to the SDK's input of
	// operation, such as *s3.PutObjectInput of "PutObject". It is for what has no option
	// here. A put may be a PutObject, or CreateMultipartUpload, UploadPart and
	// CompleteMultipartUpload, so that what describes an object must be set in PutObject
	// and CreateMultipartUpload. Customize is called before each request, at the same
	// time for several, and once for all its retries; it must not keep input. A request
	// with a field that this package does not know goes through the SDK.
	Customize func(operation string, input any)
	// AccountRegional names the user's bucket in the regional namespace of the
	// account, in which no other account can take the name:
	// lithops-<region>-<four characters>-<account>-<region>-an. Python Lithops does
	// not make such a name. Set it as storage_bucket, and both sides use it and create
	// it in that namespace.
	AccountRegional bool
	// SDKOnly makes every request through the SDK. Without it this package signs and
	// sends puts, parts, gets and heads itself, which takes a fraction of the time
	// and is the same to the caller; whatever is out of the ordinary goes through the
	// SDK all the same. Over https to AWS, the CRC32 of a body is then sent in a header
	// and not after the body, so that a body that is read in place is read twice.
	SDKOnly bool
	// UnsignedPayload leaves the SHA-256 of bodies out of the signature of puts and parts
	// over plain http, as it is over https, which saves most of their CPU time. It is for
	// your own server (MinIO, versitygw) in a network that is trusted: whoever can change
	// what is sent can then change a body and its CRC32, and the server takes it. If AWS's
	// settings demand no checksums, nothing protects a body.
	UnsignedPayload bool
	// Offline has every request fail with ErrOffline before it is sent, to S3 and to
	// the services that give credentials: for a look at what the settings say.
	Offline bool

	pace      pace // zero is usualPace
	readAhead int  // zero is readAheadChunk
}

// A Store is the storage that a Lithops configuration describes, on S3. It is
// safe for concurrent use. It implements [Storage].
type Store struct {
	client  *s3.Client
	fast    *fastpath.Client // some of s3.Client's methods, faster
	sts     *sts.Client
	session *session
	config  Config
	log     *slog.Logger
	bucket  userBucket
	s3      *s3client.Client
	pace    pace
	peer    s3http.Peer // the S3 server
	close   func()
	others  otherServices

	accountRegional bool
	readAhead       int // the size of the ranges of GetOptions.Parallel, in bytes
}

var _ Storage = (*Store)(nil)

// ErrNoConfiguration is returned by Open if there is no Lithops configuration, and no
// region in AWS's own settings either.
var ErrNoConfiguration = errors.New("no Lithops configuration found")

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

// Open opens the storage of the configuration that Lithops would use, see
// [ConfigLoader]. No request is made. Without any configuration, AWS's own settings
// must give a region, else it is ErrNoConfiguration. Other errors are those of
// [ConfigLoader.Load] and New. The caller closes the Store.
func Open(ctx context.Context, opts *Options) (*Store, error) {
	opts = opts.withDefaults()
	loader := opts.Loader
	if loader.lookupEnv == nil {
		loader.lookupEnv = opts.LookupEnv
	}
	config, err := loader.Load()
	if err != nil {
		return nil, err
	}
	store, err := New(ctx, config, opts)
	if err != nil {
		return nil, err
	}
	if config.Source == "" && store.session.regionSource == defaultRegionSource {
		_ = store.Close()
		return nil, fmt.Errorf("%w (LITHOPS_CONFIG, LITHOPS_CONFIG_FILE, .lithops_config, ~/.lithops/config, /etc/lithops/config), "+
			"which selects the storage backend \"localhost\" in Lithops, and AWS's own settings name no region: set one of them, or AWS_DEFAULT_REGION", ErrNoConfiguration)
	}
	return store, nil
}

// Config returns the configuration that the Store was opened with.
func (s *Store) Config() Config { return s.config }

// New opens the storage that config describes; a nil config is an empty one. No
// request is made: credentials are asked for, and tried, with the first
// operation. Errors are of config and of AWS's own settings, each naming its
// source. The Logger gets ctx with the warnings; nothing else depends on it. The caller
// closes the Store to drop its connections.
func New(ctx context.Context, config *Config, opts *Options) (*Store, error) {
	if config == nil {
		config = &Config{}
	}
	opts = opts.withDefaults()
	session, err := newSession(config, opts)
	if err != nil {
		return nil, err
	}
	for _, warning := range slices.Concat(config.Warnings, session.insecureEndpoints()) {
		opts.Logger.WarnContext(ctx, warning)
	}
	store := &Store{session: session, config: *config, log: opts.Logger, pace: opts.pace, accountRegional: opts.AccountRegional, readAhead: opts.readAhead}
	store.connect(opts)
	return store, nil
}

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
	opts.readAhead = cmp.Or(opts.readAhead, readAheadChunk)
	return opts.withAWS()
}

func (s *Store) connect(opts *Options) {
	s.close = func() {}
	transport := opts.Transport
	if opts.Offline {
		transport = offline{}
	}
	if transport == nil && opts.AWS != nil {
		transport = transportOf(opts.AWS.HTTPClient)
	}
	var gate *s3http.Gate
	if transport == nil {
		own := s.session.transport(s.pace.io, false)
		transport, s.close, gate = own, own.CloseIdleConnections, s3http.ProcessGate()
	}
	client := &s3http.Client{Transport: transport, Timeout: s.pace.io, Peer: &s.peer, Observer: opts.observer(), Gate: gate}
	s.peer.IsObserved = client.Observer != nil
	s.client = s3client.NewSDK(client, &s.session.s3, s.sdkOptions(opts))
	s.s3 = s3client.New(s3client.Options{
		SDK: s.client, Peer: &s.peer, Region: s.session.region, Log: s.log, Owner: s.expectedOwner,
		Customize: opts.Customize, RequesterPays: opts.RequesterPays, IsObserved: client.Observer != nil,
		IsRegion: func(text string) bool { return awsconfig.RegionProblem(text) == "" },
	})
	s.fast = fastpath.New(fastpath.Options{
		SDK: s.client, HTTP: client, Credentials: s.session.credentials, Region: s.s3.BucketRegion, OfGets: s.askChecksum,
		SDKOnly: opts.SDKOnly || opts.AWS != nil && len(opts.AWS.APIOptions) > 0,
	})
	s.sts = s.session.providers.Services.STS(s.session.credentials)
}

// sdkOptions returns the options of the SDK's client, with those that the caller gave.
func (s *Store) sdkOptions(opts *Options) s3.Options {
	options := s3.Options{
		Region: s.session.region, Credentials: s.session.credentials, AppID: s.session.settings.AppID(),
		Retryer: s3http.NewRetryer(s3client.Attempts, s3http.LogWaits(s.log, s3client.Attempts, s.pace.backoff)),
	}
	if s.session.isAnonymous {
		options.Credentials = aws.AnonymousCredentials{}
	}
	if opts.UnsignedPayload {
		options.APIOptions = append(options.APIOptions, s3client.UnsignedPayload)
	}
	if given := opts.AWS; given != nil {
		options.APIOptions = append(options.APIOptions, given.APIOptions...)
		if given.Retryer != nil {
			options.Retryer = given.Retryer()
		}
	}
	return options
}

// call makes one request to bucket: it demands the bucket's owner, and follows it into
// its region. The request's body must be one that can be sent again.
func call[In, Out any](ctx context.Context, s *Store, bucket string, in *In,
	send func(context.Context, *In, ...func(*s3.Options)) (*Out, error), options ...func(*s3.Options),
) (*Out, error) {
	return s3client.Call(ctx, s.s3, bucket, in, send, options...)
}

// Format writes the region and the configuration's bucket, whatever the verb:
// what a Store is made of has secrets.
func (s *Store) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "lithopss3.Store{Region: %q, StorageBucket: %q}", s.session.region, s.config.StorageBucket)
}

// Close drops the idle connections of the Store. Operations in progress continue, and
// the Store can still be used; it then makes new connections.
func (s *Store) Close() error {
	s.close()
	s.others.close()
	return nil
}

// ServerTime returns the time by the S3 server's clock, to about a second: this
// machine's clock, corrected by the header Date of the latest answers. Before the
// first answer it is this machine's. Use it to tell how old something is that the
// server dates, such as an object's LastModified.
func (s *Store) ServerTime() time.Time { return s.peer.Clock.Now() }

// Client returns the SDK's client, for operations that this package has no method for.
// It does not follow a bucket into another region, and does not demand its owner: set
// ExpectedBucketOwner, see [BucketStatus]. If its log is turned on, it has no secret.
func (s *Store) Client() *s3.Client { return s.client }

// Region returns the region that requests are signed for, unless their bucket is found
// in another one.
func (s *Store) Region() string { return s.session.region }

// RegionSource returns where Region is from: a key of the configuration, an
// environment variable, a profile, or "default".
func (s *Store) RegionSource() string { return s.session.regionSource }

// A pace is how long a Store waits, and how large the parts of transfers are. Only
// tests have another than usualPace.
type pace struct {
	io     time.Duration // for a connection, a write, and each part of an answer
	divide time.Duration // of the waits between attempts
	create time.Duration // for the name of an upload that was canceled while it began
	settle time.Duration // before an upload is aborted once more
	scale  int64         // divides the sizes of parts and chunks
}

var usualPace = pace{io: s3http.IOTimeout, divide: 1, create: upload.CreateGrace, settle: upload.SettleTime, scale: 1}

// backoff is the wait before another attempt at a request.
func (p pace) backoff(attempt int, err error) (time.Duration, error) {
	d, err := s3http.Backoff(attempt, err)
	return d / p.divide, err
}

// resumeDelay returns how long a body waits before it resumes.
func (p pace) resumeDelay(failures int) time.Duration { return resumeDelay(failures) / p.divide }
