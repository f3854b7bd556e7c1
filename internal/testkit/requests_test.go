// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// madeRequest is a request of a put, of the SDK or of the fast path.
func madeRequest(t testing.TB, change func(*Sent)) Sent {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://127.0.0.1/bucket/key", strings.NewReader("body"))
	require.NoError(t, err)
	r.Header = http.Header{
		"Authorization": {"a"}, "X-Amz-Date": {"d"}, "Amz-Sdk-Invocation-Id": {"i"}, "User-Agent": {"aws-sdk-go-v2 m/E,c lithops"}, "X-Amz-Meta-Note": {"n"},
	}
	made := Sent{Request: r, Content: []byte("body")}
	if change != nil {
		change(&made)
	}
	return made
}

// header returns a change of one header. The value "" removes it.
func header(name, value string) func(*Sent) {
	return func(s *Sent) {
		s.Header.Set(name, value)
		if value == "" {
			s.Header.Del(name)
		}
	}
}

// chunked changes a request into what the SDK sends over https.
func chunked(body string) func(*Sent) {
	return func(s *Sent) {
		s.Content = []byte(body)
		s.ContentLength = int64(len(body))
		s.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
		s.Header.Set("X-Amz-Decoded-Content-Length", "4")
		s.Header.Set("Content-Encoding", "aws-chunked")
		s.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
	}
}

// oneChunk is the chunk of "body", with its checksum.
const oneChunk = "4\r\nbody\r\n0\r\nx-amz-checksum-crc32:c3VtIQ==\r\n\r\n"

// inHeader changes a request into what the fast path sends over https.
func inHeader(s *Sent) {
	s.Header.Set("X-Amz-Checksum-Crc32", "c3VtIQ==")
	s.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
}

// TestRequireSameRequest checks which differences of two requests are one.
func TestRequireSameRequest(t *testing.T) {
	t.Parallel()
	unsigned := func(s *Sent) {
		s.Header.Del("Authorization")
		s.Header.Del("X-Amz-Date")
	}
	for name, test := range map[string]struct {
		sdk, fast func(*Sent)
		isSame    bool
	}{
		"nothing":             {nil, nil, true},
		"a signature":         {nil, header("Authorization", "b"), true},
		"a time":              {nil, header("X-Amz-Date", "e"), true},
		"an attempt":          {nil, header("Amz-Sdk-Invocation-Id", "j"), true},
		"features":            {header("User-Agent", "aws-sdk-go-v2 m/E,c,Z lithops"), nil, true},
		"an expectation":      {header("Expect", "100-continue"), nil, true},
		"none is signed":      {unsigned, unsigned, true},
		"one is signed":       {nil, unsigned, false},
		"the other is signed": {unsigned, nil, false},
		"no attempt":          {nil, header("Amz-Sdk-Invocation-Id", ""), false},
		"an agent":            {nil, header("User-Agent", "aws-sdk-go-v3 m/E,c lithops"), false},
		"the agent's end":     {nil, header("User-Agent", "aws-sdk-go-v2 m/E,c other"), false},
		"a header":            {nil, header("X-Amz-Meta-Note", "o"), false},
		"a header too many":   {nil, header("X-Amz-Meta-Other", "o"), false},
		"a method":            {nil, func(s *Sent) { s.Method = http.MethodPost }, false},
		"a path":              {nil, func(s *Sent) { s.URL.Path = "/bucket/other" }, false},
		"a scheme":            {nil, func(s *Sent) { s.URL.Scheme = "https" }, false},
		"a server":            {nil, func(s *Sent) { s.URL.Host = "127.0.0.2" }, false},
		"a host":              {nil, func(s *Sent) { s.Host = "other" }, false},
		"a body":              {nil, func(s *Sent) { s.Content = []byte("bodi") }, false},
		"a length":            {nil, func(s *Sent) { s.ContentLength = 5 }, false},
		"no request":          {nil, func(s *Sent) { s.Request = nil }, false},
		"none of the SDK":     {func(s *Sent) { s.Request = nil }, nil, false},
		"a trailer":           {chunked(oneChunk), inHeader, true},
		"another sum":         {chunked("4\r\nbody\r\n0\r\nx-amz-checksum-crc32:b3RoZQ==\r\n\r\n"), inHeader, false},
		"another chunk":       {chunked("4\r\nbodi\r\n0\r\nx-amz-checksum-crc32:c3VtIQ==\r\n\r\n"), inHeader, false},
		"a chunk's size":      {chunked("5\r\nbody\r\n0\r\nx-amz-checksum-crc32:c3VtIQ==\r\n\r\n"), inHeader, false},
		"no end":              {chunked("4\r\nbody\r\n"), inHeader, false},
	} {
		sdk, fast := madeRequest(t, test.sdk), madeRequest(t, test.fast)
		got := outcome(t, func(t testing.TB) { RequireSameRequest(t, sdk, fast) })
		assert.Equal(t, test.isSame, got == "passed", "%s: %s", name, got)
	}
}
