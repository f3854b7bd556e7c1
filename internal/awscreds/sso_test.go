// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTwoProcessesRenewOneToken checks that the second process takes the token that the
// first wrote, also a moment later, because a refresh token works once.
func TestTwoProcessesRenewOneToken(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]time.Duration{"at once": 0, "a moment later": time.Second, "never": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				used, path := "", ""
				var group sync.WaitGroup
				providers := ofExpiredSSO.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path != "/token" {
						used = r.Header.Get("X-Amz-Sso_bearer_token")
						return testkit.Answer(r, http.StatusOK, nil, fmt.Sprintf(`{"roleCredentials":{"accessKeyId":"AK","secretAccessKey":"SK","sessionToken":"T","expiration":%d}}`, time.Now().Add(time.Hour).UnixMilli())), nil
					}
					group.Go(func() {
						time.Sleep(late)
						_ = os.WriteFile(path, []byte(`{"accessToken":"winner","expiresAt":"2040-01-01T00:00:00Z"}`), 0o600)
					})
					if late == 0 {
						group.Wait()
					}
					return testkit.Answer(r, http.StatusBadRequest, http.Header{"X-Amzn-Errortype": {"InvalidGrantException"}}, `{"error":"invalid_grant"}`), nil
				}))
				home, _ := providers.Settings.Lookup("HOME")
				path = filepath.Join(home, ssoCache)
				began := time.Now()
				_, err := providers.SSO().Load(t.Context())
				took := time.Since(began)
				group.Wait()
				if late > time.Minute {
					assert.Equal(t, 2*time.Second, took)
					require.ErrorContains(t, err, "the token for session has expired and could not be renewed (SSO OIDC: InvalidGrantException")
					return
				}
				require.NoError(t, err)
				assert.Equal(t, "winner", used)
			})
		})
	}
}

// TestRenewedTokenIsKept checks that the cache has the new tokens and its other entries,
// and that only this user can read it.
func TestRenewedTokenIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		providers := ofExpiredSSO.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/token" {
				assert.Equal(t, "N", r.Header.Get("X-Amz-Sso_bearer_token"))
				return testkit.Answer(r, http.StatusForbidden, nil, `{}`), nil
			}
			return testkit.Answer(r, http.StatusOK, nil, `{"accessToken":"N","refreshToken":"R","tokenType":"Bearer","expiresIn":3600}`), nil
		}))
		_, err := providers.SSO().Load(t.Context())
		require.ErrorContains(t, err, "SSO, asked for role r of account 111111111111")
		home, _ := providers.Settings.Lookup("HOME")
		data, err := os.ReadFile(filepath.Join(home, ssoCache))
		require.NoError(t, err)
		for _, part := range []string{`"accessToken":"N"`, `"refreshToken":"R"`, `"clientSecret":"s"`, `"expiresAt":"2000-01-01T01:00:00Z"`} {
			assert.Contains(t, string(data), part)
		}
		assert.False(t, strings.Contains(string(data), `"T"`))
	})
}
