// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRenewalLeavesANewLogin checks that a token whose renewal was in progress when a person
// signed in anew, or out, is not written over that.
func TestRenewalLeavesANewLogin(t *testing.T) {
	t.Parallel()
	const anothers = `{"accessToken": "of another"}`
	for name, change := range map[string]struct {
		change func(path string) error
		want   string // in the file; none is no file
	}{
		"in":  {func(path string) error { return os.WriteFile(path, []byte(anothers), 0o600) }, anothers},
		"out": {os.Remove, ""},
	} {
		for kind, cache := range map[string]string{"sso": ssoCache, "login": loginCache} {
			setup, answer := ofExpiredSSO, `{"accessToken":"N","refreshToken":"R","tokenType":"Bearer","expiresIn":3600}`
			if kind == "login" {
				setup, answer = loginSetup(oldLogin), newLogin
			}
			var path string
			isAsked := false
			providers := setup.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path != "/token" && r.URL.Path != "/v1/token" {
					return testkit.Answer(r, http.StatusForbidden, nil, `{}`), nil
				}
				isAsked = true
				return testkit.Answer(r, http.StatusOK, nil, answer), change.change(path)
			}))
			home, _ := providers.Settings.Lookup("HOME")
			path = filepath.Join(home, filepath.FromSlash(cache))
			if kind == "login" {
				login := providers.Login()
				_, err := login.ask(t.Context())
				require.NoError(t, err)
			} else {
				_, err := providers.SSO().Load(t.Context())
				require.ErrorContains(t, err, "SSO, asked for role r")
			}
			require.True(t, isAsked)
			found, err := os.ReadFile(path)
			assert.Equal(t, change.want, string(found), "%s: signed %s", kind, name)
			assert.Equal(t, change.want == "", os.IsNotExist(err), "%s: signed %s", kind, name)
		}
	}
}
