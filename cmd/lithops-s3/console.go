// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/term"
)

// fallbackWidth is how wide a terminal is that does not tell.
const fallbackWidth = 80

// isTerminal reports whether a person looks at the stream, or types into it.
func isTerminal(stream any) bool {
	switch s := stream.(type) {
	case *input:
		return s.isTerminal
	case *os.File:
		is := false
		withDescriptor(s, func(fd int) { is = term.IsTerminal(fd) })
		return is
	}
	return false
}

// terminalWidth returns the number of columns of the terminal that stream is.
func terminalWidth(stream any) int {
	width := 0
	if file, ok := stream.(*os.File); ok {
		withDescriptor(file, func(fd int) {
			if columns, _, err := term.GetSize(fd); err == nil {
				width = columns
			}
		})
	}
	if width <= 0 {
		return fallbackWidth
	}
	return width
}

// withDescriptor calls do with a file's descriptor, and does not make it blocking as
// the method Fd would.
func withDescriptor(file *os.File, do func(fd int)) {
	if raw, err := file.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { do(int(fd)) })
	}
}

// A screen is the stream below an output. On a terminal it takes away the line of a
// bar before anything else is written, also to the other output on that terminal.
type screen struct {
	out        io.Writer
	hasEscapes bool    // the terminal knows "erase to the end of the line"
	beside     *screen // of the other output

	mu    sync.Mutex
	drawn int // columns of the bar
}

// Write writes text.
func (s *screen) Write(p []byte) (int, error) {
	if s.beside != nil {
		s.beside.draw("")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replace("")
	return s.out.Write(p)
}

// draw replaces the bar.
func (s *screen) draw(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replace(line)
}

// keep leaves the bar where it is, and begins a new line.
func (s *screen) keep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawn = 0
	_, _ = io.WriteString(s.out, "\n")
}

func (s *screen) replace(line string) {
	if line == "" && s.drawn == 0 {
		return
	}
	width := textWidth(line)
	erase := "\x1b[K"
	if !s.hasEscapes {
		blanks := max(0, s.drawn-width)
		erase = strings.Repeat(" ", blanks) + strings.Repeat("\b", blanks)
	}
	_, _ = io.WriteString(s.out, "\r"+line+erase)
	if line == "" && !s.hasEscapes {
		_, _ = io.WriteString(s.out, "\r")
	}
	s.drawn = width
}

// wideRunes are the runes that take two columns (East Asian Wide and Fullwidth).
var wideRunes = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1},
		{0x231a, 0x231b, 1},
		{0x23e9, 0x23ec, 1},
		{0x25fd, 0x25fe, 1},
		{0x2614, 0x2615, 1},
		{0x2648, 0x2653, 1},
		{0x26a1, 0x26a1, 1},
		{0x26bd, 0x26be, 1},
		{0x2705, 0x2705, 1},
		{0x270a, 0x270b, 1},
		{0x2728, 0x2728, 1},
		{0x274c, 0x274c, 1},
		{0x2753, 0x2755, 1},
		{0x2757, 0x2757, 1},
		{0x2795, 0x2797, 1},
		{0x2b1b, 0x2b1c, 1},
		{0x2b50, 0x2b50, 1},
		{0x2e80, 0x303e, 1},
		{0x3041, 0x33ff, 1},
		{0x3400, 0x4dbf, 1},
		{0x4e00, 0xa4cf, 1},
		{0xa960, 0xa97c, 1},
		{0xac00, 0xd7a3, 1},
		{0xf900, 0xfaff, 1},
		{0xfe30, 0xfe6f, 1},
		{0xff01, 0xff60, 1},
		{0xffe0, 0xffe6, 1},
	},
	R32: []unicode.Range32{
		{0x16fe0, 0x18aff, 1},
		{0x1b000, 0x1b2ff, 1},
		{0x1f004, 0x1f004, 1},
		{0x1f0cf, 0x1f0cf, 1},
		{0x1f18e, 0x1f18e, 1},
		{0x1f191, 0x1f19a, 1},
		{0x1f200, 0x1f320, 1},
		{0x1f32d, 0x1f64f, 1},
		{0x1f680, 0x1f6ff, 1},
		{0x1f7e0, 0x1f7eb, 1},
		{0x1f90c, 0x1f9ff, 1},
		{0x1fa70, 0x1faff, 1},
		{0x20000, 0x3fffd, 1},
	},
}

// runeWidth returns the columns that a rune takes on a terminal.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wideRunes, r):
		return 2
	}
	return 1
}

// textWidth returns the columns that a line takes on a terminal.
func textWidth(text string) (width int) {
	for _, r := range text {
		width += runeWidth(r)
	}
	return width
}

// cutEnd returns text in at most width columns, with a mark if its end is missing.
func cutEnd(text string, width int) string {
	if textWidth(text) <= width {
		return text
	}
	if width <= 0 {
		return ""
	}
	return head(text, width-1) + "…"
}

// cutMiddle returns text in at most width columns, with a mark if its middle is
// missing: of a path, the end tells most, and the begin where it is.
func cutMiddle(text string, width int) string {
	if textWidth(text) <= width {
		return text
	}
	if width <= 0 {
		return ""
	}
	begin := head(text, (width-1)/3)
	return begin + "…" + tail(text, width-1-textWidth(begin))
}

// head returns the begin of text in at most width columns.
func head(text string, width int) string {
	for i, r := range text {
		if width -= runeWidth(r); width < 0 {
			return text[:i]
		}
	}
	return text
}

// tail returns the end of text in at most width columns.
func tail(text string, width int) string {
	runes := []rune(text)
	from := len(runes)
	for from > 0 && width >= runeWidth(runes[from-1]) {
		from--
		width -= runeWidth(runes[from])
	}
	for from < len(runes) && runeWidth(runes[from]) == 0 { // an accent without its letter
		from++
	}
	return string(runes[from:])
}
