// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lithops-go/lithopss3"
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
	asked := *opts
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

// tellNothing has an answer say neither which bytes it has nor how many.
func tellNothing(object *lithopss3.Object) { object.Offset, object.Length, object.Size = 0, -1, -1 }

func withoutHalf(data []byte) []byte { return data[:len(data)/2] }

// readAll reads partitions one after the other.
func readAll(t *testing.T, storage lithopss3.Storage, parts []Partition) (string, error) {
	t.Helper()
	var all strings.Builder
	for _, part := range parts {
		body, err := part.Open(t.Context(), storage)
		if err != nil {
			return all.String(), err
		}
		_, err = io.Copy(&all, body)
		require.NoError(t, body.Close())
		if err != nil {
			return all.String(), err
		}
	}
	return all.String(), nil
}

// text has lines of several lengths, in some 600 KB.
func text() string {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "%04d %s\n", i, strings.Repeat("x", i*13%4000))
	}
	return b.String()
}

// TestWrongStorages checks that no partition has other bytes than its own without an error, on
// storages that ignore ranges or end bodies early.
func TestWrongStorages(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader(text()), nil))
	for name, wrong := range map[string]wrongStorage{
		"no range": {ask: func(opts *lithopss3.GetOptions) { opts.Range = nil }},
		"a range from the start": {ask: func(opts *lithopss3.GetOptions) {
			opts.Range = lithopss3.Range(0, opts.Range.Length)
		}},
		"a shorter range":   {ask: func(opts *lithopss3.GetOptions) { opts.Range = lithopss3.Range(opts.Range.Offset, 1) }},
		"half of the bytes": {answer: withBody(withoutHalf)},
		"half of the bytes, and no length": {answer: func(object *lithopss3.Object) {
			withBody(withoutHalf)(object)
			object.Length = 0
		}},
		"nothing told":               {answer: tellNothing},
		"no range, and nothing told": {ask: func(opts *lithopss3.GetOptions) { opts.Range = nil }, answer: tellNothing},
		"half of the bytes, and nothing told": {answer: func(object *lithopss3.Object) {
			withBody(withoutHalf)(object)
			tellNothing(object)
		}},
		"a byte more": {answer: withBody(func(data []byte) []byte { return append(data, 'x') })},
	} {
		for _, newline := range []string{"", "\n", "\r\n", "xx"} {
			parts, _, err := Objects(t.Context(), store, []string{"bucket/key"}, &Options{ChunkNumber: 4, Newline: newline})
			require.NoError(t, err)
			wrong.Storage = store
			got, err := readAll(t, &wrong, parts)
			if err == nil {
				assert.Equal(t, text() == got, true, "%s, %q: %d of %d bytes without an error", name, newline, len(got), len(text()))
			}
			assert.Equal(t, name == "nothing told", err == nil, "%s, %q: %v", name, newline, err)
			got, err = readAll(t, store, parts)
			require.NoError(t, err)
			assert.True(t, text() == got)
		}
	}
}

// TestChangedOnWrongStorages replaces an object after it was cut, on storages that ignore
// IfMatch or tell no ETags.
func TestChangedOnWrongStorages(t *testing.T) {
	t.Parallel()
	ignoresIfMatch := func(opts *lithopss3.GetOptions) { opts.IfMatch = "" }
	for name, wrong := range map[string]*wrongStorage{
		"no IfMatch": {ask: ignoresIfMatch},
		"no ETag":    {ask: ignoresIfMatch, answer: func(object *lithopss3.Object) { object.ETag = "" }},
		"weak ETags": {ask: ignoresIfMatch, answer: func(object *lithopss3.Object) { object.ETag = "W/" + object.ETag }},
		"no size":    {ask: ignoresIfMatch, answer: func(object *lithopss3.Object) { object.Size = 0 }},
	} {
		for _, newline := range []string{"", "\n"} {
			for _, number := range []int{1, 3} {
				store := memstore.New("bucket")
				wrong.Storage = store
				require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader(text()), nil))
				parts, _, err := Objects(t.Context(), wrong, []string{"bucket/key"}, &Options{ChunkNumber: number, Newline: newline})
				require.NoError(t, err)
				got, err := readAll(t, wrong, parts)
				require.NoError(t, err, name)
				assert.True(t, text() == got, name)
				require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader(text()+"more\n"), nil))
				_, err = readAll(t, wrong, parts)
				require.ErrorIs(t, err, lithopss3.ErrPrecondition, "%s, %q, %d", name, newline, number)
			}
		}
	}
}

// A body of an io.Reader and of what Close returns.
type body struct {
	io.Reader
	closed error
}

func (b body) Close() error { return b.closed }

// TestStretches reads a line of several requests from bodies that end with their last bytes,
// as those of HTTP may, and from one that can't be closed.
func TestStretches(t *testing.T) {
	t.Parallel()
	content := "a\n" + strings.Repeat("b", 3*lineThreshold) + "\nc\n"
	store := &memoryStorage{bucket: "bucket", objects: map[string][]byte{"key": []byte(content)}}
	parts, _, err := Objects(t.Context(), store, []string{"bucket/key"}, &Options{ChunkNumber: 4, Newline: "\n"})
	require.NoError(t, err)
	closed := error(nil)
	storage := &wrongStorage{Storage: store, answer: func(object *lithopss3.Object) {
		object.Body = body{iotest.DataErrReader(object.Body), closed}
	}}
	got, err := readAll(t, storage, parts)
	require.NoError(t, err)
	assert.True(t, content == got, "%d of %d bytes", len(got), len(content))

	closed = fs.ErrClosed
	first, err := parts[0].Open(t.Context(), storage)
	require.NoError(t, err)
	_, err = io.ReadAll(first)
	require.ErrorIs(t, err, closed)
	require.ErrorIs(t, first.Close(), closed)
}

// TestStretchesOfOneObject checks that the requests for a line are for one version of the
// object, also if the partition has no ETag.
func TestStretchesOfOneObject(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	put := func(letter string) {
		content := strings.Repeat(letter, 3*lineThreshold) + "\nc\n"
		require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader(content), nil))
	}
	put("a")
	parts, _, err := Objects(t.Context(), store, []string{"bucket/key"}, &Options{ChunkNumber: 4, Newline: "\n"})
	require.NoError(t, err)
	parts[0].ETag = ""
	first, err := parts[0].Open(t.Context(), store)
	require.NoError(t, err)
	put("b")
	_, err = io.ReadAll(first)
	require.ErrorIs(t, err, lithopss3.ErrPrecondition)
	require.NoError(t, first.Close())
}

// TestFindAfterAnError checks that nothing is asked for once another object could not be
// described.
func TestFindAfterAnError(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(mine)
	_, err := objectSource{bucket: "bucket", key: "key"}.find(ctx, nil)
	require.ErrorIs(t, err, mine)
}
