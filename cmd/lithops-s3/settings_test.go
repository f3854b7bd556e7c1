// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWrongSettingsExitCode checks that every command takes a wrong setting of AWS's for
// a wrong configuration, not for missing credentials.
func TestWrongSettingsExitCode(t *testing.T) {
	home := t.TempDir()
	testkit.SetEnv(t, map[string]string{"HOME": home})
	t.Setenv("LITHOPS_CONFIG", `{"aws_s3":{"access_key_id":"A","secret_access_key":"S"}}`)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "127.0.0.1:9000", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "none", "AWS_RETRY_MODE": "often", "AWS_DEFAULTS_MODE": "x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_DEFAULT_REGION", "us-east-1")
			t.Setenv(name, value)
			for _, args := range [][]string{{"list", "bucket"}, {"doctor", "--offline"}, {"bucket"}} {
				var out, problems strings.Builder
				code := run(t.Context(), args, strings.NewReader(""), &out, &problems)
				assert.Equal(t, exitConfig, code, "%v: %s%s", args, out.String(), problems.String())
				assert.NotContains(t, out.String()+problems.String(), "credentials:")
				assert.Contains(t, out.String()+problems.String(), name)
			}
		})
	}
}

// TestDoctorOfflineSendsNothing checks this for every kind of bucket and credentials.
func TestDoctorOfflineSendsNothing(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "bundle.pem")
	authority := httptest.NewTLSServer(nil) // any
	authority.Close()
	require.NoError(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate().Raw}), 0o600))
	const role = "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\n"
	for name, c := range map[string]struct {
		env     map[string]string
		files   map[string]string
		code    int
		express bool
	}{
		"keys":              {env: map[string]string{"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S"}},
		"S3 Express at AWS": {env: map[string]string{"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_ENDPOINT_URL": ""}, express: true},
		"role": {files: map[string]string{
			"config": role + "source_profile = src\n", "credentials": "[src]\naws_access_key_id = A\naws_secret_access_key = S\n",
		}},
		"instance":     {env: map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT": server.URL}, code: exitPermission},
		"container":    {env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.URL}},
		"web identity": {env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "token", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r"}},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(home, ".aws"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(home, "token"), []byte("a-token"), 0o600))
			for file, text := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(home, ".aws", file), []byte(text), 0o600))
			}
			testkit.SetEnv(t, map[string]string{"HOME": home})
			t.Chdir(home)
			t.Setenv("LITHOPS_CONFIG", `{"aws":{"region":"us-east-1"}}`)
			t.Setenv("AWS_ENDPOINT_URL", server.URL)
			t.Setenv("AWS_CA_BUNDLE", bundle) // with one, the SDK's chain refuses most clients
			for variable, value := range c.env {
				t.Setenv(variable, value)
			}
			for _, bucket := range []string{"bucket", "bucket--use1-az4--x-s3", "arn:aws:s3:us-east-1:123456789012:accesspoint/ap"} {
				var out, problems strings.Builder
				code := run(t.Context(), []string{"doctor", "--offline", "--bucket", bucket}, strings.NewReader(""), &out, &problems)
				assert.Zero(t, asked.Load(), "%s: %s", bucket, out.String())
				var bySDK strings.Builder
				_ = run(t.Context(), []string{"doctor", "--offline", "--credentials", "sdk", "--bucket", bucket}, strings.NewReader(""), &bySDK, io.Discard)
				assert.Zero(t, asked.Load(), "%s by the SDK's chain", bucket)
				assert.NotContains(t, bySDK.String(), "wrong setting", "%s by the SDK's chain", bucket)
				if !strings.HasPrefix(bucket, "arn:") { // which no custom endpoint has
					assert.Equal(t, c.code, code, "%s: %s", bucket, out.String())
				}
				if c.express && strings.Contains(bucket, "--x-s3") {
					assert.Contains(t, out.String(), "https://bucket--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com/")
				}
			}
		})
	}
}

// TestIntervalOfNoConfiguration prints the interval that jobs have without a configuration of
// Lithops, as where AWS's own settings name a region.
func TestIntervalOfNoConfiguration(t *testing.T) {
	t.Parallel()
	report := newConfigReport(&lithopss3.Config{})
	assert.InDelta(t, 2.0, report.MonitoringInterval, 0)
	report = newConfigReport(&lithopss3.Config{MonitoringInterval: 500 * time.Millisecond})
	assert.InDelta(t, 0.5, report.MonitoringInterval, 0)
}
