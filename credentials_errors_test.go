// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCredentialsErrorsNameFileAndLine(t *testing.T) {
	t.Parallel()
	c := scenario{Files: map[string]string{".aws/credentials": "[default]\naws_access_key_id = AK\naws_secret_access_key = CANARY\n\n[half]\naws_access_key_id = AK\n"}}
	home, lookup := c.lay(t, "")
	withProfile := func(name string) func(string) (string, bool) {
		return func(variable string) (string, bool) {
			if variable == "AWS_PROFILE" {
				return name, true
			}
			return lookup(variable)
		}
	}
	_, _, err := c.open(t, withProfile("half"), func(*session) {})
	require.ErrorContains(t, err, homedir.Abbreviate(home+"/.aws/credentials")+":5: profile half has aws_access_key_id, but no aws_secret_access_key")

	_, _, err = c.open(t, withProfile("none"), func(*session) {})
	require.ErrorContains(t, err, `the profile "none" that AWS_PROFILE names is neither in`)

	_, identity, err := c.open(t, withProfile("default"), func(*session) {})
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		assert.NotContains(t, fmt.Sprintf(verb, identity), "CANARY")
	}
	assert.Equal(t, []string{"env", "assume-role", "assume-role-with-web-identity", "sso"}, triedNames(identity.Tried))
}

// TestSpacedKeysNameFileAndLine checks that what can't be a key is refused where it is
// read.
func TestSpacedKeysNameFileAndLine(t *testing.T) {
	t.Parallel()
	const good = "aws_access_key_id = AK\naws_secret_access_key = sk-7\n"
	for name, c := range map[string]struct {
		env, files map[string]string
		want       string
	}{
		"line break in the environment": {env: map[string]string{"AWS_ACCESS_KEY_ID": "AK\n", "AWS_SECRET_ACCESS_KEY": "sk-7"}, want: "env: environment AWS_ACCESS_KEY_ID has a line break at its end"},
		"secret in the environment":     {env: map[string]string{"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "sk-7 2"}, want: "AWS_SECRET_ACCESS_KEY has white space inside"},
		"token in the environment":      {env: map[string]string{"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "sk-7", "AWS_SESSION_TOKEN": "T\r\n"}, want: "environment AWS_SESSION_TOKEN has a line break"},
		"comment in credentials": {
			files: map[string]string{".aws/credentials": "[default]\n# mine\naws_access_key_id = AK # old\naws_secret_access_key = sk-7\n"},
			want:  "credentials:3: aws_access_key_id of profile default has white space inside: AWS's files have no comments after a value",
		},
		"next line in credentials": {
			files: map[string]string{".aws/credentials": "[default]\naws_access_key_id = AK\naws_secret_access_key = sk-7\n  MORE\n"},
			want:  "credentials:3: aws_secret_access_key of profile default has a line break inside",
		},
		"token in config": {files: map[string]string{".aws/config": "[default]\n" + good + "aws_session_token = T T\n"}, want: "config:4: aws_session_token of profile default has white space"},
		"another profile": {files: map[string]string{".aws/config": "[default]\n" + good + "[profile p]\naws_access_key_id = A B\naws_secret_access_key = S\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scenario{Env: c.env, Files: c.files}
			_, lookup := s.lay(t, "")
			_, _, err := s.open(t, lookup, func(*session) {})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "sk-7")
		})
	}
}

func triedNames(tried []TriedSource) []string {
	var names []string
	for _, source := range tried {
		names = append(names, source.Source)
	}
	return names
}

// TestNoCredentialsSaysWhatWasTried checks that each source has its reason.
func TestNoCredentialsSaysWhatWasTried(t *testing.T) {
	t.Parallel()
	c := scenario{}
	_, lookup := c.lay(t, "")
	_, identity, err := c.open(t, lookup, func(*session) {})
	require.ErrorIs(t, err, ErrNoCredentials)
	assert.Len(t, identity.Tried, 12)
	for _, source := range identity.Tried {
		assert.NotEmpty(t, source.Reason, source.Source)
		assert.ErrorContains(t, err, source.Source+": "+source.Reason)
	}
}

// TestSettingsThatOnlyHurtTheirUsers checks that a wrong setting of what is never asked is
// no error.
func TestSettingsThatOnlyHurtTheirUsers(t *testing.T) {
	t.Parallel()
	keys := map[string]json.RawMessage{"aws": json.RawMessage(`{"region":"eu-west-1","access_key_id":"AK","secret_access_key":"SK"}`)}
	for name, env := range map[string]map[string]string{
		"metadata endpoint with given keys": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "junk"},
		"STS endpoint":                      {"AWS_ENDPOINT_URL_STS": "junk"},
		"empty option of STS":               {"AWS_STS_REGIONAL_ENDPOINTS": ""},
		"expiration in the basic form":      {"AWS_CREDENTIAL_EXPIRATION": "20400101T000000Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scenario{Env: env, Lithops: keys}
			_, lookup := s.lay(t, "")
			store, identity, err := s.open(t, lookup, func(*session) {})
			require.NoError(t, err)
			assert.Equal(t, "AK", identity.AccessKeyID)
			if env["AWS_ENDPOINT_URL_STS"] != "" {
				_, err = store.Bucket(t.Context())
				require.ErrorContains(t, err, "AWS_ENDPOINT_URL_STS", "the bucket's name needs STS")
			}
		})
	}
}
