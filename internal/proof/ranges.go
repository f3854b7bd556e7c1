// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ErrIgnoredRange is an answer that is not the range asked for.
var ErrIgnoredRange = errors.New("not the range asked for")

// A Range is a part of an object, in bytes. An Offset below 0 counts from the object's
// end, and a Length below 0 reaches to it.
type Range struct{ Offset, Length int64 }

// Header returns the value of the header Range (RFC 9110, section 14.1.2).
func (r Range) Header() string {
	switch {
	case r.Offset < 0:
		return "bytes=" + strconv.FormatInt(r.Offset, 10)
	case r.Length < 0, r.Offset > math.MaxInt64-r.Length:
		return "bytes=" + strconv.FormatInt(r.Offset, 10) + "-"
	}
	return "bytes=" + strconv.FormatInt(r.Offset, 10) + "-" + strconv.FormatInt(r.Offset+r.Length-1, 10)
}

// parseRange reads the header Range of a request.
func parseRange(header string) (Range, error) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, hasDash := strings.Cut(spec, "-")
	from, fromErr := parseOffset(first)
	to, toErr := parseOffset(last)
	switch {
	case !ok || !hasDash:
	case first == "" && toErr == nil && to > 0:
		return Range{Offset: -to, Length: -1}, nil
	case fromErr == nil && last == "":
		return Range{Offset: from, Length: -1}, nil
	case fromErr == nil && toErr == nil && from <= to && to < math.MaxInt64:
		return Range{Offset: from, Length: to - from + 1}, nil
	}
	return Range{}, fmt.Errorf("%q is no range of bytes", header)
}

// Match reads the Content-Range of an answer, and returns ErrIgnoredRange unless it
// is that of r: the same first byte, and the same length, or less at the object's end.
func (r Range) Match(header string) (Span, error) {
	found, err := ParseContentRange(header)
	if err != nil {
		return found, err
	}
	offset := r.Offset
	if offset < 0 {
		offset = max(0, found.Size+offset)
	}
	length := found.Size - offset
	if r.Length >= 0 {
		length = min(r.Length, length)
	}
	if found.Offset != offset || found.Length != length {
		return found, fmt.Errorf("%w: the server answered the range %s with %.100q", ErrIgnoredRange, r.Header(), header)
	}
	return found, nil
}

// A Span is where the bytes of an answer are in the object.
type Span struct {
	Offset, Length int64
	Size           int64 // of the object
}

// ParseContentRange reads the header Content-Range.
func ParseContentRange(header string) (Span, error) {
	spec, ok := strings.CutPrefix(header, "bytes ")
	span, total, _ := strings.Cut(spec, "/")
	from, to, _ := strings.Cut(span, "-")
	first, firstErr := parseOffset(from)
	last, lastErr := parseOffset(to)
	size, sizeErr := parseOffset(total)
	if !ok || errors.Join(firstErr, lastErr, sizeErr) != nil || last < first || size <= last {
		return Span{}, fmt.Errorf("%w: the server answered with the Content-Range %.100q", ErrIgnoredRange, header)
	}
	return Span{Offset: first, Length: last - first + 1, Size: size}, nil
}

// parseOffset reads a number of digits alone.
func parseOffset(text string) (int64, error) {
	number, err := strconv.ParseUint(text, 10, 63)
	return int64(number), err
}
