// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()
	chunks := 1000
	if testing.Short() {
		chunks = 60
	}
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, options{chunks: chunks, workers: 8, attempts: 2}))
	shown := out.String()
	if chunks == 1000 {
		assert.Contains(t, shown, "] 1000 of 1000 calls, 0 running \n")
		assert.Contains(t, shown, ": 1000 calls, 19000 lines, 10 attempts repeated\n")
	}
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
