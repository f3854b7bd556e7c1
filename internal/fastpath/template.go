// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
)

// A template is what all requests of an operation to a bucket have in common, read
// from one that the SDK made.
type template struct {
	isUsable      bool // false for what only the SDK can make
	scheme, host  string
	sentHost      string // the header Host if it is not the URL's host, else ""
	prefix        string // the path before the key
	query         string
	unsigned      []header
	signed        []signedHeader
	region        string
	needsCRC32    bool
	isBodyTrusted bool // the body's hash is not signed
	isAnonymous   bool // nothing is signed
	hasHash       bool // a hash of the body, or that there is none, is sent
	isUnproven    bool // not read from a request of the SDK, see First
	key           atomic.Pointer[signingKey]
}

// isBodySigned reports whether the hash of the body is sent.
func (t *template) isBodySigned() bool { return t.hasHash && !t.isBodyTrusted }

// A templateKey names the requests that a template is for.
type templateKey struct{ operation, bucket, region string }

// templates are those that are known. The zero value is ready, and safe for concurrent
// use.
type templates struct {
	mu      sync.RWMutex
	of      map[templateKey]*template
	refused map[templateKey]bool // those that are for the SDK to show, see First
	lessons map[templateKey]*lesson
}

func (t *templates) get(key templateKey) *template {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.of[key]
}

func (t *templates) put(key templateKey, found *template) {
	t.mu.Lock()
	defer t.mu.Unlock()
	remember(&t.of, key, found, func(*template) bool { return true })
}

// maxKnown is how many requests something is known of, so that a service whose callers
// name the buckets does not grow with them. What is forgotten is learned again.
const maxKnown = 10_000

// remember adds to what is known. If that is too much, it forgets what is old.
func remember[V any](known *map[templateKey]V, key templateKey, value V, isOld func(V) bool) {
	if *known == nil {
		*known = map[templateKey]V{}
	}
	if len(*known) >= maxKnown {
		maps.DeleteFunc(*known, func(_ templateKey, v V) bool { return isOld(v) })
	}
	(*known)[key] = value
}

// refuse forgets a template that no request of the SDK has shown, because a request made
// of it failed. The SDK's next request shows another.
func (t *templates) refuse(key templateKey, failed *template) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of[key] == failed {
		delete(t.of, key)
	}
	remember(&t.refused, key, true, func(bool) bool { return true })
}

func (t *templates) isRefused(key templateKey) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.refused[key]
}

// A recorder is an HTTP client for one call of the SDK. It takes the template of a
// request that succeeds.
type recorder struct {
	client     *Client
	at         templateKey
	key, query string
}

// Do sends the request.
func (r *recorder) Do(request *http.Request) (*http.Response, error) {
	found := newTemplate(request, r.at.operation, r.key, r.query)
	response, err := r.client.HTTP.Do(request)
	if err == nil && response.StatusCode/100 == 2 {
		r.client.templates.put(r.at, found)
	}
	return response, err
}

// newTemplate reads a template from a request for key, whose query begins with own.
func newTemplate(r *http.Request, operation, key, own string) *template {
	query, isOwn := cutQuery(r.URL.RawQuery, own)
	t := &template{scheme: r.URL.Scheme, host: r.URL.Host, sentHost: r.Host, query: query}
	t.isUsable = t.readHeader(r.Header) && t.readPath(r.URL, key) && isOwn && (t.query == "" || t.query == "x-id="+operation)
	return t
}

// joinQuery returns a query of two parts, either of which may be empty.
func joinQuery(own, rest string) string {
	if own == "" || rest == "" {
		return own + rest
	}
	return own + "&" + rest
}

// cutQuery returns what follows own in a query. It reports false if the query does not
// begin with own.
func cutQuery(query, own string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(query, own)
	if own == "" || rest == "" {
		return rest, ok
	}
	rest, isPart := strings.CutPrefix(rest, "&")
	return rest, ok && isPart
}

// readPath reports whether the path ends with the key, and the rest needs no escaping.
func (t *template) readPath(u *url.URL, key string) bool {
	prefix, ok := strings.CutSuffix(u.Path, key)
	t.prefix = prefix
	return ok && u.Opaque == "" && u.EscapedPath() == prefix+escapeKey(key)
}

// readHeader keeps the headers that are always the same. It reports false if there is
// one that this package does not know, because only the SDK can send it then.
func (t *template) readHeader(sent http.Header) bool {
	t.isAnonymous = sent["Authorization"] == nil && sent["X-Amz-Date"] == nil
	for name, values := range sent {
		value := values[0]
		switch name {
		case "User-Agent", "Accept-Encoding":
			t.unsigned = append(t.unsigned, header{name, value})
		case "Amz-Sdk-Request":
			t.unsigned = append(t.unsigned, header{name, firstAttempt(value)})
		case "X-Amz-Checksum-Mode":
			t.signed = append(t.signed, signedHeader{name, "x-amz-checksum-mode", value})
		case "X-Amz-Checksum-Crc32":
			t.needsCRC32 = true
		case "X-Amz-Trailer":
			t.needsCRC32 = value == "x-amz-checksum-crc32"
		case "X-Amz-Content-Sha256":
			t.hasHash = true
			t.isBodyTrusted = value == unsignedPayload || value == unsignedTrailer
		case "Authorization":
			t.region = signingRegion(value)
		default:
			if !isMadeAnew(name) {
				return false
			}
		}
	}
	return t.region != "" || t.isAnonymous
}

// isMadeAnew reports whether each request has a value of its own for a header.
func isMadeAnew(name string) bool {
	switch name {
	case "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Sdk-Checksum-Algorithm", "Amz-Sdk-Invocation-Id", "X-Amzn-Trace-Id",
		"Content-Encoding", "X-Amz-Decoded-Content-Length", "Content-Type", "Expect", "X-Amz-Expected-Bucket-Owner", "Range",
		"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
		"Cache-Control", "Content-Disposition", "X-Amz-Request-Payer", "X-Amz-Server-Side-Encryption",
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "X-Amz-Storage-Class", "X-Amz-Tagging",
		"X-Amz-Server-Side-Encryption-Customer-Algorithm", "X-Amz-Server-Side-Encryption-Customer-Key",
		"X-Amz-Server-Side-Encryption-Customer-Key-Md5":
		return true
	}
	return strings.HasPrefix(name, metaPrefix)
}

// firstAttempt returns what the SDK says of the first attempt, from what it says of any:
// "attempt=1; max=6" for "attempt=2; max=6; ttl=20260102T030405Z".
func firstAttempt(text string) string {
	_, rest, _ := strings.Cut(text, "; ")
	most, _, _ := strings.Cut(rest, "; ")
	return "attempt=1; " + most
}

// signingRegion returns the region of a Signature Version 4 for S3, else "".
func signingRegion(authorization string) string {
	rest, ok := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 Credential=")
	credential, _, _ := strings.Cut(rest, ",")
	parts := strings.Split(credential, "/")
	if !ok || len(parts) < 5 {
		return ""
	}
	parts = parts[len(parts)-4:] // day, region, service, aws4_request
	if parts[2] != "s3" || parts[3] != "aws4_request" {
		return ""
	}
	return parts[1]
}
