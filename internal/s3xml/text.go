// SPDX-License-Identifier: Apache-2.0

package s3xml

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// text appends the text of the innermost open element, which it closes, to b.
// Elements in it are an error.
func (s *scanner) text(b []byte) []byte {
	if s.closeEmpty() {
		return b
	}
	b = s.characters(b)
	switch {
	case s.err != nil:
	case s.sees("</"):
		s.end()
	default:
		s.fail(errUnknown)
	}
	return b
}

// characters appends the text up to the next tag to b.
func (s *scanner) characters(b []byte) []byte {
	for s.err == nil {
		text := s.data[s.at:]
		length := 0
		for length < len(text) && !stopsText[text[length]] {
			length++
		}
		b = append(b, text[:length]...)
		s.at += length
		if s.at == len(s.data) {
			s.fail(io.ErrUnexpectedEOF)
			break
		}
		switch s.data[s.at] {
		case '<':
			switch {
			case s.at+1 < len(s.data) && s.data[s.at+1] == '/': // mostly
				return b
			case s.sees("<!--"):
				s.comment()
			case s.take("<![CDATA["):
				b = s.cdata(b)
			default:
				return b
			}
		case '&':
			b = s.reference(b)
		case '\r':
			b = s.newline(b)
		case ']':
			if s.sees("]]>") {
				s.fail(errUnknown)
			}
			b = append(b, ']')
			s.at++
		default:
			s.fail(errUnknown)
		}
	}
	return b
}

// skip skips the rest of the innermost open element, and closes it.
func (s *scanner) skip() {
	var scratch [64]byte
	for depth := len(s.open); s.err == nil && len(s.open) >= depth; {
		if s.closeEmpty() {
			continue
		}
		s.characters(scratch[:0])
		switch {
		case s.err != nil:
		case s.sees("</"):
			s.end()
		default:
			s.start()
		}
	}
}

// stopsText has the bytes that don't stand for themselves between tags.
var stopsText = func() (is [256]bool) {
	for c := range is {
		is[c] = c < ' ' && c != '\t' && c != '\n' || c == '<' || c == '&' || c == ']'
	}
	return is
}()

// newline reads \r or \r\n, and appends \n, as XML demands.
func (s *scanner) newline(b []byte) []byte {
	s.at++
	if s.at < len(s.data) && s.data[s.at] == '\n' {
		s.at++
	}
	return append(b, '\n')
}

func (s *scanner) cdata(b []byte) []byte {
	for s.err == nil {
		switch {
		case s.at == len(s.data):
			s.fail(io.ErrUnexpectedEOF)
		case s.data[s.at] == ']' && s.take("]]>"):
			return b
		case s.data[s.at] == '\r':
			b = s.newline(b)
		case s.data[s.at] < ' ' && !isSpace(s.data[s.at]):
			s.fail(errUnknown)
		default:
			b = append(b, s.data[s.at])
			s.at++
		}
	}
	return b
}

// maxReference is the length of the longest reference that is read, such as
// &#x0010FFFF;.
const maxReference = 12

// reference reads &name; or &#number;.
func (s *scanner) reference(b []byte) []byte {
	rest := s.data[s.at+1:]
	length := bytes.IndexByte(rest[:min(len(rest), maxReference)], ';')
	if length < 0 {
		if len(rest) < maxReference {
			s.fail(io.ErrUnexpectedEOF)
		}
		s.fail(errUnknown)
		return b
	}
	s.at += len("&") + length + len(";")
	switch name := rest[:length]; string(name) {
	case "quot":
		return append(b, '"')
	case "amp":
		return append(b, '&')
	case "lt":
		return append(b, '<')
	case "gt":
		return append(b, '>')
	case "apos":
		return append(b, '\'')
	default:
		return s.character(b, name)
	}
}

// character appends the character that a reference like #13 or #xD stands for. Half
// of a surrogate pair is an error, which encoding/xml would make U+FFFD.
func (s *scanner) character(b, name []byte) []byte {
	digits, isNumber := bytes.CutPrefix(name, []byte("#"))
	digits, isHex := bytes.CutPrefix(digits, []byte("x"))
	base := 10
	if isHex {
		base = 16
	}
	n, err := strconv.ParseUint(string(digits), base, 32)
	switch {
	case !isNumber || err != nil || n > utf8.MaxRune, n < ' ' && !isSpace(byte(n)), n == 0xFFFE, n == 0xFFFF:
		s.fail(errUnknown)
		return b
	case !utf8.ValidRune(rune(n)):
		s.fail(errors.New("a character reference to half a surrogate pair"))
		return b
	}
	return utf8.AppendRune(b, rune(n))
}
