// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"cmp"
	"errors"
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
	if err := e.hashable(items, depth); err != nil {
		return err
	}
	e.op(0x8f)
	return e.batches(items, 0x90, depth)
}

func (e *encoder) frozenSet(items FrozenSet, depth int) error {
	if err := e.hashable(items, depth); err != nil {
		return err
	}
	e.op('(')
	if err := e.items(items, depth); err != nil {
		return err
	}
	e.op(0x91)
	return nil
}

// hashable refuses elements that Python can't hash.
func (e *encoder) hashable(items []any, depth int) error {
	if e.isOfKey { // the key as a whole is looked at
		return nil
	}
	for _, item := range items {
		if _, err := e.keyOf(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// keyOf returns the hash of a key or an element as Python will read it, which is
// not what Go has: a [2]int becomes a list, and two durations one timedelta. The key may
// hold the container that it is in.
func (e *encoder) keyOf(v any, depth int) (hash any, err error) {
	switch v := widenInt(v).(type) {
	case nil, bool, string, int64, float64:
		return hashKey(v)
	}
	inner := newEncoder()
	inner.isOfKey, inner.active = true, e.active
	if err := inner.value(v, depth); err != nil {
		return nil, err
	}
	key, err := Decode(append(inner.out, '.'))
	if err == nil {
		hash, err = hashKey(key)
	}
	if errors.Is(err, ErrMalformed) {
		return nil, encodeError("unhashable %T as a key", v)
	}
	return hash, err
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
		e.counted('C', 'B', 0x8e, bytesIn(v))
		return nil
	}
	items := make([]any, v.Len())
	for i := range items {
		items[i] = v.Index(i).Interface()
	}
	e.op(']')
	return e.batches(items, 'e', depth)
}

// bytesIn returns the bytes of a slice or an array of bytes, also of a named type.
func bytesIn(v reflect.Value) []byte {
	held := reflect.New(v.Type()).Elem() // an array has bytes only where it can be addressed
	held.Set(v)
	return held.Bytes()
}

// entry is a key of a Go map and its value. A NaN is a key that can't be looked up.
type entry struct{ key, value reflect.Value }

func (e *encoder) goMap(v reflect.Value, depth int) error {
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		entries = append(entries, entry{it.Key(), it.Value()})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return compareKeys(a.key, b.key) })
	pairs := make([]any, 0, 2*len(entries))
	seen := make(map[any]struct{}, len(entries))
	for _, entry := range entries {
		key := entry.key.Interface()
		pairs = append(pairs, key, entry.value.Interface())
		if e.isOfKey { // the key as a whole is looked at
			continue
		}
		hash, err := e.keyOf(key, depth+1)
		if err != nil {
			return err
		}
		if _, again := seen[hash]; again {
			return encodeError("two keys of a map are %v in Python", key)
		}
		seen[hash] = struct{}{}
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
