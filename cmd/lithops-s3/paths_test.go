// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	} {
		parser, err := kong.New(commandsFor(commandWord(c.line)), argumentMappers...)
		require.NoError(t, err)
		assert.Equal(t, c.want, arrange(parser.Model.Node, c.line), c.line)
	}
}

// TestLeadingOptions checks that the options that may stand before the command, with a
// value or without, are those of every command that uses storage.
func TestLeadingOptions(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&struct{ storageFlags }{}, argumentMappers...)
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
		parser, err := kong.New(cli, argumentMappers...)
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
