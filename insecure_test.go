// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// toSource are the lines of a role that another profile assumes.
func toSource(name string) string {
	return "role_arn = arn:aws:iam::123456789012:role/r\nsource_profile = " + name + "\n"
}

// TestPlainHTTPIsAWarning checks that the log warns once for each server, without a
// request.
func TestPlainHTTPIsAWarning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env    map[string]string
		warned []string
		file   string // ~/.aws/config
	}{
		"AWS":             {nil, nil, ""},
		"https":           {map[string]string{"AWS_ENDPOINT_URL": "https://storage.example"}, nil, ""},
		"loopback":        {map[string]string{"AWS_ENDPOINT_URL": "http://127.8.9.1:9000"}, nil, ""},
		"IPv6's loopback": {map[string]string{"AWS_ENDPOINT_URL": "http://[::1]:9000"}, nil, ""},
		"localhost":       {map[string]string{"AWS_ENDPOINT_URL": "http://s3.localhost.:9000"}, nil, ""},
		"S3":              {map[string]string{"AWS_ENDPOINT_URL_S3": "http://storage.example"}, []string{"S3 is asked"}, ""},
		"both":            {map[string]string{"AWS_ENDPOINT_URL": "http://10.0.0.1"}, []string{"S3 is asked", "STS is asked", "http://10.0.0.1", "use https"}, ""},
		"a password":      {map[string]string{"AWS_ENDPOINT_URL_S3": "http://user:" + canary + "@10.0.0.1"}, []string{"http://[redacted]@10.0.0.1"}, ""},
		"SSO":             {map[string]string{"AWS_ENDPOINT_URL_SSO": "http://10.0.0.1", "AWS_ENDPOINT_URL_SSO_OIDC": "http://10.0.0.2"}, []string{"sso is asked", "sso_oidc is asked"}, "sso_account_id = 1"},
		"no SSO":          {map[string]string{"AWS_ENDPOINT_URL_SSO": "http://10.0.0.1", "AWS_ENDPOINT_URL_SIGNIN": "http://10.0.0.2"}, nil, ""},
		"sign-in":         {map[string]string{"AWS_ENDPOINT_URL_SIGNIN": "http://10.0.0.1"}, []string{"signin is asked"}, "login_session = x"},
		"SSO of a role": {
			map[string]string{"AWS_ENDPOINT_URL_SSO": "http://10.0.0.1", "AWS_ENDPOINT_URL_SSO_OIDC": "http://10.0.0.2"},
			[]string{"sso is asked", "sso_oidc is asked"},
			toSource("a") + "[profile a]\n" + toSource("b") + "[profile b]\nsso_account_id = 1",
		},
		"sign-in of a role": {
			map[string]string{"AWS_ENDPOINT_URL_SIGNIN": "http://10.0.0.1"},
			[]string{"signin is asked"},
			toSource("a") + "[profile a]\nlogin_session = x",
		},
		"roles in a circle":  {map[string]string{"AWS_ENDPOINT_URL_SSO": "http://10.0.0.1"}, nil, toSource("a") + "[profile a]\n" + toSource("default")},
		"SSO of no role":     {map[string]string{"AWS_ENDPOINT_URL_SSO": "http://10.0.0.1"}, nil, "source_profile = a\n[profile a]\nsso_account_id = 1"},
		"SSO of another one": {map[string]string{"AWS_ENDPOINT_URL_SSO": "http://10.0.0.1"}, nil, "[profile a]\nsso_account_id = 1"},
		"almost loopback":    {map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1.example"}, []string{"S3 is asked"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			home := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(home, ".aws"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(home, ".aws", "config"), []byte("[default]\n"+test.file), 0o600))
			env := map[string]string{"HOME": home}
			maps.Copy(env, test.env)
			store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, &Options{
				Logger:    slog.New(slog.NewTextHandler(&out, nil)),
				LookupEnv: testkit.Env(env),
			})
			require.NoError(t, err)
			identity, err := store.Identity(t.Context())
			require.NoError(t, err)
			assert.Equal(t, len(test.warned) > 0, len(identity.Warnings) > 0)
			if len(test.warned) == 0 {
				assert.Empty(t, out.String())
			}
			for _, part := range test.warned {
				assert.Contains(t, out.String(), part)
				assert.Contains(t, out.String(), "level=WARN")
			}
			assert.NotContains(t, out.String(), canary)
		})
	}
}
