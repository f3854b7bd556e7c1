// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxRepr is after how many bytes Repr stops.
const maxRepr = 1 << 20

// maxReprDepth is how deep Repr goes.
const maxReprDepth = 200

// Repr returns what Python's repr gives for plain values (numbers, texts, bytes,
// containers, exceptions, datetimes) and for common classes of Python's library.
// Arrays of numpy are on one line and have their dtype. Any other object reads as
// module.Class(arguments, attribute=value) from what the pickle holds. Other values of Go
// read as what [Encode] makes of them, a struct as package.Type(Field=value), and an error
// or a fmt.Stringer as its own text. The result is one line; beyond 1 MiB or 200 levels, as
// of a value that contains itself, it ends in "...".
func Repr(v any) string {
	w := &reprWriter{}
	w.value(v, 0)
	return w.String()
}

type reprWriter struct{ strings.Builder }

func (w *reprWriter) value(v any, depth int) {
	if w.Len() > maxRepr || depth > maxReprDepth {
		w.WriteString("...")
		return
	}
	if isNone(v) {
		w.WriteString("None")
		return
	}
	switch v := v.(type) {
	case []any:
		w.items("[", v, "]", depth)
	case Tuple:
		w.tuple(v, depth)
	case Set:
		w.set("set()", "{", v, "}", depth)
	case FrozenSet:
		w.set("frozenset()", "frozenset({", v, "})", depth)
	case *Dict:
		w.dict(v, depth)
	case *Exception:
		w.WriteString(v.Class)
		args := v.shownArgs()
		if len(args) == 1 {
			w.items("(", args, ")", depth)
			return
		}
		w.tuple(args, depth)
	case NumpyScalar:
		w.numpyScalar(v, depth)
	case *NumpyArray:
		w.numpyArray(v, depth)
	case *Object:
		w.object(v, depth)
	default:
		if text, ok := reprScalar(v); ok {
			w.WriteString(text)
			return
		}
		w.goValue(v, depth)
	}
}

func (w *reprWriter) items(open string, items []any, closing string, depth int) {
	w.sequence(open, len(items), closing, func(i int) { w.value(items[i], depth+1) })
}

func (w *reprWriter) tuple(items Tuple, depth int) {
	if len(items) == 1 {
		w.items("(", items, ",)", depth)
		return
	}
	w.items("(", items, ")", depth)
}

func (w *reprWriter) set(empty, open string, items []any, closing string, depth int) {
	if len(items) == 0 {
		w.WriteString(empty)
		return
	}
	w.items(open, items, closing, depth)
}

func (w *reprWriter) dict(d *Dict, depth int) {
	w.WriteString("{")
	first := true
	for key, value := range d.All() {
		if !first {
			w.WriteString(", ")
		}
		first = false
		if w.Len() > maxRepr {
			w.WriteString("...")
			break
		}
		w.value(key, depth+1)
		w.WriteString(": ")
		w.value(value, depth+1)
	}
	w.WriteString("}")
}

// isNone reports whether a value is None. A nil pointer is, as that of an Exception without
// a Cause; a nil Dict is empty.
func isNone(v any) bool {
	switch v := v.(type) {
	case *Exception:
		return v == nil
	case *Object:
		return v == nil
	case *CloudObject:
		return v == nil
	case *NumpyArray:
		return v == nil
	case *big.Int:
		return v == nil
	}
	return v == nil
}

func reprScalar(v any) (string, bool) {
	switch v := v.(type) {
	case bool:
		return map[bool]string{true: "True", false: "False"}[v], true
	case int64:
		return strconv.FormatInt(v, 10), true
	case *big.Int:
		return reprBig(v), true
	case float64:
		return reprFloat(v), true
	case complex128:
		return reprComplex(v), true
	case string:
		return reprText(v), true
	case []byte:
		return reprBytes(v), true
	case ByteArray:
		return "bytearray(" + reprBytes(v) + ")", true
	case Decimal:
		return "Decimal('" + string(v) + "')", true
	}
	return reprOther(v)
}

func reprOther(v any) (string, bool) {
	switch v := v.(type) {
	case Global:
		return reprGlobal(v), true
	case *CloudObject:
		return v.String(), true
	case NaiveTime:
		return reprDatetime(v.Time, v.Fold, ""), true
	case time.Time:
		return reprDatetime(v, false, reprZone(v)), true
	case Date:
		return fmt.Sprintf("datetime.date(%d, %d, %d)", v.Year, v.Month, v.Day), true
	case TimeOfDay:
		return "datetime.time(" + reprClock(v.Hour, v.Minute, v.Second, v.Microsecond) + reprFold(v.Fold) + ")", true
	case Timedelta:
		return reprTimedelta(v), true
	}
	return "", false
}

// reprGlobal writes a class. Functions of builtins can be told from classes, and
// singletons are pickled by their names.
func reprGlobal(g Global) string {
	switch g {
	case Global{builtins, "Ellipsis"}, Global{builtins, "NotImplemented"}:
		return g.Name
	case Global{"pandas._libs.missing", "NA"}:
		return "<NA>"
	}
	if g.Module == builtins && isFunctionName(g.Name) && !lowerClasses()[g.Name] {
		return "<built-in function " + g.Name + ">"
	}
	return "<class '" + g.TypeName() + "'>"
}

func reprBytes(raw []byte) string {
	if len(raw) > maxRepr {
		return FormatBytesLiteral(raw[:maxRepr]) + "..."
	}
	return FormatBytesLiteral(raw)
}

// reprBig stops at the digits that Python prints too.
func reprBig(n *big.Int) string {
	const bitsPerDigit = 3.33
	if float64(n.BitLen()) > maxDigits*bitsPerDigit {
		return fmt.Sprintf("<int of %d bits>", n.BitLen())
	}
	return n.String()
}

func reprFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'g', -1, 64)), "+")
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func reprComplex(c complex128) string {
	const size = 8
	return reprComplexOf(c, size)
}

// reprComplexOf writes a number whose parts have size bytes each.
func reprComplexOf(c complex128, size int) string {
	im := strings.TrimSuffix(reprFloatOf(imag(c), size), ".0") + "j"
	if real(c) == 0 && !math.Signbit(real(c)) {
		return im
	}
	if im[0] != '-' {
		im = "+" + im
	}
	return "(" + strings.TrimSuffix(reprFloatOf(real(c), size), ".0") + im + ")"
}

func reprText(text string) string {
	tail := ""
	if len(text) > maxRepr {
		text, tail = text[:maxRepr], "..."
	}
	quote := byte('\'')
	if strings.Contains(text, "'") && !strings.Contains(text, `"`) {
		quote = '"'
	}
	var out strings.Builder
	out.WriteByte(quote)
	for len(text) > 0 {
		r, width := nextCodePoint(text)
		text = text[width:]
		switch {
		case r == rune(quote) || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case unicode.IsPrint(r):
			out.WriteRune(r)
		default:
			out.WriteString(escapeRune(r))
		}
	}
	out.WriteByte(quote)
	return out.String() + tail
}

// nextCodePoint is utf8.DecodeRuneInString that knows lone surrogates.
func nextCodePoint(text string) (rune, int) {
	if isSurrogate(text) {
		return 0xd000 | rune(text[1]&0x3f)<<6 | rune(text[2]&0x3f), 3
	}
	return utf8.DecodeRuneInString(text)
}

func escapeRune(r rune) string {
	switch {
	case r == '\t':
		return `\t`
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r <= 0xff:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
