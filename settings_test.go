package lithopss3

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// openWith opens a store with keys in the environment and these settings.
func openWith(t *testing.T, env map[string]string, config, region string) (*Store, *Identity, error) {
	t.Helper()
	s := scenario{
		Env: map[string]string{"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}, Files: map[string]string{".aws/config": config},
		Lithops: map[string]json.RawMessage{"aws_s3": json.RawMessage("{}")},
	}
	if region != "" {
		s.Lithops["aws"] = json.RawMessage(`{"region":"` + region + `"}`)
	}
	for name, value := range env {
		s.Env[name] = value
	}
	_, lookup := s.lay(t, "")
	return s.open(t, lookup, func(*session) {})
}

// requireSettingsError: a wrong setting is no lack of credentials.
func requireSettingsError(t *testing.T, err error, kind string) {
	t.Helper()
	var settings *SettingsError
	var credentials *CredentialsError
	require.ErrorAs(t, err, &settings)
	assert.Equal(t, kind, settings.Kind, "%v", err)
	assert.NotErrorAs(t, err, &credentials)
	assert.NotContains(t, err.Error(), "credentials:")
}

// TestEndpoints: which URLs botocore 1.43.11 takes, and what it says of the others.
// The host with an underscore is ours.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://a_b.example": "http://a_b.example/my-bucket/k", "HTTP://H": "http://H/my-bucket/k", "http://h/": "http://h/my-bucket/k",
		" http://h": "http://h/my-bucket/k", "http://[::1]:9000": "http://[::1]:9000/my-bucket/k", "http://a.": "http://a./my-bucket/k",
		"http://xn--mnchen-3ya.example": "http://xn--mnchen-3ya.example/my-bucket/k", "http://a#f": "http://a/my-bucket/k",
		"https://s3-accelerate.amazonaws.com":           "https://my-bucket.s3-accelerate.amazonaws.com/k",
		"https://s3-accelerate.dualstack.amazonaws.com": "https://my-bucket.s3-accelerate.dualstack.amazonaws.com/k",
		"http://s3-accelerate.amazonaws.com":            "http://my-bucket.s3-accelerate.amazonaws.com/k",
		"https://S3-Accelerate.amazonaws.com":           "https://S3-Accelerate.amazonaws.com/my-bucket/k",
		"https://s3-accelerate.amazonaws.com.cn":        "https://s3-accelerate.amazonaws.com.cn/my-bucket/k",
		"https://s3-accelerate.amazonaws.com:443":       "https://s3-accelerate.amazonaws.com:443/my-bucket/k",

		"http://münchen.example": kindValue, "http://①": kindValue, "http://a b": kindValue, "127.0.0.1:9000": kindValue, "localhost:9000": kindValue,
		"http://": kindValue, "http:///x": kindValue, "http://h ": kindValue, "\thttp://h": kindValue, "http://-a.example": kindValue,
		"http://a-.example": kindValue, "http://a..b": kindValue, "http://.a": kindValue, "http://" + strings.Repeat("a", 64) + ".x": kindValue,
		"http://%41": kindValue, "http://h%20": kindValue, "http://*": kindValue, "http://h,": kindValue, `"http://h"`: kindValue,
		"ftp://h": kindResolution, "http://h:x": kindResolution, "http://h:99999": kindResolution, "http://a/b?c=d": kindResolution,
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			store, _, err := openWith(t, map[string]string{"AWS_ENDPOINT_URL_S3": address}, "", "eu-west-1")
			if want == kindValue || want == kindResolution {
				requireSettingsError(t, err, want)
				assert.ErrorContains(t, err, "AWS_ENDPOINT_URL_S3")
				return
			}
			require.NoError(t, err)
			put, _, err := store.PutRequest(t.Context(), "my-bucket", "k")
			require.NoError(t, err)
			assert.Equal(t, want, put)
		})
	}
	_, _, err := openWith(t, map[string]string{"AWS_ENDPOINT_URL_S3": "http://münchen.example"}, "", "eu-west-1")
	require.ErrorContains(t, err, "write an international name in its ASCII form, xn--")
	_, _, err = openWith(t, map[string]string{"AWS_ENDPOINT_URL_S3": "http://u:" + canary + "@h:x"}, "", "eu-west-1")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), canary)
}

func TestPathStyleBeatsAcceleration(t *testing.T) {
	t.Parallel()
	store, _, err := openWith(t, map[string]string{"AWS_ENDPOINT_URL_S3": "https://s3-accelerate.amazonaws.com"}, "[default]\ns3 =\n  addressing_style = path\n", "eu-west-1")
	require.NoError(t, err)
	put, _, err := store.PutRequest(t.Context(), "my-bucket", "k")
	require.NoError(t, err)
	assert.Equal(t, "https://s3-accelerate.amazonaws.com/my-bucket/k", put)
}

// TestEnumerations: which values botocore 1.43.11 takes, "" for those, and the name
// of its exception for the others.
func TestEnumerations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		variable, key string
		values        map[string]string
	}{
		"defaults mode": {"AWS_DEFAULTS_MODE", "defaults_mode", map[string]string{
			"": "InvalidDefaultsMode", "LEGACY": "", "Legacy-": "InvalidDefaultsMode", "auto": "", "Cross-Region": "", "MOBILE": "",
		}},
		"account": {"AWS_ACCOUNT_ID_ENDPOINT_MODE", "account_id_endpoint_mode", map[string]string{
			"": kindInvalidConfig, "DISABLED": "", "Required": "", "x": kindInvalidConfig,
		}},
		"us-east-1": {"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "s3_us_east_1_regional_endpoint", map[string]string{
			"": kindInvalidUSEast1, "Legacy": kindInvalidUSEast1, "legacy": "", "regional": "",
		}},
		"sts": {"AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints", map[string]string{
			"": "", "LEGACY": "InvalidSTSRegionalEndpointsConfigError", "legacy": "", "regional": "",
		}},
		"retry mode": {"AWS_RETRY_MODE", "retry_mode", map[string]string{
			"": "InvalidRetryModeError", "Standard": "InvalidRetryModeError", "adaptive": "", "legacy": "",
		}},
		"compression": {"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "request_min_compression_size_bytes", map[string]string{
			"": kindInvalidConfig, "0": kindInvalidConfig, "1": "", "1_000": "", "+5": "", "1048576": "", "1048577": kindInvalidConfig, "1.0": kindInvalidConfig, "_1": kindInvalidConfig,
		}},
		"request checksum":  {"AWS_REQUEST_CHECKSUM_CALCULATION", "request_checksum_calculation", map[string]string{"": kindInvalidChecksum, "When_Required": "", "required": kindInvalidChecksum}},
		"response checksum": {"AWS_RESPONSE_CHECKSUM_VALIDATION", "response_checksum_validation", map[string]string{"": kindInvalidChecksum, "When_Supported": "", "x": kindInvalidChecksum}},
		"express":           {"AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "s3_disable_express_session_auth", map[string]string{"": kindInvalidConfig, "TRUE": "", "yes": kindInvalidConfig, "1": kindInvalidConfig}},
		"metadata mode": {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode", map[string]string{
			"": "InvalidIMDSEndpointModeError", "IPV6": "", "x": "InvalidIMDSEndpointModeError",
		}},
		"metadata timeout": {"AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", map[string]string{"": kindValue, "x": kindValue, "1.5": kindValue, "1_0": ""}},
	} {
		for value, kind := range c.values {
			t.Run(name+" "+value, func(t *testing.T) {
				t.Parallel()
				_, _, inEnvironment := openWith(t, map[string]string{c.variable: value}, "", "us-east-1")
				_, _, inFile := openWith(t, nil, "[default]\n"+c.key+" = "+value+"\n", "us-east-1")
				for place, err := range map[string]error{c.variable: inEnvironment, c.key + " of profile default in ": inFile} {
					if kind == "" {
						require.NoError(t, err)
						continue
					}
					requireSettingsError(t, err, kind)
					assert.ErrorContains(t, err, place)
				}
			})
		}
	}
}

// TestWrongSettings: each names the setting, where it is from and what is wrong.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env              map[string]string
		config, kind     string
		wants            []string
		withLithopRegion bool
	}{
		"empty region":      {env: map[string]string{"AWS_DEFAULT_REGION": ""}, kind: kindValue, wants: []string{"environment AWS_DEFAULT_REGION is set, but empty"}},
		"quoted region":     {env: map[string]string{"AWS_DEFAULT_REGION": `"us-east-1"`}, kind: "InvalidRegionError", wants: []string{`"\"us-east-1\""`, "has quotes"}},
		"placeholder":       {env: map[string]string{"AWS_DEFAULT_REGION": "<YOUR_REGION>"}, kind: "InvalidRegionError", wants: []string{"<YOUR_REGION>", "placeholder"}},
		"comment":           {config: "[default]\nregion = eu-west-1 # Ireland\n", kind: "InvalidRegionError", wants: []string{"eu-west-1 #…", "no comments after a value"}},
		"a secret":          {env: map[string]string{"AWS_DEFAULT_REGION": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}, kind: "InvalidRegionError", wants: []string{redacted}},
		"block of a region": {config: "[default]\nregion =\n  a = b\n", kind: "TypeError", wants: []string{"region of profile default", "indented block"}},
		"block of a URL":    {config: "[default]\nendpoint_url =\n  a = b\n", kind: "TypeError", withLithopRegion: true},
		"block of services": {config: "[default]\nservices =\n  a = b\n", kind: "TypeError", withLithopRegion: true},
		"empty s3":          {config: "[default]\ns3 =\n", kind: "AttributeError", wants: []string{"s3 of profile default"}, withLithopRegion: true},
		"s3 in services":    {config: "[default]\nservices = q\n[services q]\ns3 =\n", kind: "AttributeError", wants: []string{"s3 of services q"}, withLithopRegion: true},
		"empty addressing":  {config: "[default]\ns3 =\n  addressing_style =\n", kind: "InvalidS3AddressingStyleError", withLithopRegion: true},
		"addressing":        {config: "[default]\ns3 =\n  addressing_style = Path\n", kind: "InvalidS3AddressingStyleError", withLithopRegion: true},
		"us-east-1 nested":  {config: "[default]\ns3 =\n  us_east_1_regional_endpoint =\n", kind: kindInvalidUSEast1, withLithopRegion: true},
		"broken block":      {config: "[x]\ns3 =\n  just text\n", kind: "ConfigParseError", wants: []string{filepath.Join(".aws", "config") + ":3: "}, withLithopRegion: true},
		"profile without profile": {
			env: map[string]string{"AWS_PROFILE": "dev"}, config: "[default]\n\n[dev]\nregion = x\n", kind: "ProfileNotFound",
			wants: []string{filepath.Join(".aws", "config") + ":3 has [dev], which must be [profile dev] there"},
		},
		"profile without quotes": {
			env: map[string]string{"AWS_PROFILE": "a b"}, config: "[profile a b]\n", kind: "ProfileNotFound", wants: []string{`[profile "a b"]`},
		},
		"profile misspelled": {
			env: map[string]string{"AWS_PROFILE": "development"}, config: "[profile development]\n", kind: "ProfileNotFound", wants: []string{"did you mean development?"},
		},
		"dual stack": {env: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_DEFAULT_REGION": "eu-isoe-west-1"}, kind: "EndpointVariantError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			region := ""
			if c.withLithopRegion {
				region = "us-east-1"
			}
			_, _, err := openWith(t, c.env, c.config, region)
			requireSettingsError(t, err, c.kind)
			for _, want := range c.wants {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}
