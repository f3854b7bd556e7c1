// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const bucketExists = `<Error><Code>BucketAlreadyExists</Code><Message>taken</Message></Error>`

// TestCreateBucketAgain checks a server without accounts, which answers the second
// creation of a bucket as if it were another's. If the caller may use the bucket, that is
// no error, unless the server is AWS's.
func TestCreateBucketAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		endpoint string
		head     int
		want     error
	}{
		{"http://127.0.0.1:1", http.StatusOK, nil},
		{"http://127.0.0.1:1", http.StatusForbidden, lithopss3.ErrNotOwner},
		{"https://s3.us-east-1.amazonaws.com", http.StatusOK, lithopss3.ErrNotOwner},
		{"", http.StatusOK, lithopss3.ErrNotOwner},
	} {
		store := storeOfServer(t, func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodHead {
				return answer(r, test.head, nil, http.NoBody), nil
			}
			return answer(r, http.StatusConflict, nil, strings.NewReader(bucketExists)), nil
		}, func(o *lithopss3.Options) { o.Endpoint = test.endpoint })
		err := store.CreateBucket(t.Context(), "bucket")
		if test.want == nil {
			require.NoError(t, err, test)
			continue
		}
		require.ErrorIs(t, err, test.want, test)
	}
}

// TestNoUploads checks that a server that answers NoSuchUpload when it lists uploads has
// none.
func TestNoUploads(t *testing.T) {
	t.Parallel()
	code := "NoSuchUpload"
	store := storeOfServer(t, func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(r, http.StatusNotFound, nil, strings.NewReader("<Error><Code>"+code+"</Code></Error>")), nil
	})
	for open, err := range store.OpenUploads(t.Context(), "bucket", "") {
		t.Error("there is none", open, err)
	}
	code = "NoSuchBucket"
	for _, err := range store.OpenUploads(t.Context(), "bucket", "") {
		require.ErrorIs(t, err, lithopss3.ErrNoSuchBucket)
	}
}

// TestNoUploadsOnALaterPage checks that it is an error after a page that promised more.
func TestNoUploadsOnALaterPage(t *testing.T) {
	t.Parallel()
	store := storeOfServer(t, func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if r.URL.Query().Has("key-marker") {
			return answer(r, http.StatusNotFound, nil, strings.NewReader("<Error><Code>NoSuchUpload</Code></Error>")), nil
		}
		return answer(r, http.StatusOK, nil, strings.NewReader("<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"+
			"<NextKeyMarker>key</NextKeyMarker><NextUploadIdMarker>id</NextUploadIdMarker>"+
			"<Upload><Key>key</Key><UploadId>id</UploadId></Upload></ListMultipartUploadsResult>")), nil
	})
	var last error
	count := 0
	for _, err := range store.OpenUploads(t.Context(), "bucket", "") {
		count++
		last = err
	}
	assert.Equal(t, 2, count)
	require.ErrorContains(t, last, "NoSuchUpload")
}

// TestRangeLastOfShortObject checks that the last bytes of an object that has fewer are
// all of it, also on servers that refuse such a range or ignore it.
func TestRangeLastOfShortObject(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusRequestedRangeNotSatisfiable, http.StatusOK} {
		store := storeOfServer(t, func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
			header := http.Header{"Etag": {`"e"`}, "Content-Length": {"3"}}
			if r.Method == http.MethodHead {
				return answer(r, http.StatusOK, header, http.NoBody), nil
			}
			isRange := r.Header.Get("Range") != ""
			if isRange && status != http.StatusOK {
				return answer(r, status, nil, strings.NewReader("<Error><Code>InvalidRange</Code></Error>")), nil
			}
			if !isRange {
				assert.Equal(t, `"e"`, r.Header.Get("If-Match"), "the object that HEAD has described")
			}
			return answer(r, http.StatusOK, header, strings.NewReader("abc")), nil
		})
		object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Range: lithopss3.RangeLast(5)})
		require.NoError(t, err, status)
		data, err := io.ReadAll(object.Body)
		require.NoError(t, err)
		require.NoError(t, object.Body.Close())
		assert.Equal(t, "abc", string(data))
		_, err = store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Range: lithopss3.RangeLast(2)})
		require.Error(t, err, "a longer object")
	}
}
