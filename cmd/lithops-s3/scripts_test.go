// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// processScript is the script whose lines are processes.
const processScript = "demo.txtar"

func scripts(t *testing.T, isRun func(name string) bool) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	require.NoError(t, err)
	paths = slices.DeleteFunc(paths, func(path string) bool { return !isRun(filepath.Base(path)) })
	require.NotEmpty(t, paths)
	return paths
}

// serveScript gives a script an embedded server of its own.
func serveScript(env *testscript.Env) error {
	server, err := devs3.Start(nil)
	if err != nil {
		return err
	}
	env.Defer(func() { _ = server.Close() })
	for name, value := range server.Env() {
		env.Setenv(name, value)
	}
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("USERPROFILE", env.WorkDir) // the home folder on Windows
	return os.WriteFile(env.WorkDir+"/devs3.yaml", []byte(server.Config()), 0o600)
}

// isProcess is the condition [process], for lines that need a process of their own: they
// change what all of it shares, or a shell starts them. Not under -short.
func isProcess(condition string) (bool, error) {
	if condition != "process" {
		return false, fmt.Errorf("unknown condition %s", condition)
	}
	return !testing.Short(), nil
}

// TestScripts runs one script of testdata/*.txtar, whose lines are processes.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Files: scripts(t, func(name string) bool { return name == processScript }),
		Setup: serveScript,
	})
}

// TestScriptsHere runs the other scripts. Their lines run in this process, because some 170
// processes take more time than all that they do; only those of [process] are processes.
func TestScriptsHere(t *testing.T) {
	folder := t.TempDir()
	var files []string
	names := []string{"HOME"}
	for _, path := range scripts(t, func(name string) bool { return name != processScript }) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		files = append(files, filepath.Join(folder, filepath.Base(path)))
		require.NoError(t, os.WriteFile(files[len(files)-1], []byte(linesHere(string(text))), 0o600))
		for _, match := range variable.FindAllStringSubmatch(string(text), -1) {
			names = append(names, match[1])
		}
	}
	testscript.RunT(inTurn{t}, testscript.Params{
		Files: files,
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"here": here, "exits": exits, "input": inputHere},
		Setup: func(env *testscript.Env) error {
			if err := serveScript(env); err != nil {
				return err
			}
			state := &hereState{t: env.T().(inTurn).T, names: names}
			for _, pair := range env.Vars {
				name, _, _ := strings.Cut(pair, "=")
				state.names = append(state.names, name)
			}
			env.Values[hereKey{}] = state
			return nil
		},
		Condition: isProcess,
	})
}

var (
	stdinLine = regexp.MustCompile(`(?m)^stdin `)
	execLine  = regexp.MustCompile(`(?m)^(! )?exec lithops-s3`)
	variable  = regexp.MustCompile(`(?m)^env ([A-Z_]+)=`)
)

// linesHere returns a script whose lines run in this process, unless they have a condition.
// Calls are lost sooner in it.
func linesHere(script string) string {
	script = execLine.ReplaceAllString(stdinLine.ReplaceAllString(script, "input "), "${1}here lithops-s3")
	return strings.ReplaceAll(script, "--timeout 1s", "--timeout 1ms")
}

// inTurn is a testing.T whose subtests are not parallel, because they change the
// environment of the process.
type inTurn struct{ *testing.T }

func (inTurn) Parallel()     {}
func (inTurn) Verbose() bool { return testing.Verbose() }

func (t inTurn) Run(name string, run func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { run(inTurn{t}) })
}

type hereKey struct{}

// hereState holds what the lines of a script share.
type hereState struct {
	t     *testing.T
	names []string // of variables
	stdin string   // for the next line
}

// inputHere gives the next line a file as standard input: input FILE
func inputHere(script *testscript.TestScript, _ bool, args []string) {
	script.Value(hereKey{}).(*hereState).stdin = script.ReadFile(args[0])
}

// here runs a line that must succeed, or with a ! must not: here lithops-s3 [ARGUMENT...]
func here(script *testscript.TestScript, isNegated bool, args []string) {
	if code := runHere(script, args[1:]); isNegated != (code != 0) {
		script.Fatalf("exit code %d", code)
	}
}

// exits runs a line that must end with an exit code: exits CODE lithops-s3 [ARGUMENT...]
func exits(script *testscript.TestScript, isNegated bool, args []string) {
	if isNegated || len(args) < 2 {
		script.Fatalf("usage: exits CODE lithops-s3 [ARGUMENT...]")
	}
	if code := runHere(script, args[2:]); strconv.Itoa(code) != args[0] {
		script.Fatalf("exit code %d, not %s", code, args[0])
	}
}

func runHere(script *testscript.TestScript, args []string) int {
	state := script.Value(hereKey{}).(*hereState)
	for _, name := range state.names {
		if value := script.Getenv(name); value != os.Getenv(name) {
			state.t.Setenv(name, value)
		}
	}
	state.t.Chdir(script.MkAbs("."))
	stdin := state.stdin
	state.stdin = ""
	return run(state.t.Context(), args, strings.NewReader(stdin), script.Stdout(), script.Stderr())
}
