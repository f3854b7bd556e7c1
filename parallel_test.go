// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const aheadChunk = 64 << 10

// openAhead opens a store that reads ahead in small ranges, with an object "key".
func openAhead(t *testing.T, data []byte, trip tripper) *lithopss3.Store {
	t.Helper()
	server := testkit.Server(t, &devs3.Options{Credentials: []devs3.Credential{alice}})
	require.NoError(t, server.AddBucket("bucket", alice.Account, "us-east-1"))
	config, err := lithopss3.ParseConfig([]byte(configOf(alice, "us-east-1")))
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	store, err := lithopss3.New(t.Context(), config, lithopss3.ReadAhead(lithopss3.InNoTime(&lithopss3.Options{
		LookupEnv: testkit.Env(map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()}), Transport: &wire{next: transport, trip: trip},
	}, patient), aheadChunk))
	require.NoError(t, err)
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(data), nil))
	return store
}

func readParallel(t *testing.T, store *lithopss3.Store, opts lithopss3.GetOptions) ([]byte, *lithopss3.Object, error) {
	t.Helper()
	if opts.Parallel == 0 {
		opts.Parallel = 4
	}
	object, err := store.GetObject(t.Context(), "bucket", "key", &opts)
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(object.Body)
	require.NoError(t, object.Body.Close())
	return data, object, err
}

// TestParallelBody has the bytes of the range, whatever its size, in order.
func TestParallelBody(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, aheadChunk - 1, aheadChunk, aheadChunk + 1, 2 * aheadChunk, 10*aheadChunk + 7} {
		data := testkit.Bytes(size)
		store := openAhead(t, data, straight)
		for _, byteRange := range []*lithopss3.ByteRange{nil, lithopss3.RangeFrom(0), lithopss3.RangeFrom(1), lithopss3.Range(3, 5*aheadChunk), lithopss3.Range(0, 10), lithopss3.RangeLast(9), lithopss3.Range(2, 0)} {
			plain, want := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Range: byteRange})
			got, object, err := readParallel(t, store, lithopss3.GetOptions{Range: byteRange})
			if want != nil {
				require.Error(t, err)
				continue
			}
			expected, readErr := io.ReadAll(plain.Body)
			require.NoError(t, readErr)
			require.NoError(t, plain.Body.Close())
			require.NoError(t, err, "%d, %v", size, byteRange)
			require.True(t, bytes.Equal(expected, got), "%d, %v", size, byteRange)
			assert.Equal(t, []int64{plain.Offset, plain.Length, plain.Size}, []int64{object.Offset, object.Length, object.Size}, "%d, %v", size, byteRange)
		}
	}
	store := openAhead(t, testkit.Bytes(5*aheadChunk+9), straight)
	object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Parallel: 3})
	require.NoError(t, err)
	require.NoError(t, iotest.TestReader(object.Body, testkit.Bytes(5*aheadChunk+9)))
	require.NoError(t, object.Body.Close())
	_, err = object.Body.Read(make([]byte, 1))
	require.ErrorIs(t, err, lithopss3.ErrClosed)
}

// TestParallelIsBounded checks that no more ranges than slots are read ahead, and that
// they are read at once.
func TestParallelIsBounded(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[string]bool{}
	store := openAhead(t, testkit.Bytes(20*aheadChunk), func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r := request.Header.Get("Range"); r != "" {
			mu.Lock()
			asked[r] = true
			mu.Unlock()
		}
		return next.RoundTrip(request)
	})
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(asked) }
	object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Parallel: 4})
	require.NoError(t, err)
	buffer := make([]byte, 2*aheadChunk)
	_, err = io.ReadFull(object.Body, buffer[:aheadChunk+1])
	require.NoError(t, err)
	assert.LessOrEqual(t, count(), 5)
	_, err = io.ReadFull(object.Body, buffer)
	require.NoError(t, err)
	assert.LessOrEqual(t, count(), 7)
	require.NoError(t, object.Body.Close())
}

// TestParallelOfChangingObject is one version, or an error.
func TestParallelOfChangingObject(t *testing.T) {
	t.Parallel()
	store := openAhead(t, testkit.Bytes(20*aheadChunk), straight)
	object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Parallel: 2})
	require.NoError(t, err)
	defer func() { _ = object.Body.Close() }()
	_, err = io.ReadFull(object.Body, make([]byte, aheadChunk+1))
	require.NoError(t, err)
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(make([]byte, 20*aheadChunk)), nil))
	_, err = io.Copy(io.Discard, object.Body)
	require.ErrorIs(t, err, lithopss3.ErrPrecondition)
	require.ErrorContains(t, err, "replaced meanwhile")
}

// TestParallelIsVerified against the checksum of the whole, before its last bytes.
func TestParallelIsVerified(t *testing.T) {
	t.Parallel()
	var flip atomic.Bool
	store := openAhead(t, testkit.Bytes(6*aheadChunk), func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil && flip.Load() && strings.HasPrefix(request.Header.Get("Range"), "bytes=131072-") {
			body, readErr := io.ReadAll(response.Body)
			if readErr != nil {
				return nil, readErr
			}
			body[100] ^= 1
			response.Body = io.NopCloser(bytes.NewReader(body))
		}
		return response, err
	})
	_, _, err := readParallel(t, store, lithopss3.GetOptions{})
	require.NoError(t, err)
	flip.Store(true)
	got, _, err := readParallel(t, store, lithopss3.GetOptions{})
	require.ErrorIs(t, err, lithopss3.ErrChecksum)
	assert.Less(t, len(got), 6*aheadChunk)
}

// TestParallelFromSimpleServers checks that one connection is used without ranges or
// ETags.
func TestParallelFromSimpleServers(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(5 * aheadChunk)
	for name, change := range map[string]tripper{
		"no ranges": func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			plain := request.Clone(request.Context())
			if request.Header.Get("Range") != "" {
				return answer(request, 200, http.Header{"Etag": {`"e"`}}, bytes.NewReader(data)), nil
			}
			return next.RoundTrip(plain)
		},
		"a weak ETag": func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(request)
			if err == nil {
				response.Header.Set("Etag", `W/"e"`)
			}
			return response, err
		},
	} {
		store := openAhead(t, data, change)
		got, _, err := readParallel(t, store, lithopss3.GetOptions{})
		require.NoError(t, err, name)
		require.True(t, bytes.Equal(data, got), name)
	}
}

// TestParallelCancel ends at once, and leaves nothing that runs.
func TestParallelCancel(t *testing.T) {
	t.Parallel()
	store := openAhead(t, testkit.Bytes(20*aheadChunk), straight)
	ctx, cancel := context.WithCancel(t.Context())
	object, err := store.GetObject(ctx, "bucket", "key", &lithopss3.GetOptions{Parallel: 3})
	require.NoError(t, err)
	_, err = io.ReadFull(object.Body, make([]byte, aheadChunk/2))
	require.NoError(t, err)
	cancel()
	_, err = io.Copy(io.Discard, object.Body)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, object.Body.Close())
	require.NoError(t, object.Body.Close())
}

// TestWriterTo checks that WriteTo, which io.Copy uses, gives the same bytes and errors.
func TestWriterTo(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(5*aheadChunk + 1)
	store := openAhead(t, data, straight)
	for _, parallel := range []int{0, 3} {
		object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Parallel: parallel})
		require.NoError(t, err)
		writer, ok := object.Body.(io.WriterTo)
		require.True(t, ok)
		var out bytes.Buffer
		n, err := writer.WriteTo(&out)
		require.NoError(t, err)
		assert.EqualValues(t, len(data), n)
		assert.True(t, bytes.Equal(data, out.Bytes()))
		require.NoError(t, object.Body.Close())
	}
	reader, err := store.OpenReaderAt(t.Context(), "bucket", "key", nil)
	require.NoError(t, err)
	require.NoError(t, iotest.TestReader(reader.NewReader(), data), "it can seek")
	require.NoError(t, reader.Close())
}
