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
	namedTest  = regexp.MustCompile("`(Test\\w+)`")
	writtenOut = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
)

// TestReliabilityPage checks that each test that docs/reliability.md names is there, and
// each promise names one.
func TestReliabilityPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/reliability.md")
	require.NoError(t, err)
	tests := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, match := range writtenOut.FindAllSubmatch(source, -1) {
			tests[string(match[1])] = true
		}
		return err
	}))
	named := namedTest.FindAllSubmatch(page, -1)
	require.NotEmpty(t, named)
	for _, match := range named {
		assert.True(t, tests[string(match[1])], "there is no %s", match[1])
	}

	promises, _, found := strings.Cut(string(page), "## What is not promised")
	require.True(t, found)
	for _, promise := range regexp.MustCompile(`(?m)^(- |\| [^w-])`).Split(promises, -1)[1:] {
		assert.Regexp(t, namedTest, promise, "a promise without a test")
	}
}
