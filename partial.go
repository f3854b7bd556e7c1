package lithopss3

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"sync"
)

// A partial is a download that another process can go on with: two files beside
// the target NAME.
//
//   - .NAME.lithops-s3.part has the object's size from the start, and each byte in
//     its place.
//   - .NAME.lithops-s3.journal (mode 0600) says which bytes came: lines of JSON,
//     the first a journalHead, the others a journalEntry each, one after the other
//     as they come. It is locked by the process that writes it.
//
// A line is written after the bytes that it tells of, so that it is true whenever
// the process is killed. Whether the bytes are still what it says, after a crash of
// the machine for example, its CRC32 tells: they are read before they are believed.
// What is no line of this kind, as the last one may be cut off, says nothing.
type partial struct {
	folder *os.Root
	name   string // of the target
	file   *os.File
	head   journalHead

	mu      sync.Mutex
	journal *os.File
	entries map[int]journalEntry // the furthest of each range
}

// journalVersion is what Version of a journal must be.
const journalVersion = 1

// journalHead is which object, and how it is cut.
type journalHead struct {
	Version int    `json:"lithops_s3_download"`
	Bucket  string `json:"bucket"`
	Key     string `json:"key"`
	ETag    string `json:"etag"`
	Size    int64  `json:"size"`
	Range   int64  `json:"range"` // rangeSize
}

// journalEntry says that so many bytes came from At on, where a range begins.
type journalEntry struct {
	At    int64  `json:"at"`
	Bytes int64  `json:"bytes"`
	CRC32 hexCRC `json:"crc32"`
}

// noteEvery is how many bytes of a range lie between two entries.
const noteEvery = 2 << 20

type hexCRC uint32

// MarshalText writes eight digits.
func (c hexCRC) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%08x", uint32(c)), nil }

// UnmarshalText reads them.
func (c *hexCRC) UnmarshalText(text []byte) error {
	value, err := strconv.ParseUint(string(text), 16, 32)
	*c = hexCRC(value)
	return err
}

func (p *partial) partName() string    { return "." + p.name + ".lithops-s3.part" }
func (p *partial) journalName() string { return "." + p.name + ".lithops-s3.journal" }

// openPartial finds what an earlier download of the object left, or nil. What is
// there and of no use goes.
func (t *target) openPartial(bucket, key string) (*partial, error) {
	p := &partial{folder: t.folder, name: t.name, entries: map[int]journalEntry{}}
	if info, err := t.folder.Lstat(p.journalName()); err != nil || !info.Mode().IsRegular() {
		return nil, nil //nolint:nilerr // there is none
	}
	if err := p.lockJournal(0); err != nil {
		return nil, t.explain(err)
	}
	err := p.read()
	if err == nil && (p.head.Bucket != bucket || p.head.Key != key) {
		err = errors.New("it is of another object")
	}
	if err == nil {
		err = p.openPart()
	}
	if err != nil {
		return nil, p.discard() // a journal that can't be used is as good as none
	}
	return p, nil
}

// newPartial begins anew.
func (t *target) newPartial(head journalHead) (*partial, error) {
	head.Version, head.Range = journalVersion, rangeSize
	p := &partial{folder: t.folder, name: t.name, head: head, entries: map[int]journalEntry{}}
	if err := p.lockJournal(os.O_CREATE); err != nil {
		return nil, t.explain(err)
	}
	err := p.journal.Truncate(0)
	if err == nil {
		_ = t.folder.Remove(p.partName()) // if it is there it is of an older object, or a link
		p.file, err = t.folder.OpenFile(p.partName(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	}
	if err == nil {
		err = p.write(head)
	}
	if err != nil {
		return nil, errors.Join(t.explain(err), p.discard())
	}
	return p, nil
}

// lockJournal opens the journal for this process alone. Who waited for another to
// finish finds that the file it opened is gone, and opens again.
func (p *partial) lockJournal(flag int) error {
	for {
		file, err := p.folder.OpenFile(p.journalName(), os.O_RDWR|os.O_APPEND|flag, 0o600)
		if err != nil {
			return err
		}
		if err := lockFile(file); err != nil {
			return errors.Join(fmt.Errorf("another download into it is under way: %w", err), file.Close())
		}
		opened, openedErr := file.Stat()
		named, namedErr := p.folder.Lstat(p.journalName())
		if openedErr == nil && namedErr == nil && os.SameFile(opened, named) {
			p.journal = file
			return nil
		}
		if err := file.Close(); err != nil {
			return err
		}
		if flag&os.O_CREATE == 0 && errors.Is(namedErr, fs.ErrNotExist) {
			return namedErr
		}
	}
}

// read takes from the journal what can be true.
func (p *partial) read() error {
	lines := bufio.NewScanner(p.journal)
	if !lines.Scan() {
		return errors.Join(io.ErrUnexpectedEOF, lines.Err())
	}
	if err := json.Unmarshal(lines.Bytes(), &p.head); err != nil {
		return err
	}
	if p.head.Version != journalVersion || p.head.Range != rangeSize || p.head.ETag == "" || p.head.Size <= 0 {
		return errors.New("it is of another kind")
	}
	for lines.Scan() {
		var entry journalEntry
		if json.Unmarshal(lines.Bytes(), &entry) != nil || entry.At < 0 || entry.At >= p.head.Size || entry.At%rangeSize != 0 {
			continue
		}
		index := int(entry.At / rangeSize)
		if entry.Bytes <= min(rangeSize, p.head.Size-entry.At) && entry.Bytes > p.entries[index].Bytes {
			p.entries[index] = entry
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	_, err := p.journal.WriteString("\n") // which ends a line that was cut off
	return err
}

// openPart opens the bytes, if they are a file of the right size.
func (p *partial) openPart() (err error) {
	info, err := p.folder.Lstat(p.partName())
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() != p.head.Size {
		return errors.New("the file is another")
	}
	p.file, err = p.folder.OpenFile(p.partName(), os.O_RDWR, 0)
	return err
}

// left is what an earlier download left of a range. A nil partial has nothing.
func (p *partial) left(index int) journalEntry {
	if p == nil {
		return journalEntry{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.entries[index]
}

// note writes how many bytes of a range came, unless that is known. A nil partial
// notes nothing.
func (p *partial) note(index int, sums *rangeSums) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if sums.bytes == 0 || sums.bytes == p.entries[index].Bytes {
		return nil
	}
	entry := journalEntry{At: int64(index) * rangeSize, Bytes: sums.bytes, CRC32: hexCRC(sums.crc.Sum32())}
	p.entries[index] = entry
	return p.write(entry)
}

// noteSome is note, but not for every few bytes.
func (p *partial) noteSome(index int, sums *rangeSums) error {
	if p == nil || sums.bytes-p.left(index).Bytes < noteEvery {
		return nil
	}
	return p.note(index, sums)
}

func (p *partial) write(line any) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = p.journal.Write(append(text, '\n'))
	return err
}

// close leaves the files for another attempt.
func (p *partial) close() error {
	if p.file == nil {
		return p.journal.Close()
	}
	return errors.Join(p.file.Close(), p.journal.Close())
}

// discard removes the files.
func (p *partial) discard() error {
	if p.file != nil {
		_ = p.file.Close()
	}
	errPart := p.folder.Remove(p.partName())
	return errors.Join(ignoreMissing(errPart), p.removeJournal())
}

// commit puts the complete file in the target's place.
func (p *partial) commit(t *target, sync bool) error {
	err := t.settle(p.file, sync)
	if err == nil {
		err = t.rename(p.partName())
	}
	if err != nil {
		_ = p.file.Close()
		return errors.Join(err, p.journal.Close())
	}
	return errors.Join(p.removeJournal(), t.syncFolder(sync))
}

// removeJournal removes it while it is locked, where the system lets an open file go.
func (p *partial) removeJournal() error {
	if err := p.folder.Remove(p.journalName()); err == nil || errors.Is(err, fs.ErrNotExist) {
		return p.journal.Close()
	}
	return errors.Join(p.journal.Close(), ignoreMissing(p.folder.Remove(p.journalName())))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
