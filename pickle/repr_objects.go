// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"strings"
	"sync"
)

// Objects read as module.Class(arguments, attributes), from what the pickle holds.
// Where a function builds the object, the class is that which the function is
// called with; the function's own name is never shown as if it were a class. Common
// classes of Python's library read as their repr.

// object writes an object.
func (w *reprWriter) object(o *Object, depth int) {
	if write := objectReprs()[o.builder()]; write != nil && write(w, o, depth) {
		return
	}
	if class, ok := skeletonClass(o); ok {
		w.WriteString(reprGlobal(class))
		return
	}
	class, args := o.Class()
	w.WriteString(class)
	w.arguments(args, o, depth)
}

// arguments writes what the object is built with: positional arguments, items, then
// attributes and keyword arguments by their names.
func (w *reprWriter) arguments(args Tuple, o *Object, depth int) {
	if depth > maxReprDepth {
		w.WriteString("(...)")
		return
	}
	w.WriteString("(")
	comma := ""
	next := func() {
		w.WriteString(comma)
		comma = ", "
	}
	for _, arg := range args {
		next()
		if w.Len() > maxRepr {
			w.WriteString("...")
			break
		}
		w.value(arg, depth+1)
	}
	if len(o.List) > 0 {
		next()
		w.items("[", o.List, "]", depth+1)
	}
	if o.Items.Len() > 0 {
		next()
		w.dict(o.Items, depth+1)
	}
	w.named(o.Kwargs, next, depth)
	w.state(o.State, next, depth)
	w.WriteString(")")
}

// state writes attributes as name=value, and any other state as it is.
func (w *reprWriter) state(state any, next func(), depth int) {
	if attrs, ok := state.(*Dict); ok && attrs.hasNames() {
		w.named(attrs, next, depth)
		return
	}
	// A class with __slots__ has the pair (attributes or None, slots).
	if pair, ok := state.(Tuple); ok && len(pair) == 2 {
		attrs, isDict := pair[0].(*Dict)
		slots, hasSlots := pair[1].(*Dict)
		if hasSlots && slots.hasNames() && (pair[0] == nil || isDict && attrs.hasNames()) {
			w.named(attrs, next, depth)
			w.named(slots, next, depth)
			return
		}
	}
	if state != nil {
		next()
		w.WriteString("state=")
		w.value(state, depth+1)
	}
}

func (w *reprWriter) named(attrs *Dict, next func(), depth int) {
	for name, value := range attrs.All() {
		next()
		if w.Len() > maxRepr {
			w.WriteString("...")
			break
		}
		text, ok := name.(string)
		if !ok {
			text = reprAt(name, depth)
		}
		w.WriteString(text + "=")
		w.value(value, depth+1)
	}
}

// hasNames reports whether all keys are identifiers of ASCII.
func (d *Dict) hasNames() bool {
	for key := range d.All() {
		name, ok := key.(string)
		if !ok || name == "" || name[0] >= '0' && name[0] <= '9' {
			return false
		}
		for _, c := range []byte(name) {
			if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}

// objectReprs write an object as Python's repr of its class. They return false for
// an object that is not built as the class builds its own.
var objectReprs func() map[Global]objectRepr

type objectRepr func(w *reprWriter, o *Object, depth int) bool

func init() { // a plain initializer would refer to itself
	objectReprs = sync.OnceValue(makeObjectReprs)
}

func makeObjectReprs() map[Global]objectRepr {
	reprs := map[Global]objectRepr{
		{"collections", "Counter"}:                                (*reprWriter).counter,
		{"collections", "OrderedDict"}:                            (*reprWriter).orderedDict,
		{"collections", "defaultdict"}:                            (*reprWriter).defaultDict,
		{"collections", "deque"}:                                  (*reprWriter).deque,
		{"collections", "ChainMap"}:                               (*reprWriter).chainMap,
		{"collections", "UserDict"}:                               (*reprWriter).userData,
		{"collections", "UserList"}:                               (*reprWriter).userData,
		{"collections", "UserString"}:                             (*reprWriter).userData,
		{"builtins", "type"}:                                      (*reprWriter).singletonType,
		{"types", "SimpleNamespace"}:                              (*reprWriter).namespace,
		{"functools", "partial"}:                                  (*reprWriter).partial,
		{"builtins", "range"}:                                     (*reprWriter).rangeObject,
		{"builtins", "getattr"}:                                   (*reprWriter).attribute,
		{"datetime", "datetime"}:                                  (*reprWriter).zonedDatetime,
		{"datetime", "time"}:                                      (*reprWriter).zonedTime,
		{"datetime", "timezone"}:                                  (*reprWriter).timezone,
		{"array", "array"}:                                        (*reprWriter).arrayOfItems,
		{"array", "_array_reconstructor"}:                         (*reprWriter).array,
		{"re", "_compile"}:                                        (*reprWriter).pattern,
		{"numpy", "dtype"}:                                        (*reprWriter).dtype,
		{"_operator", "or_"}:                                      (*reprWriter).union,
		{"numpy.core.multiarray", "_reconstruct"}:                 (*reprWriter).numpySubclass,
		{"numpy._core.multiarray", "_reconstruct"}:                (*reprWriter).numpySubclass,
		{"pandas.core.indexes.base", "_new_Index"}:                (*reprWriter).pandasIndex,
		{"pandas.core.indexes.datetimes", "_new_DatetimeIndex"}:   (*reprWriter).pandasIndex,
		{"pandas.core.frame", "DataFrame"}:                        (*reprWriter).dataFrame,
		{"pandas.core.series", "Series"}:                          (*reprWriter).series,
		{"pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"}:   (*reprWriter).pandasArray,
		{"zoneinfo", "ZoneInfo._unpickle"}:                        (*reprWriter).zoneInfo,
		{"cloudpickle.cloudpickle", "_make_function"}:             (*reprWriter).function,
		{"pandas._libs.tslibs.timestamps", "_unpickle_timestamp"}: (*reprWriter).timestamp,
		{"pandas._libs.tslibs.timedeltas", "_timedelta_unpickle"}: (*reprWriter).pandasSpan,
		{"pandas._libs.tslibs.nattype", "_nat_unpickle"}:          (*reprWriter).notATime,
		{"pandas._libs.tslibs.nattype", "__nat_unpickle"}:         (*reprWriter).notATime,
	}
	for class, names := range structSequences() {
		reprs[class] = func(w *reprWriter, o *Object, depth int) bool { return w.structSequence(o, names, depth) }
	}
	for class, text := range map[string]func(*Object) (string, bool){
		"uuid.UUID": uuidText, "fractions.Fraction": fractionParts,
		"ipaddress.IPv4Address": addressText, "ipaddress.IPv6Address": addressText,
		"ipaddress.IPv4Network": addressText, "ipaddress.IPv6Network": addressText,
		"ipaddress.IPv4Interface": addressText, "ipaddress.IPv6Interface": addressText,
	} {
		module, name, _ := cutLast(class)
		reprs[Global{module, name}] = func(w *reprWriter, o *Object, _ int) bool {
			inner, ok := text(o)
			if !ok {
				return false
			}
			if name != "Fraction" {
				inner = "'" + inner + "'"
			}
			w.WriteString(name + "(" + inner + ")")
			return true
		}
	}
	for _, name := range []string{"PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath", "Path", "PurePath"} {
		for _, module := range []string{"pathlib", "pathlib._local"} {
			reprs[Global{module, name}] = func(w *reprWriter, o *Object, _ int) bool {
				path, ok := pathText(o)
				if ok {
					w.WriteString(name + "(" + reprText(path) + ")")
				}
				return ok
			}
		}
	}
	return reprs
}

// numpySubclass writes an array of a subclass of numpy.ndarray, as numpy.matrix.
func (w *reprWriter) numpySubclass(o *Object, depth int) bool {
	if len(o.Args) == 0 {
		return false
	}
	class, ok := o.Args[0].(Global)
	if !ok {
		return false
	}
	plain := &Object{Args: append(Tuple{Global{"numpy", "ndarray"}}, o.Args[1:]...), State: o.State}
	v, ok, _ := convertNumpyArray(plain)
	if !ok {
		return false
	}
	w.WriteString(class.TypeName() + strings.TrimPrefix(reprAt(v, depth), "array"))
	return true
}

// pandasIndex reads _new_Index(class, {attribute: value}).
func (w *reprWriter) pandasIndex(o *Object, depth int) bool {
	if !o.isCall(2, 2) {
		return false
	}
	class, ok1 := o.Args[0].(Global)
	attrs, ok2 := o.Args[1].(*Dict)
	if !ok1 || !ok2 || !attrs.hasNames() {
		return false
	}
	w.WriteString(class.TypeName())
	w.arguments(nil, &Object{Kwargs: attrs}, depth)
	return true
}

func (w *reprWriter) dtype(o *Object, _ int) bool {
	t, ok := asNumpyType(o)
	if ok {
		w.WriteString("dtype('" + strings.Trim(t.name(), "'") + "')")
	}
	return ok
}

// notATime writes pandas' missing time, which is built with None.
func (w *reprWriter) notATime(o *Object, _ int) bool {
	isNone := o.isCall(1, 1) && o.Args[0] == nil
	if isNone {
		w.WriteString("NaT")
	}
	return isNone
}
