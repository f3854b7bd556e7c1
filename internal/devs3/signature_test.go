// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var stranger = Credential{AccessKeyID: "AKIASTRANGER", SecretAccessKey: "x"}

// with returns a credential with another secret or token, if they are not empty.
func with(c Credential, secret, token string) Credential {
	if secret != "" {
		c.SecretAccessKey = secret
	}
	c.SessionToken = token
	return c
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	server := start(t)
	ask := func(c Credential) (*sts.GetCallerIdentityOutput, error) {
		return sts.New(sts.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String(server.URL()), RetryMaxAttempts: 1, HTTPClient: http.DefaultClient,
			Credentials: credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken),
		}).GetCallerIdentity(t.Context(), nil)
	}
	for _, c := range []Credential{alice, bob} {
		out, err := ask(c)
		require.NoError(t, err)
		assert.Equal(t, []string{c.UserID, c.Account, c.ARN}, []string{*out.UserId, *out.Account, *out.Arn})
	}
	_, err := ask(with(alice, "x", ""))
	wantCode(t, err, "SignatureDoesNotMatch")
	_, err = ask(stranger)
	wantCode(t, err, "InvalidClientTokenId")
	for _, token := range []string{"", "x"} {
		_, err = ask(with(bob, "", token))
		wantCode(t, err, "InvalidClientTokenId")
	}
}

// TestSTSRequests checks requests to STS that its SDK does not make.
func TestSTSRequests(t *testing.T) {
	t.Parallel()
	server := start(t)
	const whoAmI = "Action=GetCallerIdentity&Version=2011-06-15"
	pad := func(size int) string { return "Action=Other&pad=" + strings.Repeat("x", size-len("Action=Other&pad=")) }
	for name, test := range map[string]struct {
		body   string
		change func(*http.Request)
		want   string
	}{
		"as boto3 signs":       {body: whoAmI, want: "OK"},
		"another action":       {body: "Action=AssumeRole", want: "InvalidAction"},
		"no form":              {body: "Action=%zz", want: "MalformedInput"},
		"the largest body":     {body: pad(maxSTSBody), want: "InvalidAction"},
		"too large a body":     {body: pad(maxSTSBody + 1), want: "SignatureDoesNotMatch"},
		"another query":        {body: whoAmI, change: func(r *http.Request) { r.URL.RawQuery = "a=b" }, want: "SignatureDoesNotMatch"},
		"another path":         {body: whoAmI, change: func(r *http.Request) { r.URL.Path = "/a" }, want: "SignatureDoesNotMatch"},
		"another time":         {body: whoAmI, change: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20010101T000000Z") }, want: "SignatureDoesNotMatch"},
		"no time":              {body: whoAmI, change: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, want: "SignatureDoesNotMatch"},
		"a header was changed": {body: whoAmI, change: func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "x") }, want: "SignatureDoesNotMatch"},
	} {
		r := signed(t, server, alice, request{method: "POST", path: "/", body: test.body, service: "sts"})
		if test.change != nil {
			test.change(r)
		}
		got := send(t, r)
		assert.Equal(t, test.want, got.code(), name)
		assert.Contains(t, got.body, `xmlns="https://sts.amazonaws.com/doc/2011-06-15/"`, name)
		assert.Regexp(t, `<RequestId>DEV[0-9A-F]{13,}</RequestId>`, got.body, name)
		assert.Equal(t, "application/xml", got.header.Get("Content-Type"), name)
		assert.Equal(t, test.want == "OK", got.status == http.StatusOK, name)
	}
}

// TestPresignedSTS checks that a URL that is presigned for STS is answered by STS, which
// here knows headers only.
func TestPresignedSTS(t *testing.T) {
	t.Parallel()
	server := start(t)
	storage := sts.New(sts.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL()), HTTPClient: http.DefaultClient,
		Credentials: credentials.NewStaticCredentialsProvider(alice.AccessKeyID, alice.SecretAccessKey, ""),
	})
	url, err := sts.NewPresignClient(storage).PresignGetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
	for _, date := range []string{"", "20010101T000000Z"} {
		r, err := http.NewRequestWithContext(t.Context(), url.Method, url.URL, http.NoBody)
		require.NoError(t, err)
		r.Header.Set("X-Amz-Date", date)
		got := send(t, r)
		assert.Equal(t, http.StatusForbidden, got.status)
		assert.Contains(t, got.body, "<Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>")
	}
}

// TestSignatures checks who may make requests to S3, by header and by presigned URL.
func TestSignatures(t *testing.T) {
	t.Parallel()
	server := start(t, "alices")
	require.NoError(t, server.AddBucket("bobs", bob.Account, "us-east-1"))
	for name, test := range map[string]struct {
		caller Credential
		bucket string
		want   string
	}{
		"a caller":              {alice, "alices", "OK"},
		"a caller with a token": {bob, "bobs", "OK"},
		"an unknown one":        {stranger, "alices", "InvalidAccessKeyId"},
		"a wrong secret":        {with(alice, "x", ""), "alices", "SignatureDoesNotMatch"},
		"no token":              {with(bob, "", ""), "bobs", "InvalidToken"},
		"a wrong token":         {with(bob, "", "x"), "bobs", "InvalidToken"},
		"a token too many":      {with(alice, "", "x"), "alices", "InvalidToken"},
		"another's bucket":      {bob, "alices", "AccessDenied"},
	} {
		got := send(t, signed(t, server, test.caller, request{method: "GET", path: "/" + test.bucket + "?list-type=2"}))
		assert.Equal(t, test.want, got.code(), name)
		url, err := s3.NewPresignClient(client(server, test.caller, "us-east-1")).
			PresignHeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &test.bucket})
		require.NoError(t, err)
		r, err := http.NewRequestWithContext(t.Context(), url.Method, url.URL, http.NoBody)
		require.NoError(t, err)
		assert.Equal(t, got.status, send(t, r).status, name+", presigned")
	}
}

// TestMalformedSignatures checks that what is no signature is refused, and that the error of a
// HEAD has no body, not even a length of one.
func TestMalformedSignatures(t *testing.T) {
	t.Parallel()
	server := start(t, "data")
	for _, test := range []struct{ method, path, authorization, want string }{
		{"GET", "/data", "", "AccessDenied"},
		{"GET", "/data?X-Amz-Credential=" + alice.AccessKeyID, "", "AccessDenied"},
		{"GET", "/data?X-Amz-Credential=a/b/c/d/e", "", "AccessDenied"},
		{"GET", "/data", "AWS4-HMAC-SHA256 Credential=" + alice.AccessKeyID, "Forbidden"},
		{"HEAD", "/data", "", "Forbidden"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, server.URL()+test.path, http.NoBody)
		require.NoError(t, err)
		if test.authorization != "" {
			r.Header.Set("Authorization", test.authorization)
		}
		got := send(t, r)
		if test.method == http.MethodHead {
			assert.Equal(t, http.StatusForbidden, got.status)
			assert.Empty(t, got.header.Get("Content-Type")+got.header.Get("Content-Length"))
			continue
		}
		if test.want == "Forbidden" {
			assert.GreaterOrEqual(t, got.status, 400)
			continue
		}
		assert.Equal(t, test.want, got.code(), test)
		assert.Contains(t, got.body, "<Resource>/data</Resource>")
	}
}
