// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withFirst has the fast client of a pair know its first put.
func (p *pair) withFirst() *pair {
	sdk := p.fast.SDK
	p.fast.First = func(bucket, region string) *http.Request { return s3client.FirstPut(sdk, bucket, region) }
	return p
}

// TestFirstPut checks that the first put of a process is the SDK's, also where it is
// sent without it.
func TestFirstPut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		endpoint, bucket string
		region           string // another than the client's
		owner            *string
		payer            types.RequestPayer
		changes          []func(*setup)
		throughSDK       bool
	}{
		"http":               {endpoint: "http://127.0.0.1:9000", bucket: "my-bucket"},
		"https":              {endpoint: "https://s3.example.com", bucket: "my-bucket"},
		"path":               {endpoint: "http://127.0.0.1:9000/base/path", bucket: "my-bucket"},
		"path with a slash":  {endpoint: "http://127.0.0.1:9000/base/", bucket: "my-bucket"},
		"host":               {endpoint: "http://minio.local:9000", bucket: "my-bucket"},
		"bucket with dots":   {endpoint: "https://s3.example.com", bucket: "my.bucket.name"},
		"AWS":                {bucket: "my-bucket"},
		"AWS with dots":      {bucket: "my.bucket"},
		"token":              {endpoint: "http://127.0.0.1:9000", bucket: "my-bucket", changes: []func(*setup){func(s *setup) { s.token = "TOKEN" }}},
		"no checksums":       {endpoint: "http://127.0.0.1:9000", bucket: "my-bucket", changes: []func(*setup){whenRequired}},
		"AWS, no checksums":  {bucket: "my-bucket", changes: []func(*setup){whenRequired}},
		"dual stack":         {bucket: "my-bucket", changes: []func(*setup){func(s *setup) { s.settings.DualStack = true }}},
		"FIPS":               {bucket: "my-bucket", changes: []func(*setup){func(s *setup) { s.settings.FIPS = true }}},
		"accelerate":         {bucket: "my-bucket", changes: []func(*setup){func(s *setup) { s.settings.Accelerate = true }}},
		"path style":         {bucket: "my-bucket", changes: []func(*setup){func(s *setup) { s.settings.Addressing = "path" }}},
		"regional us-east-1": {bucket: "my-bucket", changes: []func(*setup){func(s *setup) { s.settings.RegionalUSEast1 = true }}},
		"owner":              {bucket: "my-bucket", owner: aws.String("123456789012")},
		"requester pays":     {bucket: "my-bucket", payer: types.RequestPayerRequester},
		"another region":     {bucket: "my-bucket", region: "eu-west-3"},
		"region of China":    {bucket: "my-bucket", region: "cn-north-1"},
		"default port":       {endpoint: "http://127.0.0.1:80", bucket: "my-bucket", throughSDK: true},
		"anonymous":          {bucket: "my-bucket", changes: []func(*setup){func(s *setup) { s.anonymous = true }}, throughSDK: true},
		"access point":       {bucket: "arn:aws:s3:us-east-1:123456789012:accesspoint/mine", throughSDK: true},
		"escaped path":       {endpoint: "http://127.0.0.1:9000/a%20b", bucket: "my-bucket", throughSDK: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, test.endpoint, test.changes...).withFirst()
			p.fast.Region = func(string) string { return test.region }
			var options []func(*s3.Options)
			if test.region != "" {
				options = append(options, s3client.InRegion(test.region))
			}
			at := templateKey{"PutObject", test.bucket, test.region}
			for _, key := range []string{"key", "a b/ü", "/leading"} {
				in := func() *s3.PutObjectInput {
					return &s3.PutObjectInput{Bucket: &test.bucket, Key: &key, Body: strings.NewReader("body")}
				}
				_, err := p.fast.PutObject(t.Context(), in(), options...)
				require.NoError(t, err)
				assert.Equal(t, !test.throughSDK, p.fast.templates.get(at).isUnproven)
				if test.throughSDK {
					return
				}
				p.fast.templates = &templates{}
				_, err = p.slow.PutObject(t.Context(), in(), options...)
				require.NoError(t, err)
				p.requireSameRequest(t)
			}
		})
	}
}

// TestFirstPutOnce checks that a put that failed is made by the SDK, which then shows
// what the next is like, and that no other operation or large body is sent without it.
func TestFirstPutOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t, "http://127.0.0.1:9000").withFirst()
	at := templateKey{"PutObject", "my-bucket", ""}
	put := func() error {
		_, err := p.fast.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &at.bucket, Key: aws.String("key"), Body: strings.NewReader("body")})
		return err
	}
	p.fastWire.answer = func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusForbidden, nil, ""), nil }
	require.Error(t, put())
	assert.Equal(t, 1, p.fastWire.sent, "the SDK has the first answer")
	assert.Nil(t, p.fast.templates.get(at))

	p.fastWire.answer = nil
	require.NoError(t, put())
	assert.False(t, p.fast.templates.get(at).isUnproven, "it is the SDK's")

	p = newPair(t, "http://127.0.0.1:9000").withFirst()
	_, err := p.fast.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &at.bucket, Key: aws.String("key"), Body: strings.NewReader(strings.Repeat("x", copyLimit+1))})
	require.NoError(t, err)
	assert.False(t, p.fast.templates.get(at).isUnproven, "a large body")
	p = newPair(t, "http://127.0.0.1:9000").withFirst()
	usable := p.fast.First
	p.fast.First = func(bucket, region string) *http.Request {
		like := usable(bucket, region)
		like.URL.RawQuery = "x=y"
		return like
	}
	require.NoError(t, put())
	assert.False(t, p.fast.templates.get(at).isUnproven, "a request that only the SDK can make")
	p.learn(t, at.bucket)
	for name := range operations {
		assert.False(t, p.fast.templates.get(templateKey{name, at.bucket, ""}).isUnproven, name)
	}
}

// TestFirstPutFails checks that an answer to the first put other than success has the
// outcome that it has through the SDK: error, requests and all.
func TestFirstPutFails(t *testing.T) {
	t.Parallel()
	const malformed = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-west-3</Region></Error>"
	for name, respond := range map[string]func(*http.Request) (*http.Response, error){
		"redirect": func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusMovedPermanently, http.Header{"X-Amz-Bucket-Region": {"eu-west-3"}}, "<Error><Code>PermanentRedirect</Code></Error>"), nil
		},
		"another region": func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusBadRequest, nil, malformed), nil
		},
		"owner": func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusForbidden, nil, "<Error><Code>AccessDenied</Code></Error>"), nil
		},
		"no bucket": func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusNotFound, nil, "<Error><Code>NoSuchBucket</Code></Error>"), nil
		},
		"busy": func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusServiceUnavailable, nil, "<Error><Code>SlowDown</Code></Error>"), nil
		},
		"no proof": func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusOK, http.Header{"Etag": {" "}}, "<html>"), nil
		},
		"no connection": func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, "").withFirst()
			var outcomes []string
			for _, c := range []*Client{p.fast, p.slow} {
				w := p.fastWire
				if c == p.slow {
					w = p.slowWire
				}
				w.answer = respond
				_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("my-bucket"), Key: aws.String("key"), Body: strings.NewReader("body")})
				outcomes = append(outcomes, fmt.Sprint(err, " after ", w.sent))
			}
			assert.Equal(t, outcomes[1], outcomes[0])
		})
	}
}
