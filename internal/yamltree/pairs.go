// SPDX-License-Identifier: Apache-2.0

package yamltree

import (
	"errors"

	"gopkg.in/yaml.v3"
)

// A Pair is an entry of a mapping. Merged reports whether it came through a merge key.
type Pair struct {
	Key, Value *Node
	Merged     bool
}

// maxMergeDepth bounds how many merge keys deep a mapping may be built, so that
// one that merges itself ends.
const maxMergeDepth = 32

// maxPairs bounds the entries that a mapping has after its merges.
const maxPairs = 10_000

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
