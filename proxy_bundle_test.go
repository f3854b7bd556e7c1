// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var discardLog = log.New(io.Discard, "", 0)

// serviceHost is a name that only the tests' proxy finds.
const serviceHost = "service.lithops.test"

// privateCertificate returns a server's certificate for this machine and
// serviceHost, and the path of a bundle with its authority.
func privateCertificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "private"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		DNSNames: []string{serviceHost}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, bundle
}

// startServices answers for S3, STS, SSO and SSO OIDC, over TLS with a certificate.
func startServices(t *testing.T, certificate tls.Certificate) *httptest.Server {
	t.Helper()
	services := &stub{counts: map[string]int{}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", "0")
			return
		}
		services.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = discardLog
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// A connectProxy is a proxy that leads every name to one server.
type connectProxy struct {
	target  string
	tunnels atomic.Int64
	refusal int // an HTTP status, 0 for none
}

func (p *connectProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.refusal != 0 || r.Method != http.MethodConnect {
		w.WriteHeader(cmp.Or(p.refusal, http.StatusTeapot))
		return
	}
	upstream, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", p.target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = upstream.Close() }()
	p.tunnels.Add(1)
	down, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = down.Close() }()
	_, _ = io.WriteString(down, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(upstream, buffered)
		_ = upstream.Close()
	}()
	_, _ = io.Copy(down, upstream)
}

// startProxy starts a proxy that leads to target, over TLS if it has a certificate.
func startProxy(t *testing.T, proxy *connectProxy, certificate *tls.Certificate) string {
	t.Helper()
	server := httptest.NewUnstartedServer(proxy)
	server.Config.ErrorLog = discardLog
	if certificate == nil {
		server.Start()
	} else {
		server.TLS = &tls.Config{Certificates: []tls.Certificate{*certificate}}
		server.StartTLS()
	}
	t.Cleanup(server.Close)
	return server.URL
}

// askService makes one request to a service with the settings of an environment.
var askService = map[string]func(t *testing.T, endpoint string, env map[string]string) error{
	"S3": func(t *testing.T, endpoint string, env map[string]string) error {
		t.Helper()
		env["AWS_ENDPOINT_URL_S3"], env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = endpoint, "AK", "SK"
		_, err := storeOf(t, env).HeadObject(t.Context(), "bucket", "key")
		return err
	},
	"STS": func(t *testing.T, endpoint string, env map[string]string) error {
		t.Helper()
		env["AWS_ENDPOINT_URL_STS"] = endpoint
		writeProfile(t, env, "role_arn = arn:aws:iam::123456789012:role/role\ncredential_source = Environment\n")
		env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = "AK", "SK"
		_, err := storeOf(t, env).session.providers.AssumeRole().Load(t.Context())
		return err
	},
	"SSO": func(t *testing.T, endpoint string, env map[string]string) error {
		t.Helper()
		env["AWS_ENDPOINT_URL_SSO"] = endpoint
		writeProfile(t, env, "sso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n[sso-session s]\nsso_start_url = https://start\nsso_region = us-east-1\n")
		writeToken(t, env, time.Hour)
		_, err := storeOf(t, env).Identity(t.Context())
		return err
	},
	"OIDC": func(t *testing.T, endpoint string, env map[string]string) error {
		t.Helper()
		env["AWS_ENDPOINT_URL_SSO_OIDC"], env["AWS_ENDPOINT_URL_SSO"] = endpoint, endpoint
		writeProfile(t, env, "sso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n[sso-session s]\nsso_start_url = https://start\nsso_region = us-east-1\n")
		writeToken(t, env, -time.Hour)
		_, err := storeOf(t, env).Identity(t.Context())
		return err
	},
}

func storeOf(t *testing.T, env map[string]string) *Store {
	t.Helper()
	env["AWS_MAX_ATTEMPTS"], env["AWS_EC2_METADATA_DISABLED"] = "1", "true"
	lookup := testkit.Env(env)
	store, err := New(t.Context(), &Config{Region: "us-east-1"}, &Options{LookupEnv: lookup})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func writeProfile(t *testing.T, env map[string]string, section string) {
	t.Helper()
	env["HOME"] = t.TempDir()
	env["AWS_CONFIG_FILE"] = filepath.Join(env["HOME"], "config")
	require.NoError(t, os.WriteFile(env["AWS_CONFIG_FILE"], []byte("[default]\n"+section), 0o600))
}

// writeToken leaves a token of the sso-session "s", as aws sso login does.
func writeToken(t *testing.T, env map[string]string, left time.Duration) {
	t.Helper()
	folder := filepath.Join(env["HOME"], ".aws", "sso", "cache")
	require.NoError(t, os.MkdirAll(folder, 0o700))
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	text := fmt.Sprintf(`{"accessToken": "t", "expiresAt": %q, "refreshToken": "r", "clientId": "c", "clientSecret": "s", "registrationExpiresAt": %q}`, at(left), at(time.Hour))
	const sha1OfS = "a0f1490a20d0211c997b44bc357e1972deab8ae3"
	require.NoError(t, os.WriteFile(filepath.Join(folder, sha1OfS+".json"), []byte(text), 0o600))
}

// TestProxyAndBundle checks that every client takes the proxy and the certificates,
// whichever of them there are.
func TestProxyAndBundle(t *testing.T) {
	t.Parallel()
	certificate, bundle := privateCertificate(t)
	server := startServices(t, certificate)
	for service, ask := range askService {
		for _, way := range []string{"direct", "proxy", "proxy over TLS"} {
			for _, roots := range []string{bundle, ""} {
				t.Run(fmt.Sprintf("%s/%s/bundle %v", service, way, roots != ""), func(t *testing.T) {
					t.Parallel()
					proxy := &connectProxy{target: server.Listener.Addr().String()}
					env := map[string]string{"AWS_CA_BUNDLE": roots}
					endpoint := "https://" + serviceHost
					switch way {
					case "direct":
						endpoint = server.URL
					case "proxy":
						env["https_proxy"] = startProxy(t, proxy, nil)
					case "proxy over TLS":
						env["HTTPS_PROXY"] = startProxy(t, proxy, &certificate)
					}
					err := ask(t, endpoint, env)
					if roots == "" {
						require.Error(t, err)
						return
					}
					require.NoError(t, err)
					assert.Equal(t, way != "direct", proxy.tunnels.Load() > 0)
				})
			}
		}
	}
}

// TestInvalidProxy checks that a proxy's address that is not a URL is an error at once,
// which does not repeat its password.
func TestInvalidProxy(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://user:s3cr3t@p:port", "http://%zz:s3cr3t@p", "ftp://user:s3cr3t@p", "http://", "http://user:s3cr3t@:3128"} {
		synctest.Test(t, func(t *testing.T) {
			env := map[string]string{"http_proxy": address, "AWS_ENDPOINT_URL_S3": "http://" + serviceHost, "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}
			began := time.Now()
			_, err := storeOf(t, env).HeadObject(t.Context(), "bucket", "key")
			require.ErrorContains(t, err, "HTTP_PROXY", address)
			assert.NotContains(t, err.Error(), "s3cr3t")
			assert.Zero(t, time.Since(began), "it is not tried again")
		})
	}
}
