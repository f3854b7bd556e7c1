// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRepeatedFrames counts frames as Python does: three of the same, and the rest.
func TestRepeatedFrames(t *testing.T) {
	t.Parallel()
	for more, want := range map[int]string{-1: "", 0: "", 1: "  [Previous line repeated 1 more time]\n", 2: "  [Previous line repeated 2 more times]\n"} {
		var out strings.Builder
		writeRepeats(&out, more)
		assert.Equal(t, want, out.String(), more)
	}
}

// TestZonesOfDatetimes keeps a datetime an object if its zone is none that Go can have.
func TestZonesOfDatetimes(t *testing.T) {
	t.Parallel()
	wall := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for delta, want := range map[Timedelta]bool{
		{0, 0, 0}: true, {0, 86399, 0}: true, {-1, 1, 0}: true, {-1, 0, 0}: true,
		{1, 0, 0}: false, {-2, 86399, 0}: false, {0, 3600, 1}: false,
	} {
		_, ok := withZone(wall, &Object{Module: "datetime", Name: "timezone", Args: Tuple{delta}})
		assert.Equal(t, want, ok, "%+v", delta)
	}
	for _, zone := range []any{
		nil, "UTC", &Object{Module: "zoneinfo", Name: "timezone", Args: Tuple{Timedelta{}}}, &Object{Module: "datetime", Name: "tzinfo", Args: Tuple{Timedelta{}}},
		&Object{Module: "datetime", Name: "timezone"}, &Object{Module: "datetime", Name: "timezone", Args: Tuple{int64(0)}},
		&Object{Module: "datetime", Name: "timezone", Args: Tuple{Timedelta{}, int64(1)}}, &Object{Module: "datetime", Name: "timezone", Args: Tuple{Timedelta{}, "a", "b"}},
	} {
		_, ok := withZone(wall, zone)
		assert.False(t, ok, "%v", zone)
	}
}

// TestArraysOfLibrary has the formats of array.array, the first and the last, and those
// beyond.
func TestArraysOfLibrary(t *testing.T) {
	t.Parallel()
	call := func(format int64, raw string) string {
		return Repr(&Object{Module: "array", Name: "_array_reconstructor", Args: Tuple{Global{"array", "array"}, "x", format, []byte(raw)}})
	}
	assert.Equal(t, "array('x', [255, 1])", call(0, "\xff\x01"))
	assert.Equal(t, "array('x', [-1])", call(1, "\xff"))
	assert.Equal(t, "array('x', [1.0])", call(17, "\x3f\xf0\x00\x00\x00\x00\x00\x00"))
	assert.Equal(t, "array('x')", call(0, ""))
	for _, text := range []string{call(-1, "a"), call(18, "a"), call(2, "a")} {
		assert.Contains(t, text, "b'a'", "as the pickle holds it")
	}
}

// TestSummarizedArrays checks that rows and columns are cut as numpy cuts them: in an
// array of more than 1000 elements, if there are more than six.
func TestSummarizedArrays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rows, columns, cuts int
	}{{6, 200, 6}, {7, 200, 7}, {5, 200, 0}, {200, 6, 1}, {500, 2, 0}, {501, 2, 1}} {
		a := &NumpyArray{DType: "|u1", Shape: []int{test.rows, test.columns}, Data: make([]byte, test.rows*test.columns), dtype: parseNumpyType("|u1")}
		assert.Equal(t, test.cuts, strings.Count(Repr(a), "..."), "%+v", test)
	}
}

// TestNamesOfAttributes are identifiers of ASCII; others are shown as a dict.
func TestNamesOfAttributes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a": true, "z": true, "A": true, "Z": true, "_": true, "a0": true, "a9": true, "_0": true,
		"": false, "0a": false, "9": false, "a-": false, "a/": false, "a:": false, "a@": false, "a[": false, "a`": false, "a{": false, "é": false,
	} {
		assert.Equal(t, want, dictOf(name, int64(1)).hasNames(), "%q", name)
	}
	assert.False(t, dictOf(int64(1), int64(1)).hasNames())
}

// TestShortestIntegers are written in as few bytes as Python writes them.
func TestShortestIntegers(t *testing.T) {
	t.Parallel()
	power := new(big.Int).Lsh(big.NewInt(1), 63)
	for want, n := range map[string]any{
		"K\x00.": int64(0), "K\xff.": int64(255), "M\x00\x01.": int64(256), "M\xff\xff.": int64(65535), "J\x00\x00\x01\x00.": int64(65536), "J\xff\xff\xff\xff.": int64(-1),
		"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.": power, "\x8a\x09\xff\xff\xff\xff\xff\xff\xff\x7f\xff.": new(big.Int).Sub(new(big.Int).Neg(power), big.NewInt(1)),
	} {
		data, err := Encode(n)
		require.NoError(t, err)
		assert.Equal(t, want, string(data[len(data)-len(want):]), "%v", n)
		assert.LessOrEqual(t, len(data), len(want)+11, "protocol and frame")
	}
}

// TestSpansOfPandas has whole days, which have no rest.
func TestSpansOfPandas(t *testing.T) {
	t.Parallel()
	const day = int64(24 * time.Hour)
	for nanoseconds, want := range map[int64]string{
		0: "0 days 00:00:00", day: "1 days 00:00:00", -day: "-1 days 00:00:00", day - 1: "0 days 23:59:59.999999999", -day - 1: "-2 days +23:59:59.999999999",
	} {
		o := &Object{Module: "pandas._libs.tslibs.timedeltas", Name: "_timedelta_unpickle", Args: Tuple{nanoseconds, int64(10)}}
		assert.Equal(t, "Timedelta('"+want+"')", Repr(o))
	}
}
