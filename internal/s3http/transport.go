// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/s3err"
)

// Options configure the connections.
type Options struct {
	// Timeout bounds the time to connect, to write, and to wait for an answer once the
	// request is sent.
	Timeout time.Duration
	// CABundle names a file of certificates; "" is the system's.
	CABundle string
	Proxies  Proxies
	// Once is for servers that are asked once in a while: no connection is kept.
	Once bool
	// Dial makes a connection; nil is the network's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// A Transport carries requests. It keeps as many connections as Lithops' pool,
// allows more, and gives up on a connection where botocore's sockets do.
//
// A bundle of certificates is read with the first request that needs one, as by
// botocore, because a stale path does no harm where nothing goes over TLS. So
// there are two of net/http's transports: one for requests without TLS, and one
// for the others that is made with the first of them. Every way of TLS, also the
// one inside a proxy's tunnel and the one to a proxy, takes the same
// configuration.
type Transport struct {
	insecure  *http.Transport
	secure    func() (*http.Transport, error)
	isTLSHere bool // to the proxy of plain http
	mu        sync.Mutex
	made      *http.Transport // what secure gave
}

// NewTransport makes no connection, and reads no file.
func NewTransport(o Options) *Transport {
	t := &Transport{insecure: newHTTPTransport(o, nil)}
	t.isTLSHere = o.Proxies.http.url != nil && o.Proxies.http.url.Scheme == "https"
	t.secure = sync.OnceValues(func() (*http.Transport, error) {
		roots, err := readBundle(o.CABundle)
		if err != nil {
			return nil, s3err.Final(err)
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.made = newHTTPTransport(o, roots)
		return t.made, nil
	})
	return t
}

// RoundTrip sends a request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !t.isTLSHere {
		return t.insecure.RoundTrip(r)
	}
	secure, err := t.secure()
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	return secure.RoundTrip(r)
}

// CloseIdleConnections closes the connections that no request uses.
func (t *Transport) CloseIdleConnections() {
	t.insecure.CloseIdleConnections()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.made != nil {
		t.made.CloseIdleConnections()
	}
}

// keptConns is the size of Lithops' pool (max_pool_connections).
const keptConns = 128

// newHTTPTransport is net/http's transport with the limits of Lithops' client. Nil
// roots are the system's.
func newHTTPTransport(o Options, roots *x509.CertPool) *http.Transport {
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: o.Timeout, KeepAlive: 30 * time.Second}).DialContext
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, DynamicRecordSizingDisabled: true}
	dialer := &dialer{dial: dial, timeout: o.Timeout, config: config}
	t := &http.Transport{
		Proxy:                  o.Proxies.forRequest,
		DialContext:            dialer.insecure,
		DialTLSContext:         dialer.secure,
		OnProxyConnectResponse: checkConnect,
		TLSClientConfig:        config, // in the tunnel of a proxy
		TLSHandshakeTimeout:    o.Timeout,
		ResponseHeaderTimeout:  o.Timeout,
		ExpectContinueTimeout:  time.Second,
		DisableKeepAlives:      o.Once,
		MaxIdleConns:           openfiles.Limit() / 4, // to all hosts
		MaxIdleConnsPerHost:    keptConns,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true,

		MaxResponseHeaderBytes: maxHead,
	}
	if !o.Once {
		openfiles.Add(t)
	}
	return t
}

// checkConnect refuses what net/http tells by the bare status ("Forbidden"). A
// proxy that wants a password, or forbids the way, does so again.
func checkConnect(_ context.Context, proxy *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	err := fmt.Errorf("the proxy %s refused the connection: HTTP %s", proxy.Host, s3err.Text(response.Status))
	if response.StatusCode/100 == 4 {
		return s3err.Final(err)
	}
	return err
}

// maxBundle bounds a file of certificates, in bytes; the system's have some 200 KiB.
const maxBundle = 16 << 20

// readBundle reads the certificates that AWS_CA_BUNDLE, ca_bundle or
// REQUESTS_CA_BUNDLE name; nil, the system's, where path is empty.
func readBundle(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	data, err := openfiles.Read(path, maxBundle)
	if err != nil {
		return nil, fmt.Errorf("the certificate bundle of AWS_CA_BUNDLE or ca_bundle: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("the certificate bundle %s has no certificate", path)
	}
	return pool, nil
}
