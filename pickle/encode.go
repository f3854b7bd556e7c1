// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"math/big"
	"reflect"
	"slices"
	"time"
	"unsafe"
)

const (
	// encodeProtocol is the protocol of Lithops' workers; Python 3.4 and later read it.
	encodeProtocol = 4
	// maxEncodeDepth is how deep Encode goes: half of what Python's own
	// pickler can, so that Python can write the value again.
	maxEncodeDepth = 500
	// maxEncodeSize is how large a pickle Encode writes, give or take one value.
	maxEncodeSize = 1 << 30
	// encodeBatch is how many items Python adds at once.
	encodeBatch = 1000
)

// Encode writes a pickle of protocol 4, which Python reads without importing
// anything but its own classes and, for a CloudObject, Lithops.
//
// It takes every type that Decode gives, except Object, Global, Traceback,
// NumpyArray and NumpyScalar, because no pickle of this package runs foreign code.
// It also takes Go's other integers and floats, time.Duration (a timedelta), slices and arrays
// (lists; of bytes: bytes) and maps (dicts, ordered by key if the keys are
// strings or numbers). Times lose what is finer than a microsecond. Structs,
// pointers and functions are an error, and so are a value that contains itself
// or nests deeper than 500 levels, and keys of a map that Python can't hash or that are
// one key there, as 1 and 1.0.
func Encode(v any) ([]byte, error) {
	e := newEncoder()
	if err := e.value(v, 0); err != nil {
		return nil, err
	}
	return append(e.out, '.'), nil
}

// EncodeExcInfo writes the pickle of (type, exception, traceback) that a
// status' "exc_info" holds, without a traceback. The exception must be of a
// builtin class, with arguments that the class takes: Python has to find and make it.
func EncodeExcInfo(e *Exception) ([]byte, error) {
	if e == nil {
		return nil, encodeError("a nil *Exception")
	}
	enc := newEncoder()
	if err := enc.exceptionClass(e); err != nil {
		return nil, err
	}
	if err := enc.value(e, 1); err != nil {
		return nil, err
	}
	return append(enc.out, 'N', 0x87, '.'), nil
}

type encoder struct {
	out     []byte
	active  map[container]struct{} // being written now
	isOfKey bool                   // it writes a key, to find out what Python reads
}

// container is a slice, map or Dict by where it lies.
type container struct {
	at     unsafe.Pointer
	length int
}

// value writes a value that may contain others.
func (e *encoder) value(v any, depth int) error {
	if depth > maxEncodeDepth {
		return overLimit("values nest deeper than %d", maxEncodeDepth)
	}
	if len(e.out) > maxEncodeSize {
		return overLimit("a pickle of more than %d bytes", maxEncodeSize)
	}
	c, ok := containerOf(v)
	if !ok {
		return e.plain(v, depth)
	}
	if _, found := e.active[c]; found {
		return &Error{Offset: -1, Op: "encode", Msg: fmt.Sprintf("a %T", v), Reason: ErrCycle}
	}
	e.active[c] = struct{}{}
	defer delete(e.active, c)
	return e.plain(v, depth)
}

// containerOf tells what could contain itself.
func containerOf(v any) (container, bool) {
	switch v.(type) {
	case nil, bool, string, []byte, float64, int, int64, *big.Int:
		return container{}, false
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Slice:
		return container{r.UnsafePointer(), r.Len()}, r.Len() > 0
	case reflect.Map, reflect.Pointer:
		return container{r.UnsafePointer(), 0}, !r.IsNil()
	}
	return container{}, false
}

func newEncoder() *encoder {
	return &encoder{out: []byte{0x80, encodeProtocol}, active: map[container]struct{}{}}
}

func encodeError(format string, args ...any) *Error {
	return &Error{Offset: -1, Op: "encode", Msg: fmt.Sprintf(format, args...), Reason: ErrUnsupported}
}

func (e *encoder) op(bytes ...byte) { e.out = append(e.out, bytes...) }

func (e *encoder) plain(v any, depth int) error {
	switch v := v.(type) {
	case nil:
		e.op('N')
	case bool:
		e.op(map[bool]byte{true: 0x88, false: 0x89}[v])
	case string:
		return e.text(v)
	case []byte:
		e.counted('C', 'B', 0x8e, v)
	case ByteArray:
		e.global(builtins, "bytearray")
		e.counted('C', 'B', 0x8e, v)
		e.op(0x85, 'R')
	case float64:
		e.op('G')
		e.out = binary.BigEndian.AppendUint64(e.out, math.Float64bits(v))
	case []any:
		e.op(']')
		return e.batches(v, 'e', depth)
	case Tuple:
		return e.tuple(v, depth)
	case Set:
		return e.set(v, depth)
	case FrozenSet:
		return e.frozenSet(v, depth)
	case *Dict:
		return e.dict(v, depth)
	default:
		return e.special(v, depth)
	}
	return nil
}

func (e *encoder) special(v any, depth int) error {
	switch v := v.(type) {
	case *big.Int:
		return e.bigInt(v)
	case complex128:
		return e.call(Global{builtins, "complex"}, Tuple{real(v), imag(v)}, depth)
	case Decimal:
		if !isDecimal(string(v)) {
			return encodeError("%q is no decimal number", string(v))
		}
		return e.call(Global{"decimal", "Decimal"}, Tuple{string(v)}, depth)
	case time.Time, NaiveTime, Date, TimeOfDay, Timedelta, time.Duration:
		return e.timeValue(v, depth)
	case CloudObject:
		return e.cloudObject(&v, depth)
	case *CloudObject:
		return e.cloudObject(v, depth)
	case *Exception:
		return e.exception(v, depth)
	case *Object, Global, Traceback, Frame, NumpyScalar:
		return encodeError("no pickle for a %T", v)
	}
	return e.reflected(reflect.ValueOf(v), depth)
}

// reflected takes what has no case of its own by its underlying kind.
func (e *encoder) reflected(v reflect.Value, depth int) error {
	switch v.Kind() {
	case reflect.Bool:
		return e.value(v.Bool(), depth)
	case reflect.String:
		return e.text(v.String())
	case reflect.Float32, reflect.Float64:
		return e.value(v.Float(), depth)
	case reflect.Slice, reflect.Array:
		return e.slice(v, depth)
	case reflect.Map:
		return e.goMap(v, depth)
	}
	switch {
	case v.CanInt():
		e.int(v.Int())
	case v.CanUint():
		return e.bigInt(new(big.Int).SetUint64(v.Uint()))
	default:
		return encodeError("no pickle for a %s", v.Type())
	}
	return nil
}

func (e *encoder) int(n int64) {
	switch {
	case n >= 0 && n <= math.MaxUint8:
		e.op('K', byte(n))
	case n >= 0 && n <= math.MaxUint16:
		e.op('M', byte(n), byte(n>>8))
	case n >= math.MinInt32 && n <= math.MaxInt32:
		e.op('J')
		e.out = binary.LittleEndian.AppendUint32(e.out, uint32(int32(n)))
	default:
		e.op(0x8a, 8)
		e.out = binary.LittleEndian.AppendUint64(e.out, uint64(n))
	}
}

func (e *encoder) bigInt(n *big.Int) error {
	if n == nil {
		return encodeError("a nil *big.Int")
	}
	if n.IsInt64() {
		e.int(n.Int64())
		return nil
	}
	width := n.BitLen()/8 + 1
	if width > math.MaxInt32 {
		return overLimit("an integer of %d bytes", width)
	}
	if width <= math.MaxUint8 {
		e.op(0x8a, byte(width))
	} else {
		e.op(0x8b)
		e.out = binary.LittleEndian.AppendUint32(e.out, uint32(width))
	}
	positive := n
	if n.Sign() < 0 {
		positive = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*width)))
	}
	raw := positive.FillBytes(make([]byte, width))
	slices.Reverse(raw)
	e.op(raw...)
	return nil
}

func (e *encoder) text(s string) error {
	if !validText(s) {
		return encodeError("a string that is not UTF-8")
	}
	e.counted(0x8c, 'X', 0x8d, []byte(s))
	return nil
}

// counted writes bytes with the opcode for their length.
func (e *encoder) counted(short, long, huge byte, raw []byte) {
	switch n := len(raw); {
	case n <= math.MaxUint8:
		e.op(short, byte(n))
	case uint64(n) <= math.MaxUint32:
		e.op(long)
		e.out = binary.LittleEndian.AppendUint32(e.out, uint32(n))
	default:
		e.op(huge)
		e.out = binary.LittleEndian.AppendUint64(e.out, uint64(n))
	}
	e.op(raw...)
}

// global writes a class' name; only constants of this package come here.
func (e *encoder) global(module, name string) {
	e.counted(0x8c, 'X', 0x8d, []byte(module))
	e.counted(0x8c, 'X', 0x8d, []byte(name))
	e.op(0x93)
}

// call writes the object that a class makes of arguments.
func (e *encoder) call(class Global, args Tuple, depth int) error {
	e.global(class.Module, class.Name)
	if err := e.tuple(args, depth); err != nil {
		return err
	}
	e.op('R')
	return nil
}

// EncodeEach yields the pickle of each value, as [Encode] writes it. The first error ends
// the sequence.
func EncodeEach[T any](values iter.Seq[T]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for value := range values {
			data, err := Encode(value)
			if !yield(data, err) || err != nil {
				return
			}
		}
	}
}
