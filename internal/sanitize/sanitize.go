// Package sanitize makes text of servers, files and jobs safe to show: no control
// character, bidirectional override or invalid UTF-8 reaches a terminal or a log,
// and what is replaced stays readable as an escape.
// It must not know where a text comes from, what it means or where it is printed.
// Start reading at isUnsafe, the one rule; Name, Line, Text and Writer apply it.
package sanitize

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// isUnsafe reports whether r can steer a terminal or change the order of the text
// around it: C0 and C1 controls, DEL, line and paragraph separators, and the
// bidirectional controls (with the deprecated ones beside them).
// Line feed and tab are unsafe too; Text and Writer let them pass.
func isUnsafe(r rune) bool {
	switch {
	case r < ' ', r >= 0x7F && r < 0xA0:
		return true
	case r < 0x61C:
		return false
	case r == 0x61C, r == 0x200E, r == 0x200F:
		return true
	case r >= 0x2028 && r <= 0x202E, r >= 0x2066 && r <= 0x206F:
		return true
	}
	return false
}

// Name returns a key, a bucket or a file name as it is shown in a line of text. A
// name that has anything but printable characters is quoted as Go quotes strings,
// and so is one that would read like a quoted name. Different names stay different.
func Name(name string) string {
	quoted := strconv.Quote(name)
	if quoted[1:len(quoted)-1] == name {
		return name
	}
	return quoted
}

// Line returns text on one line: unsafe characters, among them line breaks and
// tabs, and bytes that are not UTF-8 become Go's escapes.
func Line(text string) string { return escape(text, "") }

// Text returns text of several lines: as Line, but line feeds and tabs are kept, and
// a carriage return before a line feed is left out.
func Text(text string) string {
	return escape(strings.ReplaceAll(text, "\r\n", "\n"), "\n\t")
}

// isSafe reports whether escape would return text as it is.
func isSafe(text, kept string) bool {
	for i, r := range text {
		if isUnsafe(r) && !strings.ContainsRune(kept, r) || r == utf8.RuneError && isInvalid(text[i:]) {
			return false
		}
	}
	return true
}

// isInvalid reports whether text begins with a byte that is not UTF-8.
func isInvalid(text string) bool {
	_, size := utf8.DecodeRuneInString(text)
	return size == 1 && text[0] >= utf8.RuneSelf
}

// escape replaces what is unsafe in text, but for the characters that are kept.
func escape(text, kept string) string {
	if isSafe(text, kept) {
		return text
	}
	out := make([]byte, 0, len(text)+16)
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case isInvalid(text):
			out = appendByte(out, text[0])
		case isUnsafe(r) && !strings.ContainsRune(kept, r):
			out = appendEscape(out, r)
		default:
			out = append(out, text[:size]...)
		}
		text = text[size:]
	}
	return string(out)
}

// appendEscape appends Go's escape of r, which isUnsafe.
func appendEscape(out []byte, r rune) []byte {
	start := len(out)
	out = strconv.AppendQuoteRune(out, r)
	quoted := out[start:]
	copy(quoted, quoted[1:]) // without the quotation marks
	return out[:len(out)-2]
}

// appendByte appends the escape of a byte that is not UTF-8.
func appendByte(out []byte, b byte) []byte {
	const digits = "0123456789abcdef"
	return append(out, '\\', 'x', digits[b>>4], digits[b&0xF])
}
