// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFoldersOfOddNames checks that "/" and "./" are folders of a bucket like others, and
// never all of it.
func TestFoldersOfOddNames(t *testing.T) {
	s := newSession(t)
	all := []string{"./c", "/b", "a"}
	for line, want := range map[string][]string{
		"rm -r s3://BUCKET// --yes":                {"./c", "a"},
		"rm -r s3://BUCKET/./ --yes":               {"/b", "a"},
		"rm -r s3://BUCKET/. --yes":                {"/b", "a"},
		"rm -r s3://BUCKET// --yes --exclude none": {"./c", "a"},
		"mv -r s3://BUCKET// s3://BUCKET/to/":      {"./c", "a", "to/b"},
		"mv -r s3://BUCKET// to":                   {"./c", "a"},
		"sync empty s3://BUCKET// --delete --yes":  {"./c", "a"},
		"cp file s3://BUCKET//":                    {"./c", "/b", "/file", "a"},
		"put file s3://BUCKET//":                   {"./c", "/b", "/file", "a"},
		"put -r in s3://BUCKET//":                  {"./c", "/b", "/file", "a"},
	} {
		require.NoError(t, s.store.DeleteObjects(t.Context(), refusedBucket, s.keys()))
		for _, key := range all {
			require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader(key), nil))
		}
		s.write("file", "text")
		s.write("in/file", "text")
		require.NoError(t, os.MkdirAll("empty", 0o700))
		s.run(0, line)
		assert.Equal(t, want, s.keys(), line)
	}
	assert.Equal(t, "/b", s.file("to/b"))
}

// TestThisFolderHasNoName checks that no key gets a component "." of a folder that is
// stored as ".".
func TestThisFolderHasNoName(t *testing.T) {
	s := newSession(t)
	s.write("here/f", "text")
	s.write("other/g", "text")
	t.Chdir("here")
	for line, want := range map[string][]string{
		"put -r . ../other BUCKET -k x/":    {"x/f", "x/other/g"},
		"put -r . ../other s3://BUCKET/x/":  {"x/f", "x/other/g"},
		"cp -r ./ ../other/ s3://BUCKET/x":  {"x/f", "x/other/g"},
		"put -r . BUCKET":                   {"f"},
		"put -r . ../other BUCKET":          {"f", "other/g"},
		"put -r ../here/. s3://BUCKET":      {"here/f"},
		"put -r ../here/../here s3://./x/y": {"x/y/f"},
	} {
		require.NoError(t, s.store.DeleteObjects(t.Context(), refusedBucket, s.keys()))
		s.run(0, line)
		assert.Equal(t, want, s.keys(), line)
	}
}

// TestCopyStaysInItsFolder copies keys whose last name leads out of the target's folder.
func TestCopyStaysInItsFolder(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"x/../f", "y/g", ".."} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader(key), nil))
	}
	s.write("to/here", "text")
	for _, line := range []string{"cp -r s3://BUCKET/x/.. s3://BUCKET/y to", "cp s3://BUCKET/.. to", "cp -r s3://BUCKET/.. to"} {
		assert.Contains(t, s.run(exitUsage, line), "outside of to", line)
	}
	assert.NoFileExists(t, "f")
	s.run(0, "cp -r s3://BUCKET/x/.. s3://BUCKET/y s3://BUCKET/to")
	assert.Subset(t, s.keys(), []string{"to/../f", "to/y/g"})
}

func TestBaseName(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"a": "a", "a/": "a", "a/.": "a", "a/b": "b", ".": "", "./": "", "./.": "", string(os.PathSeparator): ""} {
		got, err := baseName(path)
		require.NoError(t, err)
		assert.Equal(t, want, got, path)
	}
}

// TestFileNamedAsAStream checks that an object whose name is - becomes a file, and that
// /dev/stdout is standard output, which a shell may append to.
func TestFileNamedAsAStream(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"-", "d/-"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("text"), nil))
	}
	for _, line := range []string{
		"get BUCKET -- -", "get BUCKET d/- -o ./", "cp s3://BUCKET/- .", "cp s3://BUCKET/- s3://BUCKET/d/x ./", "get -r BUCKET d -o .", "cp -r s3://BUCKET/d .",
	} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, "d/x", strings.NewReader("x"), nil))
		assert.NotContains(t, s.run(0, line), "text", line)
		assert.Equal(t, "text", s.file("-"), line)
		require.NoError(t, os.Remove("-"))
	}
	for _, line := range []string{"get BUCKET d/- -o /dev/stdout", "cp s3://BUCKET/d/- /dev/stdout", "storage get BUCKET d/- -o /dev/stdout"} {
		assert.Equal(t, "text", s.run(0, line), line)
	}
	s.run(exitUsage, "mv s3://BUCKET/d/- /dev/stdout")
}
