// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Numpy's own bounds: of an array with more elements, only the first and last few
// of each dimension are shown.
const (
	maxArrayItems = 1000
	edgeItems     = 3
)

// numpyArray writes array([[1, 2], [3, 4]], dtype=int64), on one line.
func (w *reprWriter) numpyArray(a *NumpyArray, depth int) {
	w.WriteString("array(")
	w.dimension(a, 0, 0, depth)
	if a.Len() == 0 && len(a.Shape) > 1 || a.Len() > maxArrayItems {
		w.WriteString(", shape=")
		w.tuple(shapeTuple(a.Shape), depth)
	}
	w.WriteString(", dtype=" + a.dtype.name() + ")")
}

func shapeTuple(shape []int) Tuple {
	items := make(Tuple, len(shape))
	for i, n := range shape {
		items[i] = int64(n)
	}
	return items
}

// dimension writes the elements from index on, of the dimension dim and those
// within it.
func (w *reprWriter) dimension(a *NumpyArray, dim, index, depth int) {
	if dim == len(a.Shape) {
		w.numpyItem(a.dtype, a.At(index), depth+1)
		return
	}
	if dim > 0 && a.Len() == 0 { // as numpy writes array([], shape=(3, 0))
		return
	}
	inner := 1
	for _, n := range a.Shape[dim+1:] {
		inner *= n
	}
	w.WriteString("[")
	for i := 0; i < a.Shape[dim] && a.Len() > 0; i++ {
		if i > 0 {
			w.WriteString(", ")
		}
		if w.Len() > maxRepr {
			w.WriteString("...")
			break
		}
		if i == edgeItems && a.Len() > maxArrayItems && a.Shape[dim] > 2*edgeItems {
			w.WriteString("..., ")
			i = a.Shape[dim] - edgeItems
		}
		w.dimension(a, dim+1, index+i*inner, depth)
	}
	w.WriteString("]")
}

// numpyItem writes an element of an array or a scalar.
func (w *reprWriter) numpyItem(t numpyType, v any, depth int) {
	switch v := v.(type) {
	case float64:
		w.WriteString(reprFloatOf(v, t.size))
	case complex128:
		w.WriteString(reprComplexOf(v, t.size/2))
	case int64:
		switch t.kind {
		case 'M':
			w.WriteString("'" + numpyTime(v, t.unit) + "'")
		case 'm':
			w.WriteString(numpySpan(v))
		default:
			w.value(v, depth)
		}
	default:
		w.value(v, depth)
	}
}

// reprFloatOf writes the shortest decimal that is read back as the same number of
// size bytes.
func reprFloatOf(f float64, size int) string {
	const single, half, halfDigits = 4, 2, 5
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
	case size == single:
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 32), 64)
	case size == half:
		for digits := 1; digits <= halfDigits; digits++ {
			short, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', digits, 64), 64)
			if nearestHalf(short) == f {
				return reprFloat(short)
			}
		}
	}
	return reprFloat(f)
}

// nearestHalf rounds to the nearest half float, of 11 significant bits.
func nearestHalf(f float64) float64 {
	const bits, least = 11, -24
	_, exponent := math.Frexp(f)
	unit := max(exponent-bits, least)
	return math.Ldexp(math.RoundToEven(math.Ldexp(f, -unit)), unit)
}

// name returns numpy's name for the type, as it follows dtype=.
func (t numpyType) name() string {
	const bitsPerByte = 8
	bits := strconv.Itoa(t.size * bitsPerByte)
	unit := ""
	if t.unit != "" {
		unit = "[" + t.unit + "]"
	}
	name := ""
	switch t.kind {
	case 'b':
		return "bool"
	case 'O':
		return "object"
	case 'i':
		name = "int" + bits
	case 'u':
		name = "uint" + bits
	case 'f':
		name = "float" + bits
	case 'c':
		name = "complex" + bits
	case 'M':
		return "'" + t.swapped() + "datetime64" + unit + "'"
	case 'm':
		return "'" + t.swapped() + "timedelta64" + unit + "'"
	}
	if name == "" || t.order == '>' {
		return "'" + t.String() + "'"
	}
	return name
}

// swapped is numpy's mark for a byte order that is not the usual.
func (t numpyType) swapped() string {
	if t.order == '>' {
		return ">"
	}
	return ""
}

// notATime is numpy's NaT.
const notATime = math.MinInt64

// numpyTime writes a datetime64 as numpy does: "2024-02-29T12:00" for minutes.
func numpyTime(n int64, unit string) string {
	const maxYears = 1 << 31
	if n == notATime {
		return "NaT"
	}
	switch unit {
	case "Y":
		if n > -maxYears && n < maxYears {
			return strconv.FormatInt(1970+n, 10)
		}
	case "M":
		if n > -maxYears && n < maxYears {
			return time.Date(1970, time.Month(1+n), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
		}
	}
	layouts := map[string]struct {
		layout  string
		perUnit int64 // seconds
		perSec  int64 // units
	}{
		"W": {"2006-01-02", 7 * secondsPerDay, 1}, "D": {"2006-01-02", secondsPerDay, 1}, "h": {"2006-01-02T15", 3600, 1},
		"m": {"2006-01-02T15:04", 60, 1}, "s": {"2006-01-02T15:04:05", 1, 1}, "ms": {"2006-01-02T15:04:05.000", 1, 1e3},
		"us": {"2006-01-02T15:04:05.000000", 1, 1e6}, "ns": {"2006-01-02T15:04:05.000000000", 1, 1e9},
	}
	form, known := layouts[unit]
	const maxSeconds = 1 << 36 // before the year 4148
	if !known || n/form.perSec > maxSeconds/form.perUnit || n/form.perSec < -maxSeconds/form.perUnit {
		return strconv.FormatInt(n, 10) + " " + unit + " since 1970"
	}
	seconds, rest := n/form.perSec*form.perUnit, n%form.perSec
	return time.Unix(seconds, rest*(int64(time.Second)/form.perSec)).UTC().Format(form.layout)
}

func numpySpan(n int64) string {
	if n == notATime {
		return "'NaT'"
	}
	return strconv.FormatInt(n, 10)
}

// numpyScalar writes a scalar as the Python value it is equal to; times, which have
// none, as numpy does.
func (w *reprWriter) numpyScalar(s NumpyScalar, depth int) {
	t := parseNumpyType(s.DType)
	n, isInt := s.Value.(int64)
	switch {
	case isInt && t.kind == 'M':
		w.WriteString("numpy.datetime64('" + numpyTime(n, t.unit) + "')")
	case isInt && t.kind == 'm' && n == notATime:
		w.WriteString("numpy.timedelta64('NaT')")
	case isInt && t.kind == 'm' && t.unit != "":
		w.WriteString("numpy.timedelta64(" + strconv.FormatInt(n, 10) + ",'" + t.unit + "')")
	default:
		w.numpyItem(t, s.Value, depth)
	}
}

// parseNumpyType reads a DType. Of a string that is not this package's, it returns what it
// can.
func parseNumpyType(text string) numpyType {
	const prefix = 2 // order and kind
	if len(text) < prefix {
		return numpyType{}
	}
	t := numpyType{order: text[0], kind: text[1]}
	digits, unit, hasUnit := strings.Cut(text[prefix:], "[")
	t.size, _ = strconv.Atoi(digits)
	if hasUnit {
		t.unit = strings.TrimSuffix(unit, "]")
	}
	return t
}
