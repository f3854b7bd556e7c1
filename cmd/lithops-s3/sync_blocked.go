// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// A blockedSet has the files that sync --delete fetched and can't put in their places before it
// deletes: where the source has a file, the target has a folder, or the other way round. They
// wait in a folder of the target, so that nothing is deleted if one of them can't be fetched. A
// nil one has none.
type blockedSet struct {
	root   *os.Root
	folder string // below root, "" before the first
	files  []blockedFile
}

type blockedFile struct {
	name  string // below root
	waits string // where it is until then
	size  int64
}

// add returns where the file name is written: in its place, unless that is blocked.
func (b *blockedSet) add(root *os.Root, name string, size int64) (string, error) {
	if b == nil || root == nil || !isBlocked(root, name) {
		return name, nil
	}
	if b.folder == "" {
		b.root = root
		if err := b.makeFolder(); err != nil {
			return "", err
		}
	}
	waits := filepath.Join(b.folder, strconv.Itoa(len(b.files)))
	b.files = append(b.files, blockedFile{name, waits, size})
	return waits, nil
}

// makeFolder makes the folder for files that wait.
func (b *blockedSet) makeFolder() error {
	for i := 0; ; i++ {
		folder := fmt.Sprintf(".lithops-s3-sync.%d.%d", os.Getpid(), i)
		err := b.root.Mkdir(folder, 0o700)
		if err == nil {
			b.folder = folder
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// isBlocked reports whether no file can have the name, because a folder has it, or a file the
// name of a folder above it.
func isBlocked(root *os.Root, name string) bool {
	if info, err := root.Lstat(name); err == nil {
		return info.IsDir()
	}
	for folder := filepath.Dir(name); folder != "."; folder = filepath.Dir(folder) {
		if info, err := root.Stat(folder); err == nil {
			return !info.IsDir()
		}
	}
	return false
}

// place puts a file in its place, and removes folders there that have no file.
func (b *blockedSet) place(file blockedFile) error {
	if err := removeFolders(b.root, file.name); err != nil {
		return err
	}
	if err := b.root.MkdirAll(filepath.Dir(file.name), partfile.FolderMode); err != nil {
		return err
	}
	return b.root.Rename(file.waits, file.name)
}

// removeFolders removes a folder below which there is no file.
func removeFolders(root *os.Root, name string) error {
	if info, err := root.Lstat(name); err != nil || !info.IsDir() {
		return nil
	}
	var folders []string
	err := fs.WalkDir(root.FS(), filepath.ToSlash(name), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return fmt.Errorf("%w: %s stays", errBlocked, sanitize.Name(path))
		}
		folders = append(folders, filepath.FromSlash(path))
		return nil
	})
	if err != nil {
		return err
	}
	for _, folder := range slices.Backward(folders) {
		if err := root.Remove(folder); err != nil {
			return err
		}
	}
	return nil
}

// errBlocked is why a file that was fetched is not in its place.
var errBlocked = errors.New("not copied, because there is a folder that is not empty")

// placeBlocked puts the files that waited in their places, and reports those that can't be.
func (d *syncDeletion) placeBlocked() {
	blocked := d.copier.blocked
	if blocked == nil || d.t.ctx.Err() != nil {
		return
	}
	for _, file := range blocked.files {
		if err := blocked.place(file); err != nil {
			d.fail(filepath.ToSlash(file.name), err)
			d.report.Files, d.report.Bytes = d.report.Files-1, d.report.Bytes-file.size
		}
	}
	blocked.files = nil
}

// withdraw takes the files that still wait out of a report.
func (b *blockedSet) withdraw(report *folderReport) {
	if b == nil || report.DryRun {
		return
	}
	for _, file := range b.files {
		if _, err := b.root.Stat(file.waits); err == nil {
			report.Files, report.Bytes = report.Files-1, report.Bytes-file.size
			report.NotDone++
		}
	}
}

// close removes what still waits.
func (b *blockedSet) close() {
	if b != nil && b.folder != "" {
		_ = b.root.RemoveAll(b.folder)
	}
}
