// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDownloadOfLongName resumes into a name that is as long as a name can be.
func TestDownloadOfLongName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	server := &oddServer{data: testkit.Bytes(9 * unit)}
	store := openWire(t, server.trip)
	for _, length := range []int{236, 237, 255} {
		name := strings.Repeat("n", length)
		require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", filepath.Join(folder, name), &lithopss3.DownloadOptions{Resume: true}))
		got, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(server.data, got))
	}
	assert.Len(t, testkit.Files(t, folder), 3)
}

// TestPanickingProgress ends a download by its callback: nothing is left, and the
// panic is the caller's.
func TestPanickingProgress(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for _, size := range []int{8 * unit, 20 * unit} {
		for _, resume := range []bool{false, true} {
			server := &oddServer{data: testkit.Bytes(size)}
			store := openWire(t, server.trip)
			folder := t.TempDir()
			path := filepath.Join(folder, "file")
			require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
			opts := &lithopss3.DownloadOptions{Resume: resume, Progress: func(lithopss3.Progress) { panic(mine) }}
			assert.PanicsWithValue(t, mine, func() { _ = store.DownloadFile(t.Context(), "bucket", "key", path, opts) })
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "before", string(got))
			if resume && size > 8*unit {
				opts.Progress = nil
				require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, opts))
			}
			assert.Equal(t, []string{"file"}, testkit.Files(t, folder))

			ended := make(chan error, 1)
			opts.Progress = func(lithopss3.Progress) { runtime.Goexit() }
			go func() {
				defer close(ended)
				ended <- store.DownloadFile(context.Background(), "bucket", "key", path, opts)
			}()
			for err := range ended {
				require.Error(t, err)
			}
			require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Resume: resume}))
			assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
		}
	}
}

// TestCanceledPipe ends a download into a FIFO that no process reads.
func TestCanceledPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	testkit.FIFO(t, path)
	server := &oddServer{data: testkit.Bytes(mib)}
	store := openWire(t, server.trip)
	ctx, cancel := context.WithCancelCause(t.Context())
	mine := errors.New("mine")
	time.AfterFunc(50*time.Millisecond, func() { cancel(mine) })
	require.ErrorIs(t, store.DownloadFile(ctx, "bucket", "key", path, nil), mine)

	reader, err := os.OpenFile(path, os.O_RDWR, 0) // which reads nothing
	require.NoError(t, err)
	defer func() { _ = reader.Close() }()
	ctx, cancel = context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(mine) })
	require.ErrorIs(t, store.DownloadFile(ctx, "bucket", "key", path, nil), mine)
}

// TestShortBody reads a body that has fewer bytes than its Content-Length, of an
// object that is still the same: it broke off, and was not replaced.
func TestShortBody(t *testing.T) {
	t.Parallel()
	server := &oddServer{data: testkit.Bytes(1000)}
	const promised = 1500
	server.odd = func(q *http.Request, r *http.Response) {
		if q.Method != http.MethodGet || rangeStart(q) > 0 {
			return
		}
		r.Header.Set("Content-Length", strconv.Itoa(promised))
		r.ContentLength = promised
		setRange(r, "bytes %d-%d/%d", func(first, _, _ int64) []any { return []any{first, promised - 1, promised} })
	}
	store := openWire(t, server.trip)
	_, err := store.ReadObject(t.Context(), "bucket", "key", 0)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, "broke off")
	require.NotErrorIs(t, err, lithopss3.ErrPrecondition)
	path := filepath.Join(t.TempDir(), "file")
	err = store.DownloadFile(t.Context(), "bucket", "key", path, nil)
	require.ErrorContains(t, err, "broke off")
	require.NotErrorIs(t, err, lithopss3.ErrPrecondition)
}

// TestDownloadTargets covers what is at the path, and around it.
func TestDownloadTargets(t *testing.T) {
	t.Parallel()
	store := openWire(t, straight)
	data := testkit.Bytes(9 * unit)
	putWhole(t, store, "key", data)
	putWhole(t, store, "small", []byte("small"))
	folder := t.TempDir()
	get := func(key, path string, opts *lithopss3.DownloadOptions) error {
		return store.DownloadFile(t.Context(), "bucket", key, path, opts)
	}

	kept := filepath.Join(folder, "kept")
	require.NoError(t, os.WriteFile(kept, nil, 0o604))
	require.NoError(t, os.Chmod(kept, 0o604))
	link := filepath.Join(folder, "link")
	testkit.Symlink(t, "kept", link)
	for _, key := range []string{"key", "small"} {
		for _, resume := range []bool{false, true} {
			require.NoError(t, get(key, link, &lithopss3.DownloadOptions{Resume: resume}))
			info, err := os.Lstat(kept)
			require.NoError(t, err)
			assert.True(t, info.Mode().IsRegular())
			testkit.AssertMode(t, 0o604, info.Mode(), "a file keeps its permissions")
		}
	}
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&fs.ModeSymlink, "a link stays one")

	device := testkit.Device(t)
	before, err := os.Stat(device)
	require.NoError(t, err)
	require.NoError(t, get("key", device, nil), "a device stays one")
	after, err := os.Stat(device)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after))
	if runtime.GOOS == "linux" && os.Getuid() != 0 { // who may replace the device
		require.ErrorIs(t, get("key", "/dev/full", nil), syscall.ENOSPC)
	}

	require.ErrorIs(t, get("key", filepath.Join(folder, "none", "file"), nil), fs.ErrNotExist)
	require.ErrorContains(t, get("key", filepath.Join(kept, "file"), nil), "not a directory")
	require.ErrorIs(t, get("small", kept, &lithopss3.DownloadOptions{IfMatch: `"other"`}), lithopss3.ErrPrecondition)
	assert.ElementsMatch(t, []string{"kept", "link"}, testkit.Files(t, folder))

	if os.Getuid() != 0 { // who may write everywhere
		require.NoError(t, os.Chmod(folder, 0o500))
		require.ErrorIs(t, get("key", filepath.Join(folder, "file"), nil), fs.ErrPermission)
		require.NoError(t, os.Chmod(folder, 0o700))
	}
}

// TestDownloadStaysInRoot checks that neither a path nor a link leads out of it.
func TestDownloadStaysInRoot(t *testing.T) {
	t.Parallel()
	store := openWire(t, straight)
	putWhole(t, store, "key", []byte("new"))
	outside, inside := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "file"), []byte("before"), 0o600))
	testkit.Symlink(t, outside, filepath.Join(inside, "folder"))
	testkit.Symlink(t, filepath.Join(outside, "file"), filepath.Join(inside, "link"))
	require.NoError(t, os.Mkdir(filepath.Join(inside, "real"), 0o700))
	root, err := os.OpenRoot(inside)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	get := func(path string) error {
		return store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Root: root})
	}
	for _, path := range []string{"folder/file", "folder/new", "../file", filepath.Join(outside, "file"), "real/../../x", "real", "."} {
		require.Error(t, get(path), path)
	}
	require.NoError(t, get("real/file"))
	require.NoError(t, get("link"), "which is replaced")
	content, err := os.ReadFile(filepath.Join(outside, "file"))
	require.NoError(t, err)
	assert.Equal(t, "before", string(content))
	assert.Equal(t, []string{"file"}, testkit.Files(t, outside))
	content, err = os.ReadFile(filepath.Join(inside, "link"))
	require.NoError(t, err)
	assert.Equal(t, "new", string(content))
}

// TestDownloadStamps checks that a file has the caller's time as soon as it has its name.
func TestDownloadStamps(t *testing.T) {
	t.Parallel()
	store := openWire(t, straight)
	stamp := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, size := range []int{4, 9 * unit} {
		putWhole(t, store, "key", testkit.Bytes(size))
		path := filepath.Join(t.TempDir(), "file")
		var seen time.Time
		require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{ModTime: stamp, Progress: func(p lithopss3.Progress) {
			if info, err := os.Stat(path); err == nil && p.Done == p.Total {
				seen = info.ModTime()
			}
		}}))
		assert.True(t, stamp.Equal(seen), "%d bytes: %v", size, seen)
	}
}
