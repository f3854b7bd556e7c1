// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tree returns all below a folder, folders with a slash at their end.
func tree(t *testing.T, folder string) []string {
	t.Helper()
	found := []string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(filepath.ToSlash(path), folder+"/")
		if entry.IsDir() {
			name += "/"
		}
		if path != folder {
			found = append(found, name)
		}
		return err
	}))
	return found
}

// TestSyncOfFilesThatBecameFolders has a file in one place where the other has a folder. With
// --delete the target is as the source in the end, or nothing of it is lost.
func TestSyncOfFilesThatBecameFolders(t *testing.T) {
	for name, test := range map[string]struct {
		from, to []string
		options  string
		exit     int
		want     []string // nil for what was there
		said     string
	}{
		"a file becomes a folder":           {[]string{"a/x", "a/y/z", "b"}, []string{"a", "b"}, "", 0, []string{"a/", "a/x", "a/y/", "a/y/z", "b"}, "deleted 1"},
		"a folder becomes a file":           {[]string{"a", "b"}, []string{"a/x", "a/y/z", "b"}, "", 0, []string{"a", "b"}, "deleted 2"},
		"an empty folder becomes a file":    {[]string{"a"}, []string{"a/below/"}, "", 0, []string{"a"}, "deleted 0"},
		"both":                              {[]string{"a", "b/c"}, []string{"a/b", "b"}, "", 0, []string{"a", "b/", "b/c"}, "deleted 2"},
		"an object that can't be read":      {[]string{"a/x", "a/refused"}, []string{"a", "old"}, "", exitPermission, nil, "Copied 0 files, 0 B:"},
		"another one":                       {[]string{"a", "refused"}, []string{"a/x", "old"}, "", exitPermission, nil, "1 of 2 files failed, 1 were not done"},
		"a file that is left out":           {[]string{"a"}, []string{"a/x", "a/y.tmp"}, "--exclude *.tmp", exitError, []string{"a/", "a/y.tmp"}, "a/y.tmp stays"},
		"a file that is left out as folder": {[]string{"a.tmp/x"}, []string{"a.tmp"}, "--exclude a.tmp", exitError, nil, "Copied 0 files"},
		"a dry run":                         {[]string{"a/x"}, []string{"a"}, "--dry-run", 0, nil, "would delete to/a"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMeddling(t)
			m.refusesReads = true
			for _, key := range test.from {
				m.put("from/" + key)
			}
			for _, file := range test.to {
				if strings.HasSuffix(file, "/") {
					require.NoError(t, os.MkdirAll(filepath.Join("to", file), 0o755))
					continue
				}
				m.write("to/"+file, "old")
			}
			before := tree(t, "to")
			if test.want == nil {
				test.want = before
			}
			said := m.run(test.exit, "sync s3://BUCKET/from to --delete "+test.options)
			assert.Contains(t, said, test.said)
			assert.Equal(t, test.want, tree(t, "to"))
			if test.exit == 0 && test.options == "" {
				for _, key := range test.from {
					assert.Equal(t, "from/"+key, m.file("to/"+key))
				}
				assert.Contains(t, m.run(0, "sync s3://BUCKET/from to --delete"), "Copied 0 files, 0 B, deleted 0")
			}
		})
	}
}

// TestSyncOfAReplacedFileThatBecameAFolder writes to the file, or below the folder, that is in
// the way, while what shall be there is fetched.
func TestSyncOfAReplacedFileThatBecameAFolder(t *testing.T) {
	m := newMeddling(t)
	m.put("from/a/new", "from/b")
	m.write("to/a", "old")
	m.write("to/b/old", "old")
	m.meddle = func() {
		assert.NoError(t, os.WriteFile("to/a", []byte("newer"), 0o600))
		assert.NoError(t, os.WriteFile("to/b/newer", []byte("newer"), 0o600))
	}
	said := m.run(exitError, "sync s3://BUCKET/from to --delete")
	assert.Contains(t, said, "Copied 0 files, 0 B, deleted 1:")
	assert.Contains(t, said, "to/a: not deleted, because it was replaced or written to meanwhile")
	assert.Contains(t, said, "to/b: not copied, because there is a folder that is not empty")
	assert.Equal(t, []string{"a", "b/", "b/newer"}, tree(t, "to"))
	assert.Equal(t, "newer", m.file("to/a"))
}

// TestSyncOfFoldersThatBecameFiles does the same with objects, which need not make room.
func TestSyncOfFoldersThatBecameFiles(t *testing.T) {
	m := newMeddling(t)
	m.write("from/a", "new")
	m.write("from/b/c", "new")
	m.put("to/a/x", "to/a/y/z", "to/b")
	m.run(0, "sync from s3://BUCKET/to --delete")
	assert.Equal(t, []string{"to/a", "to/b/c"}, m.keys())
}
