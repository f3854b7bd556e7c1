// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"cmp"
	"reflect"
	"slices"
)

func (e *encoder) items(items []any, depth int) error {
	for _, item := range items {
		if err := e.value(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// batches adds items to the container on the stack, some at a time, so that
// Python's stack stays small.
func (e *encoder) batches(items []any, op byte, depth int) error {
	for batch := range slices.Chunk(items, encodeBatch) {
		e.op('(')
		if err := e.items(batch, depth); err != nil {
			return err
		}
		e.op(op)
	}
	return nil
}

func (e *encoder) tuple(items Tuple, depth int) error {
	switch n := len(items); n {
	case 0:
		e.op(')')
	case 1, 2, 3:
		if err := e.items(items, depth); err != nil {
			return err
		}
		e.op(byte(0x84 + n))
	default:
		e.op('(')
		if err := e.items(items, depth); err != nil {
			return err
		}
		e.op('t')
	}
	return nil
}

func (e *encoder) set(items Set, depth int) error {
	if err := hashable(items); err != nil {
		return err
	}
	e.op(0x8f)
	return e.batches(items, 0x90, depth)
}

func (e *encoder) frozenSet(items FrozenSet, depth int) error {
	if err := hashable(items); err != nil {
		return err
	}
	e.op('(')
	if err := e.items(items, depth); err != nil {
		return err
	}
	e.op(0x91)
	return nil
}

// hashable refuses elements and keys that Python can't hash.
func hashable(items []any) error {
	for _, item := range items {
		if err := hashableKey(item); err != nil {
			return err
		}
	}
	return nil
}

func hashableKey(v any) error {
	switch v := v.(type) {
	case []byte, Tuple, FrozenSet:
		if _, err := hashKey(normalKey(v)); err != nil {
			return err
		}
		return nil
	case []any, Set, *Dict, ByteArray:
		return encodeError("unhashable %s as a key", kindName(v))
	}
	if k := reflect.ValueOf(v).Kind(); k == reflect.Slice || k == reflect.Map {
		return encodeError("unhashable %T as a key", v)
	}
	return nil
}

// normalKey gives a tuple or frozenset with Go's other scalars as hashKey
// knows them.
func normalKey(v any) any {
	switch v := v.(type) {
	case Tuple:
		return Tuple(normalKeys(v))
	case FrozenSet:
		return FrozenSet(normalKeys(v))
	}
	r := reflect.ValueOf(v)
	switch {
	case !r.IsValid() || r.Type().PkgPath() != "":
		return v
	case r.CanInt():
		return r.Int()
	case r.CanUint():
		return int64(r.Uint()) // only whether it hashes is asked
	case r.CanFloat():
		return r.Float()
	}
	return v
}

func normalKeys(items []any) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = normalKey(item)
	}
	return out
}

func (e *encoder) dict(d *Dict, depth int) error {
	if d == nil {
		return encodeError("a nil *Dict")
	}
	pairs := make([]any, 0, 2*d.Len())
	for key, value := range d.All() {
		pairs = append(pairs, key, value)
	}
	e.op('}')
	return e.batches(pairs, 'u', depth)
}

func (e *encoder) slice(v reflect.Value, depth int) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		raw := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(raw), v)
		e.counted('C', 'B', 0x8e, raw)
		return nil
	}
	items := make([]any, v.Len())
	for i := range items {
		items[i] = v.Index(i).Interface()
	}
	e.op(']')
	return e.batches(items, 'e', depth)
}

func (e *encoder) goMap(v reflect.Value, depth int) error {
	keys := v.MapKeys()
	slices.SortStableFunc(keys, compareKeys)
	pairs := make([]any, 0, 2*len(keys))
	for _, key := range keys {
		if err := hashableKey(key.Interface()); err != nil {
			return err
		}
		pairs = append(pairs, key.Interface(), v.MapIndex(key).Interface())
	}
	e.op('}')
	return e.batches(pairs, 'u', depth)
}

// compareKeys orders texts and numbers of one kind; other keys stay as the
// map gives them.
func compareKeys(a, b reflect.Value) int {
	switch {
	case a.Kind() == reflect.String:
		return cmp.Compare(a.String(), b.String())
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	return 0
}
