// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newSDK returns a client as NewSDK makes it, and what it sends.
func newSDK(settings awsconfig.S3, options s3.Options) (*s3.Client, *[]*http.Request) {
	var sent []*http.Request
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r)
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Etag": {`"e"`}, "Content-Length": {"0"}}, Body: http.NoBody, Request: r}, nil
	})
	settings.URL = "http://127.0.0.1:1"
	options.Region, options.Credentials = "us-east-1", credentials.NewStaticCredentialsProvider("AK", "SECRET", "TOKEN")
	options.Retryer = s3http.NewRetryer(Attempts, s3http.Backoff)
	client := &s3http.Client{Transport: transport, Peer: &s3http.Peer{}}
	return NewSDK(client, &settings, options), &sent
}

// TestSentHeaders checks the headers that are Lithops', on a put with and without a
// content type.
func TestSentHeaders(t *testing.T) {
	t.Parallel()
	client, sent := newSDK(awsconfig.S3{}, s3.Options{})
	for i, contentType := range []*string{nil, aws.String("application/octet-stream"), aws.String("text/plain")} {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k"), Body: strings.NewReader("x"), ContentType: contentType})
		require.NoError(t, err)
		request := (*sent)[i]
		assert.Equal(t, aws.ToString(contentType), request.Header.Get("Content-Type"))
		assert.True(t, strings.HasSuffix(request.Header.Get("User-Agent"), " "+userAgent), request.Header.Get("User-Agent"))
		assert.True(t, strings.HasPrefix(request.Header.Get("User-Agent"), "aws-sdk-go-v2/"), request.Header.Get("User-Agent"))
		assert.Equal(t, "127.0.0.1:1", request.URL.Host)
		assert.NotEmpty(t, request.Header.Get("X-Amz-Checksum-Crc32"))
	}
	assert.Equal(t, 6, Attempts, "OBJ_REQ_RETRIES of Lithops' S3Backend")
	assert.Contains(t, (*sent)[0].Header.Get("Amz-Sdk-Request"), "max=6")
}

// TestUnsignedPayload checks which operations have their body unsigned.
func TestUnsignedPayload(t *testing.T) {
	t.Parallel()
	client, sent := newSDK(awsconfig.S3{}, s3.Options{})
	for unsigned, want := range map[bool]string{true: "UNSIGNED-PAYLOAD", false: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"} {
		options := func(o *s3.Options) {
			if unsigned {
				o.APIOptions = append(o.APIOptions, UnsignedPayload)
			}
		}
		*sent = nil
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k"), Body: strings.NewReader("x")}, options)
		require.NoError(t, err)
		_, err = client.UploadPart(t.Context(), &s3.UploadPartInput{
			Bucket: aws.String("bucket"), Key: aws.String("k"), UploadId: aws.String("u"), PartNumber: aws.Int32(1), Body: strings.NewReader("x"),
		}, options)
		require.NoError(t, err)
		_, err = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k")}, options)
		require.NoError(t, err)
		require.Len(t, *sent, 3)
		assert.Equal(t, want, (*sent)[0].Header.Get("X-Amz-Content-Sha256"))
		assert.Equal(t, want, (*sent)[1].Header.Get("X-Amz-Content-Sha256"))
		assert.NotEqual(t, "UNSIGNED-PAYLOAD", (*sent)[2].Header.Get("X-Amz-Content-Sha256"))
	}
	presigned, err := s3.NewPresignClient(client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k")},
		func(o *s3.PresignOptions) {
			o.ClientOptions = append(o.ClientOptions, func(o *s3.Options) { o.APIOptions = append(o.APIOptions, UnsignedPayload) })
		})
	require.NoError(t, err)
	assert.Contains(t, presigned.URL, "X-Amz-Signature=")
}

// TestLogHasNoSecret turns the SDK's log on.
func TestLogHasNoSecret(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	client, _ := newSDK(awsconfig.S3{}, s3.Options{
		ClientLogMode: aws.LogRequest | aws.LogResponse | aws.LogSigning,
		Logger:        logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) { fmt.Fprintf(&log, format+"\n", v...) }),
	})
	_, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("100%d")})
	require.NoError(t, err)
	assert.Contains(t, log.String(), "HEAD /bucket/100%25d", "requests are logged")
	assert.Contains(t, log.String(), "CANONICAL STRING")
	assert.NotContains(t, log.String(), "TOKEN")
	assert.NotContains(t, log.String(), "Signature=")
}

func TestRedactLog(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Authorization: AWS4 x\r\nHost: h":                   "Authorization: (redacted)\r\nHost: h",
		"proxy-authorization:Basic x":                        "proxy-authorization:(redacted)",
		"x-amz-security-token:abc\nb":                        "x-amz-security-token:(redacted)\nb",
		"X-Amz-Server-Side-Encryption-Customer-Key: abc":     "X-Amz-Server-Side-Encryption-Customer-Key: (redacted)",
		"Set-Cookie: a=b":                                    "Set-Cookie: (redacted)",
		"GET /?X-Amz-Security-Token=abc&x=y":                 "GET /?X-Amz-Security-Token=(redacted)&x=y",
		"GET /?X-Amz-Signature=abc HTTP":                     "GET /?X-Amz-Signature=(redacted) HTTP",
		"<SecretAccessKey>abc</SecretAccessKey><Key>k</Key>": "<SecretAccessKey>(redacted)</SecretAccessKey><Key>k</Key>",
		"<SessionToken>abc</SessionToken>":                   "<SessionToken>(redacted)</SessionToken>",
		"X-Amz-Date: 1":                                      "X-Amz-Date: 1",
	} {
		assert.Equal(t, strings.ReplaceAll(want, "(redacted)", redactedText()), redactLog(text))
	}
}

// redactedText returns the replacement of a secret.
func redactedText() string { return strings.TrimPrefix(redactLog("cookie:x"), "cookie:") }
