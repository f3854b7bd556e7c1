// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"strconv"
	"strings"
)

// partial reads the state (function, arguments, keyword arguments, attributes).
func (w *reprWriter) partial(o *Object, depth int) bool {
	state, ok := o.State.(Tuple)
	if !ok || len(state) != 4 || !o.hasOnlyState(1, 1) {
		return false
	}
	args, ok1 := state[1].(Tuple)
	kwargs, ok2 := state[2].(*Dict)
	if !ok1 || !ok2 {
		return false
	}
	w.WriteString("functools.partial")
	w.arguments(append(Tuple{state[0]}, args...), &Object{Kwargs: kwargs}, depth)
	return true
}

func (w *reprWriter) rangeObject(o *Object, depth int) bool {
	if !o.isCall(1, 3) {
		return false
	}
	args := o.Args
	if len(args) == 3 && args[2] == any(int64(1)) {
		args = args[:2]
	}
	w.WriteString("range")
	w.items("(", args, ")", depth)
	return true
}

// attribute writes getattr(object, "name"): a method, or a member of an Enum.
func (w *reprWriter) attribute(o *Object, depth int) bool {
	if !o.isCall(2, 2) {
		return false
	}
	name, ok := o.Args[1].(string)
	if !ok {
		return false
	}
	if class, isClass := classOf(o.Args[0]); isClass {
		w.WriteString(class.TypeName())
	} else {
		w.value(o.Args[0], depth+1)
	}
	w.WriteString("." + name)
	return true
}

// pattern writes a regular expression with the flags that Python shows.
func (w *reprWriter) pattern(o *Object, depth int) bool {
	if !o.isCall(2, 2) {
		return false
	}
	flags, ok := o.Args[1].(int64)
	if !ok {
		return false
	}
	const unicodeFlag = 32
	if _, isText := o.Args[0].(string); isText {
		flags &^= unicodeFlag
	}
	var names []string
	for i, name := range []string{"TEMPLATE", "IGNORECASE", "LOCALE", "MULTILINE", "DOTALL", "UNICODE", "VERBOSE", "DEBUG", "ASCII"} {
		if flag := int64(1) << i; flags&flag != 0 {
			names = append(names, "re."+name)
			flags &^= flag
		}
	}
	if flags != 0 {
		names = append(names, strconv.FormatInt(flags, 10))
	}
	w.WriteString("re.compile(")
	w.value(o.Args[0], depth+1)
	if len(names) > 0 {
		w.WriteString(", " + strings.Join(names, "|"))
	}
	w.WriteString(")")
	return true
}

// zoneInfo reads _unpickle(key, from_cache).
func (w *reprWriter) zoneInfo(o *Object, depth int) bool {
	if !o.isCall(2, 2) {
		return false
	}
	switch o.Args[1].(type) {
	case bool, int64:
	default:
		return false
	}
	w.WriteString("zoneinfo.ZoneInfo(key=")
	w.value(o.Args[0], depth+1)
	w.WriteString(")")
	return true
}

// function writes a function that cloudpickle wrote by value: (code, globals, name, …).
func (w *reprWriter) function(o *Object, _ int) bool {
	if len(o.Args) < 3 {
		return false
	}
	name, ok := o.Args[2].(string)
	if code, isCode := o.Args[0].(*Object); !ok && isCode { // its name is the code's
		for _, arg := range code.Args {
			text, isText := arg.(string)
			if isText && !strings.ContainsAny(text, `/\.`) {
				name, ok = text, true
				break
			}
		}
	}
	if ok {
		w.WriteString("<function " + name + ">")
	}
	return ok
}
