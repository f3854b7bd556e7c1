package lithopss3

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/botofile"
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
}

func newSession(config *Config, lookup func(string) (string, bool), opts *Options) (*session, error) {
	env, err := readAWSEnvironment(lookup)
	if err != nil {
		return nil, err
	}
	s := &session{credentials: newChain(config, env), appID: env.setting("AWS_SDK_UA_APP_ID", "sdk_ua_app_id").value}
	if s.region, s.regionSource, err = env.region(config); err != nil {
		return nil, err
	}
	if s.s3, err = env.s3Settings(opts.Endpoint); err != nil {
		return nil, err
	}
	s.s3.region = s.region
	if s.sts, err = env.stsSettings(opts.STSEndpoint, s.region); err != nil {
		return nil, err
	}
	return s, nil
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
	credentialsFile             map[string]botofile.Section
	profile                     *string          // nil is the default
	section                     botofile.Section // the profile's keys of both files
}

func readAWSEnvironment(lookup func(string) (string, bool)) (*awsEnvironment, error) {
	env := &awsEnvironment{lookup: lookup}
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
	if credentials != nil {
		env.credentialsFile = credentials.Sections
	}
	return env, env.chooseProfile()
}

func parseError(err error) error {
	return &CredentialsError{Kind: "ConfigParseError", Reason: err.Error(), Err: err}
}

func (e *awsEnvironment) path(variable, standard string) string {
	path, ok := e.lookup(variable)
	if !ok {
		path = standard
	}
	return botofile.ExpandPath(path, e.lookup)
}

// chooseProfile merges the profile's keys: the credentials file's lie over the
// configuration file's (botocore.session.Session.full_config). A profile that is
// named and not there is an error, even if nothing needs it.
func (e *awsEnvironment) chooseProfile() error {
	variable := ""
	for _, name := range []string{"AWS_DEFAULT_PROFILE", "AWS_PROFILE"} {
		if value, ok := e.lookup(name); ok {
			e.profile, variable = &value, name
			break
		}
	}
	name := e.profileName()
	inConfig, ok := e.configFile.Profiles[name]
	inCredentials, found := e.credentialsFile[name]
	if !ok && !found && e.profile != nil {
		return &CredentialsError{
			Kind:   "ProfileNotFound",
			Reason: fmt.Sprintf("the profile %q that %s names is neither in %s nor in %s", name, variable, abbreviateHome(e.configPath), abbreviateHome(e.credentialsPath)),
		}
	}
	e.section = botofile.Section{}
	maps.Copy(e.section, inConfig)
	maps.Copy(e.section, inCredentials)
	return nil
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
	if err := validateRegion(found.value); err != nil {
		return "", "", &CredentialsError{Kind: "InvalidRegionError", Reason: found.source + " " + err.Error()}
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
	parsed, err := url.Parse(found.value)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		reason := fmt.Sprintf("%v: %s is %q, not http://host or https://host", errInvalidEndpoint, found.source, found.value)
		return sourced{}, &CredentialsError{Kind: "ValueError", Reason: reason, Err: errInvalidEndpoint}
	}
	found.value = strings.TrimRight(found.value, "/")
	return found, nil
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
			return sourced{}, &CredentialsError{Kind: "InvalidConfigError", Reason: fmt.Sprintf("profile %s names the services section %q, which is not in %s", e.profileName(), name, e.configPath)}
		}
		block, _, err := botofile.Nested(section[service])
		if err != nil {
			return sourced{}, parseError(err)
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
