// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProxyChoice holds which requests go through which proxy.
func TestProxyChoice(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env          map[string]string
		target, want string
	}{
		{nil, "https://s3.test", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1"}, "https://s3.test", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "http://p:1"}, "http://s3.test", ""},
		{map[string]string{"HTTP_PROXY": "http://p:1"}, "http://s3.test", "http://p:1"},
		{map[string]string{"HTTP_PROXY": "http://p:1"}, "https://s3.test", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:2"}, "https://s3.test", "http://q:2"},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "https_proxy": ""}, "https://s3.test", ""},
		{map[string]string{"HTTPS_PROXY": "p:1"}, "https://s3.test", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "//p:1"}, "https://s3.test", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "socks5://p:1"}, "https://s3.test", "socks5://p:1"},
		{map[string]string{"ALL_PROXY": "http://p:1"}, "https://s3.test", ""}, // as botocore
		{map[string]string{"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, "http://s3.test", ""},
		{map[string]string{"http_proxy": "http://p:1", "REQUEST_METHOD": "GET"}, "http://s3.test", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, "https://s3.test", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "http://p:1"}, "https://localhost:9000", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1"}, "https://127.0.0.1:9000", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1"}, "https://[::1]:9000", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://s3.test", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "s3.test"}, "https://s3.test", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "S3.Test"}, "https://s3.TEST:443", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other, .test "}, "https://s3.test", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*.test"}, "https://s3.test", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".s3.test"}, "https://s3.test", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "3.test"}, "https://s3.test", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "s3.test:443"}, "https://s3.test:443", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "s3.test:443"}, "https://s3.test:444", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, "https://10.1.2.3:9000", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, "https://11.1.2.3:9000", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "11.1.2.3"}, "https://11.1.2.3:9000", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": ", ,"}, "https://s3.test", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "[fe80::1]"}, "https://[fe80::1]:9000", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "[fe80::1]"}, "https://[fe80::1]", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "[fe80::1]:9000"}, "https://[fe80::1]:9000", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "[fe80::1]:9000"}, "https://[fe80::1]:9001", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "[fe80::1]"}, "https://[fe80::2]:9000", "http://p:1"},
	} {
		choice := ReadProxies(testkit.Env(test.env))
		target, err := url.Parse(test.target)
		require.NoError(t, err)
		proxy, err := choice.forRequest(&http.Request{URL: target})
		require.NoError(t, err)
		got := ""
		if proxy != nil {
			got = proxy.String()
		}
		assert.Equal(t, test.want, got, "%v %s", test.env, test.target)
	}
}

// TestProxyThatRefuses checks that the error of a proxy's answer names the proxy, and that
// it is retried only if the proxy itself may be down.
func TestProxyThatRefuses(t *testing.T) {
	t.Parallel()
	for status, final := range map[int]bool{http.StatusProxyAuthRequired: true, http.StatusForbidden: true, http.StatusBadGateway: false} {
		address := refusingProxy(t, status)
		transport := NewTransport(Options{Timeout: IOTimeout, Proxies: Proxies{https: parseProxy(address)}})
		t.Cleanup(transport.CloseIdleConnections)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://service.lithops.test", http.NoBody)
		require.NoError(t, err)
		response, err := transport.RoundTrip(request)
		assert.Nil(t, response)
		require.ErrorContains(t, err, strings.TrimPrefix(address, "http://"))
		require.ErrorContains(t, err, fmt.Sprint(status))
		var marked *s3err.FinalError
		assert.Equal(t, final, errors.As(err, &marked), "%d", status)
	}
}

// refusingProxy starts a proxy that answers everything with a status.
func refusingProxy(t *testing.T, status int) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	return server.URL
}
