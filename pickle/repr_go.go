// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

// goValue writes a value of a type that no pickle gives. What Encode takes reads as in
// Python, a struct by its exported fields, and anything else as its type. Errors and
// Stringers have their own text. fmt must not see the others: a map or a slice that contains
// itself would end the process.
func (w *reprWriter) goValue(v any, depth int) {
	switch v := v.(type) {
	case error, fmt.Stringer, fmt.Formatter:
		_, _ = fmt.Fprint(w, v)
		return
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Bool:
		w.value(r.Bool(), depth)
	case reflect.String:
		w.value(r.String(), depth)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.value(r.Int(), depth)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		w.WriteString(strconv.FormatUint(r.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		w.value(r.Float(), depth)
	case reflect.Complex64, reflect.Complex128:
		w.value(r.Complex(), depth)
	case reflect.Slice, reflect.Array:
		w.goItems(r, depth)
	case reflect.Map:
		w.goMap(r, depth)
	case reflect.Struct:
		w.goStruct(r, depth)
	default:
		w.WriteString("<" + r.Type().String() + ">")
	}
}

// goItems writes a slice or an array as a list, or as bytes.
func (w *reprWriter) goItems(r reflect.Value, depth int) {
	if r.Type().Elem().Kind() == reflect.Uint8 {
		w.WriteString(reprBytes(bytesIn(r)))
		return
	}
	w.sequence("[", r.Len(), "]", func(i int) { w.value(r.Index(i).Interface(), depth+1) })
}

// goMap writes a map as a dict, in the order that Encode gives it.
func (w *reprWriter) goMap(r reflect.Value, depth int) {
	keys := r.MapKeys()
	slices.SortStableFunc(keys, compareKeys)
	w.sequence("{", len(keys), "}", func(i int) {
		w.value(keys[i].Interface(), depth+1)
		w.WriteString(": ")
		if value := r.MapIndex(keys[i]); value.IsValid() { // else a NaN, which can't be looked up
			w.value(value.Interface(), depth+1)
		}
	})
}

// goStruct writes the exported fields by their names.
func (w *reprWriter) goStruct(r reflect.Value, depth int) {
	var exported []reflect.StructField
	for field := range r.Type().Fields() {
		if field.IsExported() {
			exported = append(exported, field)
		}
	}
	w.sequence(r.Type().String()+"(", len(exported), ")", func(i int) {
		w.WriteString(exported[i].Name + "=")
		w.value(r.FieldByIndex(exported[i].Index).Interface(), depth+1)
	})
}

// sequence writes n items, or as many as there is room for.
func (w *reprWriter) sequence(open string, n int, closing string, item func(i int)) {
	w.WriteString(open)
	for i := range n {
		if i > 0 {
			w.WriteString(", ")
		}
		if w.Len() > maxRepr {
			w.WriteString("...")
			break
		}
		item(i)
	}
	w.WriteString(closing)
}
