// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"html"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// A screen is a terminal that understands line breaks, carriage returns and
// "erase to the end of the line", and remembers when each line changed.
type screen struct {
	rows    [][]version
	row     int
	current []rune
	column  int
}

// A version is a row's text from a time on.
type version struct {
	text string
	at   time.Duration
}

// write adds what the command printed at a time.
func (s *screen) write(text string, at time.Duration) {
	text = strings.ReplaceAll(text, "\x1b[K", "\x00")
	for _, r := range text {
		switch r {
		case '\n':
			s.remember(at)
			s.row++
			s.current, s.column = nil, 0
		case '\r':
			s.column = 0
		case '\x00':
			s.current = s.current[:min(s.column, len(s.current))]
		case '\t':
			for n := 8 - s.column%8; n > 0; n-- {
				s.set(' ')
			}
		default:
			s.set(r)
		}
	}
	s.remember(at)
}

func (s *screen) set(r rune) {
	for len(s.current) <= s.column {
		s.current = append(s.current, ' ')
	}
	s.current[s.column] = r
	s.column++
}

// remember records the current row if it has changed.
func (s *screen) remember(at time.Duration) {
	for len(s.rows) <= s.row {
		s.rows = append(s.rows, nil)
	}
	text := strings.TrimRight(string(s.current), " ")
	versions := s.rows[s.row]
	last := len(versions) - 1
	switch {
	case last >= 0 && versions[last].text == text, last < 0 && text == "":
	case last >= 0 && versions[last].at == at:
		versions[last].text = text
	default:
		s.rows[s.row] = append(versions, version{text, at})
	}
}

const (
	lineHeight = 18 // pixels
	margin     = 16
)

// save writes the screen as SVG. With a length, it is a recording that repeats; a
// viewer without animation shows its end.
func (s *screen) save(path, title string, length time.Duration) error {
	var body strings.Builder
	line := func(row int, text, class, timing string) {
		fmt.Fprintf(&body, `<text x="%d" y="%d" class="%s" xml:space="preserve">%s%s</text>`+"\n",
			margin, margin+(row+1)*lineHeight-4, class, html.EscapeString(text), timing)
	}
	if length > 0 {
		fmt.Fprintf(&body, `<rect width="0" height="0"><animate id="loop" attributeName="x" begin="0s;loop.end" dur="%.1fs"/></rect>`+"\n", length.Seconds())
	}
	line(0, "$ "+title, "prompt", "")
	for i, versions := range s.rows {
		for j, v := range versions {
			isLast := j == len(versions)-1
			class, timing := "out", ""
			switch {
			case length == 0 && !isLast, v.text == "":
				continue
			case length > 0 && isLast:
				timing = fmt.Sprintf(`<set attributeName="visibility" to="hidden" begin="loop.begin" dur="%.2fs"/>`, v.at.Seconds())
			case length > 0:
				class = "out hidden"
				timing = fmt.Sprintf(`<set attributeName="visibility" to="visible" begin="loop.begin+%.2fs" dur="%.2fs"/>`,
					v.at.Seconds(), (versions[j+1].at - v.at).Seconds())
			}
			line(i+1, v.text, class, timing)
		}
	}
	height := 2*margin + (len(s.rows)+1)*lineHeight
	width := 2*margin + 8*s.longest()
	text := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">
<!-- made by "go run ./.ci/screenshots": what the command printed -->
<style>text{font:13px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d8dee9}.prompt{fill:#8fbcbb}.hidden{visibility:hidden}</style>
<rect width="100%%" height="100%%" rx="6" fill="#1e2430"/>
%s</svg>
`, width, height, width, height, html.EscapeString(title), body.String())
	return os.WriteFile(path, []byte(text), 0o644)
}

// longest returns the length of the longest line, in characters.
func (s *screen) longest() int {
	longest := 0
	for _, versions := range s.rows {
		for _, v := range versions {
			longest = max(longest, utf8.RuneCountInString(v.text))
		}
	}
	return longest
}
