// SPDX-License-Identifier: Apache-2.0

package yamltree

import (
	"errors"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// IsNull reports whether node is missing, empty or null.
func IsNull(node *Node) bool {
	return node == nil || (node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null")
}

// IsEmptyText reports whether node is an empty scalar.
func IsEmptyText(node *Node) bool {
	return node.Kind == yaml.ScalarNode && node.Value == ""
}

// IsFalsy reports what Python's "not value" would be for the value of node.
func IsFalsy(node *Node) bool {
	if IsNull(node) {
		return true
	}
	if node.Kind != yaml.ScalarNode {
		return len(node.Content) == 0
	}
	switch node.ShortTag() {
	case "!!bool":
		return isFalseWord(node.Value)
	case "!!int", "!!float":
		number, err := strconv.ParseFloat(node.Value, 64)
		return err == nil && number == 0
	}
	return node.Value == "" || (node.Style == 0 && isFalseWord(node.Value))
}

// isFalseWord reports whether value is one of the words for false that YAML 1.1 has,
// which are more than those of 1.2.
func isFalseWord(value string) bool {
	switch strings.ToLower(value) {
	case "false", "no", "off":
		return true
	}
	return false
}

// KindName says what a node is, for people: "a list".
func KindName(node *Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch node.ShortTag() {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!null":
		return "nothing"
	}
	return "a string"
}

// IsHolder reports whether node can hold keys: it is a mapping or a list.
func IsHolder(node *Node) bool {
	return node.Kind == yaml.MappingNode || node.Kind == yaml.SequenceNode
}

// IsMapping reports whether node is a mapping.
func IsMapping(node *Node) bool { return node.Kind == yaml.MappingNode }

// IsScalar reports whether node is one value.
func IsScalar(node *Node) bool { return node.Kind == yaml.ScalarNode }

// Text returns a scalar as it was written: 0123 and on are texts here, where YAML 1.1
// makes 83 and true of them. The error says what else the node is, and the line is
// node's or that of its tag.
func Text(node *Node) (string, error) {
	if node.Kind != yaml.ScalarNode {
		return "", errors.New("must be a string, not " + KindName(node))
	}
	if !textTags[node.ShortTag()] {
		return "", errors.New("has a YAML tag; put a value that begins with ! in quotes")
	}
	return node.Value, nil
}

// textTags are the tags whose scalars are texts. A !!binary is bytes in Python,
// which no text is.
var textTags = map[string]bool{
	"!!str": true, "!!int": true, "!!float": true, "!!bool": true, "!!null": true, "!!timestamp": true, "!!merge": true, "!!value": true,
}
