// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/quick"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A metaStorage is a bucket with one object. Its hooks run before and after the
// bucket has done what is asked, so that requests can overlap.
type metaStorage struct {
	lithopss3.Storage
	mu            sync.Mutex
	value         string // "" for no object
	gets          int
	before, after func()
}

func (s *metaStorage) hook(hook *func()) {
	s.mu.Lock()
	run := *hook
	*hook = nil
	s.mu.Unlock()
	if run != nil {
		run()
	}
}

func (s *metaStorage) set(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = value
}

func (s *metaStorage) PutObject(_ context.Context, _, _ string, body io.Reader, _ *lithopss3.PutOptions) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	s.hook(&s.before)
	s.set(string(data))
	s.hook(&s.after)
	return nil
}

func (s *metaStorage) DeleteObjects(context.Context, string, []string) error {
	s.hook(&s.before)
	s.set("")
	s.hook(&s.after)
	return nil
}

func (s *metaStorage) GetObject(_ context.Context, _, _ string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	s.hook(&s.before)
	s.mu.Lock()
	value := s.value
	s.gets++
	s.mu.Unlock()
	s.hook(&s.after)
	etag := `"` + value + `"`
	switch {
	case value == "":
		return nil, fs.ErrNotExist
	case opts.IfNoneMatch == etag:
		return nil, lithopss3.ErrNotModified
	}
	info := lithopss3.ObjectInfo{Size: int64(len(value)), ETag: etag}
	return &lithopss3.Object{ObjectInfo: info, Body: io.NopCloser(strings.NewReader(value)), Length: info.Size}, nil
}

func newMeta(t testing.TB) (*Client, *metaStorage) {
	storage := &metaStorage{}
	return New(storage, "bucket", &Options{CacheDir: t.TempDir()}), storage
}

func (s *metaStorage) requireSeen(t require.TestingT, client *Client, msg ...any) {
	meta, err := client.RuntimeMeta(context.Background(), "r")
	if s.value == "" {
		require.ErrorIs(t, err, fs.ErrNotExist, msg...)
		return
	}
	require.NoError(t, err, msg...)
	require.Equal(t, s.value, string(meta), msg...)
}

// What overlaps a change in this process is not cached: the next read sees the bucket.
func TestRuntimeMetaRaces(t *testing.T) {
	t.Parallel()
	read := func(c *Client) error { _, err := c.RuntimeMeta(context.Background(), "r"); return err }
	put := func(value int) func(*Client) error {
		return func(c *Client) error { return c.PutRuntimeMeta(context.Background(), "r", value) }
	}
	remove := func(c *Client) error { return c.DeleteRuntimeMeta(context.Background(), "r") }
	for _, outer := range []struct {
		name string
		do   func(*Client) error
	}{{"read", read}, {"put", put(2)}, {"delete", remove}} {
		for _, inner := range []struct {
			name string
			do   func(*Client) error
		}{{"read", read}, {"put", put(3)}, {"delete", remove}} {
			for _, when := range []string{"before", "after"} {
				name := fmt.Sprintf("%s, and %s it %s", outer.name, when, inner.name)
				client, storage := newMeta(t)
				storage.value = "1"
				hook := &storage.after
				if when == "before" {
					hook = &storage.before
				}
				*hook = func() { _ = inner.do(client) } // a read may find nothing
				err := outer.do(client)
				if err != nil {
					require.ErrorIs(t, err, fs.ErrNotExist, name)
				}
				storage.requireSeen(t, client, name)
				storage.requireSeen(t, client, name)
			}
		}
	}
}

// However reads and changes of several goroutines overlap, what is cached when they
// have ended is what the bucket has.
func TestRuntimeMetaConcurrently(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	runs := 0
	agrees := func(first, second uint8, more []uint8) bool {
		runs++
		storage := &metaStorage{value: "0"}
		client := New(storage, "bucket", &Options{CacheDir: filepath.Join(dir, fmt.Sprint(runs))})
		var running sync.WaitGroup
		for i, what := range append([]uint8{first, second}, more[:min(len(more), 4)]...) {
			running.Go(func() {
				switch what % 5 {
				case 0:
					_ = client.DeleteRuntimeMeta(context.Background(), "r")
				case 1, 2:
					_ = client.PutRuntimeMeta(context.Background(), "r", i+1)
				default:
					_, _ = client.RuntimeMeta(context.Background(), "r")
				}
			})
		}
		running.Wait()
		storage.requireSeen(t, client)
		return true
	}
	require.NoError(t, quick.Check(agrees, &quick.Config{MaxCount: testkit.Less(100, 25)}))
}

// A change by another process or machine is seen once the copy is five minutes old;
// an unchanged object is not sent again.
func TestRuntimeMetaOfOthers(t *testing.T) {
	t.Parallel()
	client, storage := newMeta(t)
	storage.value = "1"
	age := func(by time.Duration) {
		entry := client.cacheOf("r")
		found, _ := entry.load()
		entry.now = func() time.Time { return time.Now().Add(-by) }
		entry.beginRead().store(found.data, found.origin.ETag)
	}
	storage.requireSeen(t, client)
	assert.Equal(t, 1, storage.gets)
	storage.requireSeen(t, client)
	assert.Equal(t, 1, storage.gets, "the copy answers")

	age(cacheFor)
	storage.requireSeen(t, client)
	assert.Equal(t, 2, storage.gets, "not modified")
	storage.requireSeen(t, client)
	assert.Equal(t, 2, storage.gets, "which is fresh again")

	storage.value = "2"
	meta, err := client.RuntimeMeta(t.Context(), "r")
	require.NoError(t, err)
	assert.Equal(t, "1", string(meta), "for five minutes")
	for _, by := range []time.Duration{cacheFor, -time.Hour} {
		age(by)
		storage.requireSeen(t, client, "a copy of the future is asked for too")
		storage.value += "0"
	}
	age(cacheFor)
	storage.value = ""
	storage.requireSeen(t, client)
	found, _ := client.cacheOf("r").load()
	assert.Empty(t, found, "for Python neither")
}

// keepFiles returns a function that puts back the files of a folder as they are now.
func keepFiles(t *testing.T, folder string) func() {
	t.Helper()
	kept := map[string][]byte{}
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		kept[path], err = os.ReadFile(path)
		require.NoError(t, err)
	}
	return func() {
		for path, data := range kept {
			require.NoError(t, os.WriteFile(path, data, 0o600))
		}
	}
}

// TestRuntimeMetaOfThisProcess checks that a change by this process is seen at once, also if
// the copy of what was there before is in the cache again: another process has stored what it
// had read before, or the copy could not be removed.
func TestRuntimeMetaOfThisProcess(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Client, *metaStorage) error{
		"put":    func(c *Client, _ *metaStorage) error { return c.PutRuntimeMeta(context.Background(), "r", 2) },
		"delete": func(c *Client, _ *metaStorage) error { return c.DeleteRuntimeMeta(context.Background(), "r") },
		"an overlapped put": func(c *Client, s *metaStorage) error {
			s.before = func() { _ = c.PutRuntimeMeta(context.Background(), "r", 3) }
			return c.PutRuntimeMeta(context.Background(), "r", 2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, storage := newMeta(t)
				storage.value = "1"
				storage.requireSeen(t, client)
				restore := keepFiles(t, filepath.Join(client.cacheDir, RuntimesPrefix))
				time.Sleep(time.Minute)
				require.NoError(t, change(client, storage))
				restore()
				storage.requireSeen(t, client)
				storage.requireSeen(t, client)
			})
		})
	}
}

// TestCopyIsAsOldAsItsRead checks that a copy is believed for five minutes from when the
// bucket was asked, however long the answer took: the object may have changed meanwhile.
func TestCopyIsAsOldAsItsRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, storage := newMeta(t)
		storage.value = "1"
		storage.after = func() { time.Sleep(cacheFor - time.Second) }
		storage.requireSeen(t, client)
		storage.requireSeen(t, client)
		assert.Equal(t, 1, storage.gets, "the copy answers")
		time.Sleep(time.Second)
		storage.requireSeen(t, client)
		assert.Equal(t, 2, storage.gets)

		require.NoError(t, client.PutRuntimeMeta(t.Context(), "r", 2))
		time.Sleep(cacheFor - time.Second)
		storage.requireSeen(t, client)
		assert.Equal(t, 2, storage.gets, "the copy of a change is as old as the change")
	})
}

// What is cached of a bucket is readable by this user only.
func TestCachedMetadataIsPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such permissions")
	}
	client, _ := newMeta(t)
	require.NoError(t, client.PutRuntimeMeta(t.Context(), "runtime", 1))
	for _, name := range []string{"runtime.meta.json", "runtime.meta.json" + originSuffix} {
		info, err := os.Stat(filepath.Join(client.cacheDir, RuntimesPrefix, name))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	files, err := os.ReadDir(filepath.Join(client.cacheDir, RuntimesPrefix))
	require.NoError(t, err)
	assert.Len(t, files, 2, "no temporary file is left")
}

// A cache that can't be read or written is none, and not an error.
func TestRuntimeMetaWithoutCache(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, opts := range []*Options{{NoCache: true}, {CacheDir: file}} {
		storage := &metaStorage{value: "1"}
		client := New(storage, "bucket", opts)
		for range 2 {
			storage.requireSeen(t, client)
		}
		assert.Equal(t, 2, storage.gets)
		require.NoError(t, client.PutRuntimeMeta(t.Context(), "r", 2))
		storage.requireSeen(t, client)
		require.NoError(t, client.DeleteRuntimeMeta(t.Context(), "r"))
		storage.requireSeen(t, client)
	}
}
