// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/lithops-go/lithopss3/internal/awscreds"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sdkWords lists words of the SDK's errors that no error may repeat.
var sdkWords = []string{"StatusCode", "RequestID", "HostID", "operation error", "exceeded maximum", "request send failed", "deserialization failed", "net/http:"}

// everyCall makes a call of each kind, by both paths, to S3 and to STS.
var everyCall = map[string]func(ctx context.Context, store *Store) error{
	"HeadObject": func(ctx context.Context, store *Store) error {
		_, err := store.HeadObject(ctx, "bucket", "key")
		return err
	},
	"GetObject": func(ctx context.Context, store *Store) error {
		_, err := store.GetObject(ctx, "bucket", "key", nil)
		return err
	},
	"PutObject": func(ctx context.Context, store *Store) error {
		return store.PutObject(ctx, "bucket", "key", strings.NewReader("body"), nil)
	},
	"IfAbsent": func(ctx context.Context, store *Store) error {
		return store.PutObject(ctx, "bucket", "key", strings.NewReader("body"), &PutOptions{IfAbsent: true})
	},
	"ListKeys":     func(ctx context.Context, store *Store) error { _, err := store.ListKeys(ctx, "bucket", ""); return err },
	"DeleteObject": func(ctx context.Context, store *Store) error { return store.DeleteObject(ctx, "bucket", "key") },
	"Delete": func(ctx context.Context, store *Store) error {
		return store.DeleteObjects(ctx, "bucket", []string{"a", "b"})
	},
	"DeletePrefix": func(ctx context.Context, store *Store) error {
		_, err := store.DeletePrefix(ctx, "bucket", "a/", nil)
		return err
	},
	"Upload": func(ctx context.Context, store *Store) error {
		return store.PutObject(ctx, "bucket", "key", strings.NewReader(strings.Repeat("x", 17<<20/SmallScale)), nil)
	},
	"HeadBucket":   func(ctx context.Context, store *Store) error { return store.HeadBucket(ctx, "bucket") },
	"CreateBucket": func(ctx context.Context, store *Store) error { return store.CreateBucket(ctx, "bucket") },
	"Bucket":       func(ctx context.Context, store *Store) error { _, err := store.Bucket(ctx); return err },
	"Status":       func(ctx context.Context, store *Store) error { _, err := store.BucketStatus(ctx, "bucket"); return err },
	"Uploads": func(ctx context.Context, store *Store) error {
		for _, err := range store.OpenUploads(ctx, "bucket", "") {
			return err
		}
		return nil
	},
	"Abort": func(ctx context.Context, store *Store) error {
		return store.AbortUpload(ctx, "bucket", OpenUpload{Key: "key", ID: "id"})
	},
}

// hastyStore waits for nothing between attempts, and cuts transfers small.
func hastyStore(t *testing.T, endpoint string, transport http.RoundTripper) *Store {
	t.Helper()
	opts := &Options{Endpoint: endpoint, STSEndpoint: endpoint, Transport: transport, LookupEnv: func(string) (string, bool) { return "", false }}
	opts.pace = usualPace
	opts.pace.divide, opts.pace.far = 1<<40, 0 // however slow the machine is
	opts.pace.scale = SmallScale
	store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, opts)
	require.NoError(t, err)
	if transport != nil {
		store.session.providers.Services.Transport = transport
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// TestNoAnswer checks that each call says which server did not answer, why, and how often
// it was asked, in this package's words.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9000}, Err: err}
	}
	for name, test := range testkit.Some(map[string]struct {
		err  error
		want string
	}{
		"refused":    {dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "cannot reach http://127.0.0.1:9000 (connection refused), tried %d times"},
		"reset":      {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, "cannot reach http://127.0.0.1:9000 (connection reset by peer), tried %d times"},
		"no host":    {dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), "cannot reach http://127.0.0.1:9000 (no such host)"},
		"DNS":        {dial(&net.DNSError{Err: "server misbehaving", Name: "x", IsTemporary: true}), "(looking up the host failed: server misbehaving), tried %d times"},
		"dialing":    {dial(os.ErrDeadlineExceeded), "(no connection in time), tried %d times"},
		"answer":     {errors.New("net/http: timeout awaiting response headers"), "(timeout awaiting response headers), tried %d times"},
		"closed":     {io.EOF, "(the server closed the connection), tried %d times"},
		"cut":        {io.ErrUnexpectedEOF, "(the server closed the connection), tried %d times"},
		"not TLS":    {http.ErrSchemeMismatch, "(the server does not speak TLS: use http)"},
		"TLS alert":  {errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02\x02F"`), "(the server speaks TLS: use https)"},
		"proxy":      {&net.OpError{Op: "proxyconnect", Net: "tcp", Err: dial(syscall.ECONNREFUSED)}, "(the proxy 127.0.0.1:9000: connection refused), tried %d times"},
		"control":    {errors.New("a \x1b[31m\u202etext"), `(a \x1b[31m\u202etext), tried %d times`},
		"no outcome": {nil, "Options.Transport returned neither a response nor an error"},
	}, 5) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for operation, call := range everyCall {
					store := hastyStore(t, "http://127.0.0.1:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
						if r.Body != nil {
							_ = r.Body.Close()
						}
						return nil, test.err
					}))
					err := call(t.Context(), store)
					require.Error(t, err)
					attempts := s3client.Attempts
					if operation == "Bucket" {
						attempts = awscreds.Attempts
					}
					want := test.want
					if strings.Contains(want, "%d") {
						want = fmt.Sprintf(want, attempts)
					} else {
						assert.NotContains(t, err.Error(), "tried", operation)
					}
					assert.LessOrEqual(t, strings.Count(err.Error(), "tried"), 1, operation)
					assert.Contains(t, err.Error(), want, operation)
					for _, word := range sdkWords {
						assert.NotContains(t, err.Error(), word, operation)
					}
				}
			})
		})
	}
}

// TestRefusalsInOurWords checks that the error of a refusal has none of the SDK's words.
func TestRefusalsInOurWords(t *testing.T) {
	t.Parallel()
	for _, test := range testkit.SomeOf([]struct {
		status int
		body   string
	}{
		{http.StatusForbidden, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"},
		{http.StatusServiceUnavailable, "<Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>"},
		{http.StatusBadGateway, "<html>bad</html>"},
		{http.StatusInternalServerError, ""},
		{http.StatusBadRequest, "no"},
	}, 2) {
		synctest.Test(t, func(t *testing.T) {
			for operation, call := range everyCall {
				store := hastyStore(t, "http://127.0.0.1:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.Body != nil {
						_ = r.Body.Close()
					}
					return &http.Response{StatusCode: test.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(test.body)), Request: r}, nil
				}))
				err := call(t.Context(), store)
				require.Error(t, err, operation)
				for _, word := range sdkWords {
					assert.NotContains(t, err.Error(), word, "%s %d", operation, test.status)
				}
				if test.status >= 500 {
					assert.Contains(t, err.Error(), "tried", "%s %d", operation, test.status)
				}
			}
		})
	}
}

// TestAuthoritiesAndSchemes checks that an error of TLS is final, and says what to do.
func TestAuthoritiesAndSchemes(t *testing.T) {
	t.Parallel()
	certificate, bundle := privateCertificate(t)
	overTLS := startServices(t, certificate)
	overTCP := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(overTCP.Close)
	strange := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "<html><center>The plain HTTP request was sent to HTTPS port</center></html>")
	}))
	t.Cleanup(strange.Close)
	alerting := rawListener(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1024))
		_, _ = conn.Write([]byte("\x15\x03\x01\x00\x02\x02\x46"))
	})
	old := startOldTLS(t, certificate)
	port := overTLS.Listener.Addr().(*net.TCPAddr).Port
	for name, test := range map[string]struct{ endpoint, bundle, want string }{
		"unknown authority": {overTLS.URL, "", "cannot reach " + overTLS.URL + " (certificate signed by unknown authority: set AWS_CA_BUNDLE)"},
		"other name":        {fmt.Sprintf("https://localhost:%d", port), bundle, "certificate is valid for service.lithops.test, not localhost)"},
		"TLS to plain":      {strings.Replace(overTCP.URL, "http:", "https:", 1), "", "(the server does not speak TLS: use http)"},
		"plain to TLS":      {strings.Replace(overTLS.URL, "https:", "http:", 1), "", "(the server speaks TLS: use https)"},
		"plain to nginx":    {strange.URL, "", "(the server speaks TLS: use https)"},
		"plain to OpenSSL":  {"http://" + alerting, "", "(the server speaks TLS: use https)"},
		"old TLS":           {old, bundle, "protocol version not supported"},
		"no bundle":         {overTLS.URL, "/nonexistent/ca.pem", "the certificate bundle of AWS_CA_BUNDLE or ca_bundle"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"AWS_CA_BUNDLE": test.bundle, "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_ENDPOINT_URL": test.endpoint}
			store := storeOf(t, env)
			_, err := store.GetObject(t.Context(), "bucket", "key", nil)
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "tried")
			require.ErrorContains(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), nil), test.want)
		})
	}
}

// startOldTLS starts a server that knows no newer TLS than 1.1.
func startOldTLS(t *testing.T, certificate tls.Certificate) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = discardLog
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// rawListener serves each connection with a function, until the test ends.
func rawListener(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}
