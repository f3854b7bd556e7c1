// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"encoding/json"
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

// requireSettingsError checks that err is of a wrong setting, not of missing credentials.
func requireSettingsError(t *testing.T, err error, kind string) {
	t.Helper()
	var settings *SettingsError
	var credentials *CredentialsError
	require.ErrorAs(t, err, &settings)
	assert.Equal(t, kind, settings.Kind, "%v", err)
	assert.NotErrorAs(t, err, &credentials)
	assert.NotContains(t, err.Error(), "credentials:")
}

// TestEndpointOfAPut checks where a put goes with a custom endpoint.
func TestEndpointOfAPut(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://a_b.example": "http://a_b.example/my-bucket/k", " http://h/": "http://h/my-bucket/k", "http://[::1]:9000": "http://[::1]:9000/my-bucket/k",
		"https://s3-accelerate.amazonaws.com":           "https://my-bucket.s3-accelerate.amazonaws.com/k",
		"https://s3-accelerate.dualstack.amazonaws.com": "https://my-bucket.s3-accelerate.dualstack.amazonaws.com/k",
		"https://s3-accelerate.amazonaws.com.cn":        "https://s3-accelerate.amazonaws.com.cn/my-bucket/k",
	} {
		store, _, err := openWith(t, map[string]string{"AWS_ENDPOINT_URL_S3": address}, "", "eu-west-1")
		require.NoError(t, err, address)
		put, _, err := store.PutRequest(t.Context(), "my-bucket", "k")
		require.NoError(t, err, address)
		assert.Equal(t, want, put)
	}
	store, _, err := openWith(t, map[string]string{"AWS_ENDPOINT_URL_S3": "https://s3-accelerate.amazonaws.com"}, "[default]\ns3 =\n  addressing_style = path\n", "eu-west-1")
	require.NoError(t, err)
	put, _, err := store.PutRequest(t.Context(), "my-bucket", "k")
	require.NoError(t, err)
	assert.Equal(t, "https://s3-accelerate.amazonaws.com/my-bucket/k", put)
}

// TestSettingsErrorsArePublic checks that whatever awsconfig refuses is a *SettingsError.
func TestSettingsErrorsArePublic(t *testing.T) {
	t.Parallel()
	for kind, env := range map[string]map[string]string{
		"ProfileNotFound": {"AWS_PROFILE": "none"}, "InvalidRetryModeError": {"AWS_RETRY_MODE": "x"}, "ValueError": {"AWS_ENDPOINT_URL_S3": "h:1"},
		"EndpointVariantError":         {"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_DEFAULT_REGION": "us-isof-south-1"},
		"InvalidRegionError":           {"AWS_DEFAULT_REGION": "a b"},
		"InvalidIMDSEndpointModeError": {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "x"},
	} {
		_, _, err := openWith(t, env, "", "")
		requireSettingsError(t, err, kind)
	}
	store, _, err := openWith(t, map[string]string{"AWS_ENDPOINT_URL_STS": "h:1"}, "", "us-east-1")
	require.NoError(t, err)
	_, err = store.Bucket(t.Context())
	requireSettingsError(t, err, "ValueError")
}

// TestRegionFallback checks the order: the configuration, AWS_DEFAULT_REGION, the profile,
// us-east-1.
func TestRegionFallback(t *testing.T) {
	t.Parallel()
	const profile = "[default]\nregion = from-profile\n"
	for name, c := range map[string]struct {
		env                           map[string]string
		config, lithops, want, source string
	}{
		"configuration": {map[string]string{"AWS_DEFAULT_REGION": "from-env"}, profile, "from-lithops", "from-lithops", "aws.region in configuration"},
		"environment":   {map[string]string{"AWS_DEFAULT_REGION": "from-env", "AWS_REGION": "no"}, profile, "", "from-env", "environment AWS_DEFAULT_REGION"},
		"profile":       {map[string]string{"AWS_REGION": "no"}, profile, "", "from-profile", "region of profile default in "},
		"fallback":      {nil, "", "", "us-east-1", "default"},
		"global":        {map[string]string{"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "regional"}, "", "", "aws-global", "default"},
		"not global":    {map[string]string{"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "regional", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "", "", "us-east-1", "default"},
		"FIPS":          {map[string]string{"AWS_DEFAULT_REGION": "fips-us-east-2"}, "", "", "us-east-2", "environment AWS_DEFAULT_REGION"},
	} {
		_, identity, err := openWith(t, c.env, c.config, c.lithops)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, identity.Region, name)
		assert.Contains(t, identity.RegionSource, c.source, name)
	}
}
