// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPresign checks that presigned requests work without credentials, and only as they
// were signed.
func TestPresign(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	send := func(request *lithopss3.PresignedRequest, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), request.Method, request.URL, strings.NewReader(body))
		require.NoError(t, err)
		r.Header = request.Header.Clone()
		if r.Header == nil {
			r.Header = http.Header{}
		}
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		data, err := io.ReadAll(response.Body)
		require.NoError(t, errors.Join(err, response.Body.Close()))
		return response.StatusCode, string(data)
	}
	const key = "a key/+é"
	put, err := store.PresignPut(t.Context(), "bucket", key, time.Minute, &lithopss3.PutOptions{ContentType: "text/x", Metadata: map[string]string{"a": "b"}})
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(time.Minute), put.Expires, 5*time.Second)
	status, body := send(put, "text")
	require.Equal(t, 200, status, body)
	info, err := store.HeadObject(t.Context(), "bucket", key)
	require.NoError(t, err)
	assert.Equal(t, "text/x", info.ContentType)
	assert.Equal(t, map[string]string{"a": "b"}, info.Metadata)

	get, err := store.PresignGet(t.Context(), "bucket", key, 7*24*time.Hour, nil)
	require.NoError(t, err)
	assert.Empty(t, get.Header, "a link")
	status, body = send(get, "")
	assert.Equal(t, 200, status)
	assert.Equal(t, "text", body)
	get.URL = strings.Replace(get.URL, "X-Amz-Expires=604800", "X-Amz-Expires=604799", 1)
	status, _ = send(get, "")
	assert.Equal(t, 403, status)
	part, err := store.PresignGet(t.Context(), "bucket", key, time.Minute, &lithopss3.GetOptions{Range: lithopss3.Range(1, 2)})
	require.NoError(t, err)
	status, body = send(part, "")
	assert.Equal(t, 206, status)
	assert.Equal(t, "ex", body)
	for _, r := range []*lithopss3.ByteRange{lithopss3.Range(0, 0), lithopss3.Range(3, 0), {Offset: -3, Length: 2}, lithopss3.RangeLast(0)} {
		_, err := store.PresignGet(t.Context(), "bucket", key, time.Minute, &lithopss3.GetOptions{Range: r})
		require.ErrorContains(t, err, "HTTP has no such range")
	}
	part, err = store.PresignGet(t.Context(), "bucket", key, time.Minute, &lithopss3.GetOptions{Range: lithopss3.RangeLast(3)})
	require.NoError(t, err)
	status, body = send(part, "")
	assert.Equal(t, 206, status)
	assert.Equal(t, "ext", body)

	lock, err := store.PresignPut(t.Context(), "bucket", key, time.Minute, &lithopss3.PutOptions{IfAbsent: true})
	require.NoError(t, err)
	status, _ = send(lock, "other")
	assert.Equal(t, 412, status)

	for _, wrong := range []time.Duration{0, -1, time.Millisecond, 7*24*time.Hour + 1} {
		_, err = store.PresignGet(t.Context(), "bucket", key, wrong, nil)
		require.ErrorContains(t, err, "7 days")
	}
	_, err = store.PresignPut(t.Context(), "bucket", "", time.Minute, nil)
	require.ErrorIs(t, err, lithopss3.ErrInvalidKey)
}

// TestPresignForTheOwner checks that presigned requests name the user's bucket only, in
// its region.
func TestPresignForTheOwner(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice, bob}})
	require.NoError(t, server.AddBucket("far", alice.Account, "eu-west-1"))
	store, _ := openRecorded(t, server, configOf(alice, "us-east-1"), lithopss3.Options{})
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	require.NoError(t, store.PutObject(t.Context(), bucket, "key", strings.NewReader("text"), nil))
	link, err := store.PresignGet(t.Context(), bucket, "key", time.Minute, nil)
	require.NoError(t, err)
	assert.Contains(t, link.URL, "x-amz-expected-bucket-owner="+alice.Account, "in small letters, or S3 does not heed it")
	assert.Empty(t, link.Header)
	assert.Equal(t, 200, statusOf(t, link.URL))
	assert.Equal(t, 403, statusOf(t, strings.Replace(link.URL, alice.Account, bob.Account, 1)))

	fresh, _ := openRecorded(t, server, configOf(alice, "us-east-1"), lithopss3.Options{})
	link, err = fresh.PresignGet(t.Context(), "far", "key", time.Minute, nil)
	require.NoError(t, err)
	assert.Contains(t, link.URL, "%2Feu-west-1%2Fs3%2F")
	assert.Equal(t, 404, statusOf(t, link.URL), "signed for where the bucket is")
}

func statusOf(t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return response.StatusCode
}

// TestPresignTogether has the race detector look at what presigned requests share.
func TestPresignTogether(t *testing.T) {
	t.Parallel()
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, http.StatusOK, nil, http.NoBody), nil
	})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			_, err := store.PresignGet(t.Context(), "bucket", "key", time.Hour, nil)
			assert.NoError(t, err)
			assert.NoError(t, store.HeadBucket(t.Context(), "bucket"))
		})
	}
	group.Wait()
}
