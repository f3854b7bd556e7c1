// SPDX-License-Identifier: Apache-2.0

package pickle

import "iter"

// smallDict is up to which length a Dict is searched without an index.
const smallDict = 8

// Dict is a Python dict: keys in insertion order, equal as Python has it. 1, 1.0, True and
// Decimal("1.00") are one key, "a" and b"a" are two, and a NaN is equal to nothing. Keys that
// are objects of unknown classes are equal only to themselves. The zero Dict is empty. A Dict
// must not be copied, because the copy would share its entries: pass a *Dict.
type Dict struct {
	entries []dictEntry
	index   map[any]int // hash key → entry; nil up to smallDict entries
}

type dictEntry struct {
	key, value, hash any
}

// NewDict makes a dict of text keys: NewDict("a", 1, "b", 2). It panics on
// anything but pairs that begin with a string: that is a programming error.
func NewDict(pairs ...any) *Dict {
	d := &Dict{}
	for i := 0; i < len(pairs); i += 2 {
		if err := d.Set(pairs[i].(string), pairs[i+1]); err != nil {
			panic(err)
		}
	}
	return d
}

// Len is the number of keys. A nil Dict has none.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.entries)
}

// Get gives the value of a key, and whether the dict has the key. A key that
// Python can't hash is never there.
func (d *Dict) Get(key any) (any, bool) {
	if d.Len() == 0 {
		return nil, false
	}
	hash, err := hashKey(key)
	if err != nil {
		return nil, false
	}
	i, ok := d.find(hash)
	if !ok {
		return nil, false
	}
	return d.entries[i].value, true
}

// Set gives a key a value; a key that is there keeps its place. It fails on a
// key that Python can't hash, as a list or a dict.
func (d *Dict) Set(key, value any) error {
	key = widenInt(key)
	hash, err := hashKey(key)
	if err != nil {
		return err
	}
	if i, ok := d.find(hash); ok {
		d.entries[i].value = value
		return nil
	}
	d.entries = append(d.entries, dictEntry{key, value, hash})
	d.extendIndex()
	return nil
}

// All yields keys and values in order.
func (d *Dict) All() iter.Seq2[any, any] {
	return func(yield func(any, any) bool) {
		if d == nil {
			return
		}
		for _, e := range d.entries {
			if !yield(e.key, e.value) {
				return
			}
		}
	}
}

func (d *Dict) find(hash any) (int, bool) {
	if d.index != nil {
		i, ok := d.index[hash]
		return i, ok
	}
	for i := range d.entries {
		if d.entries[i].hash == hash {
			return i, true
		}
	}
	return 0, false
}

// extendIndex indexes the newest entry, or all once there are many.
func (d *Dict) extendIndex() {
	last := len(d.entries) - 1
	if d.index != nil {
		d.index[d.entries[last].hash] = last
		return
	}
	if last < smallDict {
		return
	}
	d.index = make(map[any]int, 2*len(d.entries))
	for i := range d.entries {
		d.index[d.entries[i].hash] = i
	}
}

// widenInt turns Go's int into the int64 that decoding gives.
func widenInt(key any) any {
	if n, ok := key.(int); ok {
		return int64(n)
	}
	return key
}

// without is a copy of the dict that lacks some text keys, or nil if nothing
// is left.
func (d *Dict) without(keys ...string) *Dict {
	rest := &Dict{}
	for key, value := range d.All() {
		if !isOneOf(key, keys) {
			_ = rest.Set(key, value) // was a key before
		}
	}
	if rest.Len() == 0 {
		return nil
	}
	return rest
}

func isOneOf(key any, keys []string) bool {
	for _, k := range keys {
		if key == k {
			return true
		}
	}
	return false
}
