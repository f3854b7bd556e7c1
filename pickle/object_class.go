// SPDX-License-Identifier: Apache-2.0

package pickle

import "strings"

// builder returns the class or function that builds the object: also a method of a
// class, for which older protocols write getattr(class, "name").
func (o *Object) builder() Global {
	if o.Callable == nil {
		return Global{o.Module, o.Name}
	}
	getter, ok := o.Callable.(*Object)
	if !ok || getter.Module != builtins || getter.Name != "getattr" || !getter.isCall(2, 2) {
		return Global{}
	}
	class, ok1 := getter.Args[0].(Global)
	method, ok2 := getter.Args[1].(string)
	if !ok1 || !ok2 {
		return Global{}
	}
	return Global{class.Module, class.Name + "." + method}
}

// Class returns the name of the object's class as far as the pickle tells it, and the
// arguments that are not the class itself. Where a function builds the object, Module
// and Name are the function's; the class is that which the function is called with, or
// "object" if it is called with none.
func (o *Object) Class() (name string, args Tuple) {
	g := o.builder()
	if g.Name == "" {
		if class, ok := classOf(o.Callable); ok {
			return class.TypeName(), o.Args
		}
		return "object", o.Args
	}
	if class, method, ok := cutLast(g.Name); ok && isFunctionName(method) { // Class._unpickle
		return Global{g.Module, class}.TypeName(), o.Args
	}
	if known, ok := builtBy[g]; ok {
		return known, o.Args
	}
	if !isFunctionName(lastName(g.Name)) || lowerClasses()[g.TypeName()] || len(o.Args) == 0 {
		return g.TypeName(), o.Args
	}
	if class, ok := classOf(o.Args[0]); ok && rebuilds(g.Name) {
		return class.TypeName(), o.Args[1:]
	}
	return "object", o.Args
}

// rebuilds reports whether a function is named like one that builds an instance of
// the class that is its first argument.
func rebuilds(name string) bool {
	name = lastName(name)
	if strings.HasPrefix(name, "_") {
		return true
	}
	for _, word := range []string{"construct", "unpickle", "build", "restore", "new", "make", "create"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// classOf returns the class that v names: a global, or a class that cloudpickle
// wrote by value, because it was defined in the script itself.
func classOf(v any) (Global, bool) {
	switch v := v.(type) {
	case Global:
		return v, true
	case *Object:
		return skeletonClass(v)
	}
	return Global{}, false
}

// skeletonClass reads cloudpickle's _make_skeleton_class(metaclass, name, …),
// _make_skeleton_enum(bases, name, …) and _builtin_type(name), which names a class of
// Python's module types.
func skeletonClass(o *Object) (Global, bool) {
	if o.Name == "_builtin_type" && strings.HasPrefix(o.Module, "cloudpickle") && len(o.Args) == 1 {
		name, ok := o.Args[0].(string)
		return Global{"types", name}, ok
	}
	if o.Name != "_make_skeleton_class" && o.Name != "_make_skeleton_enum" || !strings.HasPrefix(o.Module, "cloudpickle") || len(o.Args) < 2 {
		return Global{}, false
	}
	name, ok := o.Args[1].(string)
	return Global{"__main__", name}, ok
}

func cutLast(name string) (before, last string, found bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

func lastName(name string) string {
	_, last, _ := cutLast(name)
	return last
}

// isFunctionName reports whether Python's conventions make name a function's.
func isFunctionName(name string) bool {
	name = strings.TrimLeft(name, "_")
	return name == "" || name[0] >= 'a' && name[0] <= 'z'
}

// lowerClasses are classes that are named like functions.
var lowerClasses = nameSet(`object type int float complex str bytes bytearray list tuple dict set frozenset bool range slice
	enumerate filter map reversed zip property memoryview super
	datetime.datetime datetime.date datetime.time datetime.timedelta datetime.timezone datetime.tzinfo
	collections.deque collections.defaultdict functools.partial array.array types.mappingproxy
	operator.itemgetter operator.attrgetter operator.methodcaller itertools.count itertools.cycle itertools.repeat itertools.chain
	time.struct_time os.stat_result os.terminal_size os.uname_result
	numpy.ndarray numpy.dtype numpy.matrix numpy.recarray numpy.ufunc`)

// builtBy are the classes of which functions of C build the objects.
var builtBy = map[Global]string{
	{"numpy.core.numeric", "_frombuffer"}:                     "numpy.ndarray",
	{"numpy._core.numeric", "_frombuffer"}:                    "numpy.ndarray",
	{"re", "_compile"}:                                        "re.compile",
	{"pandas._libs.internals", "_unpickle_block"}:             "pandas.Block",
	{"pandas._libs.tslibs.timestamps", "_unpickle_timestamp"}: "Timestamp",
	{"pandas._libs.tslibs.timedeltas", "_timedelta_unpickle"}: "Timedelta",
	{"pandas._libs.tslibs.nattype", "_nat_unpickle"}:          "NaT",
	{"pandas._libs.tslibs.nattype", "__nat_unpickle"}:         "NaT",
	{"pytz", "_p"}:   "pytz.timezone",
	{"pytz", "_UTC"}: "pytz.UTC",
}
