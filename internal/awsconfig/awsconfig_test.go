// SPDX-License-Identifier: Apache-2.0

package awsconfig

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shown returns the path of a file below ~/.aws as it is in messages: what comes after
// the ~ keeps its slashes on every system, as in Python.
func shown(home, name string) string { return homedir.Abbreviate(home + "/.aws/" + name) }

func TestProfiles(t *testing.T) {
	t.Parallel()
	const config = "[default]\nregion = d\n[profile a]\nregion = ra\nca_bundle = config\n[profile b]\nregion = rb\n"
	const credentials = "[a]\nca_bundle = ~/bundle\n[c]\nregion = rc\n"
	for name, c := range map[string]struct {
		env                   map[string]string
		profile, region, path string
	}{
		"default":           {nil, "default", "d", "config"},
		"AWS_PROFILE":       {map[string]string{"AWS_PROFILE": "b"}, "b", "rb", "config"},
		"the older first":   {map[string]string{"AWS_PROFILE": "b", "AWS_DEFAULT_PROFILE": "a"}, "a", "ra", "config"},
		"only credentials":  {map[string]string{"AWS_PROFILE": "c"}, "c", "rc", "credentials"},
		"other config file": {map[string]string{"AWS_CONFIG_FILE": "$HOME/.aws/credentials", "AWS_PROFILE": "c"}, "c", "rc", "credentials"},
	} {
		env, home, err := read(t, c.env, config, credentials)
		require.NoError(t, err, name)
		assert.Equal(t, c.profile, env.ProfileName(), name)
		region, err := env.Region()
		require.NoError(t, err, name)
		assert.Equal(t, Value{Text: c.region, Source: "region of profile " + c.profile + " in " + shown(home, c.path), Set: true}, region, name)
	}
	env, home, err := read(t, map[string]string{"AWS_PROFILE": "a"}, config, credentials)
	require.NoError(t, err)
	assert.Equal(t, "ra", env.Section["region"], "both files' keys")
	assert.Equal(t, home+"/bundle", env.CABundle(), "the credentials file's win")
	assert.Contains(t, env.Setting("", "ca_bundle").Source, "credentials")
	assert.Equal(t, "d", env.Profiles["default"]["region"])

	env, _, err = read(t, nil, "", "")
	require.NoError(t, err)
	assert.Nil(t, env.CredentialsFile)
	assert.Empty(t, env.Profiles)
	region, err := env.Region()
	require.NoError(t, err)
	assert.Zero(t, region)
	env, _, err = read(t, map[string]string{"AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": "/none"}, config, credentials)
	require.NoError(t, err)
	assert.Empty(t, env.Profiles)
}

func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][2]string{"config": {"x\n", ""}, "credentials": {"", "x\n"}} {
		_, home, err := read(t, nil, files[0], files[1])
		requireKind(t, err, "ConfigParseError")
		assert.ErrorContains(t, err, home+"/.aws/"+name+":1: ", name)
		assert.Error(t, err.(*Error).Unwrap(), name) //nolint:errorlint // the error itself
	}
}

func TestProfileHints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ profile, config, credentials, want string }{
		"in credentials": {"dev", "", "\n[profile dev]\n", ":2 has [profile dev], which must be [dev] there"},
		"with a tab":     {"a\tb", "[a\tb]\n", "", "which must be [profile \"a\tb\"] there"},
		"without quotes": {"a b", "[profile a b]\n", "", `whose name must be in quotes: [profile "a b"]`},
		"one word":       {"dev", "[dev]\n", "", "which must be [profile dev] there"},
		"spelling":       {"produktion", "[profile production]\n", "", "(did you mean production?)"},
	} {
		_, _, err := read(t, map[string]string{"AWS_PROFILE": c.profile}, c.config, c.credentials)
		requireKind(t, err, "ProfileNotFound")
		assert.ErrorContains(t, err, c.want, name)
	}
	_, home, err := read(t, map[string]string{"AWS_PROFILE": "none"}, "[x]\n", "[y]\n")
	assert.EqualError(t, err, `the profile "none" that AWS_PROFILE names is neither in `+shown(home, "config")+" nor in "+shown(home, "credentials"))
	_, _, err = read(t, map[string]string{"AWS_DEFAULT_PROFILE": ""}, "", "")
	assert.ErrorContains(t, err, `the profile "" that AWS_DEFAULT_PROFILE names`)
	_, err = Read(func(name string) (string, bool) { return "none", name == "AWS_PROFILE" }, "--profile")
	assert.ErrorContains(t, err, `the profile "none" that --profile names`)
}

func TestCABundle(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    map[string]string
		config string
		want   string
	}{
		"none":            {nil, "", ""},
		"AWS_CA_BUNDLE":   {map[string]string{"AWS_CA_BUNDLE": "/a", "REQUESTS_CA_BUNDLE": "/r"}, "[default]\nca_bundle = /f\n", "/a"},
		"profile":         {map[string]string{"REQUESTS_CA_BUNDLE": "/r"}, "[default]\nca_bundle = /f\n", "/f"},
		"requests":        {map[string]string{"REQUESTS_CA_BUNDLE": "/r"}, "", "/r"},
		"empty":           {map[string]string{"AWS_CA_BUNDLE": ""}, "[default]\nca_bundle = /f\n", ""},
		"empty, requests": {map[string]string{"AWS_CA_BUNDLE": "", "REQUESTS_CA_BUNDLE": "/r"}, "", "/r"},
		"variable stays":  {map[string]string{"AWS_CA_BUNDLE": "$HOME/x"}, "", "$HOME/x"},
	} {
		env, _, err := read(t, c.env, c.config, "")
		require.NoError(t, err)
		assert.Equal(t, c.want, env.CABundle(), name)
	}
}

func TestRegionProblem(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"us-east-1", "US-EAST-1", "a", "1a", "a-1", strings.Repeat("a", 63)} {
		assert.Empty(t, RegionProblem(region), region)
	}
	for region, want := range map[string]string{
		"": "is empty; leave the key out", "-a": "is not a region name", "a-": "is not a region name", "123": "is not a region name",
		strings.Repeat("a", 64): "[redacted] is not a region name", "a_b": `"a_b" is not a region name: letters`, "a b": "(it has blanks): letters",
		"é": "is not a region name",
	} {
		assert.Contains(t, RegionProblem(region), want, region)
	}
}

func TestSplitFIPS(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{"fips-us-east-2": "us-east-2", "us-east-2-fips": "us-east-2", "us-east-2": "us-east-2", "fips": "fips", "fips-us-east-2-fips": "us-east-2", "us-fips-east-2": "us-east-2"} {
		got, isFIPS := SplitFIPS(region)
		assert.Equal(t, want, got)
		assert.Equal(t, want != region, isFIPS)
	}
}

// TestWhereAnEndpointIsFrom checks the order: the service's variable, the common one, the
// services section, the profile.
func TestWhereAnEndpointIsFrom(t *testing.T) {
	t.Parallel()
	const config = "[default]\nservices = q\nendpoint_url = http://profile\n[services q]\ns3 =\n  endpoint_url = http://services/\nsso =\n  other = x\n"
	for name, c := range map[string]struct {
		env               map[string]string
		service, override string
		want, source      string
	}{
		"override":     {map[string]string{"AWS_ENDPOINT_URL_S3": "http://env"}, "s3", "http://given/", "http://given", "Options"},
		"service":      {map[string]string{"AWS_ENDPOINT_URL_S3": "http://env", "AWS_ENDPOINT_URL": "http://all"}, "s3", "", "http://env", "environment AWS_ENDPOINT_URL_S3"},
		"all":          {map[string]string{"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": ""}, "s3", "", "http://all", "environment AWS_ENDPOINT_URL"},
		"SSO OIDC":     {map[string]string{"AWS_ENDPOINT_URL_SSO_OIDC": "http://oidc"}, "sso_oidc", "", "http://oidc", "environment AWS_ENDPOINT_URL_SSO_OIDC"},
		"section":      {nil, "s3", "", "http://services", "services q in "},
		"profile":      {nil, "sts", "", "http://profile", "endpoint_url of profile default in "},
		"no URL":       {nil, "sso", "", "http://profile", "endpoint_url of profile default in "},
		"ignored":      {map[string]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE", "AWS_ENDPOINT_URL": "http://all"}, "s3", "", "", ""},
		"not ignored":  {map[string]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "1"}, "s3", "", "http://services", "services q in "},
		"own, ignored": {map[string]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "s3", "http://given", "http://given", "Options"},
	} {
		env, _, err := read(t, c.env, config, "")
		require.NoError(t, err, name)
		found, err := env.Endpoint(c.service, c.override)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, found.Text, name)
		assert.Equal(t, c.want != "", found.Set, name)
		assert.True(t, strings.HasPrefix(found.Source, c.source), "%s: %s", name, found.Source)
	}
	env, _, err := read(t, nil, "[default]\nservices = gone\n", "")
	require.NoError(t, err)
	_, err = env.Endpoint("s3", "")
	requireKind(t, err, KindInvalidConfig)
	require.ErrorContains(t, err, `names the services section "gone", which is empty or not in`)
	env, _, err = read(t, nil, "[default]\nservices = q\n[services q]\n", "")
	require.NoError(t, err)
	_, err = env.Endpoint("s3", "")
	requireKind(t, err, KindInvalidConfig)
	env, _, err = read(t, nil, "[default]\nservices = q\n[services q]\nsts =\n  x = y\n", "")
	require.NoError(t, err)
	found, err := env.Endpoint("s3", "")
	require.NoError(t, err)
	assert.False(t, found.Set)
}

func TestHosts(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	long := label + "." + label + "." + label + "." + label
	for host, ok := range map[string]bool{
		"h": true, "h.": true, "10.0.0.1": true, "::1": true, "a.b-c.d": true, "_a.b_": true, label: true, label + "a": false, long: true, long + ".": true,
		long + "a": false, "a." + long: false, "": false, ".": false, "a..b": false, "-a": false, "a-": false, "a b": false,
	} {
		assert.Equal(t, ok, isHost(host), host)
	}
	for address, ok := range map[string]bool{"http://h:65535": true, "http://h:65536": false, "http://h:": true, "http://h:0": true} {
		_, problem := parseEndpoint(address)
		assert.Equal(t, ok, problem == nil, address)
	}
	_, problem := parseEndpoint("h:1")
	assert.Equal(t, "it has no http:// or https://", problem.Reason)
	_, problem = parseEndpoint("http://a b/é")
	assert.NotContains(t, problem.Reason, "xn--")
}

func TestIsInsecure(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"http://h": true, "http://10.0.0.1:9000": true, "https://h": false, "": false, "http://127.8.9.1": false, "http://[::1]:1": false,
		"http://localhost": false, "http://LOCALHOST.": false, "http://s3.localhost": false, "http://127.0.0.1.example": true, "http://xlocalhost": true, "%": false,
	} {
		assert.Equal(t, want, IsInsecure(address), address)
	}
}

// TestIsAWS checks the domains of AWS, also that they are whole labels.
func TestIsAWS(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://s3.eu-west-1.amazonaws.com": true, "https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com:443": true, "https://S3.AMAZONAWS.COM": true,
		"https://s3.cn-north-1.amazonaws.com.cn": true, "https://s3.us-east-1.api.aws": true,
		"https://s3.example": false, "https://xamazonaws.com": false, "https://amazonaws.com.example": false, "https://api.aws.": false, "": false, "%": false,
	} {
		assert.Equal(t, want, IsAWS(address), address)
	}
}

// TestService has AWS's own variants only without an endpoint of the user's.
func TestService(t *testing.T) {
	t.Parallel()
	const variants = "[default]\nuse_dualstack_endpoint = true\nuse_fips_endpoint = true\n"
	for name, test := range map[string]struct {
		env    map[string]string
		config string
		want   Service
		isErr  bool
	}{
		"nothing":     {nil, "", Service{}, false},
		"variants":    {nil, variants, Service{DualStack: true, FIPS: true}, false},
		"an endpoint": {map[string]string{"AWS_ENDPOINT_URL_SSO": "http://h"}, variants, Service{URL: "http://h"}, false},
		"a wrong one": {nil, "[default]\nservices = gone\n", Service{}, true},
	} {
		env, _, err := read(t, test.env, test.config, "")
		require.NoError(t, err, name)
		got, err := env.Service("sso")
		assert.Equal(t, test.isErr, err != nil, name)
		assert.Equal(t, test.want, got, name)
	}
	assert.Empty(t, EndpointProblem("http://h"))
	assert.Equal(t, "it has no http:// or https://", EndpointProblem("h:1"))
}

func TestS3(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, c := range map[string]struct {
		env    map[string]string
		config string
		want   S3
	}{
		"nothing": {nil, "", S3{Addressing: "auto", UseARNRegion: true}},
		"block": {
			nil, "[default]\ns3 =\n  use_accelerate_endpoint = True\n  use_dualstack_endpoint = true\n  use_arn_region = false\n  addressing_style = virtual\n  us_east_1_regional_endpoint = regional\n",
			S3{Addressing: "virtual", Accelerate: true, DualStack: true, RegionalUSEast1: true},
		},
		"environment": {
			map[string]string{
				"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_S3_USE_ARN_REGION": "true", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "legacy",
				"AWS_REQUEST_CHECKSUM_CALCULATION": "When_Required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required", "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH": "True",
			},
			"[default]\ns3 =\n  use_arn_region = false\n  us_east_1_regional_endpoint = regional\n",
			S3{Addressing: "auto", DualStack: true, FIPS: true, UseARNRegion: true, RequestChecksumWhenRequired: true, ResponseChecksumWhenRequired: true, DisableExpressAuth: &yes},
		},
		"profile": {
			nil, "[default]\nuse_dualstack_endpoint = true\nuse_fips_endpoint = true\ns3_use_arn_region = yes\ns3_disable_express_session_auth = false\nrequest_checksum_calculation = when_supported\n",
			S3{Addressing: "auto", DualStack: true, FIPS: true, DisableExpressAuth: &no},
		},
		"empty use_arn_region": {nil, "[default]\ns3 =\n  use_arn_region =\n  x = y\n", S3{Addressing: "auto"}},
		"defaults mode":        {map[string]string{"AWS_DEFAULTS_MODE": "auto"}, "", S3{Addressing: "auto", UseARNRegion: true, RegionalUSEast1: true}},
		"legacy mode":          {map[string]string{"AWS_DEFAULTS_MODE": "Legacy"}, "", S3{Addressing: "auto", UseARNRegion: true}},
	} {
		env, _, err := read(t, c.env, c.config, "")
		require.NoError(t, err, name)
		got, err := env.S3("")
		require.NoError(t, err, name)
		assert.Equal(t, c.want, got, name)
	}
	env, _, err := read(t, nil, "", "")
	require.NoError(t, err)
	got, err := env.S3("http://h/")
	require.NoError(t, err)
	assert.Equal(t, S3{URL: "http://h", URLSource: "Options", Addressing: "auto", UseARNRegion: true}, got)
	_, err = env.S3("h")
	requireKind(t, err, KindValue)
}

func TestAddressing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url, addressing string
		want            bool
	}{
		{"", "auto", false},
		{"", "virtual", false},
		{"", "path", true},
		{"http://h", "auto", true},
		{"http://h", "path", true},
		{"http://h", "virtual", false},
		{"https://s3-accelerate.amazonaws.com", "auto", false},
		{"https://s3-accelerate.amazonaws.com", "path", true},
		{"https://s3-accelerate.dualstack.amazonaws.com/", "auto", false},
		{"https://s3-accelerate.amazonaws.com:443", "auto", true},
	} {
		assert.Equal(t, c.want, (&S3{URL: c.url, Addressing: c.addressing}).PathStyle(), "%+v", c)
	}
}

func TestDualStackPartitions(t *testing.T) {
	t.Parallel()
	for region, ok := range map[string]bool{"us-east-1": true, "us-isof-south-1": false, "eu-isoe-west-1": false, "us-isob-east-1": true} {
		assert.Equal(t, ok, (&S3{DualStack: true}).CheckRegion(region) == nil, region)
		require.NoError(t, (&S3{}).CheckRegion(region))
		require.NoError(t, (&S3{DualStack: true, URL: "http://h"}).CheckRegion(region))
	}
}

func TestSTS(t *testing.T) {
	t.Parallel()
	settings := func(vars map[string]string, override, region string) STS {
		env, _, err := read(t, vars, "", "")
		require.NoError(t, err)
		return env.STS(override, region)
	}
	assert.Equal(t, STS{SigningRegion: "us-east-1"}, settings(nil, "", "us-east-1"))
	assert.Equal(t, STS{SigningRegion: "us-east-1", URL: "http://h", URLSource: "Options"}, settings(nil, "http://h", "us-east-1"))
	assert.Equal(t, STS{SigningRegion: "r", DualStack: true, FIPS: true}, settings(map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_USE_FIPS_ENDPOINT": "true"}, "", "r"))
	requireKind(t, settings(map[string]string{"AWS_ENDPOINT_URL_STS": "h"}, "", "r").Err, KindValue)
	for region, want := range map[string]bool{"us-east-1": true, "eu-west-3": true, "eu-south-1": false} {
		assert.Equal(t, want, settings(map[string]string{"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}, "", region).Global, region)
		assert.False(t, settings(map[string]string{"AWS_STS_REGIONAL_ENDPOINTS": "regional"}, "", region).Global, region)
	}
	for text, want := range map[string]int{"3": 3, " 1_0 ": 10, "0": 0, "-1": 0, "x": 0, "": 0, "1": 1} {
		assert.Equal(t, want, settings(map[string]string{"AWS_MAX_ATTEMPTS": text}, "", "r").Attempts, text)
	}
}

func TestParseInt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"5": 5, " 5\n": 5, "1_000": 1000, "+5": 5, "-5": -5, "1_0_0": 100, "\u0661\u06f2\uff13": 123, "-\U0001d7ff\U0001d7e9": -97} {
		got, err := ParseInt(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", "_5", "+_5", "5_", "5__0", "x", "1.0", "_", "+-5", "\u00b2", "1 0"} {
		_, err := ParseInt(text)
		require.Error(t, err, text)
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	env, _, err := read(t, nil, "", "")
	require.NoError(t, err)
	got, err := env.Metadata()
	require.NoError(t, err)
	assert.Equal(t, Metadata{Timeout: time.Second, Attempts: 1}, got)

	env, _, err = read(t, map[string]string{
		"AWS_EC2_METADATA_DISABLED": "True", "AWS_EC2_METADATA_V1_DISABLED": "true", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://h", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6",
		"AWS_METADATA_SERVICE_TIMEOUT": "3", "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2",
	}, "", "")
	require.NoError(t, err)
	got, err = env.Metadata()
	require.NoError(t, err)
	assert.Equal(t, Metadata{Endpoint: "http://h", IPv6: true, Disabled: true, V1Disabled: true, Timeout: 3 * time.Second, Attempts: 2}, got)

	for text, want := range map[string]time.Duration{"9223372036": 9223372036 * time.Second, "9223372037": 9223372036 * time.Second, "-9223372037": -9223372036 * time.Second, "100000000000000000000": 9223372036 * time.Second} {
		env, _, err = read(t, map[string]string{"AWS_METADATA_SERVICE_TIMEOUT": text, "AWS_METADATA_SERVICE_NUM_ATTEMPTS": text}, "", "")
		require.NoError(t, err)
		got, err = env.Metadata()
		require.NoError(t, err, text)
		assert.Equal(t, want, got.Timeout, text)
		assert.Equal(t, text[0] == '-', got.Attempts < 0, text)
	}

	env, _, err = read(t, nil, "[default]\nimds_use_ipv6 = true\nec2_metadata_service_endpoint_mode = ipv4\n", "")
	require.NoError(t, err)
	got, err = env.Metadata()
	require.NoError(t, err)
	assert.True(t, got.IPv6)

	for name, kind := range map[string]string{
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": "InvalidIMDSEndpointError", "AWS_METADATA_SERVICE_TIMEOUT": KindValue, "AWS_METADATA_SERVICE_NUM_ATTEMPTS": KindValue,
		"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "InvalidIMDSEndpointModeError",
	} {
		for _, value := range []string{"x", "http://", "%"} {
			env, _, err := read(t, map[string]string{name: value}, "", "")
			require.NoError(t, err)
			_, err = env.Metadata()
			requireKind(t, err, kind)
			assert.ErrorContains(t, err, name)
		}
	}
}

func TestSSOSession(t *testing.T) {
	t.Parallel()
	const session = "[sso-session s]\nsso_start_url = u\nsso_region = r\n[sso-session no-region]\nsso_start_url = u\n[sso-session no-url]\nsso_region = r\n"
	for name, want := range map[string]string{"s": "", "gone": `the sso-session "gone" does not exist in`, "no-region": "lacks sso_region", "no-url": "lacks sso_start_url"} {
		env, _, err := read(t, nil, "[default]\nsso_session = "+name+"\n"+session, "")
		require.NoError(t, err)
		err = env.Check()
		if want == "" {
			require.NoError(t, err)
			continue
		}
		requireKind(t, err, KindInvalidConfig)
		require.ErrorContains(t, err, want)
	}
	env, _, err := read(t, nil, session, "")
	require.NoError(t, err)
	require.NoError(t, env.Check())
	section, err := env.SSOSession("s")
	require.NoError(t, err)
	assert.Equal(t, "u", section["sso_start_url"])
	_, err = env.SSOSession("x")
	requireKind(t, err, KindInvalidConfig)
}

// TestWordsOfEnumerations checks that the error lists all values, the last after "or".
func TestWordsOfEnumerations(t *testing.T) {
	t.Parallel()
	_, err := load(t, map[string]string{"AWS_RETRY_MODE": "x"}, "")
	require.EqualError(t, err, `environment AWS_RETRY_MODE is "x", not legacy, standard or adaptive`)
	_, err = load(t, map[string]string{"AWS_S3_DISABLE_EXPRESS_SESSION_AUTH": "x"}, "")
	require.EqualError(t, err, `environment AWS_S3_DISABLE_EXPRESS_SESSION_AUTH is "x", not true or false`)
	_, err = load(t, map[string]string{"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "x"}, "")
	require.EqualError(t, err, `environment AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES is "x", not a number from 1 to 1048576`)
	assert.EqualError(t, &Error{Reason: "r", Err: os.ErrExist}, "r")
	require.ErrorIs(t, &Error{Err: os.ErrExist}, os.ErrExist)
}

func TestAppID(t *testing.T) {
	t.Parallel()
	env, _, err := read(t, map[string]string{"AWS_SDK_UA_APP_ID": "mine"}, "[default]\nsdk_ua_app_id = file\n", "")
	require.NoError(t, err)
	assert.Equal(t, "mine", env.AppID())
}
