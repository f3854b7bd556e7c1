// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTLS checks that the certificate is good for 127.0.0.1, and that a client with
// the server as its proxy finds AWS's virtual hosts there.
func TestTLS(t *testing.T) {
	t.Parallel()
	config, authority, err := Authority(AWSHosts()...)
	require.NoError(t, err)
	server, base := serve(t)
	server.TLS = config
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error)
	go func() { ended <- server.Serve(tls.NewListener(listener, config)) }()
	proxy, err := url.Parse(base)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(authority))
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		Proxy: func(r *http.Request) (*url.URL, error) {
			if strings.HasSuffix(r.URL.Host, ".amazonaws.com") {
				return proxy, nil
			}
			return nil, nil //nolint:nilnil // no proxy
		},
	}
	for _, target := range []string{
		"https://" + listener.Addr().String() + "/small-5/small/000003",
		"https://small-5." + AWSHost + "/small/000003",
		"https://small-5.s3.dualstack.us-east-1.amazonaws.com/small/000003",
		"https://" + AWSHost + "/small-5/small/000003",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
		require.NoError(t, err)
		answer, err := transport.RoundTrip(request)
		require.NoError(t, err, target)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, 1, answer.ProtoMajor)
		assert.Equal(t, string(Content(SmallKey(3), 0, 1024)), string(text), target)
	}
	transport.CloseIdleConnections()
	require.NoError(t, listener.Close())
	require.NoError(t, <-ended)
}
