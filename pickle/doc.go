// SPDX-License-Identifier: Apache-2.0

// Package pickle reads and writes the pickles that Python Lithops leaves in a
// bucket: results, exceptions, aggregated data, CloudObjects.
// It knows nothing of storage, jobs or terminals.
// Start reading at Decode and machine.step; then resolver, which makes Go values of
// what the machine built, and the converters in classes.go.
//
// A pickle names classes and functions, which this package never runs, imports or looks
// up. The values of a few known classes become Go values. All others become an [Object]
// or a [Global], which keep what the pickle says, and [Repr] shows them. [Limits] bound
// the size, the memory and the depth.
//
// # Values
//
//	None                       nil
//	bool                       bool
//	int                        int64, or *big.Int beyond it
//	float, complex             float64, complex128
//	str                        string
//	bytes, bytearray           []byte, ByteArray
//	list, tuple                []any, Tuple
//	set, frozenset             Set, FrozenSet
//	dict                       *Dict
//	datetime (zone, none)      time.Time, NaiveTime
//	date, time, timedelta      Date, TimeOfDay, Timedelta
//	decimal.Decimal            Decimal
//	Lithops' CloudObject       *CloudObject
//	a numpy scalar             NumpyScalar
//	a numpy array              *NumpyArray
//	an exception               *Exception
//	a traceback (tblib)        Traceback
//	a class or function        Global
//	anything else              *Object
//
// A str may hold lone surrogates, which UTF-8 has no form for: they stay in
// the Go string as the three bytes that Python's "surrogatepass" writes.
//
// A value that contains itself is an error, so whatever is decoded can be
// walked without end checks. A value that a pickle mentions in several places
// is shared between them; its size counts in each place.
package pickle
