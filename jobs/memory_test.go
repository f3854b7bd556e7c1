// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A generatedStorage makes objects as they are read, so that only what a reader holds
// is in memory.
type generatedStorage struct {
	lithopss3.Storage
	head, tail string // around the filling
	size       int64  // of the filling
	noLength   bool   // it does not say how long objects are
	heap       heapMeter
	handed     atomic.Int64 // bytes that bodies have given
	most       atomic.Int64 // of them at once, less what the test has given back
}

func (s *generatedStorage) GetObject(context.Context, string, string, *lithopss3.GetOptions) (*lithopss3.Object, error) {
	body := io.MultiReader(strings.NewReader(s.head), io.LimitReader(filling{}, s.size), strings.NewReader(s.tail))
	object := &lithopss3.Object{Length: s.size + int64(len(s.head)+len(s.tail))}
	object.Size = object.Length
	if s.noLength {
		object.Length = -1
	}
	object.Body = io.NopCloser(&countedBody{Reader: body, storage: s})
	return object, nil
}

// filling is x without end.
type filling struct{}

const manyX = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

func (filling) Read(p []byte) (int, error) {
	for n := copy(p, manyX); n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	return len(p), nil
}

type countedBody struct {
	io.Reader
	storage *generatedStorage
}

// Read waits first, so that in a bubble of synctest all that may be read at once is, and
// whoever gave back what was read before has done so.
func (b *countedBody) Read(p []byte) (int, error) {
	time.Sleep(time.Microsecond)
	n, err := b.Reader.Read(p)
	handed := b.storage.handed.Add(int64(n))
	for most := b.storage.most.Load(); handed > most && !b.storage.most.CompareAndSwap(most, handed); most = b.storage.most.Load() {
	}
	b.storage.heap.look(n)
	return n, err
}

// A heapMeter remembers the most that the heap had, without garbage, of which the
// collector and the other goroutines decide how much there is.
type heapMeter struct {
	mu     sync.Mutex
	most   uint64
	unseen int
}

// look looks at the heap once for each MiB that is read, of which n were.
func (m *heapMeter) look(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unseen += n; m.unseen >= 1<<20 {
		m.unseen = 0
		m.most = max(m.most, heapNow())
	}
}

// grown returns by how many KiB the heap has grown at most since before.
func (m *heapMeter) grown(before uint64) int {
	m.look(1 << 20)
	return (int(m.most) - int(before)) >> 10
}

// heapNow returns the heap without garbage.
func heapNow() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func callsOfJob(n int) []Call {
	calls := make([]Call, n)
	for i := range calls {
		calls[i] = Call{"e-0", "M000", FormatCallID(i)}
	}
	return calls
}

// newLimited returns a Client that holds a part of what others do.
func newLimited(storage lithopss3.Storage, part int64) *Client {
	client := New(storage, "bucket", &Options{NoCache: true})
	client.limits = limits{status: maxStatus / part, reading: maxReading / part, statuses: maxStatuses / part}
	client.reading = newBudget(client.limits.reading)
	return client
}

// TestLimits checks the limits that the tests make smaller.
func TestLimits(t *testing.T) {
	t.Parallel()
	client := New(nil, "bucket", nil)
	assert.Equal(t, limits{status: 64 << 20, reading: 32 << 20, statuses: 8 << 20}, client.limits)
	assert.Equal(t, client.limits.reading, client.reading.size)
}

// TestStatusesInMemory checks that Statuses holds its limit, or one large status, however
// many there are. Not parallel: it measures the heap.
func TestStatusesInMemory(t *testing.T) {
	for _, c := range []struct {
		calls    int
		size     int64
		noLength bool
		most     int64 // bytes of statuses at once
		heap     int   // KiB
	}{
		{calls: 3, size: 3 << 20, most: 25 << 17, heap: 60 << 7},
		{calls: 16, size: 128 << 10, most: 10 << 17, heap: 20 << 7},
		{calls: 3, size: 10 << 17, noLength: true, most: 11 << 17, heap: 40 << 7},
	} {
		synctest.Test(t, func(t *testing.T) {
			storage := &generatedStorage{head: `{"type": "__end__", "func_result_size": 0.0, "exc_info": "`, tail: `"}`, size: c.size, noLength: c.noLength}
			before := heapNow()
			answers := 0
			for status, err := range newLimited(storage, 8).Statuses(t.Context(), callsOfJob(c.calls)) {
				require.NoError(t, err)
				require.Len(t, status.excInfo, int(c.size))
				storage.handed.Add(-c.size)
				storage.heap.look(int(c.size))
				answers++
			}
			assert.Equal(t, c.calls, answers)
			assert.LessOrEqual(t, storage.most.Load(), c.most)
			assert.Less(t, storage.heap.grown(before), c.heap, "%d statuses of %d bytes", c.calls, c.size)
			t.Logf("%d statuses of %d KiB: %d KiB at once, %d KiB of heap", c.calls, c.size>>10, storage.most.Load()>>10, storage.heap.grown(before))
		})
	}
}

// TestCloudObjectsInMemory checks that GetCloudObjects holds its limit, or half of it and
// one larger object, however many there are. Not parallel: it measures the heap.
func TestCloudObjectsInMemory(t *testing.T) {
	for _, c := range []struct {
		objects  int
		size     int64
		noLength bool
		most     int64 // bytes at once
		heap     int   // KiB
	}{
		{objects: 200, size: 8 << 10, most: 4 << 17, heap: 20 << 7},
		{objects: 40, size: 128 << 10, most: 32 << 17, heap: 60 << 7},
		{objects: 12, size: 512 << 10, most: 32 << 17, heap: 60 << 7},
		{objects: 3, size: 5 << 20, most: 41 << 17, heap: 90 << 7},
		{objects: 3, size: 20 << 17, noLength: true, most: 21 << 17, heap: 60 << 7},
	} {
		synctest.Test(t, func(t *testing.T) {
			storage := &generatedStorage{size: c.size, noLength: c.noLength}
			objects := make([]*CloudObject, c.objects)
			for n := range objects {
				objects[n] = &CloudObject{Backend: lithopss3.Backend, Bucket: "bucket", Key: "key"}
			}
			before := heapNow()
			answers := 0
			for data, err := range newLimited(storage, 8).GetCloudObjects(t.Context(), objects) {
				require.NoError(t, err)
				require.Len(t, data, int(c.size))
				storage.heap.look(int(c.size))
				storage.handed.Add(-c.size)
				answers++
			}
			assert.Equal(t, c.objects, answers)
			assert.LessOrEqual(t, storage.most.Load(), c.most, "%d objects of %d bytes", c.objects, c.size)
			assert.Less(t, storage.heap.grown(before), c.heap, "%d objects of %d bytes", c.objects, c.size)
			t.Logf("%d objects of %d KiB: %d KiB at once, %d KiB of heap", c.objects, c.size>>10, storage.most.Load()>>10, storage.heap.grown(before))
		})
	}
}

// Objects that several goroutines read at once are bounded together.
// Not parallel: it measures the heap.
func TestReadingInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &generatedStorage{head: "\x80\x04B\x00\x00\x14\x00", tail: ".", size: 10 << 17} // bytes of 10/8 MiB
		client := newLimited(storage, 8)
		before := heapNow()
		var running sync.WaitGroup
		for _, call := range callsOfJob(6) {
			running.Go(func() {
				value, err := client.In(call).ResultOf(t.Context(), &Status{Call: call, ResultSize: storage.size})
				storage.handed.Add(-storage.size)
				assert.NoError(t, err)
				assert.Len(t, value, int(storage.size))
			})
		}
		running.Wait()
		most, grown := storage.most.Load(), storage.heap.grown(before)
		t.Logf("%d KiB at once, %d KiB of heap", most>>10, grown)
		assert.LessOrEqual(t, most, client.limits.reading)
		assert.Greater(t, most, client.limits.reading-storage.size, "as many as can be are read")
		assert.Less(t, grown, 90<<7)
	})
}

// TestResultsWhileStatusesAreRead checks that a consumer that holds a status as large
// as the whole budget can still read results in its loop.
func TestResultsWhileStatusesAreRead(t *testing.T) {
	t.Parallel()
	storage := &generatedStorage{head: `{"type": "__end__", "func_result_size": 1.0, "exc_info": "`, tail: `"}`, size: 9 << 17}
	client := newLimited(storage, 8)
	client.reading = newBudget(client.limits.statuses)
	for status, err := range client.Statuses(t.Context(), callsOfJob(2)) {
		require.NoError(t, err)
		_, err := client.Output(t.Context(), status.Call)
		require.NoError(t, err)
		_, err = client.Status(t.Context(), status.Call)
		require.NoError(t, err)
	}
}

// A consumer that stops, and a context that ends, leave no reader that waits.
func TestStatusesStop(t *testing.T) {
	t.Parallel()
	storage := &generatedStorage{head: `{"type": "__end__", "exc_info": "`, tail: `"}`, size: 5 << 17}
	client := newLimited(storage, 8)
	for _, err := range client.Statuses(t.Context(), callsOfJob(100)) {
		require.NoError(t, err)
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answers, failed := 0, 0
	for _, err := range client.Statuses(ctx, callsOfJob(100)) {
		cancel()
		answers++
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			failed++
		}
	}
	assert.Equal(t, 100, answers)
	assert.Positive(t, failed)
}

// What is larger than its limit is refused, told by its length before a byte is read.
func TestReadLimits(t *testing.T) {
	t.Parallel()
	storage := &generatedStorage{size: maxStatus + 1}
	client := New(storage, "bucket", nil)
	_, err := client.Status(t.Context(), callsOfJob(1)[0])
	require.ErrorIs(t, err, lithopss3.ErrTooLarge)
	require.ErrorContains(t, err, "lithops.jobs/e-0-M000/00000/status.json is larger than 67108864 bytes")
	for _, err := range client.Statuses(t.Context(), callsOfJob(2)) {
		require.ErrorIs(t, err, lithopss3.ErrTooLarge)
	}
	assert.Zero(t, storage.handed.Load())
	client.limits.status = 1 << 20
	storage.size = client.limits.status + 1
	storage.noLength = true
	_, err = client.Status(t.Context(), callsOfJob(1)[0])
	require.ErrorIs(t, err, lithopss3.ErrTooLarge)
	storage.size = client.limits.status
	_, err = client.Status(t.Context(), callsOfJob(1)[0])
	require.ErrorIs(t, err, ErrMalformedStatus, "all of it is read")
}

// Logs are unpacked as they are read: 25 KB that unpack to 16 MiB cost what Logs
// returns, and nothing with LogReader. Not parallel: it measures the heap.
func TestLogsInMemory(t *testing.T) {
	var packed bytes.Buffer
	writer, err := zlib.NewWriterLevel(&packed, zlib.BestCompression)
	require.NoError(t, err)
	const size = 16 << 20
	_, err = io.Copy(writer, io.LimitReader(filling{}, size))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	status := &Status{logs: base64.StdEncoding.EncodeToString(packed.Bytes())}
	require.Less(t, len(status.logs), 25<<10)

	var heap heapMeter
	before := heapNow()
	n, err := io.Copy(io.Discard, io.TeeReader(status.LogReader(), lookingWriter{&heap}))
	require.NoError(t, err)
	assert.Equal(t, int64(size), n)
	assert.Less(t, heap.grown(before), 5<<10)
	text, err := status.Logs()
	require.NoError(t, err)
	assert.Less(t, heap.grown(before), (size+5<<20)>>10)
	assert.Len(t, text, int(size))
}

type lookingWriter struct{ heap *heapMeter }

func (w lookingWriter) Write(p []byte) (int, error) {
	w.heap.look(len(p))
	return len(p), nil
}

// Logs that unpack to more than the limit are refused; LogReader reads them.
func TestLogsLimit(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	var packed bytes.Buffer
	writer := zlib.NewWriter(&packed)
	_, err := io.Copy(writer, io.LimitReader(filling{}, limit+1))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	status := &Status{Call: callsOfJob(1)[0], logs: base64.StdEncoding.EncodeToString(packed.Bytes())}
	_, err = status.logsUpTo(limit)
	require.ErrorIs(t, err, lithopss3.ErrTooLarge)
	text, err := status.logsUpTo(limit + 1)
	require.NoError(t, err)
	require.Len(t, text, limit+1)
	n, err := io.Copy(io.Discard, status.LogReader())
	require.NoError(t, err)
	assert.Equal(t, int64(limit+1), n)
}

func TestBrokenLogs(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	writer := zlib.NewWriter(&packed)
	_, _ = io.WriteString(writer, strings.Repeat("text", 1000))
	require.NoError(t, writer.Close())
	whole := base64.StdEncoding.EncodeToString(packed.Bytes())
	for name, logs := range map[string]string{"no base64": "!", "no zlib": "eHh4eA==", "cut": whole[:len(whole)/2/4*4], "checksum": whole[:len(whole)-8] + "AAAAAAA="} {
		status := &Status{Call: callsOfJob(1)[0], logs: logs}
		_, err := status.Logs()
		require.ErrorContains(t, err, "the logs of call e-0-M000/00000: ", name)
	}
	text, err := (&Status{}).Logs()
	require.NoError(t, err)
	assert.Empty(t, text)
}
