// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sentRequest is what a server got.
type sentRequest struct {
	header http.Header
	body   string
}

// clientOf is a client of the SDK with this room's parts, whose server is a function
// of each request.
func clientOf(t *testing.T, answer func(r *http.Request) *http.Response) (client *s3.Client, peer *Peer, sent *[]sentRequest) {
	t.Helper()
	peer, sent = &Peer{}, &[]sentRequest{}
	transport := testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
		body := ""
		if r.Body != nil {
			data, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			body = string(data)
		}
		*sent = append(*sent, sentRequest{r.Header.Clone(), body})
		return answer(r), nil
	})
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:1"), UsePathStyle: true,
		Credentials:                credentials.NewStaticCredentialsProvider("AK", "SK", ""),
		HTTPClient:                 &Client{Transport: transport, Peer: peer},
		Retryer:                    NewRetryer(4, func(int, error) (time.Duration, error) { return 0, nil }),
		HTTPSignerV4:               NewSigner(&peer.Clock, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }),
		DisableClockSkewCorrection: true,
		APIOptions:                 []func(*middleware.Stack) error{peer.AddSteps},
	}), peer, sent
}

func putOf(body string) *s3.PutObjectInput {
	return &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader(body)}
}

func ok(r *http.Request) *http.Response {
	return testkit.Answer(r, http.StatusOK, http.Header{"Etag": {`"e"`}}, "")
}

func TestExpect(t *testing.T) {
	t.Parallel()
	client, _, sent := clientOf(t, func(r *http.Request) *http.Response {
		if r.Header.Get("Expect") != "" {
			return testkit.ErrorAnswer(r, http.StatusExpectationFailed, "ExpectationFailed")
		}
		return ok(r)
	})
	large := strings.Repeat("x", 3<<20)
	for range 2 {
		_, err := client.PutObject(t.Context(), putOf(large))
		require.NoError(t, err)
	}
	require.Len(t, *sent, 3)
	assert.NotEmpty(t, (*sent)[0].header.Get("Expect"))
	assert.Empty(t, (*sent)[1].header.Get("Expect"))
	assert.Empty(t, (*sent)[2].header.Get("Expect"))
	assert.Equal(t, large, (*sent)[1].body)

	client, _, sent = clientOf(t, func(r *http.Request) *http.Response { return testkit.ErrorAnswer(r, http.StatusExpectationFailed, "E") })
	_, err := client.PutObject(t.Context(), putOf("small"))
	require.Error(t, err)
	assert.Len(t, *sent, 1, "nothing was expected")

	client, _, sent = clientOf(t, func(r *http.Request) *http.Response { return testkit.ErrorAnswer(r, http.StatusNotFound, "E") })
	_, err = client.PutObject(t.Context(), putOf(large))
	require.Error(t, err)
	assert.Len(t, *sent, 1, "another refusal")
}

func TestBodyMD5(t *testing.T) {
	t.Parallel()
	want := func(r *http.Request) *http.Response {
		if r.Header.Get("Content-Md5") == "" {
			return testkit.ErrorAnswer(r, http.StatusBadRequest, "MissingContentMD5")
		}
		return ok(r)
	}
	client, _, sent := clientOf(t, want)
	for range 2 {
		_, err := client.PutObject(t.Context(), putOf("body"))
		require.NoError(t, err)
	}
	require.Len(t, *sent, 3, "the second time it is known")
	for _, request := range (*sent)[1:] {
		assert.Equal(t, "hBotaJrYa9FhFEdFPCLG/A==", request.header.Get("Content-Md5"))
		assert.Equal(t, "body", request.body)
		assert.Contains(t, request.header.Get("Authorization"), "content-md5;")
	}
	in := putOf("body")
	in.ContentMD5 = aws.String("caller's")
	_, err := client.PutObject(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, "caller's", (*sent)[3].header.Get("Content-Md5"))
	_, err = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
	require.Error(t, err, "a HEAD has no body, and no code")

	client, _, sent = clientOf(t, func(r *http.Request) *http.Response {
		return testkit.ErrorAnswer(r, http.StatusBadRequest, "MissingContentMD5")
	})
	_, err = client.PutObject(t.Context(), putOf("body"))
	require.Error(t, err)
	assert.Len(t, *sent, 2)
	for _, code := range []string{"InvalidArgument", "MissingContentMD5"} {
		client, _, sent = clientOf(t, func(r *http.Request) *http.Response { return testkit.ErrorAnswer(r, http.StatusConflict, code) })
		_, err = client.PutObject(t.Context(), putOf("body"))
		require.Error(t, err)
		assert.Len(t, *sent, 1, "of another status or code")
	}
}

// TestBodyMD5OfOtherServers checks that the MD5 is also sent to servers that demand it in
// other words, and not to those that refuse something else.
func TestBodyMD5OfOtherServers(t *testing.T) {
	t.Parallel()
	for text, attempts := range map[string]int{
		"<Code>MissingContentMD5</Code>": 2,
		"<Code>InvalidRequest</Code><Message>Missing required header for this request: Content-MD5.</Message>":                                                     2,
		"<Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters</Message>": 2,
		"<Code>InvalidRequest</Code><Message>something else</Message>":                                                                                             1,
		"<Code>AccessDenied</Code><Message>no Content-MD5</Message>":                                                                                               1,
	} {
		client, _, sent := clientOf(t, func(r *http.Request) *http.Response {
			if r.Header.Get("Content-Md5") == "" {
				return testkit.Answer(r, http.StatusBadRequest, nil, "<Error>"+text+"</Error>")
			}
			return ok(r)
		})
		_, err := client.PutObject(t.Context(), putOf("body"))
		assert.Equal(t, attempts == 2, err == nil, text)
		assert.Len(t, *sent, attempts, text)
	}
}

// TestSkew checks that a HEAD is signed anew with the server's time, once.
func TestSkew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, ahead := range []time.Duration{time.Hour, -time.Hour, 3 * time.Minute} {
			client, peer, sent := clientOf(t, func(r *http.Request) *http.Response {
				now := time.Now().Add(ahead)
				signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
				assert.NoError(t, err)
				status := http.StatusOK
				if now.Sub(signed).Abs() > 2*time.Minute {
					status = http.StatusForbidden
				}
				return testkit.Answer(r, status, http.Header{"Date": {now.UTC().Format(http.TimeFormat)}, "Content-Length": {"0"}}, "")
			})
			_, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
			assert.Equal(t, ahead == 3*time.Minute, err != nil, "a little is not the clock's fault")
			assert.Len(t, *sent, map[bool]int{true: 1, false: 2}[err != nil])
			assert.InDelta(t, ahead.Seconds(), peer.Clock.Correction().Seconds(), 1)
		}
	})
}

func TestNothingIsSent(t *testing.T) {
	t.Parallel()
	client, _, sent := clientOf(t, ok)
	in := putOf("body")
	in.ContentType = aws.String("a\nb")
	_, err := client.PutObject(t.Context(), in)
	require.ErrorContains(t, err, "invalid Content-Type")
	in = putOf("body")
	in.Key = aws.String("\xff")
	_, err = client.PutObject(t.Context(), in)
	require.ErrorIs(t, err, s3err.ErrInvalidKey)
	assert.Empty(t, *sent)
	_, err = s3.NewPresignClient(client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
	require.NoError(t, err, "a presigned request has no attempts")
	in = putOf("body")
	in.ContentType = aws.String("a\nb")
	_, err = s3.NewPresignClient(client).PresignPutObject(t.Context(), in)
	require.ErrorContains(t, err, "invalid Content-Type")
}

// TestSignature checks that what a front end may change is not signed, and is sent.
func TestSignature(t *testing.T) {
	t.Parallel()
	client, _, sent := clientOf(t, ok)
	_, err := client.PutObject(t.Context(), putOf("body"))
	require.NoError(t, err)
	header := (*sent)[0].header
	assert.Contains(t, header.Get("Authorization"), "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, ")
	for _, name := range []string{"Accept-Encoding", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "User-Agent", "X-Amz-Date"} {
		assert.NotEmpty(t, header.Get(name), name)
	}
	signer := NewSigner(&Clock{})
	request := httptest.NewRequest(http.MethodGet, "http://host:80/", nil)
	require.NoError(t, signer.SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}, request, "hash", "s3", "r", time.Time{}))
	assert.Equal(t, "host", request.Host, "the standard port is not sent")
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	client, _, sent := clientOf(t, func(r *http.Request) *http.Response {
		return testkit.ErrorAnswer(r, http.StatusServiceUnavailable, "SlowDown")
	})
	_, err := client.PutObject(t.Context(), putOf("body"))
	require.Error(t, err)
	assert.Len(t, *sent, 4)
	assert.Equal(t, 4, Attempts(err))
	assert.Equal(t, ", tried 4 times", TriedText(err))
	assert.Equal(t, "SlowDown: made up, tried 4 times", strings.Replace(PlainText(err), "SlowDown: SlowDown", "SlowDown: made up", 1))
	assert.Zero(t, Attempts(assert.AnError))
	assert.Empty(t, TriedText(assert.AnError))
	assert.Equal(t, assert.AnError.Error(), PlainText(assert.AnError))
	once := &failedCall{attempts: 1, err: assert.AnError}
	assert.Equal(t, assert.AnError.Error(), once.Error())
	assert.Equal(t, assert.AnError.Error()+", tried 2 times", (&failedCall{attempts: 2, err: assert.AnError}).Error())
}

// TestCauses checks why no answer came, and whether a retry may help.
func TestCauses(t *testing.T) {
	t.Parallel()
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9000}
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Addr: at, Err: err} }
	for _, test := range []struct {
		err     error
		want    string
		isFinal bool
	}{
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "connection refused", false},
		{dial(&net.DNSError{Err: "no such host", IsNotFound: true}), "no such host", true},
		{dial(&net.DNSError{Err: "server misbehaving"}), "looking up the host failed: server misbehaving", false},
		{dial(os.ErrDeadlineExceeded), "no connection in time", false},
		{&net.OpError{Op: "write", Err: os.ErrDeadlineExceeded}, "the server did not take the request in time", false},
		{&net.OpError{Op: "read", Err: timeoutError("net/http: TLS handshake timeout")}, "no TLS handshake in time", false},
		{timeoutError("net/http: timeout awaiting response headers"), "no answer in time", false},
		{&net.OpError{Op: "proxyconnect", Err: dial(syscall.ECONNREFUSED)}, "the proxy 127.0.0.1:9000: connection refused", false},
		{&net.OpError{Op: "proxyconnect", Err: errors.New("odd")}, "the proxy: odd", false},
		{&net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, "the proxy: connection refused", false},
		{io.EOF, "the server closed the connection", false},
		{io.ErrUnexpectedEOF, "the server closed the connection", false},
		{errors.New("http: server closed idle connection"), "the server closed the connection", false},
		{errors.New("net/http: odd"), "odd", false},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "certificate signed by unknown authority: set AWS_CA_BUNDLE", true},
		{&tls.CertificateVerificationError{Err: errors.New("x509: certificate has expired")}, "certificate has expired", true},
		{http.ErrSchemeMismatch, "the server does not speak TLS: use http", true},
		{tls.RecordHeaderError{Msg: "first record"}, "the server does not speak TLS: use http", true},
		{errors.New(`malformed HTTP response "\x15\x03\x01"`), "the server speaks TLS: use https", true},
		{fmt.Errorf("remote error: %w", tls.AlertError(70)), tls.AlertError(70).Error(), true},
		{errors.New("remote error: tls: handshake failure"), "remote error: tls: handshake failure", true},
	} {
		reason, isFinal := describeCause(test.err)
		assert.Equal(t, test.want, reason)
		assert.Equal(t, test.isFinal, isFinal, test.want)
		err := describeSending(t.Context(), &url.URL{Scheme: "https", Host: "h:1"}, test.err)
		require.ErrorIs(t, err, test.err)
		assert.Equal(t, "cannot reach https://h:1 ("+test.want+")", err.Error())
		assert.Equal(t, !test.isFinal, IsRetryable(err))
	}
	assert.Equal(t, s3err.Final(io.EOF), describeSending(t.Context(), &url.URL{}, s3err.Final(io.EOF)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, context.Canceled, describeSending(ctx, &url.URL{}, context.Canceled))
}

type timeoutError string

func (e timeoutError) Error() string { return string(e) }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

func TestSchemeOfServer(t *testing.T) {
	t.Parallel()
	const text = "Client sent an HTTP request to an HTTPS server."
	for _, test := range []struct {
		scheme string
		status int
		header http.Header
		text   string
		want   bool
	}{
		{"http", 400, nil, text, true},
		{"http", 400, nil, "<h1>The plain HTTP request was sent to HTTPS port</h1>", true},
		{"http", 400, nil, "You're speaking plain HTTP to an SSL-enabled server port.", true},
		{"http", 400, nil, "other", false},
		{"https", 400, nil, text, false},
		{"http", 403, nil, text, false},
		{"http", 400, http.Header{"X-Amz-Request-Id": {"1"}}, text, false},
	} {
		response := &http.Response{StatusCode: test.status, Header: test.header, Body: io.NopCloser(strings.NewReader(test.text))}
		err := checkScheme(&url.URL{Scheme: test.scheme, Host: "h"}, response)
		assert.Equal(t, test.want, err != nil, "%v", test)
		if err != nil {
			assert.False(t, IsRetryable(err))
			assert.Equal(t, "cannot reach http://h (the server speaks TLS: use https)", err.Error())
		}
	}
}

// operationContext is the context in which the SDK makes a request of an operation.
func operationContext(t *testing.T, operation string) context.Context {
	t.Helper()
	var seen context.Context
	client := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:1"), HTTPClient: doer(func(r *http.Request) (*http.Response, error) {
		seen = r.Context()
		return nil, s3err.Final(assert.AnError)
	}), Retryer: aws.NopRetryer{}})
	bucket, key := aws.String("bucket"), aws.String("key")
	switch operation {
	case "GetObject":
		_, _ = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
	case "PutObject":
		_, _ = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key})
	case "ListObjectsV2":
		_, _ = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket})
	case "DeleteObjects":
		_, _ = client.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: key}}}})
	}
	require.NotNil(t, seen)
	return seen
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }
