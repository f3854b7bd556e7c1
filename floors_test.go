// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFilesHaveFloors checks that no file of this package uses one that uses it, directly
// or by way of others, so that each can be read after those that it stands on.
func TestFilesHaveFloors(t *testing.T) {
	t.Parallel()
	uses := usesOfFiles(t)
	require.Greater(t, len(uses), 20)
	require.Contains(t, uses["store.go"], "session.go")
	var path []string
	isDone := map[string]bool{}
	var visit func(file string)
	visit = func(file string) {
		if at := slices.Index(path, file); at >= 0 {
			t.Errorf("files use each other: %s", strings.Join(append(path[at:], file), " > "))
			return
		}
		if isDone[file] {
			return
		}
		path = append(path, file)
		for _, used := range uses[file] {
			visit(used)
		}
		path = path[:len(path)-1]
		isDone[file] = true
	}
	for file := range uses {
		visit(file)
	}
}

// usesOfFiles returns which files of this package each of them uses: their types,
// functions, variables, constants and methods.
func usesOfFiles(t *testing.T) map[string][]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Error: func(error) {}, Importer: noImports{}}
	pkg, _ := config.Check("lithopss3", set, files, info) // what is imported stays unknown
	uses := map[string][]string{}
	for ident, object := range info.Uses {
		if object.Pkg() != pkg || !isDeclaration(pkg, object) {
			continue
		}
		from, to := set.Position(ident.Pos()).Filename, set.Position(object.Pos()).Filename
		if from != to && !slices.Contains(uses[from], to) {
			uses[from] = append(uses[from], to)
		}
	}
	assert.NotEmpty(t, uses)
	return uses
}

// isDeclaration reports whether an object stands at the top of a file.
func isDeclaration(pkg *types.Package, object types.Object) bool {
	_, isFunc := object.(*types.Func)
	return isFunc || object.Parent() == pkg.Scope()
}

// noImports has empty packages only.
type noImports struct{}

// Import returns an empty package.
func (noImports) Import(path string) (*types.Package, error) {
	pkg := types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
	pkg.MarkComplete()
	return pkg, nil
}
