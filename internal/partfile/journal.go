package partfile

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
)

// A resumable download has two files next to the target NAME:
//
//   - .NAME.lithops-s3.part has each byte in its place, and the marker after the last.
//   - .NAME.lithops-s3.journal says which bytes are there: lines of JSON, the first a
//     Source, the others a Chunk each, in the order in which they came. It is locked
//     by the process that writes it.
//
// If a file of the user's has the first name, the part file has another, which the
// journal says. If the second is taken, the download is not resumable.
//
// Both have the mode 0600, belong to the user and have no other names: what another
// user may have written is not used. A line is written after the bytes that it tells
// of, so that it is true whenever the process is killed. Whether the bytes are still
// what it says, after a crash of the machine for example, its CRC32 tells. A line
// that can't be read, as the last one may be, says nothing.

// journalVersion is what Version of a Source must be.
const journalVersion = 1

// A Source is what a resumable file is filled from. Everything but the last two
// fields is the caller's, and has no meaning here.
type Source struct {
	Version int    `json:"lithops_s3_download"`
	Bucket  string `json:"bucket"`
	Key     string `json:"key"`
	ETag    string `json:"etag"`
	Size    int64  `json:"size"`
	Chunk   int64  `json:"range"` // how long each chunk is, but the last
	Nonce   string `json:"nonce"` // the part file's marker has it too
}

// A Chunk says that so many bytes are there, from At on, where a chunk begins.
type Chunk struct {
	At    int64  `json:"at"`
	Bytes int64  `json:"bytes"`
	CRC32 hexCRC `json:"crc32"`
}

// A part says which file has the bytes.
type part struct {
	Name  string      `json:"part"`
	Inode uint64      `json:"inode"`
	Mode  fs.FileMode `json:"mode"` // of the file under its final name
}

// A line is any line of a journal but the first.
type line struct {
	Chunk
	part
}

type hexCRC uint32

// MarshalText writes eight digits.
func (c hexCRC) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%08x", uint32(c)), nil }

// UnmarshalText reads them.
func (c *hexCRC) UnmarshalText(text []byte) error {
	value, err := strconv.ParseUint(string(text), 16, 32)
	*c = hexCRC(value)
	return err
}

// A journal is the open journal of a File.
type journal struct {
	target *Target
	name   string
	file   *os.File
	info   fs.FileInfo
	source Source
	part   part

	mu     sync.Mutex
	chunks map[int64]Chunk // the longest of each At
}

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

// openJournal opens, locks and reads the journal. It is nil if there is none that
// can be trusted.
func (t *Target) openJournal(ctx context.Context) (*journal, error) {
	j := &journal{target: t, name: t.resumableName("journal"), chunks: map[int64]Chunk{}}
	for range lockAttempts {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
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
		if !isOwn(info) || !isPrivate(info) || !hasOneName(info) {
			return nil, file.Close()
		}
		if err := lock(file); errors.Is(err, errLocked) {
			return nil, errors.Join(ErrLocked, file.Close())
		}
		if t.isNamed(j.name, info) {
			j.file, j.info = file, info
			return j.read()
		}
		if err := file.Close(); err != nil { // the other download removed it meanwhile
			return nil, err
		}
	}
	return nil, ErrLocked
}

// read reads the journal, and closes one that is not of this package. An empty one
// is, if the part file proves itself: the machine may have crashed.
func (j *journal) read() (*journal, error) {
	if err := readJournal(j.file, &j.source, j.add); err != nil {
		name := j.target.resumableName("part")
		if j.info.Size() == 0 && j.target.isProved(name) {
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

// add takes a line of the journal.
func (j *journal) add(l line) {
	if l.Name != "" {
		j.part = l.part
		return
	}
	if j.isValid(l.Chunk) && l.Bytes > j.chunks[l.At].Bytes {
		j.chunks[l.At] = l.Chunk
	}
}

// isValid reports whether a chunk is one of the source.
func (j *journal) isValid(c Chunk) bool {
	s := j.source
	return s.Chunk > 0 && c.At >= 0 && c.At < s.Size && c.At%s.Chunk == 0 && c.Bytes > 0 && c.Bytes <= min(s.Chunk, s.Size-c.At)
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

// readJournal reads the first line of a journal into source, and calls add with each
// of the others. It fails if the first is of another kind.
func readJournal(file io.ReadSeeker, source *Source, add func(line)) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	scanner := bufio.NewScanner(file)
	if !scanner.Scan() {
		return errors.Join(io.ErrUnexpectedEOF, scanner.Err())
	}
	if err := json.Unmarshal(scanner.Bytes(), source); err != nil {
		return err
	}
	if source.Version != journalVersion {
		return errors.New("it is of another kind")
	}
	for scanner.Scan() {
		var l line
		if json.Unmarshal(scanner.Bytes(), &l) == nil {
			add(l)
		}
	}
	return scanner.Err()
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
	m := readMarker(file, info)
	isOurs := isOwn(info) && (provesItself(file, info) ||
		(j.part.Inode != 0 && j.part.Inode == inodeOf(info)) ||
		(j.source.Nonce != "" && j.source.Nonce == m.Nonce))
	if err := lock(file); !isOurs || errors.Is(err, errLocked) {
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

// isUsable reports whether the bytes of the part file may be used: nobody else can
// have written them, and it ends where it must, with the journal's own marker.
func (j *journal) isUsable(f *File) bool {
	return f != nil && isPrivate(f.info) && hasOneName(f.info) && j.source.Size > 0 && j.source.ETag != "" &&
		f.info.Size() == j.source.Size+markerSize && readMarker(f.file, f.info).Nonce == j.source.Nonce
}

// discard removes the journal and its part file, if that is open.
func (j *journal) discard(f *File) error {
	if f != nil {
		return f.Discard()
	}
	return j.remove()
}

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
	m := marker{Version: markerVersion, Inode: inodeOf(f.info), Nonce: j.source.Nonce}
	err = errors.Join(m.write(f.file, source.Size), j.notePart(f.currentName(), f))
	if err != nil {
		return nil, errors.Join(t.explain(err), f.Discard())
	}
	return f, nil
}

// createJournal makes and locks the journal. It is nil if that can't be done.
func (t *Target) createJournal(source Source) (*journal, error) {
	name := t.resumableName("journal")
	file, err := t.folder.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
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
	j := &journal{target: t, name: name, file: file, source: source, chunks: map[int64]Chunk{}}
	if j.info, err = file.Stat(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := lock(file); errors.Is(err, errLocked) {
		return nil, errors.Join(ErrLocked, file.Close())
	}
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
	if errors.Is(err, fs.ErrExist) || errors.Is(err, errLocked) {
		f, err = j.target.createAs(temporaryName(newNonce()), 0o666)
	}
	if err != nil {
		return nil, err
	}
	f.journal = j
	// Only the owner writes it until it is complete. Commit gives it the permissions
	// that the umask left.
	if err := f.file.Chmod(0o600); err != nil {
		return nil, errors.Join(err, f.Discard())
	}
	if f.info, err = f.file.Stat(); err != nil {
		return nil, errors.Join(err, f.Discard())
	}
	return f, nil
}

// notePart writes where the bytes are.
func (j *journal) notePart(name string, f *File) error {
	return j.write(part{Name: name, Inode: inodeOf(f.info), Mode: f.mode})
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

// write appends a line.
func (j *journal) write(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(text, '\n'))
	return err
}

// remove removes the journal.
func (j *journal) remove() error { return j.target.removeOpen(j.file, j.name, j.info) }
