// SPDX-License-Identifier: Apache-2.0

package lithopss3

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

var opensFile = regexp.MustCompile(`\bos\.(ReadFile|Open)\(`)

// unboundedReaders open files by themselves: put.go sends a file of any size, latefile.go a
// pipe, and boundedfile is where all others are read.
var unboundedReaders = map[string]bool{"put.go": true, "cmd/lithops-s3/latefile.go": true, "internal/boundedfile/boundedfile.go": true}

// TestFilesAreReadBounded checks that every file that is read whole passes
// internal/boundedfile, so that none is a pipe that never ends, or larger than what it can
// be.
func TestFilesAreReadBounded(t *testing.T) {
	t.Parallel()
	checked := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (path == "bench" || path == "examples" || (strings.HasPrefix(path, ".") && path != ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || unboundedReaders[filepath.ToSlash(path)] {
			return nil
		}
		checked++
		text, err := os.ReadFile(path)
		assert.NotRegexp(t, opensFile, string(text), path)
		return err
	})
	require.NoError(t, err)
	assert.Greater(t, checked, 50)
}
