// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A foreignKeys ignores the prefix of listings. It deletes nothing.
type foreignKeys struct{ lithopss3.Storage }

func (foreignKeys) ListObjects(context.Context, string, *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) { yield(lithopss3.ObjectInfo{Key: "other/key"}, nil) }
}

// TestListingsAreHeld takes no key of a storage that ignores prefixes, and passes on the
// error of one that can't list, wherever keys are listed.
func TestListingsAreHeld(t *testing.T) {
	t.Parallel()
	watching := func(look func(ctx context.Context, w *watcher) error) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			w := newWatcher(new([]string))
			w.client = c
			return look(ctx, w)
		}
	}
	clean := func(opts CleanOptions) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			_, err := c.Clean(ctx, opts)
			return err
		}
	}
	for name, list := range map[string]func(ctx context.Context, c *Client) error{
		"List": func(ctx context.Context, c *Client) error { _, err := c.List(ctx, "e"); return err },
		"Find": func(ctx context.Context, c *Client) error {
			_, err := c.Find(ctx, ID{"e-0", "", ""}, false)
			return err
		},
		"exists":        func(ctx context.Context, c *Client) error { _, err := c.exists(ctx, "lithops.jobs/e-0/"); return err },
		"Clean":         clean(CleanOptions{All: true}),
		"Clean of old":  clean(CleanOptions{ExecutorID: "e-0", OlderThan: time.Hour}),
		"watch all":     watching(func(ctx context.Context, w *watcher) error { _, err := w.pollAll(ctx); return err }),
		"watch folders": watching(func(ctx context.Context, w *watcher) error { return w.discover(ctx) }),
		"watch a page": watching(func(ctx context.Context, w *watcher) error {
			_, _, err := w.job("e1-0-M000").page(ctx, w, "")
			return err
		}),
		"watch functions": watching(func(ctx context.Context, w *watcher) error { _, err := w.isSubmitted(ctx); return err }),
	} {
		require.ErrorIs(t, list(t.Context(), New(foreignKeys{}, "bucket", &Options{NoCache: true})), lithopss3.ErrListing, name)
		require.ErrorIs(t, list(t.Context(), New(&listedJob{err: errBroken}, "bucket", &Options{NoCache: true})), errBroken, name)
	}
	_, err := New(&listedJob{err: errBroken}, "bucket", nil).Progress(t.Context(), "e1-0")
	require.ErrorIs(t, err, errBroken)
	w := newWatcher(new([]string))
	w.id = ID{"e1-0", "M000", ""}
	isSubmitted, err := w.isSubmitted(t.Context()) // without a request: newWatcher has no storage
	require.NoError(t, err)
	assert.False(t, isSubmitted, "what is watched is one job")
}

// TestMalformedObjects names the object that is not what its key says, or its call.
func TestMalformedObjects(t *testing.T) {
	t.Parallel()
	ctx, call := t.Context(), Call{"e-0", "M000", "00000"}
	client := New(memstore.New("bucket"), "bucket", &Options{NoCache: true})
	require.NoError(t, client.PutData(ctx, call.StatusKey(), strings.NewReader("{")))
	_, err := client.Status(ctx, call)
	require.ErrorIs(t, err, ErrMalformedStatus)
	require.ErrorContains(t, err, call.StatusKey()+": ")
	for _, futures := range []string{"no literal", "b'no pickle'", "b'N.'"} {
		_, err := (&Status{Call: call, newFutures: futures}).Futures()
		require.ErrorContains(t, err, "the futures of call "+call.String()+": ", futures)
	}
	_, err = client.ResultOf(ctx, &Status{Call: call, newFutures: "no literal"})
	require.ErrorContains(t, err, "the futures of call ")
	require.NoError(t, client.PutData(ctx, call.OutputKey(), strings.NewReader("no pickle")))
	_, err = client.ResultOf(ctx, &Status{Call: call, ResultSize: 9})
	require.ErrorContains(t, err, call.OutputKey()+": ")
	require.NoError(t, client.PutData(ctx, RuntimeKey("r"), strings.NewReader("{")))
	_, err = client.RuntimeMeta(ctx, "r")
	require.ErrorContains(t, err, RuntimeKey("r")+": ")

	require.ErrorContains(t, client.PutRuntimeMeta(ctx, "r", func() {}), "the metadata of runtime r: ")
	none := New(memstore.New(), "bucket", &Options{NoCache: true})
	require.ErrorIs(t, none.PutRuntimeMeta(ctx, "r", 1), lithopss3.ErrNoSuchBucket)
	other := Call{"e-0", "M000", "00001"}
	err = client.PutStatus(ctx, &Status{Call: other, Extra: map[string]json.RawMessage{"x": json.RawMessage("{")}})
	require.ErrorContains(t, err, other.StatusKey()+": ")
	_, err = client.Status(ctx, other)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// A closingBody counts how often it is closed.
type closingBody struct {
	io.Reader
	closed int
}

func (b *closingBody) Close() error {
	b.closed++
	return nil
}

// A oneBody has an object whose body it is.
type oneBody struct {
	lithopss3.Storage
	closingBody
}

func (s *oneBody) GetObject(context.Context, string, string, *lithopss3.GetOptions) (*lithopss3.Object, error) {
	return &lithopss3.Object{Length: 1, Body: &s.closingBody}, nil
}

// TestWaitsToReadEnd closes an object that waits for memory once its context has ended.
func TestWaitsToReadEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBroken)
	storage := &oneBody{}
	client := New(storage, "bucket", &Options{NoCache: true})
	release, err := client.reading.acquire(t.Context(), maxReading)
	require.NoError(t, err)
	defer release()
	_, err = client.Output(ctx, Call{"e-0", "M000", "00000"})
	require.ErrorIs(t, err, errBroken)
	require.ErrorContains(t, err, "reading lithops.jobs/e-0-M000/00000/output.pickle: ")
	_, err = client.RuntimeMeta(ctx, "r")
	require.ErrorIs(t, err, errBroken)
	require.ErrorContains(t, err, "reading "+RuntimeKey("r")+": ")
	assert.Equal(t, 2, storage.closed)
}

// A stuckStorage stores nothing until its caller gives up.
type stuckStorage struct{ lithopss3.Storage }

func (stuckStorage) PutObject(ctx context.Context, _, _ string, _ io.Reader, _ *lithopss3.PutOptions) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// TestFinishEnds gives up half a minute after its context has ended, with its cause.
func TestFinishEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errBroken)
		began := time.Now()
		err := New(stuckStorage{}, "bucket", &Options{NoCache: true}).Finish(ctx, &Status{Call: Call{"e-0", "M000", "00000"}}, nil, nil)
		require.ErrorIs(t, err, errBroken)
		assert.Equal(t, finishGrace, time.Since(began))
	})
}

// TestNoCacheInAWorker has the cache of Python's client, and none in a worker of Lithops.
func TestNoCacheInAWorker(t *testing.T) {
	for worker, want := range map[string]string{"": filepath.Join(homedir.Dir(homedir.Environment()), ".lithops", "cache"), "True": ""} {
		t.Setenv("LITHOPS_WORKER", worker)
		assert.Equal(t, want, defaultCacheDir())
	}
}

// TestOrderedOpensAgain has the error of an object that is gone when it is opened in its turn.
func TestOrderedOpensAgain(t *testing.T) {
	t.Parallel()
	reader := newOrderedReader(&openedStorage{})
	run := &orderedRun[string, int]{orderedReader: reader, small: 1, held: newBudget(50)}
	run.isLarge.Store(true)
	before, next := make(chan struct{}), make(chan struct{})
	close(before)
	answer := run.read(t.Context(), "none", before, next)
	require.ErrorIs(t, answer.err, fs.ErrNotExist)
	<-next
	answer.release()
}

// TestLookGoesOn lists further pages of new calls while they are worth it, though the scan of
// those that run has used up its budget.
func TestLookGoesOn(t *testing.T) {
	t.Parallel()
	var places []string
	for n := range 8*productive + 10 {
		places = append(places, FormatCallID(n)+"/a.init")
	}
	w, job, storage, got := newListedJob(t, strings.Join(places, " "), 6*productive)
	w.client.pageSize = productive
	news, err := job.look(t.Context(), w)
	require.NoError(t, err)
	assert.Equal(t, 2*productive+10, news)
	assert.Len(t, *got, news)
	assert.Equal(t, []string{"00768", "00895/a.init", "01023/a.init"}, storage.asked[4:])
}

// TestDoneStops ends with a consumer that stops at the end of a call, and keeps its own
// folders apart from others.
func TestDoneStops(t *testing.T) {
	t.Parallel()
	w := newWatcher(new([]string))
	w.yield = func(event Event, _ error) bool { return event.Kind != CallDone }
	news, err := w.job("e1-0-M000").see(w, "00000/status.json", epoch)
	require.ErrorIs(t, err, errStopped)
	assert.Equal(t, 2, news)

	w, _, _, got := newListedJob(t, fourRunning, 0)
	w.id = ID{"e1-0", "M001", ""}
	delete(w.known, "e1-0-M000")
	_, err = w.pollAll(t.Context())
	require.ErrorIs(t, err, lithopss3.ErrListing, "another job than was asked for")
	assert.Empty(t, *got)
}
