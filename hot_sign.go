package lithopss3

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// A pattern is what all requests of an operation to a bucket have in common, read
// from one that the SDK made.
type pattern struct {
	plain        bool   // false for what only the SDK can make
	scheme, host string // of the URL
	sentHost     string // the header Host where it is another, else ""
	prefix       string // the path before the key
	query        string
	fields       []field
	region       string
	checksum     bool // a body's CRC32
	trailer      bool // it stands behind the body
	unsigned     bool // the body is not signed
	validate     bool // a get's checksum
	key          atomic.Pointer[signingKey]
}

const (
	timeFormat      = "20060102T150405Z"
	unsignedPayload = "UNSIGNED-PAYLOAD"
	emptySHA256     = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// newPattern reads a pattern from a request for key, whose query begins with one of
// its own.
func newPattern(r *http.Request, operation, key, own string) *pattern {
	query, isOwn := strings.CutPrefix(r.URL.RawQuery, own)
	p := &pattern{scheme: r.URL.Scheme, host: r.URL.Host, sentHost: r.Host, query: query}
	p.plain = p.readHeader(r.Header) && p.readPath(r.URL, key) && isOwn && (p.query == "" || p.query == "x-id="+operation)
	return p
}

// readPath: what stands before the key must need no escaping.
func (p *pattern) readPath(u *url.URL, key string) bool {
	prefix, ok := strings.CutSuffix(u.Path, key)
	p.prefix = prefix
	return ok && u.Opaque == "" && u.EscapedPath() == prefix+escapeKey(key)
}

// readHeader keeps the headers that are always the same. One that nobody here
// knows makes the pattern the SDK's alone.
func (p *pattern) readHeader(header http.Header) bool {
	for name, values := range header {
		switch name {
		case "User-Agent", "Accept-Encoding":
			p.fields = append(p.fields, field{name: name, value: values[0]})
		case "X-Amz-Checksum-Mode":
			p.fields = append(p.fields, field{name: name, lower: strings.ToLower(name), value: values[0]})
			p.validate = true
		case "X-Amz-Checksum-Crc32":
			p.checksum = true
		case "X-Amz-Trailer":
			p.checksum, p.trailer = values[0] == "x-amz-checksum-crc32", true
		case "X-Amz-Content-Sha256":
			p.unsigned = values[0] == unsignedPayload
		case "Authorization":
			p.region = signingRegion(values[0])
		case "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Sdk-Checksum-Algorithm", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "X-Amzn-Trace-Id",
			"Content-Encoding", "X-Amz-Decoded-Content-Length", "Content-Type", "Expect", "X-Amz-Expected-Bucket-Owner", "Range",
			"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since":
		default:
			if !strings.HasPrefix(name, metaPrefix) {
				return false
			}
		}
	}
	return p.region != ""
}

const metaPrefix = "X-Amz-Meta-"

// signingRegion is the region of a Signature Version 4 for S3, else "".
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

// A field is a header. One without a lower name is not signed, one without a name
// is signed and set by net/http.
type field struct{ name, lower, value string }

// A hotRequest is a request in the making, with buffers that are used again.
type hotRequest struct {
	method, key string
	query       string     // before the pattern's
	fields      []field    // in the order of lower
	checksum    **string   // the CRC32 of the input, which gets it where it has none
	body        []byte     // not used again, net/http may still read it
	large       *largeBody // instead of body
	canonical   []byte
}

var hotRequests = sync.Pool{New: func() any { return &hotRequest{fields: make([]field, 0, 24)} }}

func (r *hotRequest) reset(method, key string) {
	*r = hotRequest{method: method, key: key, fields: r.fields[:0], canonical: r.canonical[:0]}
}

func (r *hotRequest) release() {
	r.checksum, r.body, r.large = nil, nil, nil
	hotRequests.Put(r)
}

func (r *hotRequest) add(name, lower, value string) {
	i := len(r.fields)
	r.fields = append(r.fields, field{})
	for ; i > 0 && r.fields[i-1].lower > lower; i-- {
		r.fields[i] = r.fields[i-1]
	}
	r.fields[i] = field{name, lower, value}
}

// value returns the value of a header, by its lower name, or "".
func (r *hotRequest) value(lower string) string {
	for _, f := range r.fields {
		if f.lower == lower {
			return f.value
		}
	}
	return ""
}

// send signs and sends the request. payload is the hash of its body.
func (r *hotRequest) send(ctx context.Context, client *s3http.Client, p *pattern, credentials *aws.Credentials, payload string) (*http.Response, error) {
	date := client.Peer.Clock.Now().UTC().Format(timeFormat)
	for _, f := range p.fields {
		r.add(f.name, f.lower, f.value)
	}
	host := p.sentHost
	if host == "" {
		host = p.host
	}
	r.add("", "host", host)
	r.add("Amz-Sdk-Invocation-Id", "", newInvocationID())
	r.add("Amz-Sdk-Request", "", firstAttempt)
	r.add("X-Amz-Content-Sha256", "x-amz-content-sha256", payload)
	r.add("X-Amz-Date", "x-amz-date", date)
	if credentials.SessionToken != "" {
		r.add("X-Amz-Security-Token", "x-amz-security-token", credentials.SessionToken)
	}
	escaped := escapeKey(r.key)
	r.add("Authorization", "", r.sign(escaped, p, payload, date, credentials))

	request := http.Request{
		Method: r.method, URL: &url.URL{Scheme: p.scheme, Host: p.host, Path: p.prefix + r.key, RawQuery: r.query + p.query},
		Host: p.sentHost, Header: r.header(),
	}
	if escaped != r.key {
		request.URL.RawPath = p.prefix + escaped
	}
	switch {
	case r.large != nil:
		request.Body, request.ContentLength = r.large, r.large.size
	case len(r.body) > 0:
		// A kind of reader from which net/http writes headers and body at once.
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(r.body)), int64(len(r.body))
	}
	return client.Send(ctx, &request)
}

// firstAttempt is what the SDK says of a first attempt.
var firstAttempt = "attempt=1; max=" + strconv.Itoa(s3Attempts)

func (r *hotRequest) header() http.Header {
	named := 0
	for _, f := range r.fields {
		if f.name != "" {
			named++
		}
	}
	header := make(http.Header, named)
	values := make([]string, 0, named)
	for _, f := range r.fields {
		if f.name != "" {
			values = append(values, f.value)
			header[f.name] = values[len(values)-1 : len(values) : len(values)]
		}
	}
	return header
}

// sign returns the header Authorization of Signature Version 4
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
func (r *hotRequest) sign(escaped string, p *pattern, payload, date string, credentials *aws.Credentials) string {
	b := r.canonical[:0]
	b = append(b, r.method...)
	b = append(append(b, '\n'), p.prefix...)
	b = append(b, escaped...)
	b = append(append(b, '\n'), r.query...)
	b = append(b, p.query...)
	b = append(b, '\n')
	for _, f := range r.fields {
		if f.lower != "" {
			b = append(append(b, f.lower...), ':')
			b = append(append(b, f.value...), '\n')
		}
	}
	names := len(b) + 1
	for _, f := range r.fields {
		if f.lower != "" {
			separator := byte(';')
			if len(b) < names {
				separator = '\n'
			}
			b = append(append(b, separator), f.lower...)
		}
	}
	signed := b[names:]
	b = append(append(b, '\n'), payload...)
	sum := sha256.Sum256(b)

	key := p.signingKey(date[:8], credentials)
	start := len(b)
	b = append(append(b, "AWS4-HMAC-SHA256\n"...), date...)
	b = append(append(b, '\n'), key.scope...)
	b = hex.AppendEncode(append(b, '\n'), sum[:])
	mac := key.macs.Get().(hash.Hash)
	mac.Reset()
	mac.Write(b[start:])
	signature := mac.Sum(sum[:0])
	key.macs.Put(mac)

	start = len(b)
	b = append(append(b, key.prefix...), signed...)
	b = hex.AppendEncode(append(b, ", Signature="...), signature)
	r.canonical = b
	return string(b[start:])
}

// A signingKey signs the requests of a day.
type signingKey struct {
	id, secret, day string
	scope           string
	prefix          string // of the header Authorization
	macs            sync.Pool
}

func (p *pattern) signingKey(day string, credentials *aws.Credentials) *signingKey {
	key := p.key.Load()
	if key != nil && key.day == day && key.id == credentials.AccessKeyID && key.secret == credentials.SecretAccessKey {
		return key
	}
	derived := []byte("AWS4" + credentials.SecretAccessKey)
	for _, text := range []string{day, p.region, "s3", "aws4_request"} {
		mac := hmac.New(sha256.New, derived)
		mac.Write([]byte(text))
		derived = mac.Sum(nil)
	}
	scope := day + "/" + p.region + "/s3/aws4_request"
	key = &signingKey{
		id: credentials.AccessKeyID, secret: credentials.SecretAccessKey, day: day, scope: scope,
		prefix: "AWS4-HMAC-SHA256 Credential=" + credentials.AccessKeyID + "/" + scope + ", SignedHeaders=",
		macs:   sync.Pool{New: func() any { return hmac.New(sha256.New, derived) }},
	}
	p.key.Store(key)
	return key
}

// newInvocationID is a random UUID, as the SDK's. It is no secret.
func newInvocationID() string {
	var id [16]byte
	binary.LittleEndian.PutUint64(id[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	var text [36]byte
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// escapeKey escapes all but RFC 3986's unreserved characters and the slash.
func escapeKey(key string) string {
	escapes := 0
	for i := range len(key) {
		if !isUnreserved(key[i]) {
			escapes++
		}
	}
	if escapes == 0 {
		return key
	}
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(key)+2*escapes)
	for i := range len(key) {
		if c := key[i]; isUnreserved(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

func isUnreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '.' || c == '_' || c == '~' || c == '/'
}
