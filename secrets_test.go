// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/gob"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// canary stands in every secret. Nothing that this package prints may have it.
const canary = "CANARY7f3a9c"

// A secretSource is a place for secrets: an environment, and files below the home
// folder, in which URL stands for the servers' address and HOME for the folder.
type secretSource struct {
	config     string
	env, files map[string]string
}

const expiresLate = `"2035-01-01T00:00:00Z"`

// loginFile is the cache of a login, named by the SHA-256 of "session".
const loginFile = ".aws/login/cache/3f3af1ecebbd1410ab417ec0d27bbfcb5d340e177ae159b59fc8626c2dfd9175.json"

// isSoon stands for a time at which what was laid out just now is about to end. A test
// may come long after the table of its sources was made.
const isSoon = "IN-4-MINUTES"

// loginToken is a token of "aws login" that is about to end.
func loginToken(t *testing.T, expires string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	block := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	return fmt.Sprintf(`{"accessToken":{"accessKeyId":"AK","secretAccessKey":%q,"sessionToken":%q,"accountId":"111111111111","expiresAt":%q},"refreshToken":%q,"clientId":"c","dpopKey":%q}`,
		canary, canary, expires, canary, block)
}

func secretSources(t *testing.T) map[string]secretSource {
	process := func(command string) secretSource {
		return secretSource{files: map[string]string{".aws/config": "[default]\ncredential_process = " + command + "\n"}}
	}
	t.Helper()
	// The names of cache files are the SHA-1 of "session" and of "http://start".
	ssoFile := fmt.Sprintf(`{"accessToken":%q,"expiresAt":%q,"clientId":"c","clientSecret":%q,"refreshToken":%q,"registrationExpiresAt":%s}`,
		canary, isSoon, canary, canary, expiresLate)
	return map[string]secretSource{
		"configuration": {config: "aws:\n  region: us-east-1\n  access_key_id: AK\n  secret_access_key: " + canary + "\n  session_token: " + canary + "\n"},
		"half a pair":   {config: "aws:\n  region: us-east-1\n  secret_access_key: " + canary + "\n"},
		"environment":   {env: map[string]string{"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": canary, "AWS_SESSION_TOKEN": canary}},
		"wrong expiration": {env: map[string]string{
			"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": canary, "AWS_SESSION_TOKEN": canary, "AWS_CREDENTIAL_EXPIRATION": "soon",
		}},
		"credentials file": {files: map[string]string{
			".aws/credentials": "[default]\naws_access_key_id = AK\naws_secret_access_key = " + canary + "\naws_session_token = " + canary + "\n",
		}},
		"config file":                {files: map[string]string{".aws/config": "[default]\naws_access_key_id = AK\naws_secret_access_key = " + canary + "\n"}},
		"broken file":                {files: map[string]string{".aws/credentials": "[default]\naws_access_key_id = AK\naws_secret_access_key\n" + canary + "\n"}},
		"twice":                      {files: map[string]string{".aws/credentials": "[default]\naws_secret_access_key = " + canary + "\naws_secret_access_key = " + canary + "\n"}},
		"process":                    process(`sh -c 'echo "{\"Version\":1,\"AccessKeyId\":\"AK\",\"SecretAccessKey\":\"` + canary + `\",\"SessionToken\":\"` + canary + `\"}"' ` + canary),
		"process that fails":         process(`sh -c 'echo ` + canary + ` >&2; exit 1' ` + canary),
		"process that prints else":   process(`sh -c 'echo ` + canary + `'`),
		"process that is not there":  process("no-such-command-here " + canary),
		"process that never ends it": process(`sh -c 'x=` + canary + `; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do x=$x$x; done; while :; do echo $x; done'`),
		"web identity": {
			env:   map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/role"},
			files: map[string]string{"token": canary},
		},
		"role": {files: map[string]string{
			".aws/config":      "[default]\nrole_arn = arn:aws:iam::111111111111:role/role\nsource_profile = base\n",
			".aws/credentials": "[base]\naws_access_key_id = AK\naws_secret_access_key = " + canary + "\naws_session_token = " + canary + "\n",
		}},
		"sso session": {files: map[string]string{
			".aws/config": "[default]\nsso_session = session\nsso_account_id = 111111111111\nsso_role_name = r\n[sso-session session]\nsso_region = us-east-1\nsso_start_url = http://start\n",
			".aws/sso/cache/fcbdc4c271c889825d8338d2d8f10b6e5e95c171.json": ssoFile,
		}},
		"sso token": {files: map[string]string{
			".aws/config": "[default]\nsso_region = us-east-1\nsso_start_url = http://start\nsso_account_id = 111111111111\nsso_role_name = r\n",
			".aws/sso/cache/2c99b100361d1941aeaf1b74b0f4f626bd2bf4c2.json": ssoFile,
		}},
		"broken sso token": {files: map[string]string{
			".aws/config": "[default]\nsso_region = us-east-1\nsso_start_url = http://start\nsso_account_id = 111111111111\nsso_role_name = r\n",
			".aws/sso/cache/2c99b100361d1941aeaf1b74b0f4f626bd2bf4c2.json": ssoFile[:60],
		}},
		"login":        {files: map[string]string{".aws/config": "[default]\nlogin_session = session\n", loginFile: loginToken(t, isSoon)}},
		"broken login": {files: map[string]string{".aws/config": "[default]\nlogin_session = session\n", loginFile: loginToken(t, isSoon)[:60]}},
		"login with a broken key": {files: map[string]string{
			".aws/config": "[default]\nlogin_session = session\n", loginFile: strings.ReplaceAll(loginToken(t, isSoon), "-----", canary),
		}},
		"container": {env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container/" + canary, "AWS_CONTAINER_AUTHORIZATION_TOKEN": canary}},
		"container's file": {
			env:   map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container/" + canary, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "HOME/token"},
			files: map[string]string{"token": canary},
		},
		"container's line break": {env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container/", "AWS_CONTAINER_AUTHORIZATION_TOKEN": canary + "\n"}},
		"container elsewhere":    {env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://10.0.0.1/" + canary, "AWS_CONTAINER_AUTHORIZATION_TOKEN": canary}},
		"container's wrong URL":  {env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://x\x7f/" + canary}},
		"instance":               {env: map[string]string{"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "URL", "AWS_METADATA_SERVICE_TIMEOUT": "60"}},
		"EC2's file":             {env: map[string]string{"AWS_CREDENTIAL_FILE": "HOME/ec2"}, files: map[string]string{"ec2": "AWSAccessKeyId=AK\nAWSSecretKey=" + canary + "\n"}},
		"boto's file":            {env: map[string]string{"BOTO_CONFIG": "HOME/boto"}, files: map[string]string{"boto": "[Credentials]\naws_access_key_id = AK\naws_secret_access_key = " + canary + "\n"}},
		"endpoint": {env: map[string]string{
			"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": canary, "AWS_ENDPOINT_URL_S3": "http://user:" + canary + "@SERVER",
		}},
		"endpoint that is none": {env: map[string]string{"AWS_ENDPOINT_URL_S3": "user:" + canary + "@127.0.0.1:1"}},
	}
}

// sourcesThatFail are those that fail before they ask a server.
var sourcesThatFail = []string{
	"half a pair", "wrong expiration", "broken file", "twice", "process that fails", "process that prints else", "process that is not there",
	"process that never ends it", "broken sso token", "broken login", "login with a broken key", "container's line break", "container elsewhere", "container's wrong URL", "endpoint that is none",
}

// secretAnswers maps a request to the answer of the servers.
var secretAnswers = map[string]string{
	"sts": `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>` + stsCredentials + `</AssumeRoleResult></AssumeRoleResponse>`,
	"web": `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>` + stsCredentials +
		`</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
	"sso":   `{"roleCredentials":{"accessKeyId":"AK","secretAccessKey":"` + canary + `","sessionToken":"` + canary + `","expiration":2051222400000}}`,
	"oidc":  `{"accessToken":"` + canary + `","expiresIn":28800,"tokenType":"Bearer","refreshToken":"` + canary + `"}`,
	"login": `{"accessToken":{"accessKeyId":"AK","secretAccessKey":"` + canary + `","sessionToken":"` + canary + `"},"tokenType":"aws_sigv4","refreshToken":"` + canary + `","expiresIn":900}`,
	"json":  `{"Code":"Success","AccessKeyId":"AK","SecretAccessKey":"` + canary + `","Token":"` + canary + `","Expiration":` + expiresLate + `}`,
	"token": canary,
	"name":  "role",
}

const stsCredentials = `<Credentials><AccessKeyId>AK</AccessKeyId><SecretAccessKey>` + canary + `</SecretAccessKey><SessionToken>` + canary +
	`</SessionToken><Expiration>2035-01-01T00:00:00Z</Expiration></Credentials>`

// asked names what a request is for.
func asked(r *http.Request, body string) string {
	switch path := r.URL.Path; {
	case path == "/v1/token":
		return "login"
	case path == "/token":
		return "oidc"
	case strings.Contains(body, "AssumeRoleWithWebIdentity"):
		return "web"
	case r.Method == http.MethodPost && path == "/":
		return "sts"
	case path == "/federation/credentials":
		return "sso"
	case path == "/latest/meta-data/iam/security-credentials/":
		return "name"
	case path == "/latest/api/token":
		return "token"
	case strings.HasPrefix(path, "/latest/"), strings.HasPrefix(path, "/container"):
		return "json"
	}
	return "s3"
}

// secretServer is S3, STS, SSO, a container and an instance at once.
func secretServer(t *testing.T, mode, elsewhere string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		answer, status := secretAnswers[asked(r, string(body))], http.StatusOK
		switch mode {
		case "refuses":
			status, answer = http.StatusForbidden, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`
		case "answers nonsense":
			answer = strings.Replace(answer, canary, canary+"<\"\x00", 1) + canary
		case "answers something else":
			answer = canary
		case "redirects", "redirects for good":
			status, answer = map[string]int{"redirects": http.StatusTemporaryRedirect, "redirects for good": http.StatusMovedPermanently}[mode], ""
			w.Header().Set("Location", elsewhere+"/stolen")
		}
		if strings.HasPrefix(answer, "{") {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server
}

// spill prints a value in every way that Go has.
func spill(t *testing.T, out *bytes.Buffer, values ...any) {
	t.Helper()
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(out, verb, value)
		}
		for _, handler := range []slog.Handler{slog.NewJSONHandler(out, nil), slog.NewTextHandler(out, nil)} {
			slog.New(handler).Error("m", "value", value)
		}
		// What can't be encoded still may be in part.
		_ = json.NewEncoder(out).Encode(value)
		_ = gob.NewEncoder(out).Encode(value)
		func() {
			defer func() { fmt.Fprint(out, recover()) }()
			_ = yaml.NewEncoder(out).Encode(value)
		}()
		func() {
			defer func() { fmt.Fprint(out, recover()) }()
			panic(value)
		}()
	}
}

// lay writes a source's files and gives its environment.
func (s secretSource) lay(t *testing.T, url string) (home string, lookup func(string) (string, bool)) {
	t.Helper()
	home = t.TempDir()
	fill := strings.NewReplacer("URL", url, "HOME", home, "SERVER", strings.TrimPrefix(url, "http://"))
	soon := time.Now().Add(4 * time.Minute).UTC().Format(time.RFC3339)
	for name, text := range s.files {
		path := filepath.Join(home, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, isSoon, soon)), 0o600))
	}
	env := map[string]string{
		"HOME": home, "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1", "BOTO_CONFIG": "/nowhere",
	}
	for name, value := range s.env {
		env[name] = fill.Replace(value)
	}
	return home, testkit.Env(env)
}

// exercise makes what can fail fail, and prints all that comes of it.
func (s secretSource) exercise(t *testing.T, out *bytes.Buffer, url string) {
	home, lookup := s.lay(t, url)
	logger := slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	config := &Config{}
	if s.config != "" {
		var err error
		config, err = ParseConfig([]byte(s.config))
		require.NoError(t, err)
	}
	opts := InNoTime(&Options{LookupEnv: lookup, Logger: logger}, Patience)
	store, err := New(t.Context(), config, opts)
	spill(t, out, err, config, *config)
	if err != nil {
		return
	}
	defer func() { require.NoError(t, store.Close()) }()
	store.session.providers.Metadata.Sleep = func(context.Context, time.Duration) error { return nil }
	identity, err := store.Identity(t.Context())
	spill(t, out, err, store, identity, store.Config())
	_, err = store.EnsureBucket(t.Context())
	spill(t, out, err, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), nil))
	_, err = store.BucketStatus(t.Context(), "bucket")
	spill(t, out, err)
	_, err = store.ListKeys(t.Context(), "bucket", "")
	spill(t, out, err, store.DeleteObjects(t.Context(), "bucket", []string{"a", "b"}))
	address, header, err := store.PutRequest(t.Context(), "bucket", "key")
	spill(t, out, address, header, err)
	require.NoError(t, filepath.WalkDir(home, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			info, infoErr := entry.Info()
			require.NoError(t, infoErr)
			assert.Zero(t, info.Mode().Perm()&0o077, "%s: %v", path, info.Mode())
		}
		return err
	}))
}

// TestNoSecretIsPrinted covers a canary in every secret, servers that are sound, refuse,
// talk nonsense and redirect, and everything that is printed.
func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the credential processes are for a shell")
	}
	var stolen atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	t.Cleanup(elsewhere.Close)
	sources := testkit.Some(secretSources(t), 6)
	asking := secretSources(t)
	maps.DeleteFunc(asking, func(name string, _ secretSource) bool { return slices.Contains(sourcesThatFail, name) })
	asking = testkit.Some(asking, 2) // for the modes but the first
	for _, mode := range testkit.SomeOf([]string{"answers", "answers nonsense", "redirects", "refuses", "answers something else", "redirects for good"}, 3) {
		if mode != "answers" {
			sources = asking
		}
		for name, source := range sources {
			t.Run(mode+" "+name, func(t *testing.T) {
				t.Parallel()
				var out bytes.Buffer
				source.exercise(t, &out, secretServer(t, mode, elsewhere.URL).URL)
				require.NotEmpty(t, out.String())
				if at := bytes.Index(out.Bytes(), []byte(canary)); at >= 0 {
					t.Errorf("…%s…", out.Bytes()[max(0, at-300):min(out.Len(), at+100)])
				}
				assert.NotContains(t, out.String(), fmt.Sprintf("%x", canary))
				assert.Zero(t, stolen.Load(), "nothing goes where a server redirects to")
			})
		}
	}
}

// TestSecretsOfSources checks that the sources of the test above do give the canary to the
// signer, so that it could be found.
func TestSecretsOfSources(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the credential processes are for a shell")
	}
	for name, source := range secretSources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "process" {
				testkit.NeedsCommand(t, "sh")
			}
			server := secretServer(t, "answers", "")
			_, lookup := source.lay(t, server.URL)
			config := &Config{}
			if source.config != "" {
				var err error
				config, err = ParseConfig([]byte(source.config))
				require.NoError(t, err)
			}
			store, err := New(t.Context(), config, &Options{LookupEnv: lookup})
			var found aws.Credentials
			if err == nil {
				found, err = store.session.credentials.Retrieve(t.Context())
			}
			if slices.Contains(sourcesThatFail, name) {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, canary, found.SecretAccessKey)
		})
	}
}

// TestSDKLogHasNoSecret checks that the SDK's client, with all its logs turned on, writes
// no secret.
func TestSDKLogHasNoSecret(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Set-Cookie", "session="+canary)
		w.Header().Set("Etag", `"e"`)
		if r.URL.Query().Has("session") {
			_, _ = io.WriteString(w, "<CreateSessionResult>"+stsCredentials+"</CreateSessionResult>")
		}
	}))
	t.Cleanup(server.Close)
	env := map[string]string{"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": canary, "AWS_SESSION_TOKEN": canary + "/+=", "AWS_ENDPOINT_URL": server.URL}
	store, err := New(t.Context(), nil, &Options{LookupEnv: testkit.Env(env)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	var out bytes.Buffer
	all := func(o *s3.Options) {
		o.ClientLogMode = aws.LogSigning | aws.LogRetries | aws.LogRequest | aws.LogRequestWithBody | aws.LogResponse | aws.LogResponseWithBody
		o.Logger = logging.NewStandardLogger(&out)
	}
	_, err = store.Client().PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader("x"),
		SSECustomerAlgorithm: aws.String("AES256"), SSECustomerKey: aws.String(canary),
	}, all)
	require.NoError(t, err)
	_, err = store.Client().CreateSession(t.Context(), &s3.CreateSessionInput{Bucket: aws.String("bucket")}, all)
	require.NoError(t, err)
	_, err = s3.NewPresignClient(store.Client(), s3.WithPresignClientFromClientOptions(all)).PresignGetObject(t.Context(), &s3.GetObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("key"),
	})
	require.NoError(t, err)
	for _, part := range []string{"PUT /bucket/key", "Authorization: [redacted]", "X-Amz-Security-Token: [redacted]", "X-Amz-Security-Token=[redacted]", "SIGNED URL"} {
		assert.Contains(t, out.String(), part, "it logs indeed")
	}
	assert.NotContains(t, out.String(), canary)
}
