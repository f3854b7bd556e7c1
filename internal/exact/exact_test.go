// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRange has answers that can be those of a range, and answers that can't.
func TestRange(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		asked, got Span
		size       int64
		want       int64 // bytes; -1 for an error
	}{
		{"the range", Span{3, 4}, Span{3, 4}, 10, 4},
		{"to the end", Span{3, -1}, Span{3, 7}, 10, 7},
		{"cut at the end", Span{8, 4}, Span{8, 2}, 10, 2},
		{"no bytes", Span{3, 0}, Span{3, 0}, 10, 0},
		{"no bytes after the end", Span{12, 0}, Span{12, 0}, 10, 0},
		{"a size that is not told", Span{3, 4}, Span{3, 4}, 0, 4},
		{"nothing that is told", Span{3, 4}, Span{0, 0}, 0, 0},
		{"a length that is not told", Span{3, 4}, Span{3, 0}, 10, 4},
		{"from the end", Span{-3, 2}, Span{7, 2}, 10, 2},
		{"from the end, of a length that is not told", Span{-3, 2}, Span{7, -1}, 10, 0},
		{"cut at an end that is not told", Span{3, 4}, Span{3, 2}, 0, 2},
		{"the second byte for the first", Span{0, 1}, Span{1, 1}, 10, -1},
		{"a byte from another place, of an unknown size", Span{3, 1}, Span{4, 1}, 0, -1},
		{"the end of one byte", Span{0, 4}, Span{1, 0}, 1, -1},
		{"all of it", Span{3, 4}, Span{0, 10}, 10, -1},
		{"from the start", Span{3, 4}, Span{0, 4}, 10, -1},
		{"the same length from another byte", Span{3, 4}, Span{4, 4}, 0, -1},
		{"too much", Span{3, 4}, Span{3, 5}, 10, -1},
		{"too much of an unknown size", Span{3, 4}, Span{3, 5}, 0, -1},
		{"too little", Span{3, 4}, Span{3, 3}, 10, -1},
		{"too little to the end", Span{3, -1}, Span{3, 6}, 10, -1},
		{"more than there is", Span{8, 4}, Span{8, 3}, 10, -1},
		{"another place that is told with the size", Span{3, 4}, Span{0, 0}, 10, -1},
		{"after the end", Span{12, 4}, Span{12, 1}, 10, -1},
	} {
		length, err := Range(test.asked, test.got, test.size)
		assert.Equal(t, test.want < 0, errors.Is(err, errOtherRange), "%s: %v", test.name, err)
		assert.Equal(t, test.want < 0, err != nil, test.name)
		assert.Equal(t, max(test.want, 0), length, test.name)
	}
}

// A body is a reader with its own way to be copied, as that of a *Store.
type body struct {
	*strings.Reader
	copied, closed bool
}

func (b *body) WriteTo(w io.Writer) (int64, error) {
	b.copied = true
	return b.Reader.WriteTo(w)
}

func (b *body) Close() error {
	b.closed = true
	return nil
}

// TestBody reads bodies that have as many bytes as were told, fewer and more.
func TestBody(t *testing.T) {
	t.Parallel()
	for length, want := range map[int64]error{-1: nil, 0: nil, 4: nil, 5: io.ErrUnexpectedEOF, 3: errMore, 1: errMore} {
		for name, read := range map[string]func(io.Reader) ([]byte, error){
			"read":               io.ReadAll,
			"bytes with the end": io.ReadAll,
			"copied": func(r io.Reader) ([]byte, error) {
				var to bytes.Buffer
				_, err := io.Copy(&to, r)
				return to.Bytes(), err
			},
		} {
			inner := &body{Reader: strings.NewReader("text")}
			from := io.ReadCloser(inner)
			if name == "bytes with the end" {
				from = struct {
					io.Reader
					io.Closer
				}{iotest.DataErrReader(inner.Reader), inner}
			}
			counted := Body(from, length, -1)
			data, err := read(counted)
			require.ErrorIs(t, err, want, "%s of %d", name, length)
			assert.Equal(t, want == nil, err == nil)
			assert.Equal(t, "text", string(data), name)
			assert.Equal(t, name == "copied", inner.copied, name)
			require.NoError(t, counted.Close())
			assert.True(t, inner.closed)
		}
	}
}

// TestBodyOfRange reads bodies whose length is not told, of a range of so many bytes: they may have
// fewer, at the object's end, and not more.
func TestBodyOfRange(t *testing.T) {
	t.Parallel()
	for asked, want := range map[int64]error{-1: nil, 5: nil, 4: nil, 3: errMore, 0: errMore} {
		for _, length := range []int64{-1, 0} {
			_, err := io.ReadAll(Body(io.NopCloser(strings.NewReader("text")), length, asked))
			require.ErrorIs(t, err, want, "%d", asked)
			_, err = io.Copy(io.Discard, Body(&body{Reader: strings.NewReader("text")}, length, asked))
			require.ErrorIs(t, err, want, "%d", asked)
		}
	}
	_, err := io.ReadAll(Body(io.NopCloser(strings.NewReader("text")), 4, 3))
	require.NoError(t, err, "what is known counts")
}

// TestBodyFails has an error of the body stay what it is.
func TestBodyFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, length := range []int64{0, 4, 100} {
		inner := io.NopCloser(io.MultiReader(strings.NewReader("text"), iotest.ErrReader(broken)))
		_, err := io.ReadAll(Body(inner, length, -1))
		require.ErrorIs(t, err, broken)
		inner = io.NopCloser(io.MultiReader(strings.NewReader("text"), iotest.ErrReader(broken)))
		_, err = io.Copy(io.Discard, Body(inner, length, -1))
		require.ErrorIs(t, err, broken)
	}
}

// TestReadAll takes memory for what has come, not for what was promised.
func TestReadAll(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 2 * (64<<10 + 1), 1 << 20} {
		for _, expected := range []int64{-1, 0, 1, int64(size), int64(size) + 1, 1 << 50, math.MaxInt64} {
			text := bytes.Repeat([]byte("ab"), size/2+1)[:size]
			data, err := ReadAll(bytes.NewReader(text), expected, 64<<10)
			require.NoError(t, err)
			require.Equal(t, text, data)
			most := max(2*size+2, 64<<10+1)
			if expected == int64(size) {
				most = max(size, 64<<10) + 1
			}
			require.LessOrEqual(t, cap(data), most, "%d of %d", size, expected)
		}
	}
	mine := errors.New("mine")
	_, err := ReadAll(io.MultiReader(strings.NewReader("x"), iotest.ErrReader(mine)), 5, 64<<10)
	require.ErrorIs(t, err, mine)
}
