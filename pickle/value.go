// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"math/big"
	"time"
)

// Tuple is a Python tuple. A Python list is a plain []any.
type Tuple []any

// Set is a Python set: no two equal elements, in the order of the pickle.
type Set []any

// FrozenSet is a Python frozenset: no two equal elements, in the order of the
// pickle.
type FrozenSet []any

// ByteArray is a Python bytearray. Python's bytes is a plain []byte.
type ByteArray []byte

// Decimal is a Python decimal.Decimal, as its text: "1.50", "1E+3", "NaN".
type Decimal string

// Global is a class or a function, named by a pickle and never looked up.
type Global struct {
	Module string
	Name   string // qualified: "Outer.Inner"
}

// TypeName is the name as Python's tracebacks write it: bare for a builtin,
// with its module otherwise.
func (g Global) TypeName() string {
	if g.Module == "" || g.Module == builtins {
		return g.Name
	}
	return g.Module + "." + g.Name
}

// Object is an instance of a class that this package has no Go type for, kept
// as the pickle describes it. Nothing of it is guessed and nothing is run.
type Object struct {
	Module string
	Name   string // of the class, or of the function that builds the object
	Args   Tuple  // what the class or function is called with
	Kwargs *Dict  // nil if there are none
	State  any    // what __setstate__ receives; nil if there is none

	Items *Dict // what obj[key] = value sets; nil if there are none
	List  []any // what obj.append(value) adds; nil if there are none

	// Callable builds the object if the builder is itself an object; Module and Name are
	// empty then.
	Callable any
}

// CloudObject is Lithops' reference to an object in a bucket. Attrs holds what
// else the Python object carries, as a partition's data_byte_range, chunk_size,
// part, total_parts and newline; it is nil if there is nothing.
type CloudObject struct {
	Backend string
	Bucket  string
	Key     string
	Attrs   *Dict
}

// String returns what Python's str returns for the object.
func (o *CloudObject) String() string {
	return "<CloudObject at " + o.URL() + ">"
}

// URL is the object's place as Lithops writes it: aws_s3://bucket/key.
func (o *CloudObject) URL() string { return o.Backend + "://" + o.Bucket + "/" + o.Key }

// newInt gives an int64 where the number fits, else the number itself.
func newInt(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// NaiveTime is a datetime.datetime without a time zone: its wall clock, held
// as UTC. A datetime with a zone is a time.Time.
type NaiveTime struct {
	Time time.Time
	Fold bool // the second of two equal wall-clock times
}

// Date is a datetime.date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// TimeOfDay is a datetime.time without a time zone.
type TimeOfDay struct {
	Hour, Minute, Second, Microsecond int
	Fold                              bool
}

// Timedelta is a datetime.timedelta, normalized as Python's: only Days may be
// negative.
type Timedelta struct {
	Days         int
	Seconds      int // 0 to 86399
	Microseconds int // 0 to 999999
}

// Duration is the time span in Go's type, and whether it fits (292 years).
func (d Timedelta) Duration() (time.Duration, bool) {
	const maxDays = 106750
	if d.Days > maxDays || d.Days < -maxDays {
		return 0, false
	}
	total := time.Duration(d.Days) * 24 * time.Hour
	total += time.Duration(d.Seconds) * time.Second
	return total + time.Duration(d.Microseconds)*time.Microsecond, true
}

// TimedeltaOf is the timedelta nearest below d; Python counts microseconds.
func TimedeltaOf(d time.Duration) Timedelta {
	const day = 24 * time.Hour
	days, rest := d/day, d%day
	if rest < 0 {
		days, rest = days-1, rest+day
	}
	return Timedelta{
		Days:         int(days),
		Seconds:      int(rest / time.Second),
		Microseconds: int(rest % time.Second / time.Microsecond),
	}
}
