// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	alice = Credential{AccessKeyID: "AKIAALICE", SecretAccessKey: "a", UserID: "AIDAALICE", Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/alice"}
	bob   = Credential{AccessKeyID: "AKIABOB", SecretAccessKey: "b", SessionToken: "t", UserID: "AROABOB:s", Account: "222222222222"}
)

// start starts a server with buckets of alice's in us-east-1.
func start(t *testing.T, buckets ...string) *Server {
	t.Helper()
	server, err := Start(&Options{Credentials: []Credential{alice, bob}})
	require.NoError(t, err)
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		require.NoError(t, server.Close())
	})
	for _, name := range buckets {
		require.NoError(t, server.AddBucket(name, alice.Account, "us-east-1"))
	}
	return server
}

// client is the plain SDK, so that the server is held to what it expects of S3.
func client(server *Server, c Credential, region string) *s3.Client {
	return s3.New(s3.Options{
		Region: region, BaseEndpoint: aws.String(server.URL()), UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken), HTTPClient: http.DefaultClient,
	})
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	api := smithy.APIError(nil)
	require.True(t, errors.As(err, &api), "%v", err)
	assert.Equal(t, code, api.ErrorCode())
}

// A request is one that no SDK makes.
type request struct {
	method, path, body string
	header             map[string]string
	service            string // "" for s3
}

// signed returns a request that is signed as c, for us-east-1.
func signed(t *testing.T, server *Server, c Credential, made request) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), made.method, server.URL()+made.path, strings.NewReader(made.body))
	require.NoError(t, err)
	for name, value := range made.header {
		r.Header.Set(name, value)
	}
	if r.Header.Get("X-Amz-Content-Sha256") == "" {
		hash := sha256.Sum256([]byte(made.body))
		r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(hash[:]))
	}
	if made.service == "" {
		made.service = "s3"
	}
	length := r.ContentLength
	r.ContentLength = 0 // which is not signed, as boto3 does it
	keys := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
	err = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		SignHTTP(t.Context(), keys, r, r.Header.Get("X-Amz-Content-Sha256"), made.service, "us-east-1", time.Now())
	require.NoError(t, err)
	r.ContentLength = length
	return r
}

// An answer is the server's.
type answer struct {
	status int
	header http.Header
	body   string
}

// code returns the code of an error, and the status of what is none.
func (a answer) code() string {
	var problem struct {
		Code  string
		Error struct{ Code string } // of STS
	}
	if xml.Unmarshal([]byte(a.body), &problem) != nil || problem.Code+problem.Error.Code == "" {
		return http.StatusText(a.status)
	}
	return problem.Code + problem.Error.Code
}

func send(t *testing.T, r *http.Request) answer {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

// ask sends a request as alice.
func ask(t *testing.T, server *Server, made request) answer {
	t.Helper()
	return send(t, signed(t, server, alice, made))
}
