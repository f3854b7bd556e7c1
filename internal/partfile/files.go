// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"errors"
	"fmt"
	"os"
	"sync"
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
	paths map[fileID]string
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
	if other, written := f.paths[id]; written && other != path {
		return fmt.Errorf("%w as %s, which stays as it is", ErrOneFile, other)
	}
	return nil
}

// add notes that the file name in folder was written as path.
func (f *Files) add(folder *os.Root, name, path string) {
	id, ok := f.identify(folder, name)
	if !ok {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.paths == nil {
		f.paths = map[fileID]string{}
	}
	f.paths[id] = path
}

// identify returns what tells a file from others; false for no Files and for no file.
func (f *Files) identify(folder *os.Root, name string) (fileID, bool) {
	if f == nil {
		return fileID{}, false
	}
	return identify(folder, name)
}
