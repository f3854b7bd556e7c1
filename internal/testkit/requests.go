// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Sent is a request as it went to a server, with its body.
type Sent struct {
	*http.Request
	Content []byte
}

// RequireSameRequest compares a request of the SDK with one that the fast path made
// instead of it: all but the signature, the time, and what counts the SDK's features.
func RequireSameRequest(t testing.TB, sdk, fast Sent) {
	t.Helper()
	require.NotNil(t, sdk.Request)
	require.NotNil(t, fast.Request)
	assert.Equal(t, sdk.Method, fast.Method)
	assert.Equal(t, sdk.URL.Scheme+"://"+sdk.URL.Host+sdk.URL.RequestURI(), fast.URL.Scheme+"://"+fast.URL.Host+fast.URL.RequestURI())
	assert.Equal(t, sdk.Host, fast.Host)
	isSigned := sdk.Header.Get("Authorization") != ""
	want, got := comparedHeader(t, sdk.Request, isSigned), comparedHeader(t, fast.Request, isSigned)
	want.Del("Expect") // of a large body, which the fast path sends at once
	body := sdk.Content
	length := sdk.ContentLength
	if want.Get("X-Amz-Trailer") != "" {
		// What the SDK sends after a body over https is sent before it.
		body = decodeChunk(t, body, want)
		length = int64(len(body))
	}
	assert.Equal(t, want, got)
	assert.Equal(t, string(body), string(fast.Content))
	assert.Equal(t, length, fast.ContentLength)
}

func comparedHeader(t testing.TB, r *http.Request, isSigned bool) http.Header {
	t.Helper()
	h := r.Header.Clone()
	for name, isSent := range map[string]bool{"Authorization": isSigned, "X-Amz-Date": isSigned, "Amz-Sdk-Invocation-Id": true} {
		assert.Equal(t, isSent, h.Get(name) != "", name)
		h.Del(name)
	}
	before, after, _ := strings.Cut(h.Get("User-Agent"), " m/")
	_, after, _ = strings.Cut(after, " ")
	h.Set("User-Agent", before+" "+after)
	return h
}

// decodeChunk undoes aws-chunked in the header, and returns the body.
func decodeChunk(t testing.TB, body []byte, header http.Header) []byte {
	t.Helper()
	size, rest, _ := strings.Cut(string(body), "\r\n")
	data, trailer, ok := strings.Cut(rest, "\r\n0\r\nx-amz-checksum-crc32:")
	require.True(t, ok, "%q", body)
	assert.Equal(t, size, fmt.Sprintf("%x", len(data)))
	for _, name := range []string{"X-Amz-Trailer", "X-Amz-Decoded-Content-Length", "Content-Encoding"} {
		header.Del(name)
	}
	header.Set("X-Amz-Checksum-Crc32", strings.TrimSpace(trailer))
	header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	return []byte(data)
}
