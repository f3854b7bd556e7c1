// SPDX-License-Identifier: Apache-2.0

package pickle

import "fmt"

// A frame of pandas is pickled as blocks: arrays in which each row is a column of the
// frame. It reads as DataFrame({'a': [1, 2], 'b': ['x', 'y']}, index=[…]), a series as
// Series([1.5, 2.5], index=['a', 'b'], name='s'). The index is left out where it only
// counts from 0. Whatever is built otherwise reads as any other object.

// pandasColumn is a column of a frame: the row of a block, or values of its own class.
type pandasColumn struct {
	block *NumpyArray
	row   int
	other any
}

func (w *reprWriter) dataFrame(o *Object, depth int) bool {
	manager, ok := attributeOf(o, "_mgr")
	if !ok || manager.Name != "BlockManager" || len(manager.Args) != 2 {
		return false
	}
	axes, ok1 := manager.Args[1].([]any)
	blocks, ok2 := manager.Args[0].(Tuple)
	if !ok1 || !ok2 || len(axes) != 2 {
		return false
	}
	columns := map[int]pandasColumn{}
	for _, block := range blocks {
		if !addBlock(columns, block) {
			return false
		}
	}
	names, ok := indexLabels(axes[0], len(columns))
	if !ok {
		return false
	}
	w.WriteString("DataFrame({")
	for i := range len(columns) {
		if i > 0 {
			w.WriteString(", ")
		}
		if w.Len() > maxRepr {
			w.WriteString("...")
			break
		}
		w.value(names(i), depth+1)
		w.WriteString(": ")
		w.column(columns[i], depth+1)
	}
	w.WriteString("}")
	w.pandasLabels(axes[1], depth)
	w.WriteString(")")
	return true
}

func (w *reprWriter) series(o *Object, depth int) bool {
	manager, ok := attributeOf(o, "_mgr")
	if !ok || manager.Name != "SingleBlockManager" {
		return false
	}
	state, ok := manager.State.(Tuple) // (axes, values, items, …)
	if !ok || len(state) < 2 {
		return false
	}
	axes, ok1 := state[0].([]any)
	values, ok2 := state[1].([]any)
	if !ok1 || !ok2 || len(axes) != 1 || len(values) != 1 {
		return false
	}
	w.WriteString("Series(")
	column := pandasColumn{other: values[0]}
	if a, isArray := values[0].(*NumpyArray); isArray && len(a.Shape) == 1 {
		column = pandasColumn{block: &NumpyArray{DType: a.DType, Shape: []int{1, a.Shape[0]}, Data: a.Data, Objects: a.Objects, dtype: a.dtype}}
	}
	w.column(column, depth+1)
	w.pandasLabels(axes[0], depth)
	if attrs, isDict := o.State.(*Dict); isDict {
		name, _ := attrs.Get("_name")
		if name == nil {
			name, _ = attrs.Get("name")
		}
		if name != nil {
			w.WriteString(", name=")
			w.value(name, depth+1)
		}
	}
	w.WriteString(")")
	return true
}

// attributeOf returns an object that is an attribute of another.
func attributeOf(o *Object, name string) (*Object, bool) {
	attrs, ok := o.State.(*Dict)
	if !ok || len(o.Args) > 0 {
		return nil, false
	}
	v, _ := attrs.Get(name)
	inner, ok := v.(*Object)
	return inner, ok
}

// addBlock reads _unpickle_block(values, places of the columns, dimensions).
func addBlock(columns map[int]pandasColumn, block any) bool {
	o, ok := block.(*Object)
	if !ok || o.Name != "_unpickle_block" || len(o.Args) != 3 {
		return false
	}
	places, ok := blockPlaces(o.Args[1])
	if !ok {
		return false
	}
	values, isArray := o.Args[0].(*NumpyArray)
	if isArray && (len(values.Shape) != 2 || values.Shape[0] != len(places)) || !isArray && len(places) != 1 {
		return false
	}
	for row, place := range places {
		columns[place] = pandasColumn{values, row, o.Args[0]}
	}
	return true
}

// maxColumns bounds the columns of a frame that is shown as one.
const maxColumns = 10_000

// blockPlaces reads which columns a block holds: a slice or an array of numbers.
func blockPlaces(v any) ([]int, bool) {
	var places []int
	switch v := v.(type) {
	case *Object:
		if v.Name != "slice" || len(v.Args) != 3 {
			return nil, false
		}
		start, ok1 := v.Args[0].(int64)
		stop, ok2 := v.Args[1].(int64)
		step, ok3 := v.Args[2].(int64)
		if !ok1 || !ok2 || !ok3 || start < 0 || step < 1 || stop > maxColumns {
			return nil, false
		}
		for i := start; i < stop; i += step {
			places = append(places, int(i))
		}
	case *NumpyArray:
		for i := range min(v.Len(), maxColumns) {
			place, ok := v.At(i).(int64)
			if !ok || place < 0 || place > maxColumns {
				return nil, false
			}
			places = append(places, int(place))
		}
	}
	return places, len(places) > 0
}

func (w *reprWriter) column(c pandasColumn, depth int) {
	if c.block == nil {
		w.value(c.other, depth)
		return
	}
	w.dimension(c.block, 1, c.row*c.block.Shape[1], depth)
}

// indexLabels returns the labels of an index of at least count entries.
func indexLabels(index any, count int) (func(i int) any, bool) {
	attrs, ok := indexAttributes(index)
	if !ok {
		return nil, false
	}
	data, _ := attrs.Get("data")
	if a, isArray := data.(*NumpyArray); isArray {
		return a.At, a.Len() >= count
	}
	start, ok1 := number(attrs, "start")
	step, ok2 := number(attrs, "step")
	return func(i int) any { return start + step*int64(i) }, ok1 && ok2
}

// indexAttributes reads _new_Index and _new_DatetimeIndex(class, {attribute: value}).
func indexAttributes(index any) (*Dict, bool) {
	o, ok := index.(*Object)
	if !ok || o.Name != "_new_Index" && o.Name != "_new_DatetimeIndex" || len(o.Args) != 2 {
		return nil, false
	}
	attrs, ok := o.Args[1].(*Dict)
	return attrs, ok
}

func number(d *Dict, key string) (int64, bool) {
	v, _ := d.Get(key)
	n, ok := v.(int64)
	return n, ok
}

// pandasLabels writes ", index=…", but nothing for 0, 1, 2 ….
func (w *reprWriter) pandasLabels(index any, depth int) {
	attrs, ok := indexAttributes(index)
	if !ok {
		w.WriteString(", index=")
		w.value(index, depth+1)
		return
	}
	start, isRange := number(attrs, "start")
	stop, _ := number(attrs, "stop")
	step, _ := number(attrs, "step")
	data, _ := attrs.Get("data")
	switch a, isArray := data.(*NumpyArray); {
	case isRange && start == 0 && step == 1:
	case isRange:
		_, _ = fmt.Fprintf(w, ", index=range(%d, %d, %d)", start, stop, step)
	case isArray:
		w.WriteString(", index=")
		w.dimension(a, 0, 0, depth+1)
	default:
		w.WriteString(", index=")
		w.value(data, depth+1)
	}
}

// pandasArray reads an array of times: the state (dtype, array, attributes).
func (w *reprWriter) pandasArray(o *Object, depth int) bool {
	state, ok := o.State.(Tuple)
	if !ok || len(state) < 2 || len(o.Args) == 0 {
		return false
	}
	class, ok1 := o.Args[0].(Global)
	values, ok2 := state[1].(*NumpyArray)
	if !ok1 || !ok2 || class.Name != "DatetimeArray" && class.Name != "TimedeltaArray" {
		return false
	}
	w.WriteString(class.Name + "(")
	w.dimension(values, 0, 0, depth+1)
	w.WriteString(", dtype=" + values.dtype.name() + ")")
	return true
}
