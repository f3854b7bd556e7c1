// SPDX-License-Identifier: Apache-2.0

package readahead

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const chunk = 1000

// A source is an object whose ranges take a time.
type source struct {
	data []byte
	wait func(offset int64) time.Duration
	fail func(offset int64) error

	mu           sync.Mutex
	asked        int
	open, atOnce int
}

func (s *source) Open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	s.count(1)
	defer s.count(-1)
	if s.fail != nil {
		if err := s.fail(offset); err != nil {
			return nil, err
		}
	}
	if s.wait != nil {
		select {
		case <-time.After(s.wait(offset)):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return io.NopCloser(bytes.NewReader(s.data[offset:min(offset+length, int64(len(s.data)))])), nil
}

func (s *source) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += n
	s.asked += max(0, n)
	s.atOnce = max(s.atOnce, s.open)
}

// requests returns how many ranges were asked for.
func (s *source) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// TestReader returns the bytes in order, whatever the sizes, and gives all memory back.
func TestReader(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, chunk - 1, chunk, chunk + 1, 9*chunk + 7} {
		for _, buffers := range []int{1, 2, 20} {
			from := &source{data: testkit.Bytes(size)}
			pool := NewPool(chunk, buffers)
			r := Start(t.Context(), 0, int64(size), Options{Open: from.Open, Pool: pool, Ranges: 3, MostRanges: 5})
			require.NoError(t, iotest.TestReader(r, from.data), "%d bytes, %d buffers", size, buffers)
			assert.EqualValues(t, buffers, pool.left.Load(), "at the end, no memory is held")
			n, err := r.Read(nil)
			require.NoError(t, err)
			assert.Zero(t, n)
			require.NoError(t, r.Close())
			assert.EqualValues(t, buffers, pool.left.Load())
			assert.Equal(t, (size+chunk-1)/chunk, from.requests())
			assert.LessOrEqual(t, from.atOnce, 5)
		}
	}
}

// TestPart reads a stretch in the middle.
func TestPart(t *testing.T) {
	t.Parallel()
	from := &source{data: testkit.Bytes(9 * chunk)}
	r := Start(t.Context(), 77, 4*chunk, Options{Open: from.Open, Pool: NewPool(chunk, 2), Ranges: 2, MostRanges: 2})
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(from.data[77:4*chunk], got))
	require.NoError(t, r.Close())
}

// TestWindow asks for few ranges while the caller is slow, and for the most once it
// waits for one. It holds no more memory than the pool has.
func TestWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		from := &source{data: testkit.Bytes(100 * chunk), wait: func(int64) time.Duration { return time.Second }}
		pool := NewPool(chunk, 4)
		r := Start(t.Context(), 0, 100*chunk, Options{Open: from.Open, Pool: pool, Ranges: 2, MostRanges: 8})
		buffer := make([]byte, chunk)
		for i := range 5 {
			time.Sleep(2 * time.Second)
			_, err := io.ReadFull(r, buffer)
			require.NoError(t, err)
			synctest.Wait()
			assert.Equal(t, 2+i+1, from.requests())
			assert.EqualValues(t, 2, pool.left.Load())
		}
		for range 2 { // of which the second is not there yet
			_, err := io.ReadFull(r, buffer)
			require.NoError(t, err)
		}
		synctest.Wait()
		assert.Equal(t, 5+2+8, from.requests())
		assert.EqualValues(t, 0, pool.left.Load())
		require.NoError(t, r.Close())
		assert.EqualValues(t, 4, pool.left.Load())
	})
}

// TestWaitAsksForMore asks for the most ranges as soon as the caller waits, and not after.
func TestWaitAsksForMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		from := &source{data: testkit.Bytes(10 * chunk), wait: func(int64) time.Duration { return time.Second }}
		r := Start(t.Context(), 0, 10*chunk, Options{Open: from.Open, Pool: NewPool(chunk, 4), Ranges: 1, MostRanges: 3})
		synctest.Wait()
		assert.Equal(t, 1, from.requests())
		isReady, err := r.Wait(time.After(time.Millisecond))
		require.NoError(t, err)
		assert.False(t, isReady)
		synctest.Wait()
		assert.Equal(t, 3, from.requests())
		require.NoError(t, r.Close())
	})
}

// TestSharedPool leaves a reader with the memory that there is, and starts none without.
func TestSharedPool(t *testing.T) {
	t.Parallel()
	from := &source{data: testkit.Bytes(10 * chunk)}
	opts := Options{Open: from.Open, Pool: NewPool(chunk, 3), Ranges: 2, MostRanges: 4}
	first, second := Start(t.Context(), 0, 10*chunk, opts), Start(t.Context(), 0, 10*chunk, opts)
	require.NotNil(t, first)
	require.NotNil(t, second)
	assert.Nil(t, Start(t.Context(), 0, 10*chunk, opts))
	got, err := io.ReadAll(second)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(from.data, got))
	third := Start(t.Context(), 0, 10*chunk, opts)
	require.NotNil(t, third)
	for _, r := range []*Reader{first, second, third} {
		require.NoError(t, r.Close())
	}
	assert.EqualValues(t, 3, opts.Pool.left.Load())
}

// TestErrors come in the order of the bytes, and are final.
func TestErrors(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	from := &source{data: testkit.Bytes(10 * chunk), fail: func(offset int64) error {
		if offset == 3*chunk {
			return mine
		}
		return nil
	}}
	pool := NewPool(chunk, 3)
	r := Start(t.Context(), 0, 10*chunk, Options{Open: from.Open, Pool: pool, Ranges: 4, MostRanges: 4})
	got, err := io.ReadAll(r)
	require.ErrorIs(t, err, mine)
	assert.Len(t, got, 3*chunk)
	_, err = r.Read(make([]byte, 1))
	require.ErrorIs(t, err, mine)
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	assert.EqualValues(t, 3, pool.left.Load())
	_, err = r.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)

	from = &source{data: testkit.Bytes(chunk / 2)}
	r = Start(t.Context(), 0, chunk, Options{Open: from.Open, Pool: pool, Ranges: 4, MostRanges: 4})
	_, err = r.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a body that is short")
	require.NoError(t, r.Close())
	r = Start(t.Context(), chunk/2, chunk, Options{Open: from.Open, Pool: pool, Ranges: 4, MostRanges: 4})
	_, err = r.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a body without a byte")
	require.NoError(t, r.Close())
}

// TestPanics has the range's error, and the panic of Open reach the caller who closes.
func TestPanics(t *testing.T) {
	t.Parallel()
	from := &source{data: testkit.Bytes(10 * chunk), fail: func(offset int64) error {
		if offset == chunk {
			panic("boom")
		}
		return nil
	}}
	pool := NewPool(chunk, 3)
	r := Start(t.Context(), 0, 10*chunk, Options{Open: from.Open, Pool: pool, Ranges: 4, MostRanges: 4})
	got, err := io.ReadAll(r)
	require.ErrorIs(t, err, panics.ErrPanicked)
	assert.Len(t, got, chunk)
	assert.PanicsWithValue(t, "boom", func() { _ = r.Close() })
	assert.EqualValues(t, 3, pool.left.Load())
	require.NoError(t, r.Close())
}

// TestCancel ends requests, also those that wait for memory, and Wait ends at stop.
func TestCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		mine := errors.New("mine")
		from := &source{data: testkit.Bytes(10 * chunk), wait: func(offset int64) time.Duration {
			if offset == 0 {
				return time.Hour
			}
			return 0
		}}
		pool := NewPool(chunk, 2)
		r := Start(ctx, 0, 10*chunk, Options{Open: from.Open, Pool: pool, Ranges: 4, MostRanges: 4})
		isReady, err := r.Wait(time.After(time.Minute))
		require.NoError(t, err)
		assert.False(t, isReady)
		cancel(mine)
		_, err = r.Read(make([]byte, 1))
		require.ErrorIs(t, err, mine)
		require.NoError(t, r.Close())
		assert.EqualValues(t, 2, pool.left.Load())
	})
}

// TestCloseWaits ends requests and waits until none of them uses memory.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(chunk, 2)
		open := func(ctx context.Context, _, _ int64) (io.ReadCloser, error) {
			<-ctx.Done()
			time.Sleep(time.Second)
			return nil, ctx.Err()
		}
		r := Start(t.Context(), 0, 10*chunk, Options{Open: open, Pool: pool, Ranges: 4, MostRanges: 4})
		synctest.Wait()
		began := time.Now()
		require.NoError(t, r.Close())
		assert.Equal(t, time.Second, time.Since(began))
		assert.EqualValues(t, 2, pool.left.Load())
	})
}

// TestFewConnections checks that ranges that wait for memory don't keep the connections
// that the ranges before them need.
func TestFewConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		connections := make(chan struct{}, 2)
		from := &source{data: testkit.Bytes(30 * chunk)}
		opts := Options{Pool: NewPool(chunk, 1), Ranges: 8, MostRanges: 8}
		opts.Open = func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			time.Sleep(time.Duration(len(from.data)) - time.Duration(offset)) // the last one first
			connections <- struct{}{}
			body, err := from.Open(ctx, offset, length)
			return &released{body, connections}, err
		}
		r := Start(t.Context(), 0, 30*chunk, opts)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(from.data, got))
		require.NoError(t, r.Close())
		assert.Empty(t, connections)
	})
}

// A released body gives its connection back when it is closed.
type released struct {
	io.ReadCloser
	connections chan struct{}
}

func (r *released) Close() error {
	<-r.connections
	return r.ReadCloser.Close()
}
