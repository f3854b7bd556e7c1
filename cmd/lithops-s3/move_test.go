// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMoveKeepsWhatReplacedTheSource checks that mv never deletes an object or a file
// other than the one that it moved.
func TestMoveKeepsWhatReplacedTheSource(t *testing.T) { // sets the environment
	folder := t.TempDir()
	file := filepath.Join(folder, "in", "file")
	replaceFile := func(*lithopss3.Store) error {
		newer := filepath.Join(folder, "newer")
		if err := os.WriteFile(newer, []byte("newer"), 0o600); err != nil {
			return err
		}
		return os.Rename(newer, file)
	}
	replaceObject := func(store *lithopss3.Store) error {
		return store.PutObject(t.Context(), refusedBucket, "in/file", strings.NewReader("newer"), nil)
	}
	object := "s3://" + refusedBucket + "/in/file"
	for name, test := range map[string]struct {
		line    []string
		at      string // the method of the request before which the source is replaced
		replace func(*lithopss3.Store) error
	}{
		"an object to a file":    {[]string{"mv", object, filepath.Join(folder, "there")}, http.MethodDelete, replaceObject},
		"objects to a folder":    {[]string{"mv", "-r", "s3://" + refusedBucket + "/in/", filepath.Join(folder, "all")}, http.MethodDelete, replaceObject},
		"an object to an object": {[]string{"mv", object, "s3://" + refusedBucket + "/there"}, http.MethodDelete, replaceObject},
		"a file to an object":    {[]string{"mv", file, "s3://" + refusedBucket + "/there"}, http.MethodPut, replaceFile},
		"a folder to objects":    {[]string{"mv", "-r", filepath.Dir(file), "s3://" + refusedBucket + "/out/"}, http.MethodPut, replaceFile},
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && test.at == http.MethodPut {
				t.Skip("Windows replaces no file that is open")
			}
			var store *lithopss3.Store
			isReplaced := false
			store = refuse(t, func(r *http.Request) bool {
				if r.Method == test.at && !isReplaced {
					isReplaced = true
					assert.NoError(t, test.replace(store))
				}
				return false
			})
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
			require.NoError(t, os.WriteFile(file, []byte("text"), 0o600))
			require.NoError(t, store.PutObject(t.Context(), refusedBucket, "in/file", strings.NewReader("text"), nil))
			code, _, problems := command(t.Context(), test.line...)
			assert.NotZero(t, code)
			assert.Contains(t, problems, "not deleted")
			require.True(t, isReplaced)
			if test.at == http.MethodPut {
				data, err := os.ReadFile(file)
				require.NoError(t, err)
				assert.Equal(t, "newer", string(data))
				return
			}
			info, err := store.HeadObject(t.Context(), refusedBucket, "in/file")
			require.NoError(t, err)
			assert.EqualValues(t, len("newer"), info.Size)
		})
	}
}

// TestMoveIntoItsSource checks that objects are not moved to where others are moved from,
// which would be lost.
func TestMoveIntoItsSource(t *testing.T) {
	s := newSession(t)
	keys := []string{"x/1", "x/y/1", "x/y/2"}
	for _, key := range keys {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader(key), nil))
	}
	for _, line := range []string{
		"mv -r s3://BUCKET/x/ s3://BUCKET/x/y/", "cp -r s3://BUCKET/x s3://./x/y",
		"mv -rn s3://BUCKET/x/ s3://BUCKET/x/y/",
	} {
		assert.Contains(t, s.run(exitUsage, line), "x/y/1 is a source, and another source would be stored there", line)
		assert.Equal(t, keys, s.keys(), line)
	}
	s.run(0, "mv -r s3://BUCKET/x/ s3://BUCKET/x/y/ --exclude y/1")
	for key, want := range map[string]string{"x/y/1": "x/1", "x/y/y/2": "x/y/2"} {
		assert.Equal(t, want, s.run(0, "cat s3://BUCKET/"+key))
	}
}

// TestMoveOfLinks moves a folder with links to its files. Each link is stored as what it leads
// to, before that is removed.
func TestMoveOfLinks(t *testing.T) {
	s := newSession(t)
	names := []string{"a", "b", "c", "file", "x", "y", "z"}
	for range 10 { // the tasks run at the same time
		s.write("from/file", "text")
		for _, name := range names {
			if name != "file" {
				testkit.Symlink(t, "file", filepath.Join("from", name))
			}
		}
		s.run(0, "mv -r from s3://BUCKET/to/")
		entries, err := os.ReadDir("from")
		require.NoError(t, err)
		assert.Empty(t, entries)
		for _, name := range names {
			assert.Equal(t, "text", s.run(0, "cat s3://BUCKET/to/"+name))
		}
		s.run(0, "rm -ry s3://BUCKET/to/")
	}
}

// TestMoveOfNamedLinks names a link after the file that it leads to. It is moved before that.
func TestMoveOfNamedLinks(t *testing.T) {
	var mu sync.Mutex
	var stored []string
	store := refuse(t, func(r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		stored = append(stored, path.Base(r.URL.Path))
		return false
	})
	t.Chdir(t.TempDir())
	s := &session{t, store}
	names := []string{"file", "1", "2", "3", "4", "5", "6", "7", "8"} // more than are moved at once
	for _, name := range names {
		s.write(name, "text of "+name)
	}
	testkit.Symlink(t, "file", "link")
	s.run(0, "mv "+strings.Join(names, " ")+" link s3://BUCKET/to/")
	assert.Equal(t, "link", stored[0])
	assert.Equal(t, "text of file", s.run(0, "cat s3://BUCKET/to/link"))
	assert.Empty(t, filesBelow(t, "."))
}

// TestMoveOfADevice checks that mv deletes no device, and no object whose bytes a device
// takes.
func TestMoveOfADevice(t *testing.T) {
	s := newSession(t)
	require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, "key", strings.NewReader("text"), nil))
	s.run(exitError, "mv s3://BUCKET/key "+os.DevNull)
	assert.Equal(t, []string{"key"}, s.keys())
	pipe := filepath.Join(t.TempDir(), "pipe")
	testkit.FIFO(t, pipe)
	assert.Contains(t, s.run(exitUsage, "mv "+pipe+" s3://BUCKET/other"), "can't be moved")
	_, err := os.Lstat(pipe)
	require.NoError(t, err)
}

// TestMoveSaysWhatIsStored has a file that may be read and not removed: it is in both places.
func TestMoveSaysWhatIsStored(t *testing.T) {
	t.Parallel()
	info, err := os.Stat(t.TempDir())
	require.NoError(t, err)
	stat := func() (os.FileInfo, error) { return info, nil }
	err = removeStored(info, stat, func() error { return fs.ErrPermission })
	require.ErrorIs(t, err, fs.ErrPermission)
	assert.Contains(t, err.Error(), "the object is stored, and the file was not deleted")
	require.NoError(t, removeStored(info, stat, func() error { return nil }))
}
