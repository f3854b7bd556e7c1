// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// CreateResumable makes a temporary file that a later download can resume. If the
// journal's name is taken, or the file system keeps no permissions, the file is one
// that can't be resumed.
func (t *Target) CreateResumable(source Source) (*File, error) {
	j, err := t.createJournal(source)
	if err != nil {
		return nil, t.explain(err)
	}
	if j == nil {
		return t.Create(source.Size)
	}
	f, err := j.createPart()
	if err != nil {
		return nil, errors.Join(t.explain(err), j.remove())
	}
	m := marker{Version: markerVersion, Inode: inodeOf(f.file), Nonce: j.source.Nonce}
	err = errors.Join(m.write(f.file, source.Size), j.notePart(f.currentName(), f))
	if err != nil {
		return nil, errors.Join(t.explain(err), f.Discard())
	}
	return f, nil
}

// createJournal makes and locks the journal. It is nil if that can't be done.
func (t *Target) createJournal(source Source) (*journal, error) {
	name := t.resumableName("journal")
	file, info, err := t.createNew(name, os.O_APPEND, 0o600)
	if errors.Is(err, fs.ErrExist) {
		j, err := t.openJournal(context.Background()) // another download may just have begun
		if j != nil {
			err = errors.Join(ErrLocked, j.file.Close())
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	source.Version, source.Nonce = journalVersion, newNonce()
	j := &journal{target: t, name: name, file: file, info: info, source: source, chunks: map[int64]Chunk{}}
	if !isPrivate(j.info) || !isOwn(j.info) {
		return nil, j.remove()
	}
	if err := j.write(j.source); err != nil {
		return nil, errors.Join(err, j.remove())
	}
	return j, nil
}

// createPart makes the part file, under another name if a file that is not proved to
// be this package's has the usual one.
func (j *journal) createPart() (*File, error) {
	name := j.target.resumableName("part")
	j.target.removeLeftover(name)
	f, err := j.target.createAs(name, 0o666)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, ErrLocked) {
		f, err = j.target.createAs(temporaryName(newNonce()), 0o666)
	}
	if err != nil {
		return nil, err
	}
	f.journal = j
	// Only the owner writes it until it is complete. Commit gives it the permissions
	// that the umask left.
	err = f.file.Chmod(0o600)
	info, statErr := f.file.Stat()
	if err := errors.Join(err, statErr); err != nil {
		return nil, errors.Join(err, f.Discard())
	}
	f.info = info
	return f, nil
}

// notePart writes where the bytes are.
func (j *journal) notePart(name string, f *File) error {
	return j.write(part{Name: name, Inode: inodeOf(f.file), Mode: f.mode})
}

// IsResumable reports whether Keep leaves the file for another process.
func (f *File) IsResumable() bool { return f.journal != nil }

// Source returns what the file is filled from. It is zero unless it is resumable.
func (f *File) Source() Source {
	if f.journal == nil {
		return Source{}
	}
	return f.journal.source
}

// Chunk returns how much of the chunk that begins at offset is there.
func (f *File) Chunk(offset int64) Chunk {
	if f.journal == nil {
		return Chunk{At: offset}
	}
	f.journal.mu.Lock()
	defer f.journal.mu.Unlock()
	return f.journal.chunks[offset]
}

// Note writes to the journal that a chunk's first bytes are there, unless it says so
// already. Without a journal it does nothing.
func (f *File) Note(offset, bytes int64, crc uint32) error {
	j := f.journal
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if bytes == 0 || bytes == j.chunks[offset].Bytes {
		return nil
	}
	chunk := Chunk{At: offset, Bytes: bytes, CRC32: hexCRC(crc)}
	j.chunks[offset] = chunk
	return j.write(chunk)
}
