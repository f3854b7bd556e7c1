// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// ErrOneFile reports a target that is a file which was written under another name: the
// file system does not tell the names apart, by case or by Unicode's forms, or a link
// leads from one folder to the other.
var ErrOneFile = errors.New("on this file system it is the same file")

// A fileID tells a file from all others that exist.
type fileID struct{ device, file uint64 }

// Files are the files that several targets became. Targets that share them don't
// replace each other's files. The zero value has none. It is safe for concurrent use.
type Files struct {
	mu    sync.Mutex
	paths map[fileID]place
	// folded has the same files by their paths without case, because file systems in user
	// space (FUSE), such as exFAT's, may give each name of a file an inode of its own.
	folded map[string]written
}

// A place is where a file was written.
type place struct {
	path string // of the target
	file string // for the operating system
}

// has reports whether the file is still there. Another process may have replaced it: then
// file systems give its number to the next new file, which is not the same one.
func (p place) has(id fileID) bool {
	folder, err := openfiles.OpenRoot(filepath.Dir(p.file))
	if err != nil {
		return false
	}
	defer func() { _ = folder.Close() }()
	found, ok := identify(folder, filepath.Base(p.file))
	return ok && found == id
}

// A written file is told from others of nearly the same name by its size and time.
type written struct {
	path  string
	size  int64
	mtime time.Time
}

// Share has the target keep the files of other targets that share files, which may
// be nil.
func (t *Target) Share(files *Files) { t.files = files }

// check returns ErrOneFile if the file name in folder was written as another path.
func (f *Files) check(folder *os.Root, name, path string) error {
	id, ok := f.identify(folder, name)
	if !ok {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	earlier, isKnown := f.paths[id]
	if isKnown && earlier.path != path {
		isKnown = earlier.has(id)
	}
	other := earlier.path
	if !isKnown {
		other, isKnown = f.alike(folder, name, path)
	}
	if isKnown && other != path {
		return fmt.Errorf("%w as %s, which stays as it is", ErrOneFile, other)
	}
	return nil
}

// alike returns the path that differs from path by case only, if the file that was written
// there has the size and the time of the file name in folder.
func (f *Files) alike(folder *os.Root, name, path string) (string, bool) {
	earlier, ok := f.folded[fold(path)]
	if !ok {
		return "", false
	}
	info, err := folder.Lstat(name)
	if err != nil {
		return "", false
	}
	return earlier.path, earlier.size == info.Size() && earlier.mtime.Equal(info.ModTime())
}

// fold returns path without case: σ and ς are one letter.
func fold(path string) string { return strings.ToLower(strings.ToUpper(path)) }

// add notes that the file name in folder was written as path.
func (f *Files) add(folder *os.Root, name, path string) {
	id, ok := f.identify(folder, name)
	if !ok {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.paths == nil {
		f.paths, f.folded = map[fileID]place{}, map[string]written{}
	}
	f.paths[id] = place{path, filepath.Join(folder.Name(), name)}
	if info, err := folder.Lstat(name); err == nil {
		f.folded[fold(path)] = written{path, info.Size(), info.ModTime()}
	}
}

// identify returns what tells a file from others; false for no Files and for no file.
func (f *Files) identify(folder *os.Root, name string) (fileID, bool) {
	if f == nil {
		return fileID{}, false
	}
	return identify(folder, name)
}
