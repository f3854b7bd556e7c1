// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kill ends f as the end of its process does.
func kill(f *File) {
	f.end()
	_ = f.file.Close()
	if f.journal != nil {
		_ = f.journal.file.Close()
	}
}

func namesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	list := []string{}
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

func contentOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func openTarget(t *testing.T, path string) *Target {
	t.Helper()
	target, err := Open(nil, path)
	require.NoError(t, err)
	t.Cleanup(target.Close)
	return target
}

// create makes a temporary file of target with this content.
func create(t *testing.T, target *Target, content string) *File {
	t.Helper()
	f, err := target.Create(int64(len(content)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.file.Close() }) // of a test that ends early
	_, err = f.WriteAt([]byte(content), 0)
	require.NoError(t, err)
	return f
}

func TestCommit(t *testing.T) {
	t.Parallel()
	for _, sync := range []bool{false, true} {
		folder := t.TempDir()
		path := filepath.Join(folder, "file")
		for _, content := range []string{"", "a", "something longer", "b"} {
			f := create(t, openTarget(t, path), content)
			assert.False(t, f.IsResumable())
			assert.Zero(t, f.Source())
			assert.Equal(t, Chunk{At: 7}, f.Chunk(7))
			require.NoError(t, f.Note(0, 1, 1), "which does nothing")
			read := make([]byte, len(content))
			_, err := io.ReadFull(io.NewSectionReader(f, 0, int64(len(content))), read)
			require.NoError(t, err)
			assert.Equal(t, content, string(read))
			info, err := f.file.Stat()
			require.NoError(t, err)
			assert.Equal(t, int64(len(content)+markerSize), info.Size())

			require.NoError(t, f.Commit(int64(len(content)), sync))
			assert.False(t, isActive(f))
			assert.Equal(t, content, contentOf(t, path))
			assert.Equal(t, []string{"file"}, namesIn(t, folder))
			require.ErrorIs(t, f.Commit(0, sync), fs.ErrClosed)
			require.NoError(t, f.Discard(), "which has no effect any more")
			require.NoError(t, f.Keep())
			assert.Equal(t, content, contentOf(t, path))
		}
	}
}

// isActive reports whether f counts as being written.
func isActive(f *File) bool {
	names.Lock()
	defer names.Unlock()
	_, ok := active[f]
	return ok
}

func TestCommitOfUnknownSize(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	f, err := openTarget(t, path).Create(-1)
	require.NoError(t, err)
	info, err := f.file.Stat()
	require.NoError(t, err)
	assert.Zero(t, info.Size(), "no marker, as its place is not known")
	_, err = f.WriteAt([]byte("content"), 0)
	require.NoError(t, err)
	require.NoError(t, f.Commit(7, false))
	assert.Equal(t, "content", contentOf(t, path))
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
	for _, end := range []func(*File) error{(*File).Discard, (*File).Keep} {
		f := create(t, openTarget(t, path), "after")
		require.NoError(t, end(f))
		require.NoError(t, end(f))
		require.ErrorIs(t, f.Commit(5, false), fs.ErrClosed)
		assert.Equal(t, []string{"file"}, namesIn(t, folder))
		assert.Equal(t, "before", contentOf(t, path))
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	reference := filepath.Join(folder, "reference")
	require.NoError(t, os.WriteFile(reference, nil, 0o666))
	fresh, err := os.Stat(reference)
	require.NoError(t, err)
	for _, resumable := range []bool{false, true} {
		for _, before := range []fs.FileMode{0, 0o604, 0o640} {
			path := filepath.Join(folder, "file")
			_ = os.Remove(path)
			want := fresh.Mode().Perm()
			if before != 0 {
				require.NoError(t, os.WriteFile(path, nil, 0o600))
				require.NoError(t, os.Chmod(path, before))
				want = before
			}
			var f *File
			if resumable {
				f, err = openTarget(t, path).CreateResumable(Source{Size: 1, Chunk: 1, ETag: "e"})
				require.NoError(t, err)
				info, err := f.file.Stat()
				require.NoError(t, err)
				testkit.AssertMode(t, 0o600, info.Mode(), "while it is written")
			} else {
				f = create(t, openTarget(t, path), "x")
			}
			require.NoError(t, f.Commit(1, false))
			info, err := os.Stat(path)
			require.NoError(t, err)
			testkit.AssertMode(t, want, info.Mode())
		}
	}
}

// TestLeftover removes the file of a killed process, and nothing that only has its
// name: neither a copy of it, nor a link, nor a file of the user's.
func TestLeftover(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	f := create(t, openTarget(t, path), "left")
	left := filepath.Join(folder, f.name)
	bytes := contentOf(t, left)
	require.NoError(t, os.Link(left, filepath.Join(t.TempDir(), "held"))) // so that its inode number is not used again

	second := create(t, openTarget(t, path), "second")
	assert.NotEqual(t, f.name, second.name, "the first is locked")
	assert.FileExists(t, left)
	require.NoError(t, second.Commit(6, false))

	kill(f)
	third := create(t, openTarget(t, path), "third")
	assert.Equal(t, f.name, third.name, "the first was removed")
	require.NoError(t, third.Commit(5, false))
	assert.Equal(t, []string{"file"}, namesIn(t, folder))

	kill(create(t, openTarget(t, path), "")) // a marker and nothing else
	require.NoError(t, create(t, openTarget(t, path), "again").Commit(5, false))
	assert.Equal(t, []string{"file"}, namesIn(t, folder))

	for name, plant := range map[string]func(){
		"a copy":        func() { require.NoError(t, os.WriteFile(left, []byte(bytes), 0o600)) },
		"an empty file": func() { require.NoError(t, os.WriteFile(left, nil, 0o600)) },
		"a short file":  func() { require.NoError(t, os.WriteFile(left, []byte(bytes[:20]), 0o600)) },
		"a file":        func() { require.NoError(t, os.WriteFile(left, []byte(strings.Repeat("x", 1000)), 0o600)) },
		"JSON": func() {
			require.NoError(t, os.WriteFile(left, []byte(`{"lithops_s3_temporary":2}`+strings.Repeat(" ", markerSize-26)), 0o600))
		},
		"a link": func() { testkit.Symlink(t, "file", left) },
	} {
		plant()
		before, err := os.Lstat(left)
		require.NoError(t, err)
		f := create(t, openTarget(t, path), "fourth")
		require.NoError(t, f.Commit(6, false))
		after, err := os.Lstat(left)
		require.NoError(t, err, name)
		assert.True(t, os.SameFile(before, after), name)
		require.NoError(t, os.Remove(left))
	}
	assert.Equal(t, "fourth", contentOf(t, path))
}

// TestMarkerOfAnotherFile holds that the marker is bound to its file.
func TestMarkerOfAnotherFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("content"), 0o600))
	target := openTarget(t, path)
	file, info, err := target.openRegular("file", 0)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	assert.False(t, provesItself(file, info))
	for _, m := range []marker{{markerVersion, inodeOf(file) + 1, "n"}, {markerVersion, 0, "n"}, {markerVersion + 1, inodeOf(file), "n"}} {
		require.NoError(t, m.write(file, 7))
		info, err = file.Stat()
		require.NoError(t, err)
		assert.False(t, provesItself(file, info), "%+v", m)
	}
	require.NoError(t, marker{markerVersion, inodeOf(file), "n"}.write(file, 7))
	assert.True(t, provesItself(file, info))
	assert.Equal(t, "n", readMarker(file, info).Nonce)
}

// TestTakenName has another process put a file in the place of a temporary one.
func TestTakenName(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"commit", "discard"} {
		folder := t.TempDir()
		path := filepath.Join(folder, "file")
		require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
		f := create(t, openTarget(t, path), "after")
		taken := filepath.Join(folder, f.name)
		testkit.RemoveOpen(t, taken)
		require.NoError(t, os.WriteFile(taken, []byte("mine"), 0o600))
		if end == "commit" {
			require.ErrorIs(t, f.Commit(5, false), errTaken)
		} else {
			require.NoError(t, f.Discard())
		}
		assert.Equal(t, "mine", contentOf(t, taken))
		assert.Equal(t, "before", contentOf(t, path))
	}
}

// TestEvade commits a file under the name of another's temporary file.
func TestEvade(t *testing.T) {
	t.Parallel()
	folder, other := t.TempDir(), t.TempDir()
	path := filepath.Join(folder, "file")
	f := create(t, openTarget(t, path), "of the file")
	elsewhere := create(t, openTarget(t, filepath.Join(other, "file")), "elsewhere")
	require.Equal(t, f.name, elsewhere.name)
	named := create(t, openTarget(t, filepath.Join(folder, f.name)), "of the name")
	was := f.name
	unnamed := create(t, openTarget(t, filepath.Join(folder, "third")), "of another")
	wasUnnamed := unnamed.name
	require.NoError(t, named.Commit(11, false))
	assert.NotEqual(t, was, f.name)
	assert.Equal(t, wasUnnamed, unnamed.name)
	require.NoError(t, unnamed.Discard())
	assert.Equal(t, was, elsewhere.name, "in another folder")
	require.NoError(t, f.Commit(11, false))
	require.NoError(t, elsewhere.Discard())
	assert.Equal(t, "of the file", contentOf(t, path))
	assert.Equal(t, "of the name", contentOf(t, filepath.Join(folder, was)))
	assert.Len(t, namesIn(t, folder), 2)
}

func TestCommitFails(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	target := openTarget(t, path)
	f := create(t, target, "after")
	require.NoError(t, os.MkdirAll(filepath.Join(path, "below"), 0o700)) // which no file replaces
	err := f.Commit(5, true)
	require.Error(t, err)
	require.ErrorContains(t, err, "writing "+path)
	assert.Equal(t, []string{"file"}, namesIn(t, folder))

	f = create(t, openTarget(t, filepath.Join(folder, "other")), "after")
	require.Error(t, f.Commit(-1, false), "no size")
	assert.Equal(t, []string{"file"}, namesIn(t, folder))

	f = create(t, openTarget(t, filepath.Join(folder, "other")), "after")
	require.NoError(t, f.file.Close())
	require.ErrorIs(t, f.Commit(5, true), fs.ErrClosed)
	assert.Equal(t, []string{"file"}, namesIn(t, folder))
}

func TestReplace(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	for _, content := range []string{"one", "", "three"} {
		require.NoError(t, Replace(path, []byte(content), 0o600))
		assert.Equal(t, content, contentOf(t, path))
		assert.Equal(t, []string{"file"}, namesIn(t, folder))
		info, err := os.Stat(path)
		require.NoError(t, err)
		testkit.AssertMode(t, 0o600, info.Mode())
		require.NoError(t, os.Chmod(path, 0o644)) // which the next one does not keep
	}
	require.ErrorIs(t, Replace(filepath.Join(folder, "none", "file"), nil, 0o600), fs.ErrNotExist)
	require.ErrorIs(t, Replace(folder, nil, 0o600), ErrIsFolder)
	link := filepath.Join(folder, "link")
	testkit.Symlink(t, "file", link)
	require.NoError(t, Replace(link, []byte("through the link"), 0o600))
	assert.Equal(t, "through the link", contentOf(t, path))
}

func TestIsLeftover(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "below"), 0o700))
	root, err := os.OpenRoot(folder)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	temporary := create(t, openTarget(t, filepath.Join(folder, "below", "file")), "content")
	assert.True(t, IsLeftover(root, filepath.Join("below", temporary.name)), "one in progress")
	kill(temporary)
	assert.True(t, IsLeftover(root, filepath.Join("below", temporary.name)))
	ending := create(t, openTarget(t, filepath.Join(folder, "below", "ending")), "content")
	require.NoError(t, ending.settle(int64(len("content")), true))
	assert.True(t, IsLeftover(root, filepath.Join("below", ending.name)), "one that is complete, without its marker")
	kill(ending)
	assert.False(t, IsLeftover(root, filepath.Join("below", ending.name)), "nothing proves it any more")
	endless, err := openTarget(t, filepath.Join(folder, "below", "endless")).Create(-1)
	require.NoError(t, err)
	assert.True(t, IsLeftover(root, filepath.Join("below", endless.name)), "one of unknown length, without a marker")
	require.NoError(t, endless.Discard())
	resumable, err := openTarget(t, filepath.Join(folder, "file")).CreateResumable(Source{Size: 1, Chunk: 1, ETag: "e"})
	require.NoError(t, err)
	require.NoError(t, resumable.Keep())
	assert.True(t, IsLeftover(root, resumable.name))
	assert.True(t, IsLeftover(root, resumable.journal.name))

	journal, part := contentOf(t, filepath.Join(folder, resumable.journal.name)), contentOf(t, filepath.Join(folder, resumable.name))
	for name, content := range map[string]string{
		".a.lithops-s3.part": part, ".b.lithops-s3.part": "", ".c.lithops-s3.journal": "{}", ".d.lithops-s3.journal": "",
		"lithops-s3.journal": journal, ".journal": journal,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
		assert.False(t, IsLeftover(root, name), name)
	}
	open := filepath.Join(folder, ".e.lithops-s3.journal")
	require.NoError(t, errors.Join(os.WriteFile(open, []byte(journal), 0o600), os.Chmod(open, 0o644)))
	assert.Equal(t, !testkit.HasModes(), IsLeftover(root, ".e.lithops-s3.journal"), "others may read it")
	assert.False(t, IsLeftover(root, ".none.lithops-s3.part"))
	assert.False(t, IsLeftover(root, filepath.Join("none", ".none.lithops-s3.part")))
	require.NoError(t, os.Mkdir(filepath.Join(folder, ".f.lithops-s3.part"), 0o700))
	assert.False(t, IsLeftover(root, ".f.lithops-s3.part"))
}

// TestStamp checks that a file has its time when it gets its name.
func TestStamp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	root, err := os.OpenRoot(folder)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	stamp := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	files := &Files{}
	target := openTarget(t, filepath.Join(folder, "name"))
	target.Share(files)
	target.Stamp(stamp)
	require.NoError(t, create(t, target, "text").Commit(int64(len("text")), false))
	info, err := os.Stat(filepath.Join(folder, "name"))
	require.NoError(t, err)
	assert.True(t, stamp.Equal(info.ModTime()), info.ModTime())
	files.paths = nil // a file system that does not tell files apart by inodes has the time
	require.ErrorIs(t, files.check(root, "name", strings.ToUpper(target.path)), ErrOneFile)
}
