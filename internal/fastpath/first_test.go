// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withFirst has the fast client of a pair know its first put.
func (p *pair) withFirst() *pair {
	sdk := p.fast.SDK
	p.fast.First = func(bucket, region string) *First {
		first, ok := s3client.NewFirstPut(sdk, bucket, region)
		if !ok {
			return nil
		}
		return (*First)(first)
	}
	return p
}

// TestFirstPut checks that the first put of a process is the SDK's, also where it is
// sent without it.
func TestFirstPut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		endpoint, bucket string
		region           string // another than the client's
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
		"another region":     {bucket: "my-bucket", region: "eu-west-3"},
		"region of China":    {bucket: "my-bucket", region: "cn-north-1"},
		"default port":       {endpoint: "http://127.0.0.1:80", bucket: "my-bucket", throughSDK: true},
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

// TestFirstTemplate checks that a template that is made is the one that the SDK's request
// gives.
func TestFirstTemplate(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"http://127.0.0.1:9000", "https://s3.example.com/base", ""} {
		p := newPair(t, endpoint)
		p.learn(t, "my-bucket")
		learned := p.fast.templates.get(templateKey{"PutObject", "my-bucket", ""})
		made := p.withFirst().fast.First("my-bucket", "").template()
		assert.ElementsMatch(t, learned.unsigned, made.unsigned)
		assert.Equal(t, *learned.fields(), *made.fields())
	}
}

// fields returns the fields of a template that can be compared, without the user agent.
func (t *template) fields() *First {
	return &First{
		Scheme: t.scheme, Host: t.host + t.sentHost, Prefix: t.prefix + "?" + t.query, Region: t.region, HasCRC32: t.needsCRC32,
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
	p.learn(t, at.bucket)
	for name := range operations {
		assert.False(t, p.fast.templates.get(templateKey{name, at.bucket, ""}).isUnproven, name)
	}
}
