// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// An entry is a file of a folder, or an object below a prefix.
type entry struct {
	name     string // below the folder or prefix, with slashes
	key      string // of an object
	size     int64
	modified time.Time
	etag     string      // of an object
	file     fs.FileInfo // of a file
}

// listed returns what a listing said of an object.
func (e entry) listed() *lithopss3.ObjectInfo {
	return &lithopss3.ObjectInfo{Key: e.key, Size: e.size, ETag: e.etag, LastModified: e.modified}
}

// isSame reports whether two listings have the same object under a key.
func (e entry) isSame(other entry) bool {
	return e.size == other.size && e.etag == other.etag && e.modified.Equal(other.modified)
}

// walkFiles finds all files below a folder. Links to files within it are followed; a
// link that leads nowhere or out of the folder, one to a folder, and what is no file
// are failures. A folder below which nothing is kept is not read. The temporary files of
// downloads are skipped, each with a line that says so, but only those that are proved to
// be such. What is removed while the folder is walked is left out, as if it had been before:
// another sync may run there, whose temporary files come and go.
func walkFiles(t *terminal, root *os.Root, keep *filter) (found []entry, failures []failureReport) {
	fail := func(name string, err error) {
		failures = append(failures, failureReport{File: name, Error: err.Error()})
		t.printError(fmt.Errorf("%s: %w", sanitize.Name(name), err))
	}
	_ = fs.WalkDir(root.FS(), ".", func(name string, dir fs.DirEntry, err error) error {
		switch {
		case t.ctx.Err() != nil:
			return t.ctx.Err()
		case err != nil && isGone(root.FS(), name):
			return nil
		case err != nil:
			fail(name, err)
			return nil // the rest of the folder is still worth storing
		case dir.IsDir() && name != "." && keep.leavesOut(name):
			return fs.SkipDir
		case !dir.IsDir() && !keep.keeps(name):
			return nil
		case !utf8.ValidString(name):
			fail(name, errNoKey)
			return skipFolder(dir) // an fs.FS opens none of such a name
		case dir.IsDir():
			return nil
		}
		info, err := checkRegular(root, name)
		switch {
		case err != nil && isGone(root.FS(), name):
		case errors.Is(err, errFolderLink) && keep.leavesOut(name):
			return nil
		case errors.Is(err, errLeftover):
			t.printError(fmt.Errorf("%s: %w", sanitize.Name(name), err))
		case err != nil:
			fail(name, err)
		default:
			found = append(found, entry{name: name, size: info.Size(), modified: info.ModTime(), file: info})
		}
		return nil
	})
	return found, failures
}

// skipFolder returns what has a walk leave out all below a folder, and nil for a file.
func skipFolder(dir fs.DirEntry) error {
	if dir.IsDir() {
		return fs.SkipDir
	}
	return nil
}

var (
	errLeftover   = errors.New("skipped, because it is the temporary file of an unfinished download")
	errNoKey      = errors.New("the name is no key, as it is not UTF-8")
	errFolderLink = errors.New("a link to a folder is not followed")
)

// checkRegular returns an error for what can't be stored.
func checkRegular(root *os.Root, name string) (fs.FileInfo, error) {
	local := filepath.FromSlash(name)
	info, err := root.Stat(local)
	switch {
	case err != nil:
		return nil, err
	case partfile.IsLeftover(root, local):
		return nil, errLeftover
	case info.IsDir():
		return nil, errFolderLink
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file")
	}
	return info, nil
}

// isGone reports whether what a folder had was removed since. A name that is still listed, and
// can't be found, is one that the file system can't express, as on some network drives.
func isGone(files fs.FS, name string) bool {
	if _, err := fs.Lstat(files, name); !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if partfile.HasTemporaryName(path.Base(name)) { // which the next download may have again
		return true
	}
	folder := path.Dir(name)
	entries, err := fs.ReadDir(files, folder)
	if errors.Is(err, fs.ErrNotExist) {
		return isGone(files, folder)
	}
	isListed := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == path.Base(name) })
	return err == nil && !isListed
}

// isLink reports whether a path below root is a symbolic link.
func isLink(root *os.Root, local string) bool {
	info, err := root.Lstat(local)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// isNamedLink reports whether a path of this machine is a symbolic link.
func isNamedLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// An objectQuery selects objects: all below a prefix, or those that match a pattern.
type objectQuery struct {
	bucket string
	prefix string // what all keys begin with
	match  string // a pattern for keys, "" for all
	base   string // what names of entries are below
	// isEmpty reports, after list, that it found nothing to keep or to leave out.
	isEmpty bool
}

// plainKey returns what a key of a line stands for, and whether that is a pattern. A key whose
// wildcards all have a backslash before them is none, and is returned without backslashes. One
// without wildcards is returned unchanged, with its backslashes.
func plainKey(key string) (plain string, isPattern bool) {
	if !strings.ContainsAny(key, "*?") {
		return key, false
	}
	var b strings.Builder
	isEscaped := false
	for _, char := range []byte(key) {
		switch {
		case isEscaped:
			isEscaped = false
		case char == '\\':
			isEscaped = true
			continue
		case char == '*', char == '?':
			return key, true
		}
		b.WriteByte(char)
	}
	if isEscaped { // which matches nothing
		return key, true
	}
	return b.String(), false
}

// hasWildcard reports whether a key is a pattern.
func hasWildcard(key string) bool {
	_, isPattern := plainKey(key)
	return isPattern
}

// folderQuery selects all objects below a folder.
func folderQuery(name objectName) objectQuery {
	prefix := folderPrefix(name.key)
	return objectQuery{bucket: name.bucket, prefix: prefix, base: prefix}
}

// patternQuery selects the objects that match a pattern. Their names begin after the
// last slash before the first wildcard; of data/**, which is data too, with data.
func patternQuery(name objectName) (objectQuery, error) {
	glob, err := lithopss3.CompileGlob(name.key)
	if err != nil {
		return objectQuery{}, usagef("%w", err)
	}
	base := glob.Prefix()
	return objectQuery{bucket: name.bucket, match: name.key, base: base[:strings.LastIndex(base, "/")+1]}, nil
}

// list returns the objects of the query.
func (q *objectQuery) list(t *terminal, store *lithopss3.Store, keep *filter) ([]entry, error) {
	var found []entry
	q.isEmpty = true
	opts := &lithopss3.ListOptions{Prefix: q.prefix, Match: q.match, Parallel: listingsAtOnce}
	for info, err := range t.counting(q.bucket, store.ListObjects(t.ctx, q.bucket, opts)) {
		if err != nil {
			return nil, err
		}
		q.isEmpty = false
		name := strings.TrimPrefix(info.Key, q.base)
		if keep.keeps(name) {
			found = append(found, entry{name: name, key: info.Key, size: info.Size, modified: info.LastModified, etag: info.ETag})
		}
	}
	return found, nil
}

// none returns the error for a query that found nothing.
func (q *objectQuery) none() error {
	if q.match != "" {
		return fmt.Errorf("%w: no object in %s matches %s", fs.ErrNotExist, sanitize.Name(q.bucket), sanitize.Name(q.match))
	}
	return fmt.Errorf("%w: no object in %s begins with %s", fs.ErrNotExist, sanitize.Name(q.bucket), sanitize.Name(q.prefix))
}

// localNames has the names that objects get below a folder of this machine.
type localNames struct {
	files    []entry // whose names are paths
	folders  []string
	marks    []entry         // the empty objects of folders
	failures []failureReport // objects with bytes and the name of a folder
}

// nameLocally sorts objects by what they become. An empty object whose key ends with a slash
// marks a folder. An object that can be no file is an error, before anything is written.
func nameLocally(found []entry) (names localNames, err error) {
	check := nameCheck{}
	for _, e := range found {
		isFolder := e.name == "" || strings.HasSuffix(e.name, "/")
		name := strings.TrimSuffix(e.name, "/")
		if isFolder && e.size > 0 {
			names.failures = append(names.failures, failureReport{File: e.key, Error: "its key ends with a slash, and it has bytes: fetch it by its key, with --out FILE"})
		}
		if isFolder && e.size == 0 {
			names.marks = append(names.marks, e)
		}
		if isFolder && name == "" {
			continue // the folder itself
		}
		local, err := lithopss3.LocalPath(name)
		if err == nil {
			err = check.add(name, isFolder)
		}
		if err != nil {
			return localNames{}, lineError{fmt.Errorf("nothing was fetched, as %s can be no file: %w", sanitize.Name(e.key), err)}
		}
		if isFolder {
			names.folders = append(names.folders, local)
			continue
		}
		e.name = local
		names.files = append(names.files, e)
	}
	return names, nil
}

// folderPrefix makes a prefix of what the user wrote for a folder. Only "" is the whole
// bucket: "/" and "./" are folders of their own, as S3 has them.
func folderPrefix(name string) string {
	if name == "" || strings.HasSuffix(name, "/") {
		return name
	}
	return name + "/"
}

// A nameCheck finds keys that can't be files side by side: one that is a file and a
// folder, or one twice. It says of each name whether it is a folder. Names that only
// this file system takes for one are found when they are written, see
// [lithopss3.DownloadOptions.Together].
type nameCheck map[string]bool

func (c nameCheck) add(name string, isFolder bool) error {
	if was, known := c[name]; known && (was != isFolder || !isFolder) {
		return fmt.Errorf("%w: other keys make it a file and a folder", lithopss3.ErrUnsafeKey)
	}
	c[name] = isFolder
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		if was, known := c[folder]; known {
			if !was {
				return fmt.Errorf("%w: %s is a file too", lithopss3.ErrUnsafeKey, sanitize.Name(folder))
			}
			break // and so is what is above it
		}
		c[folder] = true
	}
	return nil
}
