// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// scalars draws what Python can use as a key.
func scalars() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int64().AsAny(),
		rapid.Float64().Filter(func(f float64) bool { return !math.IsNaN(f) }).AsAny(),
		rapid.String().AsAny(),
		rapid.Custom(func(t *rapid.T) any {
			return append([]byte{}, rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes")...)
		}),
		rapid.Custom(func(t *rapid.T) any { return bigInt(rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "int")) }),
		rapid.Custom(func(t *rapid.T) any {
			day := rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds")
			micro := rapid.Int64Range(0, 999_999).Draw(t, "microseconds")
			return NaiveTime{time.Unix(day, micro*1000).UTC(), rapid.Bool().Draw(t, "fold")}
		}),
		rapid.Custom(func(t *rapid.T) any { return TimedeltaOf(time.Duration(rapid.Int64().Draw(t, "delta"))) }),
	)
}

func bigInt(raw []byte) any { return newInt(twosComplement(raw)) }

// values draws anything that Encode takes, up to a depth.
func values(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return scalars()
	}
	return rapid.Custom(func(t *rapid.T) any {
		items := func() []any {
			return append([]any{}, rapid.SliceOfN(values(depth-1), 0, 5).Draw(t, "items")...)
		}
		keys := func() []any {
			out, err := uniqueItems(append([]any{}, rapid.SliceOfN(scalars(), 0, 5).Draw(t, "keys")...))
			require.NoError(t, err)
			return out
		}
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			return items()
		case 1:
			return Tuple(items())
		case 2:
			return Set(keys())
		case 3:
			return FrozenSet(keys())
		case 4:
			d := &Dict{}
			for _, key := range keys() {
				require.NoError(t, d.Set(key, values(depth-1).Draw(t, "value")))
			}
			return d
		case 5:
			return &CloudObject{Backend: "aws_s3", Bucket: rapid.String().Draw(t, "bucket"), Key: rapid.String().Draw(t, "key")}
		}
		return scalars().Draw(t, "scalar")
	})
}

func TestEncodedValuesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values(3).Draw(t, "value")
		data, err := Encode(v)
		require.NoError(t, err)
		got, err := Decode(data)
		require.NoError(t, err)
		require.Equal(t, v, got)
	})
}

func TestEncodeWhatPythonPickled(t *testing.T) {
	for _, c := range readFixtures(t).Values {
		v, err := Decode(fromBase64(t, c.B64))
		require.NoError(t, err)
		data, err := Encode(v)
		switch v.(type) {
		case *Object, Global, NumpyScalar:
			require.ErrorIs(t, err, ErrUnsupported, c.Name)
			continue
		}
		require.NoError(t, err, c.Name)
		got, err := Decode(data)
		require.NoError(t, err, c.Name)
		if stamp, ok := v.(time.Time); ok {
			requireSameTime(t, stamp, got)
			continue
		}
		assert.Equal(t, v, got, c.Name)
	}
}

func TestEncodeGoValues(t *testing.T) {
	type label string
	stamp := time.Date(2024, 1, 2, 3, 4, 5, 6789, time.FixedZone("CET", 3600))
	for _, c := range []struct{ in, want any }{
		{uint64(math.MaxUint64), new(big.Int).SetUint64(math.MaxUint64)},
		{int8(-1), int64(-1)},
		{uint16(7), int64(7)},
		{float32(1.5), 1.5},
		{label("x"), "x"},
		{[]string{"a"}, []any{"a"}},
		{[2]int{1, 2}, []any{int64(1), int64(2)}},
		{[]string(nil), []any{}},
		{[3]byte{1, 2, 3}, []byte{1, 2, 3}},
		{[]byte(nil), []byte{}},
		{[]octet{1, 2}, []byte{1, 2}},
		{[2]octet{1, 2}, []byte{1, 2}},
		{map[[2]byte]int{{1, 2}: 3}, dictOf([]byte{1, 2}, int64(3))},
		{map[time.Duration]int{time.Second: 3}, dictOf(Timedelta{Seconds: 1}, int64(3))},
		{map[uint8]int{2: 3, 1: 4}, dictOf(int64(1), int64(4), int64(2), int64(3))},
		{map[string]int{"b": 2, "a": 1}, dictOf("a", int64(1), "b", int64(2))},
		{map[int][]any{3: nil, -1: {true}}, dictOf(int64(-1), []any{true}, int64(3), []any{})},
		{time.Duration(-1), Timedelta{-1, 86399, 999999}},
		{90 * time.Minute, Timedelta{0, 5400, 0}},
		{CloudObject{Backend: "b"}, &CloudObject{Backend: "b"}},
		{Set{int64(1)}, Set{int64(1)}},
		{[]any{[]any{int64(1)}, nil}, []any{[]any{int64(1)}, nil}},
		{Decimal("1.5"), Decimal("1.5")},
		{Tuple{Tuple{1, uint8(2)}}, Tuple{Tuple{int64(1), int64(2)}}},
	} {
		data, err := Encode(c.in)
		require.NoError(t, err, "%#v", c.in)
		got, err := Decode(data)
		require.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
	// Each NaN is a key of its own, as in Python.
	data, err := Encode(map[float64]int{math.NaN(): 1, 0.5: 2})
	require.NoError(t, err)
	got, err := Decode(data)
	require.NoError(t, err)
	assert.Equal(t, "{nan: 1, 0.5: 2}", Repr(got))

	data, err = Encode(stamp)
	require.NoError(t, err)
	got, err = Decode(data)
	require.NoError(t, err)
	requireSameTime(t, stamp.Truncate(time.Microsecond), got)
}

// TestEncodeNestedSets checks each set once: at each level twice would never end.
func TestEncodeNestedSets(t *testing.T) {
	nested := any(FrozenSet{})
	for range maxKeyDepth {
		nested = FrozenSet{nested}
	}
	data, err := Encode(nested)
	require.NoError(t, err)
	got, err := Decode(data)
	require.NoError(t, err)
	assert.Equal(t, nested, got)
	_, err = Encode(Set{FrozenSet{nested}})
	require.ErrorIs(t, err, ErrLimit)
	_, err = Encode(map[struct{ A int }]int{{1}: 2})
	require.ErrorContains(t, err, "no pickle for a struct", "why the key is refused")
}

// TestEncodeRefuses has, among others, keys that are different in Go and one in Python:
// a value would be lost there.
func TestEncodeRefuses(t *testing.T) {
	type label string
	stamp := time.Date(2024, 1, 2, 3, 4, 5, 0, time.FixedZone("CET", 3600))
	self := make([]any, 2)
	self[0], self[1] = self, self
	loop := map[string]any{}
	loop["x"] = loop
	dict := &Dict{}
	require.NoError(t, dict.Set("d", dict))
	var deep any
	for range 1000 {
		deep = []any{deep}
	}
	for _, c := range []struct {
		in     any
		reason error
	}{
		{self, ErrCycle},
		{loop, ErrCycle},
		{dict, ErrCycle},
		{deep, ErrLimit},
		{struct{ A int }{1}, ErrUnsupported},
		{func() {}, ErrUnsupported},
		{make(chan int), ErrUnsupported},
		{new(int), ErrUnsupported},
		{"\xff", ErrUnsupported},
		{Global{"os", "system"}, ErrUnsupported},
		{&Object{Module: "os", Name: "system", Args: Tuple{"ls"}}, ErrUnsupported},
		{&Exception{Module: "os", Class: "system", Args: Tuple{"ls"}}, ErrUnsupported},
		{&Exception{Module: "builtins", Class: "eval"}, ErrUnsupported},
		{Set{[]any{}}, ErrUnsupported},
		{Tuple{FrozenSet{Tuple{[]any{}}}}, ErrUnsupported},
		{FrozenSet{FrozenSet{Tuple{[]any{}}}}, ErrUnsupported},
		{map[[2]int]string{{1, 2}: "a list"}, ErrUnsupported},
		{Set{[1]int{1}}, ErrUnsupported},
		{map[any]int{1: 1, 1.0: 2}, ErrUnsupported},
		{map[any]int{"a": 1, label("a"): 2}, ErrUnsupported},
		{map[any]int{int8(1): 1, uint8(1): 2}, ErrUnsupported},
		{map[time.Duration]int{1: 1, 2: 2}, ErrUnsupported}, // of one microsecond
		{map[time.Time]int{stamp.UTC(): 1, stamp: 2}, ErrUnsupported},
		{Date{0, 1, 1}, ErrUnsupported},
		{Date{2023, 2, 29}, ErrUnsupported},
		{TimeOfDay{Hour: 24}, ErrUnsupported},
		{TimeOfDay{Hour: -1}, ErrUnsupported},
		{Timedelta{Seconds: -1}, ErrUnsupported},
		{Decimal("1_0"), ErrUnsupported},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), ErrUnsupported},
		{(*CloudObject)(nil), ErrUnsupported},
		{(*Dict)(nil), ErrUnsupported},
		{(*big.Int)(nil), ErrUnsupported},
		{&CloudObject{Attrs: dictOf("key", 1)}, ErrUnsupported},
		{NumpyScalar{"<f8", 1.0}, ErrUnsupported},
		{(*Exception)(nil), ErrUnsupported},
	} {
		_, err := Encode(c.in)
		assert.ErrorIs(t, err, c.reason, "%T", c.in)
	}
}

func TestDictKeysAreThoseOfPython(t *testing.T) {
	d := dictOf(int64(1), "int", "a", "str", []byte("a"), "bytes", Tuple{int64(1), "x"}, "tuple",
		FrozenSet{int64(1), int64(2)}, "set", bigPower(2, 70), "big", 1.5, "float", nil, "none", Tuple{}, "empty", "z", "last")
	for _, c := range []struct{ key, want any }{
		{true, "int"},
		{1, "int"},
		{1.0, "int"},
		{complex(1, 0), "int"},
		{"a", "str"},
		{[]byte("a"), "bytes"},
		{Tuple{1.0, "x"}, "tuple"},
		{FrozenSet{int64(2), int64(1)}, "set"},
		{math.Pow(2, 70), "big"},
		{1.5, "float"},
		{nil, "none"},
		{Tuple{}, "empty"},
		{"z", "last"},
	} {
		got, ok := d.Get(c.key)
		assert.True(t, ok, "%#v", c.key)
		assert.Equal(t, c.want, got, "%#v", c.key)
	}
	for _, key := range []any{"b", []any{}, Tuple{"1", "x"}, math.NaN(), int64(0)} {
		_, ok := d.Get(key)
		assert.False(t, ok, "%#v", key)
	}
	require.NoError(t, d.Set(1.0, "again"))
	assert.Equal(t, 10, d.Len())
	assert.ErrorIs(t, d.Set([]any{}, 1), ErrMalformed)
	var none *Dict
	assert.Zero(t, none.Len())
}
