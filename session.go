package lithopss3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/boto"
	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// A session is what the configuration, the environment and the files of ~/.aws
// come to (boto3.Session and the settings of its clients). Making one makes no
// request.
type session struct {
	region, regionSource string
	credentials          aws.CredentialsProvider
	s3                   s3Settings
	sts                  stsSettings
	appID                string

	env   *awsEnvironment
	chain *chain
	mu    sync.Mutex
	tried []TriedSource
}

func newSession(config *Config, lookup func(string) (string, bool), opts *Options) (*session, error) {
	env, err := readAWSEnvironment(lookup)
	if err != nil {
		return nil, err
	}
	s := &session{env: env, appID: env.setting("AWS_SDK_UA_APP_ID", "sdk_ua_app_id").value}
	env.services, env.backoff = env.transport(serviceTimeout, true), cmp.Or(opts.pace, usualPace).backoff
	if opts.Offline {
		env.services, env.metadata.Transport = offline{}, offline{}
		env.metadata.Sleep = func(context.Context, time.Duration) error { return nil } // it will not be better later
	}
	if s.region, s.regionSource, err = env.region(config); err != nil {
		return nil, err
	}
	if err := env.checkSettings(); err != nil {
		return nil, err
	}
	if s.s3, err = env.s3Settings(opts.Endpoint, s.region); err != nil {
		return nil, err
	}
	if s.regionSource == defaultRegionSource && s.s3.regionalUSEast1 && s.s3.url == "" {
		// Without a region botocore's client is one of aws-global, which the legacy
		// mode of us-east-1 makes into us-east-1.
		s.region, s.s3.region = "aws-global", "aws-global"
	}
	if real, isFIPS := fipsRegion(s.region); isFIPS {
		s.region, s.s3.region, s.s3.fips, env.fips = real, real, true, true
	}
	env.noRegion = s.regionSource == defaultRegionSource
	s.sts = env.stsSettings(opts.STSEndpoint, s.region)
	env.sts = s.sts
	if config.AccessKeyID == "" && config.SecretAccessKey.IsZero() && config.SessionToken.IsZero() {
		if err := env.readInstanceSettings(); err != nil {
			return nil, err
		}
	}
	s.chain = newChain(config, env)
	s.credentials = newRefresher(s.walk)
	return s, nil
}

// walk asks the chain, and keeps what it tried for those who want to know.
func (s *session) walk(ctx context.Context) (aws.Credentials, error) {
	found, tried, err := s.chain.walk(ctx)
	s.mu.Lock()
	s.tried = tried
	s.mu.Unlock()
	if err != nil {
		return aws.Credentials{}, err
	}
	return *found, nil
}

// caBundle: an empty AWS_CA_BUNDLE turns verification off in botocore, which
// nobody should depend on; here it is none. A ~ is expanded, a variable is not.
func (e *awsEnvironment) caBundle() string {
	path := e.setting("AWS_CA_BUNDLE", "ca_bundle").value
	if path == "" {
		path, _ = e.lookup("REQUESTS_CA_BUNDLE")
	}
	return botofile.ExpandHome(path, e.lookup)
}

// transport is what requests to AWS's services go through, except to the metadata
// services: each client has the proxies and the certificates that AWS's settings name.
func (e *awsEnvironment) transport(timeout time.Duration, once bool) *s3http.Transport {
	return s3http.NewTransport(s3http.Options{Timeout: timeout, CABundle: e.caBundle(), Proxies: s3http.ReadProxies(e.lookup), Once: once})
}

// serviceTimeout is botocore's default, for a connection and for each part of an
// answer: Lithops gives its own to the S3 client only.
const serviceTimeout = time.Minute

// serviceClient is the HTTP client of STS, SSO and SSO OIDC.
func (e *awsEnvironment) serviceClient() *s3http.Client {
	return &s3http.Client{Transport: e.services, Timeout: serviceTimeout, Peer: &s3http.Peer{}}
}

// fipsRegion reads a pseudo region such as fips-us-east-2 or us-east-2-fips.
func fipsRegion(region string) (string, bool) {
	if rest, ok := strings.CutPrefix(region, "fips-"); ok {
		return rest, true
	}
	return strings.CutSuffix(region, "-fips")
}

// sameService tells whether the account that STS names is one that the S3 server
// knows: both are AWS's, or both have one custom endpoint. An STS beside a
// foreign S3 server has accounts of its own.
func (s *session) sameService() bool { return s.s3.url == s.sts.url }

// awsEnvironment is what boto3 reads before its first request.
type awsEnvironment struct {
	lookup                      func(string) (string, bool)
	configPath, credentialsPath string
	configFile                  botofile.Profiles
	configLines                 map[string]int // of the configuration file's sections
	credentialsLines            map[string]int // of the credentials file's sections
	credentialsKeyLine          func(profile, key string) int
	credentialsFile             map[string]botofile.Section
	profiles                    map[string]botofile.Section // of both files
	profile                     *string                     // nil is the default
	section                     botofile.Section            // the profile's keys

	sts      stsSettings
	noRegion bool
	fips     bool
	instance boto.InstanceSettings
	metadata *boto.Fetcher
	services http.RoundTripper // to STS, SSO and SSO OIDC
	backoff  func(attempt int, err error) (time.Duration, error)
	askMFA   func(ctx context.Context, serial string) (string, error)
}

func readAWSEnvironment(lookup func(string) (string, bool)) (*awsEnvironment, error) {
	env := &awsEnvironment{lookup: lookup, metadata: &boto.Fetcher{Transport: metadataTransport(), Sleep: sleep}, askMFA: boto.AskMFA}
	env.configPath = env.path("AWS_CONFIG_FILE", "~/.aws/config")
	env.credentialsPath = env.path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
	config, err := botofile.Read(env.configPath)
	if err != nil {
		return nil, parseError(err)
	}
	credentials, err := botofile.Read(env.credentialsPath)
	if err != nil {
		return nil, parseError(err)
	}
	env.configFile = config.ConfigProfiles()
	if config != nil {
		env.configLines = config.Lines
	}
	env.credentialsKeyLine = credentials.KeyLine
	if credentials != nil {
		env.credentialsFile, env.credentialsLines = credentials.Sections, credentials.Lines
	}
	env.mergeProfiles()
	return env, env.chooseProfile()
}

// metadataTransport keeps no connection and asks no proxy: metadata services are near.
func metadataTransport() http.RoundTripper {
	return &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext}
}

// mergeProfiles lays the credentials file's keys over the configuration file's
// (botocore.session.Session.full_config).
func (e *awsEnvironment) mergeProfiles() {
	e.profiles = map[string]botofile.Section{}
	for _, file := range []map[string]botofile.Section{e.configFile.Profiles, e.credentialsFile} {
		for name, section := range file {
			if e.profiles[name] == nil {
				e.profiles[name] = botofile.Section{}
			}
			maps.Copy(e.profiles[name], section)
		}
	}
}

func parseError(err error) error {
	return &SettingsError{Kind: "ConfigParseError", Reason: err.Error(), Err: err}
}

func (e *awsEnvironment) path(variable, standard string) string {
	path, ok := e.lookup(variable)
	if !ok {
		path = standard
	}
	return botofile.ExpandPath(path, e.lookup)
}

// chooseProfile finds the profile. One that is named and not there is an error,
// even if nothing needs it.
func (e *awsEnvironment) chooseProfile() error {
	variable := ""
	for _, name := range []string{"AWS_DEFAULT_PROFILE", "AWS_PROFILE"} {
		if value, ok := e.lookup(name); ok {
			e.profile, variable = &value, name
			break
		}
	}
	section, found := e.profiles[e.profileName()]
	if !found && e.profile != nil {
		return &SettingsError{
			Kind: "ProfileNotFound",
			Reason: fmt.Sprintf("the profile %q that %s names is neither in %s nor in %s%s",
				*e.profile, variable, abbreviateHome(e.configPath), abbreviateHome(e.credentialsPath), e.profileHint(*e.profile)),
		}
	}
	e.section = section
	return nil
}

// profileHint points to a section that was meant to be the profile.
func (e *awsEnvironment) profileHint(name string) string {
	if line, ok := e.configLines[name]; ok {
		return fmt.Sprintf("; %s:%d has [%s], which must be [profile %s] there", abbreviateHome(e.configPath), line, name, quoteProfile(name))
	}
	if line, ok := e.configLines["profile "+name]; ok { // not quoted, and so two words
		return fmt.Sprintf("; %s:%d has [profile %s], whose name must be in quotes: [profile %s]", abbreviateHome(e.configPath), line, name, quoteProfile(name))
	}
	if line, ok := e.credentialsLines["profile "+name]; ok {
		return fmt.Sprintf("; %s:%d has [profile %s], which must be [%s] there", abbreviateHome(e.credentialsPath), line, name, name)
	}
	if near := nearest(name, slices.Sorted(maps.Keys(e.profiles))); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}

func quoteProfile(name string) string {
	if strings.ContainsAny(name, " \t") {
		return `"` + name + `"`
	}
	return name
}

func (e *awsEnvironment) profileName() string {
	if e.profile == nil {
		return "default"
	}
	return *e.profile
}

// A sourced is a setting's value and where it is from; zero where nothing has it.
type sourced struct {
	value, source string
	set           bool
}

// setting looks in the environment and then in the profile.
func (e *awsEnvironment) setting(variable, key string) sourced {
	if value, ok := e.lookup(variable); ok {
		return sourced{value, "environment " + variable, true}
	}
	if value, ok := e.section[key]; ok {
		return sourced{value, fmt.Sprintf("%s of profile %s in %s", key, e.profileName(), abbreviateHome(e.configPath)), true}
	}
	return sourced{}
}

// region: the configuration's, AWS_DEFAULT_REGION's, the profile's, else us-east-1,
// where boto3's S3 client turns without one. boto3 does not read AWS_REGION.
func (e *awsEnvironment) region(config *Config) (region, source string, err error) {
	if config.Region != "" {
		source = config.RegionSource
		if source == "" {
			source = "configuration"
		}
		return config.Region, source, nil
	}
	found := e.setting("AWS_DEFAULT_REGION", "region")
	if !found.set {
		return "us-east-1", defaultRegionSource, nil
	}
	if err := e.checkPlain("region"); err != nil {
		return "", "", err
	}
	if found.value == "" { // botocore's "Invalid endpoint: https://s3..amazonaws.com"
		return "", "", &SettingsError{Kind: kindValue, Reason: found.source + " is set, but empty: unset it, or name a region"}
	}
	if err := validateRegion(found.value); err != nil {
		return "", "", &SettingsError{Kind: "InvalidRegionError", Reason: found.source + ": " + err.Error()}
	}
	return found.value, found.source, nil
}

var errInvalidEndpoint = errors.New("invalid endpoint")

// endpoint is the custom URL of a service, or nothing
// (botocore.configprovider.ConfiguredEndpointProvider).
func (e *awsEnvironment) endpoint(service, override string) (sourced, error) {
	found := sourced{value: override, source: "Options", set: override != ""}
	if !found.set && !strings.EqualFold(e.setting("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls").value, "true") {
		var err error
		if found, err = e.configuredEndpoint(service); err != nil {
			return sourced{}, err
		}
	}
	if !found.set {
		return sourced{}, nil
	}
	address, problem := parseEndpoint(found.value)
	if problem != nil {
		reason := fmt.Sprintf("%v: %s is %q: %s", errInvalidEndpoint, found.source, redactURL(found.value), problem.Reason)
		return sourced{}, &SettingsError{Kind: problem.Kind, Reason: reason, Err: errInvalidEndpoint}
	}
	found.value = address
	return found, nil
}

// parseEndpoint checks a service's URL as botocore does when it makes a client
// (botocore.utils.is_valid_endpoint_url) and as the rule set does at the first
// request. Unlike both, it takes a host with an underscore, as Docker makes them.
func parseEndpoint(text string) (address string, problem *SettingsError) {
	refuse := func(kind, reason string) (string, *SettingsError) {
		return "", &SettingsError{Kind: kind, Reason: reason}
	}
	if strings.ContainsAny(text, "\t\r\n") {
		return refuse(kindValue, "it has a tab or a line break")
	}
	text = strings.TrimLeft(text, " ")
	scheme, rest, hasScheme := strings.Cut(text, "://")
	if !hasScheme {
		return refuse(kindValue, "it has no http:// or https://")
	}
	parsed, err := url.Parse(text)
	if err != nil && strings.Contains(err.Error(), "invalid port") {
		return refuse(kindResolution, "its port is no number")
	}
	if err != nil || rest == "" || !isHost(parsed.Hostname()) {
		return refuse(kindValue, "its host is no name or address of letters, digits, dashes and dots"+hostHint(rest))
	}
	port, err := strconv.Atoi(parsed.Port())
	switch {
	case parsed.Port() != "" && (err != nil || port > 65535):
		return refuse(kindResolution, "its port is more than 65535")
	case !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https"):
		return refuse(kindResolution, "it is neither http:// nor https://")
	case parsed.RawQuery != "":
		return refuse(kindResolution, "it has a query (?)")
	}
	address, _, _ = strings.Cut(text, "#")
	return strings.TrimRight(address, "/"), nil
}

const (
	kindValue      = "ValueError"
	kindResolution = "EndpointResolutionError"
)

var hostLabel = lazyregexp.New(`^[a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9_])?$`)

// isHost reports whether host is an IP address, or labels of at most 63 characters.
func isHost(host string) bool {
	if net.ParseIP(host) != nil {
		return true
	}
	host = strings.TrimSuffix(host, ".")
	for label := range strings.SplitSeq(host, ".") {
		if len(label) > 63 || !hostLabel().MatchString(label) {
			return false
		}
	}
	return len(host) <= 255
}

// hostHint says what to do about a host of other letters than ASCII's.
func hostHint(rest string) string {
	host, _, _ := strings.Cut(rest, "/")
	if strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "; write an international name in its ASCII form, xn--…"
	}
	return ""
}

func (e *awsEnvironment) configuredEndpoint(service string) (sourced, error) {
	for _, variable := range []string{"AWS_ENDPOINT_URL_" + strings.ToUpper(service), "AWS_ENDPOINT_URL"} {
		if value, ok := e.lookup(variable); ok && value != "" {
			return sourced{value, "environment " + variable, true}, nil
		}
	}
	if name, ok := e.section["services"]; ok {
		section, ok := e.configFile.Services[name]
		if !ok {
			return sourced{}, &SettingsError{Kind: kindInvalidConfig, Reason: fmt.Sprintf("profile %s names the services section %q, which is not in %s", e.profileName(), name, abbreviateHome(e.configPath))}
		}
		block, isBlock := botofile.Nested(section[service])
		if _, ok := section[service]; ok && !isBlock {
			return sourced{}, e.notABlock(fmt.Sprintf("%s of services %s", service, name))
		}
		if value := block["endpoint_url"]; value != "" {
			return sourced{value, fmt.Sprintf("services %s in %s", name, abbreviateHome(e.configPath)), true}, nil
		}
	}
	if value := e.section["endpoint_url"]; value != "" {
		return sourced{value, fmt.Sprintf("endpoint_url of profile %s in %s", e.profileName(), abbreviateHome(e.configPath)), true}, nil
	}
	return sourced{}, nil
}
