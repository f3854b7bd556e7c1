package lithopss3

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
)

// A target is the file that a download makes or replaces. Everything happens in
// its folder, which is open, so that no symbolic link that is made meanwhile leads
// elsewhere.
type target struct {
	folder   *os.Root
	name     string      // in folder
	path     string      // for messages, and for a device
	mode     fs.FileMode // permissions of the file that is there
	exists   bool
	isDevice bool
	guard    *os.File // the temporary file once more, locked; nil if it has another name
}

// openTarget looks at what is at path, below root where that is not nil. Outside of
// a root, a symbolic link stands for what it leads to; inside, it is replaced.
func openTarget(root *os.Root, path string) (*target, error) {
	t := &target{path: path}
	var info fs.FileInfo
	var err error
	if root == nil {
		info, err = os.Stat(path)
		if resolved, linkErr := filepath.EvalSymlinks(path); err == nil && linkErr == nil {
			path = resolved
		}
	} else {
		if !filepath.IsLocal(path) {
			return nil, &fs.PathError{Op: "download", Path: path, Err: errOutside}
		}
		info, err = root.Lstat(path)
	}
	if err == nil && info.IsDir() {
		return nil, &fs.PathError{Op: "download", Path: path, Err: errIsFolder}
	}
	if err == nil {
		t.exists = info.Mode().IsRegular()
		t.isDevice = !t.exists && root == nil
		t.mode = info.Mode().Perm()
	}
	if t.isDevice {
		return t, nil
	}
	t.name = filepath.Base(path)
	if root == nil {
		t.folder, err = os.OpenRoot(filepath.Dir(path))
	} else {
		t.folder, err = root.OpenRoot(filepath.Dir(path))
	}
	if err != nil {
		return nil, &fs.PathError{Op: "download", Path: t.path, Err: err}
	}
	return t, nil
}

var errOutside = errors.New("leads out of the folder")

func (t *target) close() {
	if t.guard != nil {
		_ = t.guard.Close()
	}
	if t.folder != nil {
		_ = t.folder.Close()
	}
}

// create makes a new file beside the target, with the permissions that the user's
// umask leaves to new files; os.CreateTemp would keep it from the group.
func (t *target) create() (*os.File, error) {
	if file := t.createNamed(); file != nil {
		return file, nil
	}
	const attempts = 100
	for attempt := 0; ; attempt++ {
		file, err := t.createAs(temporaryName(rand.Uint32()))
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, fs.ErrExist) || attempt == attempts {
			return nil, t.explain(err)
		}
	}
}

func temporaryName(number uint32) string { return fmt.Sprintf(".lithops-s3-%08x.part", number) }

func (t *target) createAs(name string) (*os.File, error) {
	return t.folder.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
}

// createNamed makes the file under a name that follows from the target's, so that a
// download finds what one that was killed has left, and removes it. The file is
// locked until the target is closed. It is nil where that can't be done: another
// download into the target is under way, or there are no locks here.
func (t *target) createNamed() *os.File {
	if !hasLocks {
		return nil
	}
	name := temporaryName(crc32.ChecksumIEEE([]byte(t.name)))
	if left := t.lockNamed(name); left != nil {
		_ = t.folder.Remove(name)
		_ = left.Close()
	}
	file, err := t.createAs(name)
	if err != nil {
		return nil // as there is one, or a reason that the next attempt meets too
	}
	guard := t.lockNamed(name)
	if guard == nil || !isSameFile(file, guard) { // somebody took it for a leftover before it was locked
		if guard != nil {
			_ = guard.Close()
		}
		_ = file.Close()
		return nil
	}
	t.guard = guard
	return file
}

// lockNamed opens and locks a regular file, and is nil where that can't be done.
func (t *target) lockNamed(name string) *os.File {
	if info, err := t.folder.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	file, err := t.folder.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	opened, err := file.Stat()
	if err == nil {
		err = lockFile(file)
	}
	if err == nil {
		if named, err := t.folder.Lstat(name); err == nil && os.SameFile(opened, named) {
			return file
		}
	}
	_ = file.Close()
	return nil
}

func isSameFile(a, b *os.File) bool {
	infoA, errA := a.Stat()
	infoB, errB := b.Stat()
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// explain names the target where an error of its folder names only a part of it.
func (t *target) explain(err error) error {
	return fmt.Errorf("writing %s: %w", t.path, err)
}

// replace has write fill a file that create made, and puts it in the target's
// place; done is told that. On an error nothing of it is left.
func (t *target) replace(temporary *os.File, sync bool, write func() error, done func()) error {
	name := filepath.Base(temporary.Name())
	err := write()
	if err == nil {
		err = t.settle(temporary, sync)
	}
	if err == nil {
		err = t.rename(name)
	}
	if err != nil {
		_ = temporary.Close()
		return errors.Join(err, t.folder.Remove(name))
	}
	done()
	return t.syncFolder(sync)
}

func (t *target) rename(name string) error {
	if err := t.folder.Rename(name, t.name); err != nil {
		return t.explain(err)
	}
	return nil
}

// settle closes a complete file. The file that it replaces keeps its permissions.
func (t *target) settle(file *os.File, sync bool) error {
	if t.exists {
		if err := file.Chmod(t.mode); err != nil {
			return err
		}
	}
	if sync {
		if err := file.Sync(); err != nil {
			return err
		}
	}
	return file.Close()
}

// syncFolder has the new name on the disk too. Windows opens no folders for that.
func (t *target) syncFolder(sync bool) error {
	if !sync || runtime.GOOS == "windows" {
		return nil
	}
	folder, err := t.folder.Open(".")
	if err != nil {
		return t.explain(err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}
