// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

func storeStruct(into reflect.Value, value any, depth int) error {
	fields := fieldsOf(into.Type())
	if list, ok := positional(value); ok {
		if len(list) != len(fields) {
			return misfit(into, value, fmt.Sprintf("it has %d items, and the struct %d fields", len(list), len(fields)))
		}
		for i, item := range list {
			if err := fields[i].store(into, item, depth+1); err != nil {
				return at(fmt.Sprintf("[%d]", i), err)
			}
		}
		return nil
	}
	entries, isAttributes, ok := entriesOf(value)
	if !ok {
		return misfit(into, value, "")
	}
	byName := foldedKeys(entries)
	for _, field := range fields {
		key, err := field.key(entries, byName)
		if err != nil {
			return misfit(into, value, err.Error())
		}
		item, known := entries.Get(key)
		if !known {
			continue
		}
		if err := field.store(into, item, depth+1); err != nil {
			return at(step(key, isAttributes), err)
		}
	}
	return nil
}

// positional returns the items of a tuple or a namedtuple.
func positional(value any) ([]any, bool) {
	switch v := value.(type) {
	case Tuple:
		return v, true
	case *Object:
		class := v.builder()
		return v.Args, len(v.Args) > 0 && v.isCall(1, len(v.Args)) && class.Name != "" && !isFunctionName(lastName(class.Name)) && !isDictArgument(v.Args)
	}
	return nil, false
}

// isDictArgument reports whether a subclass of dict is made of its only argument.
func isDictArgument(args Tuple) bool {
	_, ok := args[0].(*Dict)
	return len(args) == 1 && ok
}

// A structField is a field of a struct that takes a key of a dict.
type structField struct {
	index  []int
	name   string // of the key, from the tag; or of the field
	tagged bool
}

// structFields has the fields of the types that were asked for: reflect.Type to
// []structField.
var structFields sync.Map

// fieldsOf returns the fields of a struct that can be set, promoted ones included.
func fieldsOf(kind reflect.Type) []structField {
	if known, ok := structFields.Load(kind); ok {
		return known.([]structField)
	}
	var fields []structField
	for _, field := range reflect.VisibleFields(kind) {
		name, tagged := field.Tag.Lookup("pickle")
		if !field.IsExported() || name == "-" || field.Anonymous && !tagged {
			continue
		}
		if !tagged {
			name = field.Name
		}
		fields = append(fields, structField{field.Index, name, tagged})
	}
	structFields.Store(kind, fields)
	return fields
}

// store stores a value in the field of a struct. Embedded pointers on the way are set.
func (f structField) store(into reflect.Value, value any, depth int) error {
	for _, i := range f.index {
		if into.Kind() == reflect.Pointer {
			if into.IsNil() && !into.CanSet() {
				return misfit(into, value, "an embedded pointer to a type that is not exported can't be set")
			}
			if into.IsNil() {
				into.Set(reflect.New(into.Type().Elem()))
			}
			into = into.Elem()
		}
		into = into.Field(i)
	}
	return store(into, value, depth)
}

// key returns the key for the field: of the same name, or else of one that is the same
// except for case and underscores.
func (f structField) key(entries *Dict, byName map[string][]string) (string, error) {
	if _, ok := entries.Get(f.name); ok || f.tagged {
		return f.name, nil
	}
	keys := byName[folded(f.name)]
	if len(keys) > 1 {
		return "", fmt.Errorf("the keys %s and %s are both for the field %s", Repr(keys[0]), Repr(keys[1]), f.name)
	}
	if len(keys) == 0 {
		return f.name, nil
	}
	return keys[0], nil
}

// folded returns a name without case and underscores.
func folded(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// foldedKeys returns the keys that are texts by their folded names.
func foldedKeys(entries *Dict) map[string][]string {
	keys := map[string][]string{}
	for key := range entries.All() {
		if name, ok := key.(string); ok {
			keys[folded(name)] = append(keys[folded(name)], name)
		}
	}
	return keys
}
