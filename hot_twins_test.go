package lithopss3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A wire answers the requests of a Store and keeps the last one, with its body.
type wire struct {
	answer func(*http.Request) (*http.Response, error)
	sent   int
	last   *http.Request
	body   []byte
}

// RoundTrip answers.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.body = nil
	if r.Body != nil {
		w.body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	w.sent++
	w.last = r
	if w.answer == nil {
		return answer(r, http.StatusOK, http.Header{"Etag": {`"e"`}}, ""), nil
	}
	return w.answer(r)
}

// answer is a response as net/http would read it.
func answer(r *http.Request, status int, header http.Header, body string) *http.Response {
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Length") == "" {
		header.Set("Content-Length", fmt.Sprint(len(body)))
	}
	if _, ok := header["Etag"]; !ok && r.Method == http.MethodPut && status == http.StatusOK {
		header.Set("Etag", `"e"`) // or else it proves nothing
	}
	content := io.NopCloser(strings.NewReader(body))
	if r.Method == http.MethodHead || body == "" {
		content = http.NoBody
	}
	return &http.Response{StatusCode: status, Header: header, ContentLength: int64(len(body)), Body: content, Request: r}
}

// The twins are two Stores on one configuration, of which one makes every request
// through the SDK.
type twins struct {
	hot, slow         *Store
	hotWire, slowWire *wire
}

func newTwins(t *testing.T, region, endpoint string, env map[string]string) *twins {
	t.Helper()
	p := &twins{hotWire: &wire{}, slowWire: &wire{}}
	open := func(w *wire, sdkOnly bool) *Store {
		store, err := New(t.Context(), &Config{Region: region, AccessKeyID: "AKID", SecretAccessKey: NewSecret("SECRET"), SessionToken: NewSecret(env["token"])}, &Options{
			Endpoint: endpoint, Transport: w, SDKOnly: sdkOnly, LookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
		})
		require.NoError(t, err)
		return store
	}
	p.hot, p.slow = open(p.hotWire, false), open(p.slowWire, true)
	return p
}

// learn makes the requests from which the hot path takes its patterns.
func (p *twins) learn(t *testing.T, bucket string) {
	t.Helper()
	learnPatterns(t, p.hot, bucket)
}

func learnPatterns(t *testing.T, store *Store, bucket string) {
	t.Helper()
	require.NoError(t, store.PutObject(t.Context(), bucket, "learn/ärm", strings.NewReader("text"), nil))
	_, err := store.HeadObject(t.Context(), bucket, "learn/ärm")
	require.NoError(t, err)
	object, err := store.GetObject(t.Context(), bucket, "learn/ärm", nil)
	require.NoError(t, err)
	require.NoError(t, object.Body.Close())
	_, err = sendPart(t.Context(), store, bucket, "learn/ärm", "id", 1, strings.NewReader("text"))
	require.NoError(t, err)
}

// sendPart sends a part as an upload does, and returns its CRC32.
func sendPart(ctx context.Context, store *Store, bucket, key, id string, number int32, body io.ReadSeeker) (string, error) {
	in := &s3.UploadPartInput{
		Bucket: &bucket, Key: &key, UploadId: &id, PartNumber: &number, Body: body, ChecksumAlgorithm: store.checksumAlgorithm(),
	}
	if avoidTrailers(&store.session.s3) {
		data, err := io.ReadAll(body)
		if err != nil {
			return "", err
		}
		in.ChecksumCRC32, in.Body = aws.String(checksum.EncodeCRC32(crc32.ChecksumIEEE(data))), bytes.NewReader(data)
	}
	out, err := storeClient{store: store}.UploadPart(ctx, in)
	if err != nil {
		return "", err
	}
	if computed, ok := s3.GetComputedInputChecksumsMetadata(out.ResultMetadata); ok && in.ChecksumCRC32 == nil {
		return computed.ComputedChecksums["CRC32"], nil
	}
	return aws.ToString(in.ChecksumCRC32), nil
}

// withoutSDK takes the SDK from the hot path, so that what it still does it does
// itself, until restore.
func withoutSDK(store *Store) (restore func()) {
	client := store.hot.client
	store.hot.client = s3.New(s3.Options{
		Region: "us-east-1", Retryer: aws.NopRetryer{},
		HTTPClient: &s3http.Client{Peer: &s3http.Peer{}, Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errUsedSDK })},
	})
	return func() { store.hot.client = client }
}

var errUsedSDK = errors.New("this request went through the SDK")

// requireSameRequest compares what both paths sent last: all but the signature,
// what counts attempts, and the time.
func (p *twins) requireSameRequest(t *testing.T, secret string) {
	t.Helper()
	hot, slow := p.hotWire.last, p.slowWire.last
	require.NotNil(t, hot)
	require.NotNil(t, slow)
	assert.Equal(t, slow.Method, hot.Method)
	assert.Equal(t, slow.URL.Scheme+"://"+slow.URL.Host+slow.URL.RequestURI(), hot.URL.Scheme+"://"+hot.URL.Host+hot.URL.RequestURI())
	assert.Equal(t, slow.Host, hot.Host)
	header := func(r *http.Request) http.Header {
		h := r.Header.Clone()
		for _, name := range []string{"Authorization", "X-Amz-Date", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request"} {
			assert.NotEmpty(t, h.Get(name), name)
			h.Del(name)
		}
		return h
	}
	want, got := header(slow), header(hot)
	want.Del("Expect") // of a large body, which the hot path sends at once
	body, length := p.slowWire.body, slow.ContentLength
	if want.Get("X-Amz-Trailer") != "" {
		// What the SDK puts behind a body over https stands before it, and the
		// payload is signed.
		body, length = decodeChunk(t, body, want), int64(len(decodeChunk(t, body, want)))
	}
	if slow.Method == http.MethodPut && slow.URL.Scheme == "https" {
		want.Set("X-Amz-Content-Sha256", got.Get("X-Amz-Content-Sha256"))
	}
	assert.Equal(t, want, got)
	assert.Equal(t, string(body), string(p.hotWire.body))
	assert.Equal(t, length, hot.ContentLength)
	requireSDKSignature(t, hot, p.hotWire.body, secret)
}

// decodeChunk undoes aws-chunked in the header, and returns the body.
func decodeChunk(t *testing.T, body []byte, header http.Header) []byte {
	t.Helper()
	size, rest, _ := strings.Cut(string(body), "\r\n")
	data, trailer, ok := strings.Cut(rest, "\r\n0\r\nx-amz-checksum-crc32:")
	require.True(t, ok, "%q", body)
	assert.Equal(t, size, fmt.Sprintf("%x", len(data)))
	for _, name := range []string{"X-Amz-Trailer", "X-Amz-Decoded-Content-Length", "Content-Encoding"} {
		header.Del(name)
	}
	header.Set("X-Amz-Checksum-Crc32", strings.TrimSpace(trailer))
	return []byte(data)
}

// requireSDKSignature signs the request with the SDK's signer, without the headers
// that boto3 does not sign. It must come to the same.
func requireSDKSignature(t *testing.T, sent *http.Request, body []byte, secret string) {
	t.Helper()
	again := sent.Clone(t.Context())
	for _, name := range []string{"Authorization", "Accept-Encoding", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request"} {
		again.Header.Del(name)
	}
	again.ContentLength = 0
	again.Body = io.NopCloser(bytes.NewReader(body))
	date, err := time.Parse(timeFormat, sent.Header.Get("X-Amz-Date"))
	require.NoError(t, err)
	credentials := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: secret, SessionToken: sent.Header.Get("X-Amz-Security-Token")}
	region := signingRegion(sent.Header.Get("Authorization"))
	err = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		SignHTTP(t.Context(), credentials, again, sent.Header.Get("X-Amz-Content-Sha256"), "s3", region, date)
	require.NoError(t, err)
	assert.Equal(t, again.Header.Get("Authorization"), sent.Header.Get("Authorization"))
}
