// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOpenUploads lists uploads, several of one key, and ends one of them.
func TestOpenUploads(t *testing.T) {
	t.Parallel()
	store := openWire(t, straight)
	bucket := "bucket"
	for i := range 5 {
		key := fmt.Sprintf("folder/ключ %d+&", i/2)
		_, err := store.Client().CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key})
		require.NoError(t, err)
	}
	var found []lithopss3.OpenUpload
	for upload, err := range store.OpenUploads(t.Context(), bucket, "folder/") {
		require.NoError(t, err)
		assert.False(t, upload.Begun.IsZero())
		found = append(found, upload)
	}
	require.Len(t, found, 5)
	assert.Equal(t, "folder/ключ 2+&", found[4].Key)
	for range 2 { // one that is gone is no error
		require.NoError(t, store.AbortUpload(t.Context(), bucket, found[2]))
	}
	assert.Equal(t, 4, uploadsLeft(t, store))
	for upload, err := range store.OpenUploads(t.Context(), bucket, "other/") {
		t.Errorf("a prefix selects, and not %v, %v", upload, err)
	}
	for _, err := range store.OpenUploads(t.Context(), "no-such-bucket", "") {
		require.ErrorIs(t, err, lithopss3.ErrNoSuchBucket)
	}
	require.ErrorContains(t, store.AbortUpload(t.Context(), bucket, lithopss3.OpenUpload{Key: "key"}), "no ID")
}

// TestOpenUploadsOfAPrefix has a server that does not know the prefix of this listing, so
// that uploads of other keys would be aborted.
func TestOpenUploadsOfAPrefix(t *testing.T) {
	t.Parallel()
	store := openWire(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		response := testkit.ErrorAnswer(request, http.StatusOK, "")
		response.Body = io.NopCloser(strings.NewReader("<ListMultipartUploadsResult><Upload><Key>mine/a</Key><UploadId>1</UploadId></Upload>" +
			"<Upload><Key>theirs</Key><UploadId>2</UploadId></Upload></ListMultipartUploadsResult>"))
		response.ContentLength = -1
		return response, nil
	})
	for prefix, want := range map[string]int{"mine/": 0, "": 2} {
		count := 0
		var failed error
		for _, err := range store.OpenUploads(t.Context(), "bucket", prefix) {
			if failed = err; err == nil {
				count++
			}
		}
		assert.Equal(t, want, count, prefix)
		assert.Equal(t, want == 0, errors.Is(failed, lithopss3.ErrListing), "%q: %v", prefix, failed)
	}
}

// TestOpenUploadsPages follows the markers, and ends where they do not advance.
func TestOpenUploadsPages(t *testing.T) {
	t.Parallel()
	var asked []string
	endless := false
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		query := request.URL.Query()
		if !query.Has("uploads") {
			return next.RoundTrip(request)
		}
		asked = append(asked, query.Get("key-marker")+" "+query.Get("upload-id-marker"))
		page := "<IsTruncated>true</IsTruncated><NextKeyMarker>a%20b</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker><Upload><Key>a%20b</Key><UploadId>1</UploadId></Upload>"
		if len(asked) > 1 && !endless {
			page = "<Upload><Key>c</Key><UploadId>2</UploadId></Upload>"
		}
		response := testkit.ErrorAnswer(request, http.StatusOK, "")
		response.Body = io.NopCloser(strings.NewReader("<ListMultipartUploadsResult><EncodingType>url</EncodingType>" + page + "</ListMultipartUploadsResult>"))
		response.ContentLength = -1
		return response, nil
	})
	list := func() (keys []string, err error) {
		for upload, err := range store.OpenUploads(t.Context(), "bucket", "") {
			if err != nil {
				return keys, err
			}
			keys = append(keys, upload.Key)
		}
		return keys, nil
	}
	keys, err := list()
	require.NoError(t, err)
	assert.Equal(t, []string{"a b", "c"}, keys)
	assert.Equal(t, []string{" ", "a b 1"}, asked)
	endless = true
	_, err = list()
	require.ErrorIs(t, err, lithopss3.ErrListing)
}

// TestLeftoverOfKilledDownload checks that a download removes the temporary file of a
// killed one for the same file, and not that of one in progress.
func TestLeftoverOfKilledDownload(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	var began atomic.Bool
	var store *lithopss3.Store
	var during []string
	data := testkit.Bytes(17 * unit)
	store = openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if rangeStart(request) == 8*unit && !began.Swap(true) {
			during = testkit.Files(t, folder)
			assert.NoError(t, store.DownloadFile(context.Background(), "bucket", "key", path, nil), "beside the first")
			assert.ElementsMatch(t, []string{during[0], "file"}, testkit.Files(t, folder))
		}
		return next.RoundTrip(request)
	})
	putWhole(t, store, "key", data)
	require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, nil))
	require.Len(t, during, 1)
	assert.Equal(t, []string{"file"}, testkit.Files(t, folder))

	// A file that only has the name stays.
	left := filepath.Join(folder, during[0])
	require.NoError(t, os.WriteFile(left, data[:unit], 0o600))
	require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, nil))
	assert.ElementsMatch(t, []string{"file", during[0]}, testkit.Files(t, folder))
	kept, err := os.ReadFile(left)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data[:unit], kept))
	require.NoError(t, os.Remove(left))
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("mine"), 0o600))
	testkit.Symlink(t, outside, left)
	require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, nil))
	assert.ElementsMatch(t, []string{"file", during[0]}, testkit.Files(t, folder))
	kept, err = os.ReadFile(outside)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(kept))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, got))
}

// TestUploadThatAnotherAborts checks what a put says whose upload another process aborts: no
// object and no bucket is missing.
func TestUploadThatAnotherAborts(t *testing.T) {
	t.Parallel()
	store := openWire(t, straight)
	aborted := 0
	body := readerFunc(func(p []byte) (int, error) {
		for upload, err := range store.OpenUploads(t.Context(), "bucket", "") {
			if assert.NoError(t, err) && assert.NoError(t, store.AbortUpload(t.Context(), "bucket", upload)) {
				aborted++
			}
		}
		return len(p), nil // without an end
	})
	err := store.PutObject(t.Context(), "bucket", "key", body, nil)
	require.ErrorContains(t, err, "the multipart upload was aborted or completed meanwhile: NoSuchUpload")
	require.NotErrorIs(t, err, os.ErrNotExist)
	assert.Positive(t, aborted)
	assert.Zero(t, uploadsLeft(t, store))
}
