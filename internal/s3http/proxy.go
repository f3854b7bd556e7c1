// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// A Proxies says which proxy a request goes through. Its zero value is none.
//
// It reads the environment as botocore does (urllib.request.getproxies): small
// letters win, also where they are empty, and in a CGI script HTTP_PROXY is a
// header of the client's. As in other Go programs a host of this machine needs no
// NO_PROXY, which also takes networks (10.0.0.0/8), and a proxy may be of SOCKS.
type Proxies struct {
	http, https proxyURL
	direct      []string // the names and networks of NO_PROXY
}

// A proxyURL is the value of a variable, read.
type proxyURL struct {
	url *url.URL // nil is no proxy
	err error
}

// ReadProxies reads the variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
func ReadProxies(lookup func(string) (string, bool)) Proxies {
	value := func(name string) string {
		if text, ok := lookup(name); ok {
			return text
		}
		if _, isCGI := lookup("REQUEST_METHOD"); isCGI && name == "http_proxy" {
			return ""
		}
		text, _ := lookup(strings.ToUpper(name))
		return text
	}
	choice := Proxies{http: parseProxy(value("http_proxy")), https: parseProxy(value("https_proxy"))}
	for name := range strings.SplitSeq(value("no_proxy"), ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			choice.direct = append(choice.direct, name)
		}
	}
	return choice
}

// parseProxy reads a proxy's address; one without a scheme is of http. The error
// does not repeat it, since it may have a password.
func parseProxy(text string) proxyURL {
	if text == "" {
		return proxyURL{}
	}
	if !strings.Contains(text, "://") {
		text = "http://" + strings.TrimPrefix(text, "//")
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" {
		return proxyURL{err: s3err.Final(errProxy)}
	}
	switch parsed.Scheme {
	case "http", "https", "socks5", "socks5h":
		return proxyURL{url: parsed}
	}
	return proxyURL{err: s3err.Final(errProxy)}
}

// forRequest returns the proxy for a request, nil for none.
func (p *Proxies) forRequest(r *http.Request) (*url.URL, error) {
	proxy := p.http
	if r.URL.Scheme == "https" {
		proxy = p.https
	}
	if (proxy.url == nil && proxy.err == nil) || p.isDirect(r.URL) {
		return nil, nil
	}
	return proxy.url, proxy.err
}

// isDirect reports whether no proxy is used for a URL, because its host is this
// machine or NO_PROXY names it.
func (p *Proxies) isDirect(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	if validate.IsLoopback(host) {
		return true
	}
	ip, _ := netip.ParseAddr(host)
	for _, name := range p.direct {
		if network, err := netip.ParsePrefix(name); err == nil && network.Contains(ip.Unmap()) {
			return true
		}
		if inner, ok := strings.CutPrefix(name, "["); ok && strings.HasSuffix(inner, "]") { // an IPv6 address, on any port
			name = strings.TrimSuffix(inner, "]")
		}
		name = strings.TrimLeft(strings.TrimPrefix(name, "*."), ".")
		if name == "*" || matchesDomain(host, name) || matchesDomain(strings.ToLower(u.Host), name) {
			return true
		}
	}
	return false
}

// matchesDomain reports whether host is the domain or below it.
func matchesDomain(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}
