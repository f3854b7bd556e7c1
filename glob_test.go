// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type globCase struct {
	Pattern string `json:"pattern"`
	Key     string `json:"key"`
	Out     bool   `json:"out"`
	Note    string `json:"note"`
	Error   *struct {
		Type string `json:"type"`
	} `json:"error"`
}

type globGolden struct {
	Cases       []globCase `json:"cases"`
	Exponential []globCase `json:"exponential"`
	Fuzz        [][]any    `json:"fuzz_pattern_key_result"`
}

func (g *globGolden) all() []globCase {
	cases := slices.Concat(g.Cases, g.Exponential)
	for _, row := range g.Fuzz {
		c := globCase{Pattern: row[0].(string), Key: row[1].(string)}
		if out, ok := row[2].(bool); ok {
			c.Out = out
		} else {
			c.Error = &struct {
				Type string `json:"type"`
			}{"ValueError"}
		}
		cases = append(cases, c)
	}
	return cases
}

func TestGoldenGlob(t *testing.T) {
	t.Parallel()
	var golden globGolden
	readGolden(t, "globber.json", &golden)
	cases := golden.all()
	require.Greater(t, len(cases), 4000)
	for _, c := range cases {
		if c.Note != "" {
			continue // arguments that only Python can give
		}
		glob, err := CompileGlob(c.Pattern)
		switch {
		case c.Error == nil:
			if assert.NoError(t, err, "%q", c.Pattern) {
				assert.Equal(t, c.Out, glob.Match(c.Key), "pattern %q, key %q", c.Pattern, c.Key)
			}
		case c.Error.Type == "ValueError":
			assert.ErrorIs(t, err, ErrInvalidGlob, "%q", c.Pattern)
		case c.Error.Type == "RecursionError":
			require.NoError(t, err)
			glob.Match(c.Key) // Python gives up; here it ends
		}
	}
}

// TestGlobEndsOnLongInput checks patterns for which Python would need longer than the
// universe has lasted.
func TestGlobEndsOnLongInput(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ pattern, key string }{
		{strings.Repeat("*a", 200) + "b", strings.Repeat("a", 2000)},
		{strings.Repeat("**/a/", 100) + "b", strings.Repeat("a/", 1000)},
		{strings.Repeat("**/*a*/", 50) + "b", strings.Repeat("aaaa/", 400)},
	} {
		glob, err := CompileGlob(test.pattern)
		require.NoError(t, err)
		assert.False(t, glob.Match(test.key))
	}
}

// TestGlobPrefix checks that every key that matches has the prefix to which a listing is
// narrowed.
func TestGlobPrefix(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"data/*.csv": "data/", "data/x": "data/x", "a/**": "a", "**": "", "*": "", `a\*b/?`: "a*b/", "a?": "a", "": "", "a/b*/c": "a/b",
	} {
		glob, err := CompileGlob(pattern)
		require.NoError(t, err)
		assert.Equal(t, want, glob.Prefix(), "%q", pattern)
	}
	rapid.Check(t, func(t *rapid.T) {
		glob, err := CompileGlob(rapid.StringMatching(`([ab*?/\\]|\*\*/){0,12}`).Draw(t, "pattern"))
		key := rapid.StringMatching(`[ab/*]{0,12}`).Draw(t, "key")
		if err == nil && glob.matchComponents(strings.Split(strings.TrimRight(key, "/"), "/")) && !strings.HasPrefix(key, glob.Prefix()) {
			t.Fatalf("the key %q matches and lacks the prefix %q", key, glob.Prefix())
		}
	})
}

func FuzzGlob(f *testing.F) {
	f.Add("a/**/b*.t?t", "a/x/y/bc.txt")
	f.Add(`\***`, "*x")
	f.Add("**", "")
	f.Fuzz(func(t *testing.T, pattern, key string) {
		glob, err := CompileGlob(pattern)
		if err == nil && glob.Match(key) && !strings.HasPrefix(strings.TrimRight(key, "/"), glob.Prefix()) {
			t.Fatalf("%q matches %q outside of %q", pattern, key, glob.Prefix())
		}
	})
}

func BenchmarkGlob(b *testing.B) {
	glob, err := CompileGlob("data/**/part-*.parquet")
	require.NoError(b, err)
	for b.Loop() {
		glob.Match("data/year=2026/month=11/part-00042.parquet")
	}
}
