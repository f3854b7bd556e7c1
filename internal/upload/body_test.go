// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/quick"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const maxObject = 5 << 40

// TestPartSizes checks that an object of any size that S3 takes fits into its parts.
func TestPartSizes(t *testing.T) {
	t.Parallel()
	fits := func(random uint64, digits uint8) bool {
		length := 1 + int64(random>>(digits%64))%maxObject
		size := scale(1).partSizeOf(length)
		return size <= 5<<30 && size*MaxParts >= length && size >= filePartSize
	}
	require.NoError(t, quick.Check(fits, nil))
	assert.EqualValues(t, filePartSize, scale(1).partSizeOf(1<<30))
	assert.EqualValues(t, filePartSize, scale(0).partSizeOf(1<<30), "zero is 1")
	assert.EqualValues(t, filePartSize, scale(1).partSizeOf(filePartSize*MaxParts))
	assert.EqualValues(t, filePartSize/16, scale(16).partSizeOf(1<<20))

	for _, cut := range []streamCut{smallParts, largeParts} {
		total, most := int64(0), int64(0)
		for index := range MaxParts {
			most = cut.sizeOf(index)
			total += most
		}
		assert.GreaterOrEqual(t, total, int64(maxObject))
		assert.LessOrEqual(t, most, int64(5<<30), "the largest part that S3 takes")
	}
}

// TestPartsOfStreams checks the sizes of a stream's parts, which its ETag depends on.
func TestPartsOfStreams(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for held, want := range map[int][]int64{
		0: {5, 5, 3}, 1: {5, 5, 3}, 8: {5, 5, 3}, 15: {5, 5, 3}, 16: {8, 5}, 24: {8, 5}, MaxParts: {8, 5},
	} {
		reader, err := newPartReader(t.Context(), io.LimitReader(zeros{}, 13*mib), nil, 0, held)
		require.NoError(t, err)
		var got []int64
		for {
			next, err := reader.next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			got = append(got, next.size/mib)
			next.done()
		}
		reader.close()
		assert.Equal(t, want, got, "%d at once", held)
	}
}

// TestFewerBuffersWhenPartsGrow checks that a long stream is held in no more memory, but
// for two parts.
func TestFewerBuffersWhenPartsGrow(t *testing.T) {
	t.Parallel()
	for doublings, want := range map[int]int{0: 8, 1: 4, 2: 2, 3: 2} {
		if testing.Short() && doublings%2 == 1 {
			continue // each moves 40 MiB or more
		}
		source, err := newStreamSource(t.Context(), io.LimitReader(zeros{}, 1<<40), 1, streamPartsAtOnce)
		require.NoError(t, err)
		source.count = doublings * int(smallParts.growEvery)
		source.first = nil
		source.free <- nil
		var parts []part
		for len(parts) < want {
			next, err := source.next(t.Context())
			require.NoError(t, err)
			assert.EqualValues(t, smallParts.size<<doublings, next.size)
			parts = append(parts, next)
		}
		assert.Empty(t, source.free, "no memory is left")
		for _, part := range parts {
			part.done()
		}
		next, err := source.next(t.Context())
		require.NoError(t, err, "and then there is")
		next.done()
		source.close()
		assert.Empty(t, source.free)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestSources(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("content"), 0o600))
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = reader.Close() }()
	_, err = writer.WriteString("content")
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	buffer := bytes.NewBufferString("some content")
	_ = buffer.Next(5)
	for name, test := range map[string]struct {
		body   io.Reader
		stream bool
	}{
		"file": {file, false}, "buffer": {buffer, false}, "text": {strings.NewReader("content"), false},
		"pipe": {reader, true}, "reader": {io.MultiReader(strings.NewReader("con"), strings.NewReader("tent")), true},
	} {
		source, err := newPartReader(t.Context(), test.body, &panics.Box{}, 1, 0)
		require.NoError(t, err, name)
		_, isStream := source.(*streamSource)
		assert.Equal(t, test.stream, isStream, name)
		assert.EqualValues(t, 7, source.size(), name)
		data, err := io.ReadAll(source.whole())
		require.NoError(t, err, name)
		assert.Equal(t, "content", string(data), name)
		source.close()
	}
	assert.Zero(t, buffer.Len(), "it was read")

	// What says that it is empty may not be.
	device, err := os.Open("/proc/version")
	if err != nil {
		return // not on Linux
	}
	defer func() { _ = device.Close() }()
	source, err := newPartReader(t.Context(), device, &panics.Box{}, 1, 0)
	require.NoError(t, err)
	assert.NotZero(t, source.size())
}

// TestMemoryInPlace checks that a body in memory is hashed where it is, from its position
// on, and is left at its end as a file is.
func TestMemoryInPlace(t *testing.T) {
	t.Parallel()
	data := []byte("some content")
	reader := bytes.NewReader(data)
	_, err := reader.Seek(5, io.SeekStart)
	require.NoError(t, err)
	buffer := bytes.NewBuffer(bytes.Clone(data))
	_ = buffer.Next(5)
	for name, body := range map[string]io.Reader{"reader": reader, "buffer": buffer, "stream": io.MultiReader(strings.NewReader("con"), strings.NewReader("tent"))} {
		source, err := newPartReader(t.Context(), body, &panics.Box{}, 1, 0)
		require.NoError(t, err, name)
		whole, ok := source.whole().(*section)
		require.True(t, ok, name)
		assert.Equal(t, "content", string(whole.Rest()), name)
		sum, err := checksum.ReadCRC32(whole)
		require.NoError(t, err, name)
		assert.Equal(t, crc32.ChecksumIEEE([]byte("content")), sum, name)
		require.NoError(t, iotest.TestReader(whole, []byte("content")), name)
		_, err = whole.Seek(3, io.SeekStart)
		require.NoError(t, err, name)
		assert.Equal(t, "tent", string(whole.Rest()), name)
		_, err = whole.Seek(10, io.SeekStart)
		require.NoError(t, err, name)
		assert.Empty(t, whole.Rest(), "%s: after the end", name)
		source.close()
	}
	assert.Zero(t, reader.Len(), "it was read")

	first, err := newBytesSource(bytes.NewReader(data), 1<<20).next(t.Context()) // parts of 8 bytes
	require.NoError(t, err)
	rest, ok := first.body.(*section)
	require.True(t, ok)
	assert.Equal(t, "some con", string(rest.Rest()))
	assert.Same(t, &data[0], &rest.Rest()[0], "not a copy")
}

// tricklingReader gives a byte at a time, and calls then after the tenth.
type tricklingReader struct {
	reads int
	then  func()
}

func (r *tricklingReader) Read(p []byte) (int, error) {
	if r.reads++; r.reads == 10 {
		r.then()
	}
	p[0] = 'x'
	return 1, nil
}

// TestSlowStreamIsCanceled checks that a stream is not read on to fill a part after
// its upload was canceled.
func TestSlowStreamIsCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	slow := &tricklingReader{then: cancel}
	_, err := newStreamSource(ctx, slow, 1, streamPartsAtOnce)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 10, slow.reads)
}

// TestStreamWaitsForMemory until its upload ends, if no part gives any back.
func TestStreamWaitsForMemory(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrClosedPipe)
	source := &streamSource{reader: zeros{}, free: make(chan []byte), cut: cutOf(1), scale: testScale}
	_, err := source.next(ctx)
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// TestPartSizeAtItsBounds grows by a MiB with the byte that would take one part too many.
func TestPartSizeAtItsBounds(t *testing.T) {
	t.Parallel()
	const mib, none = 1 << 20, scale(0)
	for length, want := range map[int64]int64{
		1: 8, MaxParts * 8 * mib: 8, MaxParts*8*mib + 1: 9, MaxParts * 9 * mib: 9, MaxParts*9*mib + 1: 10, MaxParts*100*mib + 1: 101, 5 << 40: 525,
	} {
		size := none.partSizeOf(length)
		assert.Equal(t, want*mib, size, "%d", length)
		assert.LessOrEqual(t, (length+size-1)/size, int64(MaxParts), "%d", length)
	}
}
