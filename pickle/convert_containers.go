// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"reflect"
)

// storeList stores the items of a value in a slice or an array.
func storeList(into reflect.Value, value any, depth int) error {
	if into.Type().Elem().Kind() == reflect.Uint8 {
		if data, ok := bytesOf(value); ok {
			return storeBytes(into, value, data)
		}
	}
	items, ok := itemsOf(value)
	if !ok {
		return misfit(into, value, "")
	}
	if array, isArray := value.(*NumpyArray); isArray && array.emptyRows() > maxEmptyRows {
		return misfit(into, value, fmt.Sprintf("it has %d rows and no element", array.emptyRows()))
	}
	if into.Kind() == reflect.Slice {
		into.Set(reflect.MakeSlice(into.Type(), items.length, items.length))
	}
	if items.length != into.Len() {
		return misfit(into, value, fmt.Sprintf("it has %d items", items.length))
	}
	for i := range items.length {
		if err := store(into.Index(i), items.at(i), depth+1); err != nil {
			return at(fmt.Sprintf("[%d]", i), err)
		}
	}
	return nil
}

func bytesOf(value any) ([]byte, bool) {
	switch v := value.(type) {
	case []byte:
		return v, true
	case ByteArray:
		return v, true
	}
	return nil, false
}

func storeBytes(into reflect.Value, value any, data []byte) error {
	if into.Kind() == reflect.Slice {
		into.SetBytes(data)
		return nil
	}
	if len(data) != into.Len() {
		return misfit(into, value, fmt.Sprintf("it has %d bytes", len(data)))
	}
	for i, c := range data { // the element may be a named type, which reflect.Copy refuses
		into.Index(i).SetUint(uint64(c))
	}
	return nil
}

// items are the items of a sequence or a set.
type items struct {
	length int
	at     func(i int) any
}

func itemsOf(value any) (items, bool) {
	list, ok := listOf(value)
	if ok {
		return items{len(list), func(i int) any { return list[i] }}, true
	}
	switch v := value.(type) {
	case *NumpyArray:
		return arrayItems(v, 0, v.Shape), true
	case numpyRow:
		return arrayItems(v.array, v.start, v.shape), true
	}
	return items{}, false
}

// listOf returns the items of what holds them in a slice.
func listOf(value any) ([]any, bool) {
	switch v := value.(type) {
	case []any:
		return v, true
	case Tuple:
		return v, true
	case Set:
		return v, true
	case FrozenSet:
		return v, true
	case *Object:
		return v.listItems()
	}
	return nil, false
}

// listItems returns the items of a deque, or of an instance of a subclass of list.
func (o *Object) listItems() ([]any, bool) {
	if o.Items != nil {
		return nil, false
	}
	isDeque := o.builder() == Global{"collections", "deque"}
	if isDeque && len(o.List) == 0 && len(o.Args) > 0 {
		return listOf(o.Args[0])
	}
	return o.List, isDeque || len(o.List) > 0
}

// A numpyRow is what an array has at an index of its first dimensions.
type numpyRow struct {
	array *NumpyArray
	start int   // of its first element, in row-major order
	shape []int // of the other dimensions; never empty
}

// list returns the row as lists within a list.
func (r numpyRow) list() []any {
	rows := arrayItems(r.array, r.start, r.shape)
	list := make([]any, rows.length)
	for i := range list {
		list[i] = rows.at(i)
		if row, isRow := list[i].(numpyRow); isRow {
			list[i] = row.list()
		}
	}
	return list
}

// maxEmptyRows is how many rows an array without elements may have to become slices.
// They take memory that nothing in the pickle pays for.
const maxEmptyRows = 4096

// emptyRows returns how many rows an array without elements has, if they are more than
// maxEmptyRows; those within rows are included.
func (a *NumpyArray) emptyRows() int {
	if a.Len() > 0 {
		return 0
	}
	rows := 1
	for _, n := range a.Shape {
		if rows *= n; rows == 0 || rows > maxEmptyRows {
			break
		}
	}
	return rows
}

func arrayItems(array *NumpyArray, start int, shape []int) items {
	rest, step := shape[1:], 1
	for _, n := range rest {
		step *= n
	}
	return items{shape[0], func(i int) any {
		if len(rest) == 0 {
			return array.At(start + i)
		}
		return numpyRow{array, start + i*step, rest}
	}}
}

// entriesOf returns the entries of a dict, and of an instance of a subclass, or the
// attributes of another object.
func entriesOf(value any) (entries *Dict, isAttributes, ok bool) {
	switch v := value.(type) {
	case *Dict:
		return v, false, true
	case *Object:
		if v.Items != nil {
			return v.Items, false, true
		}
		if entries, ok := v.onlyItems(); ok && entries != nil {
			return entries, false, true
		}
		if entries, ok := v.emptyDict(); ok {
			return entries, false, true
		}
		entries, ok := v.attributes()
		return entries, true, ok
	}
	return nil, false, false
}

// emptyDict returns an empty dict for an instance of a well-known subclass of dict.
func (o *Object) emptyDict() (*Dict, bool) {
	class := o.builder()
	isDict := class.Module == "collections" && (class.Name == "OrderedDict" || class.Name == "Counter" || class.Name == "defaultdict")
	return &Dict{}, isDict
}

// attributes returns the attributes of an object that has nothing else, as one of a
// dataclass, with slots too, whose state is (None or a dict, a dict).
func (o *Object) attributes() (*Dict, bool) {
	if len(o.Args) > 0 || o.Kwargs != nil || len(o.List) > 0 {
		return nil, false
	}
	switch state := o.State.(type) {
	case *Dict:
		return state, true
	case Tuple:
		if len(state) != 2 {
			return nil, false
		}
		slots, ok := state[1].(*Dict)
		if !ok {
			return nil, false
		}
		both := &Dict{}
		own, _ := state[0].(*Dict)
		for _, part := range []*Dict{own, slots} {
			for key, value := range part.All() {
				_ = both.Set(key, value) // was a key before
			}
		}
		return both, true
	}
	return nil, false
}

// step writes the step of a path to a key or an attribute.
func step(key any, isAttribute bool) string {
	if name, ok := key.(string); ok && isAttribute {
		return "." + name
	}
	const longest = 80
	text := Repr(key)
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest-1]) + "…"
	}
	return "[" + text + "]"
}

func storeMap(into reflect.Value, value any, depth int) error {
	kind := into.Type()
	if kind.Elem() == reflect.TypeFor[struct{}]() {
		switch value.(type) {
		case Set, FrozenSet:
			return storeSet(into, value, depth)
		}
	}
	entries, isAttributes, ok := entriesOf(value)
	if !ok {
		return misfit(into, value, "")
	}
	into.Set(reflect.MakeMapWithSize(kind, entries.Len()))
	for key, value := range entries.All() {
		place := step(key, isAttributes)
		element := reflect.New(kind.Elem()).Elem()
		if err := store(element, value, depth+1); err != nil {
			return at(place, err)
		}
		if err := addKey(into, key, element, depth+1); err != nil {
			return at("key "+place, err)
		}
	}
	return nil
}

// storeSet stores the elements of a set as keys.
func storeSet(into reflect.Value, value any, depth int) error {
	elements, _ := listOf(value)
	into.Set(reflect.MakeMapWithSize(into.Type(), len(elements)))
	for _, element := range elements {
		if err := addKey(into, element, reflect.ValueOf(struct{}{}), depth+1); err != nil {
			return at("element "+step(element, false), err)
		}
	}
	return nil
}

// addKey adds a key that the map does not have yet.
func addKey(into reflect.Value, key any, element reflect.Value, depth int) error {
	made := reflect.New(into.Type().Key()).Elem()
	if err := store(made, key, depth); err != nil {
		return err
	}
	if !made.Comparable() {
		return misfit(made, key, "Go can't compare it, so that it can't be a key")
	}
	if into.MapIndex(made).IsValid() {
		return misfit(made, key, "another key becomes the same")
	}
	into.SetMapIndex(made, element)
	return nil
}
