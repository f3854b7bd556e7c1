// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// errTaken reports that another process put a file in the temporary file's place.
var errTaken = errors.New("the temporary file was replaced by another process")

// A File is the new content of a Target, in a temporary file. Reads and writes are
// safe for concurrent use. One of Commit, Discard and Keep ends it; what comes after
// that has no effect, so that a deferred Discard serves every other way out.
type File struct {
	target  *Target
	file    *os.File
	info    fs.FileInfo
	mode    fs.FileMode // of the file under its final name
	journal *journal    // nil unless resumable
	ended   bool

	name string // held by names
}

// names makes a look at a name and what is done to it one step, for all downloads
// of this process: an object may have the name of another one's temporary file.
var (
	names  sync.Mutex
	active = map[*File]struct{}{}
)

// currentName returns the temporary file's name.
func (f *File) currentName() string {
	names.Lock()
	defer names.Unlock()
	return f.name
}

// Create makes a temporary file for size bytes, or an unknown number where size is
// negative. What a process that was killed left of the same target is removed, if
// its marker proves it.
func (t *Target) Create(size int64) (*File, error) {
	return t.create(size, 0o666)
}

// create gives the file the permissions perm, less the user's umask.
func (t *Target) create(size int64, perm fs.FileMode) (*File, error) {
	// The name follows from the target's, so that the next download finds what this
	// one leaves if it is killed.
	name := temporaryName(fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(t.name))))
	t.removeLeftover(name)
	file, err := t.createAs(name, perm)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, ErrLocked) {
		file, err = t.createAs(temporaryName(newNonce()), perm)
	}
	if err != nil {
		return nil, t.explain(err)
	}
	if size < 0 {
		return file, nil
	}
	m := marker{Version: markerVersion, Inode: inodeOf(file.file), Nonce: newNonce()}
	if err := m.write(file.file, size); err != nil {
		return nil, errors.Join(t.explain(err), file.Discard())
	}
	return file, nil
}

// FolderMode is the mode of a folder that is made for files. As of theirs, the user's umask
// takes away from it.
const FolderMode fs.FileMode = 0o777

func temporaryName(id string) string { return ".lithops-s3-" + id + ".part" }

// maxName is the longest name of a file, in bytes, in common file systems.
const maxName = 255

// resumableName is the name of the part file or the journal of the target.
func (t *Target) resumableName(extension string) string {
	name := t.name
	if len(name)+len(".")+len(".lithops-s3.journal") > maxName {
		sum := sha256.Sum256([]byte(name))
		name = hex.EncodeToString(sum[:16])
	}
	return "." + name + ".lithops-s3." + extension
}

// createNew makes and locks a new file, with flags besides those that it needs. It
// returns ErrLocked if another process took the file for a leftover just then.
func (t *Target) createNew(name string, flags int, perm fs.FileMode) (*os.File, fs.FileInfo, error) {
	file, err := openfiles.Open(func() (*os.File, error) {
		return t.folder.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|flags, perm)
	})
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err := errors.Join(err, lockIfAny(file)); err != nil {
		return nil, nil, errors.Join(err, t.removeOpen(file, name, info))
	}
	return file, info, nil
}

// createAs makes a new file of this name.
func (t *Target) createAs(name string, perm fs.FileMode) (*File, error) {
	file, info, err := t.createNew(name, 0, perm)
	if err != nil {
		return nil, err
	}
	f := &File{target: t, file: file, info: info, name: name, mode: info.Mode().Perm()}
	if t.exists {
		f.mode = t.mode
	}
	names.Lock()
	active[f] = struct{}{}
	names.Unlock()
	return f, nil
}

// removeLeftover removes a temporary file of a process that was killed. Without
// locks it can't be told from one that is being written, and stays.
func (t *Target) removeLeftover(name string) {
	file, info, err := t.openRegular(name, 0)
	if err != nil {
		return
	}
	if lock(file) == nil && provesItself(file, info) {
		_ = t.removeOpen(file, name, info)
		return
	}
	_ = file.Close()
}

// remove removes name if it is the file that info describes. What is no longer
// there, or another file, is no error.
func (t *Target) remove(name string, info fs.FileInfo) error {
	names.Lock()
	defer names.Unlock()
	if !t.isNamed(name, info) {
		return nil
	}
	err := t.unlink(name)
	if err != nil && t.isNamed(name, info) {
		return t.explain(err)
	}
	return nil
}

// removeOpen removes and closes a file of this process, in this order, because closing
// it releases its lock. Only Windows, which removes no open file, has the other order.
func (t *Target) removeOpen(file *os.File, name string, info fs.FileInfo) error {
	err := t.remove(name, info)
	_ = file.Close()
	if err != nil {
		err = t.remove(name, info)
	}
	return err
}

// ReadAt reads as io.ReaderAt has it.
func (f *File) ReadAt(p []byte, offset int64) (int, error) { return f.file.ReadAt(p, offset) }

// WriteAt writes as io.WriterAt has it.
func (f *File) WriteAt(p []byte, offset int64) (int, error) { return f.file.WriteAt(p, offset) }

// Commit puts the file, which has size bytes, in the target's place. A file that it
// replaces keeps its permissions. With sync, the file is on the disk before. If
// Commit fails, what was in the target's place stays there. What an interrupted resumable
// download has left there is of no use any more, and is removed.
func (f *File) Commit(size int64, sync bool) error {
	if f.ended {
		return fs.ErrClosed
	}
	if err := f.settle(size, sync); err != nil {
		return errors.Join(err, f.Discard())
	}
	f.end()
	err := f.rename()
	if f.journal != nil {
		err = errors.Join(err, f.journal.remove())
	} else if err == nil {
		f.target.forget()
	}
	if err == nil && sync {
		err = f.target.sync()
	}
	return err
}

// settle cuts the marker off. The bytes are written to the disk before: that may take long,
// and a process that is killed meanwhile must leave a file that is proved to be ours.
func (f *File) settle(size int64, sync bool) error {
	if sync {
		if err := f.file.Sync(); err != nil {
			return err
		}
	}
	if err := f.file.Truncate(size); err != nil {
		return err
	}
	if f.mode != f.info.Mode().Perm() {
		if err := f.file.Chmod(f.mode); err != nil {
			return err
		}
	}
	if sync {
		return f.file.Sync()
	}
	return nil
}

// rename closes the file and gives it its final name. If another download of this
// process uses that name for its own temporary file, that one is renamed first.
func (f *File) rename() error {
	t := f.target
	if err := f.file.Close(); err != nil {
		return errors.Join(t.explain(err), t.remove(f.name, f.info))
	}
	names.Lock()
	defer names.Unlock()
	if !t.isNamed(f.name, f.info) {
		return t.explain(errTaken)
	}
	for other := range active {
		if strings.EqualFold(other.name, t.name) && t.isSameFolder(other.target) {
			other.evade()
		}
	}
	err := t.files.check(t.folder, t.name, t.path)
	stamping := t.stampAs(f.name)
	if err == nil {
		err = t.folder.Rename(f.name, t.name)
	}
	if err != nil {
		return errors.Join(t.explain(err), t.unlink(f.name))
	}
	t.files.add(t.folder, t.name, t.path)
	return stamping // the file is there, and has another time
}

// stampAs sets the time of the closed file name, as closing may change it on Windows.
func (t *Target) stampAs(name string) error {
	if t.stamp.IsZero() {
		return nil
	}
	if err := t.folder.Chtimes(name, t.stamp, t.stamp); err != nil {
		return t.explain(err)
	}
	return nil
}

// evade gives the temporary file another name. It is called with names locked.
func (f *File) evade() {
	name := temporaryName(newNonce())
	if f.target.folder.Rename(f.name, name) != nil {
		return // the rename that follows meets the same error, or Commit notices
	}
	f.name = name
	if f.journal != nil {
		_ = f.journal.notePart(name, f) // else it is not resumable, and no worse
	}
}

// end tells that no other download needs to care for the file's name, and reports
// whether this is the first call.
func (f *File) end() bool {
	if f.ended {
		return false
	}
	f.ended = true
	names.Lock()
	defer names.Unlock()
	delete(active, f)
	return true
}

// Discard removes the temporary file, and its journal.
func (f *File) Discard() error {
	if !f.end() {
		return nil
	}
	err := f.target.removeOpen(f.file, f.name, f.info)
	if f.journal != nil {
		err = errors.Join(err, f.journal.remove())
	}
	return err
}

// Keep closes the file and its journal for another process to resume. A file that is
// not resumable is discarded.
func (f *File) Keep() error {
	if f.journal == nil {
		return f.Discard()
	}
	if !f.end() {
		return nil
	}
	return errors.Join(f.file.Close(), f.journal.file.Close())
}

// Replace writes data as the file at path, with the permissions perm: a reader finds
// the old file or the new one, whole.
func Replace(path string, data []byte, perm fs.FileMode) error {
	t, err := Open(nil, path)
	if err != nil {
		return err
	}
	defer t.Close()
	if t.IsDevice() {
		return &fs.PathError{Op: "write", Path: path, Err: ErrNotRegular}
	}
	t.exists, t.mode = true, perm
	file, err := t.create(int64(len(data)), perm)
	if err != nil {
		return err
	}
	defer func() { _ = file.Discard() }()
	if _, err := file.WriteAt(data, 0); err != nil {
		return t.explain(err)
	}
	return file.Commit(int64(len(data)), false)
}

// HasTemporaryName reports whether a file may be one of this package's by its name, which is no
// proof: see [IsLeftover].
func HasTemporaryName(name string) bool {
	return strings.HasPrefix(name, ".") && strings.Contains(name, "lithops-s3")
}

// IsLeftover reports whether the file name in folder is a temporary file or a
// journal of this package, which an interrupted download left or one in progress
// writes. It needs a proof: the name alone does not count. The lock of another open file
// is one, because a download has no marker before its first byte and after its last.
func IsLeftover(folder *os.Root, name string) bool {
	base := filepath.Base(name)
	if !HasTemporaryName(base) {
		return false
	}
	parent, err := openfiles.Open(func() (*os.Root, error) { return folder.OpenRoot(filepath.Dir(name)) })
	if err != nil {
		return false
	}
	t := &Target{folder: parent, path: name}
	defer t.Close()
	file, info, err := t.openRegular(base, 0)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	if strings.HasSuffix(base, ".journal") {
		err := readJournal(file, &Source{}, func(line) {})
		return err == nil && isOwn(info) && isPrivate(info)
	}
	return provesItself(file, info) || isTemporaryName(base) && errors.Is(lock(file), ErrLocked)
}
