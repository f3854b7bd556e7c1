// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// parseByKong returns what kong makes of a line: the command and the order of its
// filters, nothing if it printed something instead, or an error.
func parseByKong(args []string) (command any, order []bool, err error) {
	hasExited := false
	options := append([]kong.Option{kong.Exit(func(int) { hasExited = true }), kong.Writers(io.Discard, io.Discard)}, argumentMappers()...)
	parser := kong.Must(commandsFor(commandWord(args)), options...)
	parsed, err := parser.Parse(arrange(parser.Model.Node, args))
	if hasExited {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return parsed.Selected().Target.Addr().Interface(), filterOrder(parsed), nil
}

// parseLine returns what parse makes of a line, in the form of parseByKong.
func parseLine(args []string) (command any, order []bool, err error) {
	t := &terminal{stdout: newOutput(io.Discard), stderr: newOutput(io.Discard)}
	parser := kong.Must(commandsFor(commandWord(args)), t.options()...)
	parsed, err := t.parse(parser, arrange(parser.Model.Node, args))
	if err != nil || parsed == nil {
		return nil, nil, err
	}
	return commandOf(parsed), filterOrder(parsed), nil
}

// TestParse checks that parse makes of any line what kong does, with kong's errors.
func TestParse(t *testing.T) {
	t.Parallel()
	names := append(commandNames(), "storage", "__complete", "-d", "nonsense", "--help")
	rapid.Check(t, func(t *rapid.T) {
		args := []string{rapid.SampledFrom(names).Draw(t, "command")}
		words := []string{
			"file", "-", "--", "", "a,b", "s3://bucket/key", "requester", "--help", "-h", "--nonsense", "-x", "-qr", "--credentials=sdk", "--credentials=none",
			"--credentials", "--parallel=x", "--older-than=x", "\xff", "-1", "list", "show", "result", "delete", "bash", "csh", "e-0", "--json", "--raw", "--all",
		}
		if slices.Contains(commandNames(), args[0]) {
			words = append(words, optionsOf(args[0])...)
		}
		// Kong does not know what these check.
		words = slices.DeleteFunc(words, func(word string) bool {
			return strings.HasPrefix(word, "--endpoint-url") || strings.HasPrefix(word, "--region")
		})
		args = append(args, rapid.SliceOfN(rapid.SampledFrom(words), 0, 7).Draw(t, "words")...)
		command, order, err := parseByKong(args)
		gotCommand, gotOrder, gotErr := parseLine(args)
		if err != nil {
			require.EqualError(t, gotErr, err.Error(), "%q", args)
			return
		}
		require.NoError(t, gotErr, "%q", args)
		assert.Equal(t, command, gotCommand, "%q", args)
		assert.Equal(t, order, gotOrder, "%q", args)
	})
}

// TestParseInforms checks that an option which prints something ends the command, also
// where an argument is missing.
func TestParseInforms(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"put --version": "lithops-s3 ", "completion -V": "lithops-s3 ", "--licenses": "Apache License", "jobs show --licenses": "Apache License",
		"jobs show -h": "Usage: lithops-s3 jobs show", "storage --help": "Usage: lithops-s3 storage", "--help": "Exit codes",
	} {
		code, out, problems := command(t.Context(), strings.Fields(line)...)
		assert.Zero(t, code, line)
		assert.Empty(t, problems, line)
		assert.Contains(t, out, says, line)
	}
}

// TestCommandsRun checks that each command below which there is no other can be run, and
// that none counts on what kong's Parse does and parse does not: methods that it would
// call, and tags that it would check.
func TestCommandsRun(t *testing.T) {
	t.Parallel()
	parser := kong.Must(&commands{}, argumentMappers()...)
	for _, leaf := range parser.Model.Leaves(false) {
		assert.Implements(t, (*runner)(nil), leaf.Target.Addr().Interface(), leaf.Path())
	}
	unbounded := []reflect.Type{reflect.TypeFor[int](), reflect.TypeFor[int64](), reflect.TypeFor[float64](), reflect.TypeFor[time.Duration]()}
	check := func(target reflect.Value, name string) {
		for _, hook := range []string{"BeforeReset", "BeforeResolve", "BeforeApply", "AfterApply", "AfterRun", "Validate"} {
			assert.False(t, target.Addr().MethodByName(hook).IsValid(), "%s of %s", hook, name)
		}
	}
	require.NoError(t, kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		switch node := node.(type) {
		case *kong.Flag:
			assert.False(t, node.Required || len(node.And)+len(node.LastWins)+len(node.Envs) > 0 || node.Negated, node.Name)
		case *kong.Value: // also of an option
			if node.Flag != parser.Model.HelpFlag {
				check(node.Target, node.Name)
				assert.NotContains(t, unbounded, node.Target.Type(), "%s: an amount or an age is not negative", node.Name)
			}
		case *kong.Node:
			check(node.Target, node.Name)
			assert.Nil(t, node.Argument, node.Name)
		}
		return next(nil)
	}))
}

// TestLinkerDropsMethods checks that the linker knows all methods that are called, see
// parse: only where it does not, it keeps those of reflect that look up one by its name.
func TestLinkerDropsMethods(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("links the command")
	}
	program := filepath.Join(t.TempDir(), "lithops-s3")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	linked, err := os.ReadFile(program) // which has the names of its functions, for tracebacks
	require.NoError(t, err)
	require.True(t, bytes.Contains(linked, []byte("main.main")))
	assert.False(t, bytes.Contains(linked, []byte("reflect.Value.MethodByName")),
		"go build -ldflags=-dumpdep prints what reaches a function that is marked ReflectMethod")
}
