// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/s3err"
)

// Bodies are the caller's, and not all keep to the rules of io. What a body does
// wrong is an error that no retry mends, and is returned at once.

// errBadCount is a Read that says it read more than it was asked for, or less than
// nothing.
var errBadCount = errors.New("its Read returned an impossible count")

// errBodyChanged is a body that is not what it was when the put began.
var errBodyChanged = errors.New("the body changed while it was sent")

// maxEmptyReads is how many reads in a row may return no byte and no error, as with
// bufio.
const maxEmptyReads = 100

// A strictReader holds a reader to the rules.
type strictReader struct {
	io.Reader
	empty int // reads in a row without a byte
}

// Read reads, and returns io.ErrNoProgress instead of nothing for ever.
func (r *strictReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	switch {
	case n < 0 || n > len(p):
		return 0, errBadCount
	case n > 0 || err != nil || len(p) == 0:
		r.empty = 0
		return n, err
	}
	if r.empty++; r.empty >= maxEmptyReads {
		return 0, io.ErrNoProgress
	}
	return 0, nil
}

// A section is a stretch of a body that is read in place, any number of times. Unlike
// an io.SectionReader it does not end early without an error: a file that was cut or
// overwritten is an error before its last byte is given away, so that no request that
// mixes two versions is ever complete.
type section struct {
	source      *fileSource
	start, size int64
	at          int64 // from start
	emptyReads  int
}

func (s *section) Read(p []byte) (int, error) {
	if s.at >= s.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	p = p[:min(int64(len(p)), s.size-s.at)]
	n, err := s.source.readAt(p, s.start+s.at)
	switch {
	case n < 0 || n > len(p):
		return 0, bodyError(errBadCount)
	case err != nil && !ended.IsEOF(err):
		return 0, bodyError(err)
	case n < len(p) && err != nil:
		return 0, bodyError(fmt.Errorf("%w: it ends at byte %d of %d", errBodyChanged, s.start+s.at+int64(n), s.source.end))
	case n == 0:
		if s.emptyReads++; s.emptyReads >= maxEmptyReads {
			return 0, bodyError(io.ErrNoProgress)
		}
		return 0, nil
	}
	s.emptyReads = 0
	if s.at+int64(n) == s.size {
		if err := s.source.check(); err != nil {
			return 0, bodyError(err)
		}
	}
	s.at += int64(n)
	return n, nil
}

// WriteTo writes the rest to w with a buffer that is used again. io.Copy, with which the
// SDK hashes a body, would make one for each.
func (s *section) WriteTo(w io.Writer) (int64, error) {
	return checksum.Feed(w, s)
}

// Rest returns what is still to be read if it is in memory, else nil. It is for hashes,
// which need no copy.
func (s *section) Rest() []byte {
	if s.source.memory == nil {
		return nil
	}
	return s.source.memory[s.start+min(s.at, s.size) : s.start+s.size]
}

// Seek moves within the section.
func (s *section) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the body's start")
	}
	s.at = offset
	return offset, nil
}

// bodyError is the error of a body. It is not retried, because each attempt reads the same.
// It is no answer to the put, because the body may be another object.
func bodyError(err error) error {
	return s3err.Final(fmt.Errorf("reading the body: %w", s3err.Answers(err)))
}

// A fileVersion is what tells whether a file is still the same.
type fileVersion struct {
	stat func() (fs.FileInfo, error)
	info fs.FileInfo
}

// newFileVersion returns nil for a body that is no regular file.
func newFileVersion(body any) *fileVersion {
	file, ok := body.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return nil
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return &fileVersion{stat: file.Stat, info: info}
}

// check returns errBodyChanged if the file's size or its time of modification is
// another.
func (v *fileVersion) check() error {
	if v == nil {
		return nil
	}
	info, err := v.stat()
	switch {
	case err != nil:
		return s3err.Answers(err)
	case info.Size() != v.info.Size():
		return fmt.Errorf("%w: it had %d bytes, and has %d", errBodyChanged, v.info.Size(), info.Size())
	case !info.ModTime().Equal(v.info.ModTime()):
		return fmt.Errorf("%w: it was modified at %s", errBodyChanged, info.ModTime().Format("15:04:05.000"))
	}
	return nil
}
