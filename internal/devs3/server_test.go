// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	_, err := Start(&Options{Addr: "0.0.0.0:0"})
	require.ErrorIs(t, err, ErrNotLoopback)
	require.ErrorContains(t, err, "0.0.0.0:0 is not a loopback address")
	_, err = Start(&Options{Addr: "127.0.0.1"})
	require.Error(t, err, "no port")

	server, err := Start(&Options{Addr: "127.0.0.1:0"})
	require.NoError(t, err)
	_, err = Start(&Options{Addr: strings.TrimPrefix(server.URL(), "http://")})
	require.Error(t, err, "the port is taken")
	require.NoError(t, server.Close())
	require.NoError(t, server.Close(), "a second time")
	var dialer net.Dialer
	_, err = dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(server.URL(), "http://"))
	require.Error(t, err, "nothing listens any more")
}

// TestSettingsForClients checks the environment and the configuration that the server
// names, with and without a session token and a region.
func TestSettingsForClients(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts   *Options
		caller Credential
		region string
		config string
	}{
		"the defaults": {nil, defaultCredential, "us-east-1", "lithops:\n  storage: aws_s3\naws:\n  region: us-east-1\n  access_key_id: AKIADEVS3EXAMPLE\n  secret_access_key: devs3-secret-example\n"},
		"one's own": {
			&Options{Region: "eu-west-1", Credentials: []Credential{bob, alice}}, bob, "eu-west-1",
			"lithops:\n  storage: aws_s3\naws:\n  region: eu-west-1\n  access_key_id: AKIABOB\n  secret_access_key: b\n  session_token: t\n",
		},
	} {
		server, err := Start(test.opts)
		require.NoError(t, err)
		want := map[string]string{
			"AWS_ENDPOINT_URL": server.URL(), "AWS_ACCESS_KEY_ID": test.caller.AccessKeyID, "AWS_SECRET_ACCESS_KEY": test.caller.SecretAccessKey,
			"AWS_DEFAULT_REGION": test.region, "AWS_EC2_METADATA_DISABLED": "true",
		}
		if test.caller.SessionToken != "" {
			want["AWS_SESSION_TOKEN"] = test.caller.SessionToken
		}
		assert.Equal(t, want, server.Env(), name)
		assert.Equal(t, test.config, server.Config(), name)
		assert.Equal(t, test.caller, server.Credential(), name)
		require.NoError(t, server.Close())
	}
}

// TestWrapAndLog checks that a wrapper sees each request first, and that the log has those that
// it passes on.
func TestWrapAndLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	server, err := Start(&Options{
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/broken" {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				next.ServeHTTP(w, r)
			})
		},
	})
	require.NoError(t, err)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	assert.Equal(t, http.StatusTeapot, send(t, signed(t, server, defaultCredential, request{method: "GET", path: "/broken"})).status)
	assert.Equal(t, "NoSuchBucket", send(t, signed(t, server, defaultCredential, request{method: "GET", path: "/passed?list-type=2"})).code())
	require.NoError(t, server.Close())
	assert.Contains(t, log.String(), `level=DEBUG msg=request method=GET url="/passed?list-type=2"`)
	assert.NotContains(t, log.String(), "broken")
}

// TestContinueBeforeEmptyBody checks that there is a 100 before an empty body only if the
// client asks for one: see continueEmpty.
func TestContinueBeforeEmptyBody(t *testing.T) {
	t.Parallel()
	server := start(t)
	for header, want := range map[string]string{
		"Expect: 100-continue\r\nContent-Length: 0\r\n": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\n",
		"Content-Length: 0\r\n":                         "HTTP/1.1 403 Forbidden\r\n",
		"Expect: 100-continue\r\nContent-Length: 1\r\n": "HTTP/1.1 403 Forbidden\r\n",
	} {
		var dialer net.Dialer
		conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(server.URL(), "http://"))
		require.NoError(t, err)
		_, err = io.WriteString(conn, "PUT /bucket/key HTTP/1.1\r\nHost: x\r\n"+header+"\r\n")
		require.NoError(t, err)
		got := make([]byte, len(want))
		_, err = io.ReadFull(bufio.NewReader(conn), got)
		require.NoError(t, err)
		assert.Equal(t, want, string(got), header)
		require.NoError(t, conn.Close())
	}
}
