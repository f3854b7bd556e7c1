// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	signintypes "github.com/aws/aws-sdk-go-v2/service/signin/types"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A static is a setup of a provider that makes no request, and what comes of it: an
// access key and token, the kind of an error, or a reason to skip.
type static struct {
	setup
	id, token  string
	kind, skip string
	text       string // in the error
}

const bothKeys = "aws_access_key_id = AK\naws_secret_access_key = SK\n"

func environmentOf(pairs ...string) setup {
	env := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	return setup{provider: nameEnvironment, env: env}
}

func loginSetup(token string) setup {
	return setup{provider: nameLogin, files: map[string]string{".aws/config": "[default]\nlogin_session = session\n", loginCache: token}}
}

func fileOf(provider, name, text string) setup {
	return setup{provider: provider, files: map[string]string{name: text}}
}

var statics = map[string]static{
	"env":                 {setup: environmentOf("AWS_ACCESS_KEY_ID", "AK", "AWS_SECRET_ACCESS_KEY", "SK"), id: "AK"},
	"env, session token":  {setup: environmentOf("AWS_ACCESS_KEY_ID", "AK", "AWS_SECRET_ACCESS_KEY", "SK", "AWS_SESSION_TOKEN", "T"), id: "AK", token: "T"},
	"env, both tokens":    {setup: environmentOf("AWS_ACCESS_KEY_ID", "AK", "AWS_SECRET_ACCESS_KEY", "SK", "AWS_SESSION_TOKEN", "T", "AWS_SECURITY_TOKEN", "S"), id: "AK", token: "S"},
	"env, no key":         {setup: environmentOf("AWS_SECRET_ACCESS_KEY", "SK"), skip: "AWS_ACCESS_KEY_ID is not set"},
	"env, no secret":      {setup: environmentOf("AWS_ACCESS_KEY_ID", "AK"), kind: kindPartial, text: "AWS_SECRET_ACCESS_KEY is not"},
	"env, blank in key":   {setup: environmentOf("AWS_ACCESS_KEY_ID", "A K", "AWS_SECRET_ACCESS_KEY", "SK"), kind: "ValueError", text: "environment AWS_ACCESS_KEY_ID has white space"},
	"env, blank in token": {setup: environmentOf("AWS_ACCESS_KEY_ID", "AK", "AWS_SECRET_ACCESS_KEY", "SK", "AWS_SECURITY_TOKEN", "S S"), kind: "ValueError", text: "AWS_SECURITY_TOKEN has white space"},
	"env, bad time":       {setup: environmentOf("AWS_ACCESS_KEY_ID", "AK", "AWS_SECRET_ACCESS_KEY", "SK", "AWS_CREDENTIAL_EXPIRATION", "soon"), kind: kindParser},

	"credentials":             {setup: fileOf(nameCredentialsFile, ".aws/credentials", "[default]\n"+bothKeys), id: "AK"},
	"credentials, token":      {setup: fileOf(nameCredentialsFile, ".aws/credentials", "[default]\n"+bothKeys+"aws_session_token = T\n"), id: "AK", token: "T"},
	"credentials, two tokens": {setup: fileOf(nameCredentialsFile, ".aws/credentials", "[default]\n"+bothKeys+"aws_session_token = T\naws_security_token = S\n"), id: "AK", token: "S"},
	"credentials, no file":    {setup: setup{provider: nameCredentialsFile}, skip: "no profile default in"},
	"credentials, no profile": {setup: fileOf(nameCredentialsFile, ".aws/credentials", "[other]\n"+bothKeys), skip: "no profile default in"},
	"credentials, no key":     {setup: fileOf(nameCredentialsFile, ".aws/credentials", "[default]\nregion = x\n"), skip: "no aws_access_key_id in profile default"},
	"credentials, no secret":  {setup: fileOf(nameCredentialsFile, ".aws/credentials", "\n[default]\naws_access_key_id = AK\n"), kind: kindPartial, text: "credentials:2: profile default has aws_access_key_id, but no"},
	"credentials, comment":    {setup: fileOf(nameCredentialsFile, ".aws/credentials", "[default]\naws_access_key_id = AK # mine\naws_secret_access_key = SK\n"), kind: "ValueError", text: "credentials:2: aws_access_key_id of profile default has white space inside: AWS's files have no comments"},
	"credentials, blank":      {setup: fileOf(nameCredentialsFile, ".aws/credentials", "[default]\naws_access_key_id = AK\naws_secret_access_key = S K\n"), kind: "ValueError", text: "credentials:3: aws_secret_access_key of profile default has white space inside"},
	"config":                  {setup: fileOf(nameConfigFile, ".aws/config", "[default]\n"+bothKeys), id: "AK"},
	"config, no secret":       {setup: fileOf(nameConfigFile, ".aws/config", "[default]\naws_access_key_id = AK\n"), kind: kindPartial, text: "config:1: profile default has"},

	"login":               {setup: loginSetup(loginOf("2040-01-01T00:00:00Z")), id: "OLD", token: "OLDT"},
	"login, no token":     {setup: fileOf(nameLogin, ".aws/config", "[default]\nlogin_session = x\n"), kind: "LoginTokenLoadError", text: "run aws login"},
	"login, no JSON":      {setup: loginSetup("[1]"), kind: "LoginTokenLoadError", text: "is not a JSON object: run aws login"},
	"login, no fields":    {setup: loginSetup("{}"), kind: "LoginTokenLoadError", text: "lacks refreshToken, clientId, dpopKey, accessToken.accessKeyId, accessToken.secretAccessKey, accessToken.sessionToken, accessToken.accountId, accessToken.expiresAt"},
	"login, other fields": {setup: loginSetup(`{"accessToken":"x","refreshToken":1}`), kind: "LoginTokenLoadError", text: "lacks refreshToken"},
	"login, bad time":     {setup: loginSetup(loginOf("soon")), kind: kindParser, text: "expiresAt"},
	"login, no PEM":       {setup: loginSetup(strings.Replace(oldLogin, "-----BEGIN", "", 1)), kind: "LoginTokenLoadError", text: "the dpopKey in"},
	"login, bad key":      {setup: loginSetup(strings.Replace(oldLogin, "PRIVATE KEY-----\\nM", "PRIVATE KEY-----\\nA", 1)), kind: "LoginTokenLoadError", text: "elliptic curve"},
	"login, a folder":     {setup: setup{provider: nameLogin, files: map[string]string{".aws/config": "[default]\nlogin_session = session\n", loginCache + "/x": ""}}, kind: "LoginTokenLoadError"},
	"login, elsewhere": {setup: setup{provider: nameLogin, env: map[string]string{"AWS_LOGIN_CACHE_DIRECTORY": "~/$FOLDER", "FOLDER": "logins"}, files: map[string]string{
		".aws/config": "[default]\nlogin_session = session\n", "logins/" + path.Base(loginCache): loginOf("2040-01-01 00:00:00 UTC"),
	}}, id: "OLD", token: "OLDT"},
	"no login":  {setup: setup{provider: nameLogin}, skip: "profile default has no login_session"},
	"no SSO":    {setup: setup{provider: nameSSO}, skip: "profile default has neither sso_role_name nor sso_account_id"},
	"no role":   {setup: setup{provider: nameAssumeRole}, skip: "profile default has no role_arn"},
	"no cache":  {setup: fileOf(nameSSO, ".aws/config", ssoProfile), kind: "SSOTokenLoadError", text: "run aws sso login"},
	"half SSO":  {setup: fileOf(nameSSO, ".aws/config", "[default]\nsso_role_name = r\nsso_region = x\n"), kind: kindInvalidConfig, text: "lacks sso_start_url, sso_account_id"},
	"two SSOs":  {setup: fileOf(nameSSO, ".aws/config", ssoProfile+"[profile p]\nsso_session = session\nsso_region = other\nsso_role_name = r\n"), kind: "SSOTokenLoadError"},
	"SSO apart": {setup: setup{provider: nameSSO, env: map[string]string{"AWS_PROFILE": "p"}, files: map[string]string{".aws/config": ssoProfile + "[profile p]\nsso_session = session\nsso_region = other\nsso_role_name = r\n"}}, kind: kindInvalidConfig, text: "sso_region of profile p and of sso-session session differ"},

	"SSO, role in session": {setup: setup{provider: nameSSO, files: map[string]string{".aws/config": strings.Replace(ssoProfile, "sso_role_name = r\n", "", 1) + "sso_role_name = r\n"}}, kind: "SSOTokenLoadError"},
	"SSO, two roles":       {setup: setup{provider: nameSSO, files: map[string]string{".aws/config": ssoProfile + "sso_role_name = q\n"}}, kind: kindInvalidConfig, text: "sso_role_name of profile default and of sso-session session differ"},

	"EC2 file":            {setup: setup{provider: nameEC2File, env: map[string]string{"AWS_CREDENTIAL_FILE": "~/keys"}, files: map[string]string{"keys": "# old\nAWSAccessKeyId = AK\nAWSSecretKey=SK=\n"}}, id: "AK"},
	"EC2 file, no key":    {setup: setup{provider: nameEC2File, env: map[string]string{"AWS_CREDENTIAL_FILE": "~/keys"}, files: map[string]string{"keys": "x"}}, skip: "has no AWSAccessKeyId"},
	"EC2 file, no secret": {setup: setup{provider: nameEC2File, env: map[string]string{"AWS_CREDENTIAL_FILE": "~/keys"}, files: map[string]string{"keys": "AWSAccessKeyId=AK"}}, kind: "KeyError"},
	"EC2 file, missing":   {setup: setup{provider: nameEC2File, env: map[string]string{"AWS_CREDENTIAL_FILE": "~/keys"}}, kind: "ConfigNotFound", text: "which does not exist"},
	"EC2 file, not set":   {setup: setup{provider: nameEC2File}, skip: "AWS_CREDENTIAL_FILE is not set"},

	"boto 2":            {setup: setup{provider: nameBoto2File, env: map[string]string{"BOTO_CONFIG": "$HOME/b"}, files: map[string]string{"b": "[Credentials]\n" + bothKeys}}, id: "AK"},
	"boto 2, no key":    {setup: setup{provider: nameBoto2File, env: map[string]string{"BOTO_CONFIG": "~/b"}, files: map[string]string{"b": "[Credentials]\nx=1\n", ".boto": "[Credentials]\n" + bothKeys}}, skip: "no [Credentials]"},
	"boto 2, no secret": {setup: setup{provider: nameBoto2File, env: map[string]string{"BOTO_CONFIG": "~/b"}, files: map[string]string{"b": "[Credentials]\naws_access_key_id=AK\n"}}, kind: kindPartial},
	"boto 2, broken":    {setup: setup{provider: nameBoto2File, env: map[string]string{"BOTO_CONFIG": "~/b"}, files: map[string]string{"b": "x\n"}}, kind: "ConfigParseError"},

	"web identity, no role":     {setup: setup{provider: nameWebIdentity, env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "{HOME}/t"}}, kind: kindInvalidConfig, text: "no role"},
	"web identity, no file":     {setup: webIdentitySetup("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/role"), kind: "FileNotFoundError"},
	"web identity, folder":      {setup: webIdentitySetup("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/role", "t/x", "token"), kind: "IsADirectoryError"},
	"web identity, short token": {setup: webIdentitySetup("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/role", "t", "tok"), kind: kindParameter, text: "has 3 characters"},
	"web identity, not UTF-8":   {setup: webIdentitySetup("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/role", "t", "token\xff"), kind: "UnicodeDecodeError"},
	"web identity, short role":  {setup: webIdentitySetup("AWS_ROLE_ARN", "role", "t", "token"), kind: kindParameter, text: "too short"},
	"no web identity":           {setup: setup{provider: nameWebIdentity}, skip: "web_identity_token_file of profile default is set"},

	"role of a missing profile":   {setup: roleSetup("source_profile = none\n"), kind: kindInvalidConfig, text: `source_profile "none" of profile default does not exist`},
	"role of an empty key":        {setup: roleSetup("source_profile = b\n[profile b]\naws_access_key_id =\naws_secret_access_key = SK\n"), kind: kindPartial, text: "profile default assumes its role with keys of which one is empty"},
	"role of an empty secret":     {setup: roleSetup("source_profile = b\n[profile b]\naws_access_key_id = AK\naws_secret_access_key =\n"), kind: kindPartial, text: "keys of which one is empty"},
	"role of a loop":              {setup: roleSetup("source_profile = b\n[profile b]\nrole_arn = arn:aws:iam::123456789012:role/b\nsource_profile = default\n"), kind: "InfiniteLoopConfigError"},
	"role of itself":              {setup: roleSetup("source_profile = default\n"), kind: "InfiniteLoopConfigError"},
	"role of nothing":             {setup: roleSetup("source_profile = b\n[profile b]\nregion = x\n"), kind: kindInvalidConfig, text: `the source profile "b" has no credentials`},
	"role without a source":       {setup: roleSetup(""), kind: kindPartial},
	"role of two sources":         {setup: roleSetup("source_profile = b\ncredential_source = Environment\n"), kind: kindInvalidConfig},
	"role of an unknown source":   {setup: roleSetup("credential_source = environment\n"), kind: kindInvalidConfig, text: "is not Environment, EcsContainer or Ec2InstanceMetadata"},
	"role of an empty source":     {setup: roleSetup("credential_source = Environment\n"), kind: kindRetrieval, text: "has no credentials: AWS_ACCESS_KEY_ID is not set"},
	"role of half a profile":      {setup: roleSetup("source_profile = b\n[profile b]\naws_access_key_id = AK\n"), kind: kindPartial},
	"role, short duration":        {setup: roleSetup("duration_seconds = 899\nsource_profile = b\n[profile b]\n" + bothKeys), kind: kindParameter, text: "duration_seconds of profile default is less than 900"},
	"role, short external id":     {setup: roleSetup("external_id = x\nsource_profile = b\n[profile b]\n" + bothKeys), kind: kindParameter, text: "external_id of profile default has fewer than 2"},
	"role, metadata switched off": {setup: setup{provider: nameInstance, env: map[string]string{"AWS_EC2_METADATA_DISABLED": "TRUE"}}, skip: "AWS_EC2_METADATA_DISABLED is true"},
	"no container":                {setup: setup{provider: nameContainer}, skip: "is set"},
	"container, no URL":           {setup: setup{provider: nameContainer, env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "x"}}, kind: "ValueError", text: "is not a URL"},
	"container, bad URL":          {setup: setup{provider: nameContainer, env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://h:x/"}}, kind: "ValueError", text: "is not a URL"},
	"container, elsewhere":        {setup: setup{provider: nameContainer, env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://10.0.0.1/"}}, kind: "ValueError", text: "10.0.0.1 over http"},
}

func roleSetup(text string) setup {
	return fileOf(nameAssumeRole, ".aws/config", "[default]\nrole_arn = arn:aws:iam::123456789012:role/role\n"+text)
}

func webIdentitySetup(pairs ...string) setup {
	s := setup{provider: nameWebIdentity, env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "{HOME}/t", pairs[0]: pairs[1]}, files: map[string]string{}}
	if len(pairs) > 2 {
		s.files[pairs[2]] = pairs[3]
	}
	return s
}

var errAsked = errors.New("a request was sent")

// TestProvidersWithoutRequests has each provider with settings that decide without a
// request what comes of it.
func TestProvidersWithoutRequests(t *testing.T) {
	t.Parallel()
	for name, test := range statics {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider := test.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(*http.Request) (*http.Response, error) {
				return nil, errAsked
			})).named(t, test.provider)
			found, err := provider.ask(t.Context())
			require.NotErrorIs(t, err, errAsked)
			if test.id != "" {
				require.NoError(t, err)
				assert.Equal(t, test.id, found.AccessKeyID)
				assert.Equal(t, test.token, found.SessionToken)
				return
			}
			require.Error(t, err)
			assert.ErrorContains(t, err, test.text)
			var reason skip
			if test.skip != "" {
				require.ErrorAs(t, err, &reason)
				assert.Contains(t, string(reason), test.skip)
				return
			}
			require.NotErrorAs(t, err, &reason)
			var failed *Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.kind, failed.Kind, "%v", err)
			assert.NotEmpty(t, failed.Provider)
		})
	}
}

// TestRoleRequest checks what STS is asked for, and with whose signature.
func TestRoleRequest(t *testing.T) {
	t.Parallel()
	config := "[default]\nrole_arn = arn:aws:iam::123456789012:role/role\nsource_profile = default\nrole_session_name = name\nexternal_id = ext\n" +
		"duration_seconds = 900\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n" + bothKeys
	s := fileOf(nameAssumeRole, ".aws/config", config)
	var form map[string][]string
	providers := s.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
		require.NoError(t, r.ParseForm())
		form = r.PostForm
		assert.Contains(t, r.Header.Get("Authorization"), "Credential=AK/")
		return testkit.Answer(r, http.StatusOK, nil, conversations()["role"].answer(issued{"AR", "SK", "T", "2040-01-01T00:00:00Z"})), nil
	}))
	providers.AskMFA = func(_ context.Context, serial string) (string, error) {
		assert.Equal(t, "arn:aws:iam::123456789012:mfa/me", serial)
		return "123456", nil
	}
	found, err := providers.AssumeRole().Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "AR", found.AccessKeyID)
	assert.True(t, found.CanExpire)
	assert.Equal(t, 2040, found.Expires.Year())
	for key, want := range map[string]string{
		"Action": "AssumeRole", "RoleArn": "arn:aws:iam::123456789012:role/role", "RoleSessionName": "name", "ExternalId": "ext",
		"DurationSeconds": "900", "SerialNumber": "arn:aws:iam::123456789012:mfa/me", "TokenCode": "123456",
	} {
		assert.Equal(t, []string{want}, form[key], key)
	}
}

// TestWebIdentityToken checks that STS gets the token as Python reads it from its file.
func TestWebIdentityToken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"token\r\n": "token\n", "a\rb\n": "a\nb\n", " token": " token"} {
		s, sent := ofWebIdentity, ""
		s.files = map[string]string{"token": text}
		_, err := s.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			require.NoError(t, r.ParseForm())
			sent = r.PostForm.Get("WebIdentityToken")
			return testkit.Answer(r, http.StatusOK, nil, conversations()["web identity"].answer(issued{"WI", "SK", "T", "2040-01-01T00:00:00Z"})), nil
		})).WebIdentity().Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, sent)
	}
}

// TestErrorsOfSTS checks that an exception of the model of STS has its name, and any
// other is botocore's ClientError.
func TestErrorsOfSTS(t *testing.T) {
	t.Parallel()
	for code, kind := range map[string]string{
		"IDPCommunicationError": "IDPCommunicationErrorException", "ExpiredTokenException": "ExpiredTokenException", "AccessDenied": "ClientError", "": "ClientError",
	} {
		synctest.Test(t, func(t *testing.T) { // no time passes between attempts
			s := ofWebIdentity
			provider := s.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
				return testkit.Answer(r, http.StatusBadRequest, nil, "<ErrorResponse><Error><Code>"+code+"</Code><Message>no</Message></Error></ErrorResponse>"), nil
			})).WebIdentity()
			_, err := provider.ask(t.Context())
			var failed *Error
			require.ErrorAs(t, err, &failed, code)
			assert.Equal(t, kind, failed.Kind, code)
		})
	}
}

// TestSTSEndpoint checks which of AWS's hosts is asked.
func TestSTSEndpoint(t *testing.T) {
	t.Parallel()
	for want, settings := range map[string]awsconfig.STS{
		"https://sts.eu-west-1.amazonaws.com":      {},
		"https://sts.amazonaws.com":                {Global: true},
		"https://sts.eu-west-1.api.aws":            {DualStack: true},
		"https://sts-fips.eu-west-1.amazonaws.com": {FIPS: true},
		"http://127.0.0.1:1":                       {URL: "http://127.0.0.1:1", DualStack: true, FIPS: true, Global: true},
	} {
		settings.SigningRegion = "eu-west-1"
		address, err := (&Services{Settings: settings}).STSEndpoint(t.Context())
		require.NoError(t, err, want)
		assert.Equal(t, want, address)
	}
}

// TestServicesEndpoints checks which of AWS's hosts the services of a sign-in are asked at
// (botocore 1.43 makes clients with these endpoints).
func TestServicesEndpoints(t *testing.T) {
	t.Parallel()
	for want, settings := range map[string]map[string]string{
		"portal.sso.us-east-2.amazonaws.com oidc.us-east-2.amazonaws.com us-east-2.signin.aws.amazon.com":               {},
		"portal.sso.us-east-2.api.aws oidc.us-east-2.api.aws signin.us-east-2.api.aws":                                  {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
		"portal.sso-fips.us-east-2.amazonaws.com oidc-fips.us-east-2.amazonaws.com signin-fips.us-east-2.amazonaws.com": {"AWS_USE_FIPS_ENDPOINT": "true"},
		"127.0.0.1:1 127.0.0.1:1 127.0.0.1:1": {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
	} {
		env, err := awsconfig.Read(testkit.Env(settings), "")
		require.NoError(t, err)
		var hosts []string
		services := &Services{Settings: env.STS("", "us-east-2"), Backoff: s3http.Backoff, Transport: testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			return testkit.Answer(r, http.StatusForbidden, nil, "{}"), nil
		})}
		login := &ssoLogin{region: "us-east-2"}
		at, err := env.Service("sso")
		require.NoError(t, err)
		_, err = services.sso(login.region, at).GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{AccessToken: aws.String("T"), AccountId: aws.String("1"), RoleName: aws.String("r")})
		require.Error(t, err)
		require.Error(t, login.createToken(t.Context(), env, services, &ssoToken{}))
		at, err = env.Service("signin")
		require.NoError(t, err)
		_, err = services.signin(at).CreateOAuth2Token(t.Context(), &signin.CreateOAuth2TokenInput{TokenInput: &signintypes.CreateOAuth2TokenRequestBody{ClientId: aws.String("c"), GrantType: aws.String("refresh_token")}})
		require.Error(t, err)
		assert.Equal(t, want, strings.Join(hosts, " "))
	}
}

// TestSTSForRole checks the settings that a request for a role needs.
func TestSTSForRole(t *testing.T) {
	t.Parallel()
	wrong := &awsconfig.Error{Kind: "ValueError", Reason: "the endpoint is wrong"}
	signed := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil })
	_, err := (&Services{Settings: awsconfig.STS{Err: wrong}}).stsForRole(signed)
	require.ErrorIs(t, err, wrong)
	noRegion := &Services{NoRegion: true, Settings: awsconfig.STS{URL: "http://127.0.0.1:1", SigningRegion: "us-east-1"}}
	_, err = noRegion.stsForRole(signed)
	var failed *Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "NoRegionError", failed.Kind)
	_, err = noRegion.stsForRole(aws.AnonymousCredentials{})
	require.NoError(t, err, "nothing is signed")
	noRegion.Settings.URL = ""
	_, err = noRegion.stsForRole(signed)
	require.NoError(t, err, "AWS's own STS is signed for in us-east-1")
}

// TestMaxFile checks the bound of a file of keys to the byte.
func TestMaxFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	text := make([]byte, 1<<20)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	env := testkit.Env(map[string]string{"AWS_CREDENTIAL_FILE": path})
	_, err := fromEC2File(env)
	var reason skip
	require.ErrorAs(t, err, &reason)
	require.NoError(t, os.WriteFile(path, append(text, 0), 0o600))
	_, err = fromEC2File(env)
	require.NotErrorAs(t, err, &reason)
}
