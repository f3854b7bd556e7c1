// SPDX-License-Identifier: Apache-2.0

// Package botofile reads the files of ~/.aws as botocore reads them, which is how
// Python's configparser.RawConfigParser does. That keeps comments after a value and the
// quotes around it. It refuses a section or key that comes twice, and an indented line
// continues the value above.
// It must not know what a section or a key means, and holds no secret longer than its
// caller does; errors quote no line.
// Start reading at Read and Parse, then File.ConfigProfiles.
package botofile

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// maxSize bounds a file, in bytes.
const maxSize = 8 << 20

// defaultSection is where RawConfigParser looks for what a section lacks.
const defaultSection = "DEFAULT"

// A Section is the keys of a section, in lower case, and their values. A value
// of several lines holds line breaks.
type Section map[string]string

// A File is a parsed file: its sections by name, without DEFAULT, whose keys
// every section has.
type File struct {
	Path     string
	Sections map[string]Section
	// Order are the sections' names as they stand in the file.
	Order []string
	// Lines are the lines of the sections' headers, from 1.
	Lines map[string]int

	keyLines map[string]map[string]int
}

// Section returns the keys of a section; nil where the file has it not, or f is nil.
func (f *File) Section(name string) Section {
	if f == nil {
		return nil
	}
	return f.Sections[name]
}

// Line returns the line of a section's header, or 0.
func (f *File) Line(section string) int {
	if f == nil {
		return 0
	}
	return f.Lines[section]
}

// KeyLine returns the line of a key in a section, or 0 where the section has it not. A
// key of DEFAULT has its line there.
func (f *File) KeyLine(section, key string) int {
	if f == nil {
		return 0
	}
	return f.keyLines[section][key]
}

// A ParseError is a file that RawConfigParser refuses (botocore's ConfigParseError).
type ParseError struct {
	Path   string
	Line   int // 0 where none can be named
	Reason string
	Err    error // the cause, may be nil
}

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }

// Error is "path:line: reason".
func (e *ParseError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Reason)
}

// Read parses the file at path. A missing file, a folder and an empty path are
// no file, as for botocore: nil without an error. A pipe, a socket or a device is
// an error here, except for the null device.
func Read(path string) (*File, error) {
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return nil, nil //nolint:nilerr // a file that is not there is empty
	}
	data, err := openfiles.Read(path, maxSize)
	if err != nil {
		return nil, &ParseError{Path: path, Reason: "can't be read: " + errors.Unwrap(err).Error(), Err: err}
	}
	return Parse(path, data)
}

// Parse parses the text of a file; path is for errors.
func Parse(path string, data []byte) (*File, error) {
	if len(data) > maxSize {
		return nil, &ParseError{Path: path, Reason: fmt.Sprintf("is larger than %d bytes", maxSize)}
	}
	if !utf8.Valid(data) {
		return nil, &ParseError{Path: path, Line: invalidLine(data), Reason: "is not UTF-8 text"}
	}
	p := &parser{path: path, sections: map[string]map[string]*option{}, lines: map[string]int{}}
	text := strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\r", "\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		p.line++
		if err := p.parseLine(line); err != nil {
			return nil, err
		}
	}
	return p.file()
}

func invalidLine(data []byte) int {
	line := 1
	for rest := range bytes.SplitSeq(data, []byte("\n")) {
		if !utf8.Valid(rest) {
			return line
		}
		line++
	}
	return 0
}

// An option is a key's value while its lines come in.
type option struct {
	texts []string
	lines []int // of texts, from 1
}

func (o *option) add(text string, line int) {
	o.texts, o.lines = append(o.texts, text), append(o.lines, line)
}

// value joins the lines as RawConfigParser does.
func (o *option) value() string { return strings.TrimRightFunc(strings.Join(o.texts, "\n"), isSpace) }

// parser is the state of RawConfigParser._read.
type parser struct {
	path     string
	line     int
	sections map[string]map[string]*option
	order    []string
	lines    map[string]int
	current  map[string]*option
	option   *option // nil before the first key of a section
	indent   int
}

func (p *parser) parseLine(line string) error {
	value := strings.TrimFunc(line, isSpace)
	if strings.HasPrefix(value, "#") || strings.HasPrefix(value, ";") {
		return nil
	}
	if value == "" {
		if p.option != nil {
			p.option.add("", p.line)
		}
		return nil
	}
	indent := utf8.RuneCountInString(line) - utf8.RuneCountInString(strings.TrimLeftFunc(line, isSpace))
	if p.option != nil && indent > p.indent {
		p.option.add(value, p.line)
		return nil
	}
	p.indent = indent
	if header := sectionHeader().FindStringSubmatch(value); header != nil {
		return p.startSection(header[1])
	}
	if p.current == nil {
		return p.problem("stands before the first [section]")
	}
	return p.parseOption(value)
}

var (
	sectionHeader = lazyregexp.New(`^\[(.+)\]`)
	optionLine    = lazyregexp.New(`^(.*?)\s*[=:]\s*(.*)$`)
)

func (p *parser) startSection(name string) error {
	p.option = nil
	if _, ok := p.sections[name]; ok && name != defaultSection {
		return p.problem(fmt.Sprintf("the section [%s] stands here again, first in line %d", name, p.lines[name]))
	}
	if _, ok := p.sections[name]; !ok {
		p.sections[name] = map[string]*option{}
		p.order = append(p.order, name)
		p.lines[name] = p.line
	}
	p.current = p.sections[name]
	return nil
}

// parseOption never prints the line: it may hold a secret.
func (p *parser) parseOption(value string) error {
	match := optionLine().FindStringSubmatch(value)
	if match == nil || match[1] == "" {
		return p.problem("is neither [section] nor key = value")
	}
	key := strings.ToLower(strings.TrimRightFunc(match[1], isSpace))
	if first, ok := p.current[key]; ok {
		return p.problem(fmt.Sprintf("the key %s stands twice in its section, first in line %d", key, first.lines[0]))
	}
	p.option = &option{}
	p.option.add(strings.TrimFunc(match[2], isSpace), p.line)
	p.current[key] = p.option
	return nil
}

func (p *parser) problem(reason string) error {
	return &ParseError{Path: p.path, Line: p.line, Reason: reason}
}

// file makes the sections, with what they inherit. A block that can't be read is an
// error wherever it stands, as for botocore, and the first one is told.
func (p *parser) file() (*File, error) {
	file := &File{Path: p.path, Sections: map[string]Section{}, Lines: p.lines, keyLines: map[string]map[string]int{}}
	bad, badKey := 0, ""
	for _, name := range p.order {
		if name == defaultSection {
			continue
		}
		options := maps.Clone(p.sections[defaultSection])
		if options == nil {
			options = map[string]*option{}
		}
		maps.Copy(options, p.sections[name])
		section, lines := Section{}, map[string]int{}
		for key, option := range options {
			section[key], lines[key] = option.value(), option.lines[0]
			if line := option.badLine(); line != 0 && (bad == 0 || line < bad) {
				bad, badKey = line, key
			}
		}
		file.Sections[name], file.keyLines[name] = section, lines
		file.Order = append(file.Order, name)
	}
	if bad != 0 {
		return nil, &ParseError{Path: p.path, Line: bad, Reason: fmt.Sprintf("a line of the block below %s is not key = value (a value must begin in the line of its key)", badKey)}
	}
	return file, nil
}

// badLine is the first line of a block that is not key = value, or 0.
func (o *option) badLine() int {
	if !isBlock(o.value()) {
		return 0
	}
	for i, text := range o.texts {
		if _, ok := parseBlock(text); !ok {
			return o.lines[i]
		}
	}
	return 0
}

// isSpace reports whether Python's str.strip takes r for white space.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || (r >= 0x1c && r <= 0x1f)
}
