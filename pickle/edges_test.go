// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOpcodes covers each opcode with an argument at the edge of its range. The values
// are those of Python's pickle.loads.
func TestOpcodes(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]any{
		"N.": nil, "\x88.": true, "\x89.": false, "I00\n.": false, "I01\n.": true, "I0\n.": int64(0), "I-5\n.": int64(-5), "L7L\n.": int64(7), "L8\n.": int64(8),
		"K\xff.": int64(255), "M\xff\xff.": int64(65535), "M\x00\x01.": int64(256), "J\xff\xff\xff\xff.": int64(-1), "J\x00\x00\x00\x80.": int64(math.MinInt32), "J\xff\xff\xff\x7f.": int64(math.MaxInt32),
		"\x8a\x00.": int64(0), "\x8a\x01\x80.": int64(-128), "\x8a\x02\x80\x00.": int64(128), "\x8a\x01\xff.": int64(-1), "\x8b\x02\x00\x00\x00\x00\x80.": int64(-32768), "\x8b\x00\x00\x00\x00.": int64(0),
		"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.": int64(math.MaxInt64), "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.": new(big.Int).Lsh(big.NewInt(1), 63),
		"F1.5\n.": 1.5, "Finf\n.": math.Inf(1), "F-inf\n.": math.Inf(-1), "G\x3f\xf8\x00\x00\x00\x00\x00\x00.": 1.5,
		"X\x02\x00\x00\x00\xc3\xa9.": "é", "\x8c\x01a.": "a", "\x8d\x01\x00\x00\x00\x00\x00\x00\x00b.": "b", "\x8c\x00.": "", "\x8c\x03\xed\xa0\x80.": "\xed\xa0\x80", "\x8c\x04\xf0\x9f\x98\x80.": "😀",
		"Va\\u00e9\\U0001F600\xe9\n.": "aé😀é", "Va\\\n.": `a\`, "Va\\x\\\\u0041\n.": `a\x\\u0041`, "V\\ud800\\udfff\n.": "\xed\xa0\x80\xed\xbf\xbf", "V\\ud7ff\\ue000\n.": "\ud7ff\ue000", "V\\U0010ffff\n.": "\U0010ffff",
		"S'a\\n\\'\\x41\\101'\n.": "a\n'AA", "S\"it's\"\n.": "it's", "S''\n.": "", "T\x01\x00\x00\x00a.": "a", "U\x01b.": "b", "U\x01\x7f.": "\x7f",
		"C\x01\xff.": []byte{255}, "B\x01\x00\x00\x00\x80.": []byte{128}, "\x8e\x01\x00\x00\x00\x00\x00\x00\x00c.": []byte("c"), "\x96\x01\x00\x00\x00\x00\x00\x00\x00d.": ByteArray("d"),
		"].": []any{}, ").": Tuple{}, "}.": &Dict{}, "\x8f.": Set{}, "(\x91.": FrozenSet{}, "(l.": []any{}, "(t.": Tuple{}, "(d.": &Dict{},
		"(K\x01K\x02l.": []any{int64(1), int64(2)}, "(K\x01K\x02t.": Tuple{int64(1), int64(2)}, "(K\x01K\x02d.": dictOf(int64(1), int64(2)),
		"K\x01\x85.": Tuple{int64(1)}, "K\x01K\x02\x86.": Tuple{int64(1), int64(2)}, "K\x01K\x02K\x03\x87.": Tuple{int64(1), int64(2), int64(3)},
		"]K\x01a.": []any{int64(1)}, "](K\x01K\x02e.": []any{int64(1), int64(2)}, "}K\x01K\x02s.": dictOf(int64(1), int64(2)), "}(K\x01K\x02u.": dictOf(int64(1), int64(2)),
		"\x8f(K\x01K\x01K\x02\x90.": Set{int64(1), int64(2)}, "(K\x03K\x03\x91.": FrozenSet{int64(3)},
		"K\x01K\x020.": int64(1), "K\x01(K\x02K\x031.": int64(1), "K\x012\x86.": Tuple{int64(1), int64(1)}, "K\x07p0\n0g0\n.": int64(7), "K\x07q\x000h\x00.": int64(7), "K\x07r\x00\x01\x00\x000j\x00\x01\x00\x00.": int64(7), "K\x05\x940h\x00.": int64(5),
		"cshop\nItem\n.": Global{"shop", "Item"}, "\x8c\x04shop\x8c\x04Item\x93.": Global{"shop", "Item"}, "c__builtin__\nlong\n.": Global{"builtins", "int"}, "c__builtin__\nlen\n.": Global{"builtins", "len"},
		"ccopy_reg\n_x\n.": Global{"copyreg", "_x"}, "cexceptions\nlong\n.": Global{"builtins", "int"}, "\x80\x02cexceptions\nKeyError\n.": Global{"builtins", "KeyError"}, "\x80\x03cexceptions\nKeyError\n.": Global{"exceptions", "KeyError"},
		"\x80\x04\x8c\x0aexceptions\x8c\x08KeyError\x93.": Global{"exceptions", "KeyError"}, "\x80\x04\x8c\x0b__builtin__\x8c\x04long\x93.": Global{"__builtin__", "long"}, "cshop\nlong\n.": Global{"shop", "long"},
		"cshop\nItem\n(K\x01tR.": &Object{Module: "shop", Name: "Item", Args: Tuple{int64(1)}}, "cshop\nItem\n)\x81.": &Object{Module: "shop", Name: "Item", Args: Tuple{}},
		"cshop\nItem\n)}\x92.": &Object{Module: "shop", Name: "Item", Args: Tuple{}, Kwargs: &Dict{}}, "(K\x01ishop\nItem\n.": &Object{Module: "shop", Name: "Item", Args: Tuple{int64(1)}},
		"(cshop\nItem\nK\x01o.": &Object{Module: "shop", Name: "Item", Args: Tuple{int64(1)}}, "cshop\nItem\n)\x81K\x05b.": &Object{Module: "shop", Name: "Item", Args: Tuple{}, State: int64(5)},
		"cshop\nItem\n)\x81K\x01a.": &Object{Module: "shop", Name: "Item", Args: Tuple{}, List: []any{int64(1)}}, "cshop\nItem\n)\x81K\x01K\x02s.": &Object{Module: "shop", Name: "Item", Args: Tuple{}, Items: dictOf(int64(1), int64(2))},
		"\x80\x00N.": nil, "\x80\x05N.": nil, "\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00N.": nil,
	} {
		v, err := Decode([]byte(data))
		require.NoError(t, err, "%q", data)
		assert.Equal(t, want, v, "%q", data)
	}
	v, err := Decode([]byte("Fnan\n."))
	require.NoError(t, err)
	assert.True(t, math.IsNaN(v.(float64)))
}

// TestOpcodesThatBreakOff checks that every prefix of a pickle is malformed.
func TestOpcodesThatBreakOff(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		"K\x01.", "M\x01\x01.", "J\x01\x01\x01\x01.", "\x8a\x01\x01.", "\x8b\x01\x00\x00\x00\x01.", "G\x3f\xf8\x00\x00\x00\x00\x00\x00.", "X\x01\x00\x00\x00a.", "\x8c\x01a.", "\x8d\x01\x00\x00\x00\x00\x00\x00\x00a.",
		"I1\n.", "F1.0\n.", "Va\n.", "S'a'\n.", "T\x01\x00\x00\x00a.", "U\x01a.", "C\x01a.", "B\x01\x00\x00\x00a.", "\x8e\x01\x00\x00\x00\x00\x00\x00\x00a.", "\x96\x01\x00\x00\x00\x00\x00\x00\x00a.",
		"]K\x01a.", "](K\x01e.", "}K\x01K\x01s.", "}(K\x01K\x01u.", "\x8f(K\x01\x90.", "(K\x01\x91.", "(l.", "(t.", "(d.", "K\x01\x85.", "NN\x86.", "NNN\x87.", "NN0.", "N(N1.", "N20.", "Np0\n.", "Nq\x00.", "Nr\x00\x00\x00\x00.",
		"Np0\n0g0\n.", "Nq\x000h\x00.", "cshop\nItem\n.", "\x8c\x01a\x8c\x01b\x93.", "cshop\nItem\n)R.", "cshop\nItem\n)}\x92.", "(ishop\nItem\n.", "(cshop\nItem\no.", "cshop\nItem\n)\x81Nb.", "\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00N.",
	} {
		_, err := Decode([]byte(data))
		require.NoError(t, err, "%q", data)
		for i := range len(data) {
			_, err := Decode([]byte(data[:i]))
			require.ErrorIs(t, err, ErrMalformed, "%q", data[:i])
		}
	}
	for _, data := range []string{
		"a.", "e.", "s.", "u.", "b.", "R.", "t.", "l.", "d.", "\x85.", "N\x86.", "NN\x87.", "0.", "1.", "2.", "\x90.", "\x91.", "\x92.", "\x93.", "o.", "(o.", "q\x00.", "p0\n.", "Na.", "]NNs.", "\x8c\x01a\x93.", "cs\nI\nNR.", "cs\nI\n)N\x92.", "cs\nI\nN}\x92.",
		"I\n.", "I1.5\n.", "L\n.", "F\n.", "Fx\n.", "S'a\n.", "Sa\n.", "S'\n.", "S'\\q'\n.", "V\\u123\n.", "V\\u123g\n.", "V\\U0011000\n.", "g\n.", "gx\n.", "h\x00.", "(NNNd.", "]\x90.", "}K\x01a.", "U\x01\x80.", "\x8c\x01\x80.", "\x8c\x02\xed\xa0.", "c\nx\n.", "cx\n\n.",
	} {
		_, err := Decode([]byte(data))
		require.Error(t, err, "%q", data)
	}
}

// TestKeysAreThoseOfPython checks which values are one key of a dict.
func TestKeysAreThoseOfPython(t *testing.T) {
	t.Parallel()
	huge := new(big.Int).Lsh(big.NewInt(1), 64)
	equal := [][]any{
		{int64(1), 1.0, true, complex(1, 0), 1, Decimal("1"), Decimal("1.00"), Decimal("10E-1"), Decimal("0.01E+2"), NumpyScalar{"<i8", int64(1)}, big.NewInt(1)},
		{int64(0), false, 0.0, math.Copysign(0, -1), Decimal("-0"), Decimal("0E-10"), Decimal("0.00")},
		{huge, math.Ldexp(1, 64), new(big.Int).Set(huge), Decimal("18446744073709551616"), Decimal("18446744073709551616.0")},
		{new(big.Int).Neg(huge), -math.Ldexp(1, 64), Decimal("-18446744073709551616")},
		{Decimal("0.1"), Decimal("0.10"), Decimal("1E-1")},
		{0.1},
		{Decimal("-0.1")},
		{Decimal("1E+1000000"), Decimal("10E+999999"), Decimal("1.0E+1000000")},
		{Decimal("1E-1000000")},
		{Decimal("100E+399"), Decimal("1E+401"), bigPower(10, 401)},
		{Decimal("1E+4300"), bigPower(10, 4300)},
		{Decimal(strings.Repeat("9", maxDigits)), new(big.Int).Sub(bigPower(10, maxDigits), big.NewInt(1))},
		{Decimal("1E+4301")}, // an int of 4,302 digits can't be decoded from text
		{bigPower(10, 4301)},
		{math.SmallestNonzeroFloat64, Decimal(new(big.Float).SetFloat64(math.SmallestNonzeroFloat64).Text('f', 1074))},
		{Decimal(new(big.Float).SetMantExp(big.NewFloat(1), -1075).Text('f', 1075))},
		{-0.375, Decimal("-0.375"), Decimal("-375E-3")},
		{"a"},
		{[]byte("a"), []byte("a")},
		{nil},
		{1.5, complex(1.5, 0), Decimal("1.5"), Decimal("1.50")},
		{complex(1, 2)},
		{math.Inf(1), Decimal("Infinity")},
		{math.Inf(-1), Decimal("-Infinity")},
		{"1"},
		{Tuple{int64(1), "a"}, Tuple{1.0, "a"}, Tuple{true, "a"}},
		{Tuple{"a", int64(1)}},
		{Tuple{}},
		{FrozenSet{}},
		{Tuple{Tuple{}}},
		{FrozenSet{int64(1), int64(2)}, FrozenSet{2.0, true}},
		{FrozenSet{int64(1)}, FrozenSet{1}},
		{Tuple{"ab", "c"}},
		{Tuple{"a", "bc"}},
		{Tuple{[]byte("a")}},
		{Tuple{"a"}},
		{Tuple{huge}},
		{Tuple{nil}},
		{Global{"a", "b"}},
		{Date{2024, 1, 2}},
		{TimeOfDay{1, 2, 3, 4, false}},
		{Timedelta{1, 2, 3}},
		{NaiveTime{time.Unix(5, 0).UTC(), false}},
		{time.Unix(5, 0), time.Unix(5, 0).UTC()},
		{time.Unix(5, 1)},
		{&Object{Name: "a"}},
		{&Object{Name: "a"}},
		{Tuple{1.5}},
		{Tuple{Date{2024, 1, 2}}},
		{Tuple{int64(12)}, Tuple{12.0}, Tuple{12}},
		{Tuple{int64(1), int64(2)}},
		{NumpyScalar{"<M8[D]", int64(1)}, NumpyScalar{">M8[D]", int64(1)}},
		{NumpyScalar{"<M8[h]", int64(1)}},
		{NumpyScalar{"<m8[h]", int64(1)}},
		{Tuple{NumpyScalar{"<M8[D]", int64(1)}}},
		{Tuple{NumpyScalar{"<M8[h]", int64(1)}}},
		{FrozenSet{NumpyScalar{"<m8[s]", int64(1)}}},
	}
	d := &Dict{}
	for i, group := range equal {
		for _, key := range group {
			_, found := d.Get(key)
			assert.Equal(t, len(group) > 0 && d.Len() == i+1, found, "%d: %v", i, key)
			require.NoError(t, d.Set(key, int64(i)))
		}
		assert.Equal(t, i+1, d.Len(), "%v", group)
	}
	for i, group := range equal {
		for _, key := range group {
			v, ok := d.Get(key)
			assert.True(t, ok)
			assert.Equal(t, int64(i), v, "%v", key)
		}
	}
	for _, key := range []any{[]any{}, &Dict{}, Set{}, ByteArray("a"), Tuple{[]any{}}, FrozenSet{[]any{}}, Tuple{Tuple{&Dict{}}}, &NumpyArray{}} {
		require.Error(t, d.Set(key, nil), "%T", key)
		_, found := d.Get(key)
		assert.False(t, found)
	}
	for _, nan := range []any{math.NaN(), complex(1, math.NaN()), NumpyScalar{"<f8", math.NaN()}, Decimal("NaN"), Decimal("-NaN123"), Tuple{Decimal("NaN")}, Tuple{"a", math.NaN()}, FrozenSet{Tuple{complex(math.NaN(), 0)}}, Tuple{NumpyScalar{"<f8", math.NaN()}}, NumpyScalar{"<M8[D]", int64(notATime)}, Tuple{NumpyScalar{"<m8[s]", int64(notATime)}}} {
		before := d.Len()
		require.NoError(t, d.Set(nan, 1))
		require.NoError(t, d.Set(nan, 2))
		assert.Equal(t, before+2, d.Len(), "%v is equal to nothing", nan)
	}
	deep := func(n int) any {
		var key any = "x"
		for range n {
			key = Tuple{key}
		}
		return key
	}
	require.NoError(t, d.Set(deep(maxKeyDepth), nil))
	require.ErrorIs(t, d.Set(deep(maxKeyDepth+1), nil), ErrLimit)
}

// TestDictKeepsItsOrder covers sizes below and above the one from which a dict has an
// index.
func TestDictKeepsItsOrder(t *testing.T) {
	t.Parallel()
	for size := range 2*smallDict + 2 {
		d := &Dict{}
		for i := range size {
			require.NoError(t, d.Set(i, i))
		}
		for i := range size {
			require.NoError(t, d.Set(i, fmt.Sprint(i)))
		}
		assert.Equal(t, size, d.Len())
		i := 0
		for key, value := range d.All() {
			assert.Equal(t, int64(i), key)
			assert.Equal(t, fmt.Sprint(i), value)
			i++
		}
		_, found := d.Get(size)
		assert.False(t, found)
		for range d.All() {
			break // an iteration may end early
		}
	}
	var none *Dict
	assert.Zero(t, none.Len())
	for range none.All() {
		t.Fatal("a nil dict has no keys")
	}
	assert.Panics(t, func() { NewDict(1, 2) })
}

// TestTimes covers the first and last of each field that Python takes, and the ones
// beyond.
func TestTimes(t *testing.T) {
	t.Parallel()
	call := func(name string, args ...any) any {
		v, err := interpret(&Object{Module: "datetime", Name: name, Args: args})
		require.NoError(t, err)
		return v
	}
	for raw, want := range map[string]any{
		"\x00\x01\x01\x01\x00\x00\x00\x00\x00\x00": NaiveTime{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), false},
		"\x27\x0f\x0c\x1f\x17\x3b\x3b\x0f\x42\x3f": NaiveTime{time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), false},
		"\x07\xe8\x82\x1d\x00\x00\x00\x00\x00\x00": NaiveTime{time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), true},
	} {
		assert.Equal(t, want, call("datetime", []byte(raw)))
		text := ""
		for _, b := range []byte(raw) {
			text += string(rune(b))
		}
		assert.Equal(t, want, call("datetime", text), "as Python 2 wrote it")
	}
	for _, raw := range []string{
		"", "\x00\x01\x01\x01\x00\x00\x00\x00\x00", "\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00", "\x27\x10\x01\x01\x00\x00\x00\x00\x00\x00", "\x07\xe8\x00\x01\x00\x00\x00\x00\x00\x00", "\x07\xe8\x0d\x01\x00\x00\x00\x00\x00\x00",
		"\x07\xe8\x01\x00\x00\x00\x00\x00\x00\x00", "\x07\xe8\x01\x20\x00\x00\x00\x00\x00\x00", "\x07\xe7\x02\x1d\x00\x00\x00\x00\x00\x00", "\x07\xe8\x01\x01\x18\x00\x00\x00\x00\x00", "\x07\xe8\x01\x01\x00\x3c\x00\x00\x00\x00",
		"\x07\xe8\x01\x01\x00\x00\x3c\x00\x00\x00", "\x07\xe8\x01\x01\x00\x00\x00\x0f\x42\x40",
	} {
		assert.IsType(t, &Object{}, call("datetime", []byte(raw)), "%q", raw)
	}
	assert.Equal(t, TimeOfDay{23, 59, 59, 999999, true}, call("time", []byte("\x97\x3b\x3b\x0f\x42\x3f")))
	for _, raw := range []string{"\x18\x00\x00\x00\x00\x00", "\x00\x3c\x00\x00\x00\x00", "\x00\x00\x3c\x00\x00\x00", "\x00\x00\x00\x0f\x42\x40", "\x00\x00\x00\x00\x00"} {
		assert.IsType(t, &Object{}, call("time", []byte(raw)), "%q", raw)
	}
	assert.Equal(t, Date{2024, 2, 29}, call("date", []byte("\x07\xe8\x02\x1d")))
	assert.IsType(t, &Object{}, call("date", []byte("\x07\xe7\x02\x1d")))
	assert.IsType(t, &Object{}, call("date", []byte("\x07\xe8\x02")))
	for _, parts := range [][3]int64{{-999999999, 0, 0}, {999999999, 86399, 999999}} {
		assert.Equal(t, Timedelta{int(parts[0]), int(parts[1]), int(parts[2])}, call("timedelta", parts[0], parts[1], parts[2]))
	}
	for _, parts := range [][3]int64{{-1000000000, 0, 0}, {1000000000, 0, 0}, {0, -1, 0}, {0, 86400, 0}, {0, 0, -1}, {0, 0, 1000000}} {
		assert.IsType(t, &Object{}, call("timedelta", parts[0], parts[1], parts[2]), "%v", parts)
	}
	span := Timedelta{Days: 1, Seconds: 2, Microseconds: 3}
	d, ok := span.Duration()
	assert.True(t, ok)
	assert.Equal(t, 24*time.Hour+2*time.Second+3*time.Microsecond, d)
	for days, fits := range map[int]bool{106750: true, 106751: false, -106750: true, -106751: false} {
		_, ok := Timedelta{Days: days}.Duration()
		assert.Equal(t, fits, ok, days)
	}
	for d, want := range map[time.Duration]Timedelta{-1: {-1, 86399, 999999}, 0: {}, 24 * time.Hour: {1, 0, 0}, -24 * time.Hour: {-1, 0, 0}, time.Second + time.Microsecond: {0, 1, 1}} {
		assert.Equal(t, want, TimedeltaOf(d), d)
	}
}

// TestReprOfScalars has what Python's repr has at its edges.
func TestReprOfScalars(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]any{
		"0.0001": 1e-4, "9.999e-05": 9.999e-5, "1e+16": 1e16, "9999999999999998.0": 9999999999999998.0, "-0.0": math.Copysign(0, -1), "nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1), "1e+100": 1e100, "5e-324": 5e-324,
		"1j": 1i, "-1j": complex(0, -1), "(-0+1j)": complex(math.Copysign(0, -1), 1), "(1-2.5j)": 1 - 2.5i, "(1+0j)": complex(1, 0), "(nan+infj)": complex(math.NaN(), math.Inf(1)), "'a'": "a", `"it's"`: "it's", `'it\'s "x"'`: `it's "x"`, `'\\'`: `\`,
		`'\t\n\r\x00\x1f\x7f\x80\xa0é\u200b\U000e0001\ud800'`: "\t\n\r\x00\x1f\x7f\u0080\u00a0é\u200b\U000e0001\xed\xa0\x80", `b'\t\n\r\x00\x1f ~\x7f\xff\''`: []byte("\t\n\r\x00\x1f ~\x7f\xff'")[:9:9],
		`b"'"`: []byte("'"), `b'\'"'`: []byte(`'"`), "bytearray(b'a')": ByteArray("a"), "(1,)": Tuple{int64(1)}, "()": Tuple{}, "set()": Set{}, "{1}": Set{int64(1)}, "frozenset()": FrozenSet{}, "frozenset({1, 2})": FrozenSet{int64(1), int64(2)}, "{}": &Dict{},
		"{1: 'a', 'b': None}": dictOf(int64(1), "a", "b", nil), "Decimal('1.5')": Decimal("1.5"), "ValueError('x')": &Exception{Class: "ValueError", Args: Tuple{"x"}}, "ValueError()": &Exception{Class: "ValueError"}, "ValueError(1, 2)": &Exception{Class: "ValueError", Args: Tuple{int64(1), int64(2)}},
		"datetime.date(2024, 1, 2)": Date{2024, 1, 2}, "datetime.time(1, 2)": TimeOfDay{Hour: 1, Minute: 2}, "datetime.time(1, 2, 0, 5)": TimeOfDay{Hour: 1, Minute: 2, Microsecond: 5}, "datetime.time(1, 2, 3, fold=1)": TimeOfDay{Hour: 1, Minute: 2, Second: 3, Fold: true},
		"datetime.time(1, 2, tzinfo=datetime.timezone.utc, fold=1)": &Object{Module: "datetime", Name: "time", Args: Tuple{[]byte("\x81\x02\x00\x00\x00\x00"), &Object{Module: "datetime", Name: "timezone", Args: Tuple{Timedelta{}}}}},
		"datetime.timedelta(0)": Timedelta{}, "datetime.timedelta(days=-1, seconds=2, microseconds=3)": Timedelta{-1, 2, 3},
	} {
		if want == `b'\t\n\r\x00\x1f ~\x7f\xff\''` {
			want = `b'\t\n\r\x00\x1f ~\x7f\xff'`
		}
		assert.Equal(t, want, Repr(v))
	}
	long := strings.Repeat("a", maxRepr+1)
	assert.Equal(t, "'"+long[1:]+"'...", Repr(long))
	assert.Equal(t, "'"+long[1:]+"'", Repr(long[1:]))
	assert.Equal(t, "b'"+long[1:]+"'...", Repr([]byte(long)))
	nest := func(n int) any {
		v := any([]any{})
		for range n {
			v = []any{v}
		}
		return v
	}
	assert.Equal(t, strings.Repeat("[", 201)+strings.Repeat("]", 201), Repr(nest(200)))
	assert.Equal(t, strings.Repeat("[", 201)+"..."+strings.Repeat("]", 201), Repr(nest(201)))
}
