package lithopss3

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithyhttp "github.com/aws/smithy-go/transport/http"
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

// TestNoTokenBucket: a thousand failures in a row leave as many attempts to the
// next request as to the first.
func TestNoTokenBucket(t *testing.T) {
	t.Parallel()
	retryer := newRetryer(s3Attempts, backoff)
	failure := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusServiceUnavailable}}, Err: errors.New("slow down")}
	for range 1000 {
		require.True(t, retryer.IsErrorRetryable(failure))
		release, err := retryer.GetRetryToken(t.Context(), failure)
		require.NoError(t, err)
		require.NoError(t, release(failure))
	}
	_, ok := retryer.(*retry.Standard)
	assert.True(t, ok)
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for attempt := 1; attempt < 100; attempt++ {
		for range 20 {
			d, err := backoff(attempt, nil)
			require.NoError(t, err)
			assert.Less(t, d, min(maxBackoff, time.Second<<min(attempt-1, 10))+1)
		}
	}
}

// TestStalledBody: a server that stops in the middle of a body is given up after
// ten seconds, and a slow one that goes on is not.
func TestStalledBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, pause := range []time.Duration{9 * time.Second, 11 * time.Second} {
			reader, writer := io.Pipe()
			client := &httpClient{peer: &peer{}, transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
				return &http.Response{StatusCode: http.StatusOK, Body: reader, Request: r}, nil
			})}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:1/", http.NoBody)
			require.NoError(t, err)
			response, err := client.Do(request)
			require.NoError(t, err)
			var group sync.WaitGroup
			group.Go(func() {
				for range 5 {
					time.Sleep(pause)
					if _, err := writer.Write([]byte("x")); err != nil {
						return
					}
				}
				_ = writer.Close()
			})
			data, err := io.ReadAll(response.Body)
			if pause < ioTimeout {
				require.NoError(t, err)
				assert.Equal(t, "xxxxx", string(data))
			} else {
				require.ErrorIs(t, err, errStalled)
			}
			require.NoError(t, response.Body.Close())
			group.Wait()
		}
	})
}

// TestRequestBodyIsNotClosedUnderTheAnswer shows the SDK's race that httpClient
// works around: smithy-go closes a request's body as soon as the answer is there,
// and then its WriteTo answers io.EOF as an error. net/http, which calls it to see
// whether there is more than it promised, takes that for a broken body and closes
// the connection under the unread answer. closedBody is such a body, without the
// luck that a race needs.
func TestRequestBodyIsNotClosedUnderTheAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.(http.Flusher).Flush()
		time.Sleep(50 * time.Millisecond) // the answer's body comes after the request's end
		_, _ = io.WriteString(w, "answer")
	}))
	t.Cleanup(server.Close)
	ask := func(send func(*http.Request) (*http.Response, error)) (string, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL, &closedBody{strings.NewReader("body")})
		require.NoError(t, err)
		request.ContentLength = 4
		response, err := send(request)
		if err != nil {
			return "", err
		}
		defer func() { _ = response.Body.Close() }()
		data, err := io.ReadAll(response.Body)
		return string(data), err
	}
	transport := newTransport(transportOptions{timeout: ioTimeout})
	t.Cleanup(transport.CloseIdleConnections)
	_, err := ask(transport.RoundTrip)
	require.Error(t, err, "net/http alone fails; if it no longer does, the workaround can go")
	answer, err := ask((&httpClient{peer: &peer{}, transport: transport}).Do)
	require.NoError(t, err)
	assert.Equal(t, "answer", answer)
}

// closedBody gives its bytes by Read, and by WriteTo what smithy-go's closed body does.
type closedBody struct{ io.Reader }

func (b *closedBody) Close() error                     { return nil }
func (b *closedBody) WriteTo(io.Writer) (int64, error) { return 0, io.EOF }

// TestManyDeletesOnLoopback: none of many requests with a body needs a second
// attempt, which would hide that race from the caller, but not from the server.
func TestManyDeletesOnLoopback(t *testing.T) {
	t.Parallel()
	const deletes = 2000
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

// TestRedirectIsNotFollowed: headers with signatures go to no other host.
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

func TestCertificateBundle(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	t.Cleanup(server.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(bundle, certificate, 0o600))
	garbage := filepath.Join(t.TempDir(), "garbage.pem")
	require.NoError(t, os.WriteFile(garbage, []byte("nothing"), 0o600))
	for path, want := range map[string]string{
		bundle: "", "": "certificate", filepath.Join(t.TempDir(), "none.pem"): "the certificate bundle", garbage: "has no certificate",
	} {
		transport := newTransport(transportOptions{timeout: ioTimeout, caBundle: path})
		defer transport.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		require.NoError(t, err)
		response, err := transport.RoundTrip(request)
		if want != "" {
			require.ErrorContains(t, err, want)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
}

// TestChecksums: a put carries a CRC32 wherever it goes. To AWS it may follow the
// body; to another server over https it is a header, since such servers may
// refuse what follows the body.
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
			LookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
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

// TestIgnoredRange: a server that answers a range with the whole object, or with
// another part, must not pass for one that heard it.
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

// TestRangeLength: the range in the answer's header says how much there is, whatever
// its length says. Less goes on with another request, and of more nothing is read.
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

// TestCorruptBody: bytes that do not have the object's checksum are an error, and
// at no time the whole body without one.
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

// TestUnknownLength: a server that does not say how long an object is.
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
	data, err := store.ReadObject(t.Context(), "bucket", "key", 0)
	require.NoError(t, err)
	assert.Equal(t, "0123456789", string(data))
	_, err = store.ReadObject(t.Context(), "bucket", "key", 5)
	require.ErrorContains(t, err, "more than")
}
