// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const newLogin = `{"accessToken":{"accessKeyId":"NEW","secretAccessKey":"NEWSK","sessionToken":"NEWT"},"tokenType":"aws_sigv4","refreshToken":"NEWR","expiresIn":900}`

// loginWith returns the provider of a login whose cache has token, and the cache's path.
func loginWith(t *testing.T, token string, answer testkit.RoundTripper) (login Provider, path string) {
	t.Helper()
	of := loginSetup(token)
	providers := of.providers(t, "http://127.0.0.1:1", answer)
	home, _ := providers.Settings.Lookup("HOME")
	return providers.Login(), filepath.Join(home, filepath.FromSlash(loginCache))
}

// TestLoginIsRenewed by a request that is signed with the key of the login only, and the
// cache keeps what it does not know.
func TestLoginIsRenewed(t *testing.T) {
	t.Parallel()
	soon := time.Now().Add(4 * time.Minute).UTC().Format(time.RFC3339)
	for name, old := range map[string]string{"ended": oldLogin, "about to end": loginOf(soon)} {
		var asked *http.Request
		var body []byte
		login, path := loginWith(t, old, func(r *http.Request) (*http.Response, error) {
			asked = r
			body, _ = io.ReadAll(r.Body)
			return testkit.Answer(r, http.StatusOK, nil, newLogin), nil
		})
		found, err := login.ask(t.Context())
		require.NoError(t, err, name)
		assert.Equal(t, "NEW", found.AccessKeyID)
		assert.Equal(t, "NEWSK", found.SecretAccessKey)
		assert.Equal(t, "NEWT", found.SessionToken)
		assert.Equal(t, "123456789012", found.AccountID)
		assert.WithinDuration(t, time.Now().Add(15*time.Minute), found.Expires, time.Minute)
		assert.True(t, found.CanExpire)
		assert.Equal(t, nameLogin, found.Source)

		assert.Equal(t, "/v1/token", asked.URL.Path)
		assert.Empty(t, asked.Header.Get("Authorization"))
		assert.Len(t, strings.Split(asked.Header.Get("DPoP"), "."), 3, "a JSON web token")
		var sent map[string]any
		require.NoError(t, json.Unmarshal(body, &sent))
		assert.Equal(t, map[string]any{"clientId": "arn:aws:signin:::devtools/same-device", "grantType": "refresh_token", "refreshToken": "OLDR"}, sent)

		info, err := os.Stat(path)
		require.NoError(t, err)
		testkit.AssertMode(t, 0o600, info.Mode())
		token, err := readLoginToken(path)
		require.NoError(t, err)
		assert.Equal(t, "kept", token.fields["unknown"])
		assert.Equal(t, "NEWR", token.fields["refreshToken"])
		assert.Equal(t, "NEW", token.credentials().AccessKeyID)
		asked = nil
		found, err = login.ask(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "NEW", found.AccessKeyID)
		assert.Nil(t, asked, "the cache holds for 15 minutes")
	}
}

// TestLoginThatIsRefused has botocore's exceptions, and keeps the old credentials while
// they hold.
func TestLoginThatIsRefused(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct{ kind, text string }{
		"TOKEN_EXPIRED":            {"LoginRefreshRequired", "the login of profile default: the session has ended: run aws login"},
		"USER_CREDENTIALS_CHANGED": {"LoginRefreshRequired", "the password has changed: run aws login"},
		"INSUFFICIENT_PERMISSIONS": {"LoginInsufficientPermissions", "signin:CreateOAuth2Token"},
		"OTHER":                    {"AccessDeniedException", "AWS sign-in: AccessDeniedException: no"},
	} {
		answer := func(r *http.Request) (*http.Response, error) {
			return testkit.Answer(r, http.StatusForbidden, http.Header{"X-Amzn-Errortype": {"AccessDeniedException"}}, `{"error":"`+code+`","message":"no"}`), nil
		}
		login, _ := loginWith(t, oldLogin, answer)
		_, err := login.ask(t.Context())
		var failed *Error
		require.ErrorAs(t, err, &failed, code)
		assert.Equal(t, want.kind, failed.Kind)
		assert.Contains(t, failed.Reason, want.text)
		for _, secret := range []string{"OLDR", "OLDSK", "OLDT"} {
			assert.NotContains(t, err.Error(), secret)
		}

		login, _ = loginWith(t, loginOf(time.Now().Add(time.Minute).UTC().Format(time.RFC3339)), answer)
		found, err := login.ask(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "OLD", found.AccessKeyID)
	}
}

// TestTwoProcessesRenewOneLogin checks that the token of the faster process is used.
func TestTwoProcessesRenewOneLogin(t *testing.T) {
	t.Parallel()
	var path string
	login, path := loginWith(t, oldLogin, func(r *http.Request) (*http.Response, error) {
		winner := strings.ReplaceAll(loginOf("2040-01-01T00:00:00Z"), "OLD", "WINNER")
		if err := os.WriteFile(path, []byte(winner), 0o600); err != nil {
			return nil, err
		}
		return testkit.Answer(r, http.StatusForbidden, http.Header{"X-Amzn-Errortype": {"AccessDeniedException"}}, `{"error":"TOKEN_EXPIRED"}`), nil
	})
	found, err := login.ask(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "WINNER", found.AccessKeyID)
}

// TestLoginWithoutAnswer is tried as often as every service, and named.
func TestLoginWithoutAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		login, _ := loginWith(t, oldLogin, func(*http.Request) (*http.Response, error) {
			asked++
			return nil, errors.New("the wire broke")
		})
		_, err := login.ask(t.Context())
		var failed *Error
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, "EndpointConnectionError", failed.Kind)
		assert.Contains(t, failed.Reason, "AWS sign-in: cannot reach http://127.0.0.1:1 (the wire broke)")
		assert.Equal(t, Attempts, asked)
	})
}
