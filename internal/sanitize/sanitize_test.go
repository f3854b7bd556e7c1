// SPDX-License-Identifier: Apache-2.0

package sanitize

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unsafe has the characters, and the ends of their ranges, that must not reach a terminal.
var unsafe = []rune{
	0, 0x01, 0x07, 0x08, 0x0B, 0x0C, 0x0E, 0x1B, 0x1F, 0x7F, 0x80, 0x84, 0x85, 0x90, 0x9B, 0x9D, 0x9F,
	0x61C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0x206A, 0x206F,
}

var safe = []rune{' ', '~', 0xA0, 'é', 0x61B, 0x61D, 0x200D, 0x2010, 0x2027, 0x202F, 0x2065, 0x2070, '日', 0xFFFD, '👪', 0x10FFFF}

func TestUnsafeCharactersAreEscapedEverywhere(t *testing.T) {
	t.Parallel()
	for _, r := range unsafe {
		text := "a" + string(r) + "b"
		for name, got := range map[string]string{"Name": Name(text), "Line": Line(text), "Text": Text(text), "Writer": written(t, NewWriter, text), "LogWriter": written(t, NewLogWriter, text)} {
			assert.NotContains(t, got, string(r), "%s of %U", name, r)
			assert.Contains(t, got, `\`, "%s of %U", name, r)
		}
	}
	for _, r := range safe {
		text := "a" + string(r) + "b"
		assert.Equal(t, text, Line(text), "%U", r)
		assert.Equal(t, text, Text(text), "%U", r)
		assert.Equal(t, text, written(t, NewWriter, text), "%U", r)
	}
}

// Unicode's own list of characters that change the direction is covered.
func TestUnsafeCoversUnicodeClasses(t *testing.T) {
	t.Parallel()
	for r := range rune(unicode.MaxRune) {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			assert.True(t, isUnsafe(r), "%U", r)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                   "",
		"plain":              "plain",
		"two\nlines\tand\r":  `two\nlines\tand\r`,
		"\x1b[2J":            `\x1b[2J`,
		"c1 \u009b":          `c1 \u009b`,
		"bytes \x9b\xff\xc3": `bytes \x9b\xff\xc3`,
		"\xed\xa0\x80":       `\xed\xa0\x80`,
		"\u202eabc":          `\u202eabc`,
		"'\"\\":              `'"\`,
		"\ufffd":             "\ufffd",
	} {
		assert.Equal(t, want, Line(text))
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "a\n\tb\nc"+`\rd\x1b`, Text("a\n\tb\r\nc\rd\x1b"))
	assert.Equal(t, "\n"+`\r`+"\n", Text("\r\n\r\r\n"))
}

// Name is one-to-one.
func TestName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a/b c":  "a/b c",
		"é日":     "é日",
		"":       `""`,
		"a\nb":   `"a\nb"`,
		`a\nb`:   `"a\\nb"`,
		`"a"`:    `"\"a\""`,
		"\xff":   `"\xff"`,
		`\xff`:   `"\\xff"`,
		"\u00a0": `"\u00a0"`,
		"\u200b": `"\u200b"`,
		"\u202e": `"\u202e"`,
	} {
		assert.Equal(t, want, Name(name))
	}
}

// TestWriterIgnoresSplits writes the same, however it is split over calls.
func TestWriterIgnoresSplits(t *testing.T) {
	t.Parallel()
	texts := []string{"é\u009b日\u202e👪", "a\r\nb\rc\r", "\xff\xc3", "\xe6\x97", "\xf0\x9f\x91", "\xf0\x9f\x91\xaa\x80\x80\x80\x80", "plain\n"}
	for _, text := range texts {
		for _, open := range []func(io.Writer) *Writer{NewWriter, NewLogWriter} {
			var whole strings.Builder
			w := open(&whole)
			_, err := w.Write([]byte(text))
			require.NoError(t, err)
			require.NoError(t, w.Flush())
			for i := range len(text) + 1 {
				for j := i; j <= len(text); j++ {
					var out strings.Builder
					w := open(&out)
					for _, part := range []string{text[:i], text[i:j], text[j:]} {
						n, err := w.Write([]byte(part))
						require.NoError(t, err)
						require.Equal(t, len(part), n)
						require.True(t, utf8.ValidString(out.String()))
					}
					require.NoError(t, w.Flush())
					require.NoError(t, w.Flush(), "and nothing is written twice")
					require.Equal(t, whole.String(), out.String(), "%q at %d and %d", text, i, j)
				}
			}
		}
	}
}

func TestWriterKeepsWhatItMay(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "a\n\tb\nc"+`\rd`, written(t, NewWriter, "a\n\tb\r\nc\rd"))
	assert.Equal(t, "a\n\tb\r\nc\rd"+`\x1b`, written(t, NewLogWriter, "a\n\tb\r\nc\rd\x1b"))
	assert.Equal(t, `\r`, written(t, NewWriter, "\r"))
}

func TestWriterIsNotDelayed(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	w := NewWriter(&out)
	_, _ = w.Write([]byte("é\xc3"))
	assert.Equal(t, "é", out.String())
	_, _ = w.Write([]byte("\xa9日"))
	assert.Equal(t, "éé日", out.String())
	_, _ = w.Write([]byte("\x80\x80\x80\x80"))
	assert.Equal(t, `éé日\x80\x80\x80\x80`, out.String(), "which begins no character")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestWriterReportsErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"plain", "\x1b"} {
		w := NewWriter(full{})
		n, err := w.Write([]byte(text))
		assert.Zero(t, n)
		assert.EqualError(t, err, "full")
		assert.NoError(t, w.Flush(), "nothing is held back")
	}
	w := NewWriter(full{})
	_, err := w.Write([]byte("\r"))
	require.NoError(t, err)
	assert.EqualError(t, w.Flush(), "full")
}

func written(t *testing.T, open func(io.Writer) *Writer, text string) string {
	t.Helper()
	var out strings.Builder
	w := open(&out)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	return out.String()
}
