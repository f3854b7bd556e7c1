// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// openCounted opens an object on a store that counts requests.
func openCounted(t *testing.T, data []byte) (*lithopss3.Store, *lithopss3.ReaderAt, *atomic.Int64) {
	t.Helper()
	requests := &atomic.Int64{}
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		requests.Add(1)
		return next.RoundTrip(request)
	})
	putWhole(t, store, "key", data)
	requests.Store(0)
	reader, err := store.OpenReaderAt(t.Context(), "bucket", "key", nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reader.Close()) })
	require.EqualValues(t, len(data), reader.Size())
	require.EqualValues(t, "key", reader.Info().Key)
	return store, reader, requests
}

// openInMemory opens an object of a server that answers in this process, without sockets
// or checks of its own, and returns the counter of its requests.
func openInMemory(t *testing.T, data []byte) (*lithopss3.ReaderAt, *atomic.Int64) {
	t.Helper()
	server := &oddServer{data: data}
	reader, err := openWire(t, server.trip).OpenReaderAt(t.Context(), "bucket", "key", nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reader.Close()) })
	require.EqualValues(t, len(data), reader.Size())
	return reader, &server.all
}

// TestReaderAtAnywhere checks that it reads what a reader of the bytes in memory reads.
func TestReaderAtAnywhere(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(testkit.Less(12*mib+12345, 9*mib))
	reader, _ := openInMemory(t, data)
	memory := bytes.NewReader(data)
	lengths := []*rapid.Generator[int]{rapid.IntRange(0, 100), rapid.IntRange(0, 3*mib), rapid.IntRange(4*mib, 6*mib)}
	if testing.Short() {
		lengths = append(lengths, slices.Repeat(lengths[:1], 12)...)
	}
	read, expected := make([]byte, 6*mib), make([]byte, 6*mib)
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.Int64Range(0, int64(len(data))+10).Draw(t, "offset")
		length := rapid.OneOf(lengths...).Draw(t, "length")
		got, want := read[:length], expected[:length]
		n, err := reader.ReadAt(got, offset)
		wantN, wantErr := memory.ReadAt(want, offset)
		if length == 0 {
			wantErr = nil // nothing is never too much
		}
		require.Equal(t, wantN, n)
		require.Equal(t, wantErr, err)
		require.True(t, bytes.Equal(want[:n], got[:n]))
	})
	_, err := reader.ReadAt(make([]byte, 1), -1)
	require.ErrorIs(t, err, lithopss3.ErrInvalidRange)
	require.NoError(t, iotest.TestReader(io.NewSectionReader(reader, 8*mib-100_000, 200_000), data[8*mib-100_000:8*mib+100_000]))
}

// TestReaderAtReadsAhead checks that small reads in a row take few requests.
func TestReaderAtReadsAhead(t *testing.T) {
	t.Parallel()
	size, large := testkit.Less(24, 18)*mib, testkit.Less(14, 12)*mib
	data := testkit.Bytes(size)
	reader, requests := openInMemory(t, data)
	all := make([]byte, len(data))
	for offset := 0; offset < len(data); offset += 30_000 {
		_, err := reader.ReadAt(all[offset:min(offset+30_000, len(data))], int64(offset))
		require.NoError(t, err)
	}
	require.True(t, bytes.Equal(data, all))
	assert.LessOrEqual(t, requests.Load(), int64(1+3+size/mib/8), "1, 2 and 4 blocks, then 8 at a time")

	// What was read last is kept.
	before := requests.Load()
	for range 100 {
		_, err := reader.ReadAt(make([]byte, 1000), int64(size)-4*mib+rand.Int64N(3*mib))
		require.NoError(t, err)
	}
	assert.Equal(t, before, requests.Load())

	// A large read is one request, or as many as are not there.
	_, err := reader.ReadAt(all[:large], mib)
	require.NoError(t, err)
	assert.Equal(t, before+1, requests.Load())
}

// TestReaderAtTogether checks that readers share what is in flight.
func TestReaderAtTogether(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(8 * mib)
	reader, requests := openInMemory(t, data)
	var group sync.WaitGroup
	for worker := range 16 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			for range 50 {
				p := make([]byte, random.IntN(60_000))
				offset := random.Int64N(int64(len(data)))
				n, err := reader.ReadAt(p, offset)
				if err != nil {
					assert.ErrorIs(t, err, io.EOF)
				}
				assert.True(t, bytes.Equal(data[offset:offset+int64(n)], p[:n]))
			}
		})
	}
	group.Wait()
	assert.LessOrEqual(t, requests.Load(), int64(1+8), "each block once")
}

func TestReaderAtZip(t *testing.T) {
	t.Parallel()
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	for i := range 20 {
		file, err := writer.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("file-%d", i), Method: zip.Store})
		require.NoError(t, err)
		_, err = file.Write(testkit.Bytes(300_000 + i))
		require.NoError(t, err)
	}
	require.NoError(t, writer.Close())
	_, reader, requests := openCounted(t, archive.Bytes())
	opened, err := zip.NewReader(reader, reader.Size())
	require.NoError(t, err)
	assert.EqualValues(t, 1, requests.Load(), "the directory came with the opening")
	require.Len(t, opened.File, 20)
	content, err := fs.ReadFile(opened, "file-13")
	require.NoError(t, err)
	require.True(t, bytes.Equal(testkit.Bytes(300_013), content))
	assert.LessOrEqual(t, requests.Load(), int64(3))
}

// A countWriter counts the bytes that are written.
type countWriter struct{ count *atomic.Int64 }

func (c countWriter) Write(p []byte) (int, error) {
	c.count.Add(int64(len(p)))
	return len(p), nil
}

// TestPutOfAnObject checks that an object which is put as another is read once, although
// parts of a body that can be read anywhere are read twice each, in pieces and at the same time.
func TestPutOfAnObject(t *testing.T) {
	t.Parallel()
	var came atomic.Int64
	server := &oddServer{data: testkit.Bytes(3*mib + 1), odd: func(_ *http.Request, response *http.Response) {
		response.Body = io.NopCloser(io.TeeReader(response.Body, countWriter{&came}))
	}}
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(request.URL.Path, "/from") {
			return server.trip(request, next)
		}
		return next.RoundTrip(request)
	})
	reader, err := store.OpenReaderAt(t.Context(), "bucket", "from", nil)
	require.NoError(t, err)
	defer func() { _ = reader.Close() }()
	file, err := lithopss3.NewFS(store, "bucket").Open("from")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	for name, body := range map[string]io.Reader{
		"ReaderAt": reader.NewReader(), "part": io.NewSectionReader(reader.NewReader(), 0, reader.Size()), "FS": file,
	} {
		came.Store(0)
		require.NoError(t, store.PutObject(t.Context(), "bucket", "to", body, nil), name)
		assert.Less(t, came.Load(), reader.Size()*5/4, name)
		got, err := store.ReadObject(t.Context(), "bucket", "to", 0)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(server.data, got), name)
	}
}

func TestReaderAtEnds(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(5 * mib)
	store, reader, _ := openCounted(t, data)
	p := make([]byte, 10)
	_, err := reader.ReadAt(p, 0)
	require.NoError(t, err)

	putWhole(t, store, "key", testkit.Bytes(5*mib+1))
	_, err = reader.ReadAt(p, 0)
	require.NoError(t, err, "which is in memory")
	_, err = reader.ReadAt(p, 2*mib)
	require.ErrorIs(t, err, lithopss3.ErrPrecondition)
	require.ErrorContains(t, err, "replaced meanwhile")
	_, err = reader.ReadAt(p, 2*mib)
	require.ErrorIs(t, err, lithopss3.ErrPrecondition, "it stays so")

	_, err = store.OpenReaderAt(t.Context(), "bucket", "none", nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = store.OpenReaderAt(t.Context(), "bucket", "key", &lithopss3.ReaderAtOptions{IfMatch: reader.Info().ETag})
	require.ErrorIs(t, err, lithopss3.ErrPrecondition)
	require.NoError(t, reader.Close())
	for offset, p := range map[int64][]byte{0: p, 1: nil, reader.Size(): p, reader.Size() + 1: p} {
		_, err = reader.ReadAt(p, offset)
		require.ErrorIs(t, err, lithopss3.ErrClosed, offset)
	}

	putWhole(t, store, "empty", nil)
	empty, err := store.OpenReaderAt(t.Context(), "bucket", "empty", nil)
	require.NoError(t, err)
	defer func() { _ = empty.Close() }()
	assert.Zero(t, empty.Size())
	n, err := empty.ReadAt(p, 0)
	assert.Zero(t, n)
	assert.Equal(t, io.EOF, err)

	ctx, cancel := context.WithCancel(t.Context())
	canceled, err := store.OpenReaderAt(ctx, "bucket", "key", nil)
	require.NoError(t, err)
	cancel()
	_, err = canceled.ReadAt(p, 0)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, canceled.Close())
}
