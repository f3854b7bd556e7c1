// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// connectionFlags say which storage a command works on, and as whom.
type connectionFlags struct {
	Config        string       `short:"c" type:"file" group:"connection" placeholder:"FILE" help:"The configuration file, instead of the one that Lithops would find."`
	EndpointURL   endpointFlag `name:"endpoint-url" group:"connection" placeholder:"URL" help:"The S3 server, instead of AWS_ENDPOINT_URL_S3 and the like."`
	Region        regionFlag   `group:"connection" placeholder:"NAME" help:"The region, instead of the configuration's."`
	Profile       string       `group:"connection" placeholder:"NAME" help:"The profile of ~/.aws, instead of AWS_PROFILE."`
	Credentials   string       `group:"connection" enum:"lithops,sdk" default:"lithops" placeholder:"lithops|sdk" help:"Where credentials come from: the configuration and boto3's chain (lithops), or the default chain of AWS's SDK for Go (sdk)."`
	NoSignRequest bool         `name:"no-sign-request" group:"connection" help:"Sign no request, for public buckets."`
	RequestPayer  bool         `name:"request-payer" group:"connection" help:"Pay for requests to buckets that demand it; \"--request-payer requester\" is the same."`
	Debug         bool         `short:"d" group:"connection" help:"Print each request, each retry and all reasons on stderr."`
	UTC           utcFlag      `name:"utc" group:"connection" help:"Print times in UTC; JSON always has UTC."`
}

// storageFlags are the options that every command of Lithops' storage has.
type storageFlags struct {
	connectionFlags
	Backend string `short:"b" empty:"ok" group:"connection" placeholder:"NAME" help:"The storage backend, instead of the configuration's. Only aws_s3 is supported."`
}

// utcFlag makes UTC the zone of the process.
type utcFlag bool

// apply is called before anything prints a time.
func (u utcFlag) apply() {
	if u {
		time.Local = time.UTC //nolint:reassign // the zone of this process
	}
}

// endpointFlag is the URL of an S3 server.
type endpointFlag string

// validate finds what the library would refuse as a wrong setting.
func (e endpointFlag) validate() error {
	if e == "" {
		return nil
	}
	if problem := awsconfig.EndpointProblem(string(e)); problem != "" {
		return fmt.Errorf("%q is no endpoint: %s", sanitize.URL(string(e)), problem)
	}
	return nil
}

// amount is how many of something there are, or may be.
type amount int

// validate finds a number that counts nothing.
func (a amount) validate() error {
	if a < 0 {
		return fmt.Errorf("%d is negative", int(a))
	}
	return nil
}

// regionFlag is the name of a region.
type regionFlag string

// validate finds what is not the name of a region.
func (r regionFlag) validate() error {
	if r == "" {
		return nil
	}
	if problem := awsconfig.RegionProblem(string(r)); problem != "" {
		return errors.New(problem)
	}
	return nil
}

func (f *connectionFlags) loader() lithopss3.ConfigLoader {
	return lithopss3.ConfigLoader{Path: f.Config, SkipEmpty: true}
}

func (f *storageFlags) loader() lithopss3.ConfigLoader {
	loader := f.connectionFlags.loader()
	loader.Backend = f.Backend
	return loader
}

// open opens the storage; warnings go to stderr.
func (f *storageFlags) open(t *terminal) (*lithopss3.Store, error) {
	return f.openWith(t, lithopss3.Options{})
}

// openFor opens the storage, and fills in the configuration's bucket in the names.
func (f *storageFlags) openFor(t *terminal, names []objectName) (*lithopss3.Store, error) {
	store, err := f.open(t)
	if err != nil {
		return nil, err
	}
	for i := range names {
		if err := t.resolve(store, &names[i]); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	return store, nil
}

func (f *storageFlags) openWith(t *terminal, opts lithopss3.Options) (*lithopss3.Store, error) {
	opts.Loader, opts.Logger = f.loader(), t.newLogger(f.Debug)
	return f.connect(t, opts)
}

// quietly opens the storage for a report that has the warnings in it.
func (f *storageFlags) quietly(t *terminal, opts lithopss3.Options) (*lithopss3.Store, error) {
	opts.Loader = f.loader()
	if f.Debug {
		opts.Logger = t.newLogger(true)
	}
	return f.connect(t, opts)
}

// connect opens the storage that the options describe.
func (f *connectionFlags) connect(t *terminal, opts lithopss3.Options) (*lithopss3.Store, error) {
	t.debug = f.Debug
	opts.Endpoint, opts.RequesterPays = string(f.EndpointURL), f.RequestPayer
	opts.Profile, opts.Anonymous = f.Profile, f.NoSignRequest
	fromSDK := f.Credentials == credentialsSDK && !f.NoSignRequest
	if f.Region == "" && f.Profile == "" && !f.NoSignRequest && !fromSDK {
		return lithopss3.Open(t.ctx, &opts)
	}
	config, err := opts.Loader.Load()
	if err != nil {
		return nil, err
	}
	if f.Region != "" {
		config.Region, config.RegionSource = string(f.Region), "option --region"
	}
	if fromSDK {
		if err := useSDK(t.ctx, f.Profile, &opts); err != nil {
			return nil, err
		}
	}
	if f.Profile != "" || f.NoSignRequest || fromSDK { // in place of the configuration's keys
		config.AccessKeyID, config.SecretAccessKey, config.SessionToken = "", lithopss3.Secret{}, lithopss3.Secret{}
	}
	store, err := lithopss3.New(t.ctx, config, &opts)
	return store, profileError(err)
}

// profileError has an error about the library's option name that of the command.
func profileError(err error) error {
	var setting *lithopss3.SettingsError
	if errors.As(err, &setting) && setting.Kind == "ProfileNotFound" {
		setting.Reason = strings.Replace(setting.Reason, "Options.Profile", "--profile", 1)
	}
	return err
}

// usagef returns an error of the arguments.
func usagef(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errUsage, fmt.Errorf(format, args...))
}
