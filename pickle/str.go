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
	switch o.builder() {
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
	case Global{"collections", "UserString"}:
		data, _ := o.onlyAttribute("data")
		text, ok := data.(string)
		return text, ok
	case Global{"datetime", "timezone"}:
		return strOfTimezone(o)
	case Global{"datetime", "time"}:
		return strOfZonedTime(o)
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

// strOfTimezone returns the name of a timezone, or UTC and its offset.
func strOfTimezone(o *Object) (string, bool) {
	if len(o.Args) == 2 {
		name, ok := o.Args[1].(string)
		return name, ok
	}
	offset, ok := fixedOffset(o)
	if offset == (Timedelta{}) {
		return "UTC", ok
	}
	return "UTC" + strOfFixedOffset(offset), ok
}

// strOfZonedTime returns the text of a time of the day with a timezone. With one of
// zoneinfo it would need the rules of the zone.
func strOfZonedTime(o *Object) (string, bool) {
	if !o.isCall(2, 2) {
		return "", false
	}
	v, ok1, _ := convertTimeOfDay(&Object{Args: o.Args[:1]})
	offset, ok2 := fixedOffset(o.Args[1])
	if !ok1 || !ok2 {
		return "", false
	}
	return plainStr(v) + strOfFixedOffset(offset), true
}

// fixedOffset returns the offset of a datetime.timezone.
func fixedOffset(zone any) (Timedelta, bool) {
	o, ok := zone.(*Object)
	if !ok || o.builder() != (Global{"datetime", "timezone"}) || !o.isCall(1, 2) {
		return Timedelta{}, false
	}
	offset, ok := o.Args[0].(Timedelta)
	return offset, ok
}

// strOfFixedOffset returns hours and minutes with a sign, and seconds if there are some.
func strOfFixedOffset(d Timedelta) string {
	const second = 1_000_000
	all := int64(d.Days)*24*60*60*second + int64(d.Seconds)*second + int64(d.Microseconds)
	sign := "+"
	if all < 0 {
		sign, all = "-", -all
	}
	seconds := all / second
	text := fmt.Sprintf("%s%02d:%02d", sign, seconds/3600, seconds/60%60)
	if all%(60*second) != 0 {
		text += fmt.Sprintf(":%02d", seconds%60)
	}
	return text + strOfMicroseconds(int(all%second))
}
