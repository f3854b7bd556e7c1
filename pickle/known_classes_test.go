// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// knownBuilders returns all classes and functions that have a repr or a Go type of
// their own.
func knownBuilders() []Global {
	known := slices.Collect(maps.Keys(objectReprs()))
	known = slices.AppendSeq(known, maps.Keys(converters()))
	slices.SortFunc(known, func(a, b Global) int {
		if a.TypeName() < b.TypeName() {
			return -1
		}
		return 1
	})
	return slices.Compact(known)
}

// unexpectedArgs are arguments that no class builds its objects with.
func unexpectedArgs() []any {
	return []any{"canary", int64(-1), nil, 1.5, true, []byte("canary"), Global{"canary", "Canary"}, Tuple{"canary"}, []any{"canary"}, dictOf("canary", "canary"), &Object{Module: "canary", Name: "Canary", Args: Tuple{"canary"}}}
}

// TestKnownClassesWithUnexpectedArguments shows objects of known classes that are not
// built as the class builds its own.
func TestKnownClassesWithUnexpectedArguments(t *testing.T) {
	t.Parallel()
	values := unexpectedArgs()
	for _, builder := range knownBuilders() {
		for count := range 7 {
			for i := range values {
				o := &Object{Module: builder.Module, Name: builder.Name}
				for j := range count {
					o.Args = append(o.Args, values[(i+j*(i+1))%len(values)])
				}
				for _, state := range []any{nil, "canary", dictOf("canary", int64(1)), Tuple{nil, dictOf("canary", int64(1))}, o.Args} {
					o.State = state
					v, err := interpret(o)
					require.NoError(t, err)
					require.NotEmpty(t, Repr(v), "%+v", o)
				}
			}
		}
	}
}

// extensions add something to an object that no known class expects.
var extensions = map[string]func(o *Object){
	"keyword arguments": func(o *Object) { o.Kwargs = dictOf("canary", "canary") },
	"items":             func(o *Object) { o.Items = dictOf("canary", "canary") },
	"a list":            func(o *Object) { o.List = []any{"canary"} },
	"a state":           func(o *Object) { o.State = "canary" },
	"an argument":       func(o *Object) { o.Args = append(slices.Clone(o.Args), "canary") },
	"another argument":  func(o *Object) { o.Args = append(slices.Clone(o.Args), nil, "canary") },
	"arguments": func(o *Object) {
		o.Args = append(slices.Clone(o.Args), "canary", "canary", "canary", "canary", "canary", "canary")
	},
}

// soundObjects are built as their classes build them.
func soundObjects() []*Object {
	call := func(module, name string, args ...any) *Object { return &Object{Module: module, Name: name, Args: args} }
	return []*Object{
		call(builtins, "set", []any{int64(1)}), call(builtins, "frozenset", []any{int64(1)}), call(builtins, "bytes", "a"), call(builtins, "bytearray", "a"),
		call(builtins, "complex", 1.0, 2.0), call("_codecs", "encode", "a", "latin1"), call("decimal", "Decimal", "1"), call("datetime", "date", []byte{7, 232, 1, 1}),
		call("datetime", "datetime", []byte{7, 232, 1, 1, 0, 0, 0, 0, 0, 0}), call("datetime", "time", []byte{0, 0, 0, 0, 0, 0}),
		call("datetime", "timedelta", int64(1), int64(2), int64(3)), call("datetime", "timezone", Timedelta{0, 3600, 0}),
		{Module: cloudObjectClass, Name: "CloudObject", State: dictOf("backend", "b", "bucket", "c", "key", "k")},
		call("collections", "Counter", dictOf("a", int64(1))), call("collections", "OrderedDict"), call("collections", "defaultdict", nil), call("collections", "deque", []any{int64(1)}),
		{Module: "types", Name: "SimpleNamespace", State: dictOf("a", int64(1))},
		call(builtins, "range", int64(1)), call(builtins, "getattr", int64(1), "a"),
		{Module: "functools", Name: "partial", Args: Tuple{Global{"m", "f"}}, State: Tuple{Global{"m", "f"}, Tuple{}, &Dict{}, nil}},
		call("array", "array", "i", []any{int64(1)}), call("re", "_compile", "a", int64(0)), call("zoneinfo", "ZoneInfo._unpickle", "UTC", true),
		call("pandas._libs.tslibs.nattype", "_nat_unpickle", nil), call("pandas._libs.tslibs.timestamps", "_unpickle_timestamp", int64(1), nil, nil, int64(10)),
		call("pandas._libs.tslibs.timedeltas", "_timedelta_unpickle", int64(1), int64(10)), call("fractions", "Fraction", "1/3"), call("ipaddress", "IPv4Address", int64(1)),
		call("pathlib", "PosixPath", "a"),
		{Module: "uuid", Name: "UUID", State: dictOf("int", int64(1))},
		call("_operator", "or_", Global{"m", "A"}, Global{"m", "B"}),
	}
}

// TestKnownClassesHideNothing shows what a known class does not expect.
func TestKnownClassesHideNothing(t *testing.T) {
	t.Parallel()
	objects := soundObjects()
	for _, builder := range knownBuilders() {
		for count := range 4 {
			objects = append(objects, &Object{Module: builder.Module, Name: builder.Name, Args: slices.Repeat(Tuple{int64(1)}, count)})
		}
	}
	for _, object := range objects {
		for name, extend := range extensions {
			o := *object
			extend(&o)
			v, err := interpret(&o)
			require.NoError(t, err)
			assert.Contains(t, Repr(v), "canary", "%s of %s(%v)", name, Global{o.Module, o.Name}.TypeName(), object.Args)
		}
	}
}
