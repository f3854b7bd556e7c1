// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"bytes"
	"fmt"
)

const hexDigits = "0123456789abcdef"

// FormatBytesLiteral returns what Python's repr returns for a bytes value.
func FormatBytesLiteral(data []byte) string {
	quote := byte('\'')
	if bytes.IndexByte(data, '\'') >= 0 && bytes.IndexByte(data, '"') < 0 {
		quote = '"'
	}
	out := make([]byte, 0, len(data)+len(data)/4+3)
	out = append(out, 'b', quote)
	for _, c := range data {
		out = appendLiteralByte(out, c, quote)
	}
	return string(append(out, quote))
}

func appendLiteralByte(out []byte, c, quote byte) []byte {
	switch {
	case c == quote || c == '\\':
		return append(out, '\\', c)
	case c == '\t':
		return append(out, '\\', 't')
	case c == '\n':
		return append(out, '\\', 'n')
	case c == '\r':
		return append(out, '\\', 'r')
	case c < ' ' || c >= 0x7f:
		return append(out, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(out, c)
}

// ParseBytesLiteral returns the bytes of a Python bytes literal, b'...' or b"...", with
// every escape of Python. Text before or after the literal is an error, and so are an
// unknown escape, which Python keeps with a warning, and raw and triple-quoted literals,
// because no repr of a bytes value contains them.
func ParseBytesLiteral(text string) ([]byte, error) {
	if len(text) < 3 || text[0] != 'b' {
		return nil, literalError(0, "no bytes literal: want b'...' or b\"...\"")
	}
	quote := text[1]
	if quote != '\'' && quote != '"' {
		return nil, literalError(1, "no quote after b")
	}
	out := make([]byte, 0, len(text)-3)
	for i := 2; i < len(text); {
		c := text[i]
		switch {
		case c == quote:
			if i != len(text)-1 {
				return nil, literalError(i+1, "text after the literal's end")
			}
			return out, nil
		case c == '\\':
			decoded, width, problem := parseEscape(text[i:])
			if problem != "" {
				return nil, literalError(i, problem)
			}
			out = append(out, decoded...)
			i += width
		case c == '\n' || c == '\r':
			return nil, literalError(i, "line break in the literal")
		case c == 0 || c >= 0x80:
			return nil, literalError(i, fmt.Sprintf("byte 0x%02x in the literal", c))
		default:
			out = append(out, c)
			i++
		}
	}
	return nil, literalError(len(text), "the literal has no end")
}

func literalError(offset int, msg string) *Error {
	return &Error{Offset: offset, Op: "bytes literal", Msg: msg, Reason: ErrMalformed}
}

var simpleEscapes = map[byte]string{
	'\\': "\\", '\'': "'", '"': "\"", '\n': "",
	'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// parseEscape returns the bytes that the escape at the start of text stands for, and the
// escape's length, or else what is wrong with it.
func parseEscape(text string) (decoded string, width int, problem string) {
	if len(text) < 2 {
		return "", 0, "escape without a character"
	}
	c := text[1]
	if decoded, ok := simpleEscapes[c]; ok {
		return decoded, 2, ""
	}
	switch {
	case c == 'x':
		return parseHexEscape(text)
	case c >= '0' && c <= '7':
		return parseOctalEscape(text)
	}
	return "", 0, fmt.Sprintf("unknown escape \\%c", rune(c))
}

func parseHexEscape(text string) (decoded string, width int, problem string) {
	if len(text) < 4 || !isHex(text[2]) || !isHex(text[3]) {
		return "", 0, "\\x without two hexadecimal digits"
	}
	return string([]byte{unhex(text[2])<<4 | unhex(text[3])}), 4, ""
}

func parseOctalEscape(text string) (decoded string, width int, problem string) {
	value := 0
	width = 1
	for width < len(text) && width < 4 && text[width] >= '0' && text[width] <= '7' {
		value = value*8 + int(text[width]-'0')
		width++
	}
	if value > 0xff {
		return "", 0, "octal escape above \\377"
	}
	return string([]byte{byte(value)}), width, ""
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
