// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithytime "github.com/aws/smithy-go/time"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

const (
	timeFormat      = "20060102T150405Z"
	unsignedPayload = "UNSIGNED-PAYLOAD"
	unsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	emptySHA256     = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	metaPrefix      = "X-Amz-Meta-"
	hostName        = "Host" // is signed, and sent by net/http
)

// A header is sent, and not signed.
type header struct{ name, value string }

// A signedHeader is signed, and sent unless it is hostName.
type signedHeader struct{ name, lower, value string }

// A request is one that is being made. Its slices are used again for later requests,
// except body, which net/http may still read.
type request struct {
	method, key string
	query       string // of the request alone, see joinQuery
	askedRange  string
	unsigned    []header
	signed      []signedHeader // in the order of lower
	// hasCRC32 is whether the input has a CRC32. One that is computed because it has
	// none is in computedCRC32.
	hasCRC32      bool
	computedCRC32 string
	body          []byte
	large         *largeBody // instead of body
	text          []byte     // what is signed, see sign
}

var requests = sync.Pool{New: func() any {
	return &request{unsigned: make([]header, 0, 8), signed: make([]signedHeader, 0, 16)}
}}

func newRequest(method, key string) *request {
	r, _ := requests.Get().(*request)
	*r = request{method: method, key: key, unsigned: r.unsigned[:0], signed: r.signed[:0], text: r.text[:0]}
	return r
}

// release lets the request be used again.
func (r *request) release() {
	r.body = nil
	r.large = nil
	requests.Put(r)
}

// add adds a header that is signed.
func (r *request) add(name, lower, value string) {
	i := len(r.signed)
	r.signed = append(r.signed, signedHeader{})
	for ; i > 0 && r.signed[i-1].lower > lower; i-- {
		r.signed[i] = r.signed[i-1]
	}
	r.signed[i] = signedHeader{name, lower, value}
}

// addText adds a header unless it is nil. It reports false for a value that the
// signature would have to normalize.
func (r *request) addText(name, lower string, value *string) bool {
	if value == nil {
		return true
	}
	r.add(name, lower, *value)
	return isNormal(*value)
}

// isNormal reports whether a header's value is signed as it is: printable US-ASCII
// without outer spaces, and without two in a row.
func isNormal(text string) bool {
	before := byte(' ')
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' || (c == ' ' && before == ' ') {
			return false
		}
		before = c
	}
	return before != ' '
}

func (r *request) addTime(name, lower string, value *time.Time) {
	if value != nil {
		r.add(name, lower, smithytime.FormatHTTPDate(*value))
	}
}

// addMetadata reports false for names that differ from the header's in more than a
// prefix, because those that differ in case would be one header.
func (r *request) addMetadata(metadata map[string]string) bool {
	for key, value := range metadata {
		name := metaPrefix + key
		if !isToken(key) || key != strings.ToLower(key) || !r.addText(textproto.CanonicalMIMEHeaderKey(name), strings.ToLower(name), &value) {
			return false
		}
	}
	return true
}

// isToken reports whether a name has letters, digits, "-", "." and "_" only.
func isToken(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isUnreserved(c) || c == '/' || c == '~' {
			return false
		}
	}
	return name != ""
}

// addTrace adds what the SDK adds on AWS Lambda
// (github.com/aws/aws-sdk-go-v2/aws/middleware, RecursionDetection). It reports false
// for an ID that the SDK would escape.
func (r *request) addTrace() bool {
	id, ok := os.LookupEnv("_X_AMZN_TRACE_ID")
	if ok {
		r.unsigned = append(r.unsigned, header{"X-Amzn-Trace-Id", id})
	}
	return isToken(strings.NewReplacer("=", "", ";", "", ":", "").Replace(id))
}

// send signs and sends the request. payload is the hash of its body.
func (r *request) send(ctx context.Context, client *s3http.Client, t *template, credentials *aws.Credentials, payload string) (*http.Response, error) {
	date := client.Peer.Clock.Now().UTC().Format(timeFormat)
	host := t.sentHost
	if host == "" {
		host = t.host
	}
	for _, h := range t.signed {
		r.add(h.name, h.lower, h.value)
	}
	r.add(hostName, "host", host)
	if t.hasHash {
		r.add("X-Amz-Content-Sha256", "x-amz-content-sha256", payload)
	}
	if !t.isAnonymous {
		r.add("X-Amz-Date", "x-amz-date", date)
	}
	if credentials.SessionToken != "" {
		r.add("X-Amz-Security-Token", "x-amz-security-token", credentials.SessionToken)
	}
	escaped := escapeKey(r.key)
	query := joinQuery(r.query, t.query)
	r.unsigned = append(r.unsigned, t.unsigned...)
	r.unsigned = append(r.unsigned, header{"Amz-Sdk-Invocation-Id", newInvocationID()})
	if !t.isAnonymous {
		r.unsigned = append(r.unsigned, header{"Authorization", r.sign(escaped, query, t, payload, date, credentials)})
	}

	sent := &sentRequest{url: url.URL{Scheme: t.scheme, Host: t.host, Path: t.prefix + r.key, RawQuery: query}}
	if escaped != r.key {
		sent.url.RawPath = t.prefix + escaped
	}
	sent.request = http.Request{Method: r.method, URL: &sent.url, Host: t.sentHost, Header: r.header()}
	if r.large != nil {
		sent.request.Body = r.large
		sent.request.ContentLength = r.large.size
	} else if len(r.body) > 0 {
		// A kind of reader from which net/http writes headers and body at once.
		sent.body.Reset(r.body)
		sent.request.Body = io.NopCloser(&sent.body)
		sent.request.ContentLength = int64(len(r.body))
	}
	return client.Send(ctx, &sent.request)
}

// A sentRequest is a request with its parts, which are allocated at once.
type sentRequest struct {
	request http.Request
	url     url.URL
	body    bytes.Reader
}

// header returns the headers to send. Their values share one slice.
func (r *request) header() http.Header {
	count := len(r.unsigned) + len(r.signed) - 1
	sent := make(http.Header, count)
	values := make([]string, 0, count)
	set := func(name, value string) {
		values = append(values, value)
		sent[name] = values[len(values)-1 : len(values) : len(values)]
	}
	for _, h := range r.unsigned {
		set(h.name, h.value)
	}
	for _, h := range r.signed {
		if h.name != hostName {
			set(h.name, h.value)
		}
	}
	return sent
}

// newInvocationID returns a random UUID, as the SDK's. It is no secret.
func newInvocationID() string {
	var id [16]byte
	binary.LittleEndian.PutUint64(id[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[:], id[:4])
	hex.Encode(text[9:], id[4:6])
	hex.Encode(text[14:], id[6:8])
	hex.Encode(text[19:], id[8:10])
	hex.Encode(text[24:], id[10:])
	for _, i := range []int{8, 13, 18, 23} {
		text[i] = '-'
	}
	return string(text[:])
}
