// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	ann = devs3.Credential{AccessKeyID: "AKIAANN", SecretAccessKey: "ann-secret", UserID: "AIDAANNWXYZ", Account: "111111111111"}
	ben = devs3.Credential{AccessKeyID: "AKIABEN", SecretAccessKey: "ben-secret", UserID: "AIDABENWXYZ", Account: "222222222222"}
)

// diagnose runs the doctor for ann, on the server and with the configuration's last lines.
func diagnose(t *testing.T, server *devs3.Server, env map[string]string, config string) (*diagnosis, string) {
	t.Helper()
	home := t.TempDir()
	testkit.SetEnv(t, map[string]string{"HOME": home, "AWS_ENDPOINT_URL": server.URL(), "AWS_EC2_METADATA_DISABLED": "true"})
	for name, value := range env {
		t.Setenv(name, value)
	}
	path := filepath.Join(home, "lithops.yaml")
	require.NoError(t, os.WriteFile(path, []byte(server.Config()+config), 0o600))
	var out, problems strings.Builder
	run(t.Context(), []string{"doctor", "-c", path}, strings.NewReader(""), &out, &problems)
	text := out.String()
	out.Reset()
	run(t.Context(), []string{"doctor", "-c", path, "--json"}, strings.NewReader(""), &out, &problems)
	var d diagnosis
	require.NoError(t, json.Unmarshal([]byte(out.String()), &d), out.String())
	return &d, text
}

func TestDoctorFlagsOthersBuckets(t *testing.T) {
	const userBucket = "lithops-us-east-1-wxyz"
	static := "aws_s3:\n  storage_bucket: some-bucket\n"
	for name, test := range map[string]struct {
		bucket, config, setting string
		owner                   devs3.Credential
		openBy                  devs3.Opening
		env                     map[string]string
		publicAccess, ownerIs   string
		warning, fix            string
	}{
		"one's own":     {bucket: userBucket, owner: ann, publicAccess: "not blocked", ownerIs: ann.Account, warning: "public access to the bucket is not blocked"},
		"public policy": {bucket: userBucket, owner: ann, openBy: devs3.OpenByPolicy, publicAccess: "public", ownerIs: ann.Account, warning: "the bucket is public"},
		"public list":   {bucket: "some-bucket", config: static, owner: ann, openBy: devs3.OpenByACL, publicAccess: "public", ownerIs: ann.Account, warning: "the bucket is public"},
		"foreign and open": {
			bucket: "some-bucket", config: static, owner: ben, openBy: devs3.OpenByPolicy, publicAccess: "unknown", ownerIs: "another account",
			warning: "the bucket is another account's",
		},
		"squatted":          {bucket: userBucket, owner: ben, openBy: devs3.OpenByPolicy, publicAccess: "unknown", ownerIs: "unknown", fix: "--account-regional"},
		"refused to answer": {bucket: userBucket, owner: ann, setting: "publicAccessBlock policyStatus acl", publicAccess: "unknown", ownerIs: ann.Account},
		"nobody knows": {
			bucket: "some-bucket", config: static, owner: ann, env: map[string]string{"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"},
			publicAccess: "not blocked", ownerIs: "unknown", warning: "no request demands its owner",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := devs3.Start(&devs3.Options{Credentials: []devs3.Credential{ann, ben}, Wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					for _, setting := range strings.Fields(test.setting) {
						if r.URL.Query().Has(setting) {
							w.WriteHeader(http.StatusForbidden)
							return
						}
					}
					next.ServeHTTP(w, r)
				})
			}})
			require.NoError(t, err)
			defer func() { require.NoError(t, server.Close()) }()
			require.NoError(t, server.AddBucket(test.bucket, test.owner.Account, "us-east-1"))
			if test.openBy != 0 {
				require.NoError(t, server.OpenBucket(test.bucket, test.openBy))
			}
			d, text := diagnose(t, server, test.env, test.config)
			require.NotNil(t, d.Storage, text)
			assert.Equal(t, test.publicAccess, d.Storage.PublicAccess)
			assert.Equal(t, test.ownerIs, d.Storage.Owner)
			assert.Contains(t, strings.Join(d.Warnings, "\n"), test.warning)
			assert.Contains(t, text, test.warning)
			assert.Equal(t, test.fix != "", d.Error != nil)
			assert.Contains(t, text, test.fix)
		})
	}
}

// TestDoctorPrintsAll checks that a report which can't be printed is a failure.
func TestDoctorPrintsAll(t *testing.T) {
	testkit.SetEnv(t, map[string]string{"HOME": t.TempDir()})
	t.Setenv("LITHOPS_CONFIG", `{"aws":{"region":"us-east-1","access_key_id":"A","secret_access_key":"S"}}`)
	for _, line := range []string{"doctor --offline", "doctor --offline --json"} {
		for writes, want := range []int{exitError, 0} {
			var problems strings.Builder
			code := run(t.Context(), strings.Fields(line), strings.NewReader(""), &limitedWriter{left: 1000 * writes}, &problems)
			assert.Equal(t, want, code, "%s: %s", line, problems.String())
		}
	}
}

// TestDoctorWarnsOfPlainHTTP runs doctor offline, so that it contacts no server.
func TestDoctorWarnsOfPlainHTTP(t *testing.T) {
	home := t.TempDir()
	testkit.SetEnv(t, map[string]string{"HOME": home})
	t.Setenv("LITHOPS_CONFIG", `{"aws":{"region":"us-east-1","access_key_id":"A","secret_access_key":"S"}}`)
	for endpoint, warned := range map[string]bool{
		"http://storage.example:9000": true, "http://user:canary@10.0.0.1": true, "https://storage.example": false,
		"http://127.0.0.1:9000": false, "http://localhost:9000": false, "http://[::1]:9000": false,
	} {
		t.Setenv("AWS_ENDPOINT_URL_S3", endpoint)
		var out, problems strings.Builder
		code := run(t.Context(), []string{"doctor", "--offline"}, strings.NewReader(""), &out, &problems)
		assert.Zero(t, code)
		assert.Equal(t, warned, strings.Contains(out.String(), "plain http"), "%s: %s", endpoint, out.String())
		assert.NotContains(t, out.String()+problems.String(), "canary")
	}
}

// TestWarningsOfTheStorage warns of a bucket elsewhere, and of conditions that are ignored,
// once.
func TestWarningsOfTheStorage(t *testing.T) {
	t.Parallel()
	store, err := lithopss3.New(t.Context(), nil, &lithopss3.Options{LookupEnv: testkit.Env(map[string]string{
		"HOME": t.TempDir(), "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK",
	})})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	for want, storage := range map[string]storageDiagnosis{
		"": {Region: "eu-west-1"},
		"the bucket is in eu-south-1, the configuration says eu-west-1": {Region: "eu-south-1"},
		"the server ignores the conditions of a put ":                   {Conditions: conditionsIgnored, PartConditions: conditionsIgnored},
		"the server ignores the conditions of multipart uploads ":       {PartConditions: conditionsIgnored},
	} {
		d := &diagnosis{Storage: &storage}
		d.warnOfOthers()
		others := len(d.Warnings)
		d.Warnings = nil
		d.warnOfStorage(store)
		warnings := d.Warnings[:len(d.Warnings)-others]
		if want == "" {
			assert.Empty(t, warnings)
			continue
		}
		require.Len(t, warnings, 1)
		assert.Contains(t, warnings[0], want)
	}
}
