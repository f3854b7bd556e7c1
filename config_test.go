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
	data, err := os.ReadFile(filepath.Join("testdata", "golden", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, into))
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
	lookup := func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
	path := place(c.ConfigFileArg + c.YAMLArg)
	return ConfigLoader{
		Path: path, SkipEmpty: c.YAMLArg != "", Backend: c.BackendArg,
		lookupEnv: lookup, dir: filepath.Join(dir, "cwd"),
	}, dir
}

// Where Python resolves a configuration and this package does not, or the other
// way round, with the line of docs/compatibility.md that says why.
var configDifferences = map[string]string{
	"nothing at all -> localhost":                            "no configuration: AWS's own settings decide, see TestNoConfiguration",
	"aws: null":                                              "an empty section is an absent one",
	"aws_s3: null with aws":                                  "an empty section is an absent one",
	"aws and aws_s3 null":                                    "an empty section is an absent one",
	"LITHOPS_CONFIG null aws":                                "an empty section is an absent one",
	"LITHOPS_CONFIG null aws_s3":                             "an empty section is an absent one",
	"lithops.storage empty":                                  "an unknown backend is an error",
	"access_key_id !!binary":                                 "a tagged value is an error with the line",
	"region no":                                              "a scalar is the text that was written",
	"region date":                                            "a scalar is the text that was written",
	"yaml 1.1 directive and on":                              "a scalar is the text that was written",
	"access_key_id equals":                                   "a scalar is the text that was written",
	"access_key_id merge token value":                        "a scalar is the text that was written",
	"duplicate anchor":                                       "YAML 1.2 allows it",
	"json with tabs":                                         "white space is white space",
	"tab after colon":                                        "white space is white space",
	"tab before comment":                                     "white space is white space",
	"trailing tab":                                           "white space is white space",
	"tab only line":                                          "white space is white space",
	"aws_s3 region_name WITHOUT aws section is not aliased": "region_name is region",
}

func TestGoldenConfig(t *testing.T) {
	t.Parallel()
	var golden struct{ Cases []configCase }
	readGolden(t, "config.json", &golden)
	require.NotEmpty(t, golden.Cases)
	for _, c := range golden.Cases {
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
	if why, ok := configDifferences[c.Name]; ok {
		t.Logf("differs from Python on purpose: %s (got %v)", why, err)
		return
	}
	backend, _ := c.Expect.StorageConfig["backend"].(string)
	switch {
	case backend == Backend && c.clientFails():
		if err == nil {
			t.Logf("Python's client fails with %v; here the Config is %+v", c.Expect.Client["error"], config)
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
		if want[key] != nil && !isText {
			continue // Python made a number, a date or a truth of it, which fails when signing
		}
		assert.Equal(t, text, value, key)
	}
	if bucket, _ := c.Expect.Client["bucket"].(string); !strings.HasPrefix(bucket, "lithops-") {
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
