// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"bufio"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serve starts a server and returns its URL.
func serve(t *testing.T) (*Server, string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := New()
	ended := make(chan error)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		require.NoError(t, listener.Close())
		require.NoError(t, <-ended)
	})
	return server, "http://" + listener.Addr().String()
}

func send(t *testing.T, method, url string, body io.Reader, header map[string]string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, url, body)
	require.NoError(t, err)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(text)
}

func TestContent(t *testing.T) {
	t.Parallel()
	const key, size = "some/key", 3*period + 12345
	var all []byte
	for offset := int64(0); offset < size; {
		run := Content(key, offset, int(size-offset))
		all = append(all, run...)
		offset += int64(len(run))
	}
	assert.Equal(t, all, Body(key, len(all)))
	assert.Equal(t, Content(key, 0, 1024), Body(key, 1024))
	assert.Equal(t, crc32.ChecksumIEEE(all), ContentCRC(key, size))
	assert.Equal(t, all[8<<20/4:8<<20/4+100], Content(key, 8<<20/4, 100))
	assert.NotEqual(t, Content(key, 0, 1024), Content(key, 8<<20, 1024), "parts of a usual size must differ")
	assert.NotEqual(t, Content(key, 0, 1024), Content("other", 0, 1024))
	for _, cut := range []int{0, 1, 1000, len(all) / 2, len(all)} {
		first, second := all[:cut], all[cut:]
		assert.Equal(t, crc32.ChecksumIEEE(all), joinCRC(crc32.ChecksumIEEE(first), crc32.ChecksumIEEE(second), int64(len(second))), cut)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	url += "/file-3000000/file.bin"
	for _, test := range []struct {
		header, answer string
		offset, length int64
	}{
		{"bytes=0-0", "bytes 0-0/3000000", 0, 1},
		{"bytes=1000000-2999999", "bytes 1000000-2999999/3000000", 1000000, 2000000},
		{"bytes=2999990-9999999", "bytes 2999990-2999999/3000000", 2999990, 10},
		{"bytes=2999990-", "bytes 2999990-2999999/3000000", 2999990, 10},
		{"bytes=-5", "bytes 2999995-2999999/3000000", 2999995, 5},
	} {
		answer, body := send(t, http.MethodGet, url, nil, map[string]string{"Range": test.header})
		assert.Equal(t, http.StatusPartialContent, answer.StatusCode)
		assert.Equal(t, test.answer, answer.Header.Get("Content-Range"))
		assert.Len(t, body, int(test.length))
		assert.Equal(t, wholeContent("file.bin", test.offset, test.length), body, test.header)
	}
	for _, header := range []string{"bytes=3000000-", "bytes=5-4", "bytes=x-", "bytes=-0"} {
		answer, _ := send(t, http.MethodGet, url, nil, map[string]string{"Range": header})
		assert.Equal(t, http.StatusRequestedRangeNotSatisfiable, answer.StatusCode, header)
	}
	answer, body := send(t, http.MethodHead, url, nil, map[string]string{"x-amz-checksum-mode": "ENABLED"})
	assert.Equal(t, int64(3000000), answer.ContentLength)
	assert.Empty(t, body)
	assert.Equal(t, encodeCRC(ContentCRC("file.bin", 3000000)), answer.Header.Get("X-Amz-Checksum-Crc32"))
	answer, _ = send(t, http.MethodGet, url, nil, map[string]string{"If-Match": `"other"`})
	assert.Equal(t, http.StatusPreconditionFailed, answer.StatusCode)
	answer, _ = send(t, http.MethodGet, url, nil, map[string]string{"If-Match": answer.Header.Get("ETag"), "Range": "bytes=0-1"})
	assert.Equal(t, http.StatusPartialContent, answer.StatusCode)
	answer, _ = send(t, http.MethodGet, url+"x", nil, nil)
	assert.Equal(t, http.StatusNotFound, answer.StatusCode)
}

func wholeContent(key string, offset, length int64) string {
	var text strings.Builder
	for length > 0 {
		run := Content(key, offset, int(length))
		text.Write(run)
		offset, length = offset+int64(len(run)), length-int64(len(run))
	}
	return text.String()
}

func TestPut(t *testing.T) {
	t.Parallel()
	server, url := serve(t)
	right := wholeContent("a b", 0, 2000)
	answer, _ := send(t, http.MethodPut, url+"/kept/a%20b", strings.NewReader(right), map[string]string{"x-amz-checksum-crc32": encodeCRC(ContentCRC("a b", 2000))})
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Equal(t, encodeCRC(ContentCRC("a b", 2000)), answer.Header.Get("X-Amz-Checksum-Crc32"))
	_, body := send(t, http.MethodPost, url+"/-/report?bucket=kept", nil, nil)
	assert.JSONEq(t, `{"Objects": 1, "Bytes": 2000, "Wrong": 0}`, body)

	answer, _ = send(t, http.MethodPut, url+"/kept/c", strings.NewReader(right), map[string]string{"x-amz-checksum-crc32": "AAAAAA=="})
	assert.Equal(t, http.StatusBadRequest, answer.StatusCode)
	answer, _ = send(t, http.MethodPut, url+"/kept/c", strings.NewReader(right), nil)
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	_, body = send(t, http.MethodPost, url+"/-/report?bucket=kept", nil, nil)
	assert.JSONEq(t, `{"Objects": 2, "Bytes": 4000, "Wrong": 1}`, body, "these bytes are another key's")

	answer, _ = send(t, http.MethodDelete, url+"/kept/a%20b", nil, nil)
	assert.Equal(t, http.StatusNoContent, answer.StatusCode)
	_, body = send(t, http.MethodPost, url+"/-/stats", nil, nil)
	assert.Contains(t, body, `"Requests":{"DeleteObject":1,"Failed":1,"PutObject":3}`)
	server.reset(Shape{})
	_, body = send(t, http.MethodPost, url+"/-/stats", nil, nil)
	assert.JSONEq(t, `{"Requests": {}, "Connections": 0}`, body)
}

func TestChunkedBodies(t *testing.T) {
	t.Parallel()
	right := wholeContent("key", 0, 100_000)
	chunks := func(signature string) string {
		return fmt.Sprintf("%x%s\r\n%s\r\n%x%s\r\n%s\r\n0%s\r\n", 70_000, signature, right[:70_000], 30_000, signature, right[70_000:], signature)
	}
	trailer := "x-amz-checksum-crc32:" + encodeCRC(ContentCRC("key", 100_000)) + "\r\n"
	for name, test := range map[string]struct {
		kind, body string
		isWhole    bool
	}{
		"signed":        {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", chunks(";chunk-signature=abc") + "\r\n", true},
		"trailer":       {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunks("") + trailer + "\r\n", true},
		"wrong trailer": {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunks("") + "x-amz-checksum-crc32:AAAAAA==\r\n\r\n", false},
		"cut":           {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunks("")[:80_000], false},
		"no size":       {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "zz\r\n", false},
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/kept/key", strings.NewReader(test.body))
		request.Header.Set("X-Amz-Content-Sha256", test.kind)
		got, err := discard(request)
		if !test.isWhole {
			require.Error(t, err, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, int64(100_000), got.size, name)
		assert.Equal(t, ContentCRC("key", 100_000), got.crc, name)
	}
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	object := url + "/kept/file.bin"
	_, body := send(t, http.MethodPost, object+"?uploads", nil, map[string]string{"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "FULL_OBJECT"})
	id := slices.Collect(elements([]byte(body), "UploadId"))[0]
	for i, part := range []string{wholeContent("file.bin", 0, 5000), wholeContent("file.bin", 5000, 7000)} {
		answer, _ := send(t, http.MethodPut, fmt.Sprintf("%s?uploadId=%s&partNumber=%d", object, id, 1+2*i), strings.NewReader(part), nil)
		assert.Equal(t, http.StatusOK, answer.StatusCode)
		assert.NotEmpty(t, answer.Header.Get("ETag"))
	}
	complete := func(header map[string]string, numbers ...int) (int, string) {
		text := "<CompleteMultipartUpload>"
		for _, number := range numbers {
			text += fmt.Sprintf("<Part><PartNumber>%d</PartNumber></Part>", number)
		}
		answer, body := send(t, http.MethodPost, object+"?uploadId="+id, strings.NewReader(text+"</CompleteMultipartUpload>"), header)
		return answer.StatusCode, body
	}
	for code, numbers := range map[string][]int{"InvalidPart": {1, 2}, "InvalidPartOrder": {3, 1}, "MalformedXML": nil} {
		status, body := complete(nil, numbers...)
		assert.Equal(t, http.StatusBadRequest, status)
		assert.Contains(t, body, code)
	}
	sum := encodeCRC(ContentCRC("file.bin", 12000))
	status, _ := complete(map[string]string{"x-amz-checksum-crc32": "AAAAAA=="}, 1, 3)
	assert.Equal(t, http.StatusBadRequest, status)
	status, body = complete(map[string]string{"x-amz-checksum-crc32": sum}, 1, 3)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, "<ChecksumCRC32>"+sum+"</ChecksumCRC32>")
	_, body = send(t, http.MethodPost, url+"/-/report?bucket=kept", nil, nil)
	assert.JSONEq(t, `{"Objects": 1, "Bytes": 12000, "Wrong": 0}`, body)

	_, body = send(t, http.MethodPost, object+"?uploads", nil, nil)
	id = slices.Collect(elements([]byte(body), "UploadId"))[0]
	answer, _ := send(t, http.MethodDelete, object+"?uploadId="+id, nil, nil)
	assert.Equal(t, http.StatusNoContent, answer.StatusCode)
	answer, _ = send(t, http.MethodPut, object+"?partNumber=1&uploadId="+id, strings.NewReader("x"), nil)
	assert.Equal(t, http.StatusNotFound, answer.StatusCode)
}

func TestPacer(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var slept time.Duration
	p := pacer{now: func() time.Time { return now }, sleep: func(d time.Duration) { slept += d; now = now.Add(d) }}
	p.wait(1<<20, 0)
	assert.Zero(t, slept, "no limit")
	for range 90 {
		p.wait(100_000, 90_000_000)
	}
	assert.InDelta(t, 100*time.Millisecond-credit, slept, float64(time.Microsecond))
	now, slept = now.Add(time.Hour), 0
	p.wait(9_000_000, 90_000_000)
	assert.InDelta(t, 100*time.Millisecond-credit, slept, float64(time.Microsecond), "rest gives no credit beyond its bound")
	// A sleep that takes too long is made up for.
	slept = 0
	p.sleep = func(d time.Duration) { slept += d; now = now.Add(d + time.Millisecond) }
	p.wait(180_000, 90_000_000)
	p.wait(180_000, 90_000_000)
	assert.InDelta(t, 3*time.Millisecond, slept, float64(time.Microsecond))
}

func TestConnectionIsPaced(t *testing.T) {
	t.Parallel()
	server := New()
	server.shape.Store(&Shape{Rate: 90_000_000})
	near, far := net.Pipe()
	var up, down time.Duration
	now := time.Unix(0, 0)
	c := &connection{
		server: server, conn: far,
		up:   pacer{now: func() time.Time { return now }, sleep: func(d time.Duration) { up += d; now = now.Add(d) }},
		down: pacer{now: func() time.Time { return now }, sleep: func(d time.Duration) { down += d; now = now.Add(d) }},
	}
	go func() {
		_, _ = near.Write(make([]byte, 9_000_000))
		_ = near.Close()
	}()
	n, err := io.Copy(io.Discard, struct{ io.Reader }{bufio.NewReader(c)})
	require.NoError(t, err)
	assert.Equal(t, int64(9_000_000), n)
	assert.InDelta(t, 100*time.Millisecond-credit, up, float64(time.Millisecond))

	near, c.conn = net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, near) }()
	require.NoError(t, c.write(&response{status: http.StatusOK, key: "k", length: 9_000_000}, false))
	assert.InDelta(t, 100*time.Millisecond-credit, down, float64(time.Millisecond))
}

// TestExpect checks that a client may wait for "100 Continue" as long as it likes.
func TestExpect(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	for _, word := range []string{"100-continue", "100-Continue"} {
		_, err = io.WriteString(conn, "PUT /kept/k HTTP/1.1\r\nHost: bench\r\nContent-Length: 3\r\nExpect: "+word+"\r\n\r\n")
		require.NoError(t, err)
		in := bufio.NewReader(conn)
		line, err := in.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
		_, err = io.WriteString(conn, "abc")
		require.NoError(t, err)
		_, err = in.ReadString('\n')
		require.NoError(t, err)
		answer, err := http.ReadResponse(in, nil)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, answer.StatusCode)
	}
}
