// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCopyListed counts the requests of a copy whose source was listed: one, unless more
// must be known of it.
func TestCopyListed(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(11 * unit)
	for name, test := range map[string]struct {
		change func(listed *lithopss3.ObjectInfo, opts *lithopss3.CopyOptions)
		want   []string
	}{
		"as listed":           {want: []string{"PUT"}},
		"of the largest size": {func(_ *lithopss3.ObjectInfo, o *lithopss3.CopyOptions) { lithopss3.CopyInParts(o, 11*unit) }, []string{"PUT"}},
		"not listed":          {func(_ *lithopss3.ObjectInfo, o *lithopss3.CopyOptions) { o.Listed = nil }, []string{"HEAD", "PUT"}},
		"listed without ETag": {func(l *lithopss3.ObjectInfo, _ *lithopss3.CopyOptions) { l.ETag = "" }, []string{"HEAD", "PUT"}},
		"with a weak ETag":    {func(l *lithopss3.ObjectInfo, _ *lithopss3.CopyOptions) { l.ETag = "W/" + l.ETag }, []string{"HEAD", "PUT"}},
		"of impossible size":  {func(l *lithopss3.ObjectInfo, _ *lithopss3.CopyOptions) { l.Size = -1 }, []string{"HEAD", "PUT"}},
		"of a slow copy":      {func(l *lithopss3.ObjectInfo, _ *lithopss3.CopyOptions) { l.Size = 16*unit + 1 }, []string{"HEAD", "PUT"}},
		"of another version":  {func(_ *lithopss3.ObjectInfo, o *lithopss3.CopyOptions) { o.Source.VersionID = "null" }, []string{"HEAD", "PUT"}},
		"with a condition":    {func(_ *lithopss3.ObjectInfo, o *lithopss3.CopyOptions) { o.Source.IfMatch = o.Listed.ETag }, []string{"HEAD", "PUT"}},
		"in parts":            {func(_ *lithopss3.ObjectInfo, o *lithopss3.CopyOptions) { lithopss3.CopyInParts(o, 8*unit) }, []string{"HEAD", "GET", "POST", "PUT", "PUT", "POST"}},
		"replaced since":      {func(l *lithopss3.ObjectInfo, _ *lithopss3.CopyOptions) { l.ETag = `"00000000000000000000000000000000"` }, []string{"PUT", "HEAD", "PUT"}},
		"with the descriptors": {func(_ *lithopss3.ObjectInfo, o *lithopss3.CopyOptions) {
			o.PutOptions, o.ReplaceMetadata = *described(), true
		}, []string{"PUT"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var methods methodLog
			store, _ := aCopier(t, methods.trip)
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(data), described()))
			opts := &lithopss3.CopyOptions{Listed: listedIn(t, store, "key")}
			if test.change != nil {
				test.change(opts.Listed, opts)
			}
			methods.take()
			require.NoError(t, store.CopyObject(t.Context(), "bucket", "key", "other", "copy", opts))
			assert.Equal(t, test.want, methods.take())
			got, err := store.ReadObject(t.Context(), "other", "copy", 0)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(data, got))
			info, err := store.HeadObject(t.Context(), "other", "copy")
			require.NoError(t, err)
			assert.Equal(t, described().Metadata, info.Metadata)
		})
	}
}

// TestCopyListedFails checks that an error says what it does without the listing, and that
// nothing is stored.
func TestCopyListedFails(t *testing.T) {
	t.Parallel()
	var methods methodLog
	var status atomic.Int64
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if code := int(status.Load()); code != 0 {
			next = refusing(code)
		}
		return methods.trip(request, next)
	})
	for _, key := range []string{"key", "copy"} {
		require.NoError(t, store.PutObject(t.Context(), "bucket", key, strings.NewReader("text"), nil))
	}
	listed := listedIn(t, store, "key")
	methods.take()
	fail := func(target error, want []string, from, bucket string, change func(*lithopss3.CopyOptions)) {
		t.Helper()
		opts := &lithopss3.CopyOptions{Listed: listed}
		if change != nil {
			change(opts)
		}
		err := store.CopyObject(t.Context(), "bucket", from, bucket, "copy", opts)
		if target != nil {
			require.ErrorIs(t, err, target)
		}
		assert.Equal(t, want, methods.take())
		var failure *lithopss3.Error
		require.ErrorAs(t, err, &failure)
		if from == "gone" {
			assert.Equal(t, []string{"bucket", from}, []string{failure.Bucket, failure.Key})
		}
	}
	fail(fs.ErrNotExist, []string{"PUT", "HEAD"}, "gone", "other", nil)
	fail(lithopss3.ErrNoSuchBucket, []string{"PUT", "HEAD"}, "key", "missing", nil)
	fail(lithopss3.ErrPrecondition, []string{"PUT", "HEAD"}, "key", "bucket", func(o *lithopss3.CopyOptions) { o.IfAbsent = true })
	status.Store(http.StatusForbidden)
	fail(fs.ErrPermission, []string{"PUT", "HEAD"}, "key", "other", nil)
	for code, requests := range map[int]int{http.StatusNotImplemented: 1, http.StatusTooManyRequests: 6} {
		status.Store(int64(code))
		fail(nil, slices.Repeat([]string{"PUT"}, requests), "key", "other", nil)
	}
	status.Store(0)
	_, err := store.HeadObject(t.Context(), "other", "copy")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestCopyListedWithLostAnswer checks that a copy is found whose answer was lost, and which
// the second attempt may not replace.
func TestCopyListedWithLostAnswer(t *testing.T) {
	t.Parallel()
	var isLost atomic.Bool
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil && request.Header.Get("X-Amz-Copy-Source") != "" && !isLost.Swap(true) {
			_ = response.Body.Close()
			return nil, http.ErrServerClosed
		}
		return response, err
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	opts := &lithopss3.CopyOptions{Listed: listedIn(t, store, "key")}
	opts.IfAbsent = true
	require.NoError(t, store.CopyObject(t.Context(), "bucket", "key", "other", "copy", opts))
	assert.True(t, isLost.Load())
}

// TestMoveAsksAtOnce checks that a move waits for two answers at a time: of what is at both
// places before the copy.
func TestMoveAsksAtOnce(t *testing.T) {
	t.Parallel()
	var methods methodLog
	waiting := make(chan struct{})
	var isMoving atomic.Bool
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if request.Method == http.MethodPut {
			isMoving.Store(false)
		}
		if request.Method == http.MethodHead && isMoving.Load() {
			select { // the first of two HEADs waits for the second
			case waiting <- struct{}{}:
			case <-waiting:
			case <-time.After(time.Minute):
				t.Error("there is no other HEAD at the same time")
			}
		}
		return methods.trip(request, next)
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	methods.take()
	isMoving.Store(true)
	require.NoError(t, store.MoveObject(t.Context(), "bucket", "key", "other", "key", nil))
	assert.Equal(t, []string{"HEAD", "HEAD", "PUT", "HEAD", "HEAD", "DELETE"}, methods.take())
}

// refusing is a server that answers all requests with a status.
type refusing int

// RoundTrip answers.
func (r refusing) RoundTrip(request *http.Request) (*http.Response, error) {
	return answer(request, int(r), http.Header{}, http.NoBody), nil
}

// A methodLog notes the methods of requests, in their order.
type methodLog struct {
	mu      sync.Mutex
	methods []string
}

func (l *methodLog) trip(request *http.Request, next http.RoundTripper) (*http.Response, error) {
	l.mu.Lock()
	l.methods = append(l.methods, request.Method)
	l.mu.Unlock()
	return next.RoundTrip(request)
}

// take returns the methods since the last call.
func (l *methodLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.methods
	l.methods = nil
	return taken
}

// listedIn returns what a listing says of a key in "bucket".
func listedIn(t *testing.T, store *lithopss3.Store, key string) *lithopss3.ObjectInfo {
	t.Helper()
	for info, err := range store.ListObjects(t.Context(), "bucket", &lithopss3.ListOptions{Prefix: key}) {
		require.NoError(t, err)
		return &info
	}
	t.Fatal("nothing is listed")
	return nil
}
