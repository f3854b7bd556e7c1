// SPDX-License-Identifier: Apache-2.0

package sanitize

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JSON returns value as encoding/json encodes it, with two differences. Unsafe
// characters are escaped as \u…, which JSON reads back as the same characters.
// A byte of a string that is not UTF-8 becomes a lone surrogate \udc80 to \udcff,
// as with Python's surrogateescape, because encoding/json writes the same U+FFFD
// for each such byte. So different values stay different.
// With an indent the output has several lines and ends with a line feed. The indentation
// grows up to 50 levels, because that of each line would make deep values many times larger.
func JSON(value any, indent string) ([]byte, error) {
	data, err := encodeJSON(value, indent)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(data, []byte(`\ufffd`)) {
		return escapeJSON(data, false), nil
	}
	marked := reflect.New(reflect.TypeFor[any]()).Elem()
	marked.Set(markInvalid(reflect.ValueOf(value)))
	if data, err = encodeJSON(marked.Interface(), indent); err != nil {
		return nil, err
	}
	return escapeJSON(data, true), nil
}

func encodeJSON(value any, indent string) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	data := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	if indent == "" {
		return data, nil
	}
	return append(indentJSON(data, indent), '\n'), nil
}

// maxIndent is how many levels are indented.
const maxIndent = 50

// indentJSON is json.Indent for compact JSON, up to maxIndent levels.
func indentJSON(data []byte, indent string) []byte {
	out := make([]byte, 0, len(data)+len(data)/2)
	level, inString := 0, false
	line := func() {
		out = append(out, '\n')
		for range min(level, maxIndent) {
			out = append(out, indent...)
		}
	}
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString:
			out = append(out, c)
			if c == '\\' {
				i++
				out = append(out, data[i])
			}
			inString = c != '"'
		case (c == '[' || c == '{') && data[i+1] == c+2: // nothing within
			out = append(out, c, c+2)
			i++
		case c == '[' || c == '{':
			level++
			out = append(out, c)
			line()
		case c == ']' || c == '}':
			level--
			line()
			out = append(out, c)
		case c == ',':
			out = append(out, c)
			line()
		case c == ':':
			out = append(out, ": "...)
		default:
			out = append(out, c)
			inString = c == '"'
		}
	}
	return out
}

// mark stands before the four hexadecimal digits of a \u escape, until escapeJSON
// writes that. A mark in a string is marked itself.
const mark = '\uFFFF'

// escapeJSON escapes unsafe characters. In JSON they can stand in strings only, but
// for the line feeds between values.
func escapeJSON(data []byte, isMarked bool) []byte {
	out := make([]byte, 0, len(data))
	for _, r := range string(data) {
		switch {
		case r == mark && isMarked:
			out = append(out, `\u`...)
		case isUnsafe(r) && r != '\n':
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

// markInvalid returns a copy of v, in whose strings bytes that are not UTF-8 are marked.
func markInvalid(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		return reflect.ValueOf(markString(v.String())).Convert(v.Type())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v
		}
		if v.Kind() == reflect.Interface {
			return markInvalid(v.Elem())
		}
		marked := reflect.New(v.Type().Elem())
		marked.Elem().Set(markInvalid(v.Elem()))
		return marked
	case reflect.Struct:
		marked := reflect.New(v.Type()).Elem()
		marked.Set(v) // with the fields that are not exported
		markFields(marked)
		return marked
	case reflect.Map:
		return markMap(v)
	case reflect.Slice, reflect.Array:
		return markItems(v)
	}
	return v
}

func markFields(v reflect.Value) {
	for i := range v.NumField() {
		field := v.Field(i)
		if v.Type().Field(i).Anonymous && field.Kind() == reflect.Struct {
			markFields(field) // its exported fields can be set, also if it is not exported
		} else if field.CanSet() {
			field.Set(markInvalid(field))
		}
	}
}

func markMap(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return v
	}
	marked := reflect.MakeMapWithSize(v.Type(), v.Len())
	for key, item := range v.Seq2() {
		marked.SetMapIndex(markInvalid(key), markInvalid(item))
	}
	return marked
}

func markItems(v reflect.Value) reflect.Value {
	if v.Type().Elem().Kind() == reflect.Uint8 || v.Kind() == reflect.Slice && v.IsNil() {
		return v
	}
	marked := reflect.New(v.Type()).Elem()
	if v.Kind() == reflect.Slice {
		marked.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
	}
	for i := range v.Len() {
		marked.Index(i).Set(markInvalid(v.Index(i)))
	}
	return marked
}

// markString marks the bytes of text that are not UTF-8.
func markString(text string) string {
	var out strings.Builder
	for i, r := range text {
		switch {
		case isInvalid(text[i:]):
			out.WriteString(string(mark) + "dc" + strconv.FormatUint(uint64(text[i]), 16))
		case r == mark:
			out.WriteString(string(mark) + "ffff")
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
