// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"github.com/rclone/gofakes3/signature"
)

// A scope is who signed a request, and for where.
type scope struct {
	accessKeyID, region, service string
	signedHeaders                []string
	signature                    string
}

var authorization = lazyregexp.New(`^AWS4-HMAC-SHA256 Credential=([^/]+)/\d+/([^/]*)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$`)

// scopeOf reads a request's signature, from its header or, if it is presigned,
// from its query.
func scopeOf(r *http.Request) (scope, bool) {
	match := authorization().FindStringSubmatch(r.Header.Get("Authorization"))
	if match != nil {
		return scope{match[1], match[2], match[3], strings.Split(match[4], ";"), match[5]}, true
	}
	parts := strings.Split(r.URL.Query().Get("X-Amz-Credential"), "/")
	if len(parts) != 5 {
		return scope{}, false
	}
	return scope{accessKeyID: parts[0], region: parts[2], service: parts[3]}, true
}

// caller finds the credential that a request claims to be signed with.
func (s *Server) caller(r *http.Request) (Credential, scope, bool) {
	signed, ok := scopeOf(r)
	if !ok {
		return Credential{}, scope{}, false
	}
	for _, credential := range s.credentials {
		if credential.AccessKeyID == signed.accessKeyID {
			return credential, signed, true
		}
	}
	return Credential{}, signed, false
}

// authenticate refuses a request that none of the known callers signed, with
// their session token where they have one.
func (s *Server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		credential, _, known := s.caller(r)
		lookup := func(string) (string, bool) { return credential.SecretAccessKey, known }
		if code := signature.V4SignVerifyWithLookup(r, lookup); code != signature.ErrNone {
			problem := signature.GetAPIError(code)
			writeError(w, r, problem.HTTPStatusCode, problem.Code, problem.Description)
			return
		}
		token := r.Header.Get("X-Amz-Security-Token")
		if token == "" {
			token = r.URL.Query().Get("X-Amz-Security-Token")
		}
		if token != credential.SessionToken {
			writeError(w, r, http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise invalid.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// verify signs the request anew with the caller's secret and compares. gofakes3
// does it for S3; this is for STS.
func verify(r *http.Request, body []byte, credential Credential, signed scope) bool {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return false
	}
	again := &http.Request{
		Method: r.Method, Host: r.Host, Header: http.Header{},
		URL: &url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: r.URL.RawQuery},
	}
	for _, name := range signed.signedHeaders {
		if name == "content-length" { // the Go SDK signs it, boto3 does not
			again.ContentLength = int64(len(body))
		}
		again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
	}
	hash := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(r.Context(), aws.Credentials{
		AccessKeyID: credential.AccessKeyID, SecretAccessKey: credential.SecretAccessKey, SessionToken: credential.SessionToken,
	}, again, hex.EncodeToString(hash[:]), signed.service, signed.region, at)
	want, _ := scopeOf(again)
	return err == nil && hmac.Equal([]byte(want.signature), []byte(signed.signature))
}

// maxSTSBody bounds a request to STS, in bytes.
const maxSTSBody = 1 << 16

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxSTSBody))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}
