// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestReprOfDeepValues cuts what nests deeper than 200 levels, whatever holds it.
func TestReprOfDeepValues(t *testing.T) {
	t.Parallel()
	object := func(change func(o *Object)) any {
		o := &Object{Module: "shop", Name: "Item"}
		change(o)
		return o
	}
	for name, wrap := range map[string]func(v any) any{
		"list":      func(v any) any { return []any{v} },
		"tuple":     func(v any) any { return Tuple{v} },
		"set":       func(v any) any { return Set{v} },
		"frozenset": func(v any) any { return FrozenSet{v} },
		"value":     func(v any) any { return dictOf("k", v) },
		"key":       func(v any) any { return &Dict{entries: []dictEntry{{key: v}}} },
		"args":      func(v any) any { return object(func(o *Object) { o.Args = Tuple{v} }) },
		"kwargs":    func(v any) any { return object(func(o *Object) { o.Kwargs = dictOf("k", v) }) },
		"state":     func(v any) any { return object(func(o *Object) { o.State = v }) },
		"names":     func(v any) any { return object(func(o *Object) { o.State = dictOf("k", v) }) },
		"items":     func(v any) any { return object(func(o *Object) { o.Items = dictOf("k", v) }) },
		"appended":  func(v any) any { return object(func(o *Object) { o.List = []any{v} }) },
		"exception": func(v any) any { return &Exception{Module: builtins, Class: "ValueError", Args: Tuple{v}} },
		"deque":     func(v any) any { return &Object{Module: "collections", Name: "deque", Args: Tuple{[]any{v}}} },
		"default":   func(v any) any { return &Object{Module: "collections", Name: "defaultdict", Args: Tuple{v}} },
		"method":    func(v any) any { return &Object{Module: builtins, Name: "getattr", Args: Tuple{v, "m"}} },
		"pattern":   func(v any) any { return &Object{Module: "re", Name: "_compile", Args: Tuple{v, int64(0)}} },
		"zone":      func(v any) any { return &Object{Module: "zoneinfo", Name: "ZoneInfo._unpickle", Args: Tuple{v, true}} },
		"partial": func(v any) any {
			return &Object{Module: "functools", Name: "partial", Args: Tuple{1}, State: Tuple{v, Tuple{}, &Dict{}, nil}}
		},
	} {
		v := any("the bottom")
		for range 500 {
			v = wrap(v)
		}
		text := Repr(v)
		assert.Contains(t, text, "...", name)
		assert.NotContains(t, text, "the bottom", name)
		v = any("the bottom")
		for range 20 {
			v = wrap(v)
		}
		assert.Contains(t, Repr(v), "the bottom", name)
	}
}
