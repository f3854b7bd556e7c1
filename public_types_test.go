// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withoutExample has the exported types that need no Example of their own, and why.
var withoutExample = map[string]string{}

// TestEveryTypeHasAnExample checks that each exported type of a public package has an
// Example with an Output: of the type, of one of its methods, or of a function that
// returns it. pkg.go.dev shows all of these with the type.
func TestEveryTypeHasAnExample(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("parses the whole module")
	}
	seen := map[string]bool{}
	for _, folder := range publicPackages(t) {
		files := token.NewFileSet()
		pkg, err := doc.NewFromFiles(files, parseFolder(t, files, folder), "example.test/"+folder)
		require.NoError(t, err)
		for _, exported := range pkg.Types {
			name := filepath.ToSlash(filepath.Join(folder, exported.Name))
			seen[name] = true
			if withoutExample[name] == "" {
				assert.True(t, hasExample(exported), "%s has no Example with an Output", name)
			}
		}
	}
	assert.GreaterOrEqual(t, len(seen), 90)
	for name, reason := range withoutExample {
		assert.True(t, seen[name], "%s (%s) is no exported type", name, reason)
	}
}

// publicPackages returns the folders that hold a package for users.
func publicPackages(t *testing.T) []string {
	t.Helper()
	folders := []string{"."}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	internal := map[string]bool{"bench": true, "cmd": true, "examples": true, "internal": true}
	for _, entry := range entries {
		found, err := filepath.Glob(filepath.Join(entry.Name(), "*.go"))
		require.NoError(t, err)
		if len(found) > 0 && !internal[entry.Name()] {
			folders = append(folders, entry.Name())
		}
	}
	return folders
}

// parseFolder returns the Go files of a folder, tests included.
func parseFolder(t *testing.T, files *token.FileSet, folder string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	var parsed []*ast.File
	for _, path := range paths {
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		require.NoError(t, err)
		parsed = append(parsed, file)
	}
	return parsed
}

// hasExample reports whether pkg.go.dev shows an Example with an Output for a type.
func hasExample(of *doc.Type) bool {
	examples := of.Examples
	for _, function := range append(of.Funcs, of.Methods...) {
		examples = append(examples, function.Examples...)
	}
	for _, example := range examples {
		if example.Output != "" {
			return true
		}
	}
	return false
}
