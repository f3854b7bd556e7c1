// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFinish(t *testing.T) {
	t.Parallel()
	client, store, bucket := newJobs(t)
	ctx := t.Context()
	newStatus := func(n int) *jobs.Status {
		status := &jobs.Status{Call: jobs.Call{ExecutorID: "go-0", JobID: "M000", CallID: jobs.FormatCallID(n)}}
		status.ActivationID, status.WorkerStart = "abcdef012345", time.Now()
		require.NoError(t, client.PutInit(ctx, status.Call, status.ActivationID))
		return status
	}
	for n, value := range []any{
		nil, true, int64(-5), 2.5, "é",
		[]byte{0, 255},
		[]any{int64(1), "x"},
		pickle.NewDict("a", int64(1)),
		pickle.Tuple{},
		strings.Repeat("x", 9000),
		&jobs.CloudObject{Backend: lithopss3.Backend, Bucket: "b", Key: "k"},
	} {
		status := newStatus(n)
		status.SetLogs("line\n")
		require.NoError(t, client.Finish(ctx, status, value, nil))
		got, err := client.Result(ctx, status.Call)
		require.NoError(t, err)
		assert.Equal(t, value, got)
		_, err = store.HeadObject(ctx, bucket, status.OutputKey())
		if large := n == 9; large {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, fs.ErrNotExist)
		}
		read, err := client.Status(ctx, status.Call)
		require.NoError(t, err)
		logs, err := read.Logs()
		require.NoError(t, err)
		assert.Equal(t, "line\n", logs)
		assert.Equal(t, status.WorkerStart.Round(time.Millisecond), read.WorkerStart.Round(time.Millisecond))
	}

	failed := newStatus(100)
	require.NoError(t, client.Finish(ctx, failed, nil, errors.New("it broke")))
	_, err := client.Result(ctx, failed.Call)
	var failure *jobs.CallError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, []string{"Exception", "it broke"}, []string{failure.Type, failure.Message})

	garbled := newStatus(103)
	require.NoError(t, client.Finish(ctx, garbled, nil, errors.New("bad \xff")))
	_, err = client.Result(ctx, garbled.Call)
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "bad \uFFFD", failure.Message)

	again := newStatus(101)
	require.NoError(t, client.Finish(ctx, again, nil, fmt.Errorf("within: %w", &pickle.Exception{Module: "builtins", Class: "KeyError", Args: pickle.Tuple{"k"}})))
	_, err = client.Result(ctx, again.Call)
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "KeyError", failure.Type)

	_, err = client.Result(ctx, jobs.Call{ExecutorID: "go-0", JobID: "M000", CallID: "99999"})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Error(t, client.PutInit(ctx, failed.Call, "a/b"))
	require.Error(t, client.Finish(ctx, newStatus(102), struct{}{}, nil))
}

func TestFunctionsAndData(t *testing.T) {
	t.Parallel()
	client, _, _ := newJobs(t)
	key, err := client.PutFunction(t.Context(), "e-0", []byte("function"))
	require.NoError(t, err)
	assert.Equal(t, "lithops.jobs/e-0/c1c425268e68385d1ab5074c17a94f14.func.pickle", key)
	parsed, ok := jobs.ParseKey(key)
	require.True(t, ok)
	assert.Equal(t, jobs.KeyFunction, parsed.Kind)
	function, err := client.GetFunction(t.Context(), key)
	require.NoError(t, err)
	assert.Equal(t, "function", string(function))

	dataKey := jobs.DataKey("e-0", "M000")
	ranges, err := client.PutArguments(t.Context(), "e-0", "M000", each([][]byte{[]byte("one"), []byte("two!")}))
	require.NoError(t, err)
	arguments, err := client.Arguments(t.Context(), jobs.Call{ExecutorID: "e-0", JobID: "M000", CallID: "00000"}, ranges[0])
	require.NoError(t, err)
	assert.Equal(t, "one", string(arguments))
	object, err := client.GetData(t.Context(), dataKey, &lithopss3.GetOptions{Range: &ranges[1]})
	require.NoError(t, err)
	item, err := io.ReadAll(object.Body)
	require.NoError(t, errors.Join(err, object.Body.Close()))
	assert.Equal(t, "two!", string(item))
	require.NoError(t, client.DeleteData(t.Context(), dataKey))
	_, err = client.GetData(t.Context(), dataKey, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
