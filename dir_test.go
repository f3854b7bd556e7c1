// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/progress"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPutDirAndGetDir checks that a folder survives the way up and down, and that
// nothing else changes.
func TestPutDirAndGetDir(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	from := t.TempDir()
	files := map[string]string{"a.txt": "a", "d/b.txt": "b", "d/e/ü.txt": "c", "empty": ""}
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(from, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(from, name), []byte(text), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(from, "no files"), 0o700))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(from, "link")))
	var last lithopss3.Progress
	report := &lithopss3.DirOptions{Parallel: 2, Progress: func(p lithopss3.Progress) { last = p }}
	require.NoError(t, store.PutDir(t.Context(), from, "bucket", "up/", report))
	assert.EqualValues(t, 4, last.Done)
	keys, err := store.ListKeys(t.Context(), "bucket", "")
	require.NoError(t, err)
	assert.Equal(t, []string{"up/a.txt", "up/d/b.txt", "up/d/e/ü.txt", "up/empty"}, keys)

	require.NoError(t, store.PutObject(t.Context(), "bucket", "up/marker/", nil, nil))
	to := filepath.Join(t.TempDir(), "new", "folder")
	require.NoError(t, store.GetDir(t.Context(), "bucket", "up/", to, report))
	assert.EqualValues(t, 4, last.Done)
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(to, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(to, path)
		found[filepath.ToSlash(name)] = string(data)
		return err
	}))
	assert.Equal(t, files, found)
	require.ErrorIs(t, store.PutDir(t.Context(), filepath.Join(from, "missing"), "bucket", "", nil), fs.ErrNotExist)
	require.ErrorIs(t, store.GetDir(t.Context(), "no-bucket", "", t.TempDir(), nil), lithopss3.ErrNoSuchBucket)
}

// TestDirRequests has each small file be one request.
func TestDirRequests(t *testing.T) {
	t.Parallel()
	var requests sync.Map
	count := func(kind string) int {
		n, _ := requests.LoadOrStore(kind, &atomic.Int64{})
		return int(n.(*atomic.Int64).Swap(0)) //nolint:forcetypeassert // all of them are
	}
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if !request.URL.Query().Has("list-type") {
			n, _ := requests.LoadOrStore(request.Method, &atomic.Int64{})
			n.(*atomic.Int64).Add(1) //nolint:forcetypeassert // all of them are
		}
		return rangesWithoutSums(next.RoundTrip(request))
	})
	from, to := t.TempDir(), t.TempDir()
	for i := range 20 {
		require.NoError(t, os.WriteFile(filepath.Join(from, strconv.Itoa(i)), testkit.Bytes(i+1), 0o600))
	}
	count("PUT")
	require.NoError(t, store.PutDir(t.Context(), from, "bucket", "many/", nil))
	assert.Equal(t, 20, count("PUT"))
	count("GET")
	count("HEAD")
	require.NoError(t, store.GetDir(t.Context(), "bucket", "many/", to, nil))
	assert.Equal(t, 20, count("GET"))
	assert.Zero(t, count("HEAD"))
	assert.Equal(t, testkit.Files(t, from), testkit.Files(t, to))
}

// rangesWithoutSums is a response as MinIO and Ceph give it: to a range without a checksum.
func rangesWithoutSums(response *http.Response, err error) (*http.Response, error) {
	if err == nil && response.StatusCode == http.StatusPartialContent {
		maps.DeleteFunc(response.Header, func(name string, _ []string) bool { return strings.HasPrefix(name, "X-Amz-Checksum-") })
	}
	return response, err
}

// TestPutDirWithoutAFolder has a folder disappear after its name was read, and expects
// the rest to be stored.
func TestPutDirWithoutAFolder(t *testing.T) {
	t.Parallel()
	from := t.TempDir()
	for _, name := range []string{"a/1", "a/2", "b/file", "c/file"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(from, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(from, name), []byte("text"), 0o600))
	}
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(request.URL.Path, "/a/1") { // for which a/2 waits, and so does b
			assert.NoError(t, os.RemoveAll(filepath.Join(from, "b")))
		}
		return next.RoundTrip(request)
	})
	err := store.PutDir(t.Context(), from, "bucket", "", &lithopss3.DirOptions{Parallel: 1})
	require.ErrorIs(t, err, fs.ErrNotExist)
	keys, err := store.ListKeys(t.Context(), "bucket", "")
	require.NoError(t, err)
	assert.Equal(t, []string{"a/1", "a/2", "c/file"}, keys)
}

// TestGetDirStaysInside checks that a key that would lead outside the folder is an
// error, and that the other objects are downloaded.
func TestGetDirStaysInside(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	putAll(t, store, "bucket", "../out", "a//b", "ok", "link/x")
	outside, to := t.TempDir(), filepath.Join(t.TempDir(), "to")
	require.NoError(t, os.Mkdir(to, 0o700))
	require.NoError(t, os.Symlink(outside, filepath.Join(to, "link")))
	err := store.GetDir(t.Context(), "bucket", "", to, nil)
	require.ErrorIs(t, err, lithopss3.ErrUnsafeKey)
	assert.FileExists(t, filepath.Join(to, "ok"))
	assert.NoFileExists(t, filepath.Join(filepath.Dir(to), "out"))
	assert.NoFileExists(t, filepath.Join(outside, "x"))
}

// TestGetDirKeepsEachObject checks that of two keys whose paths are one file, the first
// is downloaded and the second is an error. A link stands for a file system that ignores
// case.
func TestGetDirKeepsEachObject(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	putAll(t, store, "bucket", "Data/x", "data/x", "data/y")
	to := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(to, "data"), 0o700))
	require.NoError(t, os.Symlink("data", filepath.Join(to, "Data")))
	err := store.GetDir(t.Context(), "bucket", "", to, &lithopss3.DirOptions{Parallel: 1})
	require.ErrorIs(t, err, lithopss3.ErrUnsafeKey)
	require.ErrorContains(t, err, "data/x: ")
	require.ErrorContains(t, err, "the same file as "+filepath.Join("Data", "x"))
	for _, name := range []string{"x", "y"} {
		assert.FileExists(t, filepath.Join(to, "data", name))
	}
	err = store.GetDir(t.Context(), "bucket", "data/", filepath.Join(to, "data"), nil)
	require.NoError(t, err, "files that were there before are replaced")
}

// TestDirCancel ends, and returns why.
func TestDirCancel(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	from := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(from, "a"), nil, 0o600))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrClosedPipe)
	require.ErrorIs(t, store.PutDir(ctx, from, "bucket", "", nil), io.ErrClosedPipe)
	require.Error(t, store.GetDir(ctx, "bucket", "", t.TempDir(), nil))
}

// TestDirProgressPanics checks that a panic of Progress reaches the caller, and that no
// further file is begun.
func TestDirProgressPanics(t *testing.T) {
	t.Parallel()
	var store *lithopss3.Store
	from, to := t.TempDir(), t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		require.NoError(t, os.WriteFile(filepath.Join(from, name), []byte("text"), 0o600))
	}
	for name, transfer := range map[string]func(opts *lithopss3.DirOptions) error{
		"PUT": func(opts *lithopss3.DirOptions) error { return store.PutDir(t.Context(), from, "bucket", "up/", opts) },
		"GET": func(opts *lithopss3.DirOptions) error { return store.GetDir(t.Context(), "bucket", "dir/", to, opts) },
	} {
		var began atomic.Int64
		store, _ = aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			if request.Method == name && !request.URL.Query().Has("list-type") {
				began.Add(1)
			}
			return next.RoundTrip(request)
		})
		putAll(t, store, "bucket", "dir/a", "dir/b", "dir/c", "dir/d")
		began.Store(0)
		calls := 0
		assert.PanicsWithValue(t, "progress", func() {
			_ = transfer(&lithopss3.DirOptions{Parallel: 1, Progress: func(lithopss3.Progress) { calls++; panic("progress") }})
		}, name)
		assert.Equal(t, 1, calls, name)
		assert.EqualValues(t, 1, began.Load(), name)
	}
}

// A memoryAt is an io.WriterAt.
type memoryAt struct {
	data   []byte
	failAt int64
}

var errFull = errors.New("the device is full")

func (m *memoryAt) WriteAt(p []byte, offset int64) (int, error) {
	if m.failAt > 0 && offset >= m.failAt {
		return 0, errFull
	}
	if need := int(offset) + len(p); need > len(m.data) {
		m.data = append(m.data, make([]byte, need-len(m.data))...)
	}
	return copy(m.data[offset:], p), nil
}

// TestDownloadTo any io.WriterAt.
func TestDownloadTo(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(20*aheadChunk + 3)
	store := openAhead(t, data, straight)
	var to memoryAt
	var calls, whole atomic.Int64
	var last lithopss3.Progress
	n, err := store.DownloadTo(t.Context(), "bucket", "key", &to, &lithopss3.DownloadOptions{Progress: func(p lithopss3.Progress) {
		calls.Add(1)
		if p.Done == p.Total {
			whole.Add(1)
		} else {
			assert.GreaterOrEqual(t, p.Done-last.Done, int64(progress.Step))
		}
		last = p
	}})
	require.NoError(t, err)
	assert.EqualValues(t, len(data), n)
	assert.True(t, bytes.Equal(data, to.data))
	assert.Equal(t, lithopss3.Progress{Done: n, Total: n}, last)
	assert.Greater(t, calls.Load(), int64(1))
	assert.EqualValues(t, 1, whole.Load(), "all bytes are reported once, at the end")
	_, err = store.DownloadTo(t.Context(), "bucket", "key", &memoryAt{failAt: 3 * aheadChunk}, nil)
	require.ErrorIs(t, err, errFull)
	_, err = store.DownloadTo(t.Context(), "bucket", "missing", &to, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = store.DownloadTo(t.Context(), "bucket", "key", &to, &lithopss3.DownloadOptions{IfMatch: `"other"`})
	require.ErrorIs(t, err, lithopss3.ErrPrecondition)
}

// TestGetDirNamesWhatIsNoFile has objects with bytes that can be no file of the folder. None
// is left out in silence.
func TestGetDirNamesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	for key, text := range map[string]string{"up": "of its own", "up/": "", "up/folder/": "bytes", "up/mark/": "", "up/file": "a"} {
		require.NoError(t, store.PutObject(t.Context(), "bucket", key, strings.NewReader(text), nil))
	}
	to := t.TempDir()
	err := store.GetDir(t.Context(), "bucket", "up/", to, nil)
	require.ErrorIs(t, err, lithopss3.ErrUnsafeKey)
	assert.ErrorContains(t, err, "up/folder/")
	assert.NotContains(t, err.Error(), "mark")
	assert.Equal(t, []string{"file"}, testkit.Files(t, to))
	err = store.GetDir(t.Context(), "bucket", "up", t.TempDir(), nil)
	require.ErrorIs(t, err, lithopss3.ErrUnsafeKey)
	assert.ErrorContains(t, err, "bucket/up:")
}

// TestPutDirOfAFileThatBecomesAPipe checks that a pipe that takes the place of a file, after
// it was found, is an error and no wait for a writer.
func TestPutDirOfAFileThatBecomesAPipe(t *testing.T) {
	t.Parallel()
	from := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, os.WriteFile(filepath.Join(from, name), []byte(name), 0o600))
	}
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(request.URL.Path, "/a") {
			path := filepath.Join(from, "b")
			assert.NoError(t, os.Remove(path))
			testkit.FIFO(t, path)
		}
		return next.RoundTrip(request)
	})
	err := store.PutDir(t.Context(), from, "bucket", "", &lithopss3.DirOptions{Parallel: 1})
	require.ErrorContains(t, err, "b: is a pipe, not a regular file")
	keys, err := store.ListKeys(t.Context(), "bucket", "")
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "c"}, keys)
}
