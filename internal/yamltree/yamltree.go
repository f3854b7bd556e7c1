// SPDX-License-Identifier: Apache-2.0

// Package yamltree reads YAML 1.1 and JSON as Python does, into nodes that keep
// their lines and each scalar as it was written. It must not know what a document is
// for: no section and no key has a meaning here. Start reading at Parse.
package yamltree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"gopkg.in/yaml.v3"
)

// MaxSize bounds a document, in bytes. Lithops' template has 15 KiB.
const MaxSize = 1 << 20

// A Node is a part of a document. An empty document is a nil Node.
type Node = yaml.Node

// An Error is a document that Python could not read either, or that is too large.
type Error struct {
	Line   int // 0 where none can be named
	Reason string
}

// Error is "line N: reason".
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

var yamlErrorLine = lazyregexp.New(`^(?:yaml: )?(?:line (\d+): )?`)

// Parse reads one YAML document, which JSON is too, and expands no alias. An empty
// document is nil. Errors are *Error.
func Parse(data []byte) (*Node, error) {
	if len(data) > MaxSize {
		return nil, &Error{Reason: fmt.Sprintf("larger than %d bytes", MaxSize)}
	}
	if at := firstInvalidUTF8(data); at >= 0 {
		return nil, &Error{Line: 1 + bytes.Count(data[:at], []byte("\n")), Reason: "is not UTF-8 text"}
	}
	document, err := decodeDocument(yamlVersion().ReplaceAll(data, []byte("%YAML 1.1")))
	if err == nil || !strings.Contains(err.Error(), "unknown escape character") || bytes.ContainsRune(data, slashMark) {
		return document, err
	}
	if retried, retryErr := decodeDocument(markSlashes(data)); retryErr == nil {
		unmarkSlashes(retried)
		return retried, nil
	}
	return nil, err
}

// yamlVersion matches the directive of YAML 1.2, which the parser refuses.
var yamlVersion = lazyregexp.New(`^%YAML 1\.[0-9]+`)

// slashMark stands for \/ while the parser, which lacks that escape, reads a
// document. It is a private-use character.
const slashMark = '\uE000'

var backslashPair = lazyregexp.New(`(?s)\\.`)

func markSlashes(data []byte) []byte {
	return backslashPair().ReplaceAllFunc(data, func(pair []byte) []byte {
		if pair[1] == '/' {
			return []byte(string(slashMark))
		}
		return pair
	})
}

// unmarkSlashes restores each \/: in double quotes it is a slash, elsewhere itself.
func unmarkSlashes(node *Node) {
	plain := `\/`
	if node.Style&yaml.DoubleQuotedStyle != 0 {
		plain = "/"
	}
	node.Value = strings.ReplaceAll(node.Value, string(slashMark), plain)
	for _, child := range node.Content {
		unmarkSlashes(child)
	}
}

func decodeDocument(data []byte) (*Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := decodeYAML(decoder, &document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, yamlError(err)
	}
	if err := decodeYAML(decoder, &second); err == nil {
		return nil, &Error{Line: second.Line, Reason: "a second YAML document begins here; a configuration has one"}
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlError(err)
	}
	return document.Content[0], nil // of nothing, too, it has a node
}

// decodeYAML turns the parser's panics on hostile input into errors.
func decodeYAML(decoder interface{ Decode(v any) error }, node *Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: %v", p)
		}
	}()
	return decoder.Decode(node)
}

// yamlError moves the line into place. It keeps the names of anchors out of the
// message: a secret that begins with * parses as one.
func yamlError(err error) error {
	message := err.Error()
	match := yamlErrorLine().FindStringSubmatch(message)
	line, _ := strconv.Atoi(match[1])
	message = strings.TrimPrefix(message, match[0])
	if strings.Contains(message, "unknown anchor") {
		message = "refers to an anchor that is not there; put a value that begins with * in quotes"
	}
	return &Error{Line: line, Reason: "not valid YAML: " + message}
}

func firstInvalidUTF8(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}
