// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/require"
)

// A setup is an environment, and files below its HOME. In their texts, {HOME} stands
// for that folder, {URL} for the server of the test, and {FETCH} for a command that
// asks for the URL after it and fails.
type setup struct {
	provider string // the name of the provider that it is for
	env      map[string]string
	files    map[string]string
}

// providers writes the files and returns the providers, which send every request to
// services.
func (s *setup) providers(t *testing.T, url string, services http.RoundTripper) *Providers {
	t.Helper()
	home := t.TempDir()
	fill := strings.NewReplacer("{HOME}", home, "{URL}", url, "{FETCH}", helper("fetch")).Replace
	for name, text := range s.files {
		path := filepath.Join(home, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(fill(text)), 0o600))
	}
	env := map[string]string{"HOME": home, "USERPROFILE": home, "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "eu-west-1"}
	for name, value := range s.env {
		env[name] = fill(value)
	}
	settings, err := awsconfig.Read(testkit.Env(env), "")
	require.NoError(t, err)
	instances, err := settings.Metadata()
	require.NoError(t, err)
	return &Providers{
		Settings:  settings,
		Services:  &Services{Transport: services, Backoff: s3http.Backoff, Settings: settings.STS("", "eu-west-1")},
		Metadata:  &Metadata{Transport: services, Sleep: s3http.Sleep},
		Instances: instances,
	}
}

// named returns the provider of that name.
func (p *Providers) named(t *testing.T, name string) Provider {
	t.Helper()
	for _, provider := range everyProvider(p) {
		if provider.Name == name {
			return provider
		}
	}
	require.Fail(t, "no provider "+name)
	return Provider{}
}

// everyProvider returns what the methods of Providers return, so that a table of
// providers can't lack a new one.
func everyProvider(p *Providers) []Provider {
	var providers []Provider
	value := reflect.ValueOf(p)
	for i := range value.NumMethod() {
		if method, ok := value.Method(i).Interface().(func() Provider); ok {
			providers = append(providers, method())
		}
	}
	return providers
}

// waitForNothing are the providers that only read the environment and files.
var waitForNothing = []string{nameEnvironment, nameCredentialsFile, nameConfigFile, nameEC2File, nameBoto2File}

// noSettings has the providers of an empty environment.
func noSettings() *Providers {
	return &Providers{Settings: &awsconfig.Environment{Lookup: testkit.Env(nil)}}
}

const (
	roleProfile = "[default]\nrole_arn = arn:aws:iam::123456789012:role/role\nsource_profile = base\n[profile base]\naws_access_key_id = AK\naws_secret_access_key = SK\n"
	ssoProfile  = "[default]\nsso_session = session\nsso_account_id = 111111111111\nsso_role_name = r\n[sso-session session]\nsso_region = us-east-1\nsso_start_url = http://start\n"
	ssoCache    = ".aws/sso/cache/fcbdc4c271c889825d8338d2d8f10b6e5e95c171.json" // the SHA-1 of "session"
	oldToken    = `{"accessToken":"T","expiresAt":"1999-01-01T00:00:00Z","clientId":"c","clientSecret":"s","refreshToken":"r","registrationExpiresAt":"2040-01-01T00:00:00Z"}`
)

// loginCache is named by the SHA-256 of "session".
const loginCache = ".aws/login/cache/3f3af1ecebbd1410ab417ec0d27bbfcb5d340e177ae159b59fc8626c2dfd9175.json"

// oldLogin is the token of a login whose credentials have ended.
var oldLogin = loginOf("1999-01-01T00:00:00Z")

func loginOf(expires string) string {
	return fmt.Sprintf(`{"accessToken":{"accessKeyId":"OLD","secretAccessKey":"OLDSK","sessionToken":"OLDT","accountId":"123456789012","expiresAt":%q},
		"tokenType":"aws_sigv4","refreshToken":"OLDR","clientId":"arn:aws:signin:::devtools/same-device","dpopKey":%q,"unknown":"kept"}`, expires, newDPOPKey())
}

func newDPOPKey() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

// The setups of the providers that make requests, with nothing else that applies.
var (
	ofRole        = setup{provider: nameAssumeRole, files: map[string]string{".aws/config": roleProfile}}
	ofWebIdentity = setup{
		provider: nameWebIdentity, files: map[string]string{"token": "token"},
		env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "{HOME}/token", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/role"},
	}
	ofSSO = setup{provider: nameSSO, files: map[string]string{
		".aws/config": ssoProfile, ssoCache: `{"accessToken":"T","expiresAt":"2040-01-01T00:00:00Z"}`,
	}}
	ofExpiredSSO = setup{provider: nameSSO, files: map[string]string{".aws/config": ssoProfile, ssoCache: oldToken}}
	ofLogin      = setup{provider: nameLogin, files: map[string]string{".aws/config": "[default]\nlogin_session = session\n", loginCache: oldLogin}}
	ofProcess    = setup{provider: nameProcess, files: map[string]string{".aws/config": "[default]\ncredential_process = {FETCH} {URL}\n"}}
	ofContainer  = setup{provider: nameContainer, env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{URL}/container"}}
	ofInstance   = setup{provider: nameInstance, env: map[string]string{
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{URL}", "AWS_METADATA_SERVICE_TIMEOUT": "600",
	}}
)

// brokenOff is the rest of a body whose connection broke.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func optionalField(format, value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf(format, value)
}
