// SPDX-License-Identifier: Apache-2.0

package awsconfig

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/internal/validate"
)

var errInvalidEndpoint = errors.New("invalid endpoint")

// Endpoint returns the custom URL of a service (s3, sts, sso, sso_oidc), if there is
// one: override, which its caller gave, or the URL of the settings
// (botocore.configprovider.ConfiguredEndpointProvider). It has no slash at its end.
func (e *Environment) Endpoint(service, override string) (Value, error) {
	found := Value{Text: override, Source: "Options", Set: override != ""}
	if !found.Set && !e.isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") {
		var err error
		if found, err = e.configuredEndpoint(service); err != nil {
			return Value{}, err
		}
	}
	if !found.Set {
		return Value{}, nil
	}
	address, problem := parseEndpoint(found.Text)
	if problem != nil {
		reason := fmt.Sprintf("%v: %s is %q: %s", errInvalidEndpoint, found.Source, sanitize.URL(found.Text), problem.Reason)
		return Value{}, &Error{Kind: problem.Kind, Reason: reason, Err: errInvalidEndpoint}
	}
	found.Text = address
	return found, nil
}

func (e *Environment) configuredEndpoint(service string) (Value, error) {
	for _, variable := range []string{"AWS_ENDPOINT_URL_" + strings.ToUpper(service), "AWS_ENDPOINT_URL"} {
		if text, ok := e.Lookup(variable); ok && text != "" {
			return Value{Text: text, Source: "environment " + variable, Set: true}, nil
		}
	}
	found, err := e.serviceEndpoint(service)
	if found.Set || err != nil {
		return found, err
	}
	if text := e.Section["endpoint_url"]; text != "" {
		return Value{Text: text, Source: e.where("endpoint_url"), Set: true}, nil
	}
	return Value{}, nil
}

// serviceEndpoint looks in the services section that the profile names.
func (e *Environment) serviceEndpoint(service string) (Value, error) {
	name, ok := e.Section["services"]
	if !ok {
		return Value{}, nil
	}
	path := homedir.Abbreviate(e.ConfigPath)
	section := e.ConfigFile.Services[name]
	if len(section) == 0 {
		reason := fmt.Sprintf("profile %s names the services section %q, which is empty or not in %s", e.ProfileName(), name, path)
		return Value{}, &Error{Kind: KindInvalidConfig, Reason: reason}
	}
	block, isBlock := botofile.Nested(section[service])
	if _, ok := section[service]; ok && !isBlock {
		return Value{}, e.notABlock(fmt.Sprintf("%s of services %s", service, name))
	}
	text := block["endpoint_url"]
	return Value{Text: text, Source: fmt.Sprintf("services %s in %s", name, path), Set: text != ""}, nil
}

// EndpointProblem says why botocore would refuse a service's URL, or "".
func EndpointProblem(text string) string {
	if _, problem := parseEndpoint(text); problem != nil {
		return problem.Reason
	}
	return ""
}

// parseEndpoint checks a service's URL as botocore does when it makes a client
// (botocore.utils.is_valid_endpoint_url), and as its rule set does at the first
// request. Unlike both, it takes a host with an underscore, as Docker makes them.
func parseEndpoint(text string) (address string, problem *Error) {
	refuse := func(kind, reason string) (string, *Error) { return "", &Error{Kind: kind, Reason: reason} }
	if strings.ContainsAny(text, "\t\r\n") {
		return refuse(KindValue, "it has a tab or a line break")
	}
	text = strings.TrimLeft(text, " ")
	scheme, rest, hasScheme := strings.Cut(text, "://")
	if !hasScheme {
		return refuse(KindValue, "it has no http:// or https://")
	}
	parsed, err := url.Parse(text)
	if err != nil && strings.Contains(err.Error(), "invalid port") {
		return refuse(KindResolution, "its port is no number")
	}
	if err != nil || !isHost(parsed.Hostname()) {
		return refuse(KindValue, "its host is no name or address of letters, digits, dashes and dots"+hostHint(rest))
	}
	port, err := strconv.Atoi(parsed.Port())
	switch {
	case parsed.Port() != "" && (err != nil || port > 65535):
		return refuse(KindResolution, "its port is more than 65535")
	case !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https"):
		return refuse(KindResolution, "it is neither http:// nor https://")
	case parsed.RawQuery != "":
		return refuse(KindResolution, "it has a query (?)")
	}
	address, _, _ = strings.Cut(text, "#")
	return strings.TrimRight(strings.TrimSuffix(address, "?"), "/"), nil // without an empty query
}

var hostLabel = lazyregexp.New(`^[a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9_])?$`)

const (
	maxHost  = 255
	maxLabel = 63
)

// isHost reports whether host is an IP address, or labels with dots between them.
func isHost(host string) bool {
	if net.ParseIP(host) != nil {
		return true
	}
	host = strings.TrimSuffix(host, ".")
	for label := range strings.SplitSeq(host, ".") {
		if len(label) > maxLabel || !hostLabel().MatchString(label) {
			return false
		}
	}
	return len(host) <= maxHost
}

// hostHint says what to do about a host of other letters than ASCII's.
func hostHint(rest string) string {
	host, _, _ := strings.Cut(rest, "/")
	if strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "; write an international name in its ASCII form, xn--…"
	}
	return ""
}

// IsInsecure reports whether requests to address can be read and changed on the way:
// they are not encrypted, and leave this machine.
func IsInsecure(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Scheme == "http" && !validate.IsLoopback(parsed.Hostname())
}
