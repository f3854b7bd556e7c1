// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3/internal/pyjson"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
)

// A pythonJSON is a value of Python's that is printed as JSON. None, booleans,
// integers of any size, finite floats, strings, lists and dicts are JSON's own; a
// dict keeps its order, and a float is written so that it is no integer. What JSON has
// no form for is an object with one name that begins with $:
//
//	bytes, bytearray         {"$bytes": "base64"}, {"$bytearray": "base64"}
//	nan, inf, -inf           {"$float": "nan"}
//	complex                  {"$complex": [1.0, 2.0]}
//	set, frozenset           {"$set": […]}, {"$frozenset": […]}
//	dict with other keys     {"$dict": [[key, value], …]}
//	datetime, date, time     {"$datetime": "2024-02-29T12:00:00"}, {"$date": …}, {"$time": …}
//	timedelta                {"$timedelta": [days, seconds, microseconds]}
//	Decimal                  {"$decimal": "1.50"}
//	a class or function      {"$global": "module.name"}
//	an exception             {"$exception": "ValueError", "args": […]}
//	a CloudObject            {"$cloudobject": {"backend": …, "bucket": …, "key": …}}
//	a numpy array            {"$ndarray": […], "dtype": "<f8", "shape": [2, 3]}
//	futures                  {"$futures": ["4b99c1-0-M000/00000", …]}
//	any other object         {"$object": "module.Class", "repr": …, "args": […], "state": …}
//
// "Other keys" are those that are no strings, or begin with $. So different values
// stay different, except for tuples, which are arrays as Python's own json writes them,
// and numpy's scalars, which are the number or text that they hold.
type pythonJSON struct{ value any }

// MarshalJSON returns the value's JSON.
func (p pythonJSON) MarshalJSON() ([]byte, error) {
	w := &valueWriter{}
	w.value(p.value)
	return w.Bytes(), w.err
}

type valueWriter struct {
	bytes.Buffer
	inObject bool // whose repr says all
	err      error
}

func (w *valueWriter) value(v any) {
	switch v := v.(type) {
	case nil, bool, int64:
		w.plain(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			w.tagged("$float", pickle.Repr(v))
			return
		}
		w.plain(v)
	case string:
		w.text(v)
	case []byte:
		w.tagged("$bytes", base64.StdEncoding.EncodeToString(v))
	case pickle.ByteArray:
		w.tagged("$bytearray", base64.StdEncoding.EncodeToString(v))
	case []any:
		w.array(v)
	case pickle.Tuple:
		w.array(v)
	case pickle.Set:
		w.tagged("$set", []any(v))
	case pickle.FrozenSet:
		w.tagged("$frozenset", []any(v))
	case *pickle.Dict:
		w.dict(v)
	default:
		w.other(v)
	}
}

// other writes what JSON has no form for.
func (w *valueWriter) other(v any) {
	switch v := v.(type) {
	case complex128:
		w.tagged("$complex", []any{real(v), imag(v)})
	case pickle.NumpyScalar:
		w.value(v.Value)
	case *pickle.NumpyArray:
		w.numpyArray(v)
	case time.Time:
		w.tagged("$datetime", v.Format(zoneLayout(v)))
	case pickle.NaiveTime:
		w.tagged("$datetime", v.Time.Format("2006-01-02T15:04:05.999999"))
	case pickle.Timedelta:
		w.tagged("$timedelta", []any{int64(v.Days), int64(v.Seconds), int64(v.Microseconds)})
	case pickle.Date:
		w.tagged("$date", time.Date(v.Year, v.Month, v.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	case pickle.TimeOfDay:
		w.tagged("$time", time.Date(1, 1, 1, v.Hour, v.Minute, v.Second, v.Microsecond*int(time.Microsecond), time.UTC).Format("15:04:05.999999"))
	case pickle.Decimal:
		w.tagged("$decimal", string(v))
	case pickle.Global:
		w.tagged("$global", v.TypeName())
	case *pickle.Exception:
		w.members(member{"$exception", v.TypeName()}, member{"args", v.Args})
	case *pickle.CloudObject:
		w.tagged("$cloudobject", cloudObjectDict(v.Backend, v.Bucket, v.Key, v.Attrs))
	case []jobs.Call:
		ids := make([]any, len(v))
		for i, call := range v {
			ids[i] = call.String()
		}
		w.tagged("$futures", ids)
	case *pickle.Object:
		w.object(v)
	default: // an integer beyond int64
		w.plain(v)
	}
}

// zoneLayout returns the layout of a time with its zone, whose offset may have seconds: then
// RFC 3339 has no form for it, and Python's isoformat writes them.
func zoneLayout(t time.Time) string {
	if _, offset := t.Zone(); offset%60 != 0 {
		return "2006-01-02T15:04:05.999999999-07:00:00"
	}
	return time.RFC3339Nano
}

func cloudObjectDict(backend, bucket, key string, attrs *pickle.Dict) *pickle.Dict {
	dict := pickle.NewDict("backend", backend, "bucket", bucket, "key", key)
	for name, value := range attrs.All() {
		_ = dict.Set(name, value) // was a key before
	}
	return dict
}

// plain writes a number, a boolean or None as Python's json does.
func (w *valueWriter) plain(v any) {
	data, err := pyjson.Encode(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.Write(data)
}

// text writes a string. Lone surrogates and U+FFFF are escaped as Python does.
func (w *valueWriter) text(text string) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, '\uFFFF') { // a mark of sanitize.JSON's
		w.plain(text)
		return
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string and a buffer, which take all
	w.Truncate(w.Len() - 1)  // the line feed
}

func (w *valueWriter) array(items []any) {
	w.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			w.WriteByte(',')
		}
		w.value(item)
	}
	w.WriteByte(']')
}

type member struct {
	name  string
	value any
}

func (w *valueWriter) members(members ...member) {
	w.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			w.WriteByte(',')
		}
		w.text(m.name)
		w.WriteByte(':')
		w.value(m.value)
	}
	w.WriteByte('}')
}

func (w *valueWriter) tagged(name string, value any) { w.members(member{name, value}) }

func (w *valueWriter) dict(d *pickle.Dict) {
	members := make([]member, 0, d.Len())
	pairs := make([]any, 0, d.Len())
	isPlain := true
	for key, value := range d.All() {
		name, ok := key.(string)
		isPlain = isPlain && ok && !strings.HasPrefix(name, "$")
		members = append(members, member{name, value})
		pairs = append(pairs, []any{key, value})
	}
	if isPlain {
		w.members(members...)
		return
	}
	w.tagged("$dict", pairs)
}

func (w *valueWriter) numpyArray(a *pickle.NumpyArray) {
	shape := make([]any, len(a.Shape))
	for i, n := range a.Shape {
		shape[i] = int64(n)
	}
	w.members(member{"$ndarray", nested(a, 0, 0)}, member{"dtype", a.DType}, member{"shape", shape})
}

// nested returns the elements from index on as lists of lists.
func nested(a *pickle.NumpyArray, dim, index int) any {
	if dim == len(a.Shape) {
		return a.At(index)
	}
	inner := 1
	for _, n := range a.Shape[dim+1:] {
		inner *= n
	}
	items := []any{}
	for i := 0; i < a.Shape[dim] && a.Len() > 0; i++ {
		items = append(items, nested(a, dim+1, index+i*inner))
	}
	return items
}

// object writes what the pickle holds of an object. Its repr says the same to people;
// objects within it don't repeat their part of that.
func (w *valueWriter) object(o *pickle.Object) {
	class, args := o.Class()
	members := []member{{"$object", class}}
	if !w.inObject {
		members = append(members, member{"repr", pickle.Repr(o)})
		w.inObject = true
		defer func() { w.inObject = false }()
	}
	if len(args) > 0 {
		members = append(members, member{"args", args})
	}
	if o.Kwargs != nil {
		members = append(members, member{"kwargs", o.Kwargs})
	}
	if len(o.List) > 0 {
		members = append(members, member{"list", o.List})
	}
	if o.Items != nil {
		members = append(members, member{"items", o.Items})
	}
	if o.State != nil {
		members = append(members, member{"state", o.State})
	}
	w.members(members...)
}
