package lithopss3

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/lithops-go/lithopss3/internal/s3http"
)

// plainEndpoints warns of servers that are asked without encryption, other than on
// this machine: whoever is on the way reads and changes what is stored.
func (s *session) plainEndpoints() []string {
	var warnings []string
	warn := func(service string, at sourced) {
		if isPlain(at.value) {
			warnings = append(warnings, fmt.Sprintf("%s is asked over plain http at %s (%s): whoever is on the way can read and change what goes there, session tokens too; use https",
				service, redactURL(at.value), at.source))
		}
	}
	warn("S3", sourced{value: s.s3.url, source: s.s3.urlSource})
	warn("STS", sourced{value: s.sts.url, source: s.sts.urlSource})
	if _, usesSSO := s.env.section["sso_account_id"]; usesSSO {
		for _, service := range []string{"sso", "sso_oidc"} {
			at, _ := s.env.endpoint(service, "") // one that is wrong is an error to who asks there
			warn(service, at)
		}
	}
	return warnings
}

// isPlain tells a URL whose requests can be read on the way.
func isPlain(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Scheme == "http" && !s3http.IsLoopback(parsed.Hostname())
}

// redactURL leaves out a user and a password, also of a text that is no URL.
func redactURL(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	scheme, _, hasScheme := strings.Cut(address[:at], "://")
	if !hasScheme {
		return redacted + address[at:]
	}
	return scheme + "://" + redacted + address[at:]
}
