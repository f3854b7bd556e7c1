// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()
	chunks := 160
	if testing.Short() {
		chunks = 60
	}
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, options{chunks: chunks, workers: 8, attempts: 2}))
	shown := out.String()
	assert.Contains(t, shown, fmt.Sprintf("] %d of %d calls, 0 running \n", chunks, chunks))
	assert.Contains(t, shown, fmt.Sprintf(": %d calls, 19000 lines, %d attempts repeated\n", chunks, (chunks+49)/100))
	assert.Contains(t, shown, "\n 27000  the\n 18000  it\n 12000  a\n 12000  is\n")
}

// newStore returns a store on an embedded server of its own.
func newStore(t *testing.T) (*lithopss3.Store, string) {
	t.Helper()
	server, err := lithopstest.Start(nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	store, err := lithopss3.New(t.Context(), server.Config(), server.Options())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	return store, bucket
}

// Nothing is left in the bucket, neither after success nor after a failure, which the
// statuses hold until then.
func TestLeavesNothing(t *testing.T) {
	t.Parallel()
	store, bucket := newStore(t)
	client := jobs.New(store, bucket, &jobs.Options{Interval: time.Millisecond})
	object, err := client.PutCloudObject(t.Context(), strings.NewReader("a b\na\nc"), nil)
	require.NoError(t, err)
	require.NoError(t, countWords(t.Context(), io.Discard, store, newExecutor(client, 2, 1), object.URL(), 3, nil))
	require.NoError(t, client.DeleteCloudObjects(t.Context(), object))

	failed := newExecutor(client, 2, 3)
	var attempts atomic.Int64
	_, err = mapJob[chunk](t.Context(), failed, pickle.EncodeEach(slices.Values([]*pickle.Dict{{}})), func(ctx context.Context, _ jobs.Call, arguments []byte, log io.Writer) (any, error) {
		attempts.Add(1)
		return count(ctx, store, arguments, log)
	}, nil)
	var failure *jobs.CallError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "the argument obj is missing", failure.Message)
	assert.Equal(t, int64(3), attempts.Load())
	status, err := client.Status(t.Context(), jobs.Calls(failed.id, "M000", 1)[0])
	require.NoError(t, err)
	logs, err := status.Logs()
	require.NoError(t, err)
	assert.Contains(t, logs, "attempt 2 of 3 failed: the argument obj is missing\n")
	require.NoError(t, failed.clean(t.Context()))

	keys, err := store.ListKeys(t.Context(), bucket, "")
	require.NoError(t, err)
	assert.Empty(t, keys)
}

// A call that was lost and ends after all is counted once.
func TestBar(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	progress := &bar{out: &out}
	calls := jobs.Calls("4b99c1-0", "M000", 2)
	for _, kind := range []jobs.EventKind{jobs.CallStarted, jobs.CallLost, jobs.CallDone} {
		for _, call := range calls {
			progress.show(jobs.Event{Call: call, Kind: kind}, len(calls))
		}
	}
	assert.Contains(t, out.String(), "] 2 of 2 calls, 0 running \n")
	assert.NotContains(t, out.String(), "3 of 2")
}

// A function that panics fails its call, and no other.
func TestPanicOfTheFunction(t *testing.T) {
	t.Parallel()
	client := jobs.New(memstore.New("bucket"), "bucket", &jobs.Options{Interval: time.Millisecond})
	e := newExecutor(client, 2, 1)
	numbers := []*pickle.Dict{pickle.NewDict("x", 0), pickle.NewDict("x", 1), pickle.NewDict("x", 2)}
	results, err := mapJob[int](t.Context(), e, pickle.EncodeEach(slices.Values(numbers)), func(_ context.Context, call jobs.Call, _ []byte, _ io.Writer) (any, error) {
		if call.CallID == "00001" {
			panic("a bug")
		}
		return 7, nil
	}, nil)
	var failure *jobs.CallError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "00001", failure.CallID)
	assert.Equal(t, "panic: a bug", failure.Message)
	assert.Equal(t, []int{7, 0, 7}, results)
	status, err := client.Status(t.Context(), failure.Call)
	require.NoError(t, err)
	logs, err := status.Logs()
	require.NoError(t, err)
	assert.Contains(t, logs, "TestPanicOfTheFunction")
}

// A stuckStorage answers nothing from some moment on: each request ends with its context.
type stuckStorage struct {
	lithopss3.Storage
	isStuck atomic.Bool
}

func (s *stuckStorage) wait(ctx context.Context) error {
	if !s.isStuck.Load() {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

func (s *stuckStorage) PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *lithopss3.PutOptions) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.Storage.PutObject(ctx, bucket, key, body, opts)
}

func (s *stuckStorage) GetObject(ctx context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	return s.Storage.GetObject(ctx, bucket, key, opts)
}

// An executor that is stopped while the storage answers nothing waits for the statuses of
// the calls that run, 30 seconds at most, and not for those of calls that have not begun.
func TestStopWhileTheStorageHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		storage := &stuckStorage{Storage: memstore.New("bucket")}
		e := newExecutor(jobs.New(storage, "bucket", nil), 2, 1)
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		arguments := slices.Repeat([]*pickle.Dict{pickle.NewDict("x", 1)}, 100)
		began := time.Now()
		_, err := mapJob[int](ctx, e, pickle.EncodeEach(slices.Values(arguments)), func(ctx context.Context, _ jobs.Call, _ []byte, _ io.Writer) (any, error) {
			storage.isStuck.Store(true)
			cancel(stop)
			return nil, context.Cause(ctx)
		}, nil)
		require.ErrorIs(t, err, stop)
		assert.LessOrEqual(t, time.Since(began), 30*time.Second)
	})
}

// Results keep the order of the arguments, and a result of another type is an error.
func TestMapJob(t *testing.T) {
	t.Parallel()
	store, bucket := newStore(t)
	e := newExecutor(jobs.New(store, bucket, &jobs.Options{Interval: time.Millisecond}), 3, 1)
	double := func(_ context.Context, _ jobs.Call, arguments []byte, _ io.Writer) (any, error) {
		var named struct{ X int }
		err := pickle.Unmarshal(arguments, &named)
		return 2 * named.X, err
	}
	dicts := []*pickle.Dict{pickle.NewDict("x", 1), pickle.NewDict("x", 2), pickle.NewDict("x", 3)}
	results, err := mapJob[int](t.Context(), e, pickle.EncodeEach(slices.Values(dicts)), double, nil)
	require.NoError(t, err)
	assert.Equal(t, []int{2, 4, 6}, results)
	_, err = mapJob[string](t.Context(), e, pickle.EncodeEach(slices.Values(dicts)), double, nil)
	require.ErrorContains(t, err, "the result of call "+e.id+"-M001/00000: int does not fit into string")

	// An executor that is stopped returns.
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	_, err = mapJob[int](ctx, e, pickle.EncodeEach(slices.Values(dicts)), func(ctx context.Context, _ jobs.Call, _ []byte, _ io.Writer) (any, error) {
		cancel(stop)
		return nil, context.Cause(ctx)
	}, nil)
	require.ErrorIs(t, err, stop)
}
