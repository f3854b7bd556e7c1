// SPDX-License-Identifier: Apache-2.0

package panics

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestBox keeps the first of several panics, and nothing of functions that return.
func TestBox(t *testing.T) {
	t.Parallel()
	var box Box
	run := func(f, caught func()) {
		var group sync.WaitGroup
		group.Go(func() {
			defer box.Catch(caught)
			f()
		})
		group.Wait()
	}
	run(func() {}, func() { t.Error("nothing panicked") })
	if caught := rethrown(&box); caught != nil || !box.IsEmpty() {
		t.Errorf("got %v, and nothing panicked", caught)
	}
	calls := 0
	run(func() { panic("first") }, func() { calls++ })
	run(func() { panic("second") }, func() { calls++ })
	run(func() { panic("third") }, nil)
	if calls != 2 || box.IsEmpty() {
		t.Errorf("told of %d panics, want 2; empty: %v", calls, box.IsEmpty())
	}
	for range 2 {
		if caught := rethrown(&box); caught != "first" {
			t.Errorf("got %v, want the first panic, each time", caught)
		}
	}
}

// rethrown returns what Rethrow panics with.
func rethrown(box *Box) (value any) {
	defer func() { value = recover() }()
	box.Rethrow()
	return nil
}

// TestGroup answers those who wait for a function that does not return, and continues its
// panic for the one that waits for all.
func TestGroup(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		f    func()
		want any
	}{
		"a panic": {func() { panic("mine") }, "mine"}, "the end of the goroutine": {runtime.Goexit, nil},
	} {
		var group Group
		answers := make(chan string, 2)
		group.Go(func() { answers <- "returned" }, func() { answers <- "failed after it returned" })
		group.Go(test.f, func() {
			if group.IsEmpty() != (test.want == nil) {
				t.Errorf("%s: told before it is kept", name)
			}
			answers <- "failed"
		})
		group.Go(test.f, nil)
		group.Join()
		got := map[string]int{<-answers: 1}
		got[<-answers]++
		if len(answers) > 0 || got["returned"] != 1 || got["failed"] != 1 {
			t.Errorf("%s: got %v", name, got)
		}
		if value := waited(&group); value != test.want {
			t.Errorf("%s: got %v", name, value)
		}
	}
}

// waited returns what Wait panics with.
func waited(group *Group) (value any) {
	defer func() { value = recover() }()
	group.Wait()
	return nil
}

// TestAllGoroutinesAreHere checks that no package of the library starts a goroutine but by
// a Group, so that no panic of a caller's function ends the process.
func TestAllGoroutinesAreHere(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	err := fs.WalkDir(os.DirFS("../.."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && isNoLibrary(name) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		place, what := goroutines(t, filepath.Join("../..", name))
		found[path.Dir(name)] = found[path.Dir(name)] || what != ""
		if what != "" && path.Dir(name) != "internal/panics" {
			t.Errorf("%s: %s: use panics.Group", place, what)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !found["internal/panics"] || len(found) < 30 {
		t.Errorf("the search does not find what is there: %v", found)
	}
}

// isNoLibrary reports whether a folder has programs, servers for tests, or modules of their
// own.
func isNoLibrary(folder string) bool {
	switch folder {
	case "bench", "otel", "cmd", "examples", "storagetest", "internal/devs3", "internal/faultproxy", "internal/testkit":
		return true
	}
	return folder != "." && strings.HasPrefix(path.Base(folder), ".")
}

// goroutines returns where a file starts goroutines by itself, and how; "" if it does not.
func goroutines(t *testing.T, name string) (place, what string) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.GoStmt:
			place, what = files.Position(node.Pos()).String(), "a go statement"
		case *ast.SelectorExpr:
			if of, ok := node.X.(*ast.Ident); ok && of.Name == "sync" && node.Sel.Name == "WaitGroup" {
				place, what = files.Position(node.Pos()).String(), "a sync.WaitGroup"
			}
		case *ast.ImportSpec:
			if strings.Contains(node.Path.Value, "errgroup") {
				place, what = files.Position(node.Pos()).String(), "an errgroup"
			}
		}
		return true
	})
	return place, what
}

// TestGroupWaits checks that Join and Wait return after all goroutines, and not before.
func TestGroupWaits(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(*Group){"Join": (*Group).Join, "Wait": (*Group).Wait} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var group Group
				var ended atomic.Int32
				for range 2 {
					group.Go(func() {
						time.Sleep(time.Hour)
						ended.Add(1)
					}, nil)
				}
				wait(&group)
				if n := ended.Load(); n != 2 {
					t.Errorf("%d of 2 goroutines had ended", n)
				}
			})
		})
	}
}
