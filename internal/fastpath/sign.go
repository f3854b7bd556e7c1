// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// sign returns the header Authorization of Signature Version 4
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
//
// What is signed and the result stand one after the other in one buffer, which is used
// again, because each would be a string of its own otherwise. For a get it is
//
//	GET                                              the canonical request
//	/my-bucket/a/key
//	x-id=GetObject
//	host:127.0.0.1
//	x-amz-date:20261124T020000Z
//
//	host;x-amz-date                                  these names are read again below
//	e3b0c442…                                        payload
//	AWS4-HMAC-SHA256                                 the string to sign
//	20261124T020000Z
//	20261124/us-east-1/s3/aws4_request
//	9f86d081…                                        the SHA-256 of the canonical request
//	AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=60303ae2…
//
// but no line break follows the payload and the second SHA-256.
func (r *request) sign(escaped, query string, t *template, payload, date string, credentials *aws.Credentials) string {
	b := r.appendCanonical(r.text[:0], escaped, query, t)
	names := len(b)
	b = appendNames(b, r.signed)
	signed := b[names:]
	b = append(append(b, '\n'), payload...)
	sum := sha256.Sum256(b)

	key := t.signingKey(date[:8], credentials)
	start := len(b)
	b = append(append(b, "AWS4-HMAC-SHA256\n"...), date...)
	b = append(append(b, '\n'), key.scope...)
	b = hex.AppendEncode(append(b, '\n'), sum[:])
	mac, _ := key.macs.Get().(hash.Hash)
	mac.Reset()
	mac.Write(b[start:])
	signature := mac.Sum(sum[:0])
	key.macs.Put(mac)

	start = len(b)
	b = append(append(b, key.prefix...), signed...)
	b = hex.AppendEncode(append(b, ", Signature="...), signature)
	r.text = b
	return string(b[start:])
}

// appendCanonical appends the canonical request up to the names of the headers.
func (r *request) appendCanonical(b []byte, escaped, query string, t *template) []byte {
	b = append(b, r.method...)
	b = append(append(b, '\n'), t.prefix...)
	b = append(b, escaped...)
	b = append(append(b, '\n'), query...)
	b = append(b, '\n')
	for i := range r.signed {
		b = append(append(b, r.signed[i].lower...), ':')
		b = append(append(b, r.signed[i].value...), '\n')
	}
	return append(b, '\n')
}

// appendNames appends the names of the headers, with semicolons between.
func appendNames(b []byte, signed []signedHeader) []byte {
	for i := range signed {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, signed[i].lower...)
	}
	return b
}

// A signingKey signs the requests of a day.
type signingKey struct {
	id, secret, day string
	scope           string
	prefix          string    // of the header Authorization
	macs            sync.Pool // of hash.Hash
}

// signingKey returns the key for a day and credentials, which is computed once.
func (t *template) signingKey(day string, credentials *aws.Credentials) *signingKey {
	key := t.key.Load()
	if key != nil && key.day == day && key.id == credentials.AccessKeyID && key.secret == credentials.SecretAccessKey {
		return key
	}
	derived := []byte("AWS4" + credentials.SecretAccessKey)
	for _, text := range []string{day, t.region, "s3", "aws4_request"} {
		mac := hmac.New(sha256.New, derived)
		mac.Write([]byte(text))
		derived = mac.Sum(nil)
	}
	scope := day + "/" + t.region + "/s3/aws4_request"
	key = &signingKey{
		id: credentials.AccessKeyID, secret: credentials.SecretAccessKey, day: day, scope: scope,
		prefix: "AWS4-HMAC-SHA256 Credential=" + credentials.AccessKeyID + "/" + scope + ", SignedHeaders=",
		macs:   sync.Pool{New: func() any { return hmac.New(sha256.New, derived) }},
	}
	t.key.Store(key)
	return key
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
	isLetter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	isDigit := '0' <= c && c <= '9'
	return isLetter || isDigit || c == '-' || c == '.' || c == '_' || c == '~' || c == '/'
}
