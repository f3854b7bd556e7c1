// SPDX-License-Identifier: Apache-2.0

package pickle

import "slices"

// onlyItems returns the items of a subclass of dict, from its only argument or what
// was set on it.
func (o *Object) onlyItems() (*Dict, bool) {
	if o.Kwargs != nil || len(o.List) > 0 {
		return nil, false
	}
	switch {
	case len(o.Args) == 0:
		return o.Items, true
	case len(o.Args) == 1 && o.Items == nil:
		d, ok := o.Args[0].(*Dict)
		return d, ok
	}
	return nil, false
}

func (w *reprWriter) counter(o *Object, depth int) bool {
	items, ok := o.onlyItems()
	if !ok || o.State != nil {
		return false
	}
	if items.Len() == 0 {
		w.WriteString("Counter()")
		return true
	}
	w.WriteString("Counter(")
	w.dict(mostCommonFirst(items), depth)
	w.WriteString(")")
	return true
}

// mostCommonFirst sorts by the counts, if all are numbers that Go can compare.
func mostCommonFirst(items *Dict) *Dict {
	for _, count := range items.All() {
		if _, ok := count.(int64); !ok {
			return items
		}
	}
	entries := slices.Clone(items.entries)
	slices.SortStableFunc(entries, func(a, b dictEntry) int {
		switch x, y := a.value.(int64), b.value.(int64); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return &Dict{entries: entries}
}

func (w *reprWriter) orderedDict(o *Object, depth int) bool {
	items, ok := o.onlyItems()
	pairs := []any{}
	for key, value := range items.All() {
		pairs = append(pairs, Tuple{key, value})
	}
	if !ok && len(o.Args) == 1 && o.Items == nil { // protocol 2 of Python 2: a list of pairs
		pairs, ok = o.Args[0].([]any)
	}
	if !ok || o.State != nil {
		return false
	}
	if len(pairs) == 0 {
		w.WriteString("OrderedDict()")
		return true
	}
	w.WriteString("OrderedDict(")
	w.items("[", pairs, "]", depth)
	w.WriteString(")")
	return true
}

func (w *reprWriter) defaultDict(o *Object, depth int) bool {
	if len(o.Args) > 1 || o.Kwargs != nil || o.State != nil || len(o.List) > 0 {
		return false
	}
	var factory any
	if len(o.Args) == 1 {
		factory = o.Args[0]
	}
	w.WriteString("defaultdict(")
	w.value(factory, depth+1)
	w.WriteString(", ")
	w.dict(o.items(), depth)
	w.WriteString(")")
	return true
}

func (o *Object) items() *Dict {
	if o.Items == nil {
		return &Dict{}
	}
	return o.Items
}

func (w *reprWriter) deque(o *Object, depth int) bool {
	if len(o.Args) > 2 || o.Kwargs != nil || o.State != nil || o.Items != nil {
		return false
	}
	items := o.List
	if len(o.Args) > 0 {
		switch given := o.Args[0].(type) {
		case Tuple:
			items = slices.Concat(given, items)
		case []any:
			items = slices.Concat(given, items)
		default:
			return false
		}
	}
	w.WriteString("deque(")
	w.items("[", items, "]", depth)
	if len(o.Args) == 2 && o.Args[1] != nil {
		w.WriteString(", maxlen=")
		w.value(o.Args[1], depth+1)
	}
	w.WriteString(")")
	return true
}

func (w *reprWriter) namespace(o *Object, depth int) bool {
	attrs, ok := o.State.(*Dict)
	if len(o.Args) > 0 || o.Items != nil || o.State != nil && (!ok || !attrs.hasNames()) {
		return false
	}
	w.WriteString("namespace")
	w.arguments(nil, o, depth)
	return true
}
