// SPDX-License-Identifier: Apache-2.0

package download

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	testBegin = fastBegin / testScale
	testPiece = testBegin / 16
	// testFast is the rate of one piece in a millisecond.
	testFast = testPiece * int64(time.Second/time.Millisecond)
)

// A pacedBody gives a piece at a time, after so long.
type pacedBody struct {
	io.ReadCloser
	at   int64 // in the object
	wait func(at int64) time.Duration
}

func (b *pacedBody) Read(p []byte) (int, error) {
	time.Sleep(b.wait(b.at))
	n, err := io.ReadFull(b.ReadCloser, p[:min(len(p), testPiece)])
	b.at += int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

// pace returns a change of answers that come so fast, after a time.
func pace(open time.Duration, wait func(at int64) time.Duration) func(Range, *Answer) error {
	return func(r Range, answer *Answer) error {
		time.Sleep(open)
		answer.Body = &pacedBody{answer.Body, r.Offset, wait}
		return nil
	}
}

// TestFastConnection checks that chunks come from one connection as long as that is fast,
// and from then on from several.
func TestFastConnection(t *testing.T) {
	t.Parallel()
	const limit = time.Millisecond // for a piece
	const size = 7*testChunk + 5
	data := testkit.Bytes(size)
	sums := sumsOf("Crc32", checksum.CRC32, data)
	constant := func(wait time.Duration) func(int64) time.Duration {
		return func(int64) time.Duration { return wait }
	}
	after := func(place int64) func(int64) time.Duration {
		return func(at int64) time.Duration {
			if at < place {
				return 0
			}
			return 70 * limit
		}
	}
	for name, test := range map[string]struct {
		wait   func(at int64) time.Duration
		open   time.Duration // of each request
		fast   int64
		inRest int64 // chunks that come from the second connection
		chunks int   // that have a request of their own, next to the first one
	}{
		"as fast as it needs":       {constant(limit), 0, testFast, 7, 0},
		"near":                      {constant(limit), nearTime, testFast, 7, 0},
		"far away":                  {constant(0), nearTime + 1, testFast, 0, 7},
		"no rate":                   {constant(0), 0, 0, 0, 7},
		"slower":                    {constant(limit + 1), 0, testFast, 0, 7},
		"slow in the first chunk":   {after(testChunk - testPiece), 0, testFast, 0, 7},
		"slow in the second chunk":  {after(2*testChunk - testPiece), 0, testFast, 1, 6},
		"slow at a chunk's begin":   {after(3 * testChunk), 0, testFast, 3, 4},
		"slow in the last chunk":    {after(7 * testChunk), 0, testFast, 7, 0},
		"slow, then much at a time": {func(at int64) time.Duration { return max(0, 17-time.Duration(at)) * limit }, 0, testFast, 0, 7},
	} {
		synctest.Test(t, func(t *testing.T) {
			source := &fakeSource{data: data, etag: `"e"`, sums: sums, change: pace(test.open, test.wait)}
			got, err := fetch(t, source, t.TempDir(), Options{Fast: test.fast, Resume: test.inRest > 0})
			require.NoError(t, err, name)
			assert.True(t, got == string(data), name)
			rest, chunks := int64(0), map[int64]bool{}
			for _, r := range source.gets[1:] {
				assert.Equal(t, `"e"`, r.ETag, name)
				if r.Offset == testChunk && r.Length == size-testChunk {
					rest++
					continue
				}
				assert.Equal(t, min(testChunk, size-r.Offset), r.Length, name)
				chunks[r.Offset] = true
			}
			assert.Equal(t, min(1, test.inRest), rest, name)
			assert.Len(t, chunks, test.chunks, name)
			for index := test.inRest + 1; index <= 7; index++ {
				assert.True(t, chunks[index*testChunk], "%s: chunk %d", name, index)
			}
			assert.Len(t, source.heads, 1, name)
		})
	}
}

// TestFirstChunkFails checks that no file is left with a hole, although nothing of the
// server's proves the bytes.
func TestFirstChunkFails(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	data := testkit.Bytes(3 * testChunk)
	for _, fast := range []int64{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			source := &fakeSource{data: data, etag: `"e"`}
			source.change = func(r Range, answer *Answer) error {
				if r.Offset == 0 {
					answer.Body = io.NopCloser(io.MultiReader(io.LimitReader(answer.Body, 9), iotest.ErrReader(gone)))
				}
				return nil
			}
			folder := t.TempDir()
			_, err := fetch(t, source, folder, Options{Fast: fast})
			require.ErrorIs(t, err, gone)
			assert.Empty(t, testkit.Files(t, folder))
		})
	}
}

// TestFastConnectionFails checks that what fails in the one long request fails as in others,
// and that a resumed download keeps what came from it.
func TestFastConnectionFails(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	data := testkit.Bytes(4 * testChunk)
	for name, test := range map[string]struct {
		rest func(answer *Answer) error
		want error
		kept bool
	}{
		"refused":         {func(*Answer) error { return gone }, gone, true},
		"cut off":         {func(a *Answer) error { a.Body = io.NopCloser(io.LimitReader(a.Body, 2*testChunk+9)); return nil }, io.ErrUnexpectedEOF, true},
		"another version": {func(a *Answer) error { a.ETag = `"f"`; return nil }, ErrChanged, false},
		"another size":    {func(a *Answer) error { a.Size--; return nil }, ErrChanged, false},
		"a byte is changed": {func(a *Answer) error {
			a.Body = io.NopCloser(bytes.NewReader(append([]byte{data[testChunk] ^ 1}, data[testChunk+1:]...)))
			return nil
		}, checksum.ErrMismatch, false},
	} {
		source := &fakeSource{data: data, etag: `"e"`, sums: sumsOf("Crc32", checksum.CRC32, data)}
		source.change = func(r Range, answer *Answer) error {
			if r.Offset == 0 {
				return nil
			}
			return test.rest(answer)
		}
		synctest.Test(t, func(t *testing.T) {
			folder := t.TempDir()
			_, err := fetch(t, source, folder, Options{Fast: 1, Resume: true})
			require.ErrorIs(t, err, test.want, name)
			if !test.kept {
				assert.Empty(t, testkit.Files(t, folder), name)
				return
			}
			source.change, source.gets = nil, nil
			got, err := fetch(t, source, folder, Options{Fast: 1, Resume: true})
			require.NoError(t, err, name)
			assert.True(t, got == string(data), name)
			assert.NotContains(t, source.gets, Range{Length: testChunk, ETag: `"e"`}, "%s: the first chunk was kept", name)
			if name == "cut off" {
				assert.ElementsMatch(t, []Range{{Offset: 3*testChunk + 9, Length: testChunk - 9, ETag: `"e"`}}, source.gets, name)
			}
		})
	}
}
