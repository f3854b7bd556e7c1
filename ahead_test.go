// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"errors"
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
	return openWithObject(t, data, trip, func(opts *lithopss3.Options) *lithopss3.Options {
		return lithopss3.ReadAhead(lithopss3.InNoTime(opts, patient), aheadChunk)
	})
}

// openWithObject opens a store with an object "key", and options that change returns.
func openWithObject(t *testing.T, data []byte, trip tripper, change func(*lithopss3.Options) *lithopss3.Options) *lithopss3.Store {
	t.Helper()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	require.NoError(t, server.AddBucket("bucket", alice.Account, "us-east-1"))
	config, err := lithopss3.ParseConfig([]byte(configOf(alice, "us-east-1")))
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	options := lithopss3.Options{
		LookupEnv: testkit.Env(map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()}), Transport: &wire{next: transport, trip: trip},
	}
	writer, err := lithopss3.New(t.Context(), config, &options)
	require.NoError(t, err)
	require.NoError(t, writer.PutObject(t.Context(), "bucket", "key", bytes.NewReader(data), nil)) // not in parts, so that it has a checksum
	store, err := lithopss3.New(t.Context(), config, change(&options))
	require.NoError(t, err)
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
	sizes := []int{0, 1, aheadChunk - 1, aheadChunk, aheadChunk + 1, 2 * aheadChunk, 10*aheadChunk + 7}
	for _, size := range testkit.SomeOf(sizes, 4) {
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
	mine := errors.New("mine")
	store := openAhead(t, testkit.Bytes(20*aheadChunk), straight)
	ctx, cancel := context.WithCancelCause(t.Context())
	object, err := store.GetObject(ctx, "bucket", "key", &lithopss3.GetOptions{Parallel: 3})
	require.NoError(t, err)
	_, err = io.ReadFull(object.Body, make([]byte, aheadChunk+1))
	require.NoError(t, err)
	cancel(mine)
	_, err = io.Copy(io.Discard, object.Body)
	require.ErrorIs(t, err, mine)
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

const (
	aheadMiB = mib / lithopss3.SmallScale // what a MiB is to a store that openSmall opens
	aheadAll = 48 * aheadMiB
)

// openSmall opens a store that reads ahead as usual, at a small scale.
func openSmall(t *testing.T, size int, trip tripper) (*lithopss3.Store, []byte) {
	t.Helper()
	data := testkit.Bytes(size)
	return openWithObject(t, data, trip, func(opts *lithopss3.Options) *lithopss3.Options {
		return lithopss3.InSmall(lithopss3.InNoTime(opts, patient))
	}), data
}

// A getLog has the headers of the GETs that were sent.
type getLog struct {
	mu   sync.Mutex
	sent []http.Header
}

func (l *getLog) trip(request *http.Request, next http.RoundTripper) (*http.Response, error) {
	if request.Method == http.MethodGet {
		l.mu.Lock()
		l.sent = append(l.sent, request.Header.Clone())
		l.mu.Unlock()
	}
	return next.RoundTrip(request)
}

func (l *getLog) all() []http.Header {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

// TestBodyReadsAhead checks that a large body that is read on continues with ranges of
// the same version, and that no other does.
func TestBodyReadsAhead(t *testing.T) {
	t.Parallel()
	var gets getLog
	store, data := openSmall(t, aheadAll, gets.trip)
	info, err := store.HeadObject(t.Context(), "bucket", "key")
	require.NoError(t, err)
	for name, test := range testkit.Some(map[string]struct {
		opts        lithopss3.GetOptions
		offset, end int
		ahead       int // how many ranges are read ahead
	}{
		"all":                  {lithopss3.GetOptions{}, 0, aheadAll, 20},
		"a range":              {lithopss3.GetOptions{Range: lithopss3.Range(5, 40*aheadMiB)}, 5, 40*aheadMiB + 5, 16},
		"the last bytes":       {lithopss3.GetOptions{Range: lithopss3.RangeLast(36 * aheadMiB)}, 12 * aheadMiB, aheadAll, 14},
		"a short range":        {lithopss3.GetOptions{Range: lithopss3.RangeFrom(17 * aheadMiB)}, 17 * aheadMiB, aheadAll, 0},
		"with conditions":      {lithopss3.GetOptions{IfNoneMatch: `"other"`, IfModifiedSince: info.LastModified.AddDate(-1, 0, 0)}, 0, aheadAll, 20},
		"with one connection":  {lithopss3.GetOptions{Parallel: 1}, 0, aheadAll, 0},
		"with larger ranges":   {lithopss3.GetOptions{Parallel: 2}, 0, aheadAll, 0}, // of 8 MiB
		"of this version only": {lithopss3.GetOptions{IfMatch: info.ETag}, 0, aheadAll, 20},
	}, 4) {
		gets.sent = nil
		object, err := store.GetObject(t.Context(), "bucket", "key", &test.opts)
		require.NoError(t, err, name)
		got, err := io.ReadAll(object.Body)
		require.NoError(t, err, name)
		require.NoError(t, object.Body.Close())
		require.True(t, bytes.Equal(data[test.offset:test.end], got), name)
		assert.Len(t, gets.all(), 1+test.ahead, name)
		for _, sent := range gets.all()[1:] {
			assert.Equal(t, info.ETag, sent.Get("If-Match"), name)
			assert.NotEmpty(t, sent.Get("Range"), name)
			assert.Empty(t, sent.Get("If-None-Match")+sent.Get("If-Modified-Since"), name)
		}
	}
}

// TestHeadOfLargeBody checks that a caller that reads the first bytes, and closes, makes
// one request.
func TestHeadOfLargeBody(t *testing.T) {
	t.Parallel()
	var gets getLog
	store, data := openSmall(t, aheadAll, gets.trip)
	object, err := store.GetObject(t.Context(), "bucket", "key", nil)
	require.NoError(t, err)
	got := make([]byte, 4*aheadMiB)
	_, err = io.ReadFull(object.Body, got)
	require.NoError(t, err)
	require.NoError(t, object.Body.Close())
	assert.True(t, bytes.Equal(data[:len(got)], got))
	assert.Len(t, gets.all(), 1)
}

// TestReadAheadNeedsNoRanges checks that one connection serves the rest if the first
// range can't be had.
func TestReadAheadNeedsNoRanges(t *testing.T) {
	t.Parallel()
	for name, refuse := range testkit.Some(map[string]func(request *http.Request) *http.Response{
		"ranges are ignored": func(request *http.Request) *http.Response {
			return answer(request, 200, http.Header{"Etag": {`"e"`}}, bytes.NewReader(nil))
		},
		"ranges are refused": func(request *http.Request) *http.Response {
			return answer(request, 403, nil, strings.NewReader("<Error><Code>AccessDenied</Code></Error>"))
		},
		"one connection at a time": func(request *http.Request) *http.Response {
			return answer(request, 503, nil, strings.NewReader("<Error><Code>SlowDown</Code></Error>"))
		},
	}, 1) {
		store, data := openSmall(t, aheadAll, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			if request.Header.Get("Range") != "" {
				return refuse(request), nil
			}
			return next.RoundTrip(request)
		})
		object, err := store.GetObject(t.Context(), "bucket", "key", nil)
		require.NoError(t, err, name)
		got, err := io.ReadAll(object.Body)
		require.NoError(t, err, name)
		require.NoError(t, object.Body.Close())
		assert.True(t, bytes.Equal(data, got), name)
	}
}

// TestReadAheadIsOneVersion checks that a body of an object that is replaced is an error
// and not of two versions, and that wrong bytes in a range are found.
func TestReadAheadIsOneVersion(t *testing.T) {
	t.Parallel()
	var flip atomic.Bool
	store, data := openSmall(t, 120*aheadMiB, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil && flip.Load() && request.Header.Get("Range") != "" {
			body, readErr := io.ReadAll(response.Body)
			if readErr != nil {
				return nil, readErr
			}
			body[100] ^= 1
			response.Body = io.NopCloser(bytes.NewReader(body))
		}
		return response, err
	})
	flip.Store(true)
	object, err := store.GetObject(t.Context(), "bucket", "key", nil)
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, object.Body)
	require.ErrorIs(t, err, lithopss3.ErrChecksum)
	assert.Less(t, n, int64(len(data)))
	require.NoError(t, object.Body.Close())
	flip.Store(false)

	object, err = store.GetObject(t.Context(), "bucket", "key", nil)
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, object.Body, 10*aheadMiB) // in small pieces, so that ranges are asked for
	require.NoError(t, err)
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(data[1:]), nil))
	_, err = io.Copy(io.Discard, object.Body)
	require.ErrorIs(t, err, lithopss3.ErrPrecondition)
	require.ErrorContains(t, err, "replaced meanwhile")
	require.NoError(t, object.Body.Close())
}

// TestReadAheadShares checks that many bodies at once are right, although there is memory
// to read a few of them ahead.
func TestReadAheadShares(t *testing.T) {
	t.Parallel()
	store, data := openSmall(t, aheadAll, straight)
	var group sync.WaitGroup
	for i := range testkit.Less(12, 4) {
		group.Go(func() {
			object, err := store.GetObject(t.Context(), "bucket", "key", nil)
			if !assert.NoError(t, err) {
				return
			}
			if i%4 == 3 { // it is closed in the middle
				_, err = io.ReadFull(object.Body, make([]byte, 11*aheadMiB))
				assert.NoError(t, err)
				assert.NoError(t, object.Body.Close())
				return
			}
			got, err := io.ReadAll(object.Body)
			assert.NoError(t, err)
			assert.True(t, bytes.Equal(data, got))
			assert.NoError(t, object.Body.Close())
		})
	}
	group.Wait()
}

// TestReadAheadAsksForTheSame checks that each range that is read ahead names the version
// and has the customer's key of the body's first request.
func TestReadAheadAsksForTheSame(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(64 * unit)
	var wrong, ranges atomic.Int64
	server := &oddServer{data: data, odd: func(request *http.Request, _ *http.Response) {
		if request.Header.Get("Range") != "" {
			ranges.Add(1)
		}
		if request.URL.Query().Get("versionId") != "v1" || request.Header.Get("X-Amz-Server-Side-Encryption-Customer-Key") == "" {
			wrong.Add(1)
		}
	}}
	store := openWireWith(t, server.trip, lithopss3.ReadAhead(lithopss3.InSmall(&lithopss3.Options{}), aheadChunk))
	for _, parallel := range []int{0, 4} {
		ranges.Store(0)
		object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{
			VersionID: "v1", SSECustomerKey: lithopss3.NewSecret(strings.Repeat("k", 32)), Parallel: parallel,
		})
		require.NoError(t, err)
		got, err := io.ReadAll(object.Body)
		require.NoError(t, err)
		require.NoError(t, object.Body.Close())
		assert.True(t, bytes.Equal(data, got))
		assert.Greater(t, ranges.Load(), int64(1), "%d", parallel)
	}
	assert.Zero(t, wrong.Load())
	_, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{Parallel: -1})
	require.ErrorContains(t, err, "GetOptions.Parallel is -1")
}
