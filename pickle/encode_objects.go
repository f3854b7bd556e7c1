// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding/binary"
	"time"
)

// Python's datetime.timezone takes offsets of less than a day.
const secondsPerDay = 86400

func (e *encoder) timeValue(v any, depth int) error {
	switch v := v.(type) {
	case time.Time:
		return e.awareTime(v, depth)
	case NaiveTime:
		return e.datetime(v.Time.UTC(), v.Fold, nil)
	case Date:
		return e.date(v, depth)
	case TimeOfDay:
		return e.timeOfDay(v, depth)
	case time.Duration:
		return e.timedelta(TimedeltaOf(v), depth)
	case Timedelta:
		return e.timedelta(v, depth)
	}
	return encodeError("no pickle for a %T", v)
}

// awareTime writes a datetime with a datetime.timezone of the time's offset.
func (e *encoder) awareTime(t time.Time, depth int) error {
	name, offset := t.Zone()
	if offset <= -secondsPerDay || offset >= secondsPerDay {
		return encodeError("a time zone of %d seconds", offset)
	}
	return e.datetime(t, false, func() error {
		e.global("datetime", "timezone")
		if err := e.timedelta(TimedeltaOf(time.Duration(offset)*time.Second), depth+1); err != nil {
			return err
		}
		if name == "" || name == "UTC" && offset == 0 {
			e.op(0x85, 'R')
			return nil
		}
		if err := e.text(name); err != nil {
			return err
		}
		e.op(0x86, 'R')
		return nil
	})
}

// datetime writes a wall clock and, if there is a zone, what zone writes.
func (e *encoder) datetime(t time.Time, fold bool, zone func() error) error {
	year, month, day := t.Date()
	if year < 1 || year > 9999 {
		return encodeError("the year %d", year)
	}
	micro := t.Nanosecond() / 1000
	raw := binary.BigEndian.AppendUint16(nil, uint16(year))
	raw = append(raw, byte(month), byte(day), byte(t.Hour()), byte(t.Minute()), byte(t.Second()))
	raw = append(raw, byte(micro>>16), byte(micro>>8), byte(micro))
	if fold {
		raw[2] |= 0x80
	}
	e.global("datetime", "datetime")
	e.counted('C', 'B', 0x8e, raw)
	if zone == nil {
		e.op(0x85, 'R')
		return nil
	}
	if err := zone(); err != nil {
		return err
	}
	e.op(0x86, 'R')
	return nil
}

func (e *encoder) date(d Date, depth int) error {
	if !isDate(d.Year, int(d.Month), d.Day) {
		return encodeError("the date %d-%d-%d", d.Year, d.Month, d.Day)
	}
	raw := binary.BigEndian.AppendUint16(nil, uint16(d.Year))
	raw = append(raw, byte(d.Month), byte(d.Day))
	return e.call(Global{"datetime", "date"}, Tuple{raw}, depth)
}

func (e *encoder) timeOfDay(t TimeOfDay, depth int) error {
	if min(t.Hour, t.Minute, t.Second, t.Microsecond) < 0 || !isClock(t.Hour, t.Minute, t.Second, t.Microsecond) {
		return encodeError("the time %d:%d:%d.%d", t.Hour, t.Minute, t.Second, t.Microsecond)
	}
	micro := t.Microsecond
	raw := []byte{byte(t.Hour), byte(t.Minute), byte(t.Second), byte(micro >> 16), byte(micro >> 8), byte(micro)}
	if t.Fold {
		raw[0] |= 0x80
	}
	return e.call(Global{"datetime", "time"}, Tuple{raw}, depth)
}

func (e *encoder) timedelta(d Timedelta, depth int) error {
	parts := Tuple{int64(d.Days), int64(d.Seconds), int64(d.Microseconds)}
	if _, ok, _ := convertTimedelta(&Object{Args: parts}); !ok {
		return encodeError("the timedelta %+v", d)
	}
	return e.call(Global{"datetime", "timedelta"}, parts, depth)
}

// cloudObject writes Lithops' class and the object's attributes.
func (e *encoder) cloudObject(o *CloudObject, depth int) error {
	if o == nil {
		return encodeError("a nil *CloudObject")
	}
	state := NewDict("backend", o.Backend, "bucket", o.Bucket, "key", o.Key)
	for name, value := range o.Attrs.All() {
		if _, ok := name.(string); !ok || isOneOf(name, []string{"backend", "bucket", "key"}) {
			return encodeError("an attribute named %s", Repr(name))
		}
		if err := state.Set(name, value); err != nil {
			return err
		}
	}
	e.global(cloudObjectClass, "CloudObject")
	e.op(')', 0x81)
	if err := e.dict(state, depth); err != nil {
		return err
	}
	e.op('b')
	return nil
}

// exceptionClass writes the name of a builtin exception's class.
func (e *encoder) exceptionClass(x *Exception) error {
	if x.Module != builtins || !builtinExceptions()[x.Class] {
		return encodeError("%s is no builtin exception", x.TypeName())
	}
	e.global(x.Module, x.Class)
	return nil
}

// exception writes class and arguments; traceback, cause and context have no
// form that Python reads without tblib.
func (e *encoder) exception(x *Exception, depth int) error {
	if x == nil {
		return encodeError("a nil *Exception")
	}
	if err := e.exceptionClass(x); err != nil {
		return err
	}
	if !x.takesArguments() {
		return encodeError("Python's %s can't be made with these arguments", x.Class)
	}
	if err := e.tuple(x.Args, depth); err != nil {
		return err
	}
	e.op('R')
	if x.Attrs.Len() == 0 {
		return nil
	}
	if err := e.dict(x.Attrs, depth); err != nil {
		return err
	}
	e.op('b')
	return nil
}
