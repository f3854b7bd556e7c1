// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An openedStorage has objects of x, and counts how often one was opened.
type openedStorage struct {
	lithopss3.Storage
	sizes  map[string]int
	opened atomic.Int64
}

func (s *openedStorage) GetObject(ctx context.Context, _, key string, _ *lithopss3.GetOptions) (*lithopss3.Object, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if key == "none" {
		return nil, fs.ErrNotExist
	}
	s.opened.Add(1)
	var body io.Reader = strings.NewReader(strings.Repeat("x", s.sizes[key]))
	if key == "broken" {
		body = iotest.ErrReader(errBroken)
	}
	return &lithopss3.Object{Length: int64(s.sizes[key]), Body: io.NopCloser(body)}, nil
}

var errNoSource, errNotParsed = errors.New("no source"), errors.New("not parsed")

func newOrderedReader(storage lithopss3.Storage) *orderedReader[string, int] {
	return &orderedReader[string, int]{
		client: New(storage, "bucket", &Options{NoCache: true}), atOnce: 2, most: 100,
		source: func(key string) (source, error) {
			if key == "nameless" {
				return source{}, errNoSource
			}
			return source{bucket: "bucket", key: key, limit: 1000}, nil
		},
		name: func(key string) string { return key },
		parse: func(key string, data []byte) (int, error) {
			if key == "wrong" {
				return 0, errNotParsed
			}
			return len(data), nil
		},
	}
}

// TestOrderedAnswers has an answer for each item, in their order, whatever fails.
func TestOrderedAnswers(t *testing.T) {
	t.Parallel()
	storage := &openedStorage{sizes: map[string]int{"small": 25, "large": 50, "larger": 100, "wrong": 50, "broken": 50}}
	reader := newOrderedReader(storage)
	reader.atOnce = 1
	reader.most = 50 // so that nothing else is read together with large
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	items := []string{"large", "none", "broken", "nameless", "large", "wrong", "small", "larger", "large"}
	want := map[string]error{"none": fs.ErrNotExist, "broken": errBroken, "nameless": errNoSource, "wrong": errNotParsed}
	n := 0
	for size, err := range reader.all(ctx, items) {
		require.ErrorIs(t, err, want[items[n]], items[n])
		if want[items[n]] == nil {
			require.NoError(t, err)
			assert.Equal(t, storage.sizes[items[n]], size)
		}
		n++
	}
	assert.Len(t, items, n)

	cancel()
	n = 0
	for _, err := range reader.all(ctx, items) {
		require.Error(t, err)
		if n++; n == 7 {
			break
		}
	}
	assert.Equal(t, 7, n)
}

// TestLargeObjectIsOpenedInItsTurn opens a large object twice if the one before it was
// small, and passes the turn on before it is read.
func TestLargeObjectIsOpenedInItsTurn(t *testing.T) {
	t.Parallel()
	storage := &openedStorage{sizes: map[string]int{"small": 25, "large": 26}}
	reader := newOrderedReader(storage)
	parse := reader.parse
	run := &orderedRun[string, int]{orderedReader: reader, small: reader.most / 2 / int64(reader.atOnce), held: newBudget(reader.most / 2)}
	before := make(chan struct{})
	close(before)
	for i, item := range []struct {
		key    string
		opened int
	}{{"small", 1}, {"large", 2}, {"large", 1}, {"small", 1}, {"small", 1}, {"large", 2}} {
		next := make(chan struct{})
		reader.parse = func(key string, data []byte) (int, error) {
			if key == "large" {
				<-next
			}
			return parse(key, data)
		}
		storage.opened.Store(0)
		answer := run.read(t.Context(), item.key, before, next)
		require.NoError(t, answer.err)
		assert.Equal(t, storage.sizes[item.key], answer.value)
		assert.EqualValues(t, item.opened, storage.opened.Load(), "%d: %s", i, item.key)
		<-next
		answer.release()
		assert.Zero(t, run.held.heldNow())
	}
}

// TestLargeIsKnownAtOnce tells the readers that follow of a large object as soon as it is
// met, so that they don't open theirs in vain while it waits for its turn.
func TestLargeIsKnownAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader := newOrderedReader(&openedStorage{sizes: map[string]int{"large": 26}})
		run := &orderedRun[string, int]{orderedReader: reader, small: 25, held: newBudget(50)}
		before, next := make(chan struct{}), make(chan struct{})
		answers := make(chan orderedAnswer[int], 1)
		go func() { answers <- run.read(t.Context(), "large", before, next) }()
		synctest.Wait()
		assert.True(t, run.isLarge.Load())
		close(before)
		assert.Equal(t, 26, (<-answers).value)
	})
}

// A panickingStorage stands for a transport of the caller's that panics.
type panickingStorage struct{ lithopss3.Storage }

func (panickingStorage) GetObject(context.Context, string, string, *lithopss3.GetOptions) (*lithopss3.Object, error) {
	panic("boom")
}

// TestOrderedPanics has the panic of a read reach the caller, who sees no result before it.
func TestOrderedPanics(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "boom", func() {
		for _, err := range newOrderedReader(panickingStorage{}).all(t.Context(), []string{"a", "b", "c"}) {
			assert.Fail(t, "a result", "%v", err)
		}
	})
}
