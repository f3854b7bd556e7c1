// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"math"
	"strings"
	"unicode/utf8"
)

func opBinUnicode(width int) func(*machine) error {
	return func(m *machine) error {
		raw, err := m.counted(width)
		if err != nil {
			return err
		}
		return m.pushText(raw)
	}
}

func (m *machine) pushText(raw []byte) error {
	if !validText(raw) {
		return malformed("text is not UTF-8")
	}
	if err := m.budget.charge(int64(costSlot + len(raw))); err != nil {
		return err
	}
	return m.push(string(raw))
}

// validText tells whether raw is UTF-8, lone surrogates allowed as Python's
// "surrogatepass" does.
func validText[T []byte | string](raw T) bool {
	for i := 0; i < len(raw); {
		if raw[i] < utf8.RuneSelf {
			i++
			continue
		}
		if isSurrogate(raw[i:]) {
			i += 3
			continue
		}
		r, width := utf8.DecodeRuneInString(string(raw[i:min(i+4, len(raw))]))
		if r == utf8.RuneError && width <= 1 {
			return false
		}
		i += width
	}
	return true
}

// isSurrogate tells whether text begins with the three bytes of a surrogate.
func isSurrogate[T []byte | string](text T) bool {
	return len(text) >= 3 && text[0] == 0xed &&
		text[1] >= 0xa0 && text[1] <= 0xbf && text[2] >= 0x80 && text[2] <= 0xbf
}

// opUnicode reads protocol 0's text: Latin-1 with \uXXXX and \UXXXXXXXX.
func opUnicode(m *machine) error {
	raw, err := m.line()
	if err != nil {
		return err
	}
	if err := m.budget.charge(int64(costSlot + 2*len(raw))); err != nil {
		return err
	}
	text, err := rawUnicode(raw)
	if err != nil {
		return err
	}
	return m.push(text)
}

// rawUnicode is Python's raw-unicode-escape: a backslash that another one
// precedes is an ordinary character.
func rawUnicode(raw []byte) (string, error) {
	var out strings.Builder
	for i := 0; i < len(raw); {
		if raw[i] != '\\' || i+1 == len(raw) {
			out.WriteRune(rune(raw[i]))
			i++
			continue
		}
		width := map[byte]int{'u': 4, 'U': 8}[raw[i+1]]
		if width == 0 {
			out.WriteByte('\\')
			out.WriteRune(rune(raw[i+1]))
			i += 2
			continue
		}
		r, err := hexRune(raw[i+2:], width)
		if err != nil {
			return "", err
		}
		writeCodePoint(&out, r)
		i += 2 + width
	}
	return out.String(), nil
}

func hexRune(digits []byte, width int) (rune, error) {
	if len(digits) < width {
		return 0, malformed("truncated unicode escape")
	}
	var value uint32
	for _, c := range digits[:width] {
		if !isHex(c) {
			return 0, malformed("truncated unicode escape")
		}
		value = value<<4 | uint32(unhex(c))
	}
	if value > utf8.MaxRune {
		return 0, malformed("unicode escape beyond U+10FFFF")
	}
	return rune(value), nil
}

// writeCodePoint writes UTF-8, for surrogates the three bytes of their kind.
func writeCodePoint(out *strings.Builder, r rune) {
	if r < 0xd800 || r > 0xdfff {
		out.WriteRune(r)
		return
	}
	out.WriteByte(0xed)
	out.WriteByte(byte(0x80 | r>>6&0x3f))
	out.WriteByte(byte(0x80 | r&0x3f))
}

// opString reads Python 2's quoted str.
func opString(m *machine) error {
	raw, err := m.line()
	if err != nil {
		return err
	}
	text := string(raw)
	if len(text) < 2 || text[0] != text[len(text)-1] || text[0] != '\'' && text[0] != '"' {
		return malformed("text without quotes")
	}
	decoded, err := unescape(text[1 : len(text)-1])
	if err != nil {
		return err
	}
	return m.pushASCII(decoded)
}

func unescape(text string) ([]byte, error) {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		if text[0] != '\\' {
			out = append(out, text[0])
			text = text[1:]
			continue
		}
		decoded, width, problem := parseEscape(text)
		if problem != "" {
			return nil, malformed("%s", problem)
		}
		out = append(out, decoded...)
		text = text[width:]
	}
	return out, nil
}

func opBinString(m *machine) error {
	n, err := m.number(4)
	if err != nil {
		return err
	}
	if n > math.MaxInt32 {
		return malformed("negative length")
	}
	raw, err := m.take(n)
	if err != nil {
		return err
	}
	return m.pushASCII(raw)
}

func opShortBinString(m *machine) error {
	raw, err := m.counted(1)
	if err != nil {
		return err
	}
	return m.pushASCII(raw)
}

// pushASCII pushes a Python 2 str, which Python 3 reads as ASCII too.
func (m *machine) pushASCII(raw []byte) error {
	for _, c := range raw {
		if c >= utf8.RuneSelf {
			return malformed("a Python 2 str that is not ASCII")
		}
	}
	return m.pushText(raw)
}
