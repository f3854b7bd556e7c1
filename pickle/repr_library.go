// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"time"
)

// zonedDatetime writes a datetime in a zone that a pickle has only the name of.
func (w *reprWriter) zonedDatetime(o *Object, depth int) bool {
	if !o.isCall(2, 2) {
		return false
	}
	raw, ok := rawBytes(o.Args[0])
	if !ok || len(raw) != 10 {
		return false
	}
	wall, fold, ok := unpackDatetime(raw)
	if !ok {
		return false
	}
	w.WriteString(reprDatetime(wall, fold, ", tzinfo="+reprAt(o.Args[1], depth)))
	return true
}

// reprAt returns the repr of a value within others.
func reprAt(v any, depth int) string {
	w := &reprWriter{}
	w.value(v, depth+1)
	return w.String()
}

func (w *reprWriter) zonedTime(o *Object, depth int) bool {
	if !o.isCall(2, 2) {
		return false
	}
	v, ok, _ := convertTimeOfDay(&Object{Args: o.Args[:1]})
	clock, _ := v.(TimeOfDay)
	if !ok {
		return false
	}
	w.WriteString("datetime.time(" + reprClock(clock.Hour, clock.Minute, clock.Second, clock.Microsecond) + ", tzinfo=" + reprAt(o.Args[1], depth) + reprFold(clock.Fold) + ")") // in this order, unlike a datetime
	return true
}

func (w *reprWriter) timezone(o *Object, depth int) bool {
	if !o.isCall(1, 2) {
		return false
	}
	if len(o.Args) == 1 && o.Args[0] == any(Timedelta{}) {
		w.WriteString("datetime.timezone.utc")
		return true
	}
	w.WriteString("datetime.timezone")
	w.items("(", o.Args, ")", depth)
	return true
}

// array reads _array_reconstructor(array.array, type, format, bytes).
func (w *reprWriter) array(o *Object, depth int) bool {
	formats := []string{ // of array.array's machine format codes
		"|u1", "|i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", ">i4",
		"<u8", ">u8", "<i8", ">i8", "<f4", ">f4", "<f8", ">f8",
	}
	if !o.isCall(4, 4) || o.Args[0] != any(Global{"array", "array"}) {
		return false
	}
	code, ok1 := o.Args[1].(string)
	format, ok2 := o.Args[2].(int64)
	raw, ok3 := rawBytes(o.Args[3])
	if !ok1 || !ok2 || !ok3 || format < 0 || format >= int64(len(formats)) {
		return false
	}
	t := parseNumpyType(formats[format])
	if len(raw)%t.size != 0 {
		return false
	}
	w.WriteString("array('" + code + "'")
	for i := 0; i < len(raw); i += t.size {
		w.WriteString(map[bool]string{true: ", [", false: ", "}[i == 0])
		if w.Len() > maxRepr {
			w.WriteString("...")
			break
		}
		v, _ := t.value(raw[i : i+t.size])
		if f, isFloat := v.(float64); isFloat { // Python shows a float of 4 bytes with all digits
			w.WriteString(reprFloat(f))
			continue
		}
		w.value(v, depth+1)
	}
	if len(raw) > 0 {
		w.WriteString("]")
	}
	w.WriteString(")")
	return true
}

// arrayOfItems is how protocols 0 to 2 write an array.
func (w *reprWriter) arrayOfItems(o *Object, depth int) bool {
	if !o.isCall(2, 2) {
		return false
	}
	w.WriteString("array")
	w.items("(", o.Args, ")", depth)
	return true
}

// uuidText reads the state {"int": n}.
func uuidText(o *Object) (string, bool) {
	state, ok := o.State.(*Dict)
	if !ok || !o.hasOnlyState(0, 0) {
		return "", false
	}
	v, _ := state.Get("int")
	n := new(big.Int)
	switch v := v.(type) {
	case int64:
		n.SetInt64(v)
	case *big.Int:
		n = v
	default:
		return "", false
	}
	const bytesOfUUID = 16
	if n.Sign() < 0 || n.BitLen() > 8*bytesOfUUID {
		return "", false
	}
	raw := n.FillBytes(make([]byte, bytesOfUUID))
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]), true
}

// fractionParts returns "1, 3" for Fraction("1/3") and Fraction(1, 3).
func fractionParts(o *Object) (string, bool) {
	if !o.isCall(1, 2) {
		return "", false
	}
	if len(o.Args) == 2 {
		_, ok1 := intOf(o.Args[0])
		_, ok2 := intOf(o.Args[1])
		if !ok1 || !ok2 {
			return "", false
		}
		return Repr(o.Args[0]) + ", " + Repr(o.Args[1]), true
	}
	text, ok := o.Args[0].(string)
	if !ok || strings.Trim(text, "-0123456789/") != "" {
		return "", false
	}
	numerator, denominator, found := strings.Cut(text, "/")
	if !found {
		denominator = "1"
	}
	return numerator + ", " + denominator, true
}

// addressText reads the number or the text of an IP address or network.
func addressText(o *Object) (string, bool) {
	if !o.isCall(1, 1) {
		return "", false
	}
	switch v := o.Args[0].(type) {
	case string:
		return v, true
	case int64:
		if o.Name == "IPv4Address" && v >= 0 && v < 1<<32 {
			return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(v)))).String(), true
		}
		return ipv6Text(o, big.NewInt(v))
	case *big.Int:
		return ipv6Text(o, v)
	}
	return "", false
}

func ipv6Text(o *Object, n *big.Int) (string, bool) {
	const size = 16
	if o.Name != "IPv6Address" || n.Sign() < 0 || n.BitLen() > 8*size {
		return "", false
	}
	return netip.AddrFrom16([size]byte(n.FillBytes(make([]byte, size)))).String(), true
}

// pathText joins the parts of a pathlib path, as its repr does: with slashes.
func pathText(o *Object) (string, bool) {
	if o.Kwargs != nil || o.State != nil || o.Items != nil || len(o.List) > 0 {
		return "", false
	}
	path := ""
	for i, part := range o.Args {
		text, ok := part.(string)
		if !ok {
			return "", false
		}
		if i > 0 && !strings.HasSuffix(path, "/") && !strings.HasSuffix(path, `\`) {
			path += "/"
		}
		path += text
	}
	if strings.Contains(o.Name, "Windows") {
		path = strings.ReplaceAll(path, `\`, "/")
	}
	if path == "" {
		path = "."
	}
	return path, true
}

// timestamp reads pandas' call (number, frequency, zone, unit).
func (w *reprWriter) timestamp(o *Object, depth int) bool {
	if !o.isCall(3, 4) {
		return false
	}
	n, ok := o.Args[0].(int64)
	unit, known := pandasUnit(o.Args[3:])
	if !ok || !known {
		return false
	}
	perSecond := int64(time.Second / unit)
	when := time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC()
	w.WriteString("Timestamp('" + when.Format("2006-01-02 15:04:05") + pandasFraction(when.Nanosecond()))
	if o.Args[2] == nil {
		w.WriteString("')")
		return true
	}
	w.WriteString("+0000', tz=" + zoneName(o.Args[2], depth) + ")")
	return true
}

// pandasUnit returns what pandas counts in: nanoseconds, except for its newer versions.
func pandasUnit(arg Tuple) (time.Duration, bool) {
	if len(arg) == 0 {
		return time.Nanosecond, true
	}
	unit := map[any]time.Duration{int64(7): time.Second, int64(8): time.Millisecond, int64(9): time.Microsecond, int64(10): time.Nanosecond}
	code, _ := arg[0].(int64)
	return unit[code], unit[code] != 0
}

// pandasFraction writes the part of a second: none, six digits or nine.
func pandasFraction(nanoseconds int) string {
	switch {
	case nanoseconds == 0:
		return ""
	case nanoseconds%1000 == 0:
		return fmt.Sprintf(".%06d", nanoseconds/1000)
	}
	return fmt.Sprintf(".%09d", nanoseconds)
}

// zoneName returns the name of a time zone, quoted, or what the pickle says of it.
func zoneName(zone any, depth int) string {
	if o, ok := zone.(*Object); ok && len(o.Args) > 0 && (o.Module == "pytz" || o.Module == "zoneinfo") {
		if name, ok := o.Args[0].(string); ok {
			return reprText(name)
		}
	}
	return reprAt(zone, depth)
}

// pandasSpan reads pandas' call (number, unit).
func (w *reprWriter) pandasSpan(o *Object, _ int) bool {
	if !o.isCall(1, 2) {
		return false
	}
	n, ok := o.Args[0].(int64)
	unit, known := pandasUnit(o.Args[1:])
	if !ok || !known {
		return false
	}
	perDay := int64(24 * time.Hour / unit)
	days, rest := n/perDay, n%perDay
	if rest < 0 {
		days, rest = days-1, rest+perDay
	}
	span := time.Duration(rest) * unit
	sign := ""
	if days < 0 && rest > 0 {
		sign = "+"
	}
	_, _ = fmt.Fprintf(w, "Timedelta('%d days %s%s')", days, sign, clockText(span)+pandasFraction(int(span%time.Second)))
	return true
}

// clockText writes hours, minutes and seconds.
func clockText(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%02d", int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60)
}

// union writes a|b: several members of a Flag.
func (w *reprWriter) union(o *Object, depth int) bool {
	if !o.isCall(2, 2) {
		return false
	}
	w.value(o.Args[0], depth+1)
	w.WriteString("|")
	w.value(o.Args[1], depth+1)
	return true
}
