// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/rclone/gofakes3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var listedKeys = []string{"a", "a/1", "a/2", "b", "b/", "b/x/1", "b/x/2", "b/y", "c/1", "c/2", "c/3", "d"}

// wantListing returns what S3 lists after a key: keys, and common prefixes in their place.
func wantListing(prefix, delimiter, after string) []string {
	var want []string
	for _, key := range listedKeys {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok || key <= after {
			continue
		}
		if at := strings.Index(rest, delimiter); delimiter != "" && at >= 0 {
			key = prefix + rest[:at] + delimiter + "*"
		}
		if !slices.Contains(want, key) {
			want = append(want, key)
		}
	}
	return want
}

func entries(contents []types.Object, prefixes []types.CommonPrefix) []string {
	var found []string
	for _, object := range contents {
		found = append(found, *object.Key)
	}
	for _, prefix := range prefixes {
		found = append(found, *prefix.Prefix+"*")
	}
	return found
}

// TestListing checks that the pages of a listing have all keys and common prefixes once,
// whatever its prefix, delimiter, first key and size of pages.
func TestListing(t *testing.T) {
	t.Parallel()
	server := start(t, "data")
	storage := client(server, alice, "us-east-1")
	for _, key := range listedKeys {
		_, err := storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: &key, Body: strings.NewReader("")})
		require.NoError(t, err)
	}
	for _, prefix := range []string{"", "b", "b/"} {
		for _, delimiter := range []string{"", "/"} {
			for _, after := range []string{"", "a/1", "a/15", "b/x/1", "zz"} {
				for _, size := range []int32{1, 2, 100} {
					name := fmt.Sprintf("prefix %q delimiter %q after %q by %d", prefix, delimiter, after, size)
					want := wantListing(prefix, delimiter, after)
					in := &s3.ListObjectsV2Input{Bucket: aws.String("data"), Prefix: &prefix, StartAfter: &after, MaxKeys: &size}
					old := &s3.ListObjectsInput{Bucket: aws.String("data"), Prefix: &prefix, Marker: &after, MaxKeys: &size}
					if delimiter != "" {
						in.Delimiter, old.Delimiter = &delimiter, &delimiter
					}
					assert.ElementsMatch(t, want, pagesOf(t, size, in, storage), name)
					if delimiter != "" { // an old listing without one has no marker of the next page
						assert.ElementsMatch(t, want, oldPagesOf(t, size, old, storage), name)
					}
				}
			}
		}
	}
}

func pagesOf(t *testing.T, size int32, in *s3.ListObjectsV2Input, storage *s3.Client) []string {
	t.Helper()
	var found []string
	for range listedKeys {
		page, err := storage.ListObjectsV2(t.Context(), in)
		require.NoError(t, err)
		entries := entries(page.Contents, page.CommonPrefixes)
		assert.LessOrEqual(t, len(entries), int(size))
		found = append(found, entries...)
		if !*page.IsTruncated {
			return found
		}
		assert.Len(t, entries, int(size), "only the last page is not full")
		in.ContinuationToken = page.NextContinuationToken
	}
	require.Fail(t, "the listing does not end")
	return nil
}

func oldPagesOf(t *testing.T, size int32, in *s3.ListObjectsInput, storage *s3.Client) []string {
	t.Helper()
	var found []string
	for range listedKeys {
		page, err := storage.ListObjects(t.Context(), in)
		require.NoError(t, err)
		entries := entries(page.Contents, page.CommonPrefixes)
		assert.LessOrEqual(t, len(entries), int(size))
		found = append(found, entries...)
		if !*page.IsTruncated {
			assert.Nil(t, page.NextMarker, "there is no next page")
			return found
		}
		in.Marker = page.NextMarker
	}
	require.Fail(t, "the listing does not end")
	return nil
}

// TestListingOfNoBucket checks that a listing that the server cuts itself fails too.
func TestListingOfNoBucket(t *testing.T) {
	t.Parallel()
	memory := newBackend(newBucketTable())
	_, err := memory.ListBucket(context.Background(), "missing", &gofakes3.Prefix{HasDelimiter: true, Delimiter: "/"}, gofakes3.ListBucketPage{})
	assert.True(t, gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchBucket), "%v", err)
	_, err = client(start(t), alice, "us-east-1").ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("missing")})
	wantCode(t, err, "NoSuchBucket")
}

// TestUploadsOfABucket checks that a bucket in which no upload was ever begun has an
// empty list of uploads, as others have, and that a missing bucket has none.
func TestUploadsOfABucket(t *testing.T) {
	t.Parallel()
	server := start(t, "data")
	storage := client(server, alice, "us-east-1")
	list := func() []types.MultipartUpload {
		page, err := storage.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("data")})
		require.NoError(t, err)
		assert.False(t, aws.ToBool(page.IsTruncated))
		return page.Uploads
	}
	assert.Empty(t, list())
	raw := ask(t, server, request{method: "GET", path: "/data?uploads="})
	assert.Equal(t, 200, raw.status)
	assert.True(t, strings.HasSuffix(raw.body, "</ListMultipartUploadsResult>"), raw.body)
	assert.NotContains(t, raw.body, "NoSuchUpload")

	created, err := storage.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("data"), Key: aws.String("key")})
	require.NoError(t, err)
	uploads := list()
	require.Len(t, uploads, 1)
	assert.Equal(t, created.UploadId, uploads[0].UploadId)
	_, err = storage.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("missing")})
	wantCode(t, err, "NoSuchBucket")
	assert.Equal(t, "InvalidURI", ask(t, server, request{method: "GET", path: "/data?uploads=&max-uploads=x"}).code())
}
