// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/alecthomas/kong"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestArrange checks that options can stand anywhere and that values stay with their
// options.
func TestArrange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ line, want []string }{
		{[]string{"ls", "b"}, []string{"ls", "b"}},
		{[]string{"-d", "ls", "b"}, []string{"ls", "-d", "b"}},
		{[]string{"-c", "ls", "ls", "b"}, []string{"ls", "-c", "ls", "b"}},
		{[]string{"--config=x", "--endpoint-url", "u", "ls", "b", "--json"}, []string{"ls", "--config=x", "--endpoint-url", "u", "--json", "b"}},
		{[]string{"cp", "a", "-r", "b", "--exclude", "x", "c"}, []string{"cp", "-r", "--exclude", "x", "a", "b", "c"}},
		{[]string{"put", "a", "-rk", "key", "b"}, []string{"put", "-rk", "key", "a", "b"}},
		{[]string{"put", "a", "-rkkey", "b"}, []string{"put", "-rkkey", "a", "b"}},
		{[]string{"put", "-", "b", "-k", "x"}, []string{"put", "-k", "x", "-", "b"}},
		{[]string{"rm", "-n", "--", "-x", "-n"}, []string{"rm", "-n", "--", "-x", "-n"}},
		{[]string{"-d", "jobs", "--bucket", "b", "list", "--json"}, []string{"jobs", "list", "-d", "--bucket", "b", "--json"}},
		{[]string{"storage", "-b", "aws_s3", "list", "b"}, []string{"storage", "list", "-b", "aws_s3", "b"}},
		{[]string{"cat", "cat", "ls"}, []string{"cat", "cat", "ls"}},
		{[]string{"cat", "b", "--nonsense", "k"}, []string{"cat", "--nonsense", "b", "k"}},
		{[]string{"put", "a", "-k"}, []string{"put", "-k", "a"}},
		{[]string{"ls", "b", "--request-payer", "requester"}, []string{"ls", "--request-payer", "b"}},
		{[]string{"ls", "--request-payer", "b"}, []string{"ls", "--request-payer", "b"}},
		{[]string{"rm", "a", "--", "ls", "-n"}, []string{"rm", "--", "a", "ls", "-n"}},
	} {
		parser, err := kong.New(commandsFor(commandWord(c.line)), argumentMappers()...)
		require.NoError(t, err)
		assert.Equal(t, c.want, arrange(parser.Model.Node, c.line), c.line)
	}
}

// TestLeadingOptions checks that the options that may stand before the command, with a
// value or without, are those of every command that uses storage.
func TestLeadingOptions(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&struct{ storageFlags }{}, argumentMappers()...)
	require.NoError(t, err)
	var valued []string
	for _, flag := range parser.Model.Flags {
		if flag.IsBool() {
			continue
		}
		if flag.Short != 0 {
			valued = append(valued, "-"+string(flag.Short))
		}
		valued = append(valued, "--"+flag.Name)
	}
	assert.ElementsMatch(t, valued, leadingValued)
}

func TestParseObjects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want []objectName
		fail string
	}{
		{args: []string{"b", "k"}, want: []objectName{{"b", "k"}}},
		{args: []string{"b", "k", "l/m"}, want: []objectName{{"b", "k"}, {"b", "l/m"}}},
		{args: []string{".", "k"}, want: []objectName{{"", "k"}}},
		{args: []string{"s3://b/k/l", "s3://./m", "S3://c//n"}, want: []objectName{{"b", "k/l"}, {"", "m"}, {"c", "/n"}}},
		{args: []string{"s3://b", "k", "l"}, want: []objectName{{"b", "k"}, {"b", "l"}}},
		{args: []string{"s3://b/", "k"}, want: []objectName{{"b", "k"}}},
		{args: []string{"s3://b", "s3://b/k"}, fail: "is no key"},
		{args: []string{"s3://b/k", "l"}, fail: "is no s3://BUCKET/KEY"},
		{args: nil, fail: "name an object"},
		{args: []string{"b"}, fail: "names no key"},
		{args: []string{"b/k"}, fail: "s3://BUCKET/KEY"},
		{args: []string{"b/k", "l"}, fail: "is no bucket's name"},
		{args: []string{"s3://b"}, fail: "names no key"},
		{args: []string{"s3://b/"}, fail: "names no key"},
		{args: []string{"s3:///k"}, fail: "names no bucket"},
		{args: []string{"b", "s3://b/k"}, fail: "is no key"},
		{args: []string{"b", ""}, fail: "empty key"},
	} {
		names, err := parseObjects(c.args)
		if c.fail != "" {
			assert.ErrorIs(t, err, errUsage, c.args)
			assert.ErrorContains(t, err, c.fail, c.args)
			continue
		}
		assert.NoError(t, err, c.args)
		assert.Equal(t, c.want, names, c.args)
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		keep []string
		drop []string
	}{
		{args: nil, keep: []string{"a", "b/c"}},
		{args: []string{"--exclude", "*.tmp"}, keep: []string{"a"}, drop: []string{"a.tmp", "b/c.tmp"}},
		{args: []string{"--include", "*.csv"}, keep: []string{"a.csv", "b/c.csv"}, drop: []string{"a"}},
		{args: []string{"--exclude", "*", "--include", "*.csv"}, keep: []string{"a.csv", "b/c.csv"}, drop: []string{"a"}},
		{args: []string{"--include", "*.csv", "--exclude", "secret.csv"}, keep: []string{"a.csv"}, drop: []string{"secret.csv", "b/secret.csv", "x"}},
		{args: []string{"--exclude", ".git/*"}, keep: []string{"a", "b/.git/x"}, drop: []string{".git/x/y"}},
		{args: []string{"--exclude", "a?c", "--exclude", "[x]"}, keep: []string{"ac", "x"}, drop: []string{"abc", "[x]", "aéc"}},
		{args: []string{"--exclude", "a,b"}, keep: []string{"a", "b"}, drop: []string{"a,b"}},
	} {
		cli := &struct {
			Cp struct{ filterFlags } `cmd:""`
		}{}
		parser, err := kong.New(cli, argumentMappers()...)
		require.NoError(t, err)
		parsed, err := parser.Parse(append([]string{"cp"}, c.args...))
		require.NoError(t, err)
		keep, err := cli.Cp.newFilter(filterOrder(parsed))
		require.NoError(t, err)
		for _, name := range c.keep {
			assert.True(t, keep.keeps(name), "%v %s", c.args, name)
		}
		for _, name := range c.drop {
			assert.False(t, keep.keeps(name), "%v %s", c.args, name)
		}
	}
}

// newFilter returns the filter of a line's options: "-" before a pattern is --exclude, "+"
// --include.
func newFilter(t require.TestingT, patterns ...string) *filter {
	flags := filterFlags{}
	var order []bool
	for _, pattern := range patterns {
		if isInclude := pattern[0] == '+'; isInclude {
			flags.Include = append(flags.Include, pattern[1:])
			order = append(order, true)
		} else {
			flags.Exclude = append(flags.Exclude, pattern[1:])
			order = append(order, false)
		}
	}
	keep, err := flags.newFilter(order)
	require.NoError(t, err)
	return keep
}

// TestFilterLeavesOut checks which folders need not be read.
func TestFilterLeavesOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ patterns, out, in string }{
		{"", "", "a"},
		{"-*", "a a/b", ""},
		{"-lost+found/*", "lost+found lost+found/x", "lost found x/lost+found"},
		{"-a*", "a ab a/b", "b b/a"},
		{"-*/cache/*", "x/cache x/y/cache cache/cache", "cache x"},
		{"-a/?*", "a/b", "a"}, // all, but not by a pattern that ends in a star only
		{"-a/*.tmp -b", "", "a b"},
		{"-* +data/*", "lost+found dat datax b/data", "data data/x"},
		{"-* +d?ta/*.csv", "lost+found dta", "data dota/x"},
		{"-* +*.csv", "", "a"},
		{"-* +*/x", "", "a"},
		{"+data/*", "lost+found", "data data/x"},
		{"+data/* -data/old/*", "lost+found data/old data/old/x", "data data/new"},
		{"-a/* +a/b/* -a/b/c/*", "a/x a/b/c a/b/c/d", "a a/b a/b/d b"},
		{"-é/*", "é", "e"},
	} {
		keep := newFilter(t, strings.Fields(c.patterns)...)
		for _, folder := range strings.Fields(c.out) {
			assert.True(t, keep.leavesOut(folder), "%s %s", c.patterns, folder)
		}
		for _, folder := range strings.Fields(c.in) {
			assert.False(t, keep.leavesOut(folder), "%s %s", c.patterns, folder)
		}
	}
}

// TestFilterLeavesOutNothingKept checks that no name is kept below a folder that is left out.
func TestFilterLeavesOutNothingKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"+", "-"}).Draw(t, "kind") + rapid.StringOfN(rapid.RuneFrom([]rune("ab/*?")), 1, 6, -1).Draw(t, "pattern")
		})
		keep := newFilter(t, rapid.SliceOfN(pattern, 1, 4).Draw(t, "patterns")...)
		name := rapid.StringMatching(`[ab]{1,2}(/[ab]{1,2}){0,2}`)
		folder := name.Draw(t, "folder")
		if below := folder + "/" + name.Draw(t, "name"); keep.keeps(below) {
			require.False(t, keep.leavesOut(folder), below)
		}
	})
}

// TestWalkSkipsWhatIsLeftOut has a folder whose name can be in no key, because root can read all
// others, and a link to a folder. With a filter that leaves out all below them they are no failures.
func TestWalkSkipsWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "bad\xff"), 0o700); err != nil {
		t.Skip("names are UTF-8 here: ", err)
	}
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	if entries[0].Name() != "bad\xff" {
		t.Skip("names are UTF-8 here")
	}
	require.NoError(t, os.Mkdir(filepath.Join(folder, "good"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "good", "file"), nil, 0o600))
	testkit.Symlink(t, "good", filepath.Join(folder, "link"))
	root, err := os.OpenRoot(folder)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	term := &terminal{ctx: t.Context(), stderr: newOutput(io.Discard)}
	for patterns, failed := range map[string][]string{
		"":                {"bad\xff", "link"},
		"-./*":            {"bad\xff", "link"},
		"-bad*":           {"link"},
		"-link/*":         {"bad\xff"},
		"-bad* -link/*":   nil,
		"+good/*":         nil,
		"-*/* +good/file": nil,
	} {
		found, failures := walkFiles(term, root, newFilter(t, strings.Fields(patterns)...))
		var names []string
		for _, failure := range failures {
			names = append(names, failure.File)
			assert.Equal(t, map[string]error{"bad\xff": errNoKey, "link": errFolderLink}[failure.File].Error(), failure.Error)
		}
		assert.Equal(t, failed, names, patterns)
		require.Len(t, found, 1, patterns)
		assert.Equal(t, "good/file", found[0].name)
	}
}

// TestWalkOfWhatIsGone removes a file and a folder after their names were read: when the
// failure of a link before them is printed.
func TestWalkOfWhatIsGone(t *testing.T) {
	t.Parallel()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	require.NoError(t, root.WriteFile("gone", nil, 0o600))
	require.NoError(t, root.Mkdir("gone too", 0o700))
	require.NoError(t, root.WriteFile("kept", nil, 0o600))
	testkit.Symlink(t, "nowhere", filepath.Join(root.Name(), "a link"))
	said := removing{t, root}
	found, failures := walkFiles(&terminal{ctx: t.Context(), stderr: newOutput(said)}, root, nil)
	require.Len(t, failures, 1)
	assert.Equal(t, "a link", failures[0].File)
	require.Len(t, found, 1)
	assert.Equal(t, "kept", found[0].name)
}

// A removing removes what is gone when it is written to.
type removing struct {
	t    *testing.T
	root *os.Root
}

// Write removes.
func (r removing) Write(p []byte) (int, error) {
	assert.NoError(r.t, r.root.Remove("gone"))
	assert.NoError(r.t, r.root.Remove("gone too"))
	return len(p), nil
}

// TestIsGone tells what was removed from a name that is listed, and that the file system can't find.
func TestIsGone(t *testing.T) {
	t.Parallel()
	files := unfindable{fstest.MapFS{"there": {}, "lost": {}, ".lithops-s3-lost.part": {}, "folder/lost": {}, "forbidden/file": {}}}
	for name, want := range map[string]bool{
		"there": false, "folder": false, "lost": false, "folder/lost": false, ".": false,
		"gone": true, "folder/gone": true, "gone/below": true, "gone/below/it": true, "lost/below": false, "forbidden/gone": false,
		".lithops-s3-lost.part": true,
	} {
		assert.Equal(t, want, isGone(files, name), name)
	}
}

// An unfindable lists files whose name is "lost", and can't find them.
type unfindable struct{ fstest.MapFS }

// Lstat describes a file.
func (u unfindable) Lstat(name string) (fs.FileInfo, error) {
	if strings.Contains(path.Base(name), "lost") {
		return nil, fs.ErrNotExist
	}
	return u.MapFS.Lstat(name)
}

// ReadDir lists a folder.
func (u unfindable) ReadDir(name string) ([]fs.DirEntry, error) {
	switch path.Base(name) {
	case "lost":
		return nil, fs.ErrNotExist
	case "forbidden":
		return nil, fs.ErrPermission
	}
	return u.MapFS.ReadDir(name)
}
