// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestSimpleLines covers any line that parseSimple parses: kong makes the same of it.
func TestSimpleLines(t *testing.T) {
	t.Parallel()
	names := commandNames()
	rapid.Check(t, func(t *rapid.T) {
		args := []string{rapid.SampledFrom(names).Draw(t, "command")}
		words := append(optionsOf(args[0]), "file", "-", "--", "", "a,b", "s3://bucket/key", "x=y", "requester", "--help", "-h", "-qr", "--quiet=true",
			"--request-payer", "--dry-run=false", "-k=v", "-kv", "\xff", "é", "'", "@x", ".", "--key=", "--config=a=b", "--metadata=a=b", "-1", "help")
		args = append(args, rapid.SliceOfN(rapid.SampledFrom(words), 0, 7).Draw(t, "words")...)
		command := parseSimple(args)
		if command == nil {
			return // kong parses it
		}
		expected, order, err := parseByKong(args)
		require.NoError(t, err, "%q", args)
		assert.Equal(t, expected, command, "%q", args)
		assert.Empty(t, order)
	})
}

// optionsOf returns the options of a command, some with a value.
func optionsOf(word string) []string {
	var options []string
	for _, flag := range kong.Must(commandsFor(word), argumentMappers()...).Model.Children[0].Flags {
		options = append(options, "--"+flag.Name, "--"+flag.Name+"=value")
		if flag.Short != 0 {
			options = append(options, "-"+string(flag.Short))
		}
	}
	return options
}

// TestLinesWithoutKong covers the lines that are common in scripts: kong would make
// their start longer.
func TestLinesWithoutKong(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"put file bucket", "put -q file bucket -k key", "put file s3://bucket/key --quiet", "put -r folder . --key=prefix", "put file . --if-absent",
		"get bucket key", "get -q bucket key -o file", "get s3://bucket/key --resume", "cat s3://bucket/key", "head bucket key --json",
		"put -c config.yaml file . --content-type text/plain", "rm s3://bucket/key --yes", "bucket",
		"put file . --dry-run", "put file . --content-type=text/plain", "rm -y s3://bucket/key --dry-run",
	} {
		assert.NotNil(t, parseSimple(strings.Fields(line)), line)
	}
	for _, line := range []string{
		"", "unknown", "jobs", "jobs show", "put --help", "put -h", "put --unknown file", "put -qr file .", "put file -k", "put file -k -q",
		"put -- file", "put file . --region", "put file . --region us-east-1", "put file . --credentials sdk", "put file . --metadata a=b",
		"put file . --request-payer requester", "put file . -k a -k b", "put file . --key=", "put file . --quiet=true", "put file . -k=v",
		"ls --utc", "-q put file .", "help put", "put - bucket", "put --version",
	} {
		assert.Nil(t, parseSimple(strings.Split(line, " ")), line)
	}
}

// TestCommandsHaveNoHooks covers what kong calls besides Run and parseSimple does not: a
// command has no such method, and every field of a type that has one is left to kong.
func TestCommandsHaveNoHooks(t *testing.T) {
	t.Parallel()
	hooks := []string{"BeforeReset", "BeforeResolve", "BeforeApply", "AfterApply", "AfterRun", "Validate", "Signature", "Decode", "UnmarshalText"}
	for _, word := range commandNames() {
		command := newCommand(word)
		if command == nil {
			continue
		}
		for _, hook := range hooks {
			assert.False(t, reflect.ValueOf(command).MethodByName(hook).IsValid(), "%s of %s", hook, word)
		}
		line := &simpleLine{}
		line.addFields(reflect.ValueOf(command).Elem())
		for _, field := range line.fields {
			for _, tag := range []string{"xor", "and", "lastwins", "negatable", "required", "env", "prefix", "embed", "kong", "set", "passthrough"} {
				_, has := field.Tag.Lookup(tag)
				assert.False(t, has, "%s of %s.%s", tag, word, field.Name)
			}
		}
	}
	assert.True(t, slices.Contains(commandNames(), "put"))
}
