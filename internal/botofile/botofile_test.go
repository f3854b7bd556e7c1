// SPDX-License-Identifier: Apache-2.0

package botofile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want map[string]Section
	}{
		"plain":                       {"[a]\nk = v\n", map[string]Section{"a": {"k": "v"}}},
		"no line break at the end":    {"[a]\nk=v", map[string]Section{"a": {"k": "v"}}},
		"carriage returns":            {"[a]\r\nk: v\r\n", map[string]Section{"a": {"k": "v"}}},
		"keys in lower case":          {"[A]\nKey = V\n", map[string]Section{"A": {"key": "V"}}},
		"comments":                    {"# x\n[a] ; y\n; z\nk = v # stays\n", map[string]Section{"a": {"k": "v # stays"}}},
		"quotes stay":                 {"[a]\nk = \"v\"\n", map[string]Section{"a": {"k": `"v"`}}},
		"first delimiter":             {"[a]\nk = a:b=c\nl: x=y\n", map[string]Section{"a": {"k": "a:b=c", "l": "x=y"}}},
		"empty value":                 {"[a]\nk =\n", map[string]Section{"a": {"k": ""}}},
		"continuation":                {"[a]\nk = 1\n  2\n  3 = 4\nl = 5\n", map[string]Section{"a": {"k": "1\n2\n3 = 4", "l": "5"}}},
		"blank line in a value":       {"[a]\nk = 1\n\n  2\n\nl = 3\n", map[string]Section{"a": {"k": "1\n\n2", "l": "3"}}},
		"block":                       {"[a]\ns3 =\n  x = 1\n", map[string]Section{"a": {"s3": "\nx = 1"}}},
		"indented section":            {"  [a]\n  k = v\n", map[string]Section{"a": {"k": "v"}}},
		"DEFAULT":                     {"[DEFAULT]\nk = 1\nl = 2\n[a]\nk = 3\n", map[string]Section{"a": {"k": "3", "l": "2"}}},
		"space in the header":         {"[ a ]\nk = v\n", map[string]Section{" a ": {"k": "v"}}},
		"brackets in the header":      {"[a]b]\nk = v\n", map[string]Section{"a]b": {"k": "v"}}},
		"nothing":                     {"", map[string]Section{}},
		"only comments":               {"# a\n;b\n\n", map[string]Section{}},
		"empty section":               {"[a]\n", map[string]Section{"a": {}}},
		"comment does not continue":   {"[a]\nk = 1\n  # x\n  2\n", map[string]Section{"a": {"k": "1\n2"}}},
		"key with spaces around them": {"[a]\n k  =  v  \n", map[string]Section{"a": {"k": "v"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := Parse("f", []byte(test.text))
			require.NoError(t, err)
			assert.Equal(t, test.want, file.Sections)
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"k = v\n":               "f:1: stands before the first [section]",
		"\ufeff[a]\n":           "f:1: stands before the first [section]",
		"[a]\nk = v\n[b]\n[a]":  "f:4: the section [a] stands here again, first in line 1",
		"[a]\nk = v\nK = w":     "f:3: the key k stands twice in its section, first in line 2",
		"[a]\nk = v\nsecret123": "f:3: is neither [section] nor key = value",
		"[a]\n= v":              "f:2: is neither [section] nor key = value",
		"[a]\nk = \xff\n":       "f:2: is not UTF-8 text",
		"[]\n":                  "f:1: stands before the first [section]",
	} {
		_, err := Parse("f", []byte(text))
		require.Error(t, err, "%q", text)
		assert.Equal(t, want, err.Error(), "%q", text)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{"", dir, filepath.Join(dir, "missing")} {
		file, err := Read(path)
		require.NoError(t, err)
		assert.Nil(t, file)
		assert.Empty(t, file.ConfigProfiles().Profiles)
	}
	path := filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(path, make([]byte, maxSize+1), 0o600))
	_, err := Read(path)
	require.ErrorContains(t, err, path+": can't be read: is larger than")
}

// TestLargestFile is 8 MiB, however the text comes in.
func TestLargestFile(t *testing.T) {
	t.Parallel()
	text := []byte("[a]\n" + strings.Repeat("#", 8<<20-4))
	file, err := Parse("f", text)
	require.NoError(t, err)
	assert.Len(t, file.Sections, 1)
	_, err = Parse("f", append(text, '#'))
	require.EqualError(t, err, "f: is larger than 8388608 bytes")
}

// TestMissingParts are empty, in a file and in none.
func TestMissingParts(t *testing.T) {
	t.Parallel()
	file, err := Parse("f", []byte("# c\n[a]\nk = v\n"))
	require.NoError(t, err)
	assert.Equal(t, Section{"k": "v"}, file.Section("a"))
	assert.Nil(t, file.Section("b"))
	assert.Equal(t, 2, file.Line("a"))
	assert.Zero(t, file.Line("b"))
	assert.Nil(t, (*File)(nil).Section("a"))
	assert.Zero(t, (*File)(nil).Line("a"))
}

// TestWhiteSpace is Python's: str.strip and str.splitlines have more of it than ASCII.
func TestWhiteSpace(t *testing.T) {
	t.Parallel()
	for r, want := range map[rune]struct{ isSpace, isBreak bool }{
		'\b': {}, '\t': {isSpace: true}, '\n': {true, true}, '\v': {true, true}, '\f': {true, true}, '\r': {true, true}, 0x0E: {},
		0x1B: {}, 0x1C: {true, true}, 0x1D: {true, true}, 0x1E: {true, true}, 0x1F: {isSpace: true}, ' ': {isSpace: true}, '!': {},
		0x84: {}, 0x85: {true, true}, 0x86: {}, 0xA0: {isSpace: true}, 0x2027: {}, 0x2028: {true, true}, 0x2029: {true, true}, 0x202A: {}, 0x3000: {isSpace: true},
	} {
		assert.Equal(t, want.isSpace, isSpace(r), "%U", r)
		assert.Equal(t, want.isBreak, isLineBreak(r), "%U", r)
	}
}

func TestConfigProfiles(t *testing.T) {
	t.Parallel()
	file, err := Parse("f", []byte("[default]\na=1\n[profile x]\na=2\n[profile \"y z\"]\na=3\n[profile u v]\na=4\n[w]\na=5\n[sso-session s]\na=6\n[services q]\na=7\n[profile \"open]\na=8\n[profile default]\na=9\n"))
	require.NoError(t, err)
	p := file.ConfigProfiles()
	assert.Equal(t, map[string]Section{"default": {"a": "9"}, "x": {"a": "2"}, "y z": {"a": "3"}}, p.Profiles)
	assert.Equal(t, map[string]Section{"s": {"a": "6"}}, p.SSOSessions)
	assert.Equal(t, map[string]Section{"q": {"a": "7"}}, p.Services)
	assert.Equal(t, 3, p.Lines["x"])
	assert.Equal(t, 6, p.KeyLine("y z", "a"))
	assert.Equal(t, 18, p.KeyLine("default", "a"))
	assert.Zero(t, p.KeyLine("none", "a"))

	// As in botocore, the first word begins with its kind, in quotes it does not.
	file, err = Parse("f", []byte("[profiles x]\na=1\n[\"profile\" y]\na=2\n[services-x \"a b\"]\na=3\n"))
	require.NoError(t, err)
	p = file.ConfigProfiles()
	assert.Equal(t, map[string]Section{"x": {"a": "1"}}, p.Profiles)
	assert.Equal(t, map[string]Section{"a b": {"a": "3"}}, p.Services)
	assert.Equal(t, 2, p.KeyLine("x", "a"))

	// The last of both headers of the default profile counts.
	file, err = Parse("f", []byte("[profile default]\na=1\n[default]\na=2\n"))
	require.NoError(t, err)
	p = file.ConfigProfiles()
	assert.Equal(t, map[string]Section{"default": {"a": "2"}}, p.Profiles)
	assert.Equal(t, 3, p.Lines["default"])
	assert.Equal(t, 4, p.KeyLine("default", "a"))
}

func TestNested(t *testing.T) {
	t.Parallel()
	block, isBlock := Nested("\na = 1\n\n b=2=3\u2028c=4")
	assert.True(t, isBlock)
	assert.Equal(t, map[string]string{"a": "1", "b": "2=3", "c": "4"}, block)
	block, isBlock = Nested("\na = 1\u2028 \u2028b = 2")
	assert.True(t, isBlock)
	assert.Equal(t, map[string]string{"a": "1", "b": "2"}, block)
	_, err := Parse("f", []byte("[x]\ns3 =\n  a = 1\u2028 \u2028b = 2\n"))
	require.NoError(t, err, "a line without text is none of the block")
	for _, text := range []string{"text", "", "a = 1\nb = 2"} {
		_, isBlock = Nested(text)
		assert.False(t, isBlock, "%q", text)
	}
}

// TestBrokenBlock fails a file with a block that can't be read, also if nothing needs
// the block, and names the line where it breaks. The answers are botocore's.
func TestBrokenBlock(t *testing.T) {
	t.Parallel()
	for text, line := range map[string]int{
		"[a]\nx = 1\ns3 =\n  a = 1\n  b\n":       5,
		"[a]\nkey =\n  VALUE\n":                  3,
		"[a]\nkey =\n\n  # c\n\n  a: 1\n":        6,
		"[a]\nb =\n  x\n[c]\nb =\n  y\n":         3,
		"[DEFAULT]\nkey =\n  x\n[a]\n":           3,
		"[DEFAULT]\nkey =\n  x\n":                0,
		"[a]\nkey = VALUE\n  more\n":             0,
		"[a]\nkey =\n  # only a comment\n":       0,
		"[a]\nkey =\n  # a comment\n  b = 1\n":   0,
		"[a]\nkey =\n":                           0,
		"[DEFAULT]\nk =\n  x\n[a]\nk =\n  a=b\n": 0,
	} {
		_, err := Parse("f", []byte(text))
		if line == 0 {
			require.NoError(t, err, "%q", text)
			continue
		}
		var problem *ParseError
		require.ErrorAs(t, err, &problem, "%q", text)
		assert.Equal(t, line, problem.Line, "%q", text)
		assert.ErrorContains(t, err, "is not key = value")
		assert.NotContains(t, err.Error(), "VALUE")
	}
}

func TestKeyLine(t *testing.T) {
	t.Parallel()
	file, err := Parse("f", []byte("[DEFAULT]\na = 1\n[b]\n# c\nC = 2\n"))
	require.NoError(t, err)
	for key, line := range map[string]int{"a": 2, "c": 5, "d": 0} {
		assert.Equal(t, line, file.KeyLine("b", key), key)
	}
	assert.Zero(t, file.KeyLine("x", "a"))
	assert.Zero(t, (*File)(nil).KeyLine("b", "a"))
}

// TestSplitShell compares with answers of Python's shlex.split.
func TestSplitShell(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"a b  c": {"a", "b", "c"}, "": nil, "   ": nil, `a "b c" d`: {"a", "b c", "d"}, `'a b'c`: {"a bc"}, `a\ b`: {"a b"},
		`"a\"b\\c\d"`: {`a"b\c\d`}, `'a\b'`: {`a\b`}, `""`: {""}, `a '' b`: {"a", "", "b"}, "a#b # c": {"a#b", "#", "c"}, "a\tb\nc": {"a", "b", "c"},
	} {
		got, err := SplitShell(text)
		require.NoError(t, err, "%q", text)
		assert.Equal(t, want, got, "%q", text)
	}
	for _, text := range []string{`a "b`, `a 'b`, `a \`} {
		_, err := SplitShell(text)
		require.ErrorIs(t, err, ErrUnbalanced, "%q", text)
	}
}

// TestSplitOnWindows has the answers of botocore.compat._windows_shell_split.
func TestSplitOnWindows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		``: nil, `a`: {`a`}, `a b`: {`a`, `b`}, `   `: nil, "\ta\tb": {`a`, `b`}, "a\nb": {"a\nb"},
		`"C:\Program Files\x.exe" --p "a b"`: {`C:\Program Files\x.exe`, `--p`, `a b`},
		`C:\tools\get.exe a\b`:               {`C:\tools\get.exe`, `a\b`},
		`\\server\share\x.exe`:               {`\\server\share\x.exe`},
		`a\"b`:                               {`a"b`}, `a\\"b c"`: {`a\b c`}, `a\\\"b`: {`a\"b`}, `"a\\" b`: {`a\`, `b`}, `"C:\x\\" y`: {`C:\x\`, `y`},
		`""`: {``}, `a "" b`: {`a`, ``, `b`}, `"" ""`: {``, ``}, `a""`: {`a`}, `"a""b"`: {`ab`}, `a"b"c`: {`abc`}, `"\"a\""`: {`"a"`},
		`'a b'`: {`'a`, `b'`}, `a\`: {`a\`}, `a\\`: {`a\\`}, `é "ü b"`: {`é`, `ü b`}, `a \ b`: {`a`, `\`, `b`},
	} {
		got, err := SplitCommand("windows", text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{`"a`, `"a\\`, `"C:\dir\"`} {
		_, err := SplitCommand("windows", text)
		require.ErrorIs(t, err, ErrUnbalanced, text)
	}
	got, err := SplitCommand("linux", `C:\get.exe`)
	require.NoError(t, err)
	assert.Equal(t, []string{"C:get.exe"}, got)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"[a]\nk = v\n  w\n", "[DEFAULT]\nx:1\n[profile \"p q\"]\n", "\x1c[a]\n", "[a]\n\u0085k=1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f", data)
		if err != nil {
			return
		}
		file.ConfigProfiles()
		for _, section := range file.Sections {
			for _, value := range section {
				_, _ = Nested(value)
			}
		}
		if len(file.Order) != len(file.Sections) {
			t.Fatalf("%d names of %d sections", len(file.Order), len(file.Sections))
		}
	})
}

func FuzzSplitShell(f *testing.F) {
	for _, seed := range []string{`a "b c" 'd'`, `\`, `"\"`, "a\x00b"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		for _, goos := range []string{"linux", "windows"} {
			_, _ = SplitCommand(goos, text)
		}
	})
}
