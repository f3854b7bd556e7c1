// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCredentialsOfTheSDK checks who signs a request, for which region.
func TestCredentialsOfTheSDK(t *testing.T) {
	signed := make(chan string, 8)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed <- r.Header.Get("Authorization")
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	testkit.SetEnv(t, map[string]string{
		"HOME": t.TempDir(), "AWS_ENDPOINT_URL": server.URL, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_REGION": "eu-west-3",
	})
	const withRegion = `{"aws":{"region":"us-east-2","access_key_id":"AKFILE","secret_access_key":"SK"}}`
	const without = `{"aws_s3":{"access_key_id":"AKFILE","secret_access_key":"SK"}}`
	for _, test := range []struct {
		name, config string
		args         []string
		want         string // "" for an unsigned request
	}{
		{"the configuration's", withRegion, nil, "Credential=AKFILE/*/us-east-2/"},
		{"lithops", withRegion, []string{"--credentials", "lithops"}, "Credential=AKFILE/*/us-east-2/"},
		{"sdk", withRegion, []string{"--credentials", "sdk"}, "Credential=AKENV/*/us-east-2/"},
		{"sdk's region", without, []string{"--credentials=sdk"}, "Credential=AKENV/*/eu-west-3/"},
		{"sdk, another region", without, []string{"--credentials=sdk", "--region", "eu-north-1"}, "Credential=AKENV/*/eu-north-1/"},
		{"sdk, unsigned", withRegion, []string{"--credentials=sdk", "--no-sign-request"}, ""},
	} {
		t.Setenv("LITHOPS_CONFIG", test.config)
		var out, problems strings.Builder
		code := run(t.Context(), append([]string{"head", "bucket", "key"}, test.args...), strings.NewReader(""), &out, &problems)
		assert.Equal(t, exitNotFound, code, "%s: %s", test.name, problems.String())
		got := <-signed
		if test.want == "" {
			assert.Empty(t, got)
			continue
		}
		key, region, _ := strings.Cut(test.want, "*")
		assert.Contains(t, got, key)
		assert.Contains(t, got, region, test.name)
	}
	var out, problems strings.Builder
	assert.Equal(t, exitConfig, run(t.Context(), []string{"head", "bucket", "key", "--credentials=sdk", "--profile", "none"}, strings.NewReader(""), &out, &problems))
	assert.Contains(t, problems.String(), "none")
	problems.Reset()
	require.Equal(t, exitUsage, run(t.Context(), []string{"head", "bucket", "key", "--credentials=boto3"}, strings.NewReader(""), &out, &problems))
	assert.Empty(t, signed)
}
