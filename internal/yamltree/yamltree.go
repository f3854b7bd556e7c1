// Package yamltree reads YAML 1.1 and JSON as Python does, into nodes that keep
// their lines and each scalar as it was written. It must not know what a document is
// for: no section and no key has a meaning here. Start reading at Parse.
package yamltree

import (
	"bytes"
	"encoding/json"
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

// maxMergeDepth bounds how many merge keys deep a mapping may be built, so that
// one that merges itself ends.
const maxMergeDepth = 32

// maxPairs bounds the entries that a mapping has after its merges.
const maxPairs = 10_000

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

// yamlVersion is the directive of YAML 1.2, which the parser refuses to hear of.
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

// unmarkSlashes: in double quotes \/ is a slash, elsewhere it is itself.
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
	if len(document.Content) == 0 {
		return nil, nil
	}
	return document.Content[0], nil
}

// decodeYAML turns the parser's panics on hostile input into errors.
func decodeYAML(decoder *yaml.Decoder, node *Node) (err error) {
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

// A Pair is an entry of a mapping. Merged reports whether it came through a merge key.
type Pair struct {
	Key, Value *Node
	Merged     bool
}

// Pairs returns a mapping's entries with aliases and merge keys followed, merged ones
// first, so that later ones win. A list of pairs is a mapping, as it is for Python's
// dict.update. The error says what else the node is.
func Pairs(node *Node) ([]Pair, error) {
	node = follow(node)
	if tag := node.ShortTag(); node.Kind != yaml.ScalarNode && tag != "!!map" && tag != "!!seq" {
		return nil, errors.New("has a YAML tag, which no section has")
	}
	if node.Kind == yaml.SequenceNode {
		return listPairs(node)
	}
	if node.Kind != yaml.MappingNode {
		return nil, errors.New("must be a mapping (key: value), not " + KindName(node))
	}
	return appendPairs(nil, node, 0)
}

func appendPairs(pairs []Pair, node *Node, depth int) ([]Pair, error) {
	if depth > maxMergeDepth || len(pairs) > maxPairs {
		return nil, errors.New("merges too much, or itself")
	}
	var own []Pair
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := follow(node.Content[i]), follow(node.Content[i+1])
		if !isMergeKey(key) {
			own = append(own, Pair{Key: key, Value: value, Merged: depth > 0})
			continue
		}
		var err error
		if pairs, err = appendMerged(pairs, value, depth); err != nil {
			return nil, err
		}
	}
	return append(pairs, own...), nil
}

// appendMerged follows a merge key; of several mappings the first wins.
func appendMerged(pairs []Pair, value *Node, depth int) ([]Pair, error) {
	bases := []*Node{value}
	if value.Kind == yaml.SequenceNode {
		bases = value.Content
	}
	for i := len(bases) - 1; i >= 0; i-- {
		base := follow(bases[i])
		if base.Kind != yaml.MappingNode {
			return nil, errors.New("<< must name a mapping, not " + KindName(base))
		}
		var err error
		if pairs, err = appendPairs(pairs, base, depth+1); err != nil {
			return nil, err
		}
	}
	return pairs, nil
}

func isMergeKey(key *Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && key.ShortTag() == "!!merge"
}

func listPairs(node *Node) ([]Pair, error) {
	var pairs []Pair
	for _, item := range node.Content {
		item = follow(item)
		if item.Kind != yaml.SequenceNode || len(item.Content) != 2 {
			return nil, errors.New("must be a mapping (key: value), not a list")
		}
		pairs = append(pairs, Pair{Key: follow(item.Content[0]), Value: follow(item.Content[1])})
	}
	return pairs, nil
}

// follow gives what an alias stands for.
func follow(node *Node) *Node {
	for range maxMergeDepth {
		if node.Kind != yaml.AliasNode || node.Alias == nil {
			break
		}
		node = node.Alias
	}
	return node
}

// IsNull reports whether node is missing, empty or null.
func IsNull(node *Node) bool {
	return node == nil || (node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null")
}

// IsEmptyText reports whether node is a text of no characters.
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
	return "a text"
}

// IsHolder reports whether node can hold keys: it is a mapping or a list.
func IsHolder(node *Node) bool {
	return node.Kind == yaml.MappingNode || node.Kind == yaml.SequenceNode
}

// Text returns a scalar as it was written: 0123 and on are texts here, where YAML 1.1
// makes 83 and true of them. The error says what else the node is, and the line is
// node's or that of its tag.
func Text(node *Node) (string, error) {
	if node.Kind != yaml.ScalarNode {
		return "", errors.New("must be a text, not " + KindName(node))
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

// IsMapping reports whether node is a mapping.
func IsMapping(node *Node) bool { return node.Kind == yaml.MappingNode }

// IsScalar reports whether node is one value.
func IsScalar(node *Node) bool { return node.Kind == yaml.ScalarNode }
