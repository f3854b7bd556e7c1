// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A severalLine has several arguments, of which the second fails, and others are done.
type severalLine struct {
	line  string
	code  int
	says  []string // about the argument that fails, and the count
	out   []string // on standard output, in this order
	keys  string   // all that are in the bucket afterwards
	files string   // that are in the folder "out" afterwards
}

const (
	allKeys   = "a b d/1 d/2 e/1 refused refused/1"
	ofThree   = "lithops-s3: 1 of 3 arguments failed"
	filesOf3  = "lithops-s3: 1 of 3 files failed"
	forbidden = "refused: "
)

// linesOfSeveral are lines for each command that takes several arguments. A command that is
// missing here fails the test.
var linesOfSeveral = map[string][]severalLine{
	"head":    {{line: "BUCKET a refused b", code: exitPermission, says: []string{forbidden, ofThree}, out: []string{"key:           a\n", "\n\nkey:           b\n"}}},
	"cat":     {{line: "s3://BUCKET/a s3://BUCKET/refused s3://BUCKET/b", code: exitPermission, says: []string{forbidden, ofThree}, out: []string{"text of atext of b"}}},
	"presign": {{line: "BUCKET a " + longKey + " b", code: exitUsage, says: []string{"1025 bytes", ofThree}, out: []string{"/a?", "/b?"}}},
	"du": {
		{line: "s3://BUCKET/d/ none-there s3://BUCKET/e/", code: exitNotFound, says: []string{"none-there", ofThree}, out: []string{"2 objects", "1 object "}},
		{line: "s3://BUCKET/d/ s3://none-there/ s3://BUCKET/e/ --json", code: exitNotFound, says: []string{"none-there", ofThree}, out: []string{`"d/"`, `"e/"`, "]"}},
	},
	"rm": {
		{line: "s3://BUCKET/a s3://BUCKET/refused s3://BUCKET/b", code: exitPermission, says: []string{forbidden, ofThree}, keys: "d/1 d/2 e/1 refused refused/1"},
		{line: "-r -y s3://BUCKET/d s3://none-there/ s3://BUCKET/e", code: exitNotFound, says: []string{"none-there", ofThree}, keys: "a b refused refused/1"},
		{line: "s3://BUCKET/a s3://BUCKET/none s3://BUCKET/b -n", code: exitNotFound, says: []string{"none", ofThree}, out: []string{"Would delete", "/a\n", "/b\n"}},
	},
	"delete":         {{line: "BUCKET a refused b", code: exitPermission, says: []string{forbidden, ofThree}, keys: "d/1 d/2 e/1 refused refused/1"}},
	"storage delete": {{line: "BUCKET a refused b", code: exitPermission, says: []string{forbidden, ofThree}, keys: "d/1 d/2 e/1 refused refused/1"}},
	"get": {
		{line: "BUCKET a refused b -o out", code: exitPermission, says: []string{forbidden, filesOf3}, files: "a b"},
		{line: "BUCKET a refused b -o -", code: exitPermission, says: []string{forbidden, filesOf3}, out: []string{"text of atext of b"}},
		{line: "s3://BUCKET/a s3://none-there/x s3://BUCKET/b -o -", code: exitNotFound, says: []string{"none-there", filesOf3}, out: []string{"text of atext of b"}},
		{line: "BUCKET a none b -n -o out", code: exitNotFound, says: []string{"none", filesOf3}, out: []string{"Would fetch 2 files"}},
		{line: "s3://BUCKET/a s3://none-there/x s3://BUCKET/b -o out", code: exitNotFound, says: []string{"none-there", filesOf3}, files: "a b"},
	},
	"storage get": {{line: "BUCKET a refused b -o out", code: exitPermission, says: []string{forbidden, filesOf3}, files: "a b"}},
	"put": {
		{line: "one none two BUCKET -k p/", code: exitUsage, says: []string{"none: no such file", filesOf3}, keys: allKeys + " p/one p/two"},
		{line: "one folder two BUCKET -k p/", code: exitUsage, says: []string{"folder is a folder", filesOf3}, keys: allKeys + " p/one p/two"},
		{line: "-r folder one folder2 BUCKET -k p/", code: exitUsage, says: []string{"one: ", filesOf3}, keys: allKeys + " p/folder/x p/folder2/y"},
	},
	"storage put": {{line: "one none two BUCKET -k p/", code: exitUsage, says: []string{"none: no such file", filesOf3}, keys: allKeys + " p/one p/two"}},
	"cp": {
		{line: "one none two s3://BUCKET/p/", code: exitUsage, says: []string{"none: no such file", filesOf3}, keys: allKeys + " p/one p/two"},
		{line: "one folder two s3://BUCKET/p/", code: exitUsage, says: []string{"folder is a folder", filesOf3}, keys: allKeys + " p/one p/two"},
		{line: "s3://BUCKET/a s3://BUCKET/x* s3://BUCKET/b out", code: exitNotFound, says: []string{"no object in", filesOf3}, files: "a b"},
		{line: "s3://BUCKET/a s3://none-there/x s3://BUCKET/b out", code: exitNotFound, says: []string{"none-there", filesOf3}, files: "a b"},
		{line: "s3://BUCKET/a s3://BUCKET/x* s3://BUCKET/refused s3://BUCKET/b -", code: exitNotFound, says: []string{"no object in", forbidden, "lithops-s3: 2 of 4 files failed"}, out: []string{"text of atext of b"}},
		{line: "-r s3://BUCKET/d s3://BUCKET/none s3://BUCKET/e out", code: exitNotFound, says: []string{"no object in", "lithops-s3: 1 of 4 files failed"}, files: "d/1 d/2 e/1"},
		{line: "s3://BUCKET/a s3://BUCKET/x* - -n", code: exitNotFound, says: []string{"no object in", "lithops-s3: 1 of 2 files failed"}},
	},
	"mv": {
		{line: "one none two s3://BUCKET/p/", code: exitUsage, says: []string{"none: no such file", filesOf3}, keys: allKeys + " p/one p/two"},
		{line: "s3://BUCKET/a s3://BUCKET/x* s3://BUCKET/b out", code: exitNotFound, says: []string{"no object in", filesOf3}, files: "a b", keys: "d/1 d/2 e/1 refused refused/1"},
	},
}

// TestSeveralArguments has an argument of each command fail that takes several.
func TestSeveralArguments(t *testing.T) {
	s := newSession(t)
	parser, err := kong.New(&commands{}, argumentMappers()...)
	require.NoError(t, err)
	for _, leaf := range parser.Model.Leaves(false) {
		if !takesSeveral(leaf) {
			continue
		}
		require.NotEmpty(t, linesOfSeveral[leaf.Path()], "%s has no lines in linesOfSeveral", leaf.Path())
		for _, test := range linesOfSeveral[leaf.Path()] {
			s.prepareSeveral()
			line := leaf.Path() + " " + test.line
			code, out, problems := command(t.Context(), strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket))...)
			assert.Equal(t, test.code, code, "%s: %s%s", line, out, problems)
			for _, text := range test.says {
				assert.Contains(t, problems, text, line)
			}
			for _, text := range test.out {
				_, rest, found := strings.Cut(out, text)
				assert.True(t, found, "%s: %q is not in the rest of the output: %s", line, text, out)
				out = rest
			}
			if test.keys != "" {
				assert.ElementsMatch(t, strings.Fields(test.keys), s.keys(), line)
			}
			if test.files != "" {
				assert.Equal(t, test.files, filesBelow(t, "out"), line)
			}
		}
		code, out, _ := command(t.Context(), append([]string{"help"}, strings.Fields(leaf.Path())...)...)
		assert.Zero(t, code)
		assert.Equal(t, 1, strings.Count(strings.Join(strings.Fields(out), " "), aboutSeveral), leaf.Path())
	}
	code, out, _ := command(t.Context(), "help", "sync")
	assert.Zero(t, code)
	assert.NotContains(t, strings.Join(strings.Fields(out), " "), aboutSeveral, "it takes two")
}

// prepareSeveral stores what the lines need, and nothing else.
func (s *session) prepareSeveral() {
	s.t.Helper()
	for _, key := range s.keys() {
		require.NoError(s.t, s.store.DeleteObject(s.t.Context(), refusedBucket, key))
	}
	for _, key := range strings.Fields(allKeys) {
		require.NoError(s.t, s.store.PutObject(s.t.Context(), refusedBucket, key, strings.NewReader("text of "+key), nil))
	}
	require.NoError(s.t, os.RemoveAll("out"))
	require.NoError(s.t, os.Mkdir("out", 0o700))
	for _, name := range []string{"one", "two", "folder/x", "folder2/y"} {
		s.write(name, name)
	}
}

// filesBelow returns the names of all files below a folder.
func filesBelow(t *testing.T, folder string) string {
	t.Helper()
	root, err := os.OpenRoot(folder)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	found, failures := walkFiles(&terminal{ctx: t.Context()}, root, nil)
	require.Empty(t, failures)
	names := make([]string, len(found))
	for i, e := range found {
		names[i] = e.name
	}
	return strings.Join(names, " ")
}

// TestWhatEndsALine has failures that are of all arguments. Nothing is done after them.
func TestWhatEndsALine(t *testing.T) {
	s := newSession(t)
	for line, want := range map[string]struct {
		code int
		says string
	}{
		"rm -r s3://BUCKET/d s3://BUCKET/a":                    {exitUsage, "say --yes"},
		"cp s3://BUCKET/a s3://BUCKET/d/1 s3://BUCKET/e/1 out": {exitUsage, "two of the sources"},
		"put one two out/../one BUCKET -k p/":                  {exitUsage, "two of the sources"},
		"cp s3://BUCKET/a s3://BUCKET/x/.. out":                {exitUsage, "would be written outside"},
		"get BUCKET a ../x":                                    {exitUsage, "would be written outside"},
		"du s3://BUCKET/d/ s3://BUCKET/a**b":                   {exitUsage, "**"},
		"head none-there a b c":                                {exitNotFound, "none-there"},
		"get none-there a b c -o -":                            {exitNotFound, "GetObject none-there/a"},
		"get none-there a b c -o out":                          {exitNotFound, "3 files failed, 2 were not done"},
		"rm s3://BUCKET/a s3://BUCKET/b --region none/there":   {exitUsage, "region"},
		"rm s3://BUCKET/a s3://BUCKET/b --profile none":        {exitConfig, "none"},
	} {
		s.prepareSeveral()
		said := s.run(want.code, line)
		assert.Contains(t, said, want.says, line)
		assert.Equal(t, allKeys, strings.Join(s.keys(), " "), line)
		assert.Empty(t, filesBelow(t, "out"), line)
	}
}

// TestCredentialsEndALine checks that credentials that the server does not accept, or not any
// more, are tried once.
func TestCredentialsEndALine(t *testing.T) {
	var requests atomic.Int64
	refuse(t, func(*http.Request) bool { requests.Add(1); return false })
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	for _, line := range []string{"rm s3://BUCKET/a s3://BUCKET/b", "du BUCKET BUCKET", "cat BUCKET a b", "get BUCKET a b -o -"} {
		requests.Store(0)
		code, _, problems := command(t.Context(), strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket))...)
		assert.Equal(t, exitPermission, code, line)
		assert.EqualValues(t, 1, requests.Load(), line)
		assert.Equal(t, 1, strings.Count(problems, "\n"), "%s: %s", line, problems)
	}
	for code, status := range map[string]int{
		"ExpiredToken": http.StatusBadRequest, "InvalidToken": http.StatusBadRequest, "TokenRefreshRequired": http.StatusBadRequest, "InvalidAccessKeyId": http.StatusForbidden,
	} {
		t.Setenv("AWS_ENDPOINT_URL_S3", refuseWith(t, status, code))
		said := (&session{t: t}).run(exitPermission, "cat some-bucket a b")
		assert.Contains(t, said, code)
		assert.Equal(t, 1, strings.Count(said, "\n"), "%s: %s", code, said)
	}
}

// TestMissingFileNeedsNoRequest checks that an only file is looked for first.
func TestMissingFileNeedsNoRequest(t *testing.T) {
	var requests atomic.Int64
	refuse(t, func(*http.Request) bool { requests.Add(1); return false })
	for _, line := range []string{"put none-there .", "put -r none-there .", "cp none-there s3://./x", "mv none-there s3://./x", "sync none-there s3://./x"} {
		code, _, problems := command(t.Context(), strings.Fields(line)...)
		assert.Equal(t, exitUsage, code, line)
		assert.Contains(t, problems, "none-there: no such file", line)
		assert.Zero(t, requests.Load(), line)
	}
}

// TestBrokenOutputEndsALine checks that no argument is worked on whose output would be lost.
func TestBrokenOutputEndsALine(t *testing.T) {
	s := newSession(t)
	lines := []string{
		"rm s3://BUCKET/a s3://BUCKET/b", "cat BUCKET a b", "get BUCKET a b -o -", "cp -rn folder s3://BUCKET/x", "sync folder s3://BUCKET/e -n --delete",
	}
	for _, line := range lines {
		s.prepareSeveral()
		var problems strings.Builder
		code := run(t.Context(), strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket)), strings.NewReader(""), &limitedWriter{}, &problems)
		assert.Equal(t, exitError, code, line)
		assert.Equal(t, "lithops-s3: no space left on device\n", problems.String(), line)
		assert.Contains(t, s.keys(), "b", line)
	}
}
