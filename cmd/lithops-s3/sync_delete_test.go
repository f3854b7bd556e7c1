// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A meddling is a session in which something happens while sync copies an object or file
// whose name ends with "new".
type meddling struct {
	*session
	mu         sync.Mutex // of both, because requests come at the same time
	meddle     func()
	atIdentity func() // what happens when the caller's identity is asked for

	refusesLists bool
	refusesReads bool // of objects whose name ends with "refused"
}

func newMeddling(t *testing.T) *meddling {
	t.Helper()
	m := &meddling{}
	store := refuse(t, func(r *http.Request) bool {
		isCopy := r.Method == http.MethodPut || r.Method == http.MethodGet && r.URL.RawQuery == "x-id=GetObject"
		if isCopy && strings.HasSuffix(r.URL.Path, "/new") {
			m.once(&m.meddle)
		}
		if r.Method == http.MethodPost && r.URL.Path == "/" {
			m.once(&m.atIdentity)
		}
		if m.refusesReads && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/refused") {
			return true
		}
		return m.refusesLists && r.URL.Query().Has("list-type") || r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/refused")
	})
	t.Chdir(t.TempDir())
	m.session = &session{t, store}
	return m
}

// once has something happen, unless it did, or is to do nothing.
func (m *meddling) once(what *func()) {
	m.mu.Lock()
	happens := *what
	*what = nil
	m.mu.Unlock()
	if happens != nil {
		happens()
	}
}

func (m *meddling) put(keys ...string) {
	m.t.Helper()
	for _, key := range keys {
		require.NoError(m.t, m.store.PutObject(m.t.Context(), refusedBucket, key, strings.NewReader(key), nil))
	}
}

// TestSyncKeepsObjectsOfMeanwhile replaces an object, and deletes one, that sync --delete is
// about to delete.
func TestSyncKeepsObjectsOfMeanwhile(t *testing.T) {
	s := newMeddling(t)
	s.write("from/new", "text")
	s.put("to/gone", "to/old", "to/replaced")
	s.meddle = func() {
		assert.NoError(t, s.store.PutObject(t.Context(), refusedBucket, "to/replaced", strings.NewReader("newer"), nil))
		assert.NoError(t, s.store.DeleteObject(t.Context(), refusedBucket, "to/gone"))
	}
	said := s.run(exitError, "sync from s3://BUCKET/to --delete")
	assert.Contains(t, said, "Copied 1 file, 4 B, deleted 1:")
	assert.Contains(t, said, "to/replaced: not deleted, because it was replaced")
	assert.Contains(t, said, "1 of 4 files failed")
	assert.Equal(t, []string{"to/new", "to/replaced"}, s.keys())
	assert.Contains(t, s.run(0, "sync from s3://BUCKET/to --delete"), "deleted 1:")
	assert.Equal(t, []string{"to/new"}, s.keys())
}

// TestSyncKeepsFilesOfMeanwhile does the same with files.
func TestSyncKeepsFilesOfMeanwhile(t *testing.T) {
	s := newMeddling(t)
	s.put("from/new")
	for _, name := range []string{"to/gone", "to/old", "to/replaced", "to/zlast"} {
		s.write(name, "old")
	}
	s.meddle = func() {
		info, err := os.Stat("to/replaced")
		if assert.NoError(t, err) { // another file of the same size and time
			assert.NoError(t, os.WriteFile("to/newer", []byte("new"), 0o600))
			assert.NoError(t, os.Chtimes("to/newer", info.ModTime(), info.ModTime()))
			assert.NoError(t, os.Rename("to/newer", "to/replaced"))
		}
		assert.NoError(t, os.Remove("to/gone"))
	}
	said := s.run(exitError, "sync s3://BUCKET/from to --delete")
	assert.Contains(t, said, "deleted 2:")
	assert.Contains(t, said, "to/replaced: not deleted, because it was replaced")
	assert.NotContains(t, said, "gone")
	assert.Equal(t, "new", s.file("to/replaced"))
	assert.NoFileExists(t, "to/old")
	assert.NoFileExists(t, "to/zlast")
	assert.Contains(t, s.run(0, "sync s3://BUCKET/from to --delete --json"), `"deleted": 1`)
	assert.NoFileExists(t, "to/replaced")
}

// TestSyncKeepsWhatTheSourceGets stores names in the source that sync --delete is about to
// delete from the target.
func TestSyncKeepsWhatTheSourceGets(t *testing.T) {
	s := newMeddling(t)
	s.write("from/new", "text")
	s.put("to/late", "to/old")
	s.meddle = func() { assert.NoError(t, os.WriteFile("from/late", []byte("late"), 0o600)) }
	said := s.run(exitError, "sync from s3://BUCKET/to --delete")
	assert.Contains(t, said, "Copied 1 file, 4 B, deleted 1:")
	assert.Contains(t, said, "to/late: not deleted, because the source has it now")
	assert.Equal(t, []string{"to/late", "to/new"}, s.keys())

	s.put("to/late", "to/old", "to/new")
	s.write("back/late", "late")
	s.write("back/old2", "old")
	s.meddle = func() { s.put("to/old2") }
	said = s.run(exitError, "sync s3://BUCKET/to back --delete --exclude late")
	assert.Contains(t, said, "back/old2: not deleted, because the source has it now")
	assert.Contains(t, said, "deleted 0:")
	assert.Equal(t, "old", s.file("back/old2"))
}

// TestSyncOfASourceThatVanishes deletes nothing, also with --yes, if the source can't be read
// in whole when it is looked at again, or is gone after the arguments were checked.
func TestSyncOfASourceThatVanishes(t *testing.T) {
	s := newMeddling(t)
	for name, test := range map[string]struct {
		meddle func()
		says   string
	}{
		"all of it": {func() { assert.NoError(t, os.RemoveAll("from")) }, "from: no such file"},
		"in part":   {func() { testkit.Symlink(t, "nowhere", "from/dangling") }, "dangling: "},
	} {
		require.NoError(t, os.RemoveAll("from"))
		require.NoError(t, os.RemoveAll("was"))
		require.NoError(t, s.store.DeleteObjects(t.Context(), refusedBucket, s.keys()))
		s.write("from/new", "text")
		s.put("to/old")
		s.meddle = test.meddle
		said := s.run(exitError, "sync from s3://BUCKET/to --delete --yes")
		assert.Contains(t, said, test.says, name)
		assert.Contains(t, s.keys(), "to/old", name)
	}
	require.NoError(t, os.RemoveAll("from"))
	s.write("from/new", "text")
	own := strings.TrimSpace(s.run(0, "bucket --create"))
	require.NoError(t, s.store.PutObject(t.Context(), own, "to/old", strings.NewReader("old"), nil))
	s.atIdentity = func() { assert.NoError(t, os.RemoveAll("from")) } // asked for the bucket's name
	assert.Contains(t, s.run(exitError, "sync from s3://./to --delete --yes"), "from: no such file")
	assert.Nil(t, s.atIdentity)
	_, err := s.store.HeadObject(t.Context(), own, "to/old")
	require.NoError(t, err)
}

// TestSyncNamesAListingThatFails has the server refuse the listings before the deletion.
func TestSyncNamesAListingThatFails(t *testing.T) {
	s := newMeddling(t)
	s.write("from/new", "text")
	s.put("to/old")
	s.meddle = func() { s.refusesLists = true }
	said := s.run(exitPermission, "sync from s3://BUCKET/to --delete --json")
	assert.Contains(t, said, `"file": "s3://`+refusedBucket+`/to/"`)
	assert.Contains(t, said, "lithops-s3: ListObjects "+refusedBucket)
	assert.Contains(t, said, "1 of 2 files failed")
	s.refusesLists = false
	assert.Equal(t, []string{"to/new", "to/old"}, s.keys())
}

// TestSyncDeletesLinks deletes a link whose file is deleted too, in whichever order they are.
func TestSyncDeletesLinks(t *testing.T) {
	s := newMeddling(t)
	s.put("from/new")
	s.write("to/b", "old")
	for _, name := range []string{"to/a", "to/c"} {
		testkit.Symlink(t, "b", name)
	}
	assert.Contains(t, s.run(0, "sync s3://BUCKET/from to --delete"), "deleted 3:")
	entries, err := os.ReadDir("to")
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, "new", entries[0].Name())

	s.write("to/b", "old")
	testkit.Symlink(t, "b", "to/a")
	testkit.Symlink(t, "a", "to/c")
	said := s.run(exitError, "sync s3://BUCKET/from to --delete")
	assert.Contains(t, said, "deleted 2:")
	assert.Contains(t, said, "to/c: ", "it led to a link that is gone, and stays")
}

// TestSyncNamesWhatIsNotDeleted has the server refuse to delete an object.
func TestSyncNamesWhatIsNotDeleted(t *testing.T) {
	s := newMeddling(t)
	s.write("from/new", "text")
	s.put("to/refused")
	said := s.run(exitPermission, "sync from s3://BUCKET/to --delete")
	assert.Contains(t, said, "deleted 0:")
	assert.Contains(t, said, "to/refused: DeleteObject")
	assert.Contains(t, said, "1 of 2 files failed")
}

// TestSyncCopiesObjectsThatEndWithASlash checks that an object with bytes is none that
// stands for a folder.
func TestSyncCopiesObjectsThatEndWithASlash(t *testing.T) {
	s := newMeddling(t)
	s.put("from/a/", "from/b")
	require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, "from/folder/", nil, &lithopss3.PutOptions{}))
	assert.Contains(t, s.run(0, "sync s3://BUCKET/from s3://BUCKET/to"), "Copied 2 files")
	assert.Contains(t, s.run(0, "sync s3://BUCKET/from s3://BUCKET/to"), "Copied 0 files")
	assert.Equal(t, []string{"from/a/", "from/b", "from/folder/", "to/a/", "to/b"}, s.keys())
	assert.Contains(t, s.run(exitError, "sync s3://BUCKET/from there"), "its key ends with a slash, and it has bytes")
}

// TestEntryIsSame compares what two listings have under a key.
func TestEntryIsSame(t *testing.T) {
	t.Parallel()
	was := entry{name: "a", key: "x/a", size: 4, etag: `"e"`, modified: time.Unix(1e9, 0)}
	for name, test := range map[string]struct {
		change func(e *entry)
		want   bool
	}{
		"nothing":  {func(*entry) {}, true},
		"its zone": {func(e *entry) { e.modified = e.modified.UTC() }, true},
		"its size": {func(e *entry) { e.size++ }, false},
		"its ETag": {func(e *entry) { e.etag = `"f"` }, false},
		"its time": {func(e *entry) { e.modified = e.modified.Add(time.Second) }, false},
	} {
		now := was
		test.change(&now)
		assert.Equal(t, test.want, now.isSame(was), name)
	}
}

// TestRemoveUnchanged removes a file unless it was written to or replaced.
func TestRemoveUnchanged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meddle func(path string, was time.Time) error
		want   error
	}{
		"nothing": {func(string, time.Time) error { return nil }, nil},
		"written": {func(path string, was time.Time) error { return os.Chtimes(path, was, was.Add(time.Second)) }, errReplaced},
		"longer, of the same time": {func(path string, was time.Time) error {
			return errors.Join(os.WriteFile(path, []byte("longer"), 0o600), os.Chtimes(path, was, was))
		}, errReplaced},
		"gone": {func(path string, _ time.Time) error { return os.Remove(path) }, fs.ErrNotExist},
	} {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, []byte("text"), 0o600))
		before, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, test.meddle(path, before.ModTime()))
		err = removeUnchanged(before, func() (os.FileInfo, error) { return os.Stat(path) }, func() error { return os.Remove(path) })
		require.ErrorIs(t, err, test.want, name)
		_, err = os.Stat(path)
		assert.Equal(t, errors.Is(test.want, errReplaced), err == nil, name)
	}
}

// TestSyncWithinOneSecond writes to a source in the second in which it was copied, and keeps
// its size. S3's times are in seconds, so that the bytes tell.
func TestSyncWithinOneSecond(t *testing.T) {
	s := newMeddling(t)
	s.write("from/a", "old")
	s.run(0, "sync from s3://BUCKET/to")
	info, err := s.store.HeadObject(t.Context(), refusedBucket, "to/a")
	require.NoError(t, err)
	set := func(name, text string, time time.Time) {
		s.write(name, text)
		require.NoError(t, os.Chtimes(name, time, time))
	}
	later := info.LastModified.Truncate(time.Second).Add(time.Second - 1)
	set("from/a", "old", later)
	assert.Contains(t, s.run(0, "sync from s3://BUCKET/to -n"), "Would copy 0 files")
	set("from/a", "new", later)
	assert.Contains(t, s.run(0, "sync from s3://BUCKET/to -n"), "Would copy 1 file")
	set("back/a", "new", later)
	assert.Contains(t, s.run(0, "sync s3://BUCKET/to back -n"), "Would copy 0 files", "the file is not older")
}

// TestIsDoubtful covers times that servers and file systems may give.
func TestIsDoubtful(t *testing.T) {
	t.Parallel()
	at := func(milliseconds int64) entry { return entry{modified: time.UnixMilli(1e12 + milliseconds)} }
	for _, test := range []struct {
		from, to       int64
		objects, mixed bool
	}{
		{0, 0, true, false},
		{500, 500, true, false},
		{1, 0, true, true},
		{999, 0, true, true},
		{0, 1, false, false},
		{0, 999, false, false},
		{1000, 0, false, false},
		{1000, 999, false, false},
		{999, 1000, false, false},
	} {
		assert.Equal(t, test.objects, isDoubtful(at(test.from), at(test.to), true), test)
		assert.Equal(t, test.mixed, isDoubtful(at(test.from), at(test.to), false), test)
	}
}

// TestSyncComparesTheOthers has a file that can't be read any more. It is a failure, so that
// nothing is deleted, and the others are compared.
func TestSyncComparesTheOthers(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "b"), []byte("text"), 0o600))
	root, err := os.OpenRoot(folder)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	side := func(isS3 bool, root *os.Root) *syncSide {
		entries := map[string]entry{}
		for _, name := range []string{"a", "b"} {
			entries[name] = entry{name: name, size: 4, etag: strings.Repeat("0", 32)}
		}
		return &syncSide{place: place{isS3: isS3}, root: root, entries: entries}
	}
	var said bytes.Buffer
	ctx, cancel := context.WithCancelCause(t.Context())
	copier := (&terminal{ctx: ctx, stderr: newOutput(&said)}).newCopier(nil)
	command := &syncCommand{Checksum: true}
	changed, err := command.changed(copier, side(false, root), side(true, nil))
	require.NoError(t, err)
	require.Len(t, changed, 1)
	assert.Equal(t, "b", changed[0].name)
	require.Len(t, copier.failed, 1)
	assert.Equal(t, "a", copier.failed[0].File)
	assert.Contains(t, said.String(), "a: open")
	cancel(errReplaced)
	_, err = command.changed(copier, side(false, root), side(true, nil))
	require.ErrorIs(t, err, errReplaced)
}

// TestCompareBytesEnds with its context, and takes a file that was cut for another one.
func TestCompareBytesEnds(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a"), []byte("text"), 0o600))
	root, err := os.OpenRoot(folder)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	source, target := &syncSide{root: root}, &syncSide{place: place{isS3: true}}
	from, to := entry{name: "a", size: 5}, entry{etag: strings.Repeat("0", 32)}
	same, known, err := compareBytes(t.Context(), from, to, source, target)
	require.NoError(t, err)
	assert.True(t, known)
	assert.False(t, same)
	same, known, err = compareBytes(t.Context(), to, from, target, source)
	require.NoError(t, err)
	assert.True(t, known)
	assert.False(t, same, "the other way")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errReplaced)
	_, _, err = compareBytes(ctx, from, to, source, target)
	require.ErrorIs(t, err, errReplaced)
}

// TestETagsOfNoMD5 reads no file for an ETag that is no MD5, or has no number of parts.
func TestETagsOfNoMD5(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("0", 32)
	for _, etag := range []string{"", "x", sum[1:], sum + "0", sum + "-", sum + "-x", sum + "-0", sum + "--1", sum + "-2", sum + "-1-1"} {
		same, known, err := hasETag(nil, 4, etag)
		require.NoError(t, err, etag)
		assert.False(t, same || known, etag)
	}
}
