// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cycles returns values that contain themselves, which only a program can make, by what
// they are made of.
func cycles() map[string]any {
	type ring struct {
		Next any
		also any
	}
	list, tuple, set := []any{nil}, Tuple{nil}, Set{nil}
	list[0], tuple[0], set[0] = list, tuple, set
	dict := NewDict("again", nil)
	_ = dict.Set("again", dict)
	goMap, goSlice := map[string]any{}, [][]any{{nil}}
	goMap["again"], goSlice[0][0] = goMap, goSlice
	inStruct := []any{ring{}}
	inStruct[0] = ring{inStruct, inStruct}
	raised := &Exception{Module: builtins, Class: "ValueError"}
	raised.Args = Tuple{raised}
	syntax := &Exception{Module: builtins, Class: "SyntaxError"}
	syntax.Args = Tuple{syntax, Tuple{"a.py", int64(1)}}
	inSlice := &Exception{Module: builtins, Class: "ValueError"}
	inSlice.Args = Tuple{[]error{inSlice}}
	fraction := &Object{Module: "fractions", Name: "Fraction"}
	fraction.Args = Tuple{fraction, fraction}
	named := &Object{Module: "shop", Name: "Item", Kwargs: &Dict{}}
	_ = named.Kwargs.Set(named, int64(1))
	array := &NumpyArray{Objects: []any{nil}, dtype: numpyType{kind: 'O'}}
	array.Objects[0] = array
	return map[string]any{
		"list": list, "tuple": tuple, "set": set, "dict": dict, "a map of Go": goMap, "a slice of Go": goSlice,
		"a struct": inStruct, "exception": raised, "another's message": syntax, "a slice of errors": inSlice,
		"fraction": fraction, "names": named, "array": array,
	}
}

// TestReprOfCycles ends the text of a value that contains itself. Without an end of the
// recursion, in fmt or here, the whole process would end.
func TestReprOfCycles(t *testing.T) {
	t.Parallel()
	for name, v := range cycles() {
		e := &Exception{Module: builtins, Class: "ValueError", Args: Tuple{v}}
		for what, text := range map[string]string{
			"repr": Repr(v), "str": strOf(v), "exception": e.Error(), "traceback": e.TracebackText(),
			"two": (&Exception{Module: builtins, Class: "KeyError", Args: Tuple{v, v}}).Message(),
		} {
			assert.Contains(t, text, "...", "%s of a %s", what, name)
			assert.Less(t, len(text), 3*maxRepr, "%s of a %s", what, name)
		}
	}
}

// TestChainOfCycles shows each exception of a circle of causes or contexts once, as
// Python does.
func TestChainOfCycles(t *testing.T) {
	t.Parallel()
	first := &Exception{Module: builtins, Class: "KeyError", Args: Tuple{"k"}}
	second := &Exception{Module: builtins, Class: "ValueError", Args: Tuple{"v"}, Cause: first}
	first.Context = second
	assert.Equal(t, "KeyError: 'k'\n"+causeJoint+"ValueError: v\n", second.TracebackText())
	assert.Equal(t, "ValueError: v\n"+contextJoint+"KeyError: 'k'\n", first.TracebackText())
	first.Context = first
	assert.Equal(t, "KeyError: 'k'\n", first.TracebackText())
}

// TestEncodeCycles refuses a value that contains itself, also by way of a key.
func TestEncodeCycles(t *testing.T) {
	t.Parallel()
	byKey := map[any]any{}
	byKey[&Exception{Module: builtins, Class: "ValueError", Args: Tuple{byKey}}] = 1
	byDict := map[any]any{}
	byDict[NewDict("again", byDict)] = 1
	bySet := Set{nil}
	bySet[0] = Tuple{bySet}
	for name, v := range map[string]any{"an exception": byKey, "a dict": byDict, "a set": bySet} {
		_, err := Encode(v)
		require.ErrorIs(t, err, ErrCycle, name)
	}
}

// TestEncodeNestedKeys writes keys that hold keys in the time of a level each: what a key
// holds is looked at once.
func TestEncodeNestedKeys(t *testing.T) {
	t.Parallel()
	v := map[any]any{}
	for range 100 {
		v = map[any]any{&Exception{Module: builtins, Class: "ValueError", Args: Tuple{v}}: 1}
	}
	_, err := Encode(v)
	require.NoError(t, err)
}

// TestConvertCycles refuses a value that contains itself, in a type that does so too.
func TestConvertCycles(t *testing.T) {
	t.Parallel()
	type (
		tree []tree
		node struct{ Next *node }
		maps map[string]maps
	)
	list, scalar := []any{nil}, []any{nil}
	list[0], scalar[0] = list, NumpyScalar{"|O8", scalar}
	dict := NewDict("next", nil)
	_ = dict.Set("next", dict)
	for _, test := range []struct{ value, target any }{
		{list, &tree{}}, {scalar, &tree{}}, {dict, &node{}}, {dict, &maps{}}, {Tuple{list}, &struct{ T tree }{}},
	} {
		require.ErrorIs(t, Convert(test.value, test.target), ErrLimit, "%T", test.target)
	}
	var held any
	require.NoError(t, Convert(list, &held), "it is held as it is")
	deep := []any{}
	for range defaultMaxDepth - 1 {
		deep = []any{deep}
	}
	require.NoError(t, Convert(deep, &tree{}), "as deep as Decode goes")
}

// TestKeyOfCycles refuses a key that contains itself.
func TestKeyOfCycles(t *testing.T) {
	t.Parallel()
	inScalar, tuple := Tuple{nil}, Tuple{nil}
	inScalar[0], tuple[0] = NumpyScalar{"|O8", inScalar}, tuple
	for _, key := range []any{inScalar, inScalar[0], tuple} {
		require.ErrorIs(t, (&Dict{}).Set(key, 1), ErrLimit)
	}
}

// TestReprOfGoValues writes what Encode takes as Python has it, and other values by their
// types.
func TestReprOfGoValues(t *testing.T) {
	t.Parallel()
	type (
		count   int
		size    uint16
		ratio   float32
		flag    bool
		name    string
		bytes   []byte
		pair    struct{ A, B any }
		private struct{ a, b int }
	)
	for want, v := range map[string]any{
		"[1, 2]":                 []count{1, 2},
		"[3]":                    [1]size{3},
		"0.5":                    ratio(0.5),
		"True":                   flag(true),
		"'a'":                    name("a"),
		"b'ab'":                  bytes("ab"),
		"b'\\x01'":               [1]byte{1},
		"{1: 'x', 2: [None]}":    map[int]any{2: []any{nil}, 1: "x"},
		"{'a': {}, 'b': {}}":     map[name]map[string]int{"b": nil, "a": {}},
		"pickle.pair(A=1, B='')": pair{1, ""},
		"pickle.private()":       private{1, 2},
		"<*pickle.pair>":         &pair{},
		"<func()>":               func() {},
		"a mistake":              errors.New("a mistake"),
		"7":                      uintptr(7),
	} {
		assert.Equal(t, want, Repr(v), "%T", v)
	}
	long := Repr(make([]int, maxRepr))
	assert.Less(t, len(long), 2*maxRepr)
	assert.True(t, strings.HasSuffix(long, ", ...]"), long[len(long)-20:])
	many := map[int]string{}
	for i := range 200 {
		many[i] = strings.Repeat("1", 8<<10)
	}
	long = Repr(many)
	assert.Less(t, len(long), 2*maxRepr)
	assert.True(t, strings.HasSuffix(long, ", ...}"), long[len(long)-20:])
}
