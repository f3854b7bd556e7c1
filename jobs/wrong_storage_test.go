// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A wrongStorage changes what gets ask for and answer.
type wrongStorage struct {
	lithopss3.Storage
	ask    func(opts *lithopss3.GetOptions)
	answer func(object *lithopss3.Object)
}

func (w *wrongStorage) GetObject(ctx context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	asked := lithopss3.GetOptions{}
	if opts != nil {
		asked = *opts
	}
	if w.ask != nil {
		w.ask(&asked)
	}
	object, err := w.Storage.GetObject(ctx, bucket, key, &asked)
	if err == nil && w.answer != nil {
		w.answer(object)
	}
	return object, err
}

// withBody replaces the bytes of an answer, and not the length that it says.
func withBody(change func(data []byte) []byte) func(*lithopss3.Object) {
	return func(object *lithopss3.Object) {
		data, _ := io.ReadAll(object.Body)
		object.Body = io.NopCloser(bytes.NewReader(change(data)))
	}
}

// wrongGets are faults of gets that would be read as another's arguments, or as half a
// result.
var wrongGets = map[string]wrongStorage{
	"no range":      {ask: func(opts *lithopss3.GetOptions) { opts.Range = nil }},
	"another range": {ask: func(opts *lithopss3.GetOptions) { opts.Range = lithopss3.Range(0, opts.Range.Length) }},
	"a longer range": {ask: func(opts *lithopss3.GetOptions) {
		opts.Range = lithopss3.Range(opts.Range.Offset, opts.Range.Length+1)
	}},
	"no range, and nothing told": {
		ask:    func(opts *lithopss3.GetOptions) { opts.Range = nil },
		answer: func(object *lithopss3.Object) { object.Offset, object.Length, object.Size = 0, -1, -1 },
	},
	"fewer bytes, and no length": {answer: func(object *lithopss3.Object) {
		withBody(func(data []byte) []byte { return data[:len(data)-1] })(object)
		object.Length = -1
	}},
	"fewer bytes than it tells": {answer: withBody(func(data []byte) []byte { return data[:len(data)-1] })},
	"more bytes than it tells":  {answer: withBody(func(data []byte) []byte { return append(data, 'x') })},
}

// TestArgumentsOfWrongStorages reads no call's arguments as those of another.
func TestArgumentsOfWrongStorages(t *testing.T) {
	t.Parallel()
	storage := memstore.New("bucket")
	client := jobs.New(storage, "bucket", &jobs.Options{NoCache: true})
	calls := jobs.Calls("4b99c1-0", "M000", 3)
	items := [][]byte{[]byte("first"), []byte("other"), []byte("third")}
	ranges, err := client.PutArguments(t.Context(), "4b99c1-0", "M000", func(yield func([]byte, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	})
	require.NoError(t, err)
	for name, wrong := range wrongGets {
		wrong.Storage = storage
		client := jobs.New(&wrong, "bucket", &jobs.Options{NoCache: true})
		data, err := client.Arguments(t.Context(), calls[1], ranges[1])
		require.Error(t, err, "%s: %q", name, data)
		if data, err := client.Arguments(t.Context(), calls[0], ranges[0]); err == nil {
			assert.Equal(t, "first", string(data), name)
		}
	}
	data, err := client.Arguments(t.Context(), calls[1], ranges[1])
	require.NoError(t, err)
	assert.Equal(t, "other", string(data))
}

// TestOutputsOfWrongStorages takes no part of a function, result or CloudObject for all of it.
func TestOutputsOfWrongStorages(t *testing.T) {
	t.Parallel()
	storage := memstore.New("bucket")
	call := jobs.Calls("4b99c1-0", "M000", 1)[0]
	client := jobs.New(storage, "bucket", &jobs.Options{NoCache: true})
	key, err := client.PutFunction(t.Context(), "4b99c1-0", []byte("function"))
	require.NoError(t, err)
	require.NoError(t, client.PutData(t.Context(), call.OutputKey(), strings.NewReader("result")))
	object, err := client.PutCloudObject(t.Context(), strings.NewReader("object"), nil)
	require.NoError(t, err)
	for _, name := range []string{"fewer bytes, and no length", "fewer bytes than it tells", "more bytes than it tells"} {
		wrong := wrongGets[name]
		wrong.Storage = storage
		client := jobs.New(&wrong, "bucket", &jobs.Options{NoCache: true})
		_, err := client.GetFunction(t.Context(), key)
		require.Error(t, err, name)
		_, err = client.Output(t.Context(), call)
		require.Error(t, err, name)
		for data, err := range client.GetCloudObjects(t.Context(), []*jobs.CloudObject{object}) {
			require.Error(t, err, "%s: %q", name, data)
		}
	}
}

// A clockStorage has a server whose clock differs from this machine's.
type clockStorage struct {
	lithopss3.Storage
	now time.Time
}

func (c *clockStorage) ServerTime() time.Time { return c.now }

// TestClockOfWrappedStorages measures ages on the storage's clock through wrappers, too: this
// machine's may be wrong, and what is young would be cleaned.
func TestClockOfWrappedStorages(t *testing.T) {
	t.Parallel()
	store := &clockStorage{memstore.New("bucket"), time.Now()}
	for name, storage := range map[string]lithopss3.Storage{
		"prefix": lithopss3.WithPrefix(store, "mine/"),
		"limit":  lithopss3.WithLimit(store, 2),
		"both":   lithopss3.WithPrefix(lithopss3.WithLimit(store, 2), "mine/"),
	} {
		client := jobs.New(storage, "bucket", &jobs.Options{NoCache: true})
		call := jobs.Calls("4b99c1-0", "M000", 1)[0]
		require.NoError(t, client.PutInit(t.Context(), call, "activation"), name)
		store.now = time.Now().Add(-time.Hour) // this machine's clock is an hour fast
		assert.Equal(t, store.now, client.Now(), name)
		report, err := client.Clean(t.Context(), jobs.CleanOptions{OlderThan: time.Minute})
		require.NoError(t, err, name)
		assert.Equal(t, jobs.CleanReport{Younger: 1}, report, name)
		store.now = time.Now().Add(24 * time.Hour)
		events := slices.Collect(func(yield func(jobs.EventKind) bool) {
			for event, err := range client.Watch(t.Context(), jobs.ID{}, &jobs.WatchOptions{Once: true}) {
				require.NoError(t, err, name)
				if !yield(event.Kind) {
					return
				}
			}
		})
		assert.Equal(t, []jobs.EventKind{jobs.CallStarted, jobs.CallLost}, events, name)
		report, err = client.Clean(t.Context(), jobs.CleanOptions{OlderThan: time.Minute})
		require.NoError(t, err, name)
		assert.Equal(t, int64(1), report.Objects, name)
	}
}
