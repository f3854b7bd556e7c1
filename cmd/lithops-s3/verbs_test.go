// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A session runs command lines in a folder of its own, with the bucket BUCKET.
type session struct {
	t     *testing.T
	store *lithopss3.Store
}

func newSession(t *testing.T) *session {
	t.Helper()
	store := refuse(t, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/refused") })
	t.Setenv("LITHOPS_CONFIG", `{"lithops": {"storage": "aws_s3"}, "aws_s3": {"storage_bucket": "`+refusedBucket+`"}}`)
	t.Chdir(t.TempDir())
	return &session{t, store}
}

// run runs a line, whose exit code must be want, and returns what it printed.
func (s *session) run(want int, line string) string {
	s.t.Helper()
	code, out, problems := command(s.t.Context(), strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket))...)
	require.Equal(s.t, want, code, "%s: %s%s", line, out, problems)
	return out + problems
}

func (s *session) write(name, text string) {
	s.t.Helper()
	require.NoError(s.t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(s.t, os.WriteFile(name, []byte(text), 0o600))
}

func (s *session) keys() []string {
	s.t.Helper()
	keys, err := s.store.ListKeys(s.t.Context(), refusedBucket, "")
	require.NoError(s.t, err)
	return keys
}

func (s *session) file(name string) string {
	s.t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(s.t, err)
	return string(data)
}

// TestPaths checks that s3://BUCKET/KEY, a bucket and keys, and the configuration's own
// bucket name the same objects in all commands.
func TestPaths(t *testing.T) {
	s := newSession(t)
	s.write("a.txt", "a\n")
	s.write("b.txt", "b\n")
	s.run(0, "put a.txt")
	assert.Contains(t, s.run(0, "put a.txt b.txt ."), ": "+refusedBucket+"/\n")
	s.run(0, "put a.txt b.txt BUCKET -k x/")
	s.run(0, "put a.txt s3://BUCKET/y/")
	s.run(0, "put a.txt s3://./y/c.txt")
	assert.Equal(t, []string{"a.txt", "b.txt", "x/a.txt", "x/b.txt", "y/a.txt", "y/c.txt"}, s.keys())

	assert.Equal(t, "a\nb\n", s.run(0, "cat . x/a.txt x/b.txt"))
	assert.Equal(t, "a\na\n", s.run(0, "cat s3://BUCKET/y/a.txt s3://./a.txt"))
	assert.Equal(t, "a\na\n", s.run(0, "get BUCKET y/a.txt a.txt -o -"))
	s.run(0, "get s3://./x/a.txt s3://BUCKET/x/b.txt -o .")
	s.run(0, "get . y/c.txt")
	assert.Equal(t, "a\n", s.file("y/c.txt"))
	assert.Contains(t, s.run(0, "head s3://BUCKET/y/a.txt"), "y/a.txt")
	assert.Contains(t, s.run(0, "list"), "6 objects")
	assert.Contains(t, s.run(0, "list s3://BUCKET/x/"), "2 objects")
	assert.Contains(t, s.run(0, "-d list . -p y/"), "2 objects")
	assert.Contains(t, s.run(0, "uploads"), "")
	s.run(0, "delete s3://BUCKET/x/a.txt s3://./x/b.txt")
	s.run(0, "delete . y/a.txt y/c.txt")
	assert.Equal(t, []string{"a.txt", "b.txt"}, s.keys())
	assert.Contains(t, s.run(0, "presign s3://./a.txt --json"), `"method": "GET"`)
	assert.Contains(t, s.run(0, "presign . a.txt --put --json"), `"method": "PUT"`)
	assert.Contains(t, s.run(0, "mb --json"), `"region": "us-east-1"`)
	s.run(exitUsage, "get BUCKET a.txt x/a.txt -o .") // which would be one file
	s.run(exitUsage, "get s3://BUCKET")
	s.run(exitUsage, "put a.txt b.txt BUCKET -k key")
	s.run(exitUsage, "list s3://BUCKET/x -p y")
	s.run(exitUsage, "delete s3://BUCKET/a.txt -p b")
	s.run(exitUsage, "get a.txt")
}

// TestLithopsLines checks that a line that was written for Lithops works and asks
// nothing.
func TestLithopsLines(t *testing.T) {
	s := newSession(t)
	s.write("a.txt", "a")
	s.run(0, "storage put a.txt BUCKET -k x/1 -b aws_s3 -d")
	s.run(0, "storage put a.txt BUCKET --key x/2")
	assert.Contains(t, s.run(0, "storage list BUCKET --prefix x/"), "2 objects")
	s.run(0, "storage get BUCKET x/1 --out b.txt")
	assert.Equal(t, "a", s.file("b.txt"))
	s.run(0, "storage delete BUCKET -p x/")
	assert.Empty(t, s.keys())
	s.run(exitConfig, "storage list BUCKET -b minio")
}

// TestLs covers folders, patterns and sums.
func TestLs(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"a.txt", "data/1.csv", "data/2.csv", "data/deep/3.csv", "database.txt"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("12345"), nil))
	}
	names := func(line string) (found []string) {
		for _, row := range strings.Split(strings.TrimSpace(s.run(0, line)), "\n") {
			fields := strings.Fields(row)
			found = append(found, fields[len(fields)-1])
		}
		return found[:len(found)-1] // without the sum
	}
	assert.Equal(t, []string{"a.txt", "data/", "database.txt"}, names("ls"))
	assert.Equal(t, []string{"1.csv", "2.csv", "deep/"}, names("ls s3://BUCKET/data/"))
	assert.Equal(t, []string{"data/", "database.txt"}, names("ls s3://./data"), "a prefix, as it names two things")
	assert.Equal(t, []string{"3.csv"}, names("ls s3://./data/deep"))
	assert.Equal(t, []string{"data/1.csv", "data/2.csv", "data/deep/3.csv"}, names("ls -r s3://./data/"))
	assert.Equal(t, []string{"data/1.csv", "data/2.csv"}, names("ls s3://./data/*.csv"))
	assert.Contains(t, s.run(0, "ls --du"), "15 B  data/")
	assert.Contains(t, s.run(0, "ls"), "1 folder, 2 objects, 10 B")
	assert.Contains(t, s.run(0, "ls --json"), `"prefix":"data/"`)
	assert.Regexp(t, `^ +15 B  3 objects  s3://BUCKET/data/\n$`, strings.ReplaceAll(s.run(0, "du s3://./data/"), refusedBucket, "BUCKET"))
	s.run(exitNotFound, "ls s3://BUCKET/none")
	s.run(exitNotFound, "ls no-such-bucket")
	s.run(exitUsage, "ls s3://BUCKET/a**b")
}

// TestCopy covers cp and mv between this machine and S3.
func TestCopy(t *testing.T) {
	s := newSession(t)
	s.write("d/a.txt", "a")
	s.write("d/sub/b.tmp", "b")
	s.run(0, "cp d/a.txt s3://BUCKET/k")
	s.run(0, "cp d/a.txt s3://BUCKET/f/")
	s.run(0, "cp d/a.txt d/sub/b.tmp s3://BUCKET/g")
	s.run(0, "cp -r d s3://BUCKET/tree --exclude *.tmp")
	s.run(0, "cp d -r s3://./whole/")
	assert.Equal(t, []string{"f/a.txt", "g/a.txt", "g/b.tmp", "k", "tree/a.txt", "whole/a.txt", "whole/sub/b.tmp"}, s.keys())

	s.run(0, "cp s3://BUCKET/k copy")
	assert.Equal(t, "a", s.file("copy"))
	s.run(0, "cp s3://BUCKET/k d")
	assert.Equal(t, "a", s.file("d/k"))
	s.run(0, "cp -r s3://BUCKET/whole back")
	assert.Equal(t, "b", s.file("back/sub/b.tmp"))
	s.run(0, "cp s3://BUCKET/g/* flat/")
	assert.Equal(t, "b", s.file("flat/b.tmp"))
	assert.Equal(t, "a", s.run(0, "cp s3://BUCKET/k -"))
	assert.Contains(t, s.run(0, "cp -r d s3://BUCKET/dry -n"), "would copy d/sub/b.tmp to s3://"+refusedBucket+"/dry/sub/b.tmp")

	s.run(0, "mv copy s3://BUCKET/moved")
	assert.NoFileExists(t, "copy")
	s.run(0, "mv s3://BUCKET/moved there")
	assert.FileExists(t, "there")
	assert.NotContains(t, s.keys(), "moved")
	s.run(0, "mv -r s3://BUCKET/whole/ whole")
	assert.FileExists(t, "whole/sub/b.tmp")
	assert.NotContains(t, s.keys(), "whole/a.txt")

	s.run(0, "cp s3://BUCKET/k s3://BUCKET/k2 --content-type text/plain --metadata a=1,b=2")
	assert.Regexp(t, `text/plain(.|\n)*a = 1(.|\n)*b = 2`, s.run(0, "head . k2"))
	s.run(0, "cp -r s3://BUCKET/g s3://./g2/")
	s.run(0, "mv s3://BUCKET/g2/* s3://BUCKET/g3/ --exclude *.tmp")
	assert.Subset(t, s.keys(), []string{"k", "k2", "g/a.txt", "g/b.tmp", "g2/b.tmp", "g3/a.txt"})
	assert.NotContains(t, s.keys(), "g2/a.txt")

	for line, code := range map[string]int{
		"cp d/a.txt other": exitUsage, "cp d/a.txt": exitUsage, "cp d s3://BUCKET": exitUsage, "cp none s3://BUCKET/x": exitUsage,
		"cp s3://BUCKET x": exitUsage, "cp - s3://BUCKET/": exitUsage, "mv - s3://BUCKET/x": exitUsage, "cp d/a.txt s3://BUCKET/x --include *": exitUsage,
		"cp s3://BUCKET/g/a.txt s3://BUCKET/f/a.txt flat2/": exitUsage, "mv s3://BUCKET/k s3://BUCKET/k": exitUsage,
		"cp s3://BUCKET/none x": exitNotFound, "cp -r s3://BUCKET/none x": exitNotFound, "cp s3://BUCKET/none* x/": exitNotFound,
		"mv d/a.txt s3://BUCKET/refused": exitPermission,
	} {
		s.run(code, line)
	}
	assert.FileExists(t, "d/a.txt", "what could not be moved stays")
	assert.Contains(t, s.keys(), "k")
}

// TestRm checks what is deleted and what is asked first.
func TestRm(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"a", "d/1.tmp", "d/2.tmp", "d/3", "dd"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("x"), nil))
	}
	s.run(exitUsage, "rm -r s3://BUCKET/d")
	s.run(exitUsage, "rm s3://BUCKET/d/*.tmp")
	s.run(exitUsage, "rm -r s3://BUCKET")
	s.run(exitUsage, "rm s3://BUCKET")
	assert.Contains(t, s.run(0, "rm -r s3://BUCKET/d -n"), "Would delete 3 objects")
	assert.Len(t, s.keys(), 5)
	s.run(0, "rm s3://BUCKET/d/*.tmp --exclude 2.tmp -y")
	assert.Equal(t, []string{"a", "d/2.tmp", "d/3", "dd"}, s.keys())
	s.run(0, "rm s3://BUCKET/a")
	s.run(0, "rm -r s3://BUCKET/d --yes")
	assert.Equal(t, []string{"dd"}, s.keys())
	s.run(0, "rm -ry s3://BUCKET")
	assert.Empty(t, s.keys())
}

// TestFilterOfWhatIsNamed leaves out files and objects that a line names itself, as it does
// what it finds.
func TestFilterOfWhatIsNamed(t *testing.T) {
	s := newSession(t)
	for _, name := range []string{"a.txt", "b.tmp", "d/c.tmp", "d/e.txt"} {
		s.write(name, "text")
	}
	s.run(0, "mv -r a.txt ./b.tmp d s3://BUCKET/up/ --exclude *.tmp")
	assert.Equal(t, []string{"up/a.txt", "up/d/e.txt"}, s.keys())
	assert.Equal(t, "b.tmp d/c.tmp", filesBelow(t, "."))
	s.run(0, "put b.tmp BUCKET -k up/b.tmp")
	s.run(0, "mv s3://BUCKET/up/d/* s3://BUCKET/up/b.tmp s3://BUCKET/up/a.txt out --exclude *.tmp")
	assert.Equal(t, "b.tmp d/c.tmp out/a.txt out/e.txt", filesBelow(t, "."))
	for exclude, want := range map[string]string{"*.txt": "b.tmp", "b.*": ""} {
		require.NoError(t, os.RemoveAll("lone"))
		require.NoError(t, os.Mkdir("lone", 0o700))
		s.run(0, "cp -r s3://BUCKET/up/b.tmp lone --exclude "+exclude)
		assert.Equal(t, want, filesBelow(t, "lone"))
		s.run(exitNotFound, "cp -r s3://BUCKET/up/missing lone --exclude "+exclude)
		s.run(exitNotFound, "cp s3://BUCKET/missing/* lone --exclude "+exclude)
	}
	s.run(0, "rm s3://BUCKET/none* s3://BUCKET/up/b.tmp --include *.txt")
	assert.Equal(t, []string{"up/b.tmp"}, s.keys())
	s.run(0, "rm s3://BUCKET/none* s3://BUCKET/up/b.tmp --include *.tmp")
	assert.Empty(t, s.keys())
}

// TestSync checks that only differences are copied, in both directions, and deleted only
// on request.
func TestSync(t *testing.T) {
	s := newSession(t)
	s.write("d/a", "1")
	s.write("d/sub/b", "2")
	assert.Contains(t, s.run(0, "sync d s3://BUCKET/x -n"), "Would copy 2 files")
	assert.Empty(t, s.keys())
	assert.Contains(t, s.run(0, "sync d s3://BUCKET/x"), "Copied 2 files")
	assert.Contains(t, s.run(0, "sync d s3://BUCKET/x"), "Copied 0 files")
	s.write("d/a", "longer")
	old := time.Unix(1e9, 0)
	require.NoError(t, os.WriteFile("d/sub/b", []byte("3"), 0o600)) // other bytes, as if older
	require.NoError(t, os.Chtimes("d/sub/b", old, old))
	assert.Contains(t, s.run(0, "sync d s3://BUCKET/x"), "Copied 1 file")
	assert.Contains(t, s.run(0, "sync d s3://BUCKET/x --checksum"), "Copied 1 file")
	assert.Contains(t, s.run(0, "sync d s3://BUCKET/x --checksum"), "Copied 0 files")

	assert.Contains(t, s.run(0, "sync s3://BUCKET/x back"), "Copied 2 files")
	assert.Equal(t, "longer", s.file("back/a"))
	assert.Contains(t, s.run(0, "sync s3://BUCKET/x back"), "Copied 0 files")
	s.write("back/extra", "x")
	s.write("back/kept.log", "x")
	assert.Contains(t, s.run(0, "sync s3://BUCKET/x back"), "Copied 0 files")
	assert.Contains(t, s.run(0, "sync s3://BUCKET/x back --delete --exclude *.log -n"), "would delete back/extra")
	assert.Regexp(t, `(?s)"deleted": 1.*"would_delete": \[\s*"extra"\s*\]`, s.run(0, "sync s3://BUCKET/x back --delete --exclude *.log -n --json"))
	assert.FileExists(t, "back/extra")
	assert.Contains(t, s.run(0, "sync s3://BUCKET/x back --delete --exclude *.log"), "deleted 1")
	assert.NoFileExists(t, "back/extra")
	assert.FileExists(t, "back/kept.log")

	require.NoError(t, os.Remove("d/a"))
	assert.Contains(t, s.run(0, "sync d s3://BUCKET/x --delete --json"), `"deleted": 1`)
	assert.Equal(t, []string{"x/sub/b"}, s.keys())

	assert.Contains(t, s.run(0, "sync s3://BUCKET/x s3://BUCKET/y"), "Copied 1 file")
	assert.Contains(t, s.run(0, "sync s3://BUCKET/x s3://BUCKET/y --checksum"), "Copied 0 files")
	s.run(0, "rm -ry s3://BUCKET/y/")
	require.NoError(t, os.Mkdir("empty", 0o755))
	s.run(exitUsage, "sync empty s3://BUCKET/x --delete")
	s.run(exitUsage, "sync none s3://BUCKET/x --delete")
	s.run(exitUsage, "sync d/sub/b s3://BUCKET/x")
	s.run(exitUsage, "sync d back")
	s.run(exitUsage, "sync s3://BUCKET/x s3://BUCKET/x/y")
	assert.Equal(t, []string{"x/sub/b"}, s.keys())
	testkit.Symlink(t, "nowhere", "empty/dangling")
	s.run(exitError, "sync empty s3://BUCKET/x --delete --yes")
	assert.Equal(t, []string{"x/sub/b"}, s.keys(), "nothing is deleted if something could not be read")
}

// TestETags checks the MD5 of a file's bytes, and of its parts.
func TestETags(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	data = bytes.Repeat(data, 9)
	parts := md5.New()
	for part := range slices.Chunk(data, 8<<20) {
		sum := md5.Sum(part)
		parts.Write(sum[:])
	}
	whole := md5.Sum(data)
	for _, c := range testkit.SomeOf([]struct {
		etag        string
		same, known bool
	}{
		{`"` + hex.EncodeToString(whole[:]) + `"`, true, true},
		{strings.ToUpper(hex.EncodeToString(whole[:])), true, true},
		{hex.EncodeToString(parts.Sum(nil)) + "-2", true, true},
		{hex.EncodeToString(whole[:]) + "-2", false, true},
		{hex.EncodeToString(whole[:]) + "-77", false, false},
		{strings.Repeat("0", 32), false, true},
		{"", false, false},
		{"not-a-sum", false, false},
		{strings.Repeat("0", 32) + "-x", false, false},
	}, 4) {
		same, known, err := hasETag(bytes.NewReader(data), int64(len(data)), c.etag)
		require.NoError(t, err)
		assert.Equal(t, c.same, same, c.etag)
		assert.Equal(t, c.known, known, c.etag)
	}
	part := md5.Sum(data[:8<<20])
	two := md5.Sum(append(part[:], part[:]...)) // two parts, and no empty one after them
	twice := bytes.NewReader(bytes.Repeat(data[:8<<20], 2))
	same, known, err := hasETag(twice, 16<<20, hex.EncodeToString(two[:])+"-2")
	require.NoError(t, err)
	assert.True(t, same && known)
}

// TestOneFile checks that of two objects that this file system takes for one file, the
// second fails and is not deleted by mv.
func TestOneFile(t *testing.T) {
	s := newSession(t)
	s.write("x", "text")
	s.run(0, "put x BUCKET -k f/data/x")
	s.run(0, "put x BUCKET -k f/Data/x")
	for i, line := range []string{"get -r BUCKET f -o ", "sync s3://BUCKET/f ", "cp -r s3://BUCKET/f ", "mv -r s3://BUCKET/f "} {
		folder := "out" + strconv.Itoa(i)
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "data"), 0o700))
		require.NoError(t, os.Symlink("data", filepath.Join(folder, "Data")))
		said := s.run(exitError, line+folder)
		assert.Contains(t, said, "on this file system it is the same file as")
		assert.Regexp(t, `[12] of [23] files failed`, said, "sync reports the link, too")
	}
	assert.Len(t, s.keys(), 1, "mv deletes only what it has moved")
}

// TestCopyOfAFolderThatIsAnObject copies the object that was named as a folder. One that
// can't be looked at is not called missing.
func TestCopyOfAFolderThatIsAnObject(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"x/key", "x/refused"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("text"), nil))
	}
	s.run(0, "cp -r s3://BUCKET/x/key copy")
	assert.Equal(t, "text", s.file("copy"))
	require.NoError(t, os.Mkdir("folder", 0o755))
	s.run(0, "cp -r s3://BUCKET/x/key folder")
	assert.Equal(t, "text", s.file("folder/key"))
	for _, line := range []string{"cp -r s3://BUCKET/x/refused other", "mv -r s3://BUCKET/x/refused other", "get -r s3://BUCKET/x/refused -o other"} {
		s.run(exitPermission, line)
		s.run(exitNotFound, strings.Replace(line, "refused", "missing", 1))
		s.run(exitNotFound, strings.Replace(line, "refused", "key/", 1))
	}
}

// TestCopyToStdout prints several objects one after the other, and makes no folder named "-".
func TestCopyToStdout(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"a.txt", "x/b.txt", "x/c.txt"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader(key+"\n"), nil))
	}
	assert.Equal(t, "x/b.txt\nx/c.txt\n", s.run(0, "cp s3://BUCKET/x/*.txt -"))
	assert.Equal(t, "x/c.txt\na.txt\na.txt\n", s.run(0, "cp s3://BUCKET/x/c.txt s3://./a.txt s3://./a.txt -"))
	assert.Equal(t, "a.txt\nx/b.txt\nx/c.txt\n", s.run(0, "cp s3://BUCKET/a.txt s3://BUCKET/x/* -"))
	assert.Equal(t, "x/b.txt\n", s.run(0, "cp s3://BUCKET/x/* - --exclude c.txt"))
	assert.NoFileExists(t, "-")
	assert.NoDirExists(t, "-")
}

// TestCopyOfAFolderWithAMark copies a folder that a console made into a bucket, where the
// empty object that marks the folder would have no key.
func TestCopyOfAFolderWithAMark(t *testing.T) {
	s := newSession(t)
	for key, text := range map[string]string{"from/": "", "from/a": "a", "from/below/": ""} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader(text), nil))
	}
	assert.Contains(t, s.run(0, "cp -r s3://BUCKET/from/ s3://BUCKET/"), "Copied 2 files, 1 B")
	assert.Equal(t, []string{"a", "below/", "from/", "from/a", "from/below/"}, s.keys())
	assert.Contains(t, s.run(0, "cp -r s3://BUCKET/from/ s3://BUCKET/to/"), "Copied 3 files, 1 B")
	require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, "from/", strings.NewReader("bytes"), nil))
	assert.Contains(t, s.run(exitUsage, "cp -r s3://BUCKET/from/ s3://BUCKET/"), "1 of 3 files failed")
}

// TestGetThroughLink writes where a link leads, also if nothing is there yet.
func TestGetThroughLink(t *testing.T) {
	s := newSession(t)
	require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, "a.txt", strings.NewReader("a"), nil))
	require.NoError(t, os.Mkdir("disk", 0o755))
	testkit.Symlink(t, filepath.Join("disk", "new"), "link")
	testkit.Symlink(t, "circle", "circle")
	testkit.Symlink(t, "nowhere", "lost")
	s.run(0, "get s3://BUCKET/a.txt -o link")
	assert.Equal(t, "a", s.file(filepath.Join("disk", "new")))
	s.run(exitError, "get s3://BUCKET/a.txt -o circle")
	require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, "lost/a", strings.NewReader("a"), nil))
	assert.Contains(t, s.run(exitError, "get -r BUCKET lost"), "mkdirat lost: ") // and not that there is no file
	for _, name := range []string{"link", "circle", "lost"} {
		_, err := os.Readlink(name)
		require.NoError(t, err, "it stays a link")
	}
}
