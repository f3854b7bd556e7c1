// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding"
	"fmt"
	"math/big"
	"reflect"
	"time"
)

// Unmarshal decodes the one pickle that data consists of, within the default limits,
// and stores its value in what target points to, as [Convert] does.
func Unmarshal(data []byte, target any) error {
	value, err := Decode(data)
	if err != nil {
		return err
	}
	return Convert(value, target)
}

// Convert stores a value of this package's types in the variable that target points to.
// The variable may have any of these types:
//
//	any                          every value, as it is
//	a type of this package       a value of this type: *Dict, Tuple, *NumpyArray, *Object …
//	bool                         bool
//	integers, big.Int            int
//	floats                       float; int, if it is exact
//	complex                      complex, float; int, if it is exact
//	string                       str; Decimal, UUID, a path or an IP address as its str()
//	[]byte, [N]byte              bytes, bytearray
//	slices, arrays               list, tuple, set, frozenset, deque; a numpy array, nested by its dimensions
//	maps                         dict and its subclasses; an object's attributes
//	map[T]struct{}               set, frozenset
//	structs                      the same as maps, by the names of fields; tuple and namedtuple, by position
//	pointers                     None is nil; else what the type pointed to takes
//	time.Time                    datetime; one without a zone, and a date, as a wall clock in UTC
//	time.Duration                timedelta
//	an encoding.TextUnmarshaler  what string takes
//
// None is also the zero value of an interface, a slice and a map. A numpy scalar is its
// number. An array takes exactly as many items as it has elements.
//
// A key goes to the struct's field that a tag names, as `pickle:"word_count"`, or whose
// name is the same except for case and underscores: word_count to WordCount. Keys without a
// field are left out, and fields without a key are zero. The tag "-" leaves a field out.
//
// A value of another type, or one that the type can't hold, is a [*ConvertError], and
// the target stays as it was. What nests deeper than 10,000 levels, as a value that contains
// itself does, is ErrLimit. What the target holds may share memory with value.
func Convert(value, target any) error {
	into := reflect.ValueOf(target)
	if into.Kind() != reflect.Pointer || into.IsNil() {
		return fmt.Errorf("the target of pickle.Convert must be a pointer that is not nil, not a %T", target)
	}
	made := reflect.New(into.Type().Elem()).Elem()
	if err := store(made, value, 0); err != nil {
		return err
	}
	into.Elem().Set(made)
	return nil
}

// A ConvertError is a value that does not fit into a Go type.
type ConvertError struct {
	// Path is where the value is, as Python writes it: "[3]['name']" or "[3].name". It is
	// empty for the value as a whole.
	Path string
	// Value names the type of the value in Python: "str", "datetime.datetime".
	Value string
	// Type is the Go type that it does not fit into.
	Type reflect.Type
	// Reason says more than that the types differ. It may be empty.
	Reason string
}

// Error names the path, both types and the reason.
func (e *ConvertError) Error() string {
	text := e.Value + " does not fit into " + e.Type.String()
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// misfit returns the error of a value that into can't hold.
func misfit(into reflect.Value, value any, reason string) *ConvertError {
	return &ConvertError{Value: kindName(value), Type: into.Type(), Reason: reason}
}

// at adds a step to the path of an error, which comes from a value within another.
func at(step string, err error) error {
	failed, ok := err.(*ConvertError) //nolint:errorlint // store returns no other, and does not wrap it
	if ok {
		failed.Path = step + failed.Path
	}
	return err
}

// Types that take other values than their kind.
var (
	timeType            = reflect.TypeFor[time.Time]()
	durationType        = reflect.TypeFor[time.Duration]()
	bigIntType          = reflect.TypeFor[big.Int]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// store stores a value in into, which is zero. The value is within so many others.
func store(into reflect.Value, value any, depth int) error {
	if depth > defaultMaxDepth {
		return overLimit("values nest deeper than %d", defaultMaxDepth)
	}
	if isNone(value) {
		return storeNone(into)
	}
	if row, isRow := value.(numpyRow); isRow && into.Kind() == reflect.Interface {
		value = row.list()
	}
	if from := reflect.ValueOf(value); from.Type().AssignableTo(into.Type()) {
		into.Set(from)
		return nil
	}
	if scalar, ok := value.(NumpyScalar); ok {
		return store(into, scalar.Value, depth+1)
	}
	if array, ok := value.(*NumpyArray); ok && len(array.Shape) == 0 {
		return store(into, array.At(0), depth+1)
	}
	switch into.Type() {
	case timeType:
		return storeTime(into, value)
	case durationType:
		return storeDuration(into, value)
	case bigIntType:
		return storeBigInt(into, value)
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		return store(into.Elem(), value, depth)
	}
	if text, ok := asText(value); ok && reflect.PointerTo(into.Type()).Implements(textUnmarshalerType) {
		return storeText(into, value, text)
	}
	return storeKind(into, value, depth)
}

// storeKind stores a value in a type that takes what its kind takes.
func storeKind(into reflect.Value, value any, depth int) error {
	switch into.Kind() {
	case reflect.Bool:
		flag, ok := value.(bool)
		if !ok {
			return misfit(into, value, "")
		}
		into.SetBool(flag)
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return storeInt(into, value)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return storeUint(into, value)
	case reflect.Float32, reflect.Float64:
		return storeFloat(into, value)
	case reflect.Complex64, reflect.Complex128:
		return storeComplex(into, value)
	case reflect.String:
		text, ok := asText(value)
		if !ok {
			return misfit(into, value, "")
		}
		into.SetString(text)
		return nil
	case reflect.Slice, reflect.Array:
		return storeList(into, value, depth)
	case reflect.Map:
		return storeMap(into, value, depth)
	case reflect.Struct:
		return storeStruct(into, value, depth)
	}
	return misfit(into, value, "")
}

// storeNone leaves the zero value in what can be nil.
func storeNone(into reflect.Value) error {
	switch into.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return nil
	}
	return misfit(into, nil, "only a pointer, a slice, a map or an interface can be nil")
}

// intOf returns the number of an int.
func intOf(value any) (*big.Int, bool) {
	switch v := value.(type) {
	case int64:
		return big.NewInt(v), true
	case *big.Int:
		return v, true
	}
	return nil, false
}

func storeInt(into reflect.Value, value any) error {
	n, ok := intOf(value)
	if !ok {
		return misfit(into, value, "")
	}
	if !n.IsInt64() || into.OverflowInt(n.Int64()) {
		return misfit(into, value, "overflow: it is "+shortInt(n))
	}
	into.SetInt(n.Int64())
	return nil
}

func storeUint(into reflect.Value, value any) error {
	n, ok := intOf(value)
	if !ok {
		return misfit(into, value, "")
	}
	if n.Sign() < 0 {
		return misfit(into, value, "it is negative: "+shortInt(n))
	}
	if !n.IsUint64() || into.OverflowUint(n.Uint64()) {
		return misfit(into, value, "overflow: it is "+shortInt(n))
	}
	into.SetUint(n.Uint64())
	return nil
}

// shortInt returns a number, of a long one its length.
func shortInt(n *big.Int) string {
	const longest = 128
	if n.BitLen() > longest {
		return fmt.Sprintf("a number of %d bits", n.BitLen())
	}
	return n.String()
}

func storeBigInt(into reflect.Value, value any) error {
	n, ok := intOf(value)
	if !ok {
		return misfit(into, value, "")
	}
	into.Addr().Interface().(*big.Int).Set(n)
	return nil
}

func storeFloat(into reflect.Value, value any) error {
	number, isFloat := value.(float64)
	if !isFloat {
		n, ok := intOf(value)
		if !ok {
			return misfit(into, value, "")
		}
		if number, ok = exactFloat(n, into.Type().Bits()); !ok {
			return misfit(into, value, "it has no exact float: "+shortInt(n))
		}
	}
	if into.OverflowFloat(number) {
		return misfit(into, value, fmt.Sprintf("overflow: it is %g", number))
	}
	if vanishes(number, into.Type().Bits()) {
		return misfit(into, value, fmt.Sprintf("underflow: it is %g", number))
	}
	into.SetFloat(number)
	return nil
}

// vanishes reports whether a number that is not 0 is 0 as a float of some bits.
func vanishes(number float64, bits int) bool {
	return bits == 32 && number != 0 && float32(number) == 0
}

// exactFloat returns a number as a float of some bits, and whether it is the same.
func exactFloat(n *big.Int, bits int) (float64, bool) {
	exact := new(big.Float).SetInt(n)
	if bits == 32 {
		number, accuracy := exact.Float32()
		return float64(number), accuracy == big.Exact
	}
	number, accuracy := exact.Float64()
	return number, accuracy == big.Exact
}

func storeComplex(into reflect.Value, value any) error {
	number, isComplex := value.(complex128)
	if !isComplex {
		part := reflect.New(reflect.TypeFor[float64]()).Elem()
		if err := storeFloat(part, value); err != nil {
			failed := misfit(into, value, "")
			failed.Reason = err.(*ConvertError).Reason //nolint:errorlint // storeFloat returns no other
			return failed
		}
		number = complex(part.Float(), 0)
	}
	if into.OverflowComplex(number) {
		return misfit(into, value, fmt.Sprintf("overflow: it is %g", number))
	}
	if bits := into.Type().Bits() / 2; vanishes(real(number), bits) || vanishes(imag(number), bits) {
		return misfit(into, value, fmt.Sprintf("underflow: it is %g", number))
	}
	into.SetComplex(number)
	return nil
}

func storeTime(into reflect.Value, value any) error {
	switch v := value.(type) {
	case NaiveTime:
		into.Set(reflect.ValueOf(v.Time))
	case Date:
		into.Set(reflect.ValueOf(time.Date(v.Year, v.Month, v.Day, 0, 0, 0, 0, time.UTC)))
	default:
		return misfit(into, value, "")
	}
	return nil
}

func storeDuration(into reflect.Value, value any) error {
	delta, ok := value.(Timedelta)
	if !ok {
		return misfit(into, value, "it takes a timedelta")
	}
	duration, ok := delta.Duration()
	if !ok {
		return misfit(into, value, fmt.Sprintf("overflow: it has %d days", delta.Days))
	}
	into.SetInt(int64(duration))
	return nil
}

// asText returns the string of a str, and of a value that stands for a string, such as
// a Decimal.
func asText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case Decimal:
		return string(v), true
	case *Object:
		return objectText(v)
	}
	return "", false
}

func objectText(o *Object) (string, bool) {
	switch class := o.builder(); class.Module {
	case "uuid":
		return uuidText(o)
	case "ipaddress":
		return addressText(o)
	case "pathlib", "pathlib._local":
		return pathText(o)
	}
	return "", false
}

// storeText passes a string to the type's UnmarshalText.
func storeText(into reflect.Value, value any, text string) error {
	if err := into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
		return misfit(into, value, err.Error())
	}
	return nil
}
