// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHashReadsAll checks that a body in place is hashed to its size and not beyond, and
// that a shorter one is an error.
func TestHashReadsAll(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 20_000) // several buffers
	for size, want := range map[int]error{0: nil, 1: nil, 64 << 10: nil, 64<<10 + 1: nil, len(data): nil, len(data) + 1: io.EOF} {
		var read []byte
		body := &largeBody{reader: bytes.NewReader(data), size: int64(size)}
		err := body.hash(func(b []byte) { read = append(read, b...) })
		assert.Equal(t, want, err, size)
		assert.True(t, bytes.Equal(data[:min(size, len(data))], read), size)
	}
	body := &largeBody{reader: struct {
		io.Reader
		io.Seeker
	}{iotest.DataErrReader(bytes.NewReader(data)), nil}, size: int64(len(data))}
	require.NoError(t, body.hash(func([]byte) {}), "the last bytes come with the end")
}

// memoryReader is a body in memory.
type memoryReader struct {
	*bytes.Reader
	data []byte
}

func (m memoryReader) Rest() []byte { return m.data }

// TestHashInPlace checks that a body in memory is hashed where it is, in pieces, and one
// that is not there (or is shorter) by reading.
func TestHashInPlace(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 20_000)
	for name, memory := range map[string][]byte{"in memory": data, "not": nil, "shorter": data[:10]} {
		var read []byte
		isInPlace := false
		body := &largeBody{reader: memoryReader{bytes.NewReader(data), memory}, size: int64(len(data))}
		require.NoError(t, body.hash(func(b []byte) {
			isInPlace = isInPlace || &b[0] == &data[0]
			assert.LessOrEqual(t, len(b), hashSize)
			read = append(read, b...)
		}), name)
		assert.True(t, bytes.Equal(data, read), name)
		assert.Equal(t, name == "in memory", isInPlace, name)
	}
}

// A movingMemory has less to read after each read.
type movingMemory struct{ memoryReader }

func (m *movingMemory) Rest() []byte { return m.data[len(m.data)-m.Len():] }

// TestWritePiece checks that pieces follow each other, that reads continue after them,
// and that a closed body writes no more of the caller's memory.
func TestWritePiece(t *testing.T) {
	t.Parallel()
	data := []byte("0123456789")
	body := &largeBody{reader: &movingMemory{memoryReader{bytes.NewReader(data), data}}, size: 10}
	var written bytes.Buffer
	for range 2 {
		n, err := body.WritePiece(&written, 3)
		require.NoError(t, err)
		assert.Equal(t, 3, n)
	}
	one := make([]byte, 1)
	_, err := body.Read(one)
	require.NoError(t, err)
	assert.Equal(t, "6", string(one))
	n, err := body.WritePiece(&written, 10)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	assert.Equal(t, "012345789", written.String())
	_, err = body.WritePiece(&written, 3)
	assert.Equal(t, io.EOF, err)

	require.NoError(t, body.rewind())
	n, err = body.WritePiece(brokenWriter{}, 3)
	require.ErrorIs(t, err, io.ErrClosedPipe)
	assert.Equal(t, 1, n)
	n, err = body.WritePiece(io.Discard, 10)
	require.NoError(t, err)
	assert.Equal(t, 9, n, "after what was written")

	require.NoError(t, body.rewind())
	require.NoError(t, body.Close())
	_, err = body.WritePiece(&written, 3)
	assert.Equal(t, io.EOF, err, "closed")
	assert.Equal(t, 9, written.Len())
	_, err = body.Read(one)
	assert.Equal(t, io.EOF, err, "closed")

	_, err = (&largeBody{reader: stuckMemory{memoryReader{bytes.NewReader(data), data}}, size: 10}).WritePiece(io.Discard, 3)
	require.ErrorIs(t, err, errStuck)
	for _, reader := range []io.ReadSeeker{bytes.NewReader(data), memoryReader{bytes.NewReader(data), nil}} {
		_, err = (&largeBody{reader: reader, size: 10}).WritePiece(&written, 3)
		require.ErrorIs(t, err, errors.ErrUnsupported)
	}
}

// A stuckMemory can't be sought.
type stuckMemory struct{ memoryReader }

var errStuck = errors.New("stuck")

func (stuckMemory) Seek(int64, int) (int64, error) { return 0, errStuck }

// A brokenWriter breaks after the first byte.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 1, io.ErrClosedPipe }

// A seeker fails at one of its seeks.
type seeker struct {
	*bytes.Reader
	failsAt, seeks int
	offset         int64 // is added to what the end is said to be
}

func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	s.seeks++
	if s.seeks == s.failsAt {
		return 0, errors.New("no")
	}
	at, err := s.Reader.Seek(offset, whence)
	if whence == io.SeekEnd {
		at += s.offset
	}
	return at, err
}

// TestNoBody has the hash of no bytes for a request without a body, also if bodies are not
// signed.
func TestNoBody(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{http.MethodGet: emptySHA256, http.MethodHead: emptySHA256, http.MethodPut: unsignedPayload} {
		payload, ok := newRequest(method, "key").addBody(&template{})
		assert.True(t, ok)
		assert.Equal(t, want, payload, method)
	}
}

// TestOpenBody checks which bodies can be taken, by the seek that fails.
func TestOpenBody(t *testing.T) {
	t.Parallel()
	for failsAt, want := range []bool{true, false, false, false, false, true} {
		body := &seeker{Reader: bytes.NewReader([]byte("body")), failsAt: failsAt}
		r := newRequest("PUT", "key")
		require.Equal(t, want, r.openBody(body), failsAt)
		if want {
			assert.Equal(t, "body", string(r.body))
		}
	}
	assert.False(t, newRequest("PUT", "key").openBody(&seeker{Reader: bytes.NewReader([]byte("body")), offset: -5}), "it ends before it starts")
	assert.False(t, newRequest("PUT", "key").openBody(&seeker{Reader: bytes.NewReader([]byte("body")), offset: 1}), "it is shorter than it says")
	assert.False(t, newRequest("PUT", "key").openBody(io.MultiReader()), "it can't be sought")
	assert.False(t, newRequest("PUT", "key").openBody(nil))
	for size, isLarge := range map[int]bool{0: false, copyLimit: false, copyLimit + 1: true} {
		r := newRequest("PUT", "key")
		require.True(t, r.openBody(bytes.NewReader(make([]byte, size))))
		assert.Equal(t, isLarge, r.large != nil, size)
	}
}
