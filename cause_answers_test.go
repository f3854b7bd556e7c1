// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCauseIsNoAnswer cancels each operation because another one failed, as an errgroup does.
// What the server said of the other object is not said of this one.
func TestCauseIsNoAnswer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "file"), []byte("content"), 0o600))
	var status atomic.Int64
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if status.Load() == 0 {
			assert.Contains(t, request.Header.Get("Authorization"), "/us-east-1/", "the other bucket's region")
		}
		return answer(request, int(status.Load()), http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}, http.NoBody), nil
	})
	for _, code := range []int{http.StatusNotFound, http.StatusForbidden, http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable} {
		status.Store(int64(code))
		_, another := store.HeadObject(t.Context(), "other-bucket", "another")
		require.Error(t, another)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(fmt.Errorf("the other goroutine: %w", another))
		for name, op := range namingOps(folder) {
			err := op.do(ctx, store, "bucket", "key")
			if err == nil { // it sends nothing
				continue
			}
			require.ErrorIs(t, err, context.Canceled, name)
			require.ErrorIs(t, err, context.Cause(ctx), name)
			checkOfNoOther(t, err, name)
		}
	}
}

// TestCauseMovesNoBucket cancels because another bucket is in another region. This bucket's
// requests stay where they were.
func TestCauseMovesNoBucket(t *testing.T) {
	t.Parallel()
	var last atomic.Pointer[string]
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		last.Store(aws.String(request.Header.Get("Authorization")))
		if strings.Contains(request.URL.Path, "other-bucket") {
			return answer(request, http.StatusMovedPermanently, http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}, http.NoBody), nil
		}
		return answer(request, http.StatusOK, nil, http.NoBody), nil
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(store.HeadBucket(t.Context(), "other-bucket"))
	require.Error(t, context.Cause(ctx))
	require.Error(t, store.HeadBucket(ctx, "bucket"))
	require.NoError(t, store.HeadBucket(t.Context(), "bucket"))
	assert.Contains(t, *last.Load(), "/us-east-1/")
}

// TestCauseIsNoEnd reads a body whose length the server did not say, in a context that ends
// with io.EOF. It is not complete.
func TestCauseIsNoEnd(t *testing.T) {
	t.Parallel()
	store := storeOn(t, rawServer(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
		_, _ = conn.Read(make([]byte, 1)) // until the client has closed it
	}))
	for range 2 { // the second time on the fast path
		ctx, cancel := context.WithCancelCause(t.Context())
		object, err := store.GetObject(ctx, "bucket", "key", nil)
		require.NoError(t, err)
		assert.Equal(t, []int64{-1, -1}, []int64{object.Size, object.Length}, "not told")
		_, err = io.ReadFull(object.Body, make([]byte, 5))
		require.NoError(t, err)
		cancel(io.EOF)
		_, err = io.ReadAll(object.Body)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, io.EOF)
		_ = object.Body.Close()
	}
}

// TestCauseKeepsPartialData interrupts a resumable download because the bytes of another one
// were wrong. What came of this one stays.
func TestCauseKeepsPartialData(t *testing.T) {
	t.Parallel()
	another := &lithopss3.Error{Op: "DownloadFile", Key: "another", Err: lithopss3.ErrChecksum}
	ctx, cancel := context.WithCancelCause(t.Context())
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if strings.HasPrefix(request.Header.Get("Range"), "bytes=") && !strings.HasPrefix(request.Header.Get("Range"), "bytes=0-") {
			cancel(another)
		}
		return response, err
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader(strings.Repeat("x", 20*unit)), nil))
	folder := t.TempDir()
	err := store.DownloadFile(ctx, "bucket", "key", filepath.Join(folder, "file"), &lithopss3.DownloadOptions{Resume: true})
	require.ErrorIs(t, err, another)
	assert.Len(t, testkit.Files(t, folder), 2)
}

// TestOthersCancel has a transport and a provider of the caller's give up with contexts of
// their own. The caller did not cancel, so that the request is made again, and the error does
// not say that it was canceled.
func TestOthersCancel(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if requests.Add(1) < 3 {
			return nil, fmt.Errorf("hedging: %w", context.Canceled)
		}
		return answer(request, http.StatusOK, nil, http.NoBody), nil
	})
	require.NoError(t, store.HeadBucket(t.Context(), "bucket"))
	assert.EqualValues(t, 3, requests.Load())

	never := storeOfServer(t, func(*http.Request, http.RoundTripper) (*http.Response, error) { return nil, context.Canceled })
	noKeys := storeOfServer(t, nil, func(opts *lithopss3.Options) {
		opts.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, fmt.Errorf("vault: %w", context.Canceled)
		})
	})
	for _, store := range []*lithopss3.Store{never, noKeys} {
		for range 2 {
			err := second(store.HeadObject(t.Context(), "bucket", "key"))
			require.ErrorContains(t, err, "context canceled")
			require.NotErrorIs(t, err, context.Canceled)
		}
	}
}
