// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ownersOf returns an Options.Owner that knows these buckets.
func ownersOf(owners map[string]string) func(string) *string {
	return func(bucket string) *string {
		if owner, ok := owners[bucket]; ok {
			return &owner
		}
		return nil
	}
}

// TestOwnersOfACopy checks that a copy demands the owners of both buckets, each if it is
// known.
func TestOwnersOfACopy(t *testing.T) {
	t.Parallel()
	const point = "arn:aws:s3:us-east-1:123456789012:accesspoint/point"
	c := (&fakeServer{}).client(Options{Owner: ownersOf(map[string]string{"to": "1", "from": "2", point: "3", "": "4"})})
	for source, want := range map[string]*string{
		"from/key": aws.String("2"), "/from/a/b": aws.String("2"), "from": aws.String("2"), point + "/object/key": aws.String("3"),
		"other/from/key": nil, "": nil,
	} {
		object := &s3.CopyObjectInput{CopySource: &source}
		c.Prepare("to", object)
		part := &s3.UploadPartCopyInput{CopySource: &source}
		c.Prepare("unknown", part)
		assert.Equal(t, aws.String("1"), object.ExpectedBucketOwner, source)
		assert.Nil(t, part.ExpectedBucketOwner, source)
		assert.Equal(t, want, object.ExpectedSourceBucketOwner, source)
		assert.Equal(t, want, part.ExpectedSourceBucketOwner, source)
	}
	without := &s3.CopyObjectInput{}
	c.Prepare("to", without)
	assert.Nil(t, without.ExpectedSourceBucketOwner, "no source is named")
	asked := &s3.CopyObjectInput{CopySource: aws.String("from/key"), ExpectedSourceBucketOwner: aws.String("9")}
	c.Prepare("to", asked)
	assert.Equal(t, "9", *asked.ExpectedSourceBucketOwner, "the caller's stays")
}

func TestRequesterPays(t *testing.T) {
	t.Parallel()
	for pays, want := range map[bool]types.RequestPayer{true: types.RequestPayerRequester, false: ""} {
		c := (&fakeServer{}).client(Options{RequesterPays: pays})
		get := &s3.GetObjectInput{}
		c.Prepare("bucket", get)
		assert.Equal(t, want, get.RequestPayer)
		set := &s3.GetObjectInput{RequestPayer: "other"}
		c.Prepare("bucket", set)
		assert.EqualValues(t, "other", set.RequestPayer)
		c.Prepare("bucket", &s3.CreateBucketInput{}) // has no such field
	}
}

// TestCustomize checks that the caller sees each input with its operation, and can't
// remove the owner.
func TestCustomize(t *testing.T) {
	t.Parallel()
	var seen []string
	c := (&fakeServer{}).client(Options{
		RequesterPays: true, Owner: ownersOf(map[string]string{"mine": "1"}),
		Customize: func(operation string, input any) {
			seen = append(seen, operation)
			if in, ok := input.(*s3.GetObjectInput); ok {
				assert.Equal(t, types.RequestPayerRequester, in.RequestPayer)
				in.ExpectedBucketOwner = nil
				in.VersionId = aws.String("v")
			}
		},
	})
	in := &s3.GetObjectInput{}
	c.Prepare("mine", in)
	c.Prepare("mine", &s3.HeadBucketInput{})
	assert.Equal(t, []string{"GetObject", "HeadBucket"}, seen)
	assert.Equal(t, "1", *in.ExpectedBucketOwner)
	assert.Equal(t, "v", *in.VersionId)
}

// TestCustomizeOfAnotherCall has Customize change an input once, whose caller makes the request
// again: a body that resumes, a listing with several pages. The caller learns the CRC32 of a part.
func TestCustomizeOfAnotherCall(t *testing.T) {
	t.Parallel()
	c := (&fakeServer{}).client(Options{Customize: func(_ string, input any) {
		if in, ok := input.(*s3.GetObjectInput); ok {
			in.Key = aws.String("mine/" + *in.Key)
		}
	}})
	in := &s3.GetObjectInput{Key: aws.String("key")}
	for range 2 {
		_, err := Call(t.Context(), c, "bucket", in, func(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
			assert.Equal(t, "mine/key", *in.Key)
			return &s3.GetObjectOutput{}, nil
		})
		require.NoError(t, err)
	}
	part := &s3.UploadPartInput{}
	_, err := Call(t.Context(), c, "bucket", part, func(_ context.Context, in *s3.UploadPartInput, _ ...func(*s3.Options)) (*s3.UploadPartOutput, error) {
		in.ChecksumCRC32 = aws.String("AAAAAA==")
		return &s3.UploadPartOutput{}, nil
	})
	require.NoError(t, err)
	assert.Equal(t, "AAAAAA==", aws.ToString(part.ChecksumCRC32))
}

func TestKeyOf(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "k", keyOf(&s3.GetObjectInput{Key: aws.String("k")}))
	assert.Empty(t, keyOf(&s3.GetObjectInput{}))
	assert.Empty(t, keyOf(&s3.ListObjectsV2Input{}))
}

// TestCallIsNamedForTheObserver checks the name of the call that an observer gets, if there is one.
func TestCallIsNamedForTheObserver(t *testing.T) {
	t.Parallel()
	for _, isObserved := range []bool{true, false} {
		var got []string
		observer := &s3http.Observer{Request: func(_ context.Context, event *s3http.Event) {
			got = append(got, event.Operation+" "+event.Bucket+" "+event.Key)
		}}
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		})
		client := &s3http.Client{Transport: transport, Peer: &s3http.Peer{}, Observer: observer}
		c := (&fakeServer{}).client(Options{Region: "us-east-1", IsObserved: isObserved})
		in := &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}
		_, err := Call(t.Context(), c, "bucket", in, c.SDK.DeleteObject, func(o *s3.Options) { o.HTTPClient = client })
		require.NoError(t, err)
		if isObserved {
			assert.Equal(t, []string{"DeleteObject bucket key"}, got)
		} else {
			assert.NotContains(t, got, "DeleteObject bucket key")
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// located drops the region.
func located(_ string, err error) error { return err }

// TestLocate checks that a bucket is asked for once, and which answers tell its region.
func TestLocate(t *testing.T) {
	t.Parallel()
	in := func(region string) http.Header { return http.Header{"X-Amz-Bucket-Region": {region}} }
	for name, test := range map[string]struct {
		status int
		header http.Header
		want   string
	}{
		"here":             {200, in("us-east-1"), ""},
		"here, forbidden":  {403, in("us-east-1"), ""},
		"there, forbidden": {403, in("eu-west-1"), "eu-west-1"},
		"there, moved":     {301, in("eu-west-1"), "eu-west-1"},
		"no region":        {403, in("evil.example.com"), ""},
	} {
		server := &fakeServer{}
		server.answer = func(_ *http.Request) (int, http.Header, string) {
			if len(server.requests) > 1 {
				return 200, nil, "" // in the region that the first answer told
			}
			return test.status, test.header, ""
		}
		c := server.client(Options{Region: "us-east-1"})
		require.NoError(t, located(c.Locate(t.Context(), "bucket")), name)
		assert.Equal(t, test.want, c.BucketRegion("bucket"), name)
		sent := len(server.requests)
		require.NoError(t, located(c.Locate(t.Context(), "bucket")), name)
		assert.Len(t, server.requests, sent, "%s: it is known", name)
		require.NoError(t, located(c.Locate(t.Context(), "another")), name)
		assert.Greater(t, len(server.requests), sent, "%s: another bucket is asked for", name)
	}
}

// TestLocateAsksAgain checks that neither a server's failure nor a bucket that is not there yet
// leaves a bucket in the configured region permanently.
func TestLocateAsksAgain(t *testing.T) {
	t.Parallel()
	for status, isAsked := range map[int]bool{404: true, 429: true, 499: false, 500: true, 503: true} {
		server, failing := &fakeServer{}, true
		server.answer = func(*http.Request) (int, http.Header, string) {
			if failing {
				return status, nil, ""
			}
			return 403, http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}, ""
		}
		c := server.client(Options{Region: "us-east-1"})
		require.NoError(t, located(c.Locate(t.Context(), "bucket")), status)
		failing = false
		require.NoError(t, located(c.Locate(t.Context(), "bucket")), status)
		assert.Equal(t, isAsked, c.BucketRegion("bucket") == "eu-west-1", status)
	}
}

// TestLocateFails checks that no answer is an error, and that it is asked again then.
func TestLocateFails(t *testing.T) {
	t.Parallel()
	server := &fakeServer{answer: func(*http.Request) (int, http.Header, string) { return 200, nil, "" }}
	c := server.client(Options{Region: "us-east-1"})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("mine"))
	require.Error(t, located(c.Locate(ctx, "bucket")))
	require.NoError(t, located(c.Locate(t.Context(), "bucket")))
	assert.Len(t, server.requests, 1)
	c.places.put("there", "eu-west-1")
	require.NoError(t, located(c.Locate(t.Context(), "there")))
	assert.Len(t, server.requests, 1, "its region is known")
}

// TestManyBuckets checks that what is known of buckets does not grow with those that are
// named, and that what was learned last is known.
func TestManyBuckets(t *testing.T) {
	t.Parallel()
	server := &fakeServer{answer: func(*http.Request) (int, http.Header, string) { return 200, nil, "" }}
	c := server.client(Options{Region: "us-east-1"})
	most := 0
	for i := range 2*maxKnown + 1 {
		bucket, region := strconv.Itoa(i), ""
		if i%2 == 0 {
			region = "eu-west-1"
		}
		c.places.put(bucket, region)
		assert.Equal(t, region, c.BucketRegion(bucket))
		most = max(most, len(c.places.young)+len(c.places.old))
		found, err := c.Locate(t.Context(), bucket)
		require.NoError(t, err)
		assert.Equal(t, region, found)
		if i > 0 {
			_, isKnown := c.places.get(strconv.Itoa(i - 1))
			assert.True(t, isKnown, "what was learned just before")
		}
	}
	assert.Empty(t, server.requests)
	assert.Equal(t, maxKnown, most)
	c.places.put("a", "eu-west-1")
	c.places.put("a", "us-west-2")
	assert.Equal(t, "us-west-2", c.BucketRegion("a"))
	_, isKnown := c.places.get("0")
	assert.False(t, isKnown)
}
