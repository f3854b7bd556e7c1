// SPDX-License-Identifier: Apache-2.0

package pyjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3/pickle"
)

// Encode writes v as json.dumps would. In addition to what Decode returns, it takes Go's
// other numbers and whatever encoding/json takes, whose form it then keeps except for the
// spacing, the escapes and the floats.
func Encode(v any) ([]byte, error) {
	return appendValue(nil, v, 0)
}

func appendValue(out []byte, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: values nest deeper than %d", ErrValue, maxDepth)
	}
	switch v := v.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case int:
		return strconv.AppendInt(out, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(out, v, 10), nil
	case *big.Int:
		if v == nil {
			return append(out, "null"...), nil // as encoding/json
		}
		return v.Append(out, 10), nil
	case float64:
		return append(out, floatText(v)...), nil
	case string:
		return appendText(out, v), nil
	case Object:
		return appendObject(out, v, depth)
	case []any:
		return appendArray(out, v, depth)
	case map[string]any:
		return appendObject(out, Sorted(v), depth)
	case json.RawMessage:
		value, err := Decode(v)
		if err != nil {
			return nil, err
		}
		return appendValue(out, value, depth)
	}
	return appendOther(out, v, depth)
}

// appendOther goes through encoding/json: structs, raw messages, other numbers.
func appendOther(out []byte, v any, depth int) ([]byte, error) {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrValue, err)
	}
	value, err := Decode(data.Bytes())
	if err != nil {
		return nil, err
	}
	return appendValue(out, value, depth)
}

// Sorted is an object of the members of m, in the order of their names.
func Sorted(m map[string]any) Object {
	object := make(Object, 0, len(m))
	for name, value := range m {
		object = append(object, Member{name, value})
	}
	slices.SortFunc(object, func(a, b Member) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return object
}

func appendObject(out []byte, object Object, depth int) (_ []byte, err error) {
	out = append(out, '{')
	for i, member := range object {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = append(appendText(out, member.Name), ": "...)
		if out, err = appendValue(out, member.Value, depth+1); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

func appendArray(out []byte, array []any, depth int) (_ []byte, err error) {
	out = append(out, '[')
	for i, value := range array {
		if i > 0 {
			out = append(out, ", "...)
		}
		if out, err = appendValue(out, value, depth+1); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return pickle.Repr(f)
}

func appendText(out []byte, text string) []byte {
	out = append(out, '"')
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 && isSurrogate(text[i:]) {
			r, size = rune(text[i]&0x0F)<<12|rune(text[i+1]&0x3F)<<6|rune(text[i+2]&0x3F), 3
		}
		i += size
		out = appendEscaped(out, r)
	}
	return append(out, '"')
}

func appendEscaped(out []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(out, '\\', byte(r))
	case '\n':
		return append(out, `\n`...)
	case '\r':
		return append(out, `\r`...)
	case '\t':
		return append(out, `\t`...)
	case '\b':
		return append(out, `\b`...)
	case '\f':
		return append(out, `\f`...)
	}
	if r >= ' ' && r <= '~' {
		return append(out, byte(r))
	}
	if r > 0xFFFF {
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(out, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}
