// SPDX-License-Identifier: Apache-2.0

// Package sanitize makes text of servers, files and jobs safe to show: no control
// character, bidirectional override or invalid UTF-8 reaches a terminal or a log,
// and what is replaced stays readable as an escape.
// Of settings it shows no secret, even one that is in the wrong line.
// It must not know where a string comes from, what it means or where it is printed.
// Start reading at isUnsafe, the one rule; Name, Line, Text and Writer apply it. Which part
// of a setting may be shown is decided by SettingName, SettingValue and URL.
package sanitize

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// isUnsafe reports whether r can steer a terminal or change the order of the text
// around it: C0 and C1 controls, DEL, line and paragraph separators, and the
// bidirectional controls (also the deprecated ones).
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
// and so are the empty one, which would not be seen, and one that would read like a quoted
// name. Different names stay different.
func Name(name string) string {
	quoted := strconv.Quote(name)
	if name != "" && quoted[1:len(quoted)-1] == name {
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

// escape replaces what is unsafe in text, except for the characters that are kept.
func escape(text, kept string) string {
	var out strings.Builder
	done := 0 // bytes of text that are in out
	for i, r := range text {
		replacement := ""
		switch {
		case isInvalid(text[i:]):
			replacement = escapeByte(text[i])
		case isUnsafe(r) && !strings.ContainsRune(kept, r):
			replacement = escapeRune(r)
		default:
			continue
		}
		out.WriteString(text[done:i])
		out.WriteString(replacement)
		done = i + widthOf(text[i:])
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// isInvalid reports whether text begins with a byte that is not UTF-8.
func isInvalid(text string) bool {
	return text[0] >= utf8.RuneSelf && widthOf(text) == 1
}

// widthOf returns the number of bytes of the first character.
func widthOf(text string) int {
	_, size := utf8.DecodeRuneInString(text)
	return size
}

// escapeRune returns Go's escape of r.
func escapeRune(r rune) string { return strings.Trim(strconv.QuoteRune(r), "'") }

// escapeByte returns the escape of a byte that is not UTF-8.
func escapeByte(b byte) string { return fmt.Sprintf(`\x%02x`, b) }
