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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/progress"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOptionsOfACall checks that options other than the region's are the SDK's.
func TestOptionsOfACall(t *testing.T) {
	t.Parallel()
	p := newPair(t, "http://127.0.0.1:9000")
	region := ""
	p.fast.Region = func(string) string { return region }
	in := &s3.HeadObjectInput{Bucket: aws.String("my-bucket"), Key: aws.String("key")}
	inRegion := func(o *s3.Options) { o.Region = "eu-west-1" }
	head := func(options ...func(*s3.Options)) error {
		_, err := p.fast.HeadObject(t.Context(), in, options...)
		return err
	}
	require.NoError(t, head())
	require.NoError(t, head(inRegion))
	region = "eu-west-1"
	require.NoError(t, head(inRegion))
	restore := p.refuseSDK()
	require.NoError(t, head(inRegion))
	assert.Equal(t, "eu-west-1", signingRegion(p.fastWire.last.Header.Get("Authorization")))
	require.ErrorIs(t, head(inRegion, func(*s3.Options) {}), errUsedSDK)
	region = ""
	require.NoError(t, head())
	assert.Equal(t, "us-east-1", signingRegion(p.fastWire.last.Header.Get("Authorization")))
	require.ErrorIs(t, head(inRegion), errUsedSDK)
	p.fast.SDKOnly = true
	require.ErrorIs(t, head(), errUsedSDK)
	p.fast.SDKOnly = false
	in.Key = aws.String("\xff")
	require.Error(t, head())
	in.Key = aws.String("")
	require.Error(t, head(), "no HEAD of the bucket")
	restore()
}

// TestOptionOfGets checks that an option reaches the gets that the SDK makes, and the
// template.
func TestOptionOfGets(t *testing.T) {
	t.Parallel()
	called := 0
	p := newPair(t, "http://127.0.0.1:9000")
	p.fast = New(Options{
		SDK: p.fast.SDK, HTTP: p.fast.HTTP, Credentials: p.fast.Credentials, Region: p.fast.Region, OfGets: func(*s3.Options) { called++ },
	})
	p.learn(t, "my-bucket")
	assert.Equal(t, 1, called)
	p.refuseSDK()
	require.NoError(t, operations["GetObject"](t.Context(), p.fast, "my-bucket", "key"))
	assert.Equal(t, 1, called)
}

// TestTemplatesAreOfSuccess checks that a request of the SDK that failed is no template.
func TestTemplatesAreOfSuccess(t *testing.T) {
	t.Parallel()
	p := newPair(t, "http://127.0.0.1:9000")
	p.fastWire.answer = func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusNotFound, nil, ""), nil }
	require.Error(t, operations["HeadObject"](t.Context(), p.fast, "my-bucket", "key"))
	p.fastWire.answer = func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }
	require.Error(t, operations["HeadObject"](t.Context(), p.fast, "my-bucket", "key"))
	assert.Empty(t, p.fast.templates.of)
	// The second attempt succeeds, and tells what a first one says of itself.
	p.fastWire.sent = 0
	p.fastWire.answer = func(r *http.Request) (*http.Response, error) {
		return answer(r, []int{http.StatusServiceUnavailable, http.StatusOK}[p.fastWire.sent-1], nil, ""), nil
	}
	require.NoError(t, operations["HeadObject"](t.Context(), p.fast, "my-bucket", "key"))
	p.fastWire.answer = nil
	p.refuseSDK()
	require.NoError(t, operations["HeadObject"](t.Context(), p.fast, "my-bucket", "key"))
	assert.Equal(t, fmt.Sprintf("attempt=1; max=%d", attempts), p.fastWire.last.Header.Get("Amz-Sdk-Request"))
}

// TestFirstAttempt checks the other log lines of the SDK about its first attempt.
func TestFirstAttempt(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "attempt=1; max=6", firstAttempt("attempt=1; max=6"))
	assert.Equal(t, "attempt=1; max=6", firstAttempt("attempt=12; max=6; ttl=20260102T030405Z"))
}

// TestUnusableTemplates checks that the SDK sends what a template can't express.
func TestUnusableTemplates(t *testing.T) {
	t.Parallel()
	p := newPair(t, "http://127.0.0.1:9000")
	require.NoError(t, operations["GetObject"](t.Context(), p.fast, "my-bucket", "a key"))
	sent := p.fastWire.last
	usable := func(change func(*http.Request)) bool {
		r := sent.Clone(t.Context())
		change(r)
		return newTemplate(r, "GetObject", "a key", "").isUsable
	}
	assert.True(t, usable(func(*http.Request) {}))
	for name, change := range map[string]func(*http.Request){
		"an unknown header": func(r *http.Request) { r.Header.Set("X-New", "1") },
		"another query":     func(r *http.Request) { r.URL.RawQuery = "x-id=PutObject" },
		"another key":       func(r *http.Request) { r.URL.Path = "/my-bucket/another" },
		"escaped otherwise": func(r *http.Request) { r.URL.RawPath = "/my%2Dbucket/a%20key" },
		"opaque":            func(r *http.Request) { r.URL.Opaque = "//host/path" },
		"not signed":        func(r *http.Request) { r.Header.Del("Authorization") },
		"signed otherwise":  func(r *http.Request) { r.Header.Set("Authorization", "AWS4-ECDSA Credential=A/1/r/s3/aws4_request") },
		"for another service": func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=A/1/r/ses/aws4_request")
		},
		"in another version": func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=A/1/r/s3/aws5_request")
		},
		"with a short scope": func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=1/r/s3/aws4_request")
		},
		"signed and not dated": func(r *http.Request) {
			r.Header.Del("X-Amz-Date")
			r.Header.Set("Authorization", "Bearer token")
		},
		"without an operation": func(r *http.Request) { r.URL.RawQuery = "uploads" },
	} {
		assert.False(t, usable(change), name)
	}
	assert.Equal(t, "r", signingRegion("AWS4-HMAC-SHA256 Credential=A/B/1/r/s3/aws4_request, SignedHeaders=host"), "a key ID may have slashes")
}

// TestQueries checks that the query of one request is told from that of all.
func TestQueries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		query, own, rest string
		ok               bool
	}{
		{"", "", "", true},
		{"x-id=GetObject", "", "x-id=GetObject", true},
		{"versionId=1", "versionId=1", "", true},
		{"versionId=1&x-id=GetObject", "versionId=1", "x-id=GetObject", true},
		{"versionId=12", "versionId=1", "2", false},
		{"x-id=GetObject", "versionId=1", "x-id=GetObject", false},
		{"", "versionId=1", "", false},
	} {
		rest, ok := cutQuery(test.query, test.own)
		assert.Equal(t, test.ok, ok, "%v", test)
		assert.Equal(t, test.rest, rest, "%v", test)
		if ok {
			assert.Equal(t, test.query, joinQuery(test.own, rest))
		}
	}
}

// TestBodyIsCounted checks that a body is counted whoever sends it, and each byte once
// over all attempts.
func TestBodyIsCounted(t *testing.T) {
	t.Parallel()
	const size = progress.Step + 1
	for name, test := range map[string]struct {
		isLearned, sdkOnly, isRefused bool
		sent                          int
	}{
		"the SDK learns":    {sent: 1},
		"the fast path":     {isLearned: true, sent: 1},
		"a second attempt":  {isLearned: true, isRefused: true, sent: 2},
		"the SDK by itself": {sdkOnly: true, sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, "http://127.0.0.1:9000")
			if test.isLearned {
				p.learn(t, "my-bucket")
			}
			p.fast.SDKOnly = test.sdkOnly
			before := p.fastWire.sent
			if test.isRefused {
				p.fastWire.answer = func(r *http.Request) (*http.Response, error) {
					if p.fastWire.sent == before+1 {
						return answer(r, http.StatusServiceUnavailable, nil, ""), nil
					}
					return answer(r, http.StatusOK, nil, ""), nil
				}
			}
			done := int64(0)
			counting := p.fast.Counting(&progress.Sending{Meter: progress.New(func(n, _ int64) { done += n }, -1), Size: size})
			body := bytes.NewReader(make([]byte, size))
			_, err := counting.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("my-bucket"), Key: aws.String("key"), Body: body})
			require.NoError(t, err)
			assert.Equal(t, int64(size), done)
			assert.Equal(t, test.sent, p.fastWire.sent-before)
		})
	}
	client := newPair(t, "http://127.0.0.1:9000").fast
	assert.Same(t, client, client.Counting(nil), "without a Sending")
}

// TestBodies checks which bodies are sent without the SDK, and that they are left as they
// were.
func TestBodies(t *testing.T) {
	t.Parallel()
	p := newPair(t, "http://127.0.0.1:9000")
	p.learn(t, "my-bucket")
	put := func(body io.Reader) error {
		_, err := p.fast.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("my-bucket"), Key: aws.String("key"), Body: body})
		return err
	}
	large := bytes.Repeat([]byte("x"), copyLimit+1)
	began := bytes.NewReader([]byte("skipped body"))
	_, err := began.Seek(8, io.SeekStart)
	require.NoError(t, err)
	restore := p.refuseSDK()
	for _, size := range []int{copyLimit, copyLimit + 1} {
		body := bytes.NewReader(large[:size])
		require.NoError(t, put(body))
		assert.Equal(t, large[:size], p.fastWire.body)
		assert.Equal(t, size, body.Len(), "as it was")
	}
	require.ErrorIs(t, put(nil), errUsedSDK, "which expects a 100 then")
	require.NoError(t, put(strings.NewReader("")))
	assert.Empty(t, p.fastWire.body)
	require.NoError(t, put(began))
	assert.Equal(t, "body", string(p.fastWire.body))
	require.Error(t, put(io.MultiReader()))
	restore()

	for _, rest := range []string{"body", string(large)} {
		began.Reset([]byte("skipped " + rest))
		_, err = began.Seek(8, io.SeekStart)
		require.NoError(t, err)
		failed := false
		p.fastWire.answer = func(r *http.Request) (*http.Response, error) {
			if !failed {
				failed = true
				return nil, io.ErrUnexpectedEOF
			}
			return answer(r, http.StatusOK, nil, ""), nil
		}
		require.NoError(t, put(began))
		assert.Equal(t, rest, string(p.fastWire.body), "the SDK sends it again from where it began")
	}
	p.refuseSDK()
	for _, promised := range []int64{10, copyLimit + 1} {
		require.ErrorIs(t, put(&brokenSeeker{promised: promised}), errUsedSDK)
	}
}

// A brokenSeeker promises more than it has.
type brokenSeeker struct {
	bytes.Reader
	promised int64
}

func (b *brokenSeeker) Seek(_ int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		return b.promised, nil
	}
	return 0, nil
}

// TestCredentials checks that each request is signed with the credentials of its time.
func TestCredentials(t *testing.T) {
	t.Parallel()
	p := newPair(t, "http://127.0.0.1:9000")
	p.learn(t, "my-bucket")
	p.refuseSDK()
	head := func() error { return operations["HeadObject"](t.Context(), p.fast, "my-bucket", "key") }
	for _, now := range []aws.Credentials{
		{AccessKeyID: "AKID", SecretAccessKey: "ONE", SessionToken: "token"},
		{AccessKeyID: "AKID", SecretAccessKey: "TWO"},
	} {
		p.fast.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return now, nil })
		require.NoError(t, head())
		assert.Equal(t, now.SessionToken, p.fastWire.last.Header.Get("X-Amz-Security-Token"))
		requireSDKSignature(t, p.fastWire.last, nil, now.SecretAccessKey)
	}
	none := errors.New("none")
	p.fast.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, none })
	require.ErrorIs(t, head(), none, "the SDK is not used, which would ask for credentials once more")
}

// TestBodiesThatCannotBeSought checks that such a body is left to the SDK, and that one
// that can't be rewound after an attempt is an error.
func TestBodiesThatCannotBeSought(t *testing.T) {
	t.Parallel()
	stuck := errors.New("stuck")
	for fails := range 4 {
		body := &failingSeeker{Reader: bytes.NewReader(make([]byte, 10)), left: fails, err: stuck}
		assert.False(t, newRequest(http.MethodPut, "key").openBody(body), "seek %d fails", fails)
	}
	p := newPair(t, "http://127.0.0.1:9000", whenRequired)
	p.learn(t, "my-bucket")
	put := &s3.PutObjectInput{Bucket: aws.String("my-bucket"), Key: aws.String("key")}
	put.Body = &failingSeeker{Reader: bytes.NewReader(make([]byte, copyLimit+1)), left: 4, err: stuck}
	_, err := p.fast.PutObject(t.Context(), put)
	require.Error(t, err)
}

// A failingSeeker fails to seek after some times.
type failingSeeker struct {
	*bytes.Reader
	left int
	err  error
}

// Seek fails when no seek is left.
func (f *failingSeeker) Seek(offset int64, whence int) (int64, error) {
	if f.left == 0 {
		return 0, f.err
	}
	f.left--
	return f.Reader.Seek(offset, whence)
}
