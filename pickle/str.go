// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"strings"
	"time"
)

// strOf returns what Python's str gives for a value. For most that is the repr. The
// message of an exception may be that of one within it, and so on. A message that is made
// of more than one value must use plainStr, because the work would double at each level.
func strOf(v any) string { return strAt(v, 0) }

// strAt is strOf for a value within so many exceptions.
func strAt(v any, depth int) string {
	if depth > maxReprDepth || isNone(v) {
		return plainStr(v)
	}
	switch v := v.(type) {
	case *Exception:
		return v.messageAt(depth)
	case *Object:
		if e, ok := packedException(v); ok {
			return e.messageAt(depth)
		}
	}
	return plainStr(v)
}

// plainStr is strOf that does not look into exceptions within exceptions.
func plainStr(v any) string {
	if isNone(v) {
		return "None"
	}
	switch v := v.(type) {
	case string:
		return v
	case *Exception:
		if len(v.Args) != 1 {
			return Repr(v)
		}
		if text, ok := v.Args[0].(string); ok && !v.isBuiltin("KeyError") {
			return text
		}
		return Repr(v.Args[0])
	case Decimal:
		return string(v)
	case NumpyScalar:
		return strOfScalar(v)
	case Date:
		return fmt.Sprintf("%04d-%02d-%02d", v.Year, v.Month, v.Day)
	case NaiveTime:
		return strOfDatetime(v.Time)
	case time.Time:
		return strOfDatetime(v) + strOfOffset(v)
	case TimeOfDay:
		return fmt.Sprintf("%02d:%02d:%02d", v.Hour, v.Minute, v.Second) + strOfMicroseconds(v.Microsecond)
	case Timedelta:
		return strOfTimedelta(v)
	case *Object:
		if text, ok := strOfObject(v); ok {
			return text
		}
	}
	return Repr(v)
}

func strOfScalar(s NumpyScalar) string {
	if text, ok := s.Value.(string); ok {
		return text
	}
	return strings.TrimSuffix(strings.TrimPrefix(Repr(s), "numpy.datetime64('"), "')")
}

func strOfDatetime(t time.Time) string {
	return t.Format("2006-01-02 15:04:05") + strOfMicroseconds(t.Nanosecond()/int(time.Microsecond))
}

func strOfMicroseconds(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(".%06d", n)
}

// strOfOffset writes "+05:30", and the seconds if there are any.
func strOfOffset(t time.Time) string {
	_, offset := t.Zone()
	if offset%60 != 0 {
		return t.Format("-07:00:00")
	}
	return t.Format("-07:00")
}

func strOfTimedelta(d Timedelta) string {
	text := fmt.Sprintf("%d:%02d:%02d", d.Seconds/3600, d.Seconds/60%60, d.Seconds%60) + strOfMicroseconds(d.Microseconds)
	switch d.Days {
	case 0:
		return text
	case 1, -1:
		return fmt.Sprintf("%d day, %s", d.Days, text)
	}
	return fmt.Sprintf("%d days, %s", d.Days, text)
}

// strOfObject returns the text of the common classes whose str is not their repr.
func strOfObject(o *Object) (string, bool) {
	switch (Global{o.Module, o.Name}) {
	case Global{"uuid", "UUID"}:
		return uuidText(o)
	case Global{"fractions", "Fraction"}:
		parts, ok := fractionParts(o)
		return strings.TrimSuffix(strings.Replace(parts, ", ", "/", 1), "/1"), ok
	case Global{"zoneinfo", "ZoneInfo._unpickle"}:
		if len(o.Args) == 0 {
			return "", false
		}
		key, ok := o.Args[0].(string)
		return key, ok
	}
	switch o.Module {
	case "ipaddress":
		return addressText(o)
	case "pathlib", "pathlib._local":
		path, ok := pathText(o)
		if strings.Contains(o.Name, "Windows") {
			path = strings.ReplaceAll(path, "/", `\`)
		}
		return path, ok
	}
	return "", false
}
