// SPDX-License-Identifier: Apache-2.0

package awsconfig

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// read reads an environment whose home folder has these files.
func read(t *testing.T, env map[string]string, config, credentials string) (*Environment, string, error) {
	t.Helper()
	home := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".aws"), 0o700))
	for name, text := range map[string]string{"config": config, "credentials": credentials} {
		if text != "" {
			require.NoError(t, os.WriteFile(filepath.Join(home, ".aws", name), []byte(text), 0o600))
		}
	}
	vars := map[string]string{"HOME": home}
	maps.Copy(vars, env)
	read, err := Read(testkit.Env(vars), "")
	return read, home, err
}

// load reads and checks all settings, as a session does.
func load(t *testing.T, vars map[string]string, config string) (*S3, error) {
	t.Helper()
	env, _, err := read(t, vars, config, "")
	if err != nil {
		return nil, err
	}
	if err := env.Check(); err != nil {
		return nil, err
	}
	s3, err := env.S3("")
	if err != nil {
		return nil, err
	}
	region, err := env.Region()
	if err != nil {
		return nil, err
	}
	if _, err := env.Metadata(); err != nil {
		return nil, err
	}
	return &s3, s3.CheckRegion(region.Text)
}

func requireKind(t *testing.T, err error, kind string) {
	t.Helper()
	var known *Error
	require.ErrorAs(t, err, &known)
	assert.Equal(t, kind, known.Kind, "%v", err)
}

// TestEndpoints checks which URLs botocore 1.43.11 takes, and what it says of the others.
// The host with an underscore is ours.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://a_b.example": "http://a_b.example", "HTTP://H": "HTTP://H", "http://h/": "http://h",
		" http://h": "http://h", "http://[::1]:9000": "http://[::1]:9000", "http://a.": "http://a.",
		"http://xn--mnchen-3ya.example": "http://xn--mnchen-3ya.example", "http://a#f": "http://a",
		"http://a?": "http://a", "http://a/?#f": "http://a", "http://a/b/?": "http://a/b", "http://a#/x": "http://a", "http://a/#x?y": "http://a",
		"https://s3-accelerate.amazonaws.com":           "https://s3-accelerate.amazonaws.com",
		"https://s3-accelerate.dualstack.amazonaws.com": "https://s3-accelerate.dualstack.amazonaws.com",
		"http://s3-accelerate.amazonaws.com":            "http://s3-accelerate.amazonaws.com",
		"https://S3-Accelerate.amazonaws.com":           "https://S3-Accelerate.amazonaws.com",
		"https://s3-accelerate.amazonaws.com.cn":        "https://s3-accelerate.amazonaws.com.cn",
		"https://s3-accelerate.amazonaws.com:443":       "https://s3-accelerate.amazonaws.com:443",

		"http://münchen.example": KindValue, "http://①": KindValue, "http://a b": KindValue, "127.0.0.1:9000": KindValue, "localhost:9000": KindValue,
		"http://": KindValue, "http:///x": KindValue, "http://h ": KindValue, "\thttp://h": KindValue, "http://-a.example": KindValue,
		"http://a-.example": KindValue, "http://a..b": KindValue, "http://.a": KindValue, "http://" + strings.Repeat("a", 64) + ".x": KindValue,
		"http://%41": KindValue, "http://h%20": KindValue, "http://*": KindValue, "http://h,": KindValue, `"http://h"`: KindValue,
		"ftp://h": KindResolution, "http://h:x": KindResolution, "http://h:99999": KindResolution, "http://a/b?c=d": KindResolution,
		"http://a??": KindResolution,
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			s3, err := load(t, map[string]string{"AWS_ENDPOINT_URL_S3": address}, "")
			if want == KindValue || want == KindResolution {
				requireKind(t, err, want)
				assert.ErrorContains(t, err, "AWS_ENDPOINT_URL_S3")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want, s3.URL)
			isAccelerated := strings.HasSuffix(want, "s3-accelerate.amazonaws.com") || strings.HasSuffix(want, "s3-accelerate.dualstack.amazonaws.com")
			assert.Equal(t, !isAccelerated, s3.PathStyle())
		})
	}
	_, err := load(t, map[string]string{"AWS_ENDPOINT_URL_S3": "http://münchen.example"}, "")
	require.ErrorContains(t, err, "write an international name in its ASCII form, xn--")
	_, err = load(t, map[string]string{"AWS_ENDPOINT_URL_S3": "http://u:canary@h:x"}, "")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "canary")
}

// TestEnumerations checks which values botocore 1.43.11 takes, "" for those, and the name
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
			"": KindInvalidConfig, "DISABLED": "", "Required": "", "x": KindInvalidConfig,
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
			"": KindInvalidConfig, "0": KindInvalidConfig, "1": "", "1_000": "", "+5": "", "1048576": "", "1048577": KindInvalidConfig, "1.0": KindInvalidConfig, "_1": KindInvalidConfig,
		}},
		"request checksum":  {"AWS_REQUEST_CHECKSUM_CALCULATION", "request_checksum_calculation", map[string]string{"": kindInvalidChecksum, "When_Required": "", "required": kindInvalidChecksum}},
		"response checksum": {"AWS_RESPONSE_CHECKSUM_VALIDATION", "response_checksum_validation", map[string]string{"": kindInvalidChecksum, "When_Supported": "", "x": kindInvalidChecksum}},
		"express":           {"AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "s3_disable_express_session_auth", map[string]string{"": KindInvalidConfig, "TRUE": "", "yes": KindInvalidConfig, "1": KindInvalidConfig}},
		"metadata mode": {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode", map[string]string{
			"": "InvalidIMDSEndpointModeError", "IPV6": "", "x": "InvalidIMDSEndpointModeError",
		}},
		"metadata timeout": {"AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", map[string]string{"": KindValue, "x": KindValue, "1.5": KindValue, "1_0": ""}},
	} {
		for value, kind := range c.values {
			t.Run(name+" "+value, func(t *testing.T) {
				t.Parallel()
				_, inEnvironment := load(t, map[string]string{c.variable: value}, "")
				_, inFile := load(t, nil, "[default]\n"+c.key+" = "+value+"\n")
				for place, err := range map[string]error{c.variable: inEnvironment, c.key + " of profile default in ": inFile} {
					if kind == "" {
						require.NoError(t, err)
						continue
					}
					requireKind(t, err, kind)
					assert.ErrorContains(t, err, place)
				}
			})
		}
	}
}

// TestWrongSettings checks that each error names the setting, its source and what is
// wrong.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env          map[string]string
		config, kind string
		wants        []string
	}{
		"empty region":      {env: map[string]string{"AWS_DEFAULT_REGION": ""}, kind: KindValue, wants: []string{"environment AWS_DEFAULT_REGION is set, but empty"}},
		"quoted region":     {env: map[string]string{"AWS_DEFAULT_REGION": `"us-east-1"`}, kind: "InvalidRegionError", wants: []string{`"\"us-east-1\""`, "has quotes"}},
		"placeholder":       {env: map[string]string{"AWS_DEFAULT_REGION": "<YOUR_REGION>"}, kind: "InvalidRegionError", wants: []string{"<YOUR_REGION>", "placeholder"}},
		"comment":           {config: "[default]\nregion = eu-west-1 # Ireland\n", kind: "InvalidRegionError", wants: []string{"eu-west-1 #…", "no comments after a value"}},
		"a secret":          {env: map[string]string{"AWS_DEFAULT_REGION": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}, kind: "InvalidRegionError", wants: []string{sanitize.Redacted}},
		"block of a region": {config: "[default]\nregion =\n  a = b\n", kind: "TypeError", wants: []string{"region of profile default", "indented block"}},
		"block of a URL":    {config: "[default]\nendpoint_url =\n  a = b\n", kind: "TypeError"},
		"block of services": {config: "[default]\nservices =\n  a = b\n", kind: "TypeError"},
		"empty s3":          {config: "[default]\ns3 =\n", kind: "AttributeError", wants: []string{"s3 of profile default"}},
		"s3 in services":    {config: "[default]\nservices = q\n[services q]\ns3 =\n", kind: "AttributeError", wants: []string{"s3 of services q"}},
		"empty addressing":  {config: "[default]\ns3 =\n  addressing_style =\n", kind: "InvalidS3AddressingStyleError"},
		"addressing":        {config: "[default]\ns3 =\n  addressing_style = Path\n", kind: "InvalidS3AddressingStyleError"},
		"us-east-1 nested":  {config: "[default]\ns3 =\n  us_east_1_regional_endpoint =\n", kind: kindInvalidUSEast1},
		"broken block":      {config: "[x]\ns3 =\n  just text\n", kind: "ConfigParseError", wants: []string{".aws/config:3: "}},
		"profile without profile": {
			env: map[string]string{"AWS_PROFILE": "dev"}, config: "[default]\n\n[dev]\nregion = x\n", kind: "ProfileNotFound",
			wants: []string{".aws/config:3 has [dev], which must be [profile dev] there"},
		},
		"profile without quotes": {
			env: map[string]string{"AWS_PROFILE": "a b"}, config: "[profile a b]\n", kind: "ProfileNotFound", wants: []string{`[profile "a b"]`},
		},
		"profile misspelled": {
			env: map[string]string{"AWS_PROFILE": "dvelopment"}, config: "[profile development]\n", kind: "ProfileNotFound", wants: []string{"did you mean development?"},
		},
		"dual stack": {env: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_DEFAULT_REGION": "eu-isoe-west-1"}, kind: "EndpointVariantError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.env, c.config)
			requireKind(t, err, c.kind)
			for _, want := range c.wants {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}
