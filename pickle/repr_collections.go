// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"slices"
	"strings"
)

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
	if len(o.Args) > 0 {
		switch given := o.Args[0].(type) {
		case Tuple:
			items = slices.Concat(given, items)
		case []any:
			items = slices.Concat(given, items)
		default:
			return false
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

func (w *reprWriter) chainMap(o *Object, depth int) bool {
	v, ok1 := o.onlyAttribute("maps")
	maps, ok2 := v.([]any)
	if !ok1 || !ok2 {
		return false
	}
	w.WriteString("ChainMap")
	w.items("(", maps, ")", depth)
	return true
}

// userData writes a UserDict, UserList or UserString, which look like what they hold.
func (w *reprWriter) userData(o *Object, depth int) bool {
	data, ok := o.onlyAttribute("data")
	if ok {
		w.value(data, depth+1)
	}
	return ok
}

// onlyAttribute returns an attribute of an object that has no other one.
func (o *Object) onlyAttribute(name string) (any, bool) {
	attrs, ok := o.State.(*Dict)
	if !ok || attrs.Len() != 1 || !o.hasOnlyState(0, 1) {
		return nil, false
	}
	return attrs.Get(name)
}

// structSequences are the names of the fields of tuples that the operating system fills.
func structSequences() map[Global][]string {
	sequences := map[Global][]string{}
	for class, names := range map[Global]string{
		{"time", "struct_time"}:       "tm_year tm_mon tm_mday tm_hour tm_min tm_sec tm_wday tm_yday tm_isdst",
		{"os", "terminal_size"}:       "columns lines",
		{"os", "stat_result"}:         "st_mode st_ino st_dev st_nlink st_uid st_gid st_size st_atime st_mtime st_ctime",
		{"os", "statvfs_result"}:      "f_bsize f_frsize f_blocks f_bfree f_bavail f_files f_ffree f_favail f_flag f_namemax",
		{"posix", "times_result"}:     "user system children_user children_system elapsed",
		{"posix", "uname_result"}:     "sysname nodename release version machine",
		{"resource", "struct_rusage"}: "ru_utime ru_stime ru_maxrss ru_ixrss ru_idrss ru_isrss ru_minflt ru_majflt ru_nswap ru_inblock ru_oublock ru_msgsnd ru_msgrcv ru_nsignals ru_nvcsw ru_nivcsw",
	} {
		sequences[class] = strings.Fields(names)
	}
	return sequences
}

// structSequence writes a call with the tuple of its fields, and a dict of those that
// Python does not show.
func (w *reprWriter) structSequence(o *Object, names []string, depth int) bool {
	if !o.isCall(1, 2) {
		return false
	}
	fields, ok := o.Args[0].(Tuple)
	if !ok || len(fields) != len(names) {
		return false
	}
	w.WriteString(Global{o.Module, o.Name}.TypeName())
	w.sequence("(", len(fields), ")", func(i int) {
		w.WriteString(names[i] + "=")
		w.value(fields[i], depth+1)
	})
	return true
}

// singletonType writes the class of None, Ellipsis or NotImplemented, which is pickled as
// a call of type.
func (w *reprWriter) singletonType(o *Object, _ int) bool {
	if !o.isCall(1, 1) {
		return false
	}
	name, ok := "NoneType", o.Args[0] == nil
	if g, isGlobal := o.Args[0].(Global); isGlobal {
		name, ok = map[Global]string{{builtins, "Ellipsis"}: "ellipsis", {builtins, "NotImplemented"}: "NotImplementedType"}[g]
	}
	if ok {
		w.WriteString("<class '" + name + "'>")
	}
	return ok
}
