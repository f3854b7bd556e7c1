// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A fakeServer answers by function, and keeps the requests.
type fakeServer struct {
	answer   func(request *http.Request) (status int, header http.Header, body string)
	requests []*http.Request
	bodies   []string
}

func (f *fakeServer) Do(request *http.Request) (*http.Response, error) {
	body := ""
	if request.Body != nil {
		data, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		body = string(data)
	}
	f.requests, f.bodies = append(f.requests, request), append(f.bodies, body)
	status, header, text := f.answer(request)
	if header == nil {
		header = http.Header{}
	}
	closer := io.NopCloser(strings.NewReader(text))
	if request.Method == http.MethodHead {
		closer = http.NoBody
	}
	return &http.Response{StatusCode: status, Header: header, Body: closer, ContentLength: -1, Request: request, ProtoMajor: 1, ProtoMinor: 1}, nil
}

func (f *fakeServer) client(options Options) *Client {
	options.SDK = s3.New(s3.Options{
		Region: options.Region, Credentials: credentials.NewStaticCredentialsProvider("AK", "SK", ""), BaseEndpoint: aws.String("http://127.0.0.1:1"),
		UsePathStyle: true, HTTPClient: f, Retryer: aws.NopRetryer{}, APIOptions: []func(*middleware.Stack) error{addSteps},
	})
	if options.Owner == nil {
		options.Owner = func(string) *string { return nil }
	}
	if options.IsRegion == nil {
		options.IsRegion = func(text string) bool { return text != "" && !strings.Contains(text, ".") }
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return New(options)
}

// signedRegions are those that the requests were signed for.
func (f *fakeServer) signedRegions() string {
	regions := make([]string, len(f.requests))
	for i, request := range f.requests {
		_, scope, _ := strings.Cut(request.Header.Get("Authorization"), "Credential=AK/")
		regions[i] = request.Method + " " + strings.Split(scope, "/")[1]
	}
	return strings.Join(regions, ", ")
}

// TestOwnerIsDemandedOfEveryInput checks each operation whose input has the field.
func TestOwnerIsDemandedOfEveryInput(t *testing.T) {
	t.Parallel()
	c := (&fakeServer{}).client(Options{Owner: func(bucket string) *string {
		if bucket == "mine" {
			return aws.String("123")
		}
		return nil
	}})
	client := reflect.TypeFor[*s3.Client]()
	demanded := 0
	for i := range client.NumMethod() {
		method := client.Method(i).Type
		if method.NumIn() < 3 || method.In(2).Kind() != reflect.Pointer {
			continue
		}
		in := reflect.New(method.In(2).Elem())
		c.demandOwner("other", in.Interface())
		assert.True(t, in.Elem().IsZero(), "nothing is known of this bucket")
		c.demandOwner("mine", in.Interface())
		field := in.Elem().FieldByName("ExpectedBucketOwner")
		if !field.IsValid() {
			assert.True(t, in.Elem().IsZero())
			continue
		}
		demanded++
		assert.Equal(t, "123", field.Elem().String(), client.Method(i).Name)
		another := "456"
		field.Set(reflect.ValueOf(&another))
		c.demandOwner("mine", in.Interface())
		assert.Equal(t, "456", field.Elem().String(), "the caller's stays")
	}
	assert.Greater(t, demanded, 50)
}

// TestOwnerInRequests checks all requests, also the one that asks for the region and those
// in the other region.
func TestOwnerInRequests(t *testing.T) {
	t.Parallel()
	server := &fakeServer{}
	server.answer = func(request *http.Request) (int, http.Header, string) {
		switch {
		case request.Method == http.MethodHead:
			return 301, http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}, ""
		case len(server.requests) < 3:
			return 301, nil, ""
		}
		return 204, nil, ""
	}
	c := server.client(Options{Region: "us-east-1", Owner: func(string) *string { return aws.String("123") }})
	_, err := Call(t.Context(), c, "bucket", &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}, c.SDK.DeleteObject)
	require.NoError(t, err)
	require.Len(t, server.requests, 3)
	for _, request := range server.requests {
		assert.Equal(t, "123", request.Header.Get("X-Amz-Expected-Bucket-Owner"), request.Method)
	}
}

// TestRegionIsFollowed checks that the region is followed once, if S3 says or implies
// where the bucket is.
func TestRegionIsFollowed(t *testing.T) {
	t.Parallel()
	in := func(region string) http.Header {
		if region == "" {
			return nil
		}
		return http.Header{"X-Amz-Bucket-Region": {region}}
	}
	named := func(code, region string) string {
		return "<Error><Code>" + code + "</Code><Region>" + region + "</Region></Error>"
	}
	code := func(text string) string { return named(text, "") }
	for name, test := range map[string]struct {
		status       int
		body, header string // of a refusal where the bucket is not
		head         string // the region that a HEAD tells
		want         string // the regions that are signed for
		isFine       bool
	}{
		"301":                    {301, code("PermanentRedirect"), "eu-west-1", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"307":                    {307, code("TemporaryRedirect"), "eu-west-1", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"malformed":              {400, code("AuthorizationHeaderMalformed"), "eu-west-1", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"location":               {400, code("IllegalLocationConstraintException"), "eu-west-1", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"a HEAD's":               {400, code("BadRequest"), "eu-west-1", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"asked":                  {301, "", "", "eu-west-1", "DELETE us-east-1, HEAD us-east-1, DELETE eu-west-1", true},
		"nobody knows":           {301, "", "", "", "DELETE us-east-1, HEAD us-east-1", false},
		"the same":               {301, "", "us-east-1", "", "DELETE us-east-1", false},
		"no region":              {301, "", "evil.example.com", "", "DELETE us-east-1, HEAD us-east-1", false},
		"no region, by HEAD":     {301, "", "", "evil.example.com", "DELETE us-east-1, HEAD us-east-1", false},
		"another 400":            {400, code("InvalidArgument"), "eu-west-1", "", "DELETE us-east-1", false},
		"400 without a code":     {400, "", "eu-west-1", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"403":                    {403, code("AuthorizationHeaderMalformed"), "eu-west-1", "", "DELETE us-east-1", false},
		"500":                    {500, "", "eu-west-1", "", "DELETE us-east-1", false},
		"in the body":            {400, named("AuthorizationHeaderMalformed", "eu-west-1"), "", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"301 in the body":        {301, named("PermanentRedirect", "eu-west-1"), "", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"307 in the body":        {307, named("TemporaryRedirect", "eu-west-1"), "", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"location in the body":   {400, named("IllegalLocationConstraintException", "eu-west-1"), "", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"the header's":           {400, named("AuthorizationHeaderMalformed", "eu-west-2"), "eu-west-1", "", "DELETE us-east-1, DELETE eu-west-1", true},
		"no region in the body":  {301, named("PermanentRedirect", "evil.example.com"), "", "eu-west-1", "DELETE us-east-1, HEAD us-east-1, DELETE eu-west-1", true},
		"in an unknown body":     {301, "<Answer><Region>eu-west-1</Region></Answer>", "", "", "DELETE us-east-1, HEAD us-east-1", false},
		"in a body's beginning":  {301, "<Error><Code>PermanentRedirect</Code><Region>eu-west-1</Region>", "", "", "DELETE us-east-1, HEAD us-east-1", false},
		"another 400's body":     {400, named("InvalidArgument", "eu-west-1"), "", "", "DELETE us-east-1", false},
		"403's body":             {403, named("AuthorizationHeaderMalformed", "eu-west-1"), "", "", "DELETE us-east-1", false},
		"302, which is not S3's": {302, "", "eu-west-1", "", "DELETE us-east-1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &fakeServer{}
			server.answer = func(request *http.Request) (int, http.Header, string) {
				switch {
				case strings.Contains(request.Header.Get("Authorization"), "/eu-west-1/"):
					return 204, nil, ""
				case request.Method == http.MethodHead:
					return 301, in(test.head), ""
				}
				return test.status, in(test.header), test.body
			}
			var logged bytes.Buffer
			c := server.client(Options{Region: "us-east-1", Log: slog.New(slog.NewTextHandler(&logged, nil))})
			remove := func() error {
				_, err := Call(t.Context(), c, "bucket", &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}, c.SDK.DeleteObject)
				return err
			}
			err := remove()
			assert.Equal(t, test.isFine, err == nil, "%v", err)
			assert.Equal(t, test.want, server.signedRegions())
			assert.Equal(t, test.isFine, strings.Contains(logged.String(), "bucket=bucket region=eu-west-1 configured=us-east-1"), logged.String())
			if test.isFine {
				assert.Equal(t, "eu-west-1", c.BucketRegion("bucket"))
				assert.Empty(t, c.BucketRegion("other"))
				server.requests = nil
				require.NoError(t, remove())
				assert.Equal(t, "DELETE eu-west-1", server.signedRegions(), "it is remembered")
			} else {
				assert.Empty(t, c.BucketRegion("bucket"))
			}
		})
	}
}

// TestRegionIsNotFollowedInCircles sends nothing again if a refusal names no region but
// the one that was signed for.
func TestRegionIsNotFollowedInCircles(t *testing.T) {
	t.Parallel()
	for told, want := range map[string]string{
		"eu-west-1": "DELETE eu-west-1",
		"":          "DELETE eu-west-1, HEAD us-east-1",
		"us-east-1": "DELETE eu-west-1, DELETE us-east-1",
	} {
		server := &fakeServer{}
		server.answer = func(*http.Request) (int, http.Header, string) {
			return 301, http.Header{"X-Amz-Bucket-Region": {told}}, ""
		}
		c := server.client(Options{Region: "us-east-1"})
		c.places.put("bucket", "eu-west-1")
		_, err := Call(t.Context(), c, "bucket", &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}, c.SDK.DeleteObject)
		require.Error(t, err)
		assert.Equal(t, want, server.signedRegions(), told)
	}
}

// TestBucketMovesOn covers a remembered region that becomes wrong: it is asked again, but
// not for ever.
func TestBucketMovesOn(t *testing.T) {
	t.Parallel()
	at := "eu-west-1"
	server := &fakeServer{}
	server.answer = func(request *http.Request) (int, http.Header, string) {
		if strings.Contains(request.Header.Get("Authorization"), "/"+at+"/") {
			return 204, nil, ""
		}
		return 301, http.Header{"X-Amz-Bucket-Region": {at}}, ""
	}
	c := server.client(Options{Region: "us-east-1"})
	remove := func() error {
		_, err := Call(t.Context(), c, "bucket", &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}, c.SDK.DeleteObject)
		return err
	}
	require.NoError(t, remove())
	at = "us-east-1"
	require.NoError(t, remove())
	assert.Equal(t, "us-east-1", c.BucketRegion("bucket"))
	assert.Equal(t, "DELETE us-east-1, DELETE eu-west-1, DELETE eu-west-1, DELETE us-east-1", server.signedRegions())
}

// TestBodyIsSentAgain checks that the body is sent from its start in the other region.
func TestBodyIsSentAgain(t *testing.T) {
	t.Parallel()
	server := &fakeServer{}
	server.answer = func(request *http.Request) (int, http.Header, string) {
		if strings.Contains(request.Header.Get("Authorization"), "/eu-west-1/") {
			return 200, http.Header{"Etag": {`"e"`}}, ""
		}
		return 301, http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}, ""
	}
	bucket, key := aws.String("bucket"), aws.String("key")
	c := server.client(Options{Region: "us-east-1"})
	_, err := Call(t.Context(), c, "bucket", &s3.PutObjectInput{Bucket: bucket, Key: key, Body: bytes.NewReader([]byte("body"))}, c.SDK.PutObject)
	require.NoError(t, err)
	c = server.client(Options{Region: "us-east-1"})
	_, err = Call(t.Context(), c, "bucket", &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: key, PartNumber: aws.Int32(1), Body: bytes.NewReader([]byte("body"))}, c.SDK.UploadPart)
	require.NoError(t, err)
	require.Len(t, server.bodies, 4)
	for _, body := range server.bodies {
		assert.Contains(t, body, "body")
	}
	require.NoError(t, rewind(&s3.PutObjectInput{Body: io.MultiReader()}), "which the SDK has refused")
	stuck := errors.New("stuck")
	require.ErrorIs(t, rewind(&s3.PutObjectInput{Body: stuckSeeker{stuck}}), stuck)
	_, err = Call(t.Context(), server.client(Options{Region: "us-east-1"}), "bucket", &s3.PutObjectInput{Bucket: bucket, Key: key, Body: stuckSeeker{stuck}},
		func(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
			return c.SDK.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key, Body: bytes.NewReader(nil)})
		})
	require.ErrorIs(t, err, stuck)
}

type stuckSeeker struct{ err error }

func (s stuckSeeker) Read([]byte) (int, error)       { return 0, s.err }
func (s stuckSeeker) Seek(int64, int) (int64, error) { return 0, s.err }

// TestOptionsOfACall come first, so that the region is the last word.
func TestOptionsOfACall(t *testing.T) {
	t.Parallel()
	server := &fakeServer{answer: func(*http.Request) (int, http.Header, string) { return 204, nil, "" }}
	c := server.client(Options{Region: "us-east-1"})
	called := 0
	_, err := Call(t.Context(), c, "bucket", &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}, c.SDK.DeleteObject, func(o *s3.Options) {
		called++
		o.Region = "ap-south-1"
	})
	require.NoError(t, err)
	assert.Equal(t, 1, called)
	assert.Equal(t, "DELETE ap-south-1", server.signedRegions())
}
