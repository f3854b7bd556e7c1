// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"
)

// maxKeyDepth bounds how deep tuples and frozensets nest in a dict's key or a
// set's element.
const maxKeyDepth = 64

// Comparable stand-ins for values that Go can't compare, or compares otherwise
// than Python.
type (
	bytesKey     string
	bigKey       string
	timeKey      struct{ seconds, nanoseconds int64 }
	compositeKey string
	unequalKey   struct{ nan float64 } // equal to nothing, itself included
	// numpyTimeKey is a datetime64 or timedelta64: 1 hour is not 1 day, and no int.
	numpyTimeKey struct {
		kind  byte
		unit  string
		count int64
	}
)

// hashKey gives a comparable value that is equal for two values when Python
// takes them for the same key: 1, 1.0 and True, but not "a" and b"a". A value
// that Python can't hash is an error.
func hashKey(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, int64, Global, Date, TimeOfDay, Timedelta,
		*Object, *CloudObject, *Exception:
		return v, nil
	case int: // as Encode takes it, also within a tuple
		return int64(v), nil
	case bool:
		return boolKey(v), nil
	case *big.Int:
		return intKey(v), nil
	case float64:
		return floatKey(v), nil
	case complex128:
		if imag(v) == 0 {
			return floatKey(real(v)), nil
		}
		return v, nil
	case []byte:
		return bytesKey(v), nil
	case NumpyScalar:
		if key, isTime := numpyTimeOf(v); isTime {
			return key, nil
		}
		return hashKey(v.Value)
	case Decimal:
		return hashDecimal(v), nil
	case NaiveTime:
		return naiveKey(v), nil
	case time.Time:
		return timeKey{v.Unix(), int64(v.Nanosecond())}, nil
	case Tuple, FrozenSet:
		text, err := appendKey(nil, v, 0)
		if err == nil && hasNaN(v) {
			return unequalKey{math.NaN()}, nil
		}
		return compositeKey(text), err
	}
	return nil, malformed("unhashable %s as a key", kindName(v))
}

// hasNaN reports whether a key is NaN or holds one, which is equal to no other. Python
// takes a NaN as equal to itself, but a pickle has no two places for one.
func hasNaN(key any) bool {
	switch key := key.(type) {
	case Tuple:
		return slices.ContainsFunc(key, hasNaN)
	case FrozenSet:
		return slices.ContainsFunc(key, hasNaN)
	case NumpyScalar:
		_, isTime := numpyTimeOf(key)
		return isTime && key.Value == any(int64(notATime)) || hasNaN(key.Value)
	case Decimal:
		return isNaNDecimal(key)
	case float64:
		return math.IsNaN(key)
	case complex128:
		return math.IsNaN(real(key)) || math.IsNaN(imag(key))
	}
	return false
}

func naiveKey(v NaiveTime) any {
	type naive struct{ seconds, nanoseconds int64 }
	return naive{v.Time.Unix(), int64(v.Time.Nanosecond())}
}

// numpyTimeOf returns the key of a datetime64 or timedelta64, and whether the scalar is one.
// Equal times of two units are two keys here, as in most versions of numpy: a dict has no two
// keys that are equal, and loses none of those that it has.
func numpyTimeOf(s NumpyScalar) (key any, isTime bool) {
	t := parseNumpyType(s.DType)
	count, isCount := s.Value.(int64)
	switch {
	case t.kind != 'M' && t.kind != 'm' || !isCount:
		return nil, false
	case count == notATime:
		return unequalKey{math.NaN()}, true
	}
	return numpyTimeKey{t.kind, t.unit, count}, true
}

func boolKey(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func intKey(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	sign := "+"
	if n.Sign() < 0 {
		sign = "-"
	}
	return bigKey(sign + string(n.Bytes()))
}

func floatKey(f float64) any {
	if f != math.Trunc(f) || math.IsInf(f, 0) { // also NaN
		return f
	}
	if f >= -(1<<63) && f < 1<<63 {
		return int64(f)
	}
	n, _ := big.NewFloat(f).Int(nil)
	return intKey(n)
}

// appendKey appends bytes that are equal for equal keys.
func appendKey(out []byte, v any, depth int) ([]byte, error) {
	if depth > maxKeyDepth {
		return nil, overLimit("key nested deeper than %d", maxKeyDepth)
	}
	switch v := v.(type) {
	case Tuple:
		return appendTupleKey(out, v, depth)
	case FrozenSet:
		return appendSetKey(out, v, depth)
	case NumpyScalar:
		if _, isTime := numpyTimeOf(v); !isTime {
			return appendKey(out, v.Value, depth+1)
		}
	}
	key, err := hashKey(v)
	if err != nil {
		return nil, err
	}
	return appendScalarKey(out, key), nil
}

func appendTupleKey(out []byte, items Tuple, depth int) ([]byte, error) {
	out = binary.AppendUvarint(append(out, 't'), uint64(len(items)))
	for _, item := range items {
		var err error
		if out, err = appendKey(out, item, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func appendSetKey(out []byte, items FrozenSet, depth int) ([]byte, error) {
	parts := make([]string, 0, len(items))
	for _, item := range items {
		part, err := appendKey(nil, item, depth+1)
		if err != nil {
			return nil, err
		}
		parts = append(parts, string(part))
	}
	slices.Sort(parts)
	out = binary.AppendUvarint(append(out, 'z'), uint64(len(parts)))
	for _, part := range parts {
		out = append(out, part...)
	}
	return out, nil
}

// appendScalarKey writes what hashKey gave, told apart by type and length.
func appendScalarKey(out []byte, key any) []byte {
	var tag byte
	var text string
	switch key := key.(type) {
	case string:
		tag, text = 's', key
	case bytesKey:
		tag, text = 'b', string(key)
	case bigKey:
		tag, text = 'l', string(key)
	case int64:
		return binary.AppendVarint(append(out, 'i'), key)
	case *Object, *CloudObject, *Exception:
		tag, text = 'p', fmt.Sprintf("%T %p", key, key)
	default:
		tag, text = 'v', fmt.Sprintf("%T %#v", key, key)
	}
	out = binary.AppendUvarint(append(out, tag), uint64(len(text)))
	return append(out, text...)
}

// uniqueItems drops every item that is equal to an earlier one, in place.
func uniqueItems(items []any) ([]any, error) {
	seen := make(map[any]struct{}, len(items))
	kept := items[:0]
	for _, item := range items {
		key, err := hashKey(item)
		if err != nil {
			return nil, err
		}
		if _, ok := seen[key]; !ok {
			seen[key] = struct{}{}
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// kindName is Python's name for a value's type.
func kindName(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []byte:
		return "bytes"
	case []any:
		return "list"
	case Tuple:
		return "tuple"
	case Set:
		return "set"
	case *Dict:
		return "dict"
	case ByteArray:
		return "bytearray"
	case FrozenSet:
		return "frozenset"
	case complex128:
		return "complex"
	case Decimal:
		return "decimal.Decimal"
	case time.Time, NaiveTime:
		return "datetime.datetime"
	case Date:
		return "datetime.date"
	case TimeOfDay:
		return "datetime.time"
	case Timedelta:
		return "datetime.timedelta"
	case *NumpyArray, numpyRow:
		return "numpy.ndarray"
	case NumpyScalar:
		return "numpy " + v.DType
	case *CloudObject:
		return "CloudObject"
	case *Object:
		name, _ := v.Class()
		return name
	case *Exception:
		return v.TypeName()
	case Global:
		return "class " + v.TypeName()
	}
	return fmt.Sprintf("%T", v)
}
