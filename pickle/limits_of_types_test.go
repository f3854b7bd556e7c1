// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNumpyTimesFarAway finds the last time of each unit that is written as a date, on
// either side of 1970.
func TestNumpyTimesFarAway(t *testing.T) {
	t.Parallel()
	const seconds = 1 << 36
	for unit, last := range map[string]int64{
		"W": seconds / (7 * secondsPerDay), "D": seconds / secondsPerDay, "h": seconds / 3600, "m": seconds / 60, "s": seconds,
		"ms": seconds*1e3 + 999, "us": seconds*1e6 + 999_999,
	} {
		for _, sign := range []int64{1, -1} {
			assert.NotContains(t, numpyTime(sign*last, unit), "since", unit)
			assert.Contains(t, numpyTime(sign*(last+1), unit), "since", unit)
		}
	}
}

// TestShapesThatOverflow has a product of dimensions that is the number of elements only
// because it does not fit into 64 bits.
func TestShapesThatOverflow(t *testing.T) {
	t.Parallel()
	const large = int64(1 << 30)
	for name, test := range map[string]struct {
		shape Tuple
		fits  bool
	}{
		"2^64":               {Tuple{large, large, int64(16)}, false},
		"2^64 and a zero":    {Tuple{large, large, int64(16), int64(0)}, true},
		"a zero before 2^64": {Tuple{int64(0), large, large, int64(16)}, true},
		"one":                {Tuple{int64(1)}, false},
	} {
		array := &NumpyArray{dtype: numpyType{order: '<', kind: 'f', size: 8}}
		assert.Equal(t, test.fits, array.reshape(test.shape), name)
	}
}

func TestReprOfComplexItems(t *testing.T) {
	t.Parallel()
	var single, double bytes.Buffer
	require.NoError(t, binary.Write(&single, binary.LittleEndian, []complex64{0.1 + 0.2i}))
	require.NoError(t, binary.Write(&double, binary.LittleEndian, []complex128{0.1 + 0.2i}))
	for dtype, data := range map[string][]byte{"<c8": single.Bytes(), "<c16": double.Bytes()} {
		array := &NumpyArray{DType: dtype, Shape: []int{1}, Data: data, dtype: parseNumpyType(dtype)}
		assert.Contains(t, Repr(array), "0.1+0.2j", dtype)
	}
}

// TestLargestIntegerKeys checks the floats next to what an int64 holds, which are keys
// equal to the integers.
func TestLargestIntegerKeys(t *testing.T) {
	t.Parallel()
	assert.Equal(t, int64(-1<<63), floatKey(-0x1p63))
	assert.Equal(t, intKey(new(big.Int).Lsh(big.NewInt(1), 63)), floatKey(0x1p63))
	assert.Equal(t, intKey(new(big.Int).Lsh(big.NewInt(-1), 64)), floatKey(-0x1p64))
}

func TestHexDigits(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		assert.Equal(t, strings.IndexByte("0123456789abcdefABCDEF", byte(c)) >= 0, isHex(byte(c)), "%q", c)
	}
}

// TestCallsThatAreNoType gives the calls that some types are made of too much, or
// something else.
func TestCallsThatAreNoType(t *testing.T) {
	t.Parallel()
	size := Tuple{int64(80), int64(24)}
	columns := func(args ...any) string {
		return Repr(&Object{Module: "os", Name: "terminal_size", Args: args})
	}
	assert.Equal(t, "os.terminal_size(columns=80, lines=24)", columns(size))
	assert.Equal(t, "os.terminal_size(columns=80, lines=24)", columns(size, &Dict{}))
	assert.NotContains(t, columns(), "columns=")
	assert.NotContains(t, columns(size, &Dict{}, int64(1)), "columns=")
	assert.NotContains(t, columns(Tuple{int64(80)}), "columns=")

	named := dictOf("a", int64(1))
	namespace := func(o Object) string {
		o.Module, o.Name = "types", "SimpleNamespace"
		return Repr(&o)
	}
	assert.Equal(t, "namespace(a=1)", namespace(Object{State: named}))
	for name, o := range map[string]Object{
		"arguments": {Args: Tuple{int64(1)}, State: named}, "items": {Items: dictOf(int64(1), int64(2)), State: named},
		"a list": {State: []any{int64(1)}}, "a number for a name": {State: dictOf(int64(1), int64(2))},
	} {
		assert.NotContains(t, namespace(o), "namespace(", name)
	}

	assert.True(t, isDictArgument(Tuple{&Dict{}}))
	assert.False(t, isDictArgument(Tuple{&Dict{}, int64(1)}))
	assert.False(t, isDictArgument(Tuple{int64(1)}))
}

// TestArrayOfItself converts an array without dimensions whose element it is itself.
func TestArrayOfItself(t *testing.T) {
	t.Parallel()
	array := &NumpyArray{DType: "|O", Objects: []any{nil}, dtype: numpyType{kind: 'O'}}
	array.Objects[0] = array
	var f float64
	require.Error(t, store(reflect.ValueOf(&f).Elem(), array, 0))
}
