// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// cheapCalls are the functions that a package's variables may call: each start of a
// process pays for them.
var cheapCalls = []string{
	"errors.New", "fmt.Errorf", "math.Inf", "math.NaN", "append", "reflect.TypeFor",
	"sync.OnceValue", "sync.OnceValues", "lazyregexp.New", "syscall.NewLazyDLL", "NewProc", "NumField",
	// They return a function, and do nothing else yet.
	"nameSet", "withCommentHint",
}

// slowImports are packages that do much when a process starts.
var slowImports = []string{`"runtime/metrics"`, `"expvar"`, `"net/http/pprof"`, `"html/template"`, `"text/template"`}

// TestPackageVariables checks that no package of ours does work before main that a
// process may never need: such a variable is a sync.OnceValue or a lazyregexp.New.
func TestPackageVariables(t *testing.T) {
	t.Parallel()
	module := os.DirFS(".")
	files := token.NewFileSet()
	count := 0
	err := fs.WalkDir(module, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		isOther := slices.Contains([]string{"bench", "examples", "otel", "testdata"}, entry.Name()) || strings.HasPrefix(entry.Name(), ".") && name != "."
		if entry.IsDir() && isOther {
			return fs.SkipDir
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(module, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		count++
		checkStart(t, file, name)
		return nil
	})
	if err != nil || count <= 300 {
		t.Errorf("read %d files, want more than 300: %v", count, err)
	}
}

// checkStart checks the variables and the imports of a file.
func checkStart(t *testing.T, file *ast.File, name string) {
	t.Helper()
	for _, imported := range file.Imports {
		if slices.Contains(slowImports, imported.Path.Value) {
			t.Errorf("%s imports %s, which does much when a process starts", name, imported.Path.Value)
		}
	}
	for _, declared := range file.Decls {
		general, ok := declared.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			variable, _ := spec.(*ast.ValueSpec)
			for _, value := range variable.Values {
				for _, call := range callsOf(value) {
					isOpcode := name == "pickle/opcodes.go" && strings.HasPrefix(call, "op")
					if !isOpcode && !slices.Contains(cheapCalls, call) {
						t.Errorf("%s: %s calls %s when the process starts: make it a sync.OnceValue", name, variable.Names[0], call)
					}
				}
			}
		}
	}
}

// callsOf returns the names of the functions that an expression calls. Conversions, and
// calls inside of functions that it declares, are none.
func callsOf(value ast.Expr) (names []string) {
	ast.Inspect(value, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			names = append(names, nameOf(node.Fun)...)
		}
		return true
	})
	return names
}

func nameOf(function ast.Expr) []string {
	switch function := function.(type) {
	case *ast.Ident:
		return []string{function.Name}
	case *ast.SelectorExpr:
		if of, ok := function.X.(*ast.Ident); ok {
			return []string{of.Name + "." + function.Sel.Name}
		}
		return []string{function.Sel.Name}
	case *ast.IndexExpr:
		return nameOf(function.X)
	case *ast.ParenExpr, *ast.ArrayType, *ast.FuncLit: // a conversion, or a small table
		return nil
	}
	return []string{fmt.Sprintf("%T", function)}
}
