package lithopss3

import (
	"context"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Options are the options of Open and New; nil is the zero value.
type Options struct {
	// Logger hears of what a person may want to know: warnings of the
	// configuration, a bucket that was made or found in another region. It never
	// hears a secret. Nil is silence.
	Logger *slog.Logger
	// Endpoint is the URL of the S3 server, over what AWS's settings say
	// (AWS_ENDPOINT_URL_S3 and the like); empty for those settings.
	Endpoint string
	// STSEndpoint is the URL of the STS server, likewise.
	STSEndpoint string
	// Transport carries the requests to S3; nil for one of the Store's own with
	// Lithops' time-outs and 128 connections kept.
	Transport http.RoundTripper
	// LookupEnv is the environment; nil is the process's own. Programs seldom
	// set it: it keeps tests apart.
	LookupEnv func(string) (string, bool)
}

// A Store is the storage that a Lithops configuration describes, on S3. It is
// safe for concurrent use. It implements [Storage].
type Store struct {
	client  *s3.Client
	sts     *sts.Client
	session *session
	config  Config
	log     *slog.Logger
	bucket  userBucket
	regions regionCache
	close   func()
}

var _ Storage = (*Store)(nil)

// Open opens the storage of the configuration that Lithops would use, see
// [LoadConfig]. No request is made. Its errors are those of LoadConfig and New.
func Open(ctx context.Context, opts *Options) (*Store, error) {
	loader := ConfigLoader{}
	if opts != nil {
		loader.lookupEnv = opts.LookupEnv
	}
	config, err := loader.Load()
	if err != nil {
		return nil, err
	}
	return New(ctx, config, opts)
}

// New opens the storage that config describes; a nil config is an empty one. No
// request is made: credentials are asked for, and tried, with the first
// operation. Errors are of config and of AWS's own settings, each naming its
// source. The caller closes the Store to drop its connections.
func New(_ context.Context, config *Config, opts *Options) (*Store, error) {
	if config == nil {
		config = &Config{}
	}
	if opts == nil {
		opts = &Options{}
	}
	log := opts.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	lookup := opts.LookupEnv
	if lookup == nil {
		lookup = os.LookupEnv
	}
	session, err := newSession(config, lookup, opts)
	if err != nil {
		return nil, err
	}
	for _, warning := range config.Warnings {
		log.Warn(warning)
	}
	store := &Store{session: session, config: *config, log: log}
	store.connect(opts.Transport)
	return store, nil
}

func (s *Store) connect(transport http.RoundTripper) {
	s.close = func() {}
	if transport == nil {
		own := newTransport()
		transport, s.close = own, own.CloseIdleConnections
	}
	s.client = newS3Client(s.session, transport)
	s.sts = newSTSClient(s.session)
}

// Close drops the connections that the Store keeps. Operations under way go on;
// the Store can still be used, with new connections.
func (s *Store) Close() error {
	s.close()
	return nil
}

// Client is the SDK's client underneath, for what this package has no method
// for. It does not follow a bucket into another region.
func (s *Store) Client() *s3.Client { return s.client }

// Region is the region that requests are signed for unless their bucket turns
// out to be elsewhere.
func (s *Store) Region() string { return s.session.region }

// expectedOwner is the account that must own bucket, or nil where this package
// did not choose the bucket or the account is not known.
func (s *Store) expectedOwner(bucket string) *string {
	if account := s.bucket.owner(bucket); account != "" {
		return aws.String(account)
	}
	return nil
}
