// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/lithops-go/lithopss3/storagetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestConformanceWrappers holds the wrappers to the suite, on a store in memory and,
// one around the other, on the server.
func TestConformanceWrappers(t *testing.T) {
	t.Parallel()
	const prefix = "some/where-"
	harness := func(storage lithopss3.Storage, bucket string) *storagetest.Harness {
		return &storagetest.Harness{Storage: storage, Bucket: bucket, Capabilities: storagetest.Capabilities{MaxKey: 1024 - len(prefix), NoConditionalParts: testing.Short()}}
	}
	for name, start := range map[string]func(t *testing.T) *storagetest.Harness{
		"prefix": func(*testing.T) *storagetest.Harness {
			return harness(lithopss3.WithPrefix(memstore.New("bucket"), prefix), "bucket")
		},
		"limit": func(*testing.T) *storagetest.Harness {
			return harness(lithopss3.WithLimit(memstore.New("bucket"), 2), "bucket")
		},
		"both": func(*testing.T) *storagetest.Harness {
			both := harness(lithopss3.WithPrefix(lithopss3.WithLimit(memstore.New("bucket"), 2), prefix), "bucket")
			both.Capabilities.NoConditionalParts = true // which each wrapper has by itself
			return both
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && name == "both" {
				t.Skip("each wrapper by itself is enough under -short")
			}
			storagetest.Run(t, start)
		})
	}
}

// TestWithPrefix sees nothing else, and names keys as the caller does.
func TestWithPrefix(t *testing.T) {
	t.Parallel()
	inner := memstore.New("bucket")
	putAll(t, inner, "bucket", "p/", "p/a", "p/d/b", "other", "pq")
	storage := lithopss3.WithPrefix(inner, "p/")
	var keys []string
	for info, err := range storage.ListObjects(t.Context(), "bucket", nil) {
		require.NoError(t, err)
		keys = append(keys, info.Key)
	}
	assert.Equal(t, []string{"a", "d/b"}, keys)
	_, err := storage.HeadObject(t.Context(), "bucket", "missing")
	var known *lithopss3.Error
	require.ErrorAs(t, err, &known)
	assert.Equal(t, "missing", known.Key)
	err = storage.DeleteObjects(t.Context(), "bucket", []string{"a", ""})
	var failed *lithopss3.DeleteError
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Failed, 1)
	require.ErrorIs(t, err, lithopss3.ErrInvalidKey)
	require.NoError(t, second(inner.HeadObject(t.Context(), "bucket", "p/")), "the prefix itself stays")
	require.Error(t, second(inner.HeadObject(t.Context(), "bucket", "p/a")))
	assert.Same(t, inner, lithopss3.WithPrefix(inner, ""))
}

// A countingStorage counts the operations at once.
type countingStorage struct {
	lithopss3.Storage
	now, most atomic.Int64
}

func (c *countingStorage) HeadObject(ctx context.Context, bucket, key string) (*lithopss3.ObjectInfo, error) {
	now := c.now.Add(1)
	defer c.now.Add(-1)
	for {
		most := c.most.Load()
		if now <= most || c.most.CompareAndSwap(most, now) {
			break
		}
	}
	runtime.Gosched()
	return c.Storage.HeadObject(ctx, bucket, key)
}

// TestWithLimit is never exceeded.
func TestWithLimit(t *testing.T) {
	t.Parallel()
	inner := memstore.New("bucket")
	putAll(t, inner, "bucket", "key")
	counting := &countingStorage{Storage: inner}
	storage := lithopss3.WithLimit(counting, 3)
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() { assert.NoError(t, second(storage.HeadObject(t.Context(), "bucket", "key"))) })
	}
	group.Wait()
	assert.LessOrEqual(t, counting.most.Load(), int64(3))
}

// TestWithLimitTurns checks that an open body holds its turn until its end, and a loop
// over a listing can use the storage.
func TestWithLimitTurns(t *testing.T) {
	t.Parallel()
	inner := memstore.New("bucket")
	putAll(t, inner, "bucket", "a", "b", "c")
	storage := lithopss3.WithLimit(inner, 1)
	for info, err := range storage.ListObjects(t.Context(), "bucket", nil) {
		require.NoError(t, err)
		require.NoError(t, second(storage.HeadObject(t.Context(), "bucket", info.Key)))
	}
	object, err := storage.GetObject(t.Context(), "bucket", "a", nil)
	require.NoError(t, err)
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, second(storage.HeadObject(short, "bucket", "a")), context.DeadlineExceeded)
	_, err = io.ReadAll(object.Body)
	require.NoError(t, err)
	require.NoError(t, second(storage.HeadObject(t.Context(), "bucket", "a")), "it has given its last byte")
	require.NoError(t, object.Body.Close())
	require.NoError(t, object.Body.Close())
	object, err = storage.GetObject(t.Context(), "bucket", "b", nil)
	require.NoError(t, err)
	_, err = io.ReadFull(object.Body, make([]byte, object.Length))
	require.NoError(t, err)
	require.NoError(t, second(storage.HeadObject(t.Context(), "bucket", "a")), "and was not asked for its end")
	require.NoError(t, object.Body.Close())
	require.Error(t, second(storage.GetObject(t.Context(), "bucket", "missing", nil)))
	func() {
		defer func() { _ = recover() }()
		for _, err := range storage.ListObjects(t.Context(), "bucket", nil) {
			panic(err)
		}
	}()
	require.NoError(t, second(storage.HeadObject(t.Context(), "bucket", "a")))
}

// TestWriter stores when it is closed, and nothing otherwise.
func TestWriter(t *testing.T) {
	t.Parallel()
	store, bucket := openWire(t, straight), "bucket"
	isThere := func(key string) bool { return second(store.HeadObject(t.Context(), bucket, key)) == nil }
	large := string(testkit.Bytes(7 * unit))
	for name, text := range map[string]string{"none": "", "small": "text", "large": large} {
		w := lithopss3.NewWriter(t.Context(), store, bucket, name, &lithopss3.PutOptions{ContentType: "text/x"})
		_, err := io.Copy(w, strings.NewReader(text))
		require.NoError(t, err)
		assert.False(t, isThere(name), "not before Close")
		require.NoError(t, w.Close())
		require.NoError(t, w.Close())
		require.NoError(t, w.CloseWithError(io.ErrUnexpectedEOF), "too late")
		_, err = w.Write([]byte("x"))
		require.ErrorIs(t, err, lithopss3.ErrClosed)
		data, err := store.ReadObject(t.Context(), bucket, name, 0)
		require.NoError(t, err)
		assert.Equal(t, text, string(data))
	}
	for _, text := range []string{"", "text", large[:6*unit]} { // a part is sent
		for _, reason := range []error{nil, io.ErrNoProgress, io.EOF, io.ErrUnexpectedEOF} {
			w := lithopss3.NewWriter(t.Context(), store, bucket, "abandoned", nil)
			_, err := io.WriteString(w, text)
			require.NoError(t, err)
			require.NoError(t, w.CloseWithError(reason))
			require.NoError(t, w.CloseWithError(nil), "again")
			require.Error(t, w.Close())
			assert.False(t, isThere("abandoned"))
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		w := lithopss3.NewWriter(ctx, store, bucket, "abandoned", nil)
		_, err := io.WriteString(w, text)
		require.NoError(t, err)
		cancel(iotest.ErrTimeout)
		for err == nil { // the pipe learns it in another goroutine
			_, err = io.WriteString(w, "x")
		}
		require.ErrorIs(t, err, iotest.ErrTimeout)
		require.ErrorIs(t, w.Close(), iotest.ErrTimeout)
		assert.False(t, isThere("abandoned"))
	}
	for upload, err := range store.OpenUploads(t.Context(), bucket, "") {
		require.NoError(t, err)
		t.Errorf("%s was left behind", upload.Key)
	}
}

// TestOptionsAreNotKept changes options after the call that got them, and before what it
// returned is used.
func TestOptionsAreNotKept(t *testing.T) {
	t.Parallel()
	inner := memstore.New("bucket")
	for name, storage := range map[string]lithopss3.Storage{
		"Store": openWire(t, straight), "memstore": inner, "WithPrefix": lithopss3.WithPrefix(inner, "p/"), "WithLimit": lithopss3.WithLimit(inner, 1),
	} {
		put := &lithopss3.PutOptions{ContentType: "text/x", Metadata: map[string]string{"a": "b"}, Tags: map[string]string{"a": "b"}}
		w := lithopss3.NewWriter(t.Context(), storage, "bucket", "a/b", put)
		put.ContentType, put.Metadata["a"], put.Tags["a"] = "other", "other", "\n"
		require.NoError(t, w.Close(), name)
		info, err := storage.HeadObject(t.Context(), "bucket", "a/b")
		require.NoError(t, err, name)
		assert.Equal(t, "text/x", info.ContentType, name)
		assert.Equal(t, map[string]string{"a": "b"}, info.Metadata, name)

		list := &lithopss3.ListOptions{Prefix: "a/"}
		listing := storage.ListObjects(t.Context(), "bucket", list)
		list.Prefix = "b/"
		var keys []string
		for info, err := range listing {
			require.NoError(t, err, name)
			keys = append(keys, info.Key)
		}
		assert.Equal(t, []string{"a/b"}, keys, name)
	}
}

// TestWriterFails with the error of the put.
func TestWriterFails(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	w := lithopss3.NewWriter(t.Context(), store, "bucket", "", nil)
	_, err := w.Write([]byte("x"))
	require.ErrorIs(t, err, lithopss3.ErrInvalidKey)
	require.ErrorIs(t, w.Close(), lithopss3.ErrInvalidKey)
	w = lithopss3.NewWriter(t.Context(), store, "no-bucket", "key", nil)
	require.NoError(t, w.CloseWithError(errors.ErrUnsupported))
}

// TestWriterPanics brings a panic of the callback, in a goroutine of the Writer's, to the
// caller of Close. A put that never returns is an error.
func TestWriterPanics(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	open := func(progress func(lithopss3.Progress)) *lithopss3.Writer {
		return lithopss3.NewWriter(t.Context(), store, "bucket", "key", &lithopss3.PutOptions{Progress: progress})
	}
	w := open(func(lithopss3.Progress) { panic("boom") })
	assert.PanicsWithValue(t, "boom", func() { _ = w.Close() })
	assert.PanicsWithValue(t, "boom", func() { _ = w.CloseWithError(nil) })
	_, err := w.Write([]byte("x"))
	require.ErrorIs(t, err, lithopss3.ErrClosed)

	w = open(func(lithopss3.Progress) { runtime.Goexit() })
	require.ErrorContains(t, w.Close(), "ended its goroutine")
}
