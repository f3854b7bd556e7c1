// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSectionReads checks that a section is what io.SectionReader would give, also of a
// reader that returns io.EOF with its last bytes, and any number of times.
func TestSectionReads(t *testing.T) {
	t.Parallel()
	const text = "0123456789"
	withEOF := &funcAt{Reader: bytes.NewReader([]byte(text)), read: func(p []byte, offset int64) (int, error) {
		n := copy(p, text[offset:])
		if int(offset)+n == len(text) {
			return n, io.EOF
		}
		return n, nil
	}}
	short := &funcAt{Reader: bytes.NewReader([]byte(text)), read: func(p []byte, offset int64) (int, error) { // as no ReaderAt should
		return copy(p[:1], text[offset:]), nil
	}}
	for name, file := range map[string]io.ReaderAt{"bytes": strings.NewReader(text), "with EOF": withEOF, "a byte at a time": short} {
		source := newFileSource(file, 2, 10)
		require.NoError(t, iotest.TestReader(source.section(2, 8), []byte(text[2:])), name)
		require.NoError(t, iotest.TestReader(source.section(3, 4), []byte(text[3:7])), name)
		data, err := io.ReadAll(source.again())
		require.NoError(t, err, name)
		assert.Equal(t, text[2:], string(data), name)
	}
	s := newFileSource(strings.NewReader(text), 0, 10).section(0, 10)
	_, err := s.Seek(-1, io.SeekStart)
	require.Error(t, err)
	n, err := s.Read(nil)
	require.NoError(t, err)
	assert.Zero(t, n)
}

// TestBrokenSections checks that what a body does wrong is an error that is not retried.
func TestBrokenSections(t *testing.T) {
	t.Parallel()
	disk := errors.New("the disk is broken")
	for name, test := range map[string]struct {
		read func(p []byte, offset int64) (int, error)
		want error
	}{
		"too much":     {func(p []byte, _ int64) (int, error) { return len(p) + 1, nil }, errBadCount},
		"negative":     {func([]byte, int64) (int, error) { return -1, nil }, errBadCount},
		"stuck":        {func([]byte, int64) (int, error) { return 0, nil }, io.ErrNoProgress},
		"unreadable":   {func([]byte, int64) (int, error) { return 3, disk }, disk},
		"ends early":   {func([]byte, int64) (int, error) { return 3, io.EOF }, errBodyChanged},
		"ends at once": {func([]byte, int64) (int, error) { return 0, io.EOF }, errBodyChanged},
	} {
		file := &funcAt{Reader: bytes.NewReader(make([]byte, 10)), read: test.read}
		_, err := io.ReadAll(newFileSource(file, 0, 10).section(0, 10))
		require.ErrorIs(t, err, test.want, name)
		require.ErrorContains(t, err, "reading the body: ", name)
		var marked interface{ RetryableError() bool }
		require.ErrorAs(t, err, &marked, name)
		assert.False(t, marked.RetryableError(), name)
	}
}

// TestEmptyReads checks that a hundred in a row are an error, and that fewer are not.
func TestEmptyReads(t *testing.T) {
	t.Parallel()
	for empty, ok := range map[int]bool{0: true, 1: true, maxEmptyReads - 1: true, maxEmptyReads: false} {
		gaps := func() func() bool { // reports whether a byte comes
			left := empty
			return func() bool {
				if left--; left >= 0 {
					return false
				}
				left = empty
				return true
			}
		}
		next := gaps()
		file := &funcAt{Reader: bytes.NewReader(make([]byte, 3)), read: func(p []byte, _ int64) (int, error) {
			if next() {
				return copy(p[:1], "x"), nil
			}
			return 0, nil
		}}
		data, err := io.ReadAll(newFileSource(file, 0, 3).section(0, 3))
		assert.Equal(t, ok, err == nil, "%d: %v", empty, err)
		if ok {
			assert.Equal(t, "xxx", string(data))
		}
		next, left := gaps(), 3
		strict := &strictReader{Reader: readFunc(func(p []byte) (int, error) {
			if left == 0 {
				return 0, io.EOF
			}
			if next() {
				left--
				return copy(p[:1], "x"), nil
			}
			return 0, nil
		})}
		data, err = io.ReadAll(strict)
		assert.Equal(t, ok, err == nil, "%d: %v", empty, err)
		if ok {
			assert.Equal(t, "xxx", string(data))
		} else {
			require.ErrorIs(t, err, io.ErrNoProgress)
		}
	}
	for _, n := range []int{-1, 11} {
		_, err := (&strictReader{Reader: readFunc(func([]byte) (int, error) { return n, nil })}).Read(make([]byte, 10))
		require.ErrorIs(t, err, errBadCount)
	}
}

// TestFileVersions checks that a file that has another size or time is not the same, and
// only a regular file has a version.
func TestFileVersions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("0123456789"), 0o600))
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	require.NoError(t, err)

	body, err := newPartReader(t.Context(), file, &panics.Box{}, 1, 0)
	require.NoError(t, err)
	require.NoError(t, body.check())
	data, err := io.ReadAll(body.whole())
	require.NoError(t, err)
	assert.Equal(t, "0123456789", string(data))

	require.NoError(t, os.Chtimes(path, time.Time{}, info.ModTime().Add(time.Second)))
	require.ErrorIs(t, body.check(), errBodyChanged)
	half, err := io.ReadAll(io.LimitReader(body.whole(), 5))
	require.NoError(t, err)
	assert.Len(t, half, 5)
	_, err = io.ReadAll(body.whole())
	require.ErrorIs(t, err, errBodyChanged, "before its last byte")
	require.NoError(t, os.Chtimes(path, time.Time{}, info.ModTime()))
	require.NoError(t, body.check())
	require.NoError(t, os.Truncate(path, 9))
	require.NoError(t, os.Chtimes(path, time.Time{}, info.ModTime()))
	require.ErrorIs(t, body.check(), errBodyChanged)

	broken := errors.New("broken")
	version := &fileVersion{stat: func() (fs.FileInfo, error) { return nil, broken }, info: info}
	require.ErrorIs(t, version.check(), broken)
	assert.Nil(t, newFileVersion(strings.NewReader("x")))
	folder, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer func() { _ = folder.Close() }()
	assert.Nil(t, newFileVersion(folder))
	require.NoError(t, file.Close())
	assert.Nil(t, newFileVersion(file))

	empty, err := os.Create(filepath.Join(t.TempDir(), "empty"))
	require.NoError(t, err)
	defer func() { _ = empty.Close() }()
	_, err = newPartReader(t.Context(), empty, &panics.Box{}, 1, 0)
	require.NoError(t, err)
	_, err = newPartReader(t.Context(), growingFile{empty}, &panics.Box{}, 1, 0)
	require.ErrorIs(t, err, errBodyChanged, "it was empty")
}

// A growingFile has more than it had when it says that it has ended.
type growingFile struct{ *os.File }

// Read writes.
func (f growingFile) Read([]byte) (int, error) {
	if _, err := f.WriteString("x"); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

// TestTypedNil checks that a nil pointer in an interface is an error, and a nil interface
// an empty object.
func TestTypedNil(t *testing.T) {
	t.Parallel()
	for _, body := range []io.Reader{(*bytes.Buffer)(nil), (*bytes.Reader)(nil), (*os.File)(nil), readFunc(nil)} {
		fake := newFakeS3()
		require.ErrorContains(t, Put(t.Context(), fake, body, options()), "it is a nil ")
		assert.Empty(t, fake.puts)
	}
	fake := newFakeS3()
	require.NoError(t, Put(t.Context(), fake, nil, options()))
	assert.True(t, fake.isThere)
	assert.Empty(t, fake.stored)
}

// TestSectionIsWritten checks that a section is written as it is read, with the errors of
// both sides, and that none of its memory is its own.
func TestSectionIsWritten(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 20_000)
	of := func(end int) *section {
		return newFileSource(bytes.NewReader(data), 0, int64(end)).section(5, int64(end-5))
	}
	var out bytes.Buffer
	n, err := of(len(data)).WriteTo(&out)
	require.NoError(t, err)
	assert.Equal(t, data[5:], out.Bytes())
	assert.EqualValues(t, out.Len(), n)
	_, err = of(len(data) + 1).WriteTo(io.Discard)
	require.ErrorIs(t, err, errBodyChanged)
	reader, writer := io.Pipe()
	require.NoError(t, reader.CloseWithError(io.ErrNoProgress))
	_, err = of(len(data)).WriteTo(writer)
	require.ErrorIs(t, err, io.ErrNoProgress)
}
