// SPDX-License-Identifier: Apache-2.0

package botofile

import (
	"errors"
	"strings"
)

// ErrUnbalanced reports an opening quote without a closing one, or a \ at the end.
var ErrUnbalanced = errors.New("no closing quotation")

// SplitCommand splits a command into words by the rules of the system that goos names
// (botocore.compat.compat_shell_split).
func SplitCommand(goos, command string) ([]string, error) {
	if goos == "windows" {
		return splitWindows(command)
	}
	return SplitShell(command)
}

// SplitShell splits text into words as Python's shlex.split does in its POSIX
// mode, without comments.
func SplitShell(text string) ([]string, error) {
	var s splitter
	for _, r := range text {
		s.take(r)
	}
	if s.quote != 0 || s.isEscaped {
		return nil, ErrUnbalanced
	}
	s.endWord()
	return s.words, nil
}

// A splitter is the state of SplitShell.
type splitter struct {
	words     []string
	word      strings.Builder
	inWord    bool
	isEscaped bool
	quote     rune // the open one, or 0
}

func (s *splitter) take(r rune) {
	switch {
	case s.isEscaped:
		s.takeEscaped(r)
	case r == '\\' && s.quote != '\'':
		s.isEscaped, s.inWord = true, true
	case s.quote != 0 && r == s.quote:
		s.quote = 0
	case s.quote != 0:
		s.word.WriteRune(r)
	case r == '\'' || r == '"':
		s.quote, s.inWord = r, true
	case strings.ContainsRune(" \t\r\n", r):
		s.endWord()
	default:
		s.word.WriteRune(r)
		s.inWord = true
	}
}

// takeEscaped writes a character after a \, which within double quotes stays in front
// of anything else than " and \.
func (s *splitter) takeEscaped(r rune) {
	if s.quote == '"' && r != '"' && r != '\\' {
		s.word.WriteByte('\\')
	}
	s.word.WriteRune(r)
	s.isEscaped = false
}

func (s *splitter) endWord() {
	if s.inWord {
		s.words = append(s.words, s.word.String())
	}
	s.word.Reset()
	s.inWord = false
}

// splitWindows splits a command as Windows' C runtime does: only double quotes quote,
// and a \ is an ordinary character unless a double quote follows. Before one, two
// stand for one, and a last single one makes the quote an ordinary character.
func splitWindows(command string) ([]string, error) {
	var s splitter
	backslashes := 0
	for _, r := range command {
		if r == '\\' {
			backslashes++
			continue
		}
		isLiteral := r != '"'
		if r == '"' {
			isLiteral = backslashes%2 == 1
			backslashes /= 2
		}
		s.writeBackslashes(backslashes)
		backslashes = 0
		s.takeWindows(r, isLiteral)
	}
	s.writeBackslashes(backslashes)
	if s.quote != 0 {
		return nil, ErrUnbalanced
	}
	s.endWord()
	return s.words, nil
}

func (s *splitter) writeBackslashes(n int) {
	s.word.WriteString(strings.Repeat(`\`, n))
	s.inWord = s.inWord || n > 0
}

func (s *splitter) takeWindows(r rune, isLiteral bool) {
	switch {
	case !isLiteral && s.quote == 0:
		s.quote, s.inWord = '"', true
	case !isLiteral:
		s.quote = 0
	case s.quote == 0 && (r == ' ' || r == '\t'):
		s.endWord()
	default:
		s.word.WriteRune(r)
		s.inWord = true
	}
}
