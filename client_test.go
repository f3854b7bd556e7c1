// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// storeAt is a store whose S3 and STS are at url, and which does not wait
// between attempts.
func storeAt(t *testing.T, url string) *Store {
	t.Helper()
	store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, &Options{
		Endpoint: url, STSEndpoint: url, LookupEnv: func(string) (string, bool) { return "", false },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// TestRetries holds the attempts to botocore's list. The back-off runs in the
// time of a bubble, where the network is a function.
func TestRetries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status   int
		code     string
		attempts int64
	}{
		"500":                  {500, "InternalError", 6},
		"502":                  {502, "", 6},
		"503":                  {503, "SlowDown", 6},
		"504":                  {504, "", 6},
		"509":                  {509, "", 6},
		"520":                  {520, "", 6},
		"429":                  {429, "", 6},
		"400 RequestTimeout":   {400, "RequestTimeout", 6},
		"400 BadDigest":        {400, "BadDigest", 6},
		"400 Throttling":       {400, "Throttling", 6},
		"400 other bytes":      {400, "XAmzContentSHA256Mismatch", 6},
		"400 InvalidArgument":  {400, "InvalidArgument", 1},
		"403 AccessDenied":     {403, "AccessDenied", 1},
		"404 NoSuchKey":        {404, "NoSuchKey", 1},
		"412":                  {412, "PreconditionFailed", 1},
		"501 NotImplemented":   {501, "NotImplemented", 1},
		"connection refused":   {0, "", 6},
		"connection reset":     {-1, "", 6},
		"early end of headers": {-2, "", 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var attempts atomic.Int64
				transport := roundTripper(func(r *http.Request) (*http.Response, error) {
					attempts.Add(1)
					switch test.status {
					case 0:
						return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
					case -1:
						return nil, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
					case -2:
						return nil, io.ErrUnexpectedEOF
					}
					body := fmt.Sprintf("<Error><Code>%s</Code><Message>m</Message></Error>", test.code)
					return &http.Response{StatusCode: test.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
				})
				store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, &Options{
					Endpoint: "http://127.0.0.1:1", Transport: transport, LookupEnv: func(string) (string, bool) { return "", false },
				})
				require.NoError(t, err)
				_, err = store.GetObject(t.Context(), "bucket", "key", nil)
				require.Error(t, err)
				assert.Equal(t, test.attempts, attempts.Load(), "%v", err)
			})
		})
	}
}

// TestManyDeletesOnLoopback checks that none of many requests with a body needs a second
// attempt, which would hide that race from the caller, but not from the server.
func TestManyDeletesOnLoopback(t *testing.T) {
	t.Parallel()
	deletes := testkit.Less(500, 100)
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprint(w, "<DeleteResult></DeleteResult>")
	}))
	t.Cleanup(server.Close)
	store := storeAt(t, server.URL)
	for range deletes {
		require.NoError(t, store.DeleteObjects(t.Context(), "bucket", []string{"a", "b"}))
	}
	assert.EqualValues(t, deletes, requests.Load(), "each in one attempt")
}

// TestRedirectIsNotFollowed checks that headers with signatures go to no other host.
func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var other atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { other.Add(1) }))
	t.Cleanup(elsewhere.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/stolen", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	_, err := storeAt(t, server.URL).HeadObject(t.Context(), "bucket", "key")
	require.Error(t, err)
	assert.Zero(t, other.Load())
}

// TestChecksums checks that a put carries a CRC32 wherever it goes. To AWS it may follow
// the body; to another server over https it is a header, since such servers may refuse
// what follows the body.
func TestChecksums(t *testing.T) {
	t.Parallel()
	var header atomic.Value
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		header.Store(r.Header.Clone())
		w.Header().Set("Etag", `"e"`)
	}))
	t.Cleanup(server.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	for mode, want := range map[string]string{"when_supported": "crc32", "when_required": ""} {
		env := map[string]string{"AWS_CA_BUNDLE": bundle, "AWS_ENDPOINT_URL_S3": server.URL, "AWS_REQUEST_CHECKSUM_CALCULATION": mode}
		store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, &Options{
			LookupEnv: testkit.Env(env),
		})
		require.NoError(t, err)
		require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
		require.NoError(t, store.Close())
		sent, _ := header.Load().(http.Header)
		assert.Empty(t, sent.Get("X-Amz-Trailer"), mode)
		assert.Equal(t, want != "", sent.Get("X-Amz-Checksum-Crc32") != "", mode)
	}

	store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, &Options{
		LookupEnv: func(string) (string, bool) { return "", false },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	_, ofAWS, err := store.PutRequest(t.Context(), "bucket", "key")
	require.NoError(t, err)
	assert.True(t, ofAWS.Get("X-Amz-Trailer") == "x-amz-checksum-crc32" || ofAWS.Get("X-Amz-Checksum-Crc32") != "", "%v", ofAWS)
}

// TestIgnoredRange checks that a server that answers a range with the whole object, or
// with another part, is noticed.
func TestIgnoredRange(t *testing.T) {
	t.Parallel()
	var answer atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"e"`)
		status := http.StatusOK
		if contentRange, _ := answer.Load().(string); contentRange != "" {
			w.Header().Set("Content-Range", contentRange)
			status = http.StatusPartialContent
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "0123456789")
	}))
	t.Cleanup(server.Close)
	store := storeAt(t, server.URL)
	for _, contentRange := range []string{"", "bytes 0-9/100", "bytes 5-14/100", "nonsense"} {
		answer.Store(contentRange)
		_, err := store.GetObject(t.Context(), "bucket", "key", &GetOptions{Range: Range(5, 5)})
		require.ErrorContains(t, err, "the server answered", "%q", contentRange)
	}
}

// TestRangeLength checks that the Content-Range says how many bytes there are, whatever
// the Content-Length says. If fewer arrive, another request continues; extra bytes are
// not read.
func TestRangeLength(t *testing.T) {
	t.Parallel()
	var first, rest string
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Range"))
		w.Header().Set("ETag", `"e"`)
		body := first
		var from int
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		if len(asked) > 1 {
			body = rest
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-7/10", from))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	store := storeAt(t, server.URL)
	for _, test := range []struct {
		first, rest, want string
		asked             []string
	}{
		{"34567", "", "34567", []string{"bytes=3-7"}},
		{"34", "567", "34567", []string{"bytes=3-7", "bytes=5-7"}},
		{"34", "56789", "34567", []string{"bytes=3-7", "bytes=5-7"}},
		{"345678", "", "", []string{"bytes=3-7"}},
	} {
		first, rest, asked = test.first, test.rest, nil
		object, err := store.GetObject(t.Context(), "bucket", "key", &GetOptions{Range: Range(3, 5)})
		if test.want == "" {
			require.ErrorContains(t, err, "the server answered")
			continue
		}
		require.NoError(t, err)
		assert.EqualValues(t, 5, object.Length)
		data, err := io.ReadAll(object.Body)
		require.NoError(t, err)
		require.NoError(t, object.Body.Close())
		assert.Equal(t, test.want, string(data))
		assert.Equal(t, test.asked, asked)
	}
}

// TestCorruptBody checks that bytes without the object's checksum are an error, and that a
// body never ends without it.
func TestCorruptBody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("X-Amz-Checksum-Crc32", "AAAAAA==")
		_, _ = io.WriteString(w, "0123456789")
	}))
	t.Cleanup(server.Close)
	store := storeAt(t, server.URL)
	_, err := store.ReadObject(t.Context(), "bucket", "key", 0)
	require.ErrorContains(t, err, "checksum")
	target := filepath.Join(t.TempDir(), "target")
	require.ErrorContains(t, store.DownloadFile(t.Context(), "bucket", "key", target, nil), "checksum")
	_, err = os.Stat(target)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestUnknownLength covers a server that does not say how long an object is.
func TestUnknownLength(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"e"`)
		_, _ = io.WriteString(w, "01234")
		w.(http.Flusher).Flush() // which makes the answer chunked
		_, _ = io.WriteString(w, "56789")
	}))
	t.Cleanup(server.Close)
	store := storeAt(t, server.URL)
	for _, limit := range []int64{0, -1, math.MinInt64, 10, 11, math.MaxInt64} {
		data, err := store.ReadObject(t.Context(), "bucket", "key", limit)
		require.NoError(t, err, limit)
		assert.Equal(t, "0123456789", string(data), limit)
	}
	for _, limit := range []int64{1, 5, 9} {
		_, err := store.ReadObject(t.Context(), "bucket", "key", limit)
		require.ErrorContains(t, err, "more than", limit)
	}
}
