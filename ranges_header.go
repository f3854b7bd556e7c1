package lithopss3

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// errIgnoredRange is an answer that is not the range asked for.
var errIgnoredRange = errors.New("not the range asked for")

// header returns the value of the header Range (RFC 9110, section 14.1.2).
func (r *ByteRange) header() string {
	switch {
	case r.Offset < 0:
		return "bytes=" + strconv.FormatInt(r.Offset, 10)
	case r.Length < 0, r.Offset > math.MaxInt64-r.Length:
		return "bytes=" + strconv.FormatInt(r.Offset, 10) + "-"
	}
	return "bytes=" + strconv.FormatInt(r.Offset, 10) + "-" + strconv.FormatInt(r.Offset+r.Length-1, 10)
}

// parseRange reads the header Range of a request.
func parseRange(header string) (ByteRange, error) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, hasDash := strings.Cut(spec, "-")
	from, fromErr := parseOffset(first)
	to, toErr := parseOffset(last)
	switch {
	case !ok || !hasDash:
	case first == "" && toErr == nil && to > 0:
		return ByteRange{Offset: -to, Length: -1}, nil
	case fromErr == nil && last == "":
		return ByteRange{Offset: from, Length: -1}, nil
	case fromErr == nil && toErr == nil && from <= to && to < math.MaxInt64:
		return ByteRange{Offset: from, Length: to - from + 1}, nil
	}
	return ByteRange{}, fmt.Errorf("%q is no range of bytes", header)
}

// match reads the Content-Range of an answer, and returns errIgnoredRange unless it
// is that of r: the same first byte, and the same length, or less at the object's end.
func (r *ByteRange) match(header string) (contentRange, error) {
	found, err := parseContentRange(header)
	if err != nil {
		return found, err
	}
	offset := r.Offset
	if offset < 0 {
		offset = max(0, found.size+offset)
	}
	length := found.size - offset
	if r.Length >= 0 {
		length = min(r.Length, length)
	}
	if found.offset != offset || found.length != length {
		return found, fmt.Errorf("%w: the server answered the range %s with %.100q", errIgnoredRange, r.header(), header)
	}
	return found, nil
}

// A contentRange is where the bytes of an answer lie in the object.
type contentRange struct {
	offset, length int64
	size           int64 // of the object
}

// parseContentRange reads the header Content-Range.
func parseContentRange(header string) (contentRange, error) {
	spec, ok := strings.CutPrefix(header, "bytes ")
	span, total, hasTotal := strings.Cut(spec, "/")
	from, to, hasDash := strings.Cut(span, "-")
	first, firstErr := parseOffset(from)
	last, lastErr := parseOffset(to)
	size, sizeErr := parseOffset(total)
	if !ok || !hasTotal || !hasDash || errors.Join(firstErr, lastErr, sizeErr) != nil || last < first || size <= last {
		return contentRange{}, fmt.Errorf("%w: the server answered with the Content-Range %.100q", errIgnoredRange, header)
	}
	return contentRange{offset: first, length: last - first + 1, size: size}, nil
}

// parseOffset reads a number of digits alone.
func parseOffset(text string) (int64, error) {
	number, err := strconv.ParseUint(text, 10, 63)
	return int64(number), err
}
