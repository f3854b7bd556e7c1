// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var oddKeys = []string{
	"key", "a/b/c", "/leading", "//", "a//b", "a/../b", "./a", "..", "trailing/", " ", "a b", "+", "%", "%2F", "~", "!*'()", "a&b=c?d#e",
	":@,;$", "\"<>\\^`{|}", "é", "日本語/🙂", "\x00\x01\x7f", "\n", strings.Repeat("ü", 512), "x-id=PutObject",
}

// TestRequestsOfKeys checks that whatever the key, the request is the SDK's.
func TestRequestsOfKeys(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"http://127.0.0.1:9000", "http://127.0.0.1:9000/base/path", ""} {
		p := newPair(t, endpoint)
		p.learn(t, "my-bucket")
		p.refuseSDK()
		for _, key := range oddKeys {
			for name, call := range operations {
				t.Run(fmt.Sprintf("%s %s %q", name, endpoint, key[:min(10, len(key))]), func(t *testing.T) {
					require.NoError(t, call(t.Context(), p.slow, "my-bucket", key))
					require.NoError(t, call(t.Context(), p.fast, "my-bucket", key))
					p.requireSameRequest(t)
				})
			}
		}
	}
}

// TestRequestsOfInputs covers inputs that are sent without the SDK, and those that are
// not.
func TestRequestsOfInputs(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600))
	text := aws.String
	for name, test := range map[string]struct {
		put        s3.PutObjectInput
		get        s3.GetObjectInput
		throughSDK bool
	}{
		"none":          {},
		"owner":         {put: s3.PutObjectInput{ExpectedBucketOwner: text("123456789012")}, get: s3.GetObjectInput{ExpectedBucketOwner: text("123456789012")}},
		"content type":  {put: s3.PutObjectInput{ContentType: text("text/plain; charset=utf-8")}},
		"algorithm":     {put: s3.PutObjectInput{ChecksumAlgorithm: types.ChecksumAlgorithmCrc32}},
		"checksum":      {put: s3.PutObjectInput{ChecksumCRC32: text("2MJ4wA==")}},
		"metadata":      {put: s3.PutObjectInput{Metadata: map[string]string{"one": "1", "two-words": "a b", "x_y.z": "~"}}},
		"storage class": {put: s3.PutObjectInput{StorageClass: types.StorageClassStandardIa}},
		"encryption":    {put: s3.PutObjectInput{ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: text("alias/a")}},
		"tags":          {put: s3.PutObjectInput{Tagging: text("a=1%26&b=2+3")}},
		"headers of the object": {put: s3.PutObjectInput{
			CacheControl: text("max-age=1"), ContentDisposition: text(`attachment; filename="a b"`), ContentEncoding: text("gzip"),
		}},
		"customer's key": {
			put: s3.PutObjectInput{SSECustomerAlgorithm: text("AES256"), SSECustomerKey: text("a2V5"), SSECustomerKeyMD5: text("c3Vt")},
			get: s3.GetObjectInput{SSECustomerAlgorithm: text("AES256"), SSECustomerKey: text("a2V5"), SSECustomerKeyMD5: text("c3Vt")},
		},
		"version":             {get: s3.GetObjectInput{VersionId: text("3HL4kqtJvjVBH40Nrjfkd.x_y-z")}},
		"requester pays":      {put: s3.PutObjectInput{RequestPayer: types.RequestPayerRequester}, get: s3.GetObjectInput{RequestPayer: types.RequestPayerRequester}},
		"tags with spaces":    {put: s3.PutObjectInput{Tagging: text("a=1  ")}, throughSDK: true},
		"conditions":          {get: s3.GetObjectInput{IfMatch: text(`"e"`), IfNoneMatch: text(`"other"`)}},
		"times":               {get: s3.GetObjectInput{IfModifiedSince: &when, IfUnmodifiedSince: &when}},
		"metadata in capital": {put: s3.PutObjectInput{Metadata: map[string]string{"One": "1"}}, throughSDK: true},
		"spaces":              {put: s3.PutObjectInput{Metadata: map[string]string{"one": " a"}}, throughSDK: true},
		"space at the end":    {put: s3.PutObjectInput{Metadata: map[string]string{"one": "a "}}, throughSDK: true},
		"two spaces":          {put: s3.PutObjectInput{Metadata: map[string]string{"one": "a  b"}}, throughSDK: true},
		"empty":               {put: s3.PutObjectInput{Metadata: map[string]string{"one": ""}}, throughSDK: true},
		"no ASCII":            {put: s3.PutObjectInput{ContentType: text("text/pl\u00e4in")}, throughSDK: true},
		"odd name":            {put: s3.PutObjectInput{Metadata: map[string]string{"a~b": "1"}}, throughSDK: true},
		"another algorithm":   {put: s3.PutObjectInput{ChecksumAlgorithm: types.ChecksumAlgorithmSha256}, throughSDK: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, "http://127.0.0.1:9000")
			p.learn(t, "my-bucket")
			p.refuseSDK()
			put := test.put
			put.Bucket, put.Key = text("my-bucket"), text("key")
			get := test.get
			get.Bucket, get.Key = text("my-bucket"), text("key")
			for _, c := range []*Client{p.slow, p.fast} {
				in := put
				in.Body = strings.NewReader("body")
				_, err := c.PutObject(t.Context(), &in)
				if test.throughSDK && c == p.fast {
					require.ErrorIs(t, err, errUsedSDK)
					return
				}
				require.NoError(t, err)
			}
			p.requireSameRequest(t)
			for _, c := range []*Client{p.slow, p.fast} {
				in := get
				_, err := c.GetObject(t.Context(), &in)
				require.NoError(t, err)
			}
			p.requireSameRequest(t)
			for _, c := range []*Client{p.slow, p.fast} {
				_, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{
					Bucket: get.Bucket, Key: get.Key, ExpectedBucketOwner: get.ExpectedBucketOwner, IfMatch: get.IfMatch, IfNoneMatch: get.IfNoneMatch,
					RequestPayer: get.RequestPayer, VersionId: get.VersionId,
					SSECustomerAlgorithm: get.SSECustomerAlgorithm, SSECustomerKey: get.SSECustomerKey, SSECustomerKeyMD5: get.SSECustomerKeyMD5,
					IfModifiedSince: get.IfModifiedSince, IfUnmodifiedSince: get.IfUnmodifiedSince,
				})
				require.NoError(t, err)
			}
			p.requireSameRequest(t)
		})
	}
}

// TestEachFieldOfInputs checks that no field of an input is dropped.
func TestEachFieldOfInputs(t *testing.T) {
	t.Parallel()
	p := newPair(t, "http://127.0.0.1:9000")
	p.learn(t, "my-bucket")
	require.False(t, isNewerPut, "name the SDK's new fields in hasOther")
	eachField(t, p, &s3.GetObjectInput{}, (*Client).GetObject)
	eachField(t, p, &s3.HeadObjectInput{}, (*Client).HeadObject)
	eachField(t, p, &s3.PutObjectInput{}, (*Client).PutObject)
	eachField(t, p, &s3.UploadPartInput{UploadId: aws.String("id"), PartNumber: aws.Int32(1)}, (*Client).UploadPart)
}

func eachField[In, Out any](t *testing.T, p *pair, base *In, send func(*Client, context.Context, *In, ...func(*s3.Options)) (*Out, error)) {
	t.Helper()
	kind := reflect.TypeFor[In]()
	for i := range kind.NumField() {
		field := kind.Field(i)
		if !field.IsExported() {
			continue
		}
		t.Run(kind.Name()+" "+field.Name, func(t *testing.T) {
			input := func() *In {
				in := *base
				value := reflect.ValueOf(&in).Elem()
				for name, text := range map[string]string{"Bucket": "my-bucket", "Key": "key"} {
					value.FieldByName(name).Set(reflect.ValueOf(&text))
				}
				if body := value.FieldByName("Body"); body.IsValid() {
					setSomething(t, body)
				}
				if field.Name != "Bucket" && field.Name != "Key" {
					setSomething(t, value.Field(i))
				}
				return &in
			}
			_, slowErr := send(p.slow, t.Context(), input())
			_, fastErr := send(p.fast, t.Context(), input())
			require.Equal(t, slowErr == nil, fastErr == nil, "%v\n%v", slowErr, fastErr)
			if slowErr == nil {
				p.requireSameRequest(t)
			}
		})
	}
}

// setSomething sets a field of an input of the SDK.
func setSomething(t *testing.T, field reflect.Value) {
	t.Helper()
	switch field.Type() {
	case reflect.TypeFor[*time.Time]():
		field.Set(reflect.ValueOf(aws.Time(time.Unix(1e9, 0))))
		return
	case reflect.TypeFor[io.Reader]():
		field.Set(reflect.ValueOf(strings.NewReader("body")))
		return
	case reflect.TypeFor[map[string]string]():
		field.Set(reflect.ValueOf(map[string]string{"a": "b"}))
		return
	}
	target := field
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		target = field.Elem()
	}
	switch target.Kind() {
	case reflect.String:
		target.SetString("AAAAAA==")
	case reflect.Bool:
		target.SetBool(true)
	case reflect.Int32, reflect.Int64:
		target.SetInt(4)
	default:
		t.Fatalf("a field of type %s", field.Type())
	}
}

// TestOtherFieldsOfNewerPut checks that with an SDK that has more fields, those that are
// not known by name are found.
func TestOtherFieldsOfNewerPut(t *testing.T) {
	t.Parallel()
	text := "text"
	for _, test := range []struct {
		in   s3.PutObjectInput
		want bool
	}{
		{s3.PutObjectInput{}, false},
		{s3.PutObjectInput{Bucket: &text, Key: &text, Body: strings.NewReader(""), Metadata: map[string]string{}, ContentType: &text}, false},
		{s3.PutObjectInput{
			CacheControl: &text, ContentDisposition: &text, ContentEncoding: &text, RequestPayer: types.RequestPayerRequester, SSEKMSKeyId: &text,
			ServerSideEncryption: types.ServerSideEncryptionAes256, StorageClass: types.StorageClassGlacier, Tagging: &text,
			SSECustomerAlgorithm: &text, SSECustomerKey: &text, SSECustomerKeyMD5: &text,
		}, false},
		{s3.PutObjectInput{WebsiteRedirectLocation: &text}, true},
		{s3.PutObjectInput{ACL: types.ObjectCannedACLPrivate}, true},
		{s3.PutObjectInput{ObjectLockMode: types.ObjectLockModeGovernance}, true},
	} {
		assert.Equal(t, test.want, hasOtherField(reflect.ValueOf(test.in)))
		assert.Equal(t, test.want, hasOther(&test.in))
	}
}

// TestLargeBodies checks that parts, and puts of the same size, are the SDK's requests.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	token := func(s *setup) { s.token = "t/==" }
	data := strings.Repeat("x", copyLimit+1)
	for name, test := range map[string]struct {
		endpoint string
		changes  []func(*setup)
		sum      *string
	}{
		"http":                {"http://127.0.0.1:9000", nil, nil},
		"http, no checksum":   {"http://127.0.0.1:9000", []func(*setup){whenRequired}, nil},
		"http, known":         {"http://127.0.0.1:9000", nil, aws.String("AAAAAA==")},
		"https, known":        {"https://s3.example.com", nil, aws.String("AAAAAA==")},
		"https":               {"https://s3.example.com", nil, nil},
		"AWS":                 {"", nil, nil},
		"AWS, no checksum":    {"", []func(*setup){whenRequired}, nil},
		"AWS, session token":  {"", []func(*setup){whenRequired, token}, nil},
		"http, session token": {"http://127.0.0.1:9000", []func(*setup){token}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, test.endpoint, test.changes...)
			part := func(c *Client) (*s3.UploadPartInput, error) {
				in := &s3.UploadPartInput{
					Bucket: aws.String("my-bucket"), Key: aws.String("a key/é"), UploadId: aws.String("some.ID_of-AWS"), PartNumber: aws.Int32(3),
					Body: strings.NewReader(data), ChecksumCRC32: test.sum,
				}
				_, err := c.UploadPart(t.Context(), in)
				return in, err
			}
			for _, c := range []*Client{p.fast, p.slow} {
				_, err := part(c)
				require.NoError(t, err)
			}
			p.refuseSDK()
			in, err := part(p.fast)
			require.NoError(t, err)
			p.requireSameRequest(t)
			assert.Equal(t, p.fastWire.last.Header.Get("X-Amz-Checksum-Crc32"), aws.ToString(in.ChecksumCRC32))
			in.UploadId, in.Body = aws.String("an odd/ID"), strings.NewReader("body")
			_, err = p.fast.UploadPart(t.Context(), in)
			require.ErrorIs(t, err, errUsedSDK)
		})
	}
}

// TestAnonymous checks that requests without a signature are the SDK's, and need no
// credentials.
func TestAnonymous(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		endpoint string
		changes  []func(*setup)
	}{
		"http":              {"http://127.0.0.1:9000", nil},
		"http, no checksum": {"http://127.0.0.1:9000", []func(*setup){whenRequired}},
		"https":             {"https://s3.example.com", nil},
		"AWS":               {"", nil},
		"AWS, no checksum":  {"", []func(*setup){whenRequired}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, test.endpoint, append(test.changes, func(s *setup) { s.anonymous = true })...)
			p.fast.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, errors.New("credentials are not needed")
			})
			p.learn(t, "my-bucket")
			p.refuseSDK()
			for name, call := range operations {
				require.NoError(t, call(t.Context(), p.slow, "my-bucket", "a/key"), name)
				require.NoError(t, call(t.Context(), p.fast, "my-bucket", "a/key"), name)
				p.requireSameRequest(t)
				assert.Empty(t, p.fastWire.last.Header["Authorization"])
			}
		})
	}
}

// TestVersions checks which version IDs are sent without the SDK, and that a template of
// a request for a version is one for all others.
func TestVersions(t *testing.T) {
	t.Parallel()
	for id, throughSDK := range map[string]bool{"null": false, "3HL4kqt.x_y-z": false, "a+b": true, "a/b": true, "": true, "a&b": true} {
		for name, send := range map[string]func(c *Client, id *string) error{
			"get": func(c *Client, id *string) error {
				_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("my-bucket"), Key: aws.String("key"), VersionId: id})
				return err
			},
			"head": func(c *Client, id *string) error {
				_, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("my-bucket"), Key: aws.String("key"), VersionId: id})
				return err
			},
		} {
			t.Run(name+" "+id, func(t *testing.T) {
				p := newPair(t, "http://127.0.0.1:9000")
				require.NoError(t, send(p.fast, aws.String("learned")))
				restore := p.refuseSDK()
				err := send(p.fast, &id)
				assert.Equal(t, throughSDK, errors.Is(err, errUsedSDK), "%v", err)
				require.NoError(t, send(p.fast, nil))
				require.NoError(t, send(p.slow, nil))
				p.requireSameRequest(t)
				restore()
				require.NoError(t, send(p.fast, &id))
				require.NoError(t, send(p.slow, &id))
				p.requireSameRequest(t)
			})
		}
	}
}

// TestLeavesToSDK checks that what is signed otherwise stays the SDK's, and is not tried.
func TestLeavesToSDK(t *testing.T) {
	t.Parallel()
	session := `<CreateSessionResult><Credentials><SessionToken>T</SessionToken><SecretAccessKey>S</SecretAccessKey>` +
		`<AccessKeyId>A</AccessKeyId><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>`
	for bucket, why := range map[string]string{
		"name--use1-az4--x-s3": "X-Amz-S3session-Token",
		"arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap": "AWS4-ECDSA",
	} {
		p := newPair(t, "")
		p.fastWire.answer = func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Has("session") {
				return answer(r, http.StatusOK, nil, session), nil
			}
			return answer(r, http.StatusOK, nil, ""), nil
		}
		p.learn(t, bucket)
		assert.Len(t, p.fast.templates.of, len(operations))
		for _, template := range p.fast.templates.of {
			assert.False(t, template.isUsable)
		}
		assert.Contains(t, fmt.Sprint(p.fastWire.last.Header), why)
		p.learn(t, bucket)
	}
}

// TestTrace checks that on AWS Lambda the invocation's trace ID is sent, as by the SDK.
func TestTrace(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "function")
	p := newPair(t, "http://127.0.0.1:9000")
	p.learn(t, "my-bucket")
	for id, throughSDK := range map[string]bool{"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1": false, "odd id%": true} {
		t.Setenv("_X_AMZN_TRACE_ID", id)
		for _, call := range operations {
			require.NoError(t, call(t.Context(), p.slow, "my-bucket", "key"))
			require.NoError(t, call(t.Context(), p.fast, "my-bucket", "key"))
			assert.Equal(t, p.slowWire.last.Header["X-Amzn-Trace-Id"], p.fastWire.last.Header["X-Amzn-Trace-Id"])
		}
		restore := p.refuseSDK()
		err := operations["HeadObject"](t.Context(), p.fast, "my-bucket", "key")
		assert.Equal(t, throughSDK, errors.Is(err, errUsedSDK))
		restore()
	}
}
