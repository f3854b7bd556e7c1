// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A putWire answers puts, and keeps the last request.
type putWire struct{ last *http.Request }

// RoundTrip reads the body and answers with success.
func (w *putWire) RoundTrip(request *http.Request) (*http.Response, error) {
	w.last = request
	if _, err := io.Copy(io.Discard, request.Body); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Etag": {`"e"`}}, Body: http.NoBody, Request: request, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// sourced are credentials that say where they come from.
type sourced struct{ aws.CredentialsProvider }

func (sourced) ProviderSources() []aws.CredentialSource {
	return []aws.CredentialSource{aws.CredentialSourceProfile}
}

// withoutValues returns headers without the values that are of one request only, and
// without those that net/http and a key make.
func withoutValues(header http.Header) http.Header {
	header = header.Clone()
	for _, name := range []string{"Amz-Sdk-Invocation-Id", "Content-Length", "X-Amz-Sdk-Checksum-Algorithm", "X-Amz-Trailer"} {
		header.Del(name)
	}
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Checksum-Crc32"} {
		if header.Get(name) != "" {
			header.Set(name, "any")
		}
	}
	if header.Get("X-Amz-Content-Sha256") != "UNSIGNED-PAYLOAD" {
		header.Set("X-Amz-Content-Sha256", "any")
	}
	// U means that the caller gave the checksum.
	header.Set("User-Agent", strings.Replace(header.Get("User-Agent"), ",U,", ",", 1))
	return header
}

// firstPutOptions returns options of a client that a first put is for, changed by change
// unless that is nil.
func firstPutOptions(change func(*s3.Options)) s3.Options {
	options := s3.Options{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""), Retryer: s3http.NewRetryer(Attempts, nil),
	}
	if change != nil {
		change(&options)
	}
	return options
}

// TestFirstPut checks that the first put has the address, the headers and the region of
// the SDK's.
func TestFirstPut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		region   string
		settings awsconfig.S3
		change   func(*s3.Options)
	}{
		"AWS":            {},
		"another region": {region: "eu-west-3"},
		"http":           {settings: awsconfig.S3{URL: "http://127.0.0.1:9000"}},
		"https":          {settings: awsconfig.S3{URL: "https://127.0.0.1:9000/base/"}},
		"no checksums":   {settings: awsconfig.S3{URL: "http://127.0.0.1:9000", RequestChecksumWhenRequired: true}},
		"an app":         {change: func(o *s3.Options) { o.AppID = "app" }},
		"of a profile":   {change: func(o *s3.Options) { o.Credentials = sourced{o.Credentials} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := firstPutOptions(test.change)
			test.settings.Addressing = "auto"
			wire := &putWire{}
			client := NewSDK(&s3http.Client{Transport: wire, Peer: &s3http.Peer{}}, &test.settings, options)
			put := FirstPut(client, "my-bucket", test.region)
			require.NotNil(t, put)
			in := &s3.PutObjectInput{Bucket: aws.String("my-bucket"), Key: aws.String("key"), Body: strings.NewReader("body")}
			if !test.settings.RequestChecksumWhenRequired {
				in.ChecksumCRC32 = aws.String("2MJ4wA==")
			}
			_, err := client.PutObject(t.Context(), in, InRegion(test.region))
			require.NoError(t, err)
			put.URL.Path += "key"
			assert.Equal(t, wire.last.URL.String(), put.URL.String())
			assert.Equal(t, withoutValues(wire.last.Header), withoutValues(put.Header))
			_, want, _ := strings.Cut(wire.last.Header.Get("Authorization"), "AKID/")
			_, got, _ := strings.Cut(put.Header.Get("Authorization"), "KEY/")
			want, _, _ = strings.Cut(want, ",")
			assert.Equal(t, strings.Split(want, "/")[1:], strings.Split(got, "/")[1:], "region and service")
		})
	}
}

// TestVersionIn checks that the version of the SDK is known for sure, or not at all.
func TestVersionIn(t *testing.T) {
	t.Parallel()
	other := &debug.Module{Path: "example.com/other", Version: "v9.9.9"}
	for name, test := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"no information": {nil, ""},
		"a test":         {&debug.BuildInfo{}, builtVersion},
		"a build":        {&debug.BuildInfo{Deps: []*debug.Module{other, {Path: sdkModule, Version: "v1.2.3"}, other}}, "1.2.3"},
		"replaced":       {&debug.BuildInfo{Deps: []*debug.Module{{Path: sdkModule, Version: "v1.2.3", Replace: other}}}, ""},
		"without it":     {&debug.BuildInfo{Deps: []*debug.Module{other}}, ""},
	} {
		assert.Equal(t, test.want, versionIn(test.info), name)
	}
}

// TestUnknownFirstPut checks that the SDK sends the first put wherever options or the
// bucket may change it.
func TestUnknownFirstPut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bucket, region, url string
		change              func(*s3.Options)
		isKnown             bool
	}{
		"nothing":           {isKnown: true},
		"an app":            {change: func(o *s3.Options) { o.AppID = "app" }, isKnown: true},
		"another region":    {region: "eu-west-3", isKnown: true},
		"S3 Express":        {bucket: "bucket--use1-az4--x-s3"},
		"access point":      {bucket: "arn:aws:s3:us-east-1:123456789012:accesspoint/mine"},
		"multiple regions":  {bucket: "arn:aws:s3::123456789012:accesspoint/mine.mrap"},
		"pseudo region":     {region: "fips-us-east-1"},
		"no region":         {change: func(o *s3.Options) { o.Region = "" }},
		"impossible region": {region: "a/b"},
		"port of http":      {url: "http://127.0.0.1:80"},
		"port of https":     {url: "https://127.0.0.1:443"},
		"user":              {url: "http://user@127.0.0.1:9000"},
		"escaped path":      {url: "http://127.0.0.1:9000/a%2Fb"},
		"anonymous":         {change: func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} }},
		"another retryer":   {change: func(o *s3.Options) { o.Retryer = aws.NopRetryer{} }},
		"unsigned payload":  {change: func(o *s3.Options) { o.APIOptions = append(o.APIOptions, UnsignedPayload) }},
		"a caller's step": {change: func(o *s3.Options) {
			o.APIOptions = append(o.APIOptions, func(*middleware.Stack) error { return nil })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := firstPutOptions(test.change)
			if test.bucket == "" {
				test.bucket = "my-bucket"
			}
			client := NewSDK(&s3http.Client{Peer: &s3http.Peer{}}, &awsconfig.S3{URL: test.url, Addressing: "auto", UseARNRegion: true}, options)
			put := FirstPut(client, test.bucket, test.region)
			if !test.isKnown {
				assert.Nil(t, put)
				return
			}
			require.NotNil(t, put)
			assert.Equal(t, "attempt=1; max=6", put.Header.Get("Amz-Sdk-Request"))
		})
	}
}
