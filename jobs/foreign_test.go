// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStatusIsOfTheCallThatWasAskedFor checks that a status that names another call, as
// after a folder was copied, does not lead to the other's result.
func TestStatusIsOfTheCallThatWasAskedFor(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client := New(memstore.New("bucket"), "bucket", &Options{NoCache: true})
	original, copied := Call{"a-0", "M000", "00000"}, Call{"b-0", "M000", "00000"}
	require.NoError(t, client.Finish(ctx, &Status{Call: original}, strings.Repeat("x", 10_000), nil))
	for from, to := range map[string]string{original.StatusKey(): copied.StatusKey(), original.OutputKey(): copied.OutputKey()} {
		data, err := client.readAll(ctx, from)
		require.NoError(t, err)
		require.NoError(t, client.PutData(ctx, to, strings.NewReader(string(data))))
	}
	require.NoError(t, client.Finish(ctx, &Status{Call: original}, strings.Repeat("y", 10_000), nil))

	status, err := client.Status(ctx, copied)
	require.NoError(t, err)
	assert.Equal(t, copied, status.Call)
	for status, err := range client.Statuses(ctx, []Call{copied}) {
		require.NoError(t, err)
		assert.Equal(t, copied, status.Call)
	}
	value, err := client.Result(ctx, copied)
	require.NoError(t, err)
	assert.True(t, value == strings.Repeat("x", 10_000), "Python's future reads its own output, too")
}

// TestStatusThatIsNone checks that JSON that is no status, or one of a call that has only
// begun, is not taken for a call that returned None. Python has a KeyError for them.
func TestStatusThatIsNone(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client := New(memstore.New("bucket"), "bucket", &Options{NoCache: true})
	call := Call{"a-0", "M000", "00000"}
	for _, text := range []string{"{}", `{"exception": false, "func_result_size": 0.0}`, `{"type": null}`, `{"type": "__init__"}`, `{"type": "__end__", "type": ""}`} {
		require.NoError(t, client.PutData(ctx, call.StatusKey(), strings.NewReader(text)))
		_, err := client.Result(ctx, call)
		require.ErrorIs(t, err, ErrMalformedStatus, text)
		assert.ErrorContains(t, err, call.StatusKey()+": malformed call status: type is ", text)
		for _, err := range client.Statuses(ctx, []Call{call}) {
			require.ErrorIs(t, err, ErrMalformedStatus, text)
		}
	}
}

// A startsOver ignores StartAfter, as the directory buckets of S3 do.
type startsOver struct{ lithopss3.Storage }

func (s startsOver) ListObjects(ctx context.Context, bucket string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	whole := *opts
	whole.StartAfter = ""
	return s.Storage.ListObjects(ctx, bucket, &whole)
}

// TestWatchWithoutStartAfter watches on a storage that lists from the beginning, whatever is
// asked for: Watch lists everything then. It would list the first page without end.
func TestWatchWithoutStartAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const calls, ending = 40, 30
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // of the bubble's clock
		defer cancel()
		client := New(startsOver{memstore.New("bucket")}, "bucket", &Options{NoCache: true, Interval: time.Second, LostAfter: time.Minute})
		client.pageSize = 10
		all := Calls("a-0", "M000", calls)
		for _, call := range all {
			require.NoError(t, client.PutInit(ctx, call, "aa"))
		}
		go func() {
			for _, call := range all[:ending] {
				time.Sleep(time.Second)
				assert.NoError(t, client.Finish(ctx, &Status{Call: call}, nil, nil))
			}
		}()
		count := map[EventKind]int{}
		for event, err := range client.Watch(ctx, ID{ExecutorID: "a-0"}, &WatchOptions{Calls: map[string]int{"M000": calls}}) {
			require.NoError(t, err)
			count[event.Kind]++
		}
		assert.Equal(t, map[EventKind]int{CallStarted: calls, CallDone: ending, CallLost: calls - ending}, count)
	})
}

// TestArgumentsAreWhole checks that arguments whose data is shorter now are an error.
func TestArgumentsAreWhole(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client := New(memstore.New("bucket"), "bucket", &Options{NoCache: true})
	call := Call{"a-0", "M000", "00000"}
	require.NoError(t, client.PutData(ctx, DataKey("a-0", "M000"), strings.NewReader("0123456789")))
	data, err := client.Arguments(ctx, call, lithopss3.ByteRange{Offset: 6, Length: 4})
	require.NoError(t, err)
	assert.Equal(t, "6789", string(data))
	data, err = client.Arguments(ctx, call, lithopss3.ByteRange{Offset: 6, Length: 0})
	require.NoError(t, err)
	assert.Empty(t, data)
	data, err = client.Arguments(ctx, call, lithopss3.ByteRange{Offset: 6, Length: 5})
	require.EqualError(t, err, "lithops.jobs/a-0-M000/aggdata.pickle has 4 of the 5 bytes from 6 on: unexpected EOF")
	assert.Nil(t, data)
}

// TestCacheIsOfOneKey checks that a copy in the cache answers for its own key only, also if
// two names lead to one file.
func TestCacheIsOfOneKey(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client := New(memstore.New("bucket"), "bucket", &Options{CacheDir: t.TempDir()})
	for i, name := range []string{"a/b", "a//b", "a/./b", "x/../a/b", "A/B"} {
		require.NoError(t, client.PutData(ctx, RuntimeKey(name), strings.NewReader(strings.Repeat("1", i+1))))
	}
	for range 2 {
		for i, name := range []string{"a/b", "a//b", "a/./b", "x/../a/b", "A/B"} {
			meta, err := client.RuntimeMeta(ctx, name)
			require.NoError(t, err, name)
			assert.Equal(t, strings.Repeat("1", i+1), string(meta), name)
		}
	}
	require.NoError(t, client.PutRuntimeMeta(ctx, `a\b`, 7)) // the key of a/b
	meta, err := client.RuntimeMeta(ctx, "a/b")
	require.NoError(t, err)
	assert.Equal(t, "7", string(meta))
}

// TestCleanKeeps checks what CleanOptions.Keep keeps.
func TestCleanKeeps(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	storage := memstore.New("bucket")
	client := New(storage, "bucket", &Options{NoCache: true})
	call := Call{"e-0", "M000", "00000"}
	for _, key := range []string{call.InitKey("a"), call.OutputKey(), call.StatusKey()} {
		require.NoError(t, client.PutData(ctx, key, strings.NewReader("abc")))
	}
	var met []string
	opts := CleanOptions{
		ExecutorID: "e-0",
		Keep:       func(info lithopss3.ObjectInfo) bool { return info.Key == call.OutputKey() },
		Each:       func(info lithopss3.ObjectInfo) { met = append(met, info.Key) },
	}
	for _, opts.DryRun = range []bool{true, false} {
		met = nil
		report, err := client.Clean(ctx, opts)
		require.NoError(t, err)
		assert.Equal(t, CleanReport{Objects: 2, Bytes: 6}, report)
		assert.Equal(t, []string{call.InitKey("a"), call.StatusKey()}, met)
	}
	_, err := storage.HeadObject(ctx, "bucket", call.OutputKey())
	assert.NoError(t, err)
}
