// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"strings"
)

// unicodeMessage returns the message of UnicodeDecodeError and UnicodeEncodeError,
// whose arguments are (codec, what, start, end, reason), and of
// UnicodeTranslateError, which has no codec.
func (e *Exception) unicodeMessage(depth int) (string, bool) {
	if e.isBuiltin("UnicodeTranslateError") && len(e.Args) == 4 {
		return e.translateMessage(depth)
	}
	if !e.isBuiltin("UnicodeDecodeError", "UnicodeEncodeError") || len(e.Args) != 5 {
		return "", false
	}
	codec, ok1 := e.Args[0].(string)
	start, ok2 := e.Args[2].(int64)
	end, ok3 := e.Args[3].(int64)
	reason, ok4 := e.Args[4].(string)
	if !ok1 || !ok2 || !ok3 || !ok4 || start < 0 || end <= start {
		return "", false
	}
	what, ok := culprit(e.Args[1], start, end)
	return fmt.Sprintf("'%s' codec can't %s: %s", codec, what, reason), ok
}

func (e *Exception) translateMessage(depth int) (string, bool) {
	text, ok1 := e.Args[0].(string)
	start, ok2 := e.Args[1].(int64)
	end, ok3 := e.Args[2].(int64)
	if !ok1 || !ok2 || !ok3 || start < 0 || end <= start {
		return "", false
	}
	what, ok := culprit(text, start, end)
	return "can't translate" + strings.TrimPrefix(what, "encode") + ": " + strAt(e.Args[3], depth+1), ok
}

func culprit(object any, start, end int64) (string, bool) {
	switch object := object.(type) {
	case []byte:
		if end == start+1 && end <= int64(len(object)) {
			return fmt.Sprintf("decode byte 0x%02x in position %d", object[start], start), true
		}
		return fmt.Sprintf("decode bytes in position %d-%d", start, end-1), true
	case string:
		r, ok := codePointAt(object, start)
		if end == start+1 && ok {
			return fmt.Sprintf("encode character '%s' in position %d", escapeRune(r), start), true
		}
		return fmt.Sprintf("encode characters in position %d-%d", start, end-1), true
	}
	return "", false
}

func codePointAt(text string, index int64) (rune, bool) {
	for len(text) > 0 {
		r, width := nextCodePoint(text)
		if index == 0 {
			return r, true
		}
		index--
		text = text[width:]
	}
	return 0, false
}
