// SPDX-License-Identifier: Apache-2.0

package partfile

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

// journalVersion is the Version of each Source.
const journalVersion = 1

// A Source describes what a resumable file is filled from. Version and Nonce are set
// by this package. The other fields are the caller's, and have no meaning here except for
// Size and Chunk.
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

// add takes a line of the journal.
func (j *journal) add(l line) {
	if l.Name != "" {
		j.part = l.part
		return
	}
	if j.source.isValid(l.Chunk) && l.Bytes > j.chunks[l.At].Bytes {
		j.chunks[l.At] = l.Chunk
	}
}

// isValid reports whether the source has such a chunk.
func (s *Source) isValid(c Chunk) bool {
	return s.Chunk > 0 && c.At >= 0 && c.At%s.Chunk == 0 && c.Bytes > 0 && c.Bytes <= min(s.Chunk, s.Size-c.At)
}

// readJournal reads the first line of a journal into source, and calls add with each
// of the others. It fails if the first is of another kind.
func readJournal(file io.Reader, source *Source, add func(line)) error {
	reader := bufio.NewReaderSize(file, maxLine)
	text, err := readLine(reader)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, source); err != nil {
		return err
	}
	if source.Version != journalVersion {
		return errors.New("it is of another kind")
	}
	for {
		var l line
		text, err := readLine(reader)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case json.Unmarshal(text, &l) == nil:
			add(l)
		}
	}
}

// maxLine is how long a line may be that says something.
const maxLine = 64 << 10

// readLine returns the next line, which is valid until the next call. Of one that is too long
// it returns nothing: the NULs that a crash of the machine may leave end with any later line.
func readLine(reader *bufio.Reader) (text []byte, err error) {
	text, err = reader.ReadSlice('\n')
	isLong := errors.Is(err, bufio.ErrBufferFull)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = reader.ReadSlice('\n')
	}
	switch {
	case isLong && (err == nil || errors.Is(err, io.EOF)):
		return nil, nil
	case len(text) > 0 && errors.Is(err, io.EOF):
		return text, nil
	}
	return text, err
}

// write appends a line.
func (j *journal) write(value any) error {
	text, _ := json.Marshal(value) // which never fails
	_, err := j.file.Write(append(text, '\n'))
	return err
}

// remove removes the journal.
func (j *journal) remove() error { return j.target.removeOpen(j.file, j.name, j.info) }
