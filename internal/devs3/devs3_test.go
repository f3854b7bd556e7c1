// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
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

func start(t *testing.T) *Server {
	t.Helper()
	server, err := Start(&Options{Credentials: []Credential{alice, bob}})
	require.NoError(t, err)
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		require.NoError(t, server.Close())
	})
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

func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	_, err := Start(&Options{Addr: "0.0.0.0:0"})
	require.ErrorContains(t, err, "not a loopback address")
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
	wrong := alice
	wrong.SecretAccessKey = "x"
	_, err := ask(wrong)
	wantCode(t, err, "SignatureDoesNotMatch")
	_, err = ask(Credential{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"})
	wantCode(t, err, "InvalidClientTokenId")
	wrong = bob
	wrong.SessionToken = "x"
	_, err = ask(wrong)
	wantCode(t, err, "InvalidClientTokenId")
}

func TestCreateBucketRules(t *testing.T) {
	t.Parallel()
	server := start(t)
	create := func(c Credential, region, name, location string) error {
		in := &s3.CreateBucketInput{Bucket: &name}
		if location != "" {
			in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(location)}
		}
		_, err := client(server, c, region).CreateBucket(t.Context(), in)
		return err
	}
	require.NoError(t, create(alice, "us-east-1", "one", ""))
	require.NoError(t, create(alice, "us-east-1", "one", ""), "us-east-1 answers 200 for one's own")
	require.NoError(t, create(alice, "eu-west-1", "two", "eu-west-1"))
	wantCode(t, create(alice, "eu-west-1", "two", "eu-west-1"), "BucketAlreadyOwnedByYou")
	wantCode(t, create(bob, "us-east-1", "one", ""), "BucketAlreadyExists")
	wantCode(t, create(alice, "us-east-1", "three", "us-east-1"), "InvalidLocationConstraint")
	wantCode(t, create(alice, "eu-west-1", "three", ""), "IllegalLocationConstraintException")
	wantCode(t, create(alice, "us-east-1", "Upper", ""), "InvalidBucketName")

	location, err := client(server, alice, "eu-west-1").GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: aws.String("two")})
	require.NoError(t, err)
	assert.EqualValues(t, "eu-west-1", location.LocationConstraint)
	_, err = client(server, alice, "eu-west-1").DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("two")})
	require.NoError(t, err)
	require.NoError(t, create(bob, "us-east-1", "two", ""), "a deleted name is free")
}

func TestOwnersAndRegions(t *testing.T) {
	t.Parallel()
	server := start(t)
	require.NoError(t, server.AddBucket("shared", alice.Account, "eu-west-1"))
	require.ErrorIs(t, server.AddBucket("shared", bob.Account, "us-east-1"), errBucketExists)
	list := func(c Credential, region, owner string) error {
		in := &s3.ListObjectsV2Input{Bucket: aws.String("shared")}
		if owner != "" {
			in.ExpectedBucketOwner = &owner
		}
		_, err := client(server, c, region).ListObjectsV2(t.Context(), in)
		return err
	}
	require.NoError(t, list(alice, "eu-west-1", ""))
	require.NoError(t, list(alice, "eu-west-1", alice.Account))
	wantCode(t, list(alice, "eu-west-1", bob.Account), "AccessDenied")
	wantCode(t, list(bob, "eu-west-1", ""), "AccessDenied")
	wantCode(t, list(alice, "us-east-1", ""), "AuthorizationHeaderMalformed")
	head, err := client(server, alice, "eu-west-1").HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("shared")})
	require.NoError(t, err)
	assert.Equal(t, "eu-west-1", *head.BucketRegion)
}

// TestCopyConditions checks that a copy with a condition on its destination is made only
// if the condition holds, and that an object has no version unless the bucket keeps them.
func TestCopyConditions(t *testing.T) {
	t.Parallel()
	server := start(t)
	require.NoError(t, server.AddBucket("data", alice.Account, "us-east-1"))
	storage := client(server, alice, "us-east-1")
	put, err := storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: aws.String("a"), Body: strings.NewReader("text")})
	require.NoError(t, err)
	copyTo := func(key string, ifMatch, ifNoneMatch *string) error {
		_, err := storage.CopyObject(t.Context(), &s3.CopyObjectInput{
			Bucket: aws.String("data"), Key: &key, CopySource: aws.String("data/a"), IfMatch: ifMatch, IfNoneMatch: ifNoneMatch,
		})
		return err
	}
	wantCode(t, copyTo("b", put.ETag, nil), "NoSuchKey")
	require.NoError(t, copyTo("b", nil, aws.String("*")))
	wantCode(t, copyTo("b", nil, aws.String("*")), "PreconditionFailed")
	wantCode(t, copyTo("b", aws.String(`"other"`), nil), "PreconditionFailed")
	require.NoError(t, copyTo("b", put.ETag, nil))
	require.NoError(t, copyTo("b", nil, nil))
	head, err := storage.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("data"), Key: aws.String("b")})
	require.NoError(t, err)
	assert.Nil(t, head.VersionId)
}

func TestIntegrity(t *testing.T) {
	t.Parallel()
	server := start(t)
	require.NoError(t, server.AddBucket("data", alice.Account, "us-east-1"))
	put := func(change func(*http.Request)) error {
		_, err := client(server, alice, "us-east-1").PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String("data"), Key: aws.String("key"), Body: strings.NewReader("what was signed"),
		}, func(o *s3.Options) {
			o.HTTPClient = changing{change}
		})
		return err
	}
	require.NoError(t, put(func(*http.Request) {}))
	err := put(func(r *http.Request) { r.Body = http.NoBody; r.ContentLength = 0 })
	require.Error(t, err, "the body is not the one that was signed")
	err = put(func(r *http.Request) { r.Header.Set("X-Amz-Checksum-Crc32", "AAAAAA==") })
	require.Error(t, err, "the checksum is not the one that was signed")
}

type changing struct{ change func(*http.Request) }

func (c changing) Do(r *http.Request) (*http.Response, error) {
	c.change(r)
	return http.DefaultTransport.RoundTrip(r)
}

// botocore hangs without it: see continueEmpty.
func TestContinueBeforeEmptyBody(t *testing.T) {
	t.Parallel()
	server, err := Start(nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(server.URL(), "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "PUT /bucket/key HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n")
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
	_, err = reader.ReadString('\n')
	require.NoError(t, err)
	line, err = reader.ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, "403")
}
