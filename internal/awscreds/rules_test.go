// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCanRefresh has each part that a renewal of an SSO token needs.
func TestCanRefresh(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	whole := func() *ssoToken {
		return &ssoToken{fields: map[string]any{"clientId": "c", "clientSecret": "s", "refreshToken": "r", "registrationExpiresAt": "2030-01-01T00:00:01Z"}}
	}
	assert.True(t, whole().canRefresh(now))
	assert.False(t, whole().canRefresh(now.Add(time.Second)), "the registration has ended")
	for name := range whole().fields {
		for _, value := range []any{"", nil, 1.0} {
			token := whole()
			token.fields[name] = value
			assert.False(t, token.canRefresh(now), "%s: %v", name, value)
		}
	}
}

// TestSSOSessionHasEnded says what to run, for an answer that the token is not taken.
func TestSSOSessionHasEnded(t *testing.T) {
	t.Parallel()
	for errorType, want := range map[string]struct{ kind, reason string }{
		"UnauthorizedException":     {"UnauthorizedSSOTokenError", "has ended: run aws sso login"},
		"ResourceNotFoundException": {"ResourceNotFoundException", "SSO, asked for role r of account 111111111111: ResourceNotFoundException: no"},
		"TooManyRequestsException":  {"TooManyRequestsException", "TooManyRequestsException: no"},
		"InvalidRequestException":   {"InvalidRequestException", "InvalidRequestException: no"},
		"AccessDeniedException":     {"ClientError", "AccessDeniedException: no"},
	} {
		providers := ofExpiredSSO.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/token" {
				return testkit.Answer(r, http.StatusOK, nil, `{"accessToken":"N","refreshToken":"R","tokenType":"Bearer","expiresIn":3600}`), nil
			}
			return testkit.Answer(r, http.StatusUnauthorized, http.Header{"X-Amzn-Errortype": {errorType}}, `{"message":"no"}`), nil
		}))
		_, err := providers.SSO().Load(t.Context())
		var failed *Error
		require.ErrorAs(t, err, &failed, errorType)
		assert.Equal(t, want.kind, failed.Kind)
		assert.Contains(t, failed.Reason, want.reason)
	}
}

// TestLoginTokenThatIsNoFile names the file and what to run.
func TestLoginTokenThatIsNoFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for path, want := range map[string]string{folder: "is a folder", filepath.Join(folder, "missing"): "no token in "} {
		_, err := readLoginToken(path)
		var failed *Error
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, "LoginTokenLoadError", failed.Kind)
		assert.Contains(t, failed.Reason, want)
		assert.Contains(t, failed.Reason, "run aws login")
	}
}

// TestMetadataAnswers bounds answers, and returns why none came.
func TestMetadataAnswers(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, test := range []struct {
		size    int
		failure error
		want    string
	}{
		{0, nil, ""},
		{maxAnswer, nil, ""},
		{maxAnswer + 1, nil, "larger than 1048576 bytes"},
		{0, broken, "broken"},
	} {
		metadata := &Metadata{Transport: testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			if test.failure != nil {
				return nil, test.failure
			}
			return testkit.Answer(r, http.StatusAccepted, nil, strings.Repeat("x", test.size)), nil
		})}
		status, body, err := metadata.do(t.Context(), http.MethodGet, "http://127.0.0.1/", nil)
		if test.want != "" {
			require.ErrorContains(t, err, test.want)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, []int{http.StatusAccepted, test.size}, []int{status, len(body)})
	}
	_, _, err := (&Metadata{}).do(t.Context(), http.MethodGet, "http://secret\x00", nil)
	require.EqualError(t, err, "the address is not a URL")
}

// TestInstanceToken has each answer to the request for a token of IMDSv2.
func TestInstanceToken(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for _, test := range []struct {
		status  int
		failure error
		asks    int
		token   string
		isEnd   bool // IMDSv1 is not tried
	}{
		{http.StatusOK, nil, 1, "token", false},
		{http.StatusBadRequest, nil, 1, "", true},
		{http.StatusForbidden, nil, 1, "", false},
		{http.StatusNotFound, nil, 1, "", false},
		{http.StatusMethodNotAllowed, nil, 1, "", false},
		{http.StatusInternalServerError, nil, 3, "", false},
		{http.StatusUnauthorized, nil, 3, "", false},
		{0, dial, 3, "", false},
		{0, timeoutError{}, 1, "", false},
		{0, &net.OpError{Op: "dial", Err: timeoutError{}}, 3, "", false},
		{0, &net.OpError{Op: "read", Err: timeoutError{}}, 1, "", false},
		{0, &net.OpError{Op: "dial", Err: context.DeadlineExceeded}, 3, "", false},
		{0, &net.OpError{Op: "read", Err: fmt.Errorf("late: %w", context.DeadlineExceeded)}, 1, "", false},
		{0, errors.New("broken"), 3, "", false},
	} {
		asks := 0
		metadata := &Metadata{Transport: testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			asks++
			assert.Equal(t, "21600", r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"))
			if test.failure != nil {
				return nil, test.failure
			}
			return testkit.Answer(r, test.status, nil, "token"), nil
		})}
		client := &instanceClient{metadata: metadata, settings: awsconfig.Metadata{Attempts: 3, Timeout: time.Minute}, base: "http://127.0.0.1/"}
		err := client.fetchToken(t.Context())
		assert.Equal(t, test.isEnd, err != nil, "%+v", test)
		assert.Equal(t, test.token, client.token, "%+v", test)
		assert.Equal(t, test.asks, asks, "%+v", test)
	}
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// TestCheckRole has the limits in the model of STS.
func TestCheckRole(t *testing.T) {
	t.Parallel()
	providers := (&setup{}).providers(t, "http://127.0.0.1:1", nil)
	text := func(n int) *string { return aws.String(strings.Repeat("x", n)) }
	for name, test := range map[string]struct {
		least int
		set   func(in *sts.AssumeRoleInput, n int)
	}{
		"role_arn":          {20, func(in *sts.AssumeRoleInput, n int) { in.RoleArn = text(n) }},
		"role_session_name": {2, func(in *sts.AssumeRoleInput, n int) { in.RoleSessionName = text(n) }},
		"external_id":       {2, func(in *sts.AssumeRoleInput, n int) { in.ExternalId = text(n) }},
		"mfa_serial":        {9, func(in *sts.AssumeRoleInput, n int) { in.SerialNumber = text(n) }},
		"the MFA code":      {6, func(in *sts.AssumeRoleInput, n int) { in.TokenCode = text(n) }},
		"duration_seconds":  {900, func(in *sts.AssumeRoleInput, n int) { in.DurationSeconds = aws.Int32(int32(n)) }},
	} {
		in := &sts.AssumeRoleInput{RoleArn: text(20), RoleSessionName: text(2)}
		test.set(in, test.least)
		require.NoError(t, providers.checkRole("p", in), name)
		test.set(in, test.least-1)
		require.ErrorContains(t, providers.checkRole("p", in), name+" of profile p", name)
	}
}

// TestDuration has what Python's int makes of duration_seconds. Text that is no number
// leaves the default to STS.
func TestDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]*int32{
		"": nil, "x": nil, "1.5": nil, "1__0": nil, "3600": aws.Int32(3600), " 900 ": aws.Int32(900), "1_800": aws.Int32(1800),
		"\u0661\u0660\u0660\u0660": aws.Int32(1000), "99999999999": aws.Int32(math.MaxInt32), "-99999999999999999999": aws.Int32(math.MinInt32),
	} {
		assert.Equal(t, want, roleRequest(map[string]string{"duration_seconds": text}).DurationSeconds, text)
	}
}

// TestEnvironmentThatExpires has the time until which keys in the environment hold.
func TestEnvironmentThatExpires(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{"": {}, "2030-01-02T03:04:05Z": time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} {
		keys := environmentOf("AWS_ACCESS_KEY_ID", "AK", "AWS_SECRET_ACCESS_KEY", "SK", "AWS_CREDENTIAL_EXPIRATION", text)
		providers := keys.providers(t, "http://127.0.0.1:1", nil)
		found, err := providers.named(t, nameEnvironment).Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, text != "", found.CanExpire)
		assert.True(t, want.Equal(found.Expires), "%v", found.Expires)
	}
}

// TestSSOSessionIsMissing does not read the profile without its session.
func TestSSOSessionIsMissing(t *testing.T) {
	t.Parallel()
	gone := fileOf(nameSSO, ".aws/config", "[default]\nsso_session = gone\nsso_role_name = r\n")
	_, err := gone.providers(t, "http://127.0.0.1:1", nil).SSO().Load(t.Context())
	var wrong *awsconfig.Error
	require.ErrorAs(t, err, &wrong)
	assert.Contains(t, wrong.Reason, `the sso-session "gone" does not exist in `)
}

// TestUsedKeys follows source_profile from role to role, in a circle too, and not from a
// profile that assumes none.
func TestUsedKeys(t *testing.T) {
	t.Parallel()
	for profile, want := range map[string][]string{
		"a": {"role_arn", "source_profile", "mfa_serial", "region"},
		"b": {"role_arn", "source_profile", "region", "mfa_serial"},
		"c": {"source_profile", "output"},
		"d": {"role_arn", "web_identity_token_file", "source_profile"},
		"e": {"role_arn", "source_profile", "output"},
	} {
		files := fileOf("", ".aws/config", "[profile a]\nrole_arn = r\nsource_profile = b\nmfa_serial = m\n[profile b]\nrole_arn = r\nsource_profile = a\nregion = x\n"+
			"[profile c]\nsource_profile = a\noutput = json\n[profile d]\nrole_arn = r\nweb_identity_token_file = f\nsource_profile = a\n[profile e]\nrole_arn = r\nsource_profile = c\n")
		files.env = map[string]string{"AWS_PROFILE": profile}
		assert.ElementsMatch(t, want, slices.Collect(maps.Keys(files.providers(t, "http://127.0.0.1:1", nil).UsedKeys())), profile)
	}
}
