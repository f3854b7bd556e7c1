// SPDX-License-Identifier: Apache-2.0

// Package exact holds what a Storage returns to what it was asked for and to what it tells
// itself. A Storage of a program's own may ignore a range, or end a body early without an
// error; the bytes would be taken for others. It must not know the Storage, because it
// compares numbers and counts bytes. Start reading at [Body].
package exact

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/lithops-go/lithopss3/internal/ended"
)

// A Span is a part of an object, in bytes. A Length below 0 is all that follows.
type Span struct{ Offset, Length int64 }

var (
	errOtherRange = errors.New("the storage answered with another range")
	errMore       = errors.New("the storage sent more bytes than it told, or than it was asked for")
)

// Range returns how many bytes the answer got for what was asked must have, 0 if that is not
// known, and an error if it can't be that answer. size is the object's. A size or a length of
// got below 1 is not known, and an offset of asked below 0 counts from the end.
func Range(asked, got Span, size int64) (length int64, err error) {
	if asked.Offset < 0 || size < 1 && got.Length < 1 {
		return max(got.Length, 0), nil
	}
	most := asked.Length
	if left := size - asked.Offset; size > 0 && (most < 0 || most > left) {
		most = max(left, 0)
	}
	isOther := got.Offset != asked.Offset || most >= 0 && got.Length > most || size > 0 && got.Length > 0 && got.Length < most
	if isOther {
		return 0, fmt.Errorf("%w: %d bytes from byte %d on of %d, not %d from byte %d on", errOtherRange, got.Length, got.Offset, size, asked.Length, asked.Offset)
	}
	if size > 0 {
		return most, nil
	}
	return got.Length, nil
}

// Body returns body as one whose end is an error unless it had length bytes. A length below 1
// is not known. Then more than asked bytes are an error, because nothing else tells that a range was
// ignored; an asked below 0 is all.
func Body(body io.ReadCloser, length, asked int64) io.ReadCloser {
	most := asked
	if length > 0 {
		most = length
	}
	if most < 0 {
		return body
	}
	return &counted{ReadCloser: body, length: length, most: most}
}

// A counted body counts its bytes.
type counted struct {
	io.ReadCloser
	length, most, count int64
}

// Read reads from the body.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.count += int64(n)
	if ended.IsEOF(err) || c.count > c.most {
		return n, c.end()
	}
	return n, err
}

// WriteTo writes the rest of the body to w, in the body's own way if it has one.
func (c *counted) WriteTo(w io.Writer) (int64, error) {
	n, err := io.Copy(w, c.ReadCloser)
	c.count += n
	if err != nil {
		return n, err
	}
	if err := c.end(); !ended.IsEOF(err) {
		return n, err
	}
	return n, nil
}

// end returns io.EOF if the bytes are those that were told.
func (c *counted) end() error {
	switch {
	case c.count < c.length:
		return fmt.Errorf("the body ended after %d of %d bytes: %w", c.count, c.length, io.ErrUnexpectedEOF)
	case c.count > c.most:
		return fmt.Errorf("%w: %d or more, not %d", errMore, c.count, c.most)
	}
	return io.EOF
}

// ReadAll reads a body to its end into one piece of memory. length is how many bytes it is
// expected to have, 0 or less if that is not known. For at most ahead of them there is memory
// before any have come; then it doubles as they come.
//
// The memory is made for the length, and not by a bytes.Buffer, which would write zeros
// into all of it first: for large bodies that takes longer than reading them.
func ReadAll(body io.Reader, length, ahead int64) ([]byte, error) {
	first := min(length, ahead)
	if length <= 0 {
		first = bytes.MinRead
	}
	data := make([]byte, 0, first+1) // and one for the read that finds the end
	for {
		n, err := body.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if ended.IsEOF(err) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
		if len(data) < cap(data) {
			continue
		}
		size := int64(2 * cap(data))
		if int64(len(data)) <= length && length <= size {
			size = length + 1
		}
		grown := make([]byte, len(data), size)
		copy(grown, data)
		data = grown
	}
}
