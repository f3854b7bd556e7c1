// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	signintypes "github.com/aws/aws-sdk-go-v2/service/signin/types"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/sso/types"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLacking has each result of each service, whole and without each of its parts.
func TestLacking(t *testing.T) {
	t.Parallel()
	text := aws.String
	some := time.Unix(1, 0)
	role := &ststypes.Credentials{AccessKeyId: text("AK"), SecretAccessKey: text("SK"), Expiration: &some}
	login := func(change func(*signintypes.CreateOAuth2TokenResponseBody)) *signin.CreateOAuth2TokenOutput {
		body := &signintypes.CreateOAuth2TokenResponseBody{
			AccessToken: &signintypes.AccessToken{AccessKeyId: text("AK"), SecretAccessKey: text("SK"), SessionToken: text("T")},
			ExpiresIn:   aws.Int32(1), RefreshToken: text("R"),
		}
		change(body)
		return &signin.CreateOAuth2TokenOutput{TokenOutput: body}
	}
	token := func(accessToken string, seconds int32, kind *string) *ssooidc.CreateTokenOutput {
		return &ssooidc.CreateTokenOutput{AccessToken: &accessToken, ExpiresIn: seconds, TokenType: kind}
	}
	for _, test := range []struct {
		result any
		want   string // in the error; "" for none
	}{
		{&sts.AssumeRoleOutput{}, "is empty"},
		{&sts.AssumeRoleOutput{Credentials: role}, ""},
		{&sts.AssumeRoleOutput{Credentials: &ststypes.Credentials{}}, "no access key ID"},
		{&sts.AssumeRoleWithWebIdentityOutput{}, "is empty"},
		{&sts.AssumeRoleWithWebIdentityOutput{Credentials: role}, ""},
		{&sts.AssumeRoleWithWebIdentityOutput{Credentials: &ststypes.Credentials{AccessKeyId: text("AK")}}, "no secret access key"},
		{&sso.GetRoleCredentialsOutput{}, "is empty"},
		{&sso.GetRoleCredentialsOutput{RoleCredentials: &ssotypes.RoleCredentials{AccessKeyId: text("AK"), SecretAccessKey: text("SK"), Expiration: 1}}, ""},
		{&sso.GetRoleCredentialsOutput{RoleCredentials: &ssotypes.RoleCredentials{AccessKeyId: text("AK"), SecretAccessKey: text("SK")}}, "no expiration"},
		{&sts.GetCallerIdentityOutput{}, "is empty"},
		{&sts.GetCallerIdentityOutput{Account: text("1")}, "no UserId"},
		{&sts.GetCallerIdentityOutput{UserId: text("U")}, ""},
		{&sts.GetCallerIdentityOutput{UserId: text("U"), Account: text("1")}, ""},
		{&ssooidc.CreateTokenOutput{}, "is empty"},
		{token("T", 1, text("Bearer")), ""},
		{token("T", 1, text("bearer")), ""},
		{token("", 1, text("Bearer")), "no access token"},
		{token("T", 0, text("Bearer")), "no time"},
		{token("T", -1, text("Bearer")), "no time"},
		{token("T", 1, nil), "no bearer's"},
		{token("T\n", 1, text("Bearer")), "line break"},
		{&signin.CreateOAuth2TokenOutput{}, "is empty"},
		{login(func(*signintypes.CreateOAuth2TokenResponseBody) {}), ""},
		{login(func(b *signintypes.CreateOAuth2TokenResponseBody) { b.AccessToken = nil }), "is empty"},
		{login(func(b *signintypes.CreateOAuth2TokenResponseBody) { b.AccessToken.AccessKeyId = nil }), "no access key ID"},
		{login(func(b *signintypes.CreateOAuth2TokenResponseBody) { b.AccessToken.SessionToken = nil }), "no session token"},
		{login(func(b *signintypes.CreateOAuth2TokenResponseBody) { b.RefreshToken = text("") }), "no refresh token"},
		{login(func(b *signintypes.CreateOAuth2TokenResponseBody) { b.ExpiresIn = nil }), "no expiration"},
		{login(func(b *signintypes.CreateOAuth2TokenResponseBody) { b.ExpiresIn = aws.Int32(0) }), "expired already"},
		{login(func(b *signintypes.CreateOAuth2TokenResponseBody) { b.ExpiresIn = aws.Int32(-1) }), "expired already"},
		{login(func(b *signintypes.CreateOAuth2TokenResponseBody) { b.AccessToken.SecretAccessKey = text("S K") }), "white space"},
		{"another", "of type string is not known"},
	} {
		err := lacking(test.result)
		if test.want == "" {
			require.NoError(t, err, "%+v", test.result)
		} else {
			require.ErrorContains(t, err, test.want, "%+v", test.result)
		}
	}
}

// TestServiceFailure has what became of a request, botocore's exception for it, and what
// is left of the error.
func TestServiceFailure(t *testing.T) {
	t.Parallel()
	inner := errors.New("inner")
	answered := func(status int, err error) error {
		return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}
	}
	for _, test := range []struct {
		err          error
		kind, reason string
	}{
		{errEmptyAnswer, kindRetrieval, "the answer (HTTP 200) is empty, or is not the service's"},
		{answered(200, errEmptyAnswer), kindRetrieval, "the answer (HTTP 200) is empty, or is not the service's"},
		{answered(400, &smithy.GenericAPIError{Code: "UnknownError", Message: "words"}), "ClientError", "the answer is an error without a code"},
		{answered(400, &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}), "ClientError", "AccessDenied: no"},
		{answered(400, &smithy.GenericAPIError{Code: "Modelled", Message: "no"}), "ModelledException", "Modelled: no"},
		{answered(502, inner), "ClientError", "HTTP 502 Bad Gateway, with a body that is not the service's"},
		{answered(0, inner), "EndpointConnectionError", "inner"},
		{inner, "EndpointConnectionError", "inner"},
	} {
		kind, reason := serviceFailure(test.err, map[string]string{"Modelled": "ModelledException"})
		assert.Equal(t, []string{test.kind, test.reason}, []string{kind, reason}, "%v", test.err)
		var status interface{ HTTPStatusCode() int }
		require.NotErrorAs(t, withoutAnswer(test.err), &status, "%v", test.err)
	}
	require.ErrorIs(t, withoutAnswer(answered(502, inner)), inner)
	assert.Equal(t, inner, withoutAnswer(inner))
}

const metadataKeys = `{"AccessKeyId":"AK","SecretAccessKey":"SK","Token":"T","Expiration":"2040-01-01T00:00:00Z"}`

// TestContainer has what the service of a container is asked, how often, and what comes
// of its answer.
func TestContainer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, broken := filepath.Join(folder, "token"), filepath.Join(folder, "broken")
	require.NoError(t, os.WriteFile(file, []byte("from the file"), 0o600))
	require.NoError(t, os.WriteFile(broken, []byte("a\r\nb"), 0o600))
	latin := filepath.Join(folder, "latin")
	require.NoError(t, os.WriteFile(latin, []byte("tok\xe9n"), 0o600))
	full := map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/full"}
	with := func(pairs ...string) map[string]string {
		env := map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/full"}
		for i := 0; i+1 < len(pairs); i += 2 {
			env[pairs[i]] = pairs[i+1]
		}
		return env
	}
	for name, test := range map[string]struct {
		env       map[string]string
		status    int
		body      string
		url       string
		token     string
		asked     int
		kind, err string
	}{
		"full":           {full, 200, metadataKeys, "http://127.0.0.1:1/full", "", 1, "", ""},
		"relative":       {with("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/path"), 200, metadataKeys, "http://169.254.170.2/path", "", 1, "", ""},
		"a token":        {with("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token"), 200, metadataKeys, "http://127.0.0.1:1/full", "token", 1, "", ""},
		"a file first":   {with("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file), 200, metadataKeys, "http://127.0.0.1:1/full", "from the file", 1, "", ""},
		"no file":        {with("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file+"x"), 200, metadataKeys, "", "", 0, "FileNotFoundError", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"},
		"a folder":       {with("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", folder), 200, metadataKeys, "", "", 0, "IsADirectoryError", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE " + folder + ": is a folder"},
		"not UTF-8":      {with("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", latin), 200, metadataKeys, "", "", 0, "UnicodeDecodeError", "is not UTF-8"},
		"two lines":      {with("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", broken), 200, metadataKeys, "", "", 0, "ValueError", "has a line break"},
		"a status":       {full, 500, metadataKeys, "http://127.0.0.1:1/full", "", 3, kindRetrieval, "asked 3 times: HTTP 500"},
		"no JSON":        {full, 200, "<html>", "http://127.0.0.1:1/full", "", 3, kindRetrieval, "is not JSON"},
		"a list":         {full, 200, "[1]", "http://127.0.0.1:1/full", "", 1, kindRetrieval, "something else than a JSON object"},
		"no token in it": {full, 200, `{"AccessKeyId":"AK","SecretAccessKey":"SK","Expiration":"2040-01-01T00:00:00Z"}`, "http://127.0.0.1:1/full", "", 1, "KeyError", "without Token"},
		"no time":        {full, 200, strings.Replace(metadataKeys, "2040", "x", 1), "http://127.0.0.1:1/full", "", 1, kindParser, "Expiration"},
		"no secret":      {full, 200, strings.Replace(metadataKeys, `"SK"`, "null", 1), "http://127.0.0.1:1/full", "", 1, kindRetrieval, "empty"},
	} {
		var waits []time.Duration
		asked := 0
		m := &Metadata{
			Sleep: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil },
			Transport: testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
				asked++
				assert.Equal(t, []string{test.url, test.token}, []string{r.URL.String(), r.Header.Get("Authorization")}, name)
				return testkit.Answer(r, test.status, nil, test.body), nil
			}),
		}
		found, err := m.container(t.Context(), testkit.Env(test.env))
		assert.Equal(t, test.asked, asked, name)
		assert.Len(t, waits, max(0, test.asked-1), name)
		if test.kind == "" {
			require.NoError(t, err, name)
			assert.Equal(t, []string{"AK", "SK", "T"}, []string{found.AccessKeyID, found.SecretAccessKey, found.SessionToken}, name)
			continue
		}
		var known *Error
		require.ErrorAs(t, err, &known, name)
		assert.Equal(t, test.kind, known.Kind, name)
		require.ErrorContains(t, err, test.err, name)
	}
}

// TestContainerIsCanceled ends the wait between two attempts.
func TestContainerIsCanceled(t *testing.T) {
	t.Parallel()
	asked := 0
	mine := errors.New("mine")
	m := &Metadata{
		Sleep:     func(context.Context, time.Duration) error { return mine },
		Transport: testkit.RoundTripper(func(*http.Request) (*http.Response, error) { asked++; return nil, io.EOF }),
	}
	_, err := m.container(t.Context(), testkit.Env(map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"}))
	require.ErrorIs(t, err, mine)
	assert.Equal(t, 1, asked)
}

// TestInstance has the three requests to an instance's metadata service.
func TestInstance(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		token, role, keys int // statuses
		body              string
		v1Disabled        bool
		want, kind        string // of the error
	}{
		"all":              {200, 200, 200, metadataKeys, false, "", ""},
		"no token":         {404, 200, 200, metadataKeys, false, "", ""},
		"no token, v2":     {404, 200, 200, metadataKeys, true, "IMDSv1 is disabled", "MetadataRetrievalError"},
		"token, v2":        {200, 200, 200, metadataKeys, true, "", ""},
		"a bad request":    {400, 200, 200, metadataKeys, false, "no answer", ""},
		"no role":          {200, 404, 200, metadataKeys, false, "HTTP 404", ""},
		"no keys":          {200, 200, 500, metadataKeys, false, "HTTP 500", ""},
		"no JSON":          {200, 200, 200, "<html>", false, "is not JSON", ""},
		"no object":        {200, 200, 200, "[1]", false, "is not a JSON object", ""},
		"an empty answer":  {200, 200, 200, "", false, "is empty", ""},
		"no secret":        {200, 200, 200, strings.Replace(metadataKeys, `"SK"`, `""`, 1), false, "has no SecretAccessKey", ""},
		"a time that none": {200, 200, 200, strings.Replace(metadataKeys, "2040", "x", 1), false, "Expiration", kindParser},
	} {
		asked := 0
		m := &Metadata{Transport: testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			asked++
			if r.Method == http.MethodPut {
				return testkit.Answer(r, test.token, nil, "token"), nil
			}
			assert.Equal(t, test.token == 200, r.Header.Get("X-Aws-Ec2-Metadata-Token") == "token", name)
			if strings.HasSuffix(r.URL.Path, "/role") {
				return testkit.Answer(r, test.keys, nil, test.body), nil
			}
			return testkit.Answer(r, test.role, nil, "role"), nil
		})}
		of := ofInstance
		settings := of.providers(t, "http://127.0.0.1:1", nil).Instances
		settings.V1Disabled = test.v1Disabled
		found, err := m.instance(t.Context(), settings)
		assert.Equal(t, name == "no role", asked == 2, "%s: no keys are asked for without a role", name)
		if test.want == "" {
			require.NoError(t, err, name)
			assert.Equal(t, "AK", found.AccessKeyID, name)
			continue
		}
		require.ErrorContains(t, err, test.want, name)
		var reason skip
		var known *Error
		assert.Equal(t, test.kind == "", errors.As(err, &reason), name)
		if errors.As(err, &known) {
			assert.Equal(t, test.kind, known.Kind, name)
		}
	}
}

// TestInstanceAddress checks what a path is appended to.
func TestInstanceAddress(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:1": "http://127.0.0.1:1/latest/api/token", "http://127.0.0.1:1/x/": "http://127.0.0.1:1/x/latest/api/token",
		"http://127.0.0.1:1//": "http://127.0.0.1:1//latest/api/token", "": "http://169.254.169.254/latest/api/token",
	} {
		asked := ""
		m := &Metadata{Transport: testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.String()
			return testkit.Answer(r, http.StatusBadRequest, nil, ""), nil
		})}
		_, err := m.instance(t.Context(), awsconfig.Metadata{Endpoint: endpoint, Attempts: 1, Timeout: time.Minute})
		require.Error(t, err)
		assert.Equal(t, want, asked)
	}
}

// TestExtendWindow holds botocore's window, which is 17 to 25 minutes by chance.
func TestExtendWindow(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	least, most := time.Hour, time.Duration(0)
	for range 2000 {
		window := extend(now, now).Sub(now)
		least, most = min(least, window), max(most, window)
	}
	assert.InDelta(t, float64(17*time.Minute), float64(least), float64(30*time.Second))
	assert.InDelta(t, float64(25*time.Minute), float64(most), float64(30*time.Second))
	assert.Less(t, most, 25*time.Minute)
	assert.GreaterOrEqual(t, least, 17*time.Minute)
}

// TestWindows holds when credentials are renewed, by how long they last.
func TestWindows(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	for lifetime, want := range map[time.Duration][2]time.Duration{ // before their end
		time.Hour:        {15 * time.Minute, 10 * time.Minute},
		30 * time.Minute: {15 * time.Minute, 10 * time.Minute},
		24 * time.Minute: {12 * time.Minute, 8 * time.Minute},
		15 * time.Minute: {450 * time.Second, 5 * time.Minute},
	} {
		end := now.Add(lifetime)
		held := hold(aws.Credentials{CanExpire: true, Expires: end}, now)
		assert.Equal(t, want, [2]time.Duration{end.Sub(held.advisory), end.Sub(held.mandatory)}, "%s", lifetime)
		assert.False(t, held.needs(held.advisory, held.advisory))
		assert.True(t, held.needs(held.advisory, held.advisory.Add(1)))
	}
	held := hold(aws.Credentials{}, now)
	assert.False(t, held.needs(held.mandatory, now), "they last for ever")
	assert.True(t, held.claim(now))
	assert.False(t, held.claim(now.Add(advisoryPause-1)))
	assert.True(t, held.claim(now.Add(advisoryPause)))
}

// TestRefresherAsksOnce asks no more while credentials hold, whoever renewed them.
func TestRefresherAsksOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	r := NewRefresher(func(context.Context) (aws.Credentials, error) {
		asked++
		return aws.Credentials{AccessKeyID: "AK"}, nil
	})
	for range 3 {
		_, err := r.Retrieve(t.Context())
		require.NoError(t, err)
	}
	_, err := r.renew(t.Context()) // of a caller that looked before
	require.NoError(t, err)
	assert.Equal(t, 1, asked)
}

// TestReadSSOToken has what a cached token must have.
func TestReadSSOToken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token.json")
	const valid = `{"accessToken":"T","expiresAt":"2040-01-01T00:00:00Z"}`
	for content, want := range map[string][2]string{
		valid:                  {},
		"[1]":                  {"SSOTokenLoadError", "is not a JSON object"},
		"{}":                   {"SSOTokenLoadError", "has no accessToken"},
		`{"accessToken":"T"}`:  {"SSOTokenLoadError", "no expiresAt"},
		`{"expiresAt":"2040"}`: {"SSOTokenLoadError", "has no accessToken"},
		`{"accessToken":"T\n",` + valid[len(`{"accessToken":"T",`):]: {"ValueError", "accessToken has a line break"},
		strings.Replace(valid, "2040", "x", 1):                       {kindParser, "expiresAt"},
	} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		token, err := readSSOToken(path)
		if want[0] == "" {
			require.NoError(t, err, content)
			assert.Equal(t, 2040, token.expires().Year())
			assert.True(t, token.time("registrationExpiresAt").IsZero())
			continue
		}
		var known *Error
		require.ErrorAs(t, err, &known, content)
		assert.Equal(t, want[0], known.Kind, content)
		require.ErrorContains(t, err, want[1], content)
	}
	_, err := readSSOToken(filepath.Dir(path))
	require.Error(t, err)
	_, err = loadSSOToken(t.TempDir(), "session")
	require.ErrorContains(t, err, "no token for session")
}

// TestShortestValues has the least lengths of the model of STS, to the character.
func TestShortestValues(t *testing.T) {
	t.Parallel()
	role := strings.Repeat("r", 20)
	for name, test := range map[string]struct {
		role, session, token string
		isValid              bool
	}{
		"shortest":        {role, "se", "toke", true},
		"a short role":    {role[1:], "se", "toke", false},
		"a short session": {role, "s", "toke", false},
		"a short token":   {role, "se", "tok", false},
	} {
		s := setup{provider: nameWebIdentity, files: map[string]string{"token": test.token}, env: map[string]string{
			"AWS_WEB_IDENTITY_TOKEN_FILE": "{HOME}/token", "AWS_ROLE_ARN": test.role, "AWS_ROLE_SESSION_NAME": test.session,
		}}
		providers := s.providers(t, "http://127.0.0.1:1", nil)
		_, err := readWebIdentity(providers.Settings, "default", providers.Settings.Lookup)
		assert.Equal(t, test.isValid, err == nil, "%s: %v", name, err)
	}
}

// TestProfileOnly leaves the environment's variables out if a profile is chosen.
func TestProfileOnly(t *testing.T) {
	t.Parallel()
	for _, isOnly := range []bool{false, true} {
		for _, s := range []setup{ofWebIdentity, {provider: nameEnvironment, env: map[string]string{"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}}} {
			providers := s.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
				return testkit.Answer(r, http.StatusOK, nil, conversations()["web identity"].answer(issued{"AK", "SK", "T", "2040-01-01T00:00:00Z"})), nil
			}))
			providers.ProfileOnly = isOnly
			provider := providers.named(t, s.provider)
			_, err := provider.ask(t.Context())
			var reason skip
			assert.Equal(t, isOnly, errors.As(err, &reason), "%s: %v", s.provider, err)
			assert.Equal(t, isOnly, err != nil, "%s: %v", s.provider, err)
		}
	}
}

// TestRoleOfTheEnvironment checks that a role's credential_source is the environment for a
// chosen profile too, as in botocore.
func TestRoleOfTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, isOnly := range []bool{false, true} {
		s := roleSetup("credential_source = Environment\n")
		s.env = map[string]string{"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "SK"}
		providers := s.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			assert.Contains(t, r.Header.Get("Authorization"), "Credential=AKENV/")
			return testkit.Answer(r, http.StatusOK, nil, conversations()["role"].answer(issued{"AR", "SK", "T", "2040-01-01T00:00:00Z"})), nil
		}))
		providers.ProfileOnly = isOnly
		found, err := providers.AssumeRole().Load(t.Context())
		require.NoError(t, err, isOnly)
		assert.Equal(t, "AR", found.AccessKeyID)
	}
}

// TestOptionsOfSTS has the retry policy of the caller's, and a region that signs.
func TestOptionsOfSTS(t *testing.T) {
	t.Parallel()
	mine := retry.NewStandard()
	services := &Services{Backoff: s3http.Backoff, Retryer: func() aws.Retryer { return mine }}
	services.Settings.SigningRegion = "aws-global"
	assert.Equal(t, mine.MaxAttempts(), services.STS(aws.AnonymousCredentials{}).Options().Retryer.MaxAttempts())
	assert.Equal(t, "us-east-1", services.signin(awsconfig.Service{}).Options().Region)
	services.Retryer, services.Settings.SigningRegion = nil, "eu-west-1"
	assert.Equal(t, Attempts, services.STS(aws.AnonymousCredentials{}).Options().Retryer.MaxAttempts())
	assert.Equal(t, "eu-west-1", services.signin(awsconfig.Service{}).Options().Region)
	services.Settings.Attempts = 2 // AWS_MAX_ATTEMPTS
	for name, retryer := range map[string]aws.Retryer{
		"sts": services.STS(aws.AnonymousCredentials{}).Options().Retryer, "sso": services.sso("eu-west-1", awsconfig.Service{}).Options().Retryer,
		"oidc": services.oidc("eu-west-1", awsconfig.Service{}).Options().Retryer, "signin": services.signin(awsconfig.Service{}).Options().Retryer,
	} {
		assert.Equal(t, 2, retryer.MaxAttempts(), name)
	}
	for _, observer := range []*s3http.Observer{nil, {}} {
		services.Observer = observer
		assert.Equal(t, observer != nil, services.client().Peer.IsObserved)
	}
}

// TestBoundBuffer takes maxAnswer bytes and stops the process with the next.
func TestBoundBuffer(t *testing.T) {
	t.Parallel()
	stopped := 0
	buffer := &boundBuffer{stop: func() { stopped++ }}
	n, err := buffer.Write(make([]byte, maxAnswer))
	require.NoError(t, err)
	assert.Equal(t, maxAnswer, n)
	assert.Zero(t, stopped)
	_, err = buffer.Write([]byte("x"))
	require.ErrorIs(t, err, errFull)
	assert.Equal(t, 1, stopped)
}

// TestProcessAnswer has what a process may print for a session token.
func TestProcessAnswer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", `,"SessionToken":"T"`: "T", `,"SessionToken":null`: "", `,"sessiontoken":"T"`: ""} {
		found, err := parseProcess("name", fmt.Appendf(nil, `{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"SK"%s}`, text))
		require.NoError(t, err, text)
		assert.Equal(t, want, found.SessionToken, text)
	}
}

// TestSSOWithoutSession has a profile with a start URL of its own, whose token is not renewed.
func TestSSOWithoutSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const profile = "[default]\nsso_start_url = session\nsso_region = us-east-1\nsso_account_id = 111111111111\nsso_role_name = r\n"
		s := setup{provider: nameSSO, files: map[string]string{".aws/config": profile, ssoCache: oldToken}}
		provider := s.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(*http.Request) (*http.Response, error) {
			t.Error("a request was sent")
			return nil, io.EOF
		})).SSO()
		_, err := provider.ask(t.Context())
		var known *Error
		require.ErrorAs(t, err, &known)
		assert.Equal(t, "UnauthorizedSSOTokenError", known.Kind)
	})
}

// TestWrongEndpoints has the services whose endpoint is set and is no URL: nothing is
// asked.
func TestWrongEndpoints(t *testing.T) {
	t.Parallel()
	for variable, of := range map[string]setup{
		"AWS_ENDPOINT_URL_STS": ofWebIdentity, "AWS_ENDPOINT_URL_SSO": ofSSO, "AWS_ENDPOINT_URL_SSO_OIDC": ofExpiredSSO, "AWS_ENDPOINT_URL_SIGNIN": ofLogin,
	} {
		env := map[string]string{variable: "no URL"}
		for name, value := range of.env {
			env[name] = value
		}
		of.env = env
		provider := of.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			t.Error("a request was sent", variable, r.URL)
			return nil, io.EOF
		})).named(t, of.provider)
		_, err := provider.ask(t.Context())
		require.Error(t, err, variable)
	}
}

// TestReloadOfLogin takes the token of another process if it holds longer, and holds.
func TestReloadOfLogin(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	inAnHour := at(time.Hour)
	for name, test := range map[string]struct {
		held, fresh string
		want        bool
	}{
		"later":            {at(time.Minute), loginOf(at(time.Hour)), true},
		"held has ended":   {at(-time.Hour), loginOf(at(time.Hour)), true},
		"earlier":          {at(time.Hour), loginOf(at(time.Minute)), false},
		"the same":         {inAnHour, loginOf(inAnHour), false},
		"both have ended":  {at(-time.Hour), loginOf(at(-time.Minute)), false},
		"it can't be read": {at(-time.Hour), "{}", false},
	} {
		path := filepath.Join(t.TempDir(), "token.json")
		require.NoError(t, os.WriteFile(path, []byte(loginOf(test.held)), 0o600))
		token, err := readLoginToken(path)
		require.NoError(t, err, name)
		require.NoError(t, os.WriteFile(path, []byte(test.fresh), 0o600))
		assert.Equal(t, test.want, token.reload(), name)
	}
}

// TestParameterValidation leaves the limits of a role's parameters to STS if the setting
// of botocore says so.
func TestParameterValidation(t *testing.T) {
	t.Parallel()
	for setting, isChecked := range map[string]bool{"": true, "true": true, "false": false, "False": false} {
		s := setup{provider: nameAssumeRole, files: map[string]string{".aws/config": "[default]\nparameter_validation = " + setting + "\n"}}
		err := s.providers(t, "http://127.0.0.1:1", nil).checkRole("default", &sts.AssumeRoleInput{RoleArn: aws.String("short")})
		assert.Equal(t, isChecked, err != nil, "%q: %v", setting, err)
	}
}
