// SPDX-License-Identifier: Apache-2.0

package pyjson

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode reads the one value that data consists of. It takes what json.loads
// takes; of equal names in an object the last one counts, in the first one's
// place. Errors name the offset, in bytes.
func Decode(data []byte) (any, error) {
	d := &decoder{data: data}
	value, err := d.value(0)
	if err != nil {
		return nil, err
	}
	d.space()
	if d.pos < len(data) {
		return nil, d.fail("data after the value")
	}
	return value, nil
}

type decoder struct {
	data []byte
	pos  int
}

func (d *decoder) fail(format string, args ...any) error {
	return fmt.Errorf("%w at byte %d: %s", ErrSyntax, d.pos, fmt.Sprintf(format, args...))
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// literals are the words of JSON and the three that Python adds.
var literals = []struct {
	text  string
	value any
}{
	{"null", nil},
	{"true", true},
	{"false", false},
	{"NaN", math.NaN()},
	{"Infinity", math.Inf(1)},
	{"-Infinity", math.Inf(-1)},
}

func (d *decoder) value(depth int) (any, error) {
	d.space()
	if depth > maxDepth {
		return nil, d.fail("values nest deeper than %d", maxDepth)
	}
	if d.pos == len(d.data) {
		return nil, d.fail("a value is missing")
	}
	switch c := d.data[d.pos]; c {
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	case '"':
		return d.text()
	}
	for _, literal := range literals {
		if d.take(literal.text) {
			return literal.value, nil
		}
	}
	return d.number()
}

func (d *decoder) take(text string) bool {
	if len(d.data)-d.pos < len(text) || string(d.data[d.pos:d.pos+len(text)]) != text {
		return false
	}
	d.pos += len(text)
	return true
}

// next skips space and takes c, if it is there.
func (d *decoder) next(c byte) bool {
	d.space()
	if d.pos < len(d.data) && d.data[d.pos] == c {
		d.pos++
		return true
	}
	return false
}

func (d *decoder) object(depth int) (any, error) {
	d.pos++
	object := Object{}
	if d.next('}') {
		return object, nil
	}
	places := map[string]int{}
	for {
		d.space()
		if d.pos == len(d.data) || d.data[d.pos] != '"' {
			return nil, d.fail("a name in double quotes is missing")
		}
		name, err := d.text()
		if err != nil {
			return nil, err
		}
		if !d.next(':') {
			return nil, d.fail("':' is missing")
		}
		value, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if place, again := places[name]; again {
			object[place].Value = value
		} else {
			places[name] = len(object)
			object = append(object, Member{name, value})
		}
		if d.next('}') {
			return object, nil
		}
		if !d.next(',') {
			return nil, d.fail("',' or '}' is missing")
		}
	}
}

func (d *decoder) array(depth int) (any, error) {
	d.pos++
	array := []any{}
	if d.next(']') {
		return array, nil
	}
	for {
		value, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
		if d.next(']') {
			return array, nil
		}
		if !d.next(',') {
			return nil, d.fail("',' or ']' is missing")
		}
	}
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?.
func (d *decoder) number() (any, error) {
	start := d.pos
	end := start
	digits := func() int {
		from := end
		for end < len(d.data) && d.data[end] >= '0' && d.data[end] <= '9' {
			end++
		}
		return end - from
	}
	at := func(set string) bool {
		for i := range len(set) {
			if end < len(d.data) && d.data[end] == set[i] {
				end++
				return true
			}
		}
		return false
	}
	at("-")
	if !at("0") && digits() == 0 {
		return nil, d.fail("a value is missing")
	}
	whole, mark := true, end
	if at(".") && digits() > 0 {
		whole, mark = false, end
	}
	end = mark
	if at("eE") {
		at("+-")
		if digits() > 0 {
			whole, mark = false, end
		}
	}
	d.pos = mark
	text := string(d.data[start:mark])
	if !whole {
		float, _ := strconv.ParseFloat(text, 64) // beyond the range it is infinite, as in Python
		return float, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	const maxDigits = 4300 // Python's own limit (sys.int_info.default_max_str_digits)
	if len(strings.TrimPrefix(text, "-")) > maxDigits {
		return nil, d.fail("an integer of more than %d digits", maxDigits)
	}
	n, _ := new(big.Int).SetString(text, 10)
	return n, nil
}

func (d *decoder) text() (string, error) {
	d.pos++
	start := d.pos
	for d.pos < len(d.data) && d.data[d.pos] != '"' && d.data[d.pos] != '\\' && d.data[d.pos] >= ' ' {
		d.pos++
	}
	out := d.data[start:d.pos:d.pos]
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			return d.checked(string(out))
		case c == '\\':
			var err error
			if out, err = d.escape(out); err != nil {
				return "", err
			}
		case c < ' ':
			return "", d.fail("a control character in a string")
		default:
			out = append(out, c)
			d.pos++
		}
	}
	return "", d.fail("a string without end")
}

// checked refuses texts that are not UTF-8, except for surrogates that escapes gave.
func (d *decoder) checked(text string) (string, error) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			if !isSurrogate(text[i:]) {
				return "", d.fail("a string that is not UTF-8")
			}
			size = 3
		}
		i += size
	}
	return text, nil
}

func isSurrogate(text string) bool {
	return len(text) >= 3 && text[0] == 0xED && text[1] >= 0xA0 && text[1] <= 0xBF && text[2] >= 0x80 && text[2] <= 0xBF
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (d *decoder) escape(out []byte) ([]byte, error) {
	if d.pos+1 >= len(d.data) {
		return nil, d.fail("a string without end")
	}
	c := d.data[d.pos+1]
	if c != 'u' {
		plain, known := escapes[c]
		if !known {
			return nil, d.fail("the escape \\%c", c)
		}
		d.pos += 2
		return append(out, plain), nil
	}
	high, ok := d.hex4(d.pos + 2)
	if !ok {
		return nil, d.fail("\\u without four hexadecimal digits")
	}
	d.pos += 6
	if high >= 0xD800 && high <= 0xDBFF && d.pos+1 < len(d.data) && d.data[d.pos] == '\\' && d.data[d.pos+1] == 'u' {
		if low, ok := d.hex4(d.pos + 2); ok && low >= 0xDC00 && low <= 0xDFFF {
			d.pos += 6
			return utf8.AppendRune(out, utf16.DecodeRune(high, low)), nil
		}
	}
	return appendRune(out, high), nil
}

func (d *decoder) hex4(at int) (rune, bool) {
	if at+4 > len(d.data) {
		return 0, false
	}
	n := rune(0)
	for _, c := range d.data[at : at+4] {
		digit, err := strconv.ParseUint(string(c), 16, 8)
		if err != nil {
			return 0, false
		}
		n = n<<4 | rune(digit)
	}
	return n, true
}

// appendRune writes a lone surrogate in the three bytes that it would have.
func appendRune(out []byte, r rune) []byte {
	if utf16.IsSurrogate(r) {
		return append(out, 0xED, 0x80|byte(r>>6)&0xBF, 0x80|byte(r)&0xBF) //nolint:gosec // a surrogate has 16 bits
	}
	return utf8.AppendRune(out, r)
}
