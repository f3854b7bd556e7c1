package pickle

import (
	"slices"
	"strconv"
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
	if !isFunctionName(lastName(g.Name)) || lowerClasses[g.TypeName()] || len(o.Args) == 0 {
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

// skeletonClass reads cloudpickle's _make_skeleton_class(metaclass, name, …) and
// _make_skeleton_enum(bases, name, …).
func skeletonClass(o *Object) (Global, bool) {
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
			text = Repr(name)
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

// onlyItems returns the items of a subclass of dict, from its only argument or what
// was set on it.
func (o *Object) onlyItems() (*Dict, bool) {
	if o.Kwargs != nil || len(o.List) > 0 {
		return nil, false
	}
	switch {
	case len(o.Args) == 0:
		return o.Items, true
	case len(o.Args) == 1 && o.Items == nil:
		d, ok := o.Args[0].(*Dict)
		return d, ok
	}
	return nil, false
}

func (w *reprWriter) counter(o *Object, depth int) bool {
	items, ok := o.onlyItems()
	if !ok || o.State != nil {
		return false
	}
	if items.Len() == 0 {
		w.WriteString("Counter()")
		return true
	}
	w.WriteString("Counter(")
	w.dict(mostCommonFirst(items), depth)
	w.WriteString(")")
	return true
}

// mostCommonFirst sorts by the counts, if all are numbers that Go can compare.
func mostCommonFirst(items *Dict) *Dict {
	for _, count := range items.All() {
		if _, ok := count.(int64); !ok {
			return items
		}
	}
	entries := slices.Clone(items.entries)
	slices.SortStableFunc(entries, func(a, b dictEntry) int {
		switch x, y := a.value.(int64), b.value.(int64); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return &Dict{entries: entries}
}

func (w *reprWriter) orderedDict(o *Object, depth int) bool {
	items, ok := o.onlyItems()
	pairs := []any{}
	for key, value := range items.All() {
		pairs = append(pairs, Tuple{key, value})
	}
	if !ok && len(o.Args) == 1 && o.Items == nil { // protocol 2 of Python 2: a list of pairs
		pairs, ok = o.Args[0].([]any)
	}
	if !ok || o.State != nil {
		return false
	}
	if len(pairs) == 0 {
		w.WriteString("OrderedDict()")
		return true
	}
	w.WriteString("OrderedDict(")
	w.items("[", pairs, "]", depth)
	w.WriteString(")")
	return true
}

func (w *reprWriter) defaultDict(o *Object, depth int) bool {
	if len(o.Args) > 1 || o.Kwargs != nil || o.State != nil || len(o.List) > 0 {
		return false
	}
	var factory any
	if len(o.Args) == 1 {
		factory = o.Args[0]
	}
	w.WriteString("defaultdict(")
	w.value(factory, depth+1)
	w.WriteString(", ")
	w.dict(o.items(), depth)
	w.WriteString(")")
	return true
}

func (o *Object) items() *Dict {
	if o.Items == nil {
		return &Dict{}
	}
	return o.Items
}

func (w *reprWriter) deque(o *Object, depth int) bool {
	if len(o.Args) > 2 || o.Kwargs != nil || o.State != nil || o.Items != nil {
		return false
	}
	items := o.List
	if len(o.Args) > 0 && len(items) == 0 {
		switch given := o.Args[0].(type) {
		case Tuple:
			items = given
		case []any:
			items = given
		}
	}
	w.WriteString("deque(")
	w.items("[", items, "]", depth)
	if len(o.Args) == 2 && o.Args[1] != nil {
		w.WriteString(", maxlen=")
		w.value(o.Args[1], depth+1)
	}
	w.WriteString(")")
	return true
}

func (w *reprWriter) namespace(o *Object, depth int) bool {
	attrs, ok := o.State.(*Dict)
	if len(o.Args) > 0 || o.Items != nil || o.State != nil && (!ok || !attrs.hasNames()) {
		return false
	}
	w.WriteString("namespace")
	w.arguments(nil, o, depth)
	return true
}

// partial reads the state (function, arguments, keyword arguments, attributes).
func (w *reprWriter) partial(o *Object, depth int) bool {
	state, ok := o.State.(Tuple)
	if !ok || len(state) != 4 || len(o.Args) != 1 {
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

func (w *reprWriter) zoneInfo(o *Object, depth int) bool {
	if !o.isCall(2, 2) {
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

func (w *reprWriter) dtype(o *Object, _ int) bool {
	t, ok := asNumpyType(o)
	if ok {
		w.WriteString("dtype('" + strings.Trim(t.name(), "'") + "')")
	}
	return ok
}

func (w *reprWriter) notATime(*Object, int) bool {
	w.WriteString("NaT")
	return true
}
