// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFaultsBeforeTheAnswer checks what client and server see of faults of a request.
func TestFaultsBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for kind, test := range map[Kind]struct {
		received []string // bodies at the server
		isAnswer bool
	}{
		None:          {[]string{"sent"}, true},
		Refuse:        {nil, false},
		ResetFirst:    {nil, false},
		ResetInBody:   {nil, false},
		ResetUnheard:  {nil, false},
		Stall:         {nil, false},
		ThrottledBody: {[]string{"sent"}, true},
		FlipRequest:   {[]string{"seot"}, true},
		Duplicate:     {[]string{"sent", "sent"}, true},
		LoseAnswer:    {[]string{"sent"}, false},
	} {
		server := &target{}
		proxy := start(t, server, Options{Rules: []Rule{{Fault: kind}}})
		got := send(newRequest(t, proxy, "PUT", "/bucket/key", "sent"))
		if test.isAnswer {
			assertPasses(t, got)
			assert.Equal(t, "I", got.header.Get("X-Count"), "the first answer counts: %s", kind)
		} else {
			assert.Error(t, got.err, kind)
		}
		require.NoError(t, proxy.Close())
		assert.Equal(t, test.received, server.bodies, kind)
		if kind != None {
			assert.Equal(t, map[Kind]int{kind: 1}, proxy.Faults())
		}
	}
}

// TestAnswersThatAreMadeUp checks the answers of which the server knows nothing.
func TestAnswersThatAreMadeUp(t *testing.T) {
	t.Parallel()
	for kind, test := range map[Kind]struct {
		status int
		code   string
	}{
		InternalError:  {500, "InternalError"},
		BadGateway:     {502, ""},
		SlowDown:       {503, "SlowDown"},
		TooMany:        {429, "TooManyRequests"},
		RequestTimeout: {400, "RequestTimeout"},
		ErrorIn200:     {200, "InternalError"},
		ExpiredToken:   {400, "ExpiredToken"},
		Skew:           {403, "RequestTimeTooSkewed"},
		Redirect:       {307, "TemporaryRedirect"},
		Moved:          {301, "PermanentRedirect"},
	} {
		server := &target{}
		proxy := start(t, server, Options{Rules: []Rule{{Fault: kind, Times: -1}}})
		before := time.Now().Truncate(time.Second)
		got := send(newRequest(t, proxy, "GET", "/bucket/key?a=b", ""))
		after := time.Now()
		require.NoError(t, got.err, kind)
		assert.Equal(t, test.status, got.status, kind)
		location := ""
		if kind == Redirect || kind == Moved {
			location = proxy.URL() + "/bucket/key?a=b"
		}
		assert.Equal(t, location, got.header.Get("Location"), kind)
		if test.code == "" {
			assert.Equal(t, []string{"text/html"}, got.header["Content-Type"])
			assert.Contains(t, got.body, "<html>")
			continue
		}
		assert.Contains(t, got.body, "<Error><Code>"+test.code+"</Code><Message>made up by faultproxy</Message></Error>", kind)
		assert.Equal(t, []string{"application/xml"}, got.header["Content-Type"])
		date, err := http.ParseTime(got.header.Get("Date"))
		require.NoError(t, err)
		if kind == Skew {
			date = date.Add(-20 * time.Minute)
		}
		assert.False(t, date.Before(before) || date.After(after), "%s: %s is not from %s to %s", kind, date, before, after)
		head := send(newRequest(t, proxy, "HEAD", "/bucket/key", ""))
		assert.Equal(t, test.status, head.status, kind)
		assert.Empty(t, head.header.Get("Content-Length"), "a HEAD's error has no body: %s", kind)
		assert.Empty(t, server.requests, kind)
	}
}

// TestFaultsOfTheAnswer checks what is left of the server's answer.
func TestFaultsOfTheAnswer(t *testing.T) {
	t.Parallel()
	for kind, test := range map[Kind]struct {
		body    string // "" if the end of the connection may come before any of it
		isWhole bool   // as the head says
	}{
		ResetInHead:     {"", false},
		ResetInAnswer:   {"", false},
		StallInAnswer:   {"", false},
		Truncate:        {"01234", false},
		Shorten:         {"01234", true},
		ThrottledAnswer: {content, true},
		FlipAnswer:      {"0123446789", true},
		WrongChecksum:   {content, true},
	} {
		server := &target{}
		proxy := start(t, server, Options{Rules: []Rule{{Fault: kind}}})
		got := send(newRequest(t, proxy, "GET", "/bucket/key", "", "X-Amz-Checksum-Mode", "ENABLED"))
		assert.Equal(t, test.isWhole, got.err == nil, "%s: %v", kind, got.err)
		if test.body != "" {
			assert.Equal(t, http.StatusOK, got.status, kind)
			assert.Equal(t, test.body, got.body, kind)
			assert.Equal(t, kind == WrongChecksum, got.header.Get("X-Amz-Checksum-Crc32") != sum, kind)
		}
		if kind == Truncate {
			assert.ErrorIs(t, got.err, io.ErrUnexpectedEOF)
			assert.Equal(t, "10", got.header.Get("Content-Length"))
		}
		assert.Len(t, server.requests, 1, kind)
	}
}

// TestNoFaultThatNothingTells checks that bytes are left out or changed only where a client
// can notice: a checksum of the whole object or a range tells it.
func TestNoFaultThatNothingTells(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header   http.Header
		asked    []string
		isBroken bool
	}{
		"a checksum":        {http.Header{"X-Amz-Checksum-Sha1": {sum}}, nil, true},
		"no checksum":       {http.Header{"X-Amz-Meta-Note": {sum}, "X-Amz-Checksum-Type": {"FULL_OBJECT"}}, nil, false},
		"a sum of sums":     {http.Header{"X-Amz-Checksum-Crc32": {sum + "-2"}}, nil, false},
		"one that says so":  {http.Header{"X-Amz-Checksum-Crc32": {sum}, "X-Amz-Checksum-Type": {"COMPOSITE"}}, nil, false},
		"a range":           {http.Header{}, []string{"Range", "bytes=0-9"}, true},
		"all of the object": {http.Header{"X-Amz-Checksum-Crc32": {sum}, "X-Amz-Checksum-Type": {"FULL_OBJECT"}}, nil, true},
	} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for header, values := range test.header {
				w.Header()[header] = values
			}
			_, _ = io.WriteString(w, content)
		})
		proxy := start(t, handler, Options{Rules: []Rule{{Fault: Shorten}, {Fault: FlipAnswer}}})
		for _, fault := range []string{"01234", "0123446789"} {
			got := send(newRequest(t, proxy, "GET", "/bucket/key", "", test.asked...))
			require.NoError(t, got.err, name)
			want := content
			if test.isBroken {
				want = fault
			}
			assert.Equal(t, want, got.body, name)
		}
	}
}

// TestEmptyBodies checks what faults of bytes do to bodies that have none.
func TestEmptyBodies(t *testing.T) {
	t.Parallel()
	var received []string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received = append(received, string(body))
		w.Header().Set("X-Amz-Checksum-Crc32", sum)
	})
	proxy := start(t, handler, Options{Rules: []Rule{{Fault: FlipRequest}, {Fault: FlipAnswer}, {Fault: ThrottledAnswer}, {Fault: ThrottledBody}}})
	for range 4 {
		got := send(newRequest(t, proxy, "PUT", "/bucket/key", ""))
		require.NoError(t, got.err)
		assert.Equal(t, http.StatusOK, got.status)
		assert.Empty(t, got.body)
	}
	assert.Equal(t, []string{"", "", "", ""}, received)
	// One byte is the middle of a body that has no other.
	proxy.Break(Rule{Fault: FlipRequest})
	assert.NoError(t, send(newRequest(t, proxy, "PUT", "/bucket/key", "0")).err)
	assert.Equal(t, "1", received[4])
}

// TestChecksumsAreSpoiled checks which headers WrongChecksum changes.
func TestChecksumsAreSpoiled(t *testing.T) {
	t.Parallel()
	header := http.Header{
		"X-Amz-Checksum-Crc32": {sum}, "X-Amz-Checksum-Sha1": {"", "x"}, "X-Amz-Checksum-Crc32c": {"no base64!"},
		"X-Amz-Checksum-Type": {"COMPOSITE"}, "Etag": {sum},
	}
	want := header.Clone()
	want["X-Amz-Checksum-Crc32"] = []string{"cnVtIQ=="} // "rum!"
	spoil(header)
	assert.Equal(t, want, header)
}

// TestLengthOfAnswer checks that an answer that is written by hand has a length if the
// server's had none, and keeps the one that it had.
func TestLengthOfAnswer(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, content)
		w.(http.Flusher).Flush() // in chunks, without a length
	})
	proxy := start(t, handler, Options{Rules: []Rule{{Fault: ThrottledAnswer}}})
	got := send(newRequest(t, proxy, "GET", "/bucket/key", ""))
	require.NoError(t, got.err)
	assert.Equal(t, content, got.body)
	assert.Equal(t, "10", got.header.Get("Content-Length"))
}

// TestNoConnection checks that a connection that is gone already is no panic.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	proxy := start(t, &target{}, Options{Rules: []Rule{{Fault: LoseAnswer}, {Fault: Truncate}}})
	for range 2 {
		w := httptest.NewRecorder()
		proxy.ServeHTTP(w, incoming(t, "GET", "/bucket/key", ""))
		assert.Empty(t, w.Body.String())
	}
}

// TestRefusedConnections checks that after Refuse the next new connection is reset, and
// no other, and none if the proxy was healed.
func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	server := &target{}
	proxy := start(t, server, Options{Rules: []Rule{{Fault: Refuse}}})
	ask := func() outcome { return send(newRequest(t, proxy, "GET", "/bucket/key", "")) }
	assert.Error(t, ask().err)
	assert.Error(t, ask().err)
	assertPasses(t, ask())
	assert.Equal(t, 2, proxy.Requests("GetObject"), "a connection that was refused brought no request")

	proxy.Break(Rule{Fault: Refuse})
	assert.Error(t, ask().err)
	proxy.Heal()
	assertPasses(t, ask())
	assert.Len(t, server.requests, 2)
}
