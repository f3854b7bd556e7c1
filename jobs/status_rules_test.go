// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCallsOf reads the futures that a function returned, and nothing else.
func TestCallsOf(t *testing.T) {
	t.Parallel()
	future := func(callID any) *pickle.Object {
		return &pickle.Object{Name: "ResponseFuture", State: pickle.NewDict("executor_id", "e-0", "job_id", "M000", "call_id", callID)}
	}
	call := func(id string) Call { return Call{"e-0", "M000", id} }
	for name, test := range map[string]struct {
		value any
		want  []Call
		isErr bool
	}{
		"a future":           {future("00000"), []Call{call("00000")}, false},
		"a list":             {[]any{future("00000"), future("00001")}, []Call{call("00000"), call("00001")}, false},
		"an empty list":      {[]any{}, []Call{}, false},
		"a FuturesList":      {&pickle.Object{Name: "FuturesList", List: []any{future("00002")}}, []Call{call("00002")}, false},
		"an empty one":       {&pickle.Object{Name: "FuturesList"}, []Call{}, false},
		"a string":           {"00000", nil, true},
		"nothing":            {nil, nil, true},
		"a list of texts":    {[]any{"00000"}, nil, true},
		"no text as ID":      {future(int64(1)), nil, true},
		"without a state":    {&pickle.Object{Name: "ResponseFuture"}, nil, true},
		"one of them is not": {[]any{future("00000"), future(nil)}, nil, true},
	} {
		got, err := callsOf(test.value)
		assert.Equal(t, test.isErr, err != nil, name)
		assert.Equal(t, test.want, got, name)
	}
}

// TestStatusNumbers writes a number as Python's worker does: as a float or as an integer.
func TestStatusNumbers(t *testing.T) {
	t.Parallel()
	status := &Status{
		Exception: true, Type: StatusEnd, ChunkSize: 3, PeakMemoryStart: 4, PeakMemoryEnd: 5, ResultSize: 6, RSS: 7,
		FuncTime: 1500 * time.Millisecond, WorkerStart: time.Unix(1, 500_000_000),
	}
	text, err := status.MarshalJSON()
	require.NoError(t, err)
	for _, want := range []string{
		`"chunksize": 3, `, `"worker_peak_memory_start": 4.0, `, `"worker_peak_memory_end": 5.0, `, `"func_result_size": 6.0, `,
		`"worker_func_rss": 7, `, `"worker_func_exec_time": 1.5, `, `"worker_start_tstamp": 1.5, `, `"worker_end_tstamp": 0`, `"python_version": null`,
	} {
		assert.Contains(t, string(text), want)
	}
	assert.NotContains(t, string(text), "worker_func_vms", "a zero that Python does not write")

	version, err := (&Status{PythonVersion: "3.12"}).MarshalJSON()
	require.NoError(t, err)
	assert.Contains(t, string(version), `"python_version": "3.12"`)

	var again Status
	require.NoError(t, again.UnmarshalJSON(text))
	assert.Equal(t, status.FuncTime, again.FuncTime)
	assert.Equal(t, status.WorkerStart.UnixNano(), again.WorkerStart.UnixNano())
	assert.Equal(t, []int64{3, 4, 5, 6, 7}, []int64{again.ChunkSize, again.PeakMemoryStart, again.PeakMemoryEnd, again.ResultSize, again.RSS})
}

// TestStatusTimes has the times that a status can't have.
func TestStatusTimes(t *testing.T) {
	t.Parallel()
	assert.True(t, fromSeconds(0).IsZero())
	assert.True(t, fromSeconds(1e11+1e6).IsZero())
	assert.True(t, fromSeconds(-1e11-1e6).IsZero())
	assert.Equal(t, int64(1e11), fromSeconds(1e11).Unix())
	assert.Equal(t, time.Unix(2, 250_000_000), fromSeconds(2.25))
	assert.InDelta(t, 2.25, toSeconds(time.Unix(2, 250_000_000)), 0)
	assert.Zero(t, toSeconds(time.Time{}))
	for _, field := range []string{`"chunksize": 1e300`, `"chunksize": true`, `"exception": 1`, `"type": 1`, `"worker_func_sent_net_io": "x"`, `"worker_func_cpu_usage": ["x"]`, `"worker_func_cpu_usage": [NaN]`, `"worker_end_tstamp": NaN`} {
		require.ErrorIs(t, new(Status).UnmarshalJSON([]byte("{"+field+"}")), ErrMalformedStatus, field)
	}
	require.ErrorIs(t, new(Status).UnmarshalJSON([]byte("[]")), ErrMalformedStatus)
	require.ErrorIs(t, new(Status).UnmarshalJSON([]byte("{")), ErrMalformedStatus)
}

// TestCacheOf has no copy of a runtime whose name leads out of the cache.
func TestCacheOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	client := New(nil, "bucket", &Options{CacheDir: dir})
	for name, want := range map[string]string{"r": "r", "aws_lambda/3.7/r": "aws_lambda/3.7/r", "../r": "", "a/../../r": "", "/r": ""} {
		if want != "" {
			want = filepath.Join(dir, RuntimesPrefix, filepath.FromSlash(want)+runtimeSuffix)
		}
		assert.Equal(t, want, client.cacheOf(name).path, name)
	}
	client.cacheDir = ""
	assert.Empty(t, client.cacheOf("r").path)
}

// TestCacheAge believes a copy for cacheFor, and none of the future.
func TestCacheAge(t *testing.T) {
	t.Parallel()
	now := epoch
	entry := &cacheEntry{path: filepath.Join(t.TempDir(), "runtime.json"), bucket: "bucket", state: &cacheState{}, now: func() time.Time { return now }}
	entry.beginRead().store([]byte("{}"), "etag")
	for age, want := range map[time.Duration]bool{0: true, 1: true, cacheFor - 1: true, cacheFor: false, cacheFor + 1: false, -1: false} {
		now = epoch.Add(age)
		found, isFresh := entry.load()
		assert.Equal(t, want, isFresh, age)
		assert.Equal(t, "{}", string(found.data), "what to compare with the bucket")
		assert.Equal(t, "etag", found.origin.ETag)
	}
	other := *entry
	other.bucket = "other"
	found, isFresh := other.load()
	assert.False(t, isFresh)
	assert.Nil(t, found.data)
	other.beginRead().forget()
	found, _ = entry.load()
	assert.NotNil(t, found.data, "another bucket's copy stays")
	entry.beginRead().forget()
	found, _ = entry.load()
	assert.Nil(t, found.data)
}
