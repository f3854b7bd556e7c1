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

// unboundedReaders open files by themselves: pipe.go opens a file of any size to send, latefile.go a
// pipe, and openfiles is where all others are read.
var unboundedReaders = map[string]bool{"internal/openfiles/pipe.go": true, "cmd/lithops-s3/latefile.go": true, "internal/openfiles/read.go": true}

// TestFilesAreReadBounded checks that every file that is read whole passes
// internal/openfiles, so that none is a pipe that never ends, or larger than what it can
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

var opensAny = regexp.MustCompile(`\b(os|root|folder|parent|here)\.(Open|OpenFile|OpenRoot|CreateTemp)\(`)

// ownOpeners open files that idle connections need not make room for: the terminal, and
// os.DevNull before the first request.
var ownOpeners = map[string]bool{
	"internal/openfiles/openfiles.go": true, "internal/awscreds/prompt.go": true, "internal/awscreds/process_unix.go": true, "cmd/lithops-s3/sdkcredentials.go": true,
}

// TestFilesMakeRoom checks that every file and folder is opened through internal/openfiles.
func TestFilesMakeRoom(t *testing.T) {
	t.Parallel()
	checked := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (path == "bench" || path == "examples" || entry.Name() == "testkit" || (strings.HasPrefix(path, ".") && path != ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || ownOpeners[filepath.ToSlash(path)] {
			return nil
		}
		checked++
		text, err := os.ReadFile(path)
		before := ""
		for line := range strings.Lines(string(text)) {
			if opensAny.MatchString(line) {
				assert.Contains(t, before+line, "Open(func() (", path)
			}
			before = line
		}
		return err
	})
	require.NoError(t, err)
	assert.Greater(t, checked, 50)
}
