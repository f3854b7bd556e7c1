// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sourceOf is an object of 10 bytes in chunks of 4.
var sourceOf = Source{Bucket: "bucket", Key: "key", ETag: `"e"`, Size: 10, Chunk: 4}

// leave makes what a download leaves that got the first chunk, and 1 byte of the last.
func leave(t *testing.T, path string) *File {
	t.Helper()
	f, err := openTarget(t, path).CreateResumable(sourceOf)
	require.NoError(t, err)
	require.True(t, f.IsResumable())
	_, err = f.WriteAt([]byte("0123    8 "), 0)
	require.NoError(t, err)
	require.NoError(t, f.Note(0, 2, 1))
	require.NoError(t, f.Note(0, 4, 2))
	require.NoError(t, f.Note(8, 1, 3))
	require.NoError(t, f.Note(4, 0, 3), "nothing is nothing to note")
	require.NoError(t, f.Keep())
	require.NoError(t, f.Keep(), "which has no effect any more")
	require.NoError(t, f.Discard(), "neither has this")
	return f
}

// TestForget replaces the target of a resumable download that was interrupted, whose files are
// removed then, of one in progress, and of one that left only its part file.
func TestForget(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	leave(t, path)
	require.NoError(t, create(t, openTarget(t, path), "new").Commit(3, false))
	assert.Equal(t, []string{"file"}, namesIn(t, folder))

	running, err := openTarget(t, path).CreateResumable(sourceOf)
	require.NoError(t, err)
	require.NoError(t, create(t, openTarget(t, path), "newer").Commit(5, false))
	assert.Equal(t, []string{".file.lithops-s3.journal", ".file.lithops-s3.part", "file"}, namesIn(t, folder))
	require.NoError(t, running.Keep())
	require.NoError(t, os.Remove(filepath.Join(folder, ".file.lithops-s3.journal")))
	require.NoError(t, create(t, openTarget(t, path), "newest").Commit(6, false))
	assert.Equal(t, []string{"file"}, namesIn(t, folder))
	assert.Equal(t, "newest", contentOf(t, path))

	for _, name := range []string{".file.lithops-s3.journal", ".file.lithops-s3.part"} { // of the user
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("mine"), 0o600))
	}
	require.NoError(t, create(t, openTarget(t, path), "last").Commit(4, false))
	assert.Equal(t, []string{".file.lithops-s3.journal", ".file.lithops-s3.part", "file"}, namesIn(t, folder))
}

func resume(t *testing.T, path string) (*File, error) {
	t.Helper()
	return openTarget(t, path).Resume(t.Context(), "bucket", "key")
}

// TestResume waits for locks in the time of a bubble.
func TestResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testResume)
}

func testResume(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	leave(t, path)
	assert.Equal(t, []string{".file.lithops-s3.journal", ".file.lithops-s3.part"}, namesIn(t, folder))
	for range 2 { // it can be kept again
		f, err := resume(t, path)
		require.NoError(t, err)
		require.NotNil(t, f)
		source := f.Source()
		source.Version, source.Nonce = 0, ""
		assert.Equal(t, sourceOf, source)
		assert.Equal(t, Chunk{At: 0, Bytes: 4, CRC32: 2}, f.Chunk(0))
		assert.Zero(t, f.Chunk(4))
		assert.Equal(t, Chunk{At: 8, Bytes: 1, CRC32: 3}, f.Chunk(8))
		_, err = resume(t, path)
		require.ErrorIs(t, err, ErrLocked)
		_, err = openTarget(t, path).CreateResumable(sourceOf)
		require.ErrorIs(t, err, ErrLocked)
		require.NoError(t, f.Keep())
	}
	f, err := resume(t, path)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("4567"), 4)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("9"), 9)
	require.NoError(t, err)
	require.NoError(t, f.Commit(10, true))
	assert.Equal(t, "0123456789", contentOf(t, path))
	assert.Equal(t, []string{"file"}, namesIn(t, folder))
	f, err = resume(t, path)
	require.NoError(t, err)
	assert.Nil(t, f, "nothing is left")
}

func TestResumeDiscarded(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	leave(t, path)
	f, err := resume(t, path)
	require.NoError(t, err)
	require.NoError(t, f.Discard())
	assert.Empty(t, namesIn(t, folder))
}

// TestResumeOfKilled resumes and re-creates what a killed process left.
func TestResumeOfKilled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	f, err := openTarget(t, path).CreateResumable(sourceOf)
	require.NoError(t, err)
	require.NoError(t, f.Note(4, 4, 7))
	kill(f)
	f, err = resume(t, path)
	require.NoError(t, err)
	require.NotNil(t, f)
	assert.Equal(t, int64(4), f.Chunk(4).Bytes)
	require.NoError(t, f.Discard())
	assert.Empty(t, namesIn(t, folder))
}

// TestResumeUnusable has something about the files that makes them of no use. What is
// proved to be this package's is removed, what is not stays.
func TestResumeUnusable(t *testing.T) {
	t.Parallel()
	edit := func(old, replacement string) func(t *testing.T, part, journal string) {
		return func(t *testing.T, _, journal string) {
			t.Helper()
			text := contentOf(t, journal)
			require.Contains(t, text, old)
			require.NoError(t, os.WriteFile(journal, []byte(strings.Replace(text, old, replacement, 1)), 0o600))
		}
	}
	for name, test := range map[string]struct {
		meddle func(t *testing.T, part, journal string)
		left   []string
	}{
		"another bucket":         {edit(`"bucket":"bucket"`, `"bucket":"other"`), nil},
		"another key":            {edit(`"key":"key"`, `"key":"other"`), nil},
		"no ETag":                {edit(`"etag":"\"e\""`, `"etag":""`), nil},
		"no size":                {edit(`"size":10`, `"size":0`), nil},
		"a size of no digits":    {edit(`"size":10`, `"size":"x"`), []string{"journal"}},
		"another size":           {edit(`"size":10`, `"size":11`), nil},
		"another nonce":          {edit(`"nonce":"`, `"nonce":"0`), nil},
		"another version":        {edit(`"lithops_s3_download":1`, `"lithops_s3_download":2`), []string{"journal"}},
		"no JSON":                {edit(`{`, ``), []string{"journal"}},
		"a name with a slash":    {edit(`{"part":".file`, `{"part":"../.file`), []string{"part"}},
		"a name of another kind": {edit(`.lithops-s3.part"`, `.lithops-s3.text"`), []string{"part"}},
		"a name without a dot":   {edit(`{"part":".`, `{"part":"x.`), []string{"part"}},
		"a name without our own": {edit(`{"part":".file.lithops-s3.part"`, `{"part":".file.part"`), []string{"part"}},
		"no part file":           {func(t *testing.T, part, _ string) { t.Helper(); require.NoError(t, os.Remove(part)) }, nil},
		"no journal":             {func(t *testing.T, _, journal string) { t.Helper(); require.NoError(t, os.Remove(journal)) }, nil},
		"an empty journal":       {func(t *testing.T, _, journal string) { t.Helper(); require.NoError(t, os.Truncate(journal, 0)) }, nil},
		"a journal of NULs":      {func(t *testing.T, _, journal string) { t.Helper(); overwrite(t, journal, 1000) }, nil},
		"a journal of many NULs": {func(t *testing.T, _, journal string) { t.Helper(); overwrite(t, journal, 100_000) }, nil},
		"NULs and then a line": {func(t *testing.T, _, journal string) {
			t.Helper()
			last := contentOf(t, journal)
			require.NoError(t, os.WriteFile(journal, append(make([]byte, 50), last[len(last)-50:]...), 0o600))
		}, nil},
		"a journal of NULs alone": {func(t *testing.T, part, journal string) {
			t.Helper()
			require.NoError(t, os.Remove(part))
			overwrite(t, journal, 1000)
		}, []string{"journal"}},
		"an empty journal alone": {func(t *testing.T, part, journal string) {
			t.Helper()
			require.NoError(t, errors.Join(os.Remove(part), os.Truncate(journal, 0)))
		}, []string{"journal"}},
		"empty both": {func(t *testing.T, part, journal string) {
			t.Helper()
			require.NoError(t, errors.Join(os.Truncate(part, 0), os.Truncate(journal, 0)))
		}, []string{"journal", "part"}},
		"a cut part file": {func(t *testing.T, part, _ string) { t.Helper(); require.NoError(t, os.Truncate(part, 5)) }, nil},
		"a link for a part file": {func(t *testing.T, part, _ string) {
			t.Helper()
			require.NoError(t, os.Remove(part))
			testkit.Symlink(t, "nothing", part)
		}, nil},
		"the user's part file": {func(t *testing.T, part, _ string) {
			t.Helper()
			require.NoError(t, errors.Join(os.Rename(part, part+"2"), os.WriteFile(part, make([]byte, 10+markerSize), 0o600), os.Remove(part+"2")))
		}, []string{"part"}},
		"a readable journal":    {func(t *testing.T, _, journal string) { t.Helper(); testkit.Chmod(t, journal, 0o640) }, []string{"journal"}},
		"a readable part file":  {func(t *testing.T, part, _ string) { t.Helper(); testkit.Chmod(t, part, 0o604) }, nil},
		"an unreadable journal": {func(t *testing.T, _, journal string) { t.Helper(); require.NoError(t, os.Link(journal, journal+"2")) }, []string{"journal", "journal2"}},
		"a linked part file":    {func(t *testing.T, part, _ string) { t.Helper(); require.NoError(t, os.Link(part, part+"2")) }, []string{"part2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			path := filepath.Join(folder, "file")
			leave(t, path)
			test.meddle(t, filepath.Join(folder, ".file.lithops-s3.part"), filepath.Join(folder, ".file.lithops-s3.journal"))
			f, err := resume(t, path)
			require.NoError(t, err)
			assert.Nil(t, f)
			want := []string{}
			for _, extension := range test.left {
				want = append(want, ".file.lithops-s3."+extension)
			}
			assert.Equal(t, want, namesIn(t, folder))

			f, err = openTarget(t, path).CreateResumable(sourceOf) // resumable or not
			require.NoError(t, err)
			assert.Equal(t, len(want) == 0 || !strings.HasSuffix(want[0], ".journal"), f.IsResumable())
			_, err = f.WriteAt([]byte("0123456789"), 0)
			require.NoError(t, err)
			require.NoError(t, f.Commit(10, false))
			assert.Equal(t, "0123456789", contentOf(t, path))
			if strings.HasPrefix(name, "a name ") { // now the part file proves itself
				want = want[:0]
			}
			assert.Equal(t, append(want, "file"), namesIn(t, folder))
		})
	}
}

// overwrite has a file consist of NULs, as a crash of the machine leaves one.
func overwrite(t *testing.T, path string, size int) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, make([]byte, size), 0o600))
}

// TestResumeOfNULs resumes with a journal whose later lines a crash of the machine replaced by
// NULs, and whose chunks are there or not.
func TestResumeOfNULs(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 100, 100_000} {
		folder := t.TempDir()
		path := filepath.Join(folder, "file")
		leave(t, path)
		journal := filepath.Join(folder, ".file.lithops-s3.journal")
		lines := strings.SplitAfterN(contentOf(t, journal), "\n", 4) // the source, the part, a chunk
		require.Len(t, lines, 4)
		text := strings.Join(lines[:3], "") + strings.Repeat("\x00", size)
		require.NoError(t, os.WriteFile(journal, []byte(text), 0o600))
		f, err := resume(t, path)
		require.NoError(t, err)
		require.NotNil(t, f, size)
		assert.Equal(t, int64(2), f.Chunk(0).Bytes)
		assert.Zero(t, f.Chunk(8).Bytes)
		require.NoError(t, f.Note(8, 2, 7))
		require.NoError(t, f.Keep())
		f, err = resume(t, path)
		require.NoError(t, err)
		require.NotNil(t, f, size)
		assert.Equal(t, int64(2), f.Chunk(0).Bytes)
		assert.Equal(t, int64(2), f.Chunk(8).Bytes, "a line after the NULs")
		require.NoError(t, f.Discard())
		assert.Empty(t, namesIn(t, folder))
	}
}

// TestResumeOfCopies resumes a pair of files that was copied, as from a backup.
func TestResumeOfCopies(t *testing.T) {
	t.Parallel()
	folder, backup := t.TempDir(), t.TempDir()
	leave(t, filepath.Join(folder, "file"))
	for _, name := range namesIn(t, folder) {
		require.NoError(t, os.WriteFile(filepath.Join(backup, name), []byte(contentOf(t, filepath.Join(folder, name))), 0o600))
	}
	f, err := resume(t, filepath.Join(backup, "file"))
	require.NoError(t, err)
	require.NotNil(t, f)
	assert.Equal(t, int64(4), f.Chunk(0).Bytes)
	require.NoError(t, f.Discard())
	assert.Empty(t, namesIn(t, backup))
}

// TestTakenJournal has a file of the user's replace the journal while it is written.
func TestTakenJournal(t *testing.T) {
	t.Parallel()
	testkit.NeedsRenameOverOpen(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	f, err := openTarget(t, path).CreateResumable(sourceOf)
	require.NoError(t, err)
	require.NoError(t, Replace(filepath.Join(folder, f.journal.name), []byte("mine"), 0o644))
	require.NoError(t, f.Note(0, 4, 1))
	require.NoError(t, f.Commit(10, false))
	assert.Equal(t, "mine", contentOf(t, filepath.Join(folder, f.journal.name)))
	assert.Len(t, namesIn(t, folder), 2)
}

// TestEvadeIsNoted resumes a part file that had to take another name.
func TestEvadeIsNoted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	f, err := openTarget(t, path).CreateResumable(sourceOf)
	require.NoError(t, err)
	require.NoError(t, f.Note(0, 4, 9))
	require.NoError(t, Replace(filepath.Join(folder, f.name), []byte("mine"), 0o600))
	kill(f)
	f, err = resume(t, path)
	require.NoError(t, err)
	require.NotNil(t, f)
	assert.NotEqual(t, ".file.lithops-s3.part", f.name)
	assert.Equal(t, int64(4), f.Chunk(0).Bytes)
	require.NoError(t, f.Commit(10, false))
	assert.Equal(t, []string{".file.lithops-s3.part", "file"}, namesIn(t, folder))
	assert.Equal(t, "mine", contentOf(t, filepath.Join(folder, ".file.lithops-s3.part")))
}

// TestBelievedChunks reads lines that can't be true, or are cut off.
func TestBelievedChunks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	f := leave(t, path)
	journal, err := os.OpenFile(filepath.Join(folder, f.journal.name), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	for _, line := range []string{
		`{"at":4,"bytes":5}`, `{"at":0,"bytes":4,"crc32":"000000ff"}`, `{"at":4,"bytes":3,"crc32":"x"}`, `[]`, `{"at":4,"bytes":2,"crc32":"0000000a"}`,
		`{"at":4,"bytes":1,"crc32":"0000000b"}`, `{"at":4,"by`,
	} {
		_, err = journal.WriteString(line + "\n")
		require.NoError(t, err)
	}
	_, err = journal.WriteString(`{"at":8,"bytes":2,"crc32":"0000`)
	require.NoError(t, err)
	require.NoError(t, journal.Close())
	for range 2 { // a line after one that was cut off can be read
		f, err = resume(t, path)
		require.NoError(t, err)
		require.NotNil(t, f)
		assert.Equal(t, map[int64]Chunk{0: {0, 4, 2}, 4: {4, 2, 10}, 8: {8, 1, 3}}, f.journal.chunks)
		require.NoError(t, f.Keep())
	}
	f, err = resume(t, path)
	require.NoError(t, err)
	require.NoError(t, f.Note(4, 4, 0xdeadbeef))
	before := contentOf(t, journal.Name())
	require.NoError(t, f.Note(4, 4, 12), "which is known")
	require.NoError(t, f.Note(4, 0, 13), "which is nothing")
	assert.Equal(t, before, contentOf(t, journal.Name()), "nothing new is noted")
	require.NoError(t, f.Keep())
	f, err = resume(t, path)
	require.NoError(t, err)
	assert.Equal(t, Chunk{4, 4, 0xdeadbeef}, f.Chunk(4))
	require.NoError(t, f.Discard())
}

// TestResumeOfNothing has an object without bytes, of which there is nothing to resume.
func TestResumeOfNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	f, err := openTarget(t, path).CreateResumable(Source{Bucket: "bucket", Key: "key", ETag: "e", Chunk: 4})
	require.NoError(t, err)
	require.NoError(t, f.Keep())
	f, err = resume(t, path)
	require.NoError(t, err)
	assert.Nil(t, f)
	assert.Empty(t, namesIn(t, folder))
}

func TestResumeIsCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	mine := errors.New("mine")
	cancel(mine)
	_, err := openTarget(t, filepath.Join(t.TempDir(), "file")).Resume(ctx, "bucket", "key")
	require.ErrorIs(t, err, mine)
}

// TestResumeWithoutPartLine resumes what a process left that was killed before it
// wrote where the bytes are.
func TestResumeWithoutPartLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	f := leave(t, path)
	name := filepath.Join(filepath.Dir(path), f.journal.name)
	head, _, _ := strings.Cut(contentOf(t, name), "\n")
	require.NoError(t, os.WriteFile(name, []byte(head), 0o600))
	f, err := resume(t, path)
	require.NoError(t, err)
	require.NotNil(t, f)
	testkit.AssertMode(t, 0o600, f.mode)
	require.NoError(t, f.Discard())
	assert.Empty(t, namesIn(t, filepath.Dir(path)))
}

func TestJournalOfNoFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{".file.lithops-s3.journal", ".file.lithops-s3.part"} {
		folder := t.TempDir()
		path := filepath.Join(folder, "file")
		if name != ".file.lithops-s3.journal" {
			leave(t, path)
			require.NoError(t, os.Remove(filepath.Join(folder, name)))
		}
		require.NoError(t, os.Mkdir(filepath.Join(folder, name), 0o700))
		_, err := resume(t, path)
		require.ErrorIs(t, err, ErrNotRegular)
		require.ErrorContains(t, err, "remove it, or download without resuming")
		if name == ".file.lithops-s3.journal" {
			_, err = openTarget(t, path).CreateResumable(sourceOf)
			require.ErrorIs(t, err, ErrNotRegular)
		}
		assert.DirExists(t, filepath.Join(folder, name))
	}
}
