// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// A cause is why the storage does not work, in words, with what to do about it.
type cause struct {
	words string
	kind  string   // botocore's name, for JSON, if the error itself has none
	codes []string // of an answer
	is    func(error) bool
	fix   string // ENDPOINT stands for the setting that names the server
}

// causes are the common ones, the most specific first.
var causes = sync.OnceValue(func() []cause {
	return []cause{
		{
			words: "not a file", is: func(err error) bool { return errors.Is(err, openfiles.ErrNotRegular) },
			fix: "name a regular file; to pass the configuration without one, put its JSON into LITHOPS_CONFIG",
		},
		{
			words: "file cannot be read", is: isLocalFile,
			fix: "correct the path, or the file's permissions",
		},
		{
			words: "unknown certificate authority", kind: "SSLError", is: isUnknownAuthority,
			fix: "set AWS_CA_BUNDLE to a file with the authority's certificate (PEM)",
		},
		{
			words: "wrong certificate", kind: "SSLError", is: isWrongCertificate,
			fix: "use the host that the certificate names in ENDPOINT, or have the certificate renewed",
		},
		{
			words: "https to a server without TLS", kind: "SSLError", is: says("does not speak TLS"),
			fix: "write http:// instead of https:// in ENDPOINT",
		},
		{
			words: "http to a server with TLS", kind: "SSLError", is: says("speaks TLS: use https"),
			fix: "write https:// instead of http:// in ENDPOINT",
		},
		{
			words: "proxy failed", kind: "ProxyConnectionError", is: says("the proxy"),
			fix: "correct HTTPS_PROXY or HTTP_PROXY, or name the server in NO_PROXY",
		},
		{
			words: "unknown host", kind: "EndpointConnectionError", is: isUnknownHost,
			fix: "check the host and the region in ENDPOINT, and this machine's DNS",
		},
		{
			words: "connection refused", kind: "EndpointConnectionError", is: isRefused,
			fix: "start the server, or correct host and port in ENDPOINT",
		},
		{
			words: "no answer", kind: "ConnectTimeoutError", is: isTimeout,
			fix: "check the network, the firewall and the proxy settings; ENDPOINT names the server",
		},
		{
			words: "no STS", is: says("the server has no STS"),
			fix: "set aws_s3.storage_bucket to the bucket's name, which then needs no STS, or AWS_ENDPOINT_URL_STS to a server that has one",
		},
		{
			words: "wrong access key ID", codes: []string{"InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"},
			fix: "check access_key_id (the report says where it is from), and that it is a key of this server",
		},
		{
			words: "expired token", codes: []string{"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"},
			fix: "get new temporary credentials: run aws sso login, or the command that made them",
		},
		{
			words: "wrong session token", codes: []string{"InvalidToken"},
			fix: "give the session token that belongs to the access key, or none for permanent keys",
		},
		{
			words: "wrong clock", codes: []string{"RequestTimeTooSkewed"}, is: is(lithopss3.ErrClockSkew),
			fix: "set this machine's clock, for example with NTP",
		},
		{
			words: "wrong region", codes: []string{"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException", "IncorrectEndpoint"},
			fix: "set aws.region to the bucket's region, and ENDPOINT to that region's server",
		},
		{
			words: "wrong secret access key", codes: []string{"SignatureDoesNotMatch"}, is: is(lithopss3.ErrSignature),
			fix: "check secret_access_key: blanks, line breaks and cut ends are common; or a proxy changes what is signed",
		},
		{
			words: "another account's bucket", is: is(lithopss3.ErrNotOwner),
			fix: "set aws_s3.storage_bucket to a bucket of your own, or to the name that lithops-s3 bucket --account-regional --create prints",
		},
		{
			words: "no permission", codes: []string{"AccessDenied", "AllAccessDisabled"}, is: is(fs.ErrPermission),
			fix: "allow this identity s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject on the bucket, and look at the bucket's policy",
		},
		{words: "no such bucket", is: is(lithopss3.ErrNoSuchBucket), fix: "create it with lithops-s3 mb, or correct aws_s3.storage_bucket"},
		{
			words: "no credentials", is: isKind("NoCredentialsError"),
			fix: "set access_key_id and secret_access_key in the Lithops configuration, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run aws configure",
		},
		{words: "half of the credentials", is: isKind("PartialCredentialsError"), fix: "give the other half of the pair, or remove this half"},
		{
			words: "a profile without the word profile", is: func(err error) bool {
				return isKind("ProfileNotFound")(err) && strings.Contains(err.Error(), "[profile ")
			},
			fix: "write [profile NAME] in ~/.aws/config; only ~/.aws/credentials has [NAME]",
		},
		{words: "no such profile", is: isKind("ProfileNotFound"), fix: "correct the name (--profile, AWS_PROFILE, AWS_DEFAULT_PROFILE), or add the profile to ~/.aws/config"},
		{
			words: "no SSO login", is: isKind("SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError", "SSOError"),
			fix: "run aws sso login",
		},
		{words: "broken settings file", is: isKind("ConfigParseError"), fix: "correct the line; Python's configparser is strict"},
		{words: "no configuration", is: is(lithopss3.ErrNoConfiguration), fix: "write ~/.lithops/config as for Python Lithops, or set AWS_DEFAULT_REGION"},
		{words: "another storage backend", is: is(lithopss3.ErrOtherBackend), fix: "set lithops.storage to aws_s3, or give --backend aws_s3"},
		{words: "wrong configuration", is: isConfigError, fix: "correct the configuration; docs/configuration.md has all keys"},
		{words: "wrong setting of AWS", is: isSettingsError, fix: "correct the setting that is named"},
		{words: "wrong name", is: func(err error) bool {
			return errors.Is(err, lithopss3.ErrInvalidBucketName) || errors.Is(err, lithopss3.ErrInvalidKey)
		}, fix: "give a name that S3 accepts"},
		{words: "credentials failed", is: isCredentialsError, fix: "correct the source that is named, or remove it to use the next one"},
	}
})

// findCause returns the cause of an error, nil if it is none of the common ones.
func findCause(err error) *cause {
	code := errorCode(err)
	all := causes()
	for i := range all {
		c := &all[i]
		if code != "" && slices.Contains(c.codes, code) || c.is != nil && c.is(err) {
			return c
		}
	}
	return nil
}

// errorCode returns the code of a service's answer.
func errorCode(err error) string {
	var failure *lithopss3.Error
	if errors.As(err, &failure) && failure.Code != "" {
		return failure.Code
	}
	var answer interface{ ErrorCode() string }
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return ""
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func says(text string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), text) }
}

// isKind reports whether an error has one of botocore's names.
func isKind(kinds ...string) func(error) bool {
	return func(err error) bool { return slices.Contains(kinds, errorKind(err)) }
}

// errorKind returns botocore's name for an error of settings or credentials.
func errorKind(err error) string {
	var settings *lithopss3.SettingsError
	if errors.As(err, &settings) {
		return settings.Kind
	}
	var credentials *lithopss3.CredentialsError
	if errors.As(err, &credentials) {
		return credentials.Kind
	}
	return ""
}

func isLocalFile(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path)
}

func isConfigError(err error) bool {
	var config *lithopss3.ConfigError
	return errors.As(err, &config)
}

func isSettingsError(err error) bool {
	var settings *lithopss3.SettingsError
	return errors.As(err, &settings)
}

func isUnknownAuthority(err error) bool {
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown)
}

func isWrongCertificate(err error) bool {
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &host) || errors.As(err, &invalid)
}

func isUnknownHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

// isRefused reports whether no server listens. Windows has an error of its own for that, known
// by its words; those of the whole error hold a bucket's name, which can be any.
func isRefused(err error) bool {
	var operation *net.OpError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &operation) && strings.Contains(operation.Err.Error(), "refused")
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded)
}
