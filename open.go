// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/fastpath"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// ErrNoConfiguration is returned by Open if there is no Lithops configuration, and no
// region in AWS's own settings either.
var ErrNoConfiguration = errors.New("no Lithops configuration found")

// Open opens the storage of the configuration that Lithops would use, see
// [ConfigLoader]. No request is made. Without any configuration, AWS's own settings
// must give a region, else it is ErrNoConfiguration. Other errors are those of
// [ConfigLoader.Load] and New. The caller closes the Store.
func Open(ctx context.Context, opts *Options) (*Store, error) {
	given := opts.withDefaults() // New does it too, and must see which options the caller set
	loader := given.Loader
	if loader.lookupEnv == nil {
		loader.lookupEnv = given.LookupEnv
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
	store := &Store{session: session, config: *config, log: opts.Logger, pace: opts.pace, accountRegional: opts.AccountRegional, parallelRange: opts.parallelRange}
	store.ahead = newAheadPool(opts.pace.scale)
	store.connect(opts)
	return store, nil
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
	client := &s3http.Client{Transport: transport, Timeout: s.pace.io, Peer: &s.peer, Observer: newObserver(opts.Observer, opts.Logger), Gate: gate}
	s.peer.IsObserved = client.Observer != nil
	s.client = s3client.NewSDK(client, &s.session.s3, s.sdkOptions(opts))
	s.s3 = s3client.New(s3client.Options{
		SDK: s.client, Peer: &s.peer, Region: s.session.region, Log: s.log, Owner: s.expectedOwner,
		Customize: opts.Customize, RequesterPays: opts.RequesterPays, IsObserved: client.Observer != nil,
		IsRegion: func(text string) bool { return awsconfig.RegionProblem(text) == "" },
	})
	s.fast = fastpath.New(fastpath.Options{
		SDK: s.client, HTTP: client, Credentials: s.session.credentials, Region: s.s3.BucketRegion, OfGets: s.askChecksum,
		First:   func(bucket, region string) *http.Request { return s3client.FirstPut(s.client, bucket, region) },
		SDKOnly: opts.SDKOnly || opts.AWS != nil && len(opts.AWS.APIOptions) > 0,
	})
	s.sts = sync.OnceValue(func() *sts.Client { return s.session.providers.Services.STS(s.session.credentials) })
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
