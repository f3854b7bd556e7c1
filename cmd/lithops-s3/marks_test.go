// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMoveOfAFolderWithMarks moves a folder that a console made. The empty objects that mark
// folders are moved too, also where folders have none.
func TestMoveOfAFolderWithMarks(t *testing.T) {
	objects := map[string]string{"from/": "", "from/a": "a", "from/below/": "", "from/below/b": "b", "from/empty/": "", "stays/": ""}
	for line, test := range map[string]struct {
		said  string
		keys  []string // that are there in the end
		files []string
	}{
		"mv -r s3://BUCKET/from to":                         {"Moved 5 files, 2 B", []string{"stays/"}, []string{"to/a", "to/below/b", "to/empty"}},
		"mv s3://BUCKET/from/** to":                         {"Moved 5 files, 2 B", []string{"stays/"}, []string{"to/from/a", "to/from/below/b", "to/from/empty"}},
		"mv -r s3://BUCKET/from/ s3://BUCKET":               {"Moved 5 files, 2 B", []string{"a", "below/", "below/b", "empty/", "stays/"}, nil},
		"mv -r s3://BUCKET/from/ s3://BUCKET/to/":           {"Moved 5 files, 2 B", []string{"stays/", "to/", "to/a", "to/below/", "to/below/b", "to/empty/"}, nil},
		"mv -r s3://BUCKET/from/empty to":                   {"", []string{"from/", "from/a", "from/below/", "from/below/b", "stays/"}, []string{"to"}},
		"mv -r s3://BUCKET/from to --exclude below/*":       {"Moved 3 files, 1 B", []string{"from/below/", "from/below/b", "stays/"}, []string{"to/a", "to/empty"}},
		"mv -rn s3://BUCKET/from to":                        {"would move s3://BUCKET/from/below/ to to/below/", nil, nil},
		"cp -r s3://BUCKET/from to":                         {"Copied 2 files, 2 B", nil, []string{"to/a", "to/below/b", "to/empty"}},
		"mv -r s3://BUCKET/from/below s3://BUCKET/stays to": {"Moved 3 files, 1 B", []string{"from/", "from/a", "from/empty/"}, []string{"to/below/b", "to/stays"}},
	} {
		t.Run(line, func(t *testing.T) {
			s := newSession(t)
			for key, text := range objects {
				require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader(text), nil))
			}
			before := s.keys()
			assert.Contains(t, s.run(0, line), strings.ReplaceAll(test.said, "BUCKET", refusedBucket))
			if test.keys == nil {
				test.keys = before
			}
			assert.Equal(t, test.keys, s.keys())
			for _, name := range test.files {
				_, err := os.Stat(name)
				require.NoError(t, err)
			}
		})
	}
}

// TestMoveKeepsAMarkThatGotBytes stores bytes under the key of a mark, before mv deletes it.
func TestMoveKeepsAMarkThatGotBytes(t *testing.T) {
	m := &meddling{}
	var once sync.Once
	store := refuse(t, func(r *http.Request) bool {
		if r.Method == http.MethodHead && strings.HasSuffix(r.URL.Path, "/from/") { // the first request of its move
			once.Do(func() { m.put("from/") })
		}
		return false
	})
	t.Chdir(t.TempDir())
	m.session = &session{t, store}
	s := m
	s.put("from/new")
	require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, "from/", strings.NewReader(""), nil))
	said := s.run(exitError, "mv -r s3://BUCKET/from to")
	assert.Contains(t, said, "1 of 2 files failed")
	assert.Equal(t, []string{"from/"}, s.keys())
	assert.Equal(t, "from/", s.run(0, "cat BUCKET from/"))
}

// TestFoldersAreMade fetches into a folder that is missing, and that the line says is one.
// Of a missing object no folder is made.
func TestFoldersAreMade(t *testing.T) {
	for line, file := range map[string]string{
		"cp s3://BUCKET/x/a to/":                       "to/a",
		"cp s3://BUCKET/x/a to/new/":                   "to/new/a",
		"cp -r s3://BUCKET/x/a to/":                    "to/a",
		"cp s3://BUCKET/x/a s3://BUCKET/x/b to":        "to/b",
		"cp s3://BUCKET/x/* to/":                       "to/b",
		"mv s3://BUCKET/x/a to/":                       "to/a",
		"mv s3://BUCKET/x/a s3://BUCKET/x/b to":        "to/a",
		"get BUCKET x/a -o to/":                        "to/a",
		"get BUCKET x/a x/b -o to/":                    "to/b",
		"get -r BUCKET x -o to/":                       "to/a",
		"get -r BUCKET x/a -o to/":                     "to/a",
		"sync s3://BUCKET/x to/":                       "to/b",
		"cp s3://BUCKET/x/missing to/":                 "",
		"mv s3://BUCKET/x/missing to/":                 "",
		"get BUCKET x/missing -o to/":                  "",
		"get BUCKET x/missing x/missing2 -o to/":       "",
		"cp -n s3://BUCKET/x/a to/":                    "",
		"get -n BUCKET x/a -o to/":                     "",
		"cp s3://BUCKET/x/missing s3://BUCKET/x/no to": "",
	} {
		t.Run(line, func(t *testing.T) {
			s := newSession(t)
			for _, key := range []string{"x/a", "x/b"} {
				require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader(key), nil))
			}
			want := 0
			if strings.Contains(line, "missing") {
				want = exitNotFound
			}
			s.run(want, line)
			if file == "" {
				assert.NoDirExists(t, "to")
				return
			}
			assert.Equal(t, "x/"+file[len(file)-1:], s.file(file))
		})
	}
	s := newSession(t)
	s.write("file", "text")
	s.run(0, "put file s3://BUCKET/k")
	s.run(exitError, "cp s3://BUCKET/k folder/name") // which may be misspelt
	assert.NoDirExists(t, "folder")
}
