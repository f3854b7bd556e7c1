// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"a", "a/b c/d+e.txt", "..a", "a..", ".hidden/..more", "ünï/cödé", "\xff"} {
		path, err := localPath(key, false)
		require.NoError(t, err, key)
		assert.Equal(t, filepath.FromSlash(key), path)
	}
	for _, key := range []string{
		"", "/", "/etc/passwd", "//host/share", "..", "../x", "a/../b", "a/../../b", "a/..", "./a", "a/./b", "a/.", "a//b", "a/", "a\x00b",
	} {
		for _, windows := range []bool{false, true} {
			_, err := localPath(key, windows)
			require.ErrorIs(t, err, ErrUnsafeKey, "%q", key)
		}
	}
	for _, key := range []string{
		`C:\x`, "C:/x", "c:", "a/C:", `a\b`, `..\x`, `\\host\share`, "a:stream", "NUL", "nul.txt", "a/CON/b", "Aux", "com1", "LPT9.tar.gz", "COM¹",
		"conin$", "CONOUT$", "nul .txt", "a.", "a ", "b/a./c", "what?", "a*", "a|b", `a"b`, "a<b", "a>b", "tab\there",
	} {
		_, err := localPath(key, true)
		require.ErrorIs(t, err, ErrUnsafeKey, "%q on Windows", key)
		if filepath.Separator == '/' {
			_, err = localPath(key, false)
			require.NoError(t, err, "%q elsewhere", key)
		}
	}
	for _, key := range []string{"console", "com", "com10", "nully.txt", "a.b", "lpt/x", "auxiliary"} {
		_, err := localPath(key, true)
		require.NoError(t, err, "%q on Windows", key)
	}
}

// TestRepositoryOnWindows checks that Windows can have all files of the repository: one
// named "nul" keeps it from being cloned there. No two names differ by case only.
func TestRepositoryOnWindows(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if entry.IsDir() && (path == ".git" || path == filepath.Join(".ci", "tools")) {
			return filepath.SkipDir
		}
		_, err = localPath(filepath.ToSlash(path), true)
		assert.NoError(t, err)
		lower := strings.ToLower(path)
		assert.Empty(t, seen[lower], path)
		seen[lower] = path
		return nil
	}))
}

// TestLocalPathStays checks that every accepted key is below the folder, and that no two
// keys are one file.
func TestLocalPathStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringOf(rapid.RuneFrom([]rune(`a.b/\:C`+"\x00"))).Draw(t, "key")
		path, err := LocalPath(key)
		if err != nil {
			require.ErrorIs(t, err, ErrUnsafeKey)
			return
		}
		folder := filepath.FromSlash("/some/folder")
		joined := filepath.Join(folder, path)
		relative, err := filepath.Rel(folder, joined)
		require.NoError(t, err)
		require.Equal(t, key, filepath.ToSlash(relative))
		require.True(t, filepath.IsLocal(path))
	})
}
