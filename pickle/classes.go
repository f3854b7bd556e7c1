// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"strings"
	"sync"
)

const (
	builtins         = "builtins"
	cloudObjectClass = "lithops.storage.utils"
	tblibSupport     = "tblib.pickling_support"
)

// converter makes the Go value of an object, or reports that the object is
// not what its class makes of itself: then it stays an Object.
type converter func(*Object) (v any, ok bool, err error)

// converters returns the converters by class. It is made on first use, because most
// processes that import this package decode no object.
var converters func() map[Global]converter

func init() { // a plain initializer would refer to itself
	converters = sync.OnceValue(makeConverters)
}

func makeConverters() map[Global]converter {
	return map[Global]converter{
		{builtins, "set"}:       convertSet,
		{builtins, "frozenset"}: convertFrozenSet,
		{builtins, "bytes"}:     convertBytes,
		{builtins, "bytearray"}: convertByteArray,
		{builtins, "complex"}:   convertComplex,
		{"_codecs", "encode"}:   convertEncode,
		{"decimal", "Decimal"}:  convertDecimal,

		{"datetime", "datetime"}:  convertDatetime,
		{"datetime", "date"}:      convertDate,
		{"datetime", "time"}:      convertTimeOfDay,
		{"datetime", "timedelta"}: convertTimedelta,

		{cloudObjectClass, "CloudObject"}: convertCloudObject,

		{"numpy.core.multiarray", "scalar"}:  convertNumpyScalar,
		{"numpy._core.multiarray", "scalar"}: convertNumpyScalar,

		{"numpy.core.multiarray", "_reconstruct"}:  convertNumpyArray,
		{"numpy._core.multiarray", "_reconstruct"}: convertNumpyArray,
		{"numpy.core.numeric", "_frombuffer"}:      convertNumpyBuffer,
		{"numpy._core.numeric", "_frombuffer"}:     convertNumpyBuffer,

		{tblibSupport, "unpickle_traceback"}:            convertTraceback,
		{tblibSupport, "unpickle_exception"}:            convertTblibException,
		{tblibSupport, "unpickle_exception_with_attrs"}: convertTblibAttrs,
	}
}

// interpret gives an object its Go type, if the package has one.
func interpret(o *Object) (any, error) {
	o = unwrapConstructor(o)
	if o.Callable != nil {
		return o, nil
	}
	convert := converters()[Global{o.Module, o.Name}]
	if convert == nil {
		convert = convertException
	}
	v, ok, err := convert(o)
	if err != nil {
		return nil, err
	}
	if !ok {
		return o, nil
	}
	return v, nil
}

// unwrapConstructor gives the object that copyreg's helpers build, which
// protocols 0 and 1 call by name.
func unwrapConstructor(o *Object) *Object {
	if o.Module != "copyreg" || o.Kwargs != nil || len(o.Args) == 0 {
		return o
	}
	class, ok := o.Args[0].(Global)
	if !ok {
		return o
	}
	args := Tuple{}
	switch o.Name {
	case "_reconstructor":
		list, plain := reconstructedBase(o.Args)
		if !plain {
			return o
		}
		if len(o.List) == 0 {
			listed := *o
			listed.List = list
			o = &listed
		}
	case "__newobj__":
		args = o.Args[1:]
	default:
		return o
	}
	unwrapped := *o
	unwrapped.Module = class.Module
	unwrapped.Name = class.Name
	unwrapped.Args = args
	return &unwrapped
}

// reconstructedBase reads the arguments of copyreg._reconstructor, for classes
// that derive from object or list; list is what the latter begins with.
func reconstructedBase(args Tuple) (list []any, ok bool) {
	if len(args) != 3 {
		return nil, false
	}
	switch args[1] {
	case any(Global{builtins, "object"}):
		return nil, args[2] == nil
	case any(Global{builtins, "list"}):
		list, ok = args[2].([]any)
		return list, ok
	}
	return nil, false
}

// isCall reports whether the object is nothing but a call with min to max arguments.
func (o *Object) isCall(minArgs, maxArgs int) bool {
	return o.State == nil && o.hasOnlyState(minArgs, maxArgs)
}

// hasOnlyState reports whether the object is a call with min to max arguments, and
// perhaps a state.
func (o *Object) hasOnlyState(minArgs, maxArgs int) bool {
	return len(o.Args) >= minArgs && len(o.Args) <= maxArgs && o.Kwargs == nil && o.Items == nil && len(o.List) == 0
}

func convertSet(o *Object) (any, bool, error) {
	items, ok, err := setItems(o)
	return Set(items), ok, err
}

func convertFrozenSet(o *Object) (any, bool, error) {
	items, ok, err := setItems(o)
	return FrozenSet(items), ok, err
}

func setItems(o *Object) ([]any, bool, error) {
	if !o.isCall(0, 1) {
		return nil, false, nil
	}
	if len(o.Args) == 0 {
		return []any{}, true, nil
	}
	list, ok := o.Args[0].([]any)
	if !ok {
		return nil, false, nil
	}
	items, err := uniqueItems(append([]any{}, list...))
	return items, true, err
}

func convertBytes(o *Object) (any, bool, error) {
	return []byte{}, o.isCall(0, 0), nil
}

func convertByteArray(o *Object) (any, bool, error) {
	switch {
	case o.isCall(0, 0):
		return ByteArray{}, true, nil
	case o.isCall(1, 1):
		raw, ok := o.Args[0].([]byte)
		return ByteArray(raw), ok, nil
	}
	raw, ok, err := convertEncode(o) // bytearray("...", "latin-1")
	if !ok || err != nil {
		return nil, false, err
	}
	return ByteArray(raw.([]byte)), true, nil
}

// convertEncode is how protocols 0 to 2 write bytes.
func convertEncode(o *Object) (any, bool, error) {
	if !o.isCall(2, 2) {
		return nil, false, nil
	}
	text, ok := o.Args[0].(string)
	codec := o.Args[1]
	if !ok || codec != "latin1" && codec != "latin-1" {
		return nil, false, nil
	}
	raw, ok := latin1(text)
	return raw, ok, nil
}

// latin1 returns the bytes of a string of U+0000 to U+00FF.
func latin1(text string) ([]byte, bool) {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return nil, false
		}
		out = append(out, byte(r))
	}
	return out, true
}

func convertComplex(o *Object) (any, bool, error) {
	if !o.isCall(2, 2) {
		return nil, false, nil
	}
	re, ok1 := o.Args[0].(float64)
	im, ok2 := o.Args[1].(float64)
	return complex(re, im), ok1 && ok2, nil
}

func convertDecimal(o *Object) (any, bool, error) {
	if !o.isCall(1, 1) {
		return nil, false, nil
	}
	text, ok := o.Args[0].(string)
	return Decimal(text), ok && isDecimal(text), nil
}

// isDecimal tells whether text is how Python writes a Decimal.
func isDecimal(text string) bool {
	text = strings.TrimPrefix(text, "-")
	for _, special := range []string{"sNaN", "NaN", "Infinity"} {
		if rest, ok := strings.CutPrefix(text, special); ok {
			return strings.Trim(rest, "0123456789") == "" && (rest == "" || special != "Infinity")
		}
	}
	mantissa, exponent, hasExponent := strings.Cut(text, "E")
	if hasExponent {
		exponent = strings.TrimPrefix(strings.TrimPrefix(exponent, "+"), "-")
		if exponent == "" || strings.Trim(exponent, "0123456789") != "" {
			return false
		}
	}
	whole, fraction, hasFraction := strings.Cut(mantissa, ".")
	return whole != "" && (fraction != "" || !hasFraction) &&
		strings.Trim(whole+fraction, "0123456789") == ""
}

func convertCloudObject(o *Object) (any, bool, error) {
	state, ok := o.State.(*Dict)
	if !ok || !o.hasOnlyState(0, 0) {
		return nil, false, nil
	}
	backend, ok1 := textOf(state, "backend")
	bucket, ok2 := textOf(state, "bucket")
	key, ok3 := textOf(state, "key")
	attrs := state.without("backend", "bucket", "key")
	return &CloudObject{backend, bucket, key, attrs}, ok1 && ok2 && ok3, nil
}

func textOf(d *Dict, key string) (string, bool) {
	v, _ := d.Get(key)
	s, ok := v.(string)
	return s, ok
}
