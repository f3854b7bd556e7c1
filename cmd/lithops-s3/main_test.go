package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lithops-s3": main})
}

// TestScripts runs testdata/*.txtar, each with an embedded server of its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			server, err := devs3.Start(nil)
			if err != nil {
				return err
			}
			env.Defer(func() { _ = server.Close() })
			for name, value := range server.Env() {
				env.Setenv(name, value)
			}
			env.Setenv("HOME", env.WorkDir)
			return os.WriteFile(env.WorkDir+"/devs3.yaml", []byte(server.Config()), 0o600)
		},
	})
}

// FuzzArguments: no arguments make the command panic or reach for anything.
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
