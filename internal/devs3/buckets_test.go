// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func create(t *testing.T, server *Server, c Credential, region, name, location string) error {
	t.Helper()
	in := &s3.CreateBucketInput{Bucket: &name}
	if location != "" {
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(location)}
	}
	_, err := client(server, c, region).CreateBucket(t.Context(), in)
	return err
}

// TestCreateBucketRules checks who may take a name, and from which region.
func TestCreateBucketRules(t *testing.T) {
	t.Parallel()
	server := start(t)
	for _, test := range []struct {
		caller                 Credential
		region, name, location string
		want                   string
	}{
		{alice, "us-east-1", "one", "", ""},
		{alice, "us-east-1", "one", "", ""}, // us-east-1 answers 200 for a bucket of the caller's
		{bob, "us-east-1", "one", "", "BucketAlreadyExists"},
		{alice, "eu-west-1", "two", "eu-west-1", ""},
		{alice, "eu-west-1", "two", "eu-west-1", "BucketAlreadyOwnedByYou"},
		{alice, "us-east-1", "two", "", "BucketAlreadyOwnedByYou"},
		{alice, "eu-west-1", "one", "eu-west-1", "BucketAlreadyOwnedByYou"},
		{bob, "eu-west-1", "two", "eu-west-1", "BucketAlreadyExists"},
		{alice, "us-east-1", "from-the-first", "eu-central-1", ""},
		{alice, "us-east-1", "three", "us-east-1", "InvalidLocationConstraint"},
		{alice, "eu-west-1", "three", "us-east-1", "InvalidLocationConstraint"},
		{alice, "eu-west-1", "three", "", "IllegalLocationConstraintException"},
		{alice, "eu-west-1", "three", "eu-central-1", "IllegalLocationConstraintException"},
		{alice, "us-east-1", "Upper", "", "InvalidBucketName"},
		{bob, "us-east-1", "three", "", ""}, // refusals took no name
	} {
		err := create(t, server, test.caller, test.region, test.name, test.location)
		if test.want == "" {
			require.NoError(t, err, test.name)
			continue
		}
		wantCode(t, err, test.want)
	}
	for name, region := range map[string]string{"one": "", "two": "eu-west-1", "from-the-first": "eu-central-1"} {
		location, err := client(server, alice, "us-east-1").GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: &name})
		if region != "" {
			wantCode(t, err, "AuthorizationHeaderMalformed")
			location, err = client(server, alice, region).GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: &name})
		}
		require.NoError(t, err)
		assert.EqualValues(t, region, location.LocationConstraint)
	}
}

// TestCreateBucketRequests checks creations that the SDK does not make.
func TestCreateBucketRequests(t *testing.T) {
	t.Parallel()
	server := start(t, "alices")
	configuration := func(pad int) string {
		return "<CreateBucketConfiguration><!--" + strings.Repeat("x", pad) + "--><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
	}
	size := len(configuration(0))
	for _, test := range []struct{ path, body, want, location string }{
		{"/new", "", "OK", "/new"},
		{"/new", "", "OK", "/new"}, // the caller's
		{"/other/", "", "OK", "/other"},
		{"/third?x-id=CreateBucket", "", "OK", "/third"},
		{"/bad", "<CreateBucketConfiguration>", "MalformedXML", ""},
		{"/bad", "<Other/>", "MalformedXML", ""},
		{"/large", configuration(maxSTSBody - size), "OK", "/large"},
		{"/larger", configuration(maxSTSBody - size + 1), "MalformedXML", ""},
	} {
		got := ask(t, server, request{method: "PUT", path: test.path, body: test.body})
		assert.Equal(t, test.want, got.code(), test)
		assert.Equal(t, test.location, got.header.Get("Location"), test)
	}
}

// TestNamespaces checks that a name of an account's regional namespace is that account's, and
// is taken by its own request only.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	server := start(t)
	for _, test := range []struct{ name, namespace, want string }{
		{"data-111111111111-us-east-1-an", "account-regional", "OK"},
		{"data-222222222222-us-east-1-an", "account-regional", "InvalidBucketName"},
		{"data-111111111111-eu-west-1-an", "account-regional", "InvalidBucketName"},
		{"data", "account-regional", "InvalidBucketName"},
		{"more-111111111111-us-east-1-an", "", "InvalidBucketName"},
		{"more-an", "global", "InvalidBucketName"},
		{"more", "global", "OK"},
	} {
		header := map[string]string{}
		if test.namespace != "" {
			header["X-Amz-Bucket-Namespace"] = test.namespace
		}
		assert.Equal(t, test.want, ask(t, server, request{method: "PUT", path: "/" + test.name, header: header}).code(), test)
	}
}

// TestDeletedBucket checks that the name of a bucket is free when the bucket is gone,
// and not before.
func TestDeletedBucket(t *testing.T) {
	t.Parallel()
	server := start(t)
	require.NoError(t, create(t, server, alice, "eu-west-1", "two", "eu-west-1"))
	owners := client(server, alice, "eu-west-1")
	_, err := owners.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("two"), Key: aws.String("key"), Body: strings.NewReader("")})
	require.NoError(t, err)
	_, err = owners.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("two")})
	wantCode(t, err, "BucketNotEmpty")
	wantCode(t, create(t, server, bob, "us-east-1", "two", ""), "BucketAlreadyExists")
	_, err = owners.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("two"), Key: aws.String("key")})
	require.NoError(t, err)
	_, err = client(server, bob, "eu-west-1").DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("two")})
	wantCode(t, err, "AccessDenied")
	_, err = owners.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("two")})
	require.NoError(t, err)
	require.NoError(t, create(t, server, bob, "us-east-1", "two", ""), "a deleted name is free")
}

// TestOwnersAndRegions checks that a bucket answers its owner, or anyone if it is public,
// and no caller who expects another owner or signs for another region.
func TestOwnersAndRegions(t *testing.T) {
	t.Parallel()
	server := start(t)
	require.NoError(t, server.AddBucket("shared", alice.Account, "eu-west-1"))
	require.ErrorIs(t, server.AddBucket("shared", bob.Account, "us-east-1"), errBucketExists)
	require.NoError(t, server.AddBucket("open", alice.Account, "eu-west-1"))
	require.NoError(t, server.OpenBucket("open", OpenByACL))
	require.Error(t, server.OpenBucket("missing", OpenByACL))
	for _, test := range []struct {
		caller                Credential
		bucket, region, owner string
		want                  string
	}{
		{alice, "shared", "eu-west-1", "", ""},
		{alice, "shared", "eu-west-1", alice.Account, ""},
		{alice, "shared", "eu-west-1", bob.Account, "AccessDenied"},
		{bob, "shared", "eu-west-1", "", "AccessDenied"},
		{bob, "shared", "eu-west-1", alice.Account, "AccessDenied"},
		{alice, "shared", "us-east-1", "", "AuthorizationHeaderMalformed"},
		{bob, "open", "eu-west-1", "", ""},
		{bob, "open", "eu-west-1", alice.Account, ""},
		{bob, "open", "eu-west-1", bob.Account, "AccessDenied"},
	} {
		storage := client(server, test.caller, test.region)
		var owner *string
		if test.owner != "" {
			owner = &test.owner
		}
		_, err := storage.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &test.bucket, ExpectedBucketOwner: owner})
		_, putErr := storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &test.bucket, Key: aws.String("key"), ExpectedBucketOwner: owner})
		if test.want == "" {
			require.NoError(t, err)
			require.NoError(t, putErr)
			continue
		}
		wantCode(t, err, test.want)
		wantCode(t, putErr, test.want)
	}
	head, err := client(server, alice, "eu-west-1").HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("shared")})
	require.NoError(t, err)
	assert.Equal(t, "eu-west-1", *head.BucketRegion)
	wrong := ask(t, server, request{method: "GET", path: "/shared"})
	assert.Equal(t, "eu-west-1", wrong.header.Get("X-Amz-Bucket-Region"))
	assert.Contains(t, wrong.body, "<Region>eu-west-1</Region>")
	assert.Contains(t, wrong.body, "the region &#39;us-east-1&#39; is wrong; expecting &#39;eu-west-1&#39;")
}

// TestOwnerInURL checks the owner that a presigned URL expects.
func TestOwnerInURL(t *testing.T) {
	t.Parallel()
	server := start(t, "data")
	for owner, want := range map[string]string{"": "OK", alice.Account: "OK", bob.Account: "AccessDenied"} {
		got := ask(t, server, request{method: "GET", path: "/data?list-type=2&x-amz-expected-bucket-owner=" + owner})
		assert.Equal(t, want, got.code(), owner)
	}
}

// TestSourcesOfCopies checks that a copy needs the right to read its source, and that the
// source's owner is the one that is expected.
func TestSourcesOfCopies(t *testing.T) {
	t.Parallel()
	server := start(t, "alices", "open")
	require.NoError(t, server.AddBucket("bobs", bob.Account, "us-east-1"))
	require.NoError(t, server.OpenBucket("open", OpenByPolicy))
	for _, name := range []string{"alices", "open"} {
		require.Equal(t, "OK", ask(t, server, request{method: "PUT", path: "/" + name + "/key", body: "text"}).code())
	}
	for _, test := range []struct {
		caller                Credential
		source, owner, target string
		want                  string
	}{
		{alice, "alices/key", "", "alices", ""},
		{alice, "/alices/key", alice.Account, "alices", ""},
		{alice, "alices/key", bob.Account, "alices", "AccessDenied"},
		{bob, "alices/key", "", "bobs", "AccessDenied"},
		{bob, "/alices/key", "", "bobs", "AccessDenied"},
		{bob, "open/key", "", "bobs", ""},
		{bob, "open/key", bob.Account, "bobs", "AccessDenied"},
		{bob, "missing/key", "", "bobs", "NoSuchBucket"},
	} {
		in := &s3.CopyObjectInput{Bucket: &test.target, Key: aws.String("copy"), CopySource: &test.source}
		if test.owner != "" {
			in.ExpectedSourceBucketOwner = &test.owner
		}
		_, err := client(server, test.caller, "us-east-1").CopyObject(t.Context(), in)
		if test.want == "" {
			require.NoError(t, err)
			continue
		}
		wantCode(t, err, test.want)
	}
}
