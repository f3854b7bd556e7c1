// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	testscript.Main(testkit.Bounded(testkit.AtOnce(testkit.Isolated(m), 8)), map[string]func(){"lithops-s3": main})
}

// FuzzArguments checks that no arguments make the command panic or contact anything.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{"", "--help", "put", "get b", "list b --json -c x", "delete b k -p p", "--version", "config -b minio --json", "head b k -d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Fields(line)
		for _, arg := range args {
			if arg == "dev" || arg == "demo" || strings.HasPrefix(arg, "-c") || strings.HasPrefix(arg, "--c") || strings.HasPrefix(arg, "-o") {
				t.Skip("serves, or names a file")
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		t.Setenv("LITHOPS_CONFIG", `{"lithops":{"storage":"localhost"}}`)
		var out, problems strings.Builder
		if code := run(ctx, args, strings.NewReader(""), &out, &problems); code < 0 || code > 5 {
			t.Fatalf("exit code %d", code)
		}
	})
}

// TestCommandsFor checks that a command describes itself in the same way whether kong
// knows the others or not.
func TestCommandsFor(t *testing.T) {
	t.Parallel()
	sayer := func(cli any) func(args []string) string {
		var out bytes.Buffer
		parser, err := kong.New(cli, kong.Name("lithops-s3"), kong.Writers(&out, &out), kong.Exit(func(int) {}))
		require.NoError(t, err)
		return func(args []string) string {
			out.Reset()
			_, err := parser.Parse(args)
			return fmt.Sprint(out.String(), err)
		}
	}
	ofAll := sayer(&commands{})
	for _, field := range testkit.SomeOf(reflect.VisibleFields(reflect.TypeFor[commands]()), 5) {
		name := commandName(field)
		lines := [][]string{{name, "--help"}, {name}, {name, "--nonsense"}, {name, "--version"}, {name, "show", "--help"}, {name, "a", "b", "c", "d"}}
		ofOne := sayer(commandsFor(name))
		for _, args := range testkit.SomeOf(lines, 1) {
			assert.Equal(t, ofAll(args), ofOne(args), args)
		}
	}
	assert.IsType(t, &commands{}, commandsFor(""))
	assert.IsType(t, &commands{}, commandsFor("version"), "which is none")
	assert.Equal(t, 3, reflect.TypeOf(commandsFor("put")).Elem().NumField(), "with the options of all")
}
