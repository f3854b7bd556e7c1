// SPDX-License-Identifier: Apache-2.0

package yamltree

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"gopkg.in/yaml.v3"
)

// ParseJSON reads what Python's json.loads reads, NaN and Infinity included. Errors
// are *Error.
func ParseJSON(text string) (*Node, error) {
	fail := func(at int64, reason string) error {
		at = min(at, int64(len(text)))
		return &Error{Line: 1 + strings.Count(text[:at], "\n"), Reason: "not valid JSON: " + reason}
	}
	if len(text) > MaxSize {
		return nil, &Error{Reason: fmt.Sprintf("larger than %d bytes", MaxSize)}
	}
	if strings.TrimSpace(text) == "" {
		return nil, fail(0, "it is empty")
	}
	plain := replaceNonFinite(text)
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(plain), &raw); err != nil {
		at := int64(0)
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			at = syntax.Offset
		}
		return nil, fail(at, err.Error())
	}
	decoder := json.NewDecoder(strings.NewReader(plain))
	decoder.UseNumber()
	return jsonNode(decoder, plain)
}

// replaceNonFinite writes null for the NaN, Infinity and -Infinity that Python
// accepts outside of strings. No setting of this package has a use for them.
func replaceNonFinite(text string) string {
	if !strings.Contains(text, "Infinity") && !strings.Contains(text, "NaN") { // without the time to compile the pattern
		return text
	}
	return nonFinite().ReplaceAllStringFunc(text, func(s string) string {
		if strings.HasPrefix(s, `"`) {
			return s
		}
		return "null"
	})
}

var nonFinite = lazyregexp.New(`"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b`)

// jsonNode reads one value. The text is valid JSON already.
func jsonNode(decoder *json.Decoder, text string) (*Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	line := 1 + strings.Count(text[:decoder.InputOffset()], "\n")
	delim, ok := token.(json.Delim)
	if !ok {
		return jsonScalar(token, line), nil
	}
	node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: line}
	if delim == '{' {
		node.Kind, node.Tag = yaml.MappingNode, "!!map"
	}
	for decoder.More() {
		child, err := jsonNode(decoder, text)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	_, err = decoder.Token()
	return node, err
}

func jsonScalar(token json.Token, line int) *Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Line: line}
	switch value := token.(type) {
	case string:
		node.Tag, node.Value = "!!str", value
	case json.Number:
		node.Tag, node.Value = "!!float", value.String()
		if !strings.ContainsAny(node.Value, ".eE") {
			node.Tag = "!!int"
		}
	case bool:
		node.Tag, node.Value = "!!bool", strconv.FormatBool(value)
	default:
		node.Tag, node.Value = "!!null", "null"
	}
	return node
}
