// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lithops-go/lithopss3/internal/redact"
	"github.com/lithops-go/lithopss3/internal/yamltree"
)

// A setting is a key's value, and where it stands.
type setting struct {
	section string
	key     string
	line    int
	node    *yamltree.Node
}

// section returns a section's entries. An empty one counts as absent, where Python
// fails; with orFalsy so do false, 0 and the like, as in Python.
func (r *resolver) section(s setting, name string, orFalsy bool) (map[string]setting, error) {
	if yamltree.IsNull(s.node) || (orFalsy && yamltree.IsFalsy(s.node)) || yamltree.IsEmptyText(s.node) {
		return map[string]setting{}, nil
	}
	return r.entries(s.node, name)
}

// entries reads a mapping, with merge keys and aliases followed, or, as Python's
// dict.update does for aws, a list of pairs.
func (r *resolver) entries(node *yamltree.Node, section string) (map[string]setting, error) {
	entries := map[string]setting{}
	pairs, err := yamltree.Pairs(node)
	if err != nil {
		return nil, r.problem(node.Line, section, err.Error())
	}
	for _, pair := range pairs {
		key := pair.Key.Value
		if old, ok := entries[key]; ok && !pair.Merged && old.node != nil {
			r.warn(pair.Key.Line, joinKey(section, redact.Name(key, "")), fmt.Sprintf("is given twice; this line wins over line %d", old.line))
		}
		entries[key] = setting{section: section, key: key, line: pair.Key.Line, node: pair.Value}
	}
	return entries, nil
}

// text returns a setting's scalar as it was written.
func (r *resolver) text(s setting) (string, error) {
	text, err := yamltree.Text(s.node)
	if err != nil {
		return "", r.problem(s.line, s.name(), err.Error())
	}
	return text, nil
}

func (s setting) name() string { return joinKey(s.section, s.key) }

func joinKey(section, key string) string {
	if section == "" {
		return key
	}
	return section + "." + key
}

func sortedByLine(entries map[string]setting) []setting {
	sorted := make([]setting, 0, len(entries))
	for _, s := range entries {
		sorted = append(sorted, s)
	}
	slices.SortFunc(sorted, func(a, b setting) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.key, b.key)
	})
	return sorted
}
