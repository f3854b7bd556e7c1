// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding/binary"
	"time"
)

func convertDatetime(o *Object) (any, bool, error) {
	if !o.isCall(1, 2) {
		return nil, false, nil
	}
	raw, ok := rawBytes(o.Args[0])
	if !ok || len(raw) != 10 {
		return nil, false, nil
	}
	wall, fold, ok := unpackDatetime(raw)
	if !ok || len(o.Args) == 1 {
		return NaiveTime{wall, fold}, ok, nil
	}
	t, ok := withZone(wall, o.Args[1])
	return t, ok, nil
}

// rawBytes gives bytes, or what Python 2 wrote as a str.
func rawBytes(v any) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return v, true
	case string:
		return latin1(v)
	}
	return nil, false
}

// unpackDatetime reads year (2 bytes), month (with the fold bit), day, hour,
// minute, second and microsecond (3 bytes).
func unpackDatetime(raw []byte) (wall time.Time, fold, ok bool) {
	fold = raw[2]&0x80 != 0
	year, month, day := int(binary.BigEndian.Uint16(raw)), int(raw[2]&0x7f), int(raw[3])
	hour, minute, second := int(raw[4]), int(raw[5]), int(raw[6])
	micro := int(raw[7])<<16 | int(raw[8])<<8 | int(raw[9])
	if !isDate(year, month, day) || !isClock(hour, minute, second, micro) {
		return time.Time{}, false, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, micro*1000, time.UTC), fold, true
}

func isDate(year, month, day int) bool {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func isClock(hour, minute, second, micro int) bool {
	return hour < 24 && minute < 60 && second < 60 && micro < 1_000_000
}

// withZone places a wall clock in a datetime.timezone. Zones of other classes,
// as zoneinfo's, need rules that a pickle doesn't hold: they are refused, and
// the datetime stays an Object.
func withZone(wall time.Time, zone any) (time.Time, bool) {
	z, ok := zone.(*Object)
	if !ok || z.Module != "datetime" || z.Name != "timezone" || !z.isCall(1, 2) {
		return time.Time{}, false
	}
	delta, ok := z.Args[0].(Timedelta)
	if !ok || delta.Microseconds != 0 || delta.Days < -1 || delta.Days > 0 {
		return time.Time{}, false
	}
	name := ""
	if len(z.Args) == 2 {
		if name, ok = z.Args[1].(string); !ok {
			return time.Time{}, false
		}
	}
	offset := delta.Days*86400 + delta.Seconds
	location := time.FixedZone(name, offset)
	if offset == 0 && name == "" {
		location = time.UTC
	}
	return wall.Add(-time.Duration(offset) * time.Second).In(location), true
}

func convertDate(o *Object) (any, bool, error) {
	if !o.isCall(1, 1) {
		return nil, false, nil
	}
	raw, ok := rawBytes(o.Args[0])
	if !ok || len(raw) != 4 {
		return nil, false, nil
	}
	year, month, day := int(binary.BigEndian.Uint16(raw)), int(raw[2]), int(raw[3])
	return Date{year, time.Month(month), day}, isDate(year, month, day), nil
}

func convertTimeOfDay(o *Object) (any, bool, error) {
	if !o.isCall(1, 1) {
		return nil, false, nil
	}
	raw, ok := rawBytes(o.Args[0])
	if !ok || len(raw) != 6 {
		return nil, false, nil
	}
	t := TimeOfDay{
		Hour: int(raw[0] & 0x7f), Minute: int(raw[1]), Second: int(raw[2]),
		Microsecond: int(raw[3])<<16 | int(raw[4])<<8 | int(raw[5]),
		Fold:        raw[0]&0x80 != 0,
	}
	return t, isClock(t.Hour, t.Minute, t.Second, t.Microsecond), nil
}

func convertTimedelta(o *Object) (any, bool, error) {
	if !o.isCall(3, 3) {
		return nil, false, nil
	}
	var parts [3]int64
	for i, arg := range o.Args {
		n, ok := arg.(int64)
		if !ok {
			return nil, false, nil
		}
		parts[i] = n
	}
	days, seconds, micros := parts[0], parts[1], parts[2]
	ok := days >= -999_999_999 && days <= 999_999_999 &&
		seconds >= 0 && seconds < 86400 && micros >= 0 && micros < 1_000_000
	return Timedelta{int(days), int(seconds), int(micros)}, ok, nil
}
