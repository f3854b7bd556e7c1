// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A scenario is one of testdata/golden/credentials.json: what boto3 made of an
// environment and some files.
type scenario struct {
	Name    string                     `json:"name"`
	Env     map[string]string          `json:"env"`
	Files   map[string]string          `json:"files"`
	Dirs    []string                   `json:"dirs"`
	Stdin   string                     `json:"stdin"`
	Lithops map[string]json.RawMessage `json:"lithops"`
	Stub    *stubOptions               `json:"stub"`
	IMDS    bool                       `json:"imds"`
	Bucket  *string                    `json:"bucket"`
	Key     *string                    `json:"key"`
	Expect  struct {
		Error *struct {
			Class   string `json:"class"`
			Message string `json:"message"`
			Stage   string `json:"stage"`
		} `json:"error"`
		Method      string `json:"method"`
		Credentials *struct {
			AccessKey *string `json:"access_key"`
			SecretKey *string `json:"secret_key"`
			Token     *string `json:"token"`
		} `json:"credentials"`
		Region     string `json:"region"`
		S3Endpoint string `json:"s3_endpoint_url"`
		PutURL     string `json:"s3_put_url"`
		STSURL     string `json:"sts_url"`
		Addressing string `json:"addressing"`
	} `json:"expect"`
}

var nowIn = regexp.MustCompile(`\{NOW([+-]\d+)\}`)

// lay puts the scenario's files under a new HOME and returns the environment.
func (c *scenario) lay(t *testing.T, stubURL string) (home string, lookup func(string) (string, bool)) {
	t.Helper()
	home = t.TempDir()
	port := ""
	if parsed, err := url.Parse(stubURL); err == nil {
		port = parsed.Port()
	}
	fill := strings.NewReplacer("{HOME}", home, "{STUB}", stubURL, "{PORT}", port, "{PY}", os.Args[0]+" -test.run=^TestFakePython$ --").Replace
	place := func(text string) string {
		return nowIn.ReplaceAllStringFunc(fill(text), func(match string) string {
			seconds, _ := strconv.Atoi(nowIn.FindStringSubmatch(match)[1])
			return strings.TrimSuffix(isoIn(&seconds, 0), "Z")
		})
	}
	for _, dir := range c.Dirs {
		require.NoError(t, os.MkdirAll(filepath.Join(home, dir), 0o700))
	}
	for name, text := range c.Files {
		path := filepath.Join(home, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		data := []byte(strings.ReplaceAll(place(text), "ZZ", "Z"))
		if encoded, ok := strings.CutPrefix(text, "base64:"); ok {
			var err error
			data, err = base64.StdEncoding.DecodeString(encoded)
			require.NoError(t, err)
		}
		require.NoError(t, os.WriteFile(path, data, 0o700))
	}
	env := map[string]string{"HOME": home, "USERPROFILE": home}
	if !c.IMDS {
		env["AWS_EC2_METADATA_DISABLED"] = "true"
	}
	for name, value := range c.Env {
		env[name] = place(value)
	}
	return home, func(name string) (string, bool) {
		value, ok := env[name]
		if ok && strings.HasPrefix(value, "my/") { // relative to the working folder, which is HOME there
			value = filepath.Join(home, value)
		}
		return value, ok
	}
}

// config is the Lithops configuration of the scenario.
func (c *scenario) config(t *testing.T) (*Config, error) {
	t.Helper()
	if c.Lithops == nil {
		return &Config{Region: "eu-west-1"}, nil
	}
	sections := map[string]json.RawMessage{}
	for name, section := range c.Lithops {
		if !strings.HasPrefix(name, "_") {
			sections[name] = section
		}
	}
	text, err := json.Marshal(sections)
	require.NoError(t, err)
	return ParseConfig(text)
}

func kindOf(class string) string { return class[strings.LastIndex(class, ".")+1:] }

// sameKind are the kinds that are told by another name here, on purpose.
var sameKind = map[string][]string{
	"TypeError":            {"PartialCredentialsError"},               // half a pair of keys, refused at once
	"ValueError":           {"ConfigError", "InvalidRegionError"},     // an empty region, refused by the configuration
	"ParamValidationError": {"ErrInvalidBucketName", "ErrInvalidKey"}, // a bucket or key that S3 refuses
}

// halfPairs are the scenarios in which boto3 signs with half a pair of keys, and
// S3 answers 403. Here they fail at once.
var halfPairs = map[string]bool{
	"explicit-only-access-key": true, "explicit-access-key-empty-secret": true, "explicit-empty-access-key-with-secret": true,
}

// spacedKeys are the scenarios whose keys have white space, which boto3 signs with
// and every server refuses. Here they are refused at once.
var spacedKeys = map[string]bool{"env-whitespace": true, "explicit-whitespace-in-keys": true}

// goldenScenarios returns the scenarios of both recordings. The second one has each
// scenario next to its answer.
func goldenScenarios(t *testing.T) []scenario {
	t.Helper()
	var scenarios []scenario
	readGolden(t, "credentials.json", &scenarios)
	require.NotEmpty(t, scenarios)
	var second []struct {
		Scenario scenario
		Boto3    json.RawMessage
	}
	readGolden(t, "credentials_2.json", &second)
	require.NotEmpty(t, second)
	for _, recorded := range second {
		c := recorded.Scenario
		require.NoError(t, json.Unmarshal(recorded.Boto3, &c.Expect))
		scenarios = append(scenarios, c)
	}
	return scenarios
}

// zoneless are the scenarios with an expiration that names no zone, which boto3
// can't compare with the time. Here it is local time.
var zoneless = map[string]bool{"sso-fmt-05 2040-01-01T00:00:00": true}

func TestGoldenCredentials(t *testing.T) {
	t.Parallel()
	scenarios := goldenScenarios(t)
	for _, c := range testkit.SomeOf(scenarios, 20) {
		t.Run(c.Name, func(t *testing.T) {
			isSlow := strings.HasPrefix(c.Name, "imds-hang")
			if isSlow && testing.Short() {
				t.Skip("waits for the metadata service for seconds")
			}
			if !isSlow { // those begin before all others, so that nothing waits for them in the end
				t.Parallel()
			}
			if strings.HasPrefix(c.Name, "proc-shell") {
				testkit.NeedsCommand(t, "echo")
			}
			c.run(t)
		})
	}
}

func (c *scenario) run(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scenarios were recorded on Linux")
	}
	options := stubOptions{}
	if c.Stub != nil {
		options = *c.Stub
	}
	server := startStub(t, options)
	_, lookup := c.lay(t, server.URL)
	store, identity, err := c.open(t, lookup, func(s *session) {
		s.providers.Metadata.Transport = toStub(server, &options)
		s.providers.Metadata.Sleep = func(context.Context, time.Duration) error { return nil }
		s.providers.AskMFA = func(context.Context, string) (string, error) { return strings.TrimSpace(c.Stdin), nil }
	})
	if zoneless[c.Name] {
		require.NoError(t, err)
		return
	}
	if halfPairs[c.Name] {
		require.Equal(t, "PartialCredentialsError", kindOfError(err))
		return
	}
	if spacedKeys[c.Name] {
		require.Contains(t, []string{awsconfig.KindValue, "ConfigError"}, kindOfError(err))
		require.Regexp(t, "(?i)access_key_id:? has white space", err.Error())
		return
	}
	if c.Name == "login-session-no-cache" { // boto3 misses its CRT before it looks
		require.Equal(t, "LoginTokenLoadError", kindOfError(err))
		return
	}
	if c.Expect.Error != nil {
		c.checkError(t, store, err)
		return
	}
	require.NoError(t, err)
	c.checkIdentity(t, store, identity)
}

func (c *scenario) open(t *testing.T, lookup func(string) (string, bool), bend func(*session)) (*Store, *Identity, error) {
	t.Helper()
	config, err := c.config(t)
	if err != nil {
		return nil, nil, err
	}
	store, err := New(t.Context(), config, &Options{LookupEnv: lookup})
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { _ = store.Close() })
	bend(store.session)
	identity, err := store.Identity(t.Context())
	return store, identity, err
}

func (c *scenario) names() (bucket, key string) {
	bucket, key = exampleBucket, "dir/key.bin"
	if c.Bucket != nil {
		bucket = *c.Bucket
	}
	if c.Key != nil {
		key = *c.Key
	}
	return bucket, key
}

func (c *scenario) checkError(t *testing.T, store *Store, err error) {
	t.Helper()
	want := kindOf(c.Expect.Error.Class)
	if err == nil && c.Expect.Error.Stage == "put_object" {
		bucket, key := c.names()
		_, _, err = store.PutRequest(t.Context(), bucket, key)
	}
	require.Error(t, err, "boto3: %s: %s", want, c.Expect.Error.Message)
	got := kindOfError(err)
	if got != want {
		assert.Contains(t, sameKind[want], got, "boto3: %s: %s\nhere: %v", want, c.Expect.Error.Message, err)
	}
	for _, secret := range []string{"SKENV", "SKDEF", "SKSRC", "SKEXP", "SKPROC", "SSOTOK", "container-secret"} {
		assert.NotContains(t, err.Error(), secret)
	}
}

func kindOfError(err error) string {
	var credentials *CredentialsError
	var settings *SettingsError
	var config *ConfigError
	switch {
	case errors.As(err, &settings):
		return settings.Kind
	case errors.As(err, &credentials):
		return credentials.Kind
	case errors.As(err, &config):
		return "ConfigError"
	case errors.Is(err, ErrInvalidBucketName):
		return "ErrInvalidBucketName"
	case errors.Is(err, ErrInvalidKey):
		return "ErrInvalidKey"
	}
	return fmt.Sprintf("%T", err)
}

func (c *scenario) checkIdentity(t *testing.T, store *Store, identity *Identity) {
	t.Helper()
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	want := c.Expect
	assert.Equal(t, want.Method, identity.Source, "source")
	if want.Credentials != nil {
		found, err := store.session.credentials.Retrieve(t.Context())
		require.NoError(t, err)
		assert.Equal(t, text(want.Credentials.AccessKey), found.AccessKeyID, "access key")
		assert.Equal(t, text(want.Credentials.Token), found.SessionToken, "token")
	}
	if want.Region != "" {
		assert.Equal(t, want.Region, identity.Region, "region")
	}
	stubbed := strings.NewReplacer("{STUB}", "").Replace
	if !strings.Contains(want.STSURL, "{STUB}") && want.STSURL != "" {
		assert.Equal(t, strings.TrimRight(want.STSURL, "/"), strings.TrimRight(identity.Endpoints.STS, "/"), "STS endpoint")
	}
	if want.PutURL == "" || strings.Contains(want.PutURL, "{STUB}") {
		return
	}
	bucket, key := c.names()
	put, _, err := store.PutRequest(t.Context(), bucket, key)
	if identity.AccessKeyID == "" && err != nil {
		put = want.PutURL // boto3 signs with an empty key, the SDK does not
	} else {
		require.NoError(t, err)
	}
	if strings.HasSuffix(want.PutURL, "/?session") { // boto3 would ask for a session first
		want.PutURL = strings.TrimSuffix(want.PutURL, "?session") + key
	}
	assert.Equal(t, stubbed(want.PutURL), put, "URL of a put")
	if bucket == exampleBucket {
		assert.Equal(t, want.Addressing, identity.Endpoints.Addressing, "addressing")
	}
}

// TestScenariosBeyondTheGolden are answers of boto3 1.43.11 to random scenarios
// that found a difference.
func TestScenariosBeyondTheGolden(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::123456789012:role/r1"
	source := "[src]\naws_access_key_id=AKSRC\naws_secret_access_key=SKSRC\n"
	for name, c := range map[string]struct {
		config, kind string
		env          map[string]string
	}{
		"short external id":         {"[default]\nrole_arn=" + role + "\nsource_profile=src\nexternal_id=E\n", "ParamValidationError", nil},
		"short session name":        {"[default]\nrole_arn=" + role + "\nsource_profile=src\nrole_session_name=s\n", "ParamValidationError", nil},
		"short role":                {"[default]\nrole_arn=role\nsource_profile=src\n", "ParamValidationError", nil},
		"short duration":            {"[default]\nrole_arn=" + role + "\nsource_profile=src\nduration_seconds=60\n", "ParamValidationError", nil},
		"role without a region":     {"[default]\nrole_arn=" + role + "\nsource_profile=src\n", "NoRegionError", map[string]string{"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}},
		"services section missing":  {"[default]\nservices=gone\n", "InvalidConfigError", nil},
		"both kinds of source":      {"[default]\nrole_arn=" + role + "\nsource_profile=src\ncredential_source=Environment\n", "InvalidConfigError", nil},
		"session settings conflict": {"[default]\nsso_session=s\nsso_region=a\nsso_account_id=1\nsso_role_name=r\n[sso-session s]\nsso_start_url=u\nsso_region=b\n", "InvalidConfigError", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scenario{Env: c.env, Files: map[string]string{".aws/config": c.config, ".aws/credentials": source}, Lithops: map[string]json.RawMessage{"aws_s3": json.RawMessage("{}")}}
			_, lookup := s.lay(t, "")
			_, _, err := s.open(t, lookup, func(*session) {})
			require.Error(t, err)
			assert.Equal(t, c.kind, kindOfError(err), "%v", err)
		})
	}
	t.Run("no region and a regional us-east-1", func(t *testing.T) {
		t.Parallel()
		s := scenario{
			Env:     map[string]string{"AWS_DEFAULTS_MODE": "standard", "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"},
			Lithops: map[string]json.RawMessage{"aws_s3": json.RawMessage("{}")},
		}
		_, lookup := s.lay(t, "")
		store, identity, err := s.open(t, lookup, func(*session) {})
		require.NoError(t, err)
		assert.Equal(t, "aws-global", identity.Region)
		put, _, err := store.PutRequest(t.Context(), "my-bucket", "key")
		require.NoError(t, err)
		assert.Equal(t, "https://my-bucket.s3.amazonaws.com/key", put)
	})
}
