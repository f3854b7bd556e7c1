// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

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

// TestKnownClassesWithAnyArguments gives known classes and exceptions what they are never
// built with. A pickle may say anything of them, and no reader of it must panic.
func TestKnownClassesWithAnyArguments(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	parts := []any{
		nil, true, int64(0), int64(-1), int64(math.MaxInt64), bigPower(2, 200), 1.5, math.NaN(), complex(1, 2), "", "a", "\xed\xa0\x80",
		[]byte{},
		[]byte("0123456789"),
		[]any{},
		[]any{int64(1)},
		Tuple{},
		Tuple{"f", int64(3)},
		&Dict{}, NewDict("Error", NewDict("Code", 1), "int", -1),
		Timedelta{1, 2, 3},
		Decimal("1"),
		Global{"m", "C"},
		Global{"numpy", "ndarray"},
		&Object{Module: "m", Name: "C"}, &Exception{Module: builtins, Class: "KeyError"}, floats(2, 2), floats(0), floats(0, 3),
		NumpyScalar{"<M8[ns]", int64(1)},
		NaiveTime{},
		FrozenSet{int64(1)},
	}
	some := func(most int) Tuple {
		args := make(Tuple, random.IntN(most+1))
		for i := range args {
			args[i] = parts[random.IntN(len(parts))]
		}
		return args
	}
	each := 120
	if testing.Short() {
		each = 60
	}
	for _, class := range append(knownBuilders(), knownExceptions()...) {
		for range each {
			object := &Object{Module: class.Module, Name: class.Name, Args: some(6), State: parts[random.IntN(len(parts))]}
			if random.IntN(2) == 0 {
				object.State = some(5)
			}
			failed := &Exception{Module: class.Module, Class: class.Name, Args: object.Args, Attrs: NewDict("message", object.State)}
			require.NotPanics(t, func() {
				value, err := interpret(object)
				if err != nil {
					return
				}
				for _, held := range []any{value, failed} {
					_ = Repr(held)
					_ = (&Exception{Module: builtins, Class: "ValueError", Args: Tuple{held}}).TracebackText()
					for _, target := range []any{new(string), new([]any), new([][]float64), new(map[any]any), new(person), new(time.Time)} {
						_ = Convert(held, target)
					}
				}
			}, "%#v", object)
		}
	}
}

// knownExceptions are those whose text is made of more than their arguments.
func knownExceptions() (classes []Global) {
	for _, name := range slices.Sorted(maps.Keys(builtinExceptions())) {
		classes = append(classes, Global{builtins, name})
	}
	for _, name := range slices.Sorted(maps.Keys(botocoreFormats())) {
		classes = append(classes, Global{botocoreModule, name})
	}
	return append(classes, Global{botocoreModule, "ClientError"}, Global{botocoreModule, botocoreBuilder}, Global{"botocore.errorfactory", "NoSuchKey"},
		Global{"json.decoder", "JSONDecodeError"}, Global{"subprocess", "CalledProcessError"}, Global{"subprocess", "TimeoutExpired"}, Global{"urllib.error", "URLError"},
		Global{"http.client", "IncompleteRead"}, Global{"zoneinfo", "ZoneInfoNotFoundError"}, Global{"ssl", "SSLError"}, Global{"configparser", "Error"}, Global{"socket", "gaierror"})
}
