// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"math"
	"math/big"
	"reflect"
	"time"
)

// takesArguments reports whether Python's class can be made with the exception's arguments.
// Most builtin classes take any. For the others, a client of Python's would report a
// TypeError of its own and lose the message.
func (e *Exception) takesArguments() bool {
	switch e.Class {
	case "UnicodeDecodeError":
		return e.areArguments(isText, isBytes, isIndex, isIndex, isText)
	case "UnicodeEncodeError":
		return e.areArguments(isText, isText, isIndex, isIndex, isText)
	case "UnicodeTranslateError":
		return e.areArguments(isText, isIndex, isIndex, isText)
	case "BaseExceptionGroup":
		return e.areArguments(isText, func(v any) bool { return areExceptions(v, true) })
	case "ExceptionGroup":
		return e.areArguments(isText, func(v any) bool { return areExceptions(v, false) })
	case "SyntaxError", "IndentationError", "TabError":
		return len(e.Args) != 2 || isPlaceInSource(e.Args[1])
	case "BlockingIOError":
		return len(e.Args) < 3 || len(e.Args) > 5 || isIndex(e.Args[2]) || !isNumber(e.Args[2])
	}
	return true
}

// areArguments reports whether there is an argument for each of the checks, which it passes.
func (e *Exception) areArguments(checks ...func(any) bool) bool {
	if len(e.Args) != len(checks) {
		return false
	}
	for i, check := range checks {
		if !check(e.Args[i]) {
			return false
		}
	}
	return true
}

// isText reports whether v is pickled as a str.
func isText(v any) bool {
	_, isDecimal := v.(Decimal)
	return kindOf(v) == reflect.String && !isDecimal
}

// isBytes reports whether v is pickled as bytes or a bytearray.
func isBytes(v any) bool {
	kind := kindOf(v)
	return (kind == reflect.Slice || kind == reflect.Array) && reflect.TypeOf(v).Elem().Kind() == reflect.Uint8
}

// isIndex reports whether v is pickled as an int, or a bool, of 64 bits.
func isIndex(v any) bool {
	switch v := v.(type) {
	case nil, time.Duration: // a timedelta
		return false
	case bool:
		return true
	case *big.Int:
		return v != nil && v.IsInt64()
	}
	r := reflect.ValueOf(v)
	return r.CanInt() || r.Kind() == reflect.Bool || r.CanUint() && r.Uint() <= math.MaxInt64
}

// isNumber reports whether v is pickled as a number.
func isNumber(v any) bool {
	switch v.(type) {
	case nil, time.Duration:
		return false
	case *big.Int, Decimal:
		return true
	}
	r := reflect.ValueOf(v)
	return isIndex(v) || r.CanUint() || r.CanFloat() || r.CanComplex()
}

// areExceptions reports whether v is a list or a tuple of exceptions, and not empty. Where
// isAny is false, each must be an Exception, and not what ends a process.
func areExceptions(v any, isAny bool) bool {
	items, ok := v.([]any)
	if tuple, isTuple := v.(Tuple); isTuple {
		items, ok = tuple, true
	}
	if !ok || len(items) == 0 {
		return false
	}
	for _, item := range items {
		e, isException := item.(*Exception)
		if !isException || e == nil || !isAny && e.isBuiltin("BaseException", "BaseExceptionGroup", "GeneratorExit", "KeyboardInterrupt", "SystemExit") {
			return false
		}
	}
	return true
}

// isPlaceInSource reports whether a SyntaxError takes v: (file, line, offset, text),
// and for some (end line, end offset).
func isPlaceInSource(v any) bool {
	items, ok := v.([]any)
	if tuple, isTuple := v.(Tuple); isTuple {
		items, ok = tuple, true
	}
	return ok && (len(items) == 4 || len(items) == 6)
}

func kindOf(v any) reflect.Kind { return reflect.ValueOf(v).Kind() }
