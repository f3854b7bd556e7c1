// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const attempts = 3

// A wire answers requests, and keeps the last one with its body.
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
		return answer(r, http.StatusOK, nil, ""), nil
	}
	return w.answer(r)
}

// answer returns a response as net/http would read it, which proves a put or a head.
func answer(r *http.Request, status int, header http.Header, body string) *http.Response {
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Length") == "" {
		header.Set("Content-Length", fmt.Sprint(len(body)))
	}
	if header.Get("Etag") == "" && status == http.StatusOK {
		header.Set("Etag", `"e"`)
	}
	content := io.NopCloser(strings.NewReader(body))
	if r.Method == http.MethodHead || body == "" {
		content = http.NoBody
	}
	return &http.Response{StatusCode: status, Header: header, ContentLength: int64(len(body)), Body: content, Request: r}
}

// A pair is a client and one that leaves every request to the SDK, with the same
// settings.
type pair struct {
	fast, slow         *Client
	fastWire, slowWire *wire
}

func newPair(t *testing.T, endpoint string, changes ...func(*setup)) *pair {
	t.Helper()
	p := &pair{fastWire: &wire{}, slowWire: &wire{}}
	p.fast = newClient(p.fastWire, endpoint, changes...)
	p.slow = newClient(p.slowWire, endpoint, changes...)
	p.slow.SDKOnly = true
	return p
}

// A setup is what clients of a pair have in common.
type setup struct {
	settings  awsconfig.S3
	token     string
	anonymous bool
}

func newClient(w http.RoundTripper, endpoint string, changes ...func(*setup)) *Client {
	client := &s3http.Client{Transport: w, Peer: &s3http.Peer{}}
	common := &setup{settings: awsconfig.S3{URL: endpoint, Addressing: "auto", UseARNRegion: true}}
	for _, change := range changes {
		change(common)
	}
	keys := aws.CredentialsProvider(credentials.NewStaticCredentialsProvider("AKID", "SECRET", common.token))
	if common.anonymous {
		keys = aws.AnonymousCredentials{}
	}
	sdk := s3client.NewSDK(client, &common.settings, s3.Options{
		Region: "us-east-1", Credentials: keys, Retryer: s3http.NewRetryer(attempts, func(int, error) (time.Duration, error) { return 0, nil }),
	})
	return New(Options{SDK: sdk, HTTP: client, Credentials: keys, Region: func(string) string { return "" }})
}

// whenRequired has no checksums sent and none compared.
func whenRequired(s *setup) {
	s.settings.RequestChecksumWhenRequired = true
	s.settings.ResponseChecksumWhenRequired = true
}

// operations are one call of each kind, by name. Those of parts have a body that is not
// copied.
var operations = map[string]func(ctx context.Context, c *Client, bucket, key string) error{
	"PutObject": func(ctx context.Context, c *Client, bucket, key string) error {
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("body")})
		return err
	},
	"UploadPart": func(ctx context.Context, c *Client, bucket, key string) error {
		_, err := c.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &bucket, Key: &key, UploadId: aws.String("some.ID_of-AWS"), PartNumber: aws.Int32(12), Body: strings.NewReader(strings.Repeat("x", copyLimit+1)),
		})
		return err
	},
	"GetObject": func(ctx context.Context, c *Client, bucket, key string) error {
		out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err == nil {
			_, err = io.Copy(io.Discard, out.Body)
			_ = out.Body.Close()
		}
		return err
	},
	"HeadObject": func(ctx context.Context, c *Client, bucket, key string) error {
		_, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
		return err
	},
}

// learn makes the requests that the templates are taken from.
func (p *pair) learn(t *testing.T, bucket string) {
	t.Helper()
	for name, call := range operations {
		require.NoError(t, call(t.Context(), p.fast, bucket, "learn/ärm"), name)
	}
}

// refuseSDK makes the SDK fail, so that what succeeds was made without it, until restore
// is called.
func (p *pair) refuseSDK() (restore func()) {
	sdk := p.fast.SDK
	p.fast.SDK = newClient(refuser{}, "http://127.0.0.1:1").SDK
	return func() { p.fast.SDK = sdk }
}

type refuser struct{}

// RoundTrip fails.
func (refuser) RoundTrip(*http.Request) (*http.Response, error) { return nil, s3err.Final(errUsedSDK) }

var errUsedSDK = errors.New("this request went through the SDK")

// requireSameRequest compares what both clients sent last.
func (p *pair) requireSameRequest(t *testing.T) {
	t.Helper()
	testkit.RequireSameRequest(t, testkit.Sent{Request: p.slowWire.last, Content: p.slowWire.body}, testkit.Sent{Request: p.fastWire.last, Content: p.fastWire.body})
	if p.slowWire.last.Header.Get("Authorization") != "" {
		requireSDKSignature(t, p.fastWire.last, p.fastWire.body, "SECRET")
	}
}

// requireSDKSignature signs the request with the SDK's signer, without the headers that
// boto3 does not sign. The result must be the same.
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
	signed := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: secret, SessionToken: sent.Header.Get("X-Amz-Security-Token")}
	region := signingRegion(sent.Header.Get("Authorization"))
	err = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		SignHTTP(t.Context(), signed, again, sent.Header.Get("X-Amz-Content-Sha256"), "s3", region, date)
	require.NoError(t, err)
	assert.Equal(t, again.Header.Get("Authorization"), sent.Header.Get("Authorization"))
}
