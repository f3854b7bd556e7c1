// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/internal/yamltree"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// A configCase is one case of testdata/golden/config.json: what Python Lithops
// made of some files and an environment.
type configCase struct {
	Name          string            `json:"name"`
	Env           map[string]string `json:"env"`
	Files         map[string]string `json:"files"`
	FilesB64      map[string]string `json:"files_b64"`
	Symlinks      map[string]string `json:"symlinks"`
	ConfigFileArg string            `json:"config_file_arg"`
	YAMLArg       string            `json:"yaml_arg"`
	ConfigDict    json.RawMessage   `json:"config_dict"`
	BackendArg    string            `json:"backend_arg"`
	Expect        struct {
		Error *struct {
			Stage string `json:"stage"`
			Type  string `json:"type"`
			Msg   string `json:"msg"`
		} `json:"error"`
		StorageConfig map[string]any `json:"storage_config"`
		Client        map[string]any `json:"client"`
	} `json:"expect"`
}

func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	testkit.Golden(t, ".", name, into)
}

// lay puts the case's files under a new folder and returns the loader that
// stands where Python's process stood.
func (c *configCase) lay(t *testing.T) (ConfigLoader, string) {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"cwd", "home"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, folder), 0o700))
	}
	write := func(name string, data []byte) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, data, 0o600))
	}
	for name, text := range c.Files {
		write(name, []byte(text))
	}
	for name, text := range c.FilesB64 {
		data, err := base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
		write(name, data)
	}
	for name, target := range c.Symlinks {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	place := func(s string) string { return strings.ReplaceAll(s, "${DIR}", dir) }
	env := map[string]string{"HOME": filepath.Join(dir, "home")}
	for name, value := range c.Env {
		env[name] = place(value)
	}
	lookup := testkit.Env(env)
	path := place(c.ConfigFileArg + c.YAMLArg)
	return ConfigLoader{
		Path: path, SkipEmpty: c.YAMLArg != "", Backend: c.BackendArg,
		lookupEnv: lookup, dir: filepath.Join(dir, "cwd"),
	}, dir
}

// configDifferences are the cases that end otherwise than in Python, on purpose:
// each has its line in docs/compatibility.md.
var configDifferences = map[string]struct{ region, err string }{
	// AWS's own settings decide if there is no configuration.
	"nothing at all -> localhost": {},
	// An empty section is an absent one.
	"aws: null":                  {},
	"aws_s3: null with aws":      {region: "us-east-1"},
	"aws and aws_s3 null":        {},
	"LITHOPS_CONFIG null aws":    {},
	"LITHOPS_CONFIG null aws_s3": {region: "us-east-1"},
	// A scalar is the text that was written.
	"region no":                       {region: "no"},
	"region date":                     {region: "2020-01-01"},
	"yaml 1.1 directive and on":       {region: "on"},
	"access_key_id equals":            {region: "us-east-1"},
	"access_key_id merge token value": {region: "us-east-1"},
	"access_key_id !!binary":          {err: "cfg.yaml:4: aws.access_key_id: has a YAML tag"},
	// A key in the wrong place, or under another name, would mean other credentials
	// or another bucket than the file says.
	"storage_bucket in lithops section is ignored": {err: "cfg.yaml:2: lithops.storage_bucket: is read below aws_s3: only; move it there"},
	"aws_access_key_id spelling is not read":       {err: "cfg.yaml:3: aws.aws_access_key_id: is no key that Lithops reads"},
	`config "profile" key is ignored`:              {err: "config:3: aws.profile: is no key that Lithops reads, so that other credentials would be used (Lithops reads no profile: set AWS_PROFILE)"},
	"storage_bucket slash":                         {err: "cfg.yaml:6: aws_s3.storage_bucket: has a slash"},
	// Keys with white space sign nothing that a server accepts.
	"secret dquoted escapes": {err: "cfg.yaml:4: aws.secret_access_key: has a line break inside"},
	"secret folded":          {err: "cfg.yaml:4: aws.secret_access_key: has white space inside"},
	// White space is white space, and YAML lets an anchor be set again.
	"json with tabs":     {region: "us-east-1"},
	"tab after colon":    {region: "us-east-1"},
	"tab before comment": {region: "us-east-1"},
	"trailing tab":       {region: "us-east-1"},
	"duplicate anchor":   {region: "us-east-1"},
}

func TestGoldenConfig(t *testing.T) {
	t.Parallel()
	var golden struct{ Cases []configCase }
	readGolden(t, "config.json", &golden)
	require.NotEmpty(t, golden.Cases)
	for _, c := range testkit.SomeOf(golden.Cases, 40) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && c.Symlinks != nil {
				t.Skip("symbolic links need a privilege on Windows")
			}
			loader, dir := c.lay(t)
			config, err := c.load(loader)
			c.check(t, config, err, dir)
		})
	}
}

func (c *configCase) load(loader ConfigLoader) (*Config, error) {
	if c.ConfigDict != nil {
		return ParseConfig(c.ConfigDict)
	}
	return loader.Load()
}

func (c *configCase) check(t *testing.T, config *Config, err error, dir string) {
	t.Helper()
	if want, ok := configDifferences[c.Name]; ok {
		if want.err != "" {
			require.ErrorContains(t, err, want.err)
			return
		}
		require.NoError(t, err)
		assert.Equal(t, want.region, config.Region)
		return
	}
	backend, _ := c.Expect.StorageConfig["backend"].(string)
	switch {
	case backend == Backend && c.clientFails():
		// What botocore refuses of AWS's own settings is the session's to refuse; a
		// bad region is refused here already.
		if problem := fmt.Sprint(c.Expect.Client["error"]); strings.Contains(problem, "region") {
			require.Error(t, err, problem)
		}
	case backend == Backend:
		require.NoError(t, err)
		c.checkResolved(t, config)
	case backend != "":
		require.ErrorIs(t, err, ErrOtherBackend)
		assert.Contains(t, err.Error(), backend)
	default:
		require.Error(t, err, "Python fails with %v", c.Expect.Error)
		assert.NotContains(t, err.Error(), "s3cr3t")
		t.Log(strings.ReplaceAll(err.Error(), dir, ""))
	}
}

func (c *configCase) clientFails() bool { return c.Expect.Client["error"] != nil }

func (c *configCase) checkResolved(t *testing.T, config *Config) {
	t.Helper()
	want, _ := c.Expect.StorageConfig[Backend].(map[string]any)
	if pairs, ok := want["__pairs__"].([]any); ok {
		for _, p := range pairs {
			if name, ok := p.([]any)[0].(string); ok {
				want[name] = p.([]any)[1]
			}
		}
	}
	got := map[string]string{
		"region": config.Region, "access_key_id": config.AccessKeyID, "storage_bucket": config.StorageBucket,
		"secret_access_key": config.SecretAccessKey.Reveal(), "session_token": config.SessionToken.Reveal(),
	}
	for key, value := range got {
		text, isText := want[key].(string)
		if number, ok := want[key].(float64); ok && key == "storage_bucket" && number != 0 {
			text, isText = fmt.Sprint(number), true
		}
		if want[key] != nil && !isText {
			continue // Python made a number, a date or a truth of it, which fails when signing
		}
		assert.Equal(t, text, value, key)
	}
	if bucket := fmt.Sprint(c.Expect.Client["bucket"]); !strings.HasPrefix(bucket, "lithops-") {
		assert.Equal(t, bucket, config.StorageBucket)
	} else {
		assert.Empty(t, config.StorageBucket)
	}
	interval := c.Expect.StorageConfig["monitoring_interval"]
	var seconds float64
	_, err := fmt.Sscan(fmt.Sprint(interval), &seconds)
	require.NoError(t, err)
	assert.Equal(t, time.Duration(seconds*float64(time.Second)), config.MonitoringInterval)
}

func loaderAt(t *testing.T, env map[string]string, files map[string]string) ConfigLoader {
	t.Helper()
	c := configCase{Env: env, Files: files}
	loader, _ := c.lay(t)
	return loader
}

func TestConfigErrorsNameSourceAndLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"unknown backend", "lithops:\n  storage: s3\n", `cfg:2: lithops.storage: selects the storage backend "s3", which Lithops does not have (did you mean aws_s3?)`},
		{"other backend", "lithops:\n\n  storage: minio\n", `cfg:3: lithops.storage: selects the storage backend "minio"; this package implements aws_s3`},
		{"region missing", "lithops:\naws:\n  regoin: x\n", "cfg:2: aws.region: is missing: Lithops requires region under aws or aws_s3 (aws.regoin looks like a misspelling of it)"},
		{"region empty", "aws:\n  region: ''\n", "cfg:2: aws.region: is empty; leave the key out to use the region of AWS's own settings"},
		{"region bad", "aws:\n  region: us east 1\n", `cfg:2: aws.region: "us east 1" is not a region name (it has blanks): letters, digits and inner dashes, at most 63`},
		{"region list", "aws:\n  region: [a]\n", "cfg:2: aws.region: must be a string, not a list"},
		{"section text", "aws: us-east-1\n", "cfg:1: aws: must be a mapping (key: value), not a string"},
		{"document list", "- a\n", "cfg:1: must be a mapping of sections such as lithops and aws, not a list"},
		{"interval", "lithops:\n  monitoring_interval: soon\n", "cfg:2: lithops.monitoring_interval: must be a number of seconds from 0 to 86400"},
		{"tag", "aws:\n  region: r\n  secret_access_key: !canary x\n", "cfg:3: aws.secret_access_key: has a YAML tag; put a value that begins with ! in quotes"},
		{"tagged section", "lithops:\naws: !canary\n  region: r\n", "cfg:2: aws: has a YAML tag, which no section has"},
		{"tagged document", "!canary\naws:\n  region: r\n", "cfg:1: has a YAML tag, which no section has"},
		{"anchor", "aws:\n  region: r\n  secret_access_key: *canary\n", "cfg: not valid YAML: refers to an anchor that is not there; put a value that begins with * in quotes"},
		{"second document", "aws:\n  region: r\n---\na: b\n", "cfg:3: a second YAML document begins here; a configuration has one"},
		{"not UTF-8", "aws:\n  region: \xff\n", "cfg:2: is not UTF-8 text"},
		{"self merge", "aws: &a\n  <<: *a\n", "cfg:1: aws: merges too much, or itself"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			loader := loaderAt(t, nil, map[string]string{"cwd/cfg": test.text})
			loader.Path = "cfg"
			_, err := loader.Load()
			require.Error(t, err)
			assert.Equal(t, homedir.Abbreviate(filepath.Join(loader.dir, test.want)), err.Error())
			var config *ConfigError
			require.ErrorAs(t, err, &config)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestConfigWarnings(t *testing.T) {
	t.Parallel()
	loader := loaderAt(t, nil, map[string]string{
		"home/.lithops/config": "AWS: {}\nlithops:\n  storge: x\naws:\n  region: r-1\n  region: r-2\naws_s3:\n  bucket: b\n  storage-bucket: c\n",
	})
	config, err := loader.Load()
	require.NoError(t, err)
	assert.Equal(t, "r-2", config.Region, "PyYAML takes the last of a duplicated key")
	var got []string
	for _, warning := range config.Warnings {
		_, text, _ := strings.Cut(warning, filepath.Join(".lithops", "config")+":")
		got = append(got, text)
	}
	assert.ElementsMatch(t, []string{
		"1: AWS: unknown key (did you mean aws?)",
		"3: lithops.storge: unknown key (did you mean storage?)",
		"6: aws.region: is given twice; this line wins over line 5",
		"8: aws_s3.bucket: unknown key (did you mean storage_bucket?)",
		"9: aws_s3.storage-bucket: unknown key (did you mean storage_bucket?)",
	}, got)
}

func TestConfigFileThatOthersCanRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such permissions")
	}
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o640: true, 0o604: true} {
		for _, secret := range []bool{true, false} {
			text := "aws:\n  region: r\n"
			if secret {
				text += "  access_key_id: A\n  secret_access_key: S\n"
			}
			loader := loaderAt(t, nil, map[string]string{"cwd/.lithops_config": text})
			require.NoError(t, os.Chmod(filepath.Join(loader.dir, ".lithops_config"), mode))
			config, err := loader.Load()
			require.NoError(t, err)
			assert.Equal(t, warned && secret, len(config.Warnings) == 1, "mode %o, secret %v: %v", mode, secret, config.Warnings)
		}
	}
}

func TestNoConfiguration(t *testing.T) {
	t.Parallel()
	config, err := loaderAt(t, nil, nil).Load()
	if _, statErr := os.Stat("/etc/lithops/config"); statErr == nil {
		t.Skip("this machine has /etc/lithops/config")
	}
	require.NoError(t, err)
	assert.Equal(t, &Config{}, config)
}

func TestLargeConfigIsRefused(t *testing.T) {
	t.Parallel()
	loader := loaderAt(t, nil, map[string]string{"cwd/.lithops_config": strings.Repeat("# comment\n", yamltree.MaxSize/10+1)})
	_, err := loader.Load()
	require.ErrorContains(t, err, "larger than")
	_, err = ParseConfig(bytes.Repeat([]byte("#"), yamltree.MaxSize+1))
	require.ErrorContains(t, err, "larger than")
}

// TestAliasesAreNotExpanded checks ten levels of ten aliases, which are 10^10 values if
// they are expanded.
func TestAliasesAreNotExpanded(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("a0: &a0 [x]\n")
	for i := range 10 {
		fmt.Fprintf(&text, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	text.WriteString("aws:\n  region: eu-west-1\n  other: *a10\n")
	config, err := ParseConfig([]byte(text.String()))
	require.NoError(t, err)
	assert.Equal(t, "eu-west-1", config.Region)
}

// TestSecretsDoNotPrint prints a configuration in every way that Go has.
func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	const canary = "CANARY-7f3a"
	config := &Config{Region: "r", AccessKeyID: "AKIA", SecretAccessKey: NewSecret(canary), SessionToken: NewSecret(canary)}
	type holder struct{ hidden Config } // fmt can't call methods through unexported fields
	values := []any{config, *config, config.SecretAccessKey, &config.SecretAccessKey, holder{*config}, &holder{*config}, []any{config}, map[string]any{"c": *config}}
	var out strings.Builder
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p"} {
			fmt.Fprintf(&out, verb, value)
		}
		for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(handler).Info("m", "value", value)
		}
		text, err := json.Marshal(value)
		require.NoError(t, err)
		out.Write(text)
		text, err = yaml.Marshal(value)
		require.NoError(t, err)
		out.Write(text)
	}
	assert.Contains(t, out.String(), sanitize.Redacted)
	assert.NotContains(t, out.String(), canary)
	assert.NotContains(t, out.String(), fmt.Sprintf("%x", canary))
	assert.NotContains(t, out.String(), fmt.Sprintf("%X", canary))
	assert.Equal(t, canary, config.SecretAccessKey.Reveal())
	assert.Empty(t, Secret{}.Reveal())
	assert.Empty(t, fmt.Sprint(Secret{}))
}

func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{
		"aws:\n  region: us-east-1\n", `{"aws":{"region":"r"}}`, "aws: &a {<<: *a}\n", "aws: [[region, r]]\n",
		"lithops: {storage: minio}\n", "a: !!binary x\n", "\ufeffaws:\n", "? [a]\n: b\n", "aws: {region: *x}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := ParseConfig(data)
		if err == nil {
			_ = fmt.Sprintf("%+v", config)
			return
		}
		if config != nil || err.Error() == "" {
			t.Fatalf("config %v beside error %q", config, err)
		}
	})
}

func FuzzParseJSONConfig(f *testing.F) {
	for _, seed := range []string{`{"aws":{"region":"us-east-1"}}`, `{"aws":{"x":NaN,"y":-Infinity}}`, `[`, `"\ud800"`, `{"a":1,"a":2}`} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		tree, err := yamltree.ParseJSON(text)
		if err == nil && !yamltree.IsFalsy(tree) {
			_, _ = resolveConfig(tree, "test", "")
		}
	})
}

// TestBackendWithoutFile checks that another backend is refused also if there is no configuration.
func TestBackendWithoutFile(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/etc/lithops/config"); err == nil {
		t.Skip("this machine has a configuration for all users")
	}
	loader := ConfigLoader{Backend: "localhost", dir: t.TempDir(), lookupEnv: func(string) (string, bool) { return "", false }}
	_, err := loader.Load()
	require.ErrorIs(t, err, ErrOtherBackend)
	require.ErrorContains(t, err, "localhost")
	loader.Backend = Backend
	config, err := loader.Load()
	require.NoError(t, err)
	assert.Empty(t, config.Source)
}
