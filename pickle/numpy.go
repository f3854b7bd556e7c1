// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// NumpyScalar is one value of a numpy type. DType is numpy's name of the type, such as
// "<f8" or "<M8[ns]". Value is what [NumpyArray.At] returns for such an element.
type NumpyScalar struct {
	DType string
	Value any
}

// NumpyArray is a numpy.ndarray of numbers, booleans, strings, times or objects, as
// Decode returns it. One that a program fills by itself has no elements. Arrays of other
// types, as structured ones, and of subclasses stay an [Object].
type NumpyArray struct {
	// DType is numpy's type text: "<f8", "|b1", "<U5", "<M8[ns]", "|O8".
	DType string
	// Shape has the length of each dimension. It is empty for a single value.
	Shape []int
	// Fortran reports that the first index of Data changes fastest, not the last.
	Fortran bool
	// Data holds the elements as numpy has them in memory. It is nil for objects.
	Data []byte
	// Objects holds the elements of an array of objects, in the order of Data.
	Objects []any

	dtype numpyType
}

// Len returns the number of elements.
func (a *NumpyArray) Len() int {
	count := 1
	for _, n := range a.Shape {
		count *= n
	}
	return count
}

// At returns an element; index counts in row-major order, whatever order Data
// has. It returns a bool, an int64, a *big.Int (beyond int64), a float64, a
// complex128, a string, a []byte, or the value of an object. A datetime64 or
// timedelta64 is the int64 that numpy counts in DType's unit since 1970;
// math.MinInt64 is NaT. At panics if index is out of range.
func (a *NumpyArray) At(index int) any {
	if a.Fortran {
		index = a.fortranIndex(index)
	}
	if a.dtype.kind == 'O' {
		return a.Objects[index]
	}
	size := a.dtype.size
	value, _ := a.dtype.value(a.Data[index*size : (index+1)*size])
	return value
}

// fortranIndex returns where Data has the element that is at index in row-major
// order. With shape (2, 3), element 1 is at [0, 1], and Data has it at 0+1*2.
func (a *NumpyArray) fortranIndex(index int) int {
	place, stride := 0, a.Len()
	for dim := len(a.Shape) - 1; dim >= 0; dim-- {
		stride /= a.Shape[dim]
		place += index % a.Shape[dim] * stride
		index /= a.Shape[dim]
	}
	return place
}

// numpyType holds what this package knows of a numpy.dtype.
type numpyType struct {
	order byte   // '<', '>' or '|'
	kind  byte   // as in numpy: b i u f c S U M m O
	size  int    // of an element in bytes
	unit  string // of M and m: "D", "25s", empty for none
}

// String returns numpy's text for the type.
func (t numpyType) String() string {
	length := t.size
	if t.kind == 'U' {
		length /= utf32Size
	}
	text := string(rune(t.order)) + string(rune(t.kind)) + strconv.Itoa(length)
	if t.unit != "" {
		text += "[" + t.unit + "]"
	}
	return text
}

const (
	utf32Size    = 4
	maxItemSize  = 1 << 20 // of a string in an array
	maxDimension = 64      // as numpy has it
)

// asNumpyType reads dtype("f8", ...) with the state (version, byte order, ...).
func asNumpyType(v any) (numpyType, bool) {
	o, ok := v.(*Object)
	if !ok || o.Module != "numpy" || o.Name != "dtype" || len(o.Args) == 0 {
		return numpyType{}, false
	}
	state, ok1 := o.State.(Tuple)
	code, ok2 := o.Args[0].(string)
	if !ok1 || !ok2 || len(state) < 5 || code == "" || state[3] != nil {
		return numpyType{}, false // a type with fields, or none at all
	}
	order, _ := state[1].(string)
	if order != "<" && order != ">" && order != "|" {
		return numpyType{}, false
	}
	t := numpyType{order: order[0], kind: code[0]}
	if t.kind == 'M' || t.kind == 'm' {
		t.size = 8
		t.unit, ok = numpyUnit(state)
		return t, ok
	}
	if t.size, ok = numpySize(t.kind, code[1:]); !ok && (t.kind == 'S' || t.kind == 'U') && len(state) > 5 {
		t.size, ok = numpyItemSize(state[5]) // older versions write "S" and the size apart
	}
	return t, ok
}

// numpySize returns the size that the text of a type ends with, if this package
// reads the type.
func numpySize(kind byte, digits string) (int, bool) {
	size, err := strconv.Atoi(digits)
	if err != nil || size < 0 || size > maxItemSize {
		return 0, false
	}
	switch kind {
	case 'S':
		return size, true
	case 'U':
		return size * utf32Size, true
	}
	const sizes = " b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16 O8 O4 "
	return size, strings.Contains(sizes, " "+string(rune(kind))+digits+" ")
}

func numpyItemSize(v any) (int, bool) {
	size, ok := v.(int64)
	return int(size), ok && size >= 0 && size <= maxItemSize
}

// numpyUnit reads the unit from the end of a type's state: (…, ({}, (b"ns", 1, 1, 1))).
func numpyUnit(state Tuple) (string, bool) {
	meta, ok := state[len(state)-1].(Tuple)
	if !ok || len(meta) != 2 {
		return "", false
	}
	parts, ok := meta[1].(Tuple)
	if !ok || len(parts) < 2 {
		return "", false
	}
	unit, ok1 := rawBytes(parts[0])
	count, ok2 := parts[1].(int64)
	if !ok1 || !ok2 || count < 1 {
		return "", false
	}
	if string(unit) == "generic" {
		return "", true
	}
	if count == 1 {
		return string(unit), true
	}
	return strconv.FormatInt(count, 10) + string(unit), true
}

// value reads one element, which has the size of the type.
func (t numpyType) value(raw []byte) (any, bool) {
	if len(raw) != t.size {
		return nil, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if t.order == '>' {
		order = binary.BigEndian
	}
	switch t.kind {
	case 'b':
		return raw[0] != 0, true
	case 'i', 'u', 'M', 'm':
		return t.integer(order, raw), true
	case 'f':
		return t.float(order, raw), true
	case 'c':
		half := numpyType{size: t.size / 2}
		return complex(half.float(order, raw[:half.size]), half.float(order, raw[half.size:])), true
	case 'S':
		return bytes.TrimRight(raw, "\x00"), true
	case 'U':
		return utf32Text(order, raw), true
	}
	return nil, false
}

func (t numpyType) integer(order binary.ByteOrder, raw []byte) any {
	little := append([]byte{}, raw...)
	if order == binary.BigEndian {
		for i, c := range raw {
			little[len(raw)-1-i] = c
		}
	}
	if t.kind == 'u' {
		little = append(little, 0)
	}
	return newInt(twosComplement(little))
}

func (t numpyType) float(order binary.ByteOrder, raw []byte) float64 {
	switch t.size {
	case 2:
		return halfFloat(order.Uint16(raw))
	case 4:
		return float64(math.Float32frombits(order.Uint32(raw)))
	}
	return math.Float64frombits(order.Uint64(raw))
}

// halfFloat returns the value of an IEEE 754 half: a sign, 5 bits of exponent and
// 10 of fraction.
func halfFloat(bits uint16) float64 {
	const bias, fractionBits, specialExponent = 15, 10, 31
	exponent, fraction := int(bits>>fractionBits&0x1f), float64(bits&0x3ff)
	value := 0.0
	switch {
	case exponent == 0:
		value = math.Ldexp(fraction, 1-bias-fractionBits)
	case exponent < specialExponent:
		value = math.Ldexp(fraction+1<<fractionBits, exponent-bias-fractionBits)
	case fraction == 0:
		value = math.Inf(1)
	default:
		value = math.NaN()
	}
	return math.Copysign(value, 1-2*float64(bits>>15))
}

// utf32Text returns the text without the zeros that numpy fills it up with. As
// everywhere in this package, surrogates stay.
func utf32Text(order binary.ByteOrder, raw []byte) string {
	var text []byte
	filled := 0
	for ; len(raw) >= utf32Size; raw = raw[utf32Size:] {
		text = appendCodePoint(text, rune(order.Uint32(raw)&math.MaxInt32))
		if text[len(text)-1] != 0 {
			filled = len(text)
		}
	}
	return string(text[:filled])
}

// appendCodePoint is utf8.AppendRune that writes surrogates too.
func appendCodePoint(out []byte, r rune) []byte {
	if r >= 0xd800 && r < 0xe000 {
		return append(out, 0xed, 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
	}
	return utf8.AppendRune(out, r)
}

// convertNumpyScalar reads numpy's call scalar(dtype, bytes).
func convertNumpyScalar(o *Object) (any, bool, error) {
	if !o.isCall(2, 2) {
		return nil, false, nil
	}
	t, ok1 := asNumpyType(o.Args[0])
	raw, ok2 := rawBytes(o.Args[1])
	if !ok1 || !ok2 {
		return nil, false, nil
	}
	value, ok := t.value(raw)
	return NumpyScalar{DType: t.String(), Value: value}, ok, nil
}

// convertNumpyArray reads _reconstruct(numpy.ndarray, (0,), b"b") with the state
// (version, shape, dtype, is Fortran, bytes or list of objects).
func convertNumpyArray(o *Object) (any, bool, error) {
	state, ok := o.State.(Tuple)
	if !ok || len(state) != 5 || len(o.Args) != 3 || o.Args[0] != any(Global{"numpy", "ndarray"}) {
		return nil, false, nil
	}
	t, ok1 := asNumpyType(state[2])
	fortran, ok2 := numpyBool(state[3])
	if !ok1 || !ok2 {
		return nil, false, nil
	}
	a := &NumpyArray{DType: t.String(), Fortran: fortran, dtype: t}
	if t.kind == 'O' {
		a.Objects, ok = state[4].([]any)
	} else {
		a.Data, ok = rawBytes(state[4])
	}
	return a, ok && a.reshape(state[1]), nil
}

// numpyBool reads what older versions write as a number.
func numpyBool(v any) (value, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case int64:
		return v != 0, true
	}
	return false, false
}

// convertNumpyBuffer reads _frombuffer(bytes, dtype, shape, "C" or "F").
func convertNumpyBuffer(o *Object) (any, bool, error) {
	if !o.isCall(4, 4) {
		return nil, false, nil
	}
	t, ok1 := asNumpyType(o.Args[1])
	order, ok2 := o.Args[3].(string)
	if !ok1 || !ok2 || t.kind == 'O' || order != "C" && order != "F" {
		return nil, false, nil
	}
	a := &NumpyArray{DType: t.String(), Fortran: order == "F", dtype: t}
	switch data := o.Args[0].(type) {
	case []byte:
		a.Data = data
	case ByteArray:
		a.Data = data
	default:
		return nil, false, nil
	}
	return a, a.reshape(o.Args[2]), nil
}

// reshape sets the shape, if it is that of the elements.
func (a *NumpyArray) reshape(v any) bool {
	shape, ok := v.(Tuple)
	if !ok || len(shape) > maxDimension {
		return false
	}
	held := len(a.Objects)
	if a.dtype.kind != 'O' {
		if a.dtype.size == 0 || len(a.Data)%a.dtype.size != 0 {
			return false
		}
		held = len(a.Data) / a.dtype.size
	}
	a.Shape = make([]int, len(shape))
	count := 1
	for i, v := range shape {
		n, ok := v.(int64)
		if !ok || n < 0 || n > math.MaxInt32 {
			return false
		}
		a.Shape[i] = int(n)
		if count *= int(n); count > held && !hasZero(shape) {
			return false
		}
	}
	return count == held
}

// hasZero reports whether one of the dimensions has no elements.
func hasZero(shape Tuple) bool {
	for _, n := range shape {
		if n == any(int64(0)) {
			return true
		}
	}
	return false
}
