// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/lithops-go/lithopss3/internal/ended"
)

// lockAttempts is how often a journal is opened that disappears while it is locked.
const lockAttempts = 10

// Resume returns what an earlier download from the same bucket and key left, or nil.
// What is proved to be of this package and of no use is removed. It is ErrLocked if
// another download is in progress, and ErrNotRegular if something that is no file
// has the name of the journal or the part file.
func (t *Target) Resume(ctx context.Context, bucket, key string) (*File, error) {
	j, err := t.openJournal(ctx)
	if err != nil {
		return nil, t.explain(err)
	}
	if j == nil {
		t.removeLeftover(t.resumableName("part"))
		return nil, nil
	}
	f, err := j.openPart()
	if err != nil {
		return nil, errors.Join(t.explain(err), j.file.Close())
	}
	if j.source.Bucket != bucket || j.source.Key != key || !j.isUsable(f) {
		return nil, j.discard(f)
	}
	return f, nil
}

// forget removes what an earlier download left, unless another one may be writing it: that can't
// be told without locks.
func (t *Target) forget() {
	file, _, err := t.openRegular(t.resumableName("journal"), 0)
	if errors.Is(err, fs.ErrNotExist) {
		t.removeLeftover(t.resumableName("part"))
	}
	if err != nil {
		return
	}
	isFree := lock(file) == nil
	_ = file.Close()
	if isFree {
		_, _ = t.Resume(context.Background(), "", "") // which removes what is of another object
	}
}

// openJournal opens, locks and reads the journal. It is nil if there is none that
// can be trusted.
func (t *Target) openJournal(ctx context.Context) (*journal, error) {
	j := &journal{target: t, name: t.resumableName("journal"), chunks: map[int64]Chunk{}}
	for range lockAttempts {
		if err := ended.Why(ctx); err != nil {
			return nil, err
		}
		file, info, err := t.openRegular(j.name, os.O_APPEND)
		switch {
		case errors.Is(err, ErrNotRegular):
			return nil, fmt.Errorf("%w, where the journal of a resumable download belongs: remove it, or download without resuming", err)
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
			return nil, nil
		case err != nil:
			return nil, err
		}
		if !isOwn(info) || !isPrivate(info) || !hasOneName(file) {
			return nil, file.Close()
		}
		if err := lockIfAny(file); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		if t.isNamed(j.name, info) {
			j.file, j.info = file, info
			return j.read()
		}
		_ = file.Close() // the other download removed it meanwhile
	}
	return nil, ErrLocked
}

// read reads the journal, and closes one that is not of this package. An empty one is, and
// one that begins with NUL bytes, if the part file proves itself: after a crash of the machine
// a file may have its size and not its bytes.
func (j *journal) read() (*journal, error) {
	if err := readJournal(j.file, &j.source, j.add); err != nil {
		name := j.target.resumableName("part")
		if j.isLost() && j.target.isProved(name) {
			j.part.Name = name
			return j, nil
		}
		return nil, j.file.Close()
	}
	if _, err := j.file.WriteString("\n"); err != nil { // which ends a line that was cut off
		return nil, errors.Join(err, j.file.Close())
	}
	return j, nil
}

// isLost reports whether the beginning of the journal was never written to the disk.
func (j *journal) isLost() bool {
	first := []byte{0}
	_, err := j.file.ReadAt(first, 0)
	return first[0] == 0 && (err == nil || errors.Is(err, io.EOF))
}

// isProved reports whether the file name has its own marker.
func (t *Target) isProved(name string) bool {
	file, info, err := t.openRegular(name, 0)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	return provesItself(file, info)
}

// openPart opens the file that the journal names, if it is proved to be this
// package's. It is nil if there is none, or another one.
func (j *journal) openPart() (*File, error) {
	t, name := j.target, j.part.Name
	if name == "" {
		name = t.resumableName("part")
	}
	if !isTemporaryName(name) {
		return nil, nil
	}
	file, info, err := t.openRegular(name, 0)
	switch {
	case errors.Is(err, ErrNotRegular):
		return nil, j.removeLink(name, err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if !j.isOurs(file, info) || lockIfAny(file) != nil {
		return nil, file.Close()
	}
	f := &File{target: t, file: file, info: info, name: name, mode: cmp.Or(j.part.Mode.Perm(), info.Mode().Perm()), journal: j}
	if t.exists {
		f.mode = t.mode
	}
	names.Lock()
	active[f] = struct{}{}
	names.Unlock()
	return f, nil
}

// isOurs reports whether an open part file is proved to be this package's: by its own
// marker, or because the journal names its inode or has the nonce of its marker.
func (j *journal) isOurs(file *os.File, info fs.FileInfo) bool {
	if !isOwn(info) {
		return false
	}
	isNoted := j.part.Inode != 0 && j.part.Inode == inodeOf(file)
	hasNonce := j.source.Nonce != "" && j.source.Nonce == readMarker(file, info).Nonce
	return isNoted || hasNonce || provesItself(file, info)
}

// removeLink removes a symbolic link that has the name of the part file which the
// journal proves to be this package's. Anything else there is cause.
func (j *journal) removeLink(name string, cause error) error {
	info, err := j.target.folder.Lstat(name)
	if err != nil || info.Mode().Type() != fs.ModeSymlink || j.part.Name != name {
		return fmt.Errorf("%w, where the part file of a resumable download belongs: remove it, or download without resuming", cause)
	}
	return j.target.remove(name, info)
}

// isTemporaryName reports whether a journal may name this file.
func isTemporaryName(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".part") && strings.Contains(name, "lithops-s3") && !strings.ContainsAny(name, `/\`)
}

// isUsable reports whether the bytes of the part file may be used: no other user can
// have written them, and it ends where it must, with the journal's own marker.
func (j *journal) isUsable(f *File) bool {
	return f != nil && isPrivate(f.info) && hasOneName(f.file) && j.source.Size > 0 && j.source.ETag != "" &&
		f.info.Size() == j.source.Size+markerSize && readMarker(f.file, f.info).Nonce == j.source.Nonce
}

// discard removes the journal and its part file, if that is open.
func (j *journal) discard(f *File) error {
	if f != nil {
		return f.Discard()
	}
	return j.remove()
}
