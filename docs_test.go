// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	testName     = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark|Example)[A-Z][A-Za-z0-9_]*\b`)
	testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)[A-Z][A-Za-z0-9_]*)\(`)
)

// TestDocumentsNameTests checks that a page that names a test as its proof names one that
// is there.
func TestDocumentsNameTests(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range testFunction.FindAllStringSubmatch(string(text), -1) {
			tests[match[1]] = true
		}
		return err
	}))
	require.Contains(t, tests, "TestDocumentsNameTests")
	pages, err := filepath.Glob(filepath.Join("docs", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	named := 0
	for _, page := range append(pages, "README.md", "SECURITY.md", "CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, name := range testName.FindAllString(string(text), -1) {
			assert.True(t, tests[name], "%s names %s, which is nowhere", page, name)
			named++
		}
	}
	assert.Positive(t, named)
}

// TestThirdPartyIsComplete checks that THIRD_PARTY.md has the modules of go.mod in their
// versions, and no others; docs/security.md has a reason for each direct one.
func TestThirdPartyIsComplete(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	page, err := os.ReadFile("THIRD_PARTY.md")
	require.NoError(t, err)
	reasons, err := os.ReadFile(filepath.Join("docs", "security.md"))
	require.NoError(t, err)
	var required []string
	for _, match := range regexp.MustCompile(`(?m)^\t(\S+) (v\S+)( // indirect)?$`).FindAllStringSubmatch(string(mod), -1) {
		required = append(required, match[1]+" "+match[2])
		if match[3] == "" {
			assert.Contains(t, string(reasons), "| "+match[1]+" |", "no reason")
		}
	}
	var listed []string
	for _, match := range regexp.MustCompile(`(?m)^\| (\S+) \| (v[0-9]\S*) \| [^|]+ \|`).FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, match[1]+" "+match[2])
	}
	require.NotEmpty(t, required)
	assert.ElementsMatch(t, required, listed, "go run ./.ci/thirdparty >THIRD_PARTY.md")
}

// TestOneGoVersion checks that all modules of this repository and the README name the
// same oldest version of Go.
func TestOneGoVersion(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`(?m)^go (1\.\d+)\.\d+$`)
	root, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	oldest := version.FindSubmatch(root)
	require.NotNil(t, oldest)
	modules, err := filepath.Glob(filepath.Join("*", "go.mod"))
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, module := range modules {
		text, err := os.ReadFile(module)
		require.NoError(t, err)
		assert.Equal(t, string(oldest[0]), string(version.Find(text)), module)
	}
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "Go "+string(oldest[1])+" or newer")
}
