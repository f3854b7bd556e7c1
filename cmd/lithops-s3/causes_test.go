// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refuseWith returns a server that refuses every request with a code of S3's.
func refuseWith(t *testing.T, status int, code string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestDoctorFindsTheCause has a line for each of the common causes: what doctor calls
// it, and what it says to do.
func TestDoctorFindsTheCause(t *testing.T) {
	sound, err := devs3.Start(nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = sound.Close() })
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refusing := "http://" + free.Addr().String()
	require.NoError(t, free.Close())

	for words, c := range testkit.Some(map[string]struct {
		env  map[string]string
		file string // ~/.aws/config
		kind string
		fix  string
		code int
	}{
		"connection refused":            {env: map[string]string{"AWS_ENDPOINT_URL": refusing, "AWS_MAX_ATTEMPTS": "1"}, kind: "EndpointConnectionError", fix: "environment AWS_ENDPOINT_URL", code: exitError},
		"https to a server without TLS": {env: map[string]string{"AWS_ENDPOINT_URL": strings.Replace(sound.URL(), "http:", "https:", 1)}, kind: "SSLError", fix: "http:// instead of https://", code: exitError},
		"http to a server with TLS":     {env: map[string]string{"AWS_ENDPOINT_URL": strings.Replace(secure.URL, "https:", "http:", 1)}, kind: "SSLError", fix: "https:// instead of http://", code: exitError},
		"unknown certificate authority": {env: map[string]string{"AWS_ENDPOINT_URL": secure.URL}, kind: "SSLError", fix: "AWS_CA_BUNDLE", code: exitError},
		"wrong access key ID":           {env: map[string]string{"AWS_ACCESS_KEY_ID": "AKIANONE"}, kind: "InvalidClientTokenId", fix: "access_key_id", code: exitPermission},
		"wrong secret access key":       {env: map[string]string{"AWS_SECRET_ACCESS_KEY": "wrong"}, kind: "SignatureDoesNotMatch", fix: "secret_access_key", code: exitPermission},
		"expired token":                 {env: map[string]string{"AWS_ENDPOINT_URL_S3": refuseWith(t, 400, "ExpiredToken")}, kind: "ExpiredToken", fix: "temporary credentials", code: exitPermission},
		"wrong clock":                   {env: map[string]string{"AWS_ENDPOINT_URL_S3": refuseWith(t, 403, "RequestTimeTooSkewed")}, kind: "RequestTimeTooSkewed", fix: "clock", code: exitError},
		"wrong region":                  {env: map[string]string{"AWS_ENDPOINT_URL_S3": refuseWith(t, 400, "AuthorizationHeaderMalformed")}, kind: "AuthorizationHeaderMalformed", fix: "aws.region", code: exitError},
		"no permission":                 {env: map[string]string{"AWS_ENDPOINT_URL_S3": refuseWith(t, 403, "AccessDenied")}, kind: "Forbidden", fix: "s3:ListBucket", code: exitPermission},
		"no credentials":                {env: map[string]string{"AWS_ACCESS_KEY_ID": ""}, kind: "NoCredentialsError", fix: "access_key_id", code: exitPermission},
		"half of the credentials":       {env: map[string]string{"AWS_SECRET_ACCESS_KEY": ""}, kind: "PartialCredentialsError", fix: "other half", code: exitPermission},
		"a profile without the word profile": {
			env: map[string]string{"AWS_PROFILE": "dev", "AWS_ACCESS_KEY_ID": ""}, file: "[dev]\nregion = eu-west-1\n",
			kind: "ProfileNotFound", fix: "[profile NAME]", code: exitConfig,
		},
		"no such profile":         {env: map[string]string{"AWS_PROFILE": "none", "AWS_ACCESS_KEY_ID": ""}, kind: "ProfileNotFound", fix: "AWS_PROFILE", code: exitConfig},
		"broken settings file":    {env: map[string]string{"AWS_ACCESS_KEY_ID": ""}, file: "no section\n", kind: "ConfigParseError", fix: "correct the line", code: exitConfig},
		"wrong configuration":     {env: map[string]string{"LITHOPS_CONFIG": `{"aws": []}`}, kind: "InvalidRegionError", fix: "docs/configuration.md", code: exitConfig},
		"another storage backend": {env: map[string]string{"LITHOPS_CONFIG": `{"lithops": {"storage": "minio"}}`}, kind: "ConfigError", fix: "aws_s3", code: exitConfig},
	}, 6) {
		t.Run(words, func(t *testing.T) {
			home := t.TempDir()
			t.Chdir(home)
			if c.file != "" {
				require.NoError(t, os.Mkdir(".aws", 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(".aws", "config"), []byte(c.file), 0o600))
			}
			for name, value := range sound.Env() {
				t.Setenv(name, value)
			}
			testkit.SetEnv(t, map[string]string{"HOME": home})
			t.Setenv("LITHOPS_CONFIG", `{"aws_s3": {}}`)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			code, out, problems := command(t.Context(), "doctor")
			assert.Equal(t, c.code, code, out+problems)
			assert.Contains(t, out, "WRONG:          "+words+": ")
			assert.Regexp(t, "\nfix: +.*"+strings.NewReplacer("[", `\[`).Replace(c.fix), out)
			assert.LessOrEqual(t, strings.Count(out, "AWS_ACCESS_KEY_ID is not set"), 1, "the chain is printed once")
			_, out, _ = command(t.Context(), "doctor", "--json")
			assert.Contains(t, out, `"kind": "`+c.kind)
			assert.Contains(t, out, `"cause": "`+words+`"`)
		})
	}
}

// TestDoctorMeetsAPipe checks that a configuration that is a pipe is reported without a
// line to correct.
func TestDoctorMeetsAPipe(t *testing.T) {
	if _, err := os.Stat("/dev/tty"); err != nil {
		t.Skip("no devices on this system")
	}
	testkit.SetEnv(t, map[string]string{"HOME": t.TempDir()})
	code, out, _ := command(t.Context(), "doctor", "-c", "/dev/tty")
	assert.Equal(t, exitConfig, code)
	assert.Regexp(t, `WRONG: +not a file: .*\nfix: +name a regular file`, out)
	t.Setenv("LITHOPS_CONFIG", `{"aws": {"region": "us-east-1"}}`)
	t.Setenv("AWS_CONFIG_FILE", "/dev/tty")
	_, out, _ = command(t.Context(), "doctor", "--offline")
	assert.Regexp(t, `WRONG: +not a file: .*\nfix: +name a regular file`, out)
}

// TestFindCause covers causes that no server on this machine shows.
func TestFindCause(t *testing.T) {
	t.Parallel()
	for words, err := range map[string]error{
		"unknown host":       fmt.Errorf("x: %w", &net.DNSError{Err: "no such host", IsNotFound: true}),
		"no answer":          fmt.Errorf("x: %w", os.ErrDeadlineExceeded),
		"connection refused": &net.OpError{Op: "dial", Err: errors.New("the target machine actively refused it")},
		"no such bucket":     &lithopss3.Error{Op: "HeadBucket", Bucket: "refused", Code: "NoSuchBucket", Err: lithopss3.ErrNoSuchBucket},
	} {
		found := findCause(err)
		require.NotNil(t, found, words)
		assert.Equal(t, words, found.words)
	}
	assert.Nil(t, findCause(io.ErrUnexpectedEOF))
	seen := map[string]bool{}
	for _, c := range causes() {
		assert.False(t, seen[c.words], c.words)
		seen[c.words] = true
		assert.NotEmpty(t, c.fix, c.words)
		assert.True(t, c.is != nil || len(c.codes) > 0, c.words)
	}
}

// TestFixNamesTheEndpoint checks that the fix of a refused connection names the setting of the
// service that refused it, also where S3 and STS share an address, or begin alike.
func TestFixNamesTheEndpoint(t *testing.T) {
	t.Parallel()
	const address = "http://127.0.0.1:1"
	refused := fmt.Errorf("cannot reach %s: %w", address, syscall.ECONNREFUSED)
	for name, test := range map[string]struct {
		s3, setting string
		err         error
	}{
		"S3":                   {address + "9", "of S3", &lithopss3.Error{Op: "HeadBucket", Err: refused}},
		"S3 at STS's address":  {address, "of S3", &lithopss3.Error{Op: "HeadBucket", Err: refused}},
		"STS at S3's address":  {address, "of STS", fmt.Errorf("no name: %w", &lithopss3.Error{Op: "GetCallerIdentity", Err: refused})},
		"credentials from STS": {address + "9", "of STS", &lithopss3.Error{Op: "HeadBucket", Err: &lithopss3.CredentialsError{Source: "assume-role", Reason: refused.Error(), Err: refused}}},
	} {
		d := &diagnosis{Endpoint: endpointDiagnosis{S3: test.s3, S3Source: "of S3", STS: address, STSSource: "of STS"}}
		assert.Equal(t, "start the server, or correct host and port in "+test.setting, d.describe(test.err).Fix, name)
	}
}
