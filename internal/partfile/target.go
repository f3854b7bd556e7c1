// SPDX-License-Identifier: Apache-2.0

// Package partfile replaces a file once its new content is complete: it writes
// next to it, into a temporary file with a name of its own, which is renamed in the
// end. A replacement can be resumable: then a journal says which bytes are there.
// A file that an earlier process left is used or removed only with proof that this
// package made it, never because of its name.
//
// It must not know S3, requests or checksums of servers.
//
// Start reading at [Target], then [File]; marker.go explains the proof.
package partfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/lithops-go/lithopss3/internal/openfiles"
)

var (
	// ErrLocked reports that another download writes the same file.
	ErrLocked = errors.New("another download into it is in progress")
	// ErrOutside reports a path that leads out of its root.
	ErrOutside = errors.New("leads out of the folder")
	// ErrIsFolder reports a folder where a file is to be.
	ErrIsFolder = errors.New("is a folder")
	// ErrNotRegular reports a link, device, pipe or socket in the place of a file of this package.
	ErrNotRegular = errors.New("is no regular file")
	// ErrOpenFile reports a path such as /dev/fd/3 that leads to a regular file. It stands for a
	// file that a process writes to, whose bytes would be lost if another took its place.
	ErrOpenFile = errors.New("stands for a file that a process has open, and that is not replaced: name the file itself")
)

// errNoLocks reports a file system without locks.
var errNoLocks = errors.New("the file system has no locks")

// lockGrace is how long a lock may be held without meaning another download. A process
// that this one starts, such as a credential_process, inherits the lock of a file that is
// closed by then, and holds it until its program runs.
const lockGrace = 250 * time.Millisecond

// lockIfAny is lock, but waits for lockGrace, and returns nil on a file system without
// locks.
func lockIfAny(file *os.File) error {
	err := lock(file)
	for end := time.Now().Add(lockGrace); errors.Is(err, ErrLocked) && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
		err = lock(file)
	}
	if errors.Is(err, errNoLocks) {
		return nil
	}
	return err
}

// A Target is a file to create or to replace. All operations are relative to its
// folder, which is kept open, so that a symbolic link that appears later can't lead
// elsewhere. The caller closes it.
type Target struct {
	folder *os.Root
	name   string // in folder
	path   string // for messages, and for a device
	exists bool   // as a regular file
	mode   fs.FileMode
	device fs.FileMode // the type of a device, pipe or socket, else 0
	files  *Files      // of the targets that this one must not replace; may be nil
	stamp  time.Time   // of the file under its final name; zero is the time of writing
}

// Stamp has the file get this time of modification before its final name, so that no
// process can find, or write to, a file that has its name and not yet its time.
func (t *Target) Stamp(modified time.Time) { t.stamp = modified }

// Open looks at what is at path, which is below root unless that is nil. The file
// need not exist, its folder must. Without a root, a symbolic link stands for the
// file that it leads to, which need not exist either; with one, the link is replaced.
func Open(root *os.Root, path string) (*Target, error) {
	t := &Target{path: path}
	info, path, err := stat(root, path)
	switch {
	case errors.Is(err, ErrOutside), errors.Is(err, ErrIsFolder), errors.Is(err, ErrOpenFile), err == nil && info.IsDir():
		if err == nil {
			err = ErrIsFolder
		}
		return nil, &fs.PathError{Op: "download", Path: path, Err: err}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err // of a link, for example, which must not be replaced
	case err == nil:
		t.exists, t.mode = info.Mode().IsRegular(), info.Mode().Perm()
		if t.device = deviceType(path, info); root == nil && t.device != 0 {
			return t, nil
		}
		t.device = 0
	}
	t.name = filepath.Base(path)
	open := os.OpenRoot
	if root != nil {
		open = root.OpenRoot
	}
	if t.folder, err = openfiles.Open(func() (*os.Root, error) { return open(filepath.Dir(path)) }); err != nil {
		return nil, &fs.PathError{Op: "download", Path: t.path, Err: err}
	}
	return t, nil
}

// deviceType returns the type of what is at path and no regular file, else 0. On Windows,
// NUL and the like are devices by their names, whatever the system says about them.
func deviceType(path string, info fs.FileInfo) fs.FileMode {
	if info.Mode().IsRegular() && !filepath.IsLocal(filepath.Base(path)) {
		return fs.ModeDevice
	}
	return info.Mode().Type()
}

// stat describes path, and returns it without symbolic links if there is no root.
func stat(root *os.Root, path string) (fs.FileInfo, string, error) {
	if root != nil {
		if !filepath.IsLocal(path) {
			return nil, path, ErrOutside
		}
		info, err := root.Lstat(path)
		return info, path, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		path, linkErr := followLinks(path)
		return nil, path, cmp.Or(linkErr, err)
	}
	if err != nil {
		return nil, path, err
	}
	if info.Mode().IsRegular() && isDescriptor(path) {
		return nil, path, ErrOpenFile
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	return info, path, nil
}

// maxLinks is how many links are followed from one to the next, as in Linux.
const maxLinks = 40

// followLinks returns where path leads if nothing is there: to path itself, or to the missing
// file at the end of symbolic links. A path that ends with a slash is ErrIsFolder.
func followLinks(path string) (string, error) {
	for range maxLinks {
		folder, name := filepath.Split(path)
		if name == "" {
			return path, ErrIsFolder
		}
		folder, err := filepath.EvalSymlinks(cmp.Or(folder, "."))
		if err != nil {
			return path, nil //nolint:nilerr // the folder is missing, as its user will notice
		}
		next, isLink := readLink(folder, name)
		if !isLink {
			return filepath.Join(folder, name), nil
		}
		path = next
	}
	return path, syscall.ELOOP
}

// readLink returns where the link name in folder leads, and false for what is no link.
func readLink(folder, name string) (next string, isLink bool) {
	next, err := os.Readlink(filepath.Join(folder, name))
	if err != nil {
		return "", false
	}
	if !filepath.IsAbs(next) {
		next = folder + string(filepath.Separator) + next // not Join, which takes "link/.." for "."
	}
	return next, true
}

// isDescriptor reports whether path leads through the folder in which the system has a name
// for each open file of a process: /dev/fd, or /proc/self/fd, which /dev/stdout leads to.
func isDescriptor(path string) bool {
	for range maxLinks {
		folder, name := filepath.Split(path)
		folder, err := filepath.EvalSymlinks(cmp.Or(folder, "."))
		if err != nil {
			return false
		}
		if folder == "/dev/fd" || strings.HasPrefix(folder, "/proc/") && filepath.Base(folder) == "fd" {
			return true
		}
		next, isLink := readLink(folder, name)
		if !isLink {
			return false
		}
		path = next
	}
	return false
}

// Close closes the folder.
func (t *Target) Close() {
	if t.folder != nil {
		_ = t.folder.Close()
	}
}

// explain names the target in an error of its folder, which names a part of it.
func (t *Target) explain(err error) error {
	return fmt.Errorf("writing %s: %w", t.path, err)
}

// openRegular opens the regular file name to read and write. It does not follow a
// link, and does not wait for a FIFO.
func (t *Target) openRegular(name string, flag int) (*os.File, fs.FileInfo, error) {
	before, err := t.folder.Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, nil, &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	file, err := openfiles.Open(func() (*os.File, error) { return t.folder.OpenFile(name, os.O_RDWR|openFlags|flag, 0) })
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !os.SameFile(before, info) { // exchanged for a link
		err = &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, info, nil
}

// isNamed reports whether name is the file that info describes.
func (t *Target) isNamed(name string, info fs.FileInfo) bool {
	named, _ := t.folder.Lstat(name)
	return os.SameFile(named, info) // never true of nil
}

// unlink removes a name from the folder. Some of Windows' file systems, and Wine, do not
// know the way in which an os.Root removes a file; for these the path is used.
func (t *Target) unlink(name string) error {
	err := t.folder.Remove(name)
	if err == nil || runtime.GOOS != "windows" || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	path := filepath.Join(t.folder.Name(), name)
	info, statErr := os.Lstat(path)
	if statErr != nil || !t.isNamed(name, info) { // the folder is elsewhere by now
		return err
	}
	return os.Remove(path)
}

// isSameFolder reports whether both targets are in one folder.
func (t *Target) isSameFolder(other *Target) bool {
	a, _ := t.folder.Stat(".")
	b, _ := other.folder.Stat(".")
	return os.SameFile(a, b) // never true of nil
}

// sync writes the folder, which has the new name, to the disk. Windows opens no
// folders for that.
func (t *Target) sync() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := openfiles.Open(func() (*os.File, error) { return t.folder.Open(".") })
	if err != nil {
		return t.explain(err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}
