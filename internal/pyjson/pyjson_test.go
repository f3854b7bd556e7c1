// SPDX-License-Identifier: Apache-2.0

package pyjson

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What Python's json.dumps wrote must come back from Decode and Encode as it was.
func TestGoldenDumps(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../testdata/golden/extras.json")
	require.NoError(t, err)
	var golden struct {
		Dumps []struct {
			JSON string `json:"json"`
			Repr string `json:"value_repr"`
		} `json:"json_dumps"`
	}
	require.NoError(t, json.Unmarshal(data, &golden))
	require.NotEmpty(t, golden.Dumps)
	for _, c := range golden.Dumps {
		value, err := Decode([]byte(c.JSON))
		require.NoError(t, err, c.JSON)
		text, err := Encode(value)
		require.NoError(t, err)
		assert.Equal(t, c.JSON, string(text), c.Repr)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "{", "{a:1}", "{'a':1}", `{"a" 1}`, `{"a":}`, `{"a":1,}`, "[1,]", "[1 2]", "01", "+1", ".5", "-", "1 2", "nul",
		`"a`, `"\x"`, `"\u12"`, "\"\n\"", "\"\xff\"", "\xef\xbb\xbf{}", strings.Repeat("[", 100000), strings.Repeat("9", 5000),
	} {
		_, err := Decode([]byte(text))
		assert.ErrorIs(t, err, ErrSyntax, "%.20q", text)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	value, err := Decode([]byte(` {"b": [1, -2.5e3, NaN, -Infinity], "a": "\u00e9\ud83d\ude00\ud800x", "b": null} `))
	require.NoError(t, err)
	assert.Equal(t, Object{{"b", nil}, {"a", "é😀\xed\xa0\x80x"}}, value)
}

func TestEncodeOtherTypes(t *testing.T) {
	t.Parallel()
	text, err := Encode(map[string]any{
		"raw": json.RawMessage(`{"z":1,"a":[1.0,2]}`), "u": uint8(3), "f": float32(0.5), "l": []string{"<é>"},
		"s": struct {
			B int
			A string `json:"a"`
		}{1, "x"},
	})
	require.NoError(t, err)
	assert.Equal(t, `{"f": 0.5, "l": ["<\u00e9>"], "raw": {"z": 1, "a": [1.0, 2]}, "s": {"B": 1, "a": "x"}, "u": 3}`, string(text))
	_, err = Encode(func() {})
	require.ErrorIs(t, err, ErrValue)
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	values := rapid.Deferred(func() *rapid.Generator[any] { return anyValue(4) })
	rapid.Check(t, func(t *rapid.T) {
		value := values.Draw(t, "value")
		text, err := Encode(value)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range text {
			if c > '~' {
				t.Fatalf("not ASCII: %q", text)
			}
		}
		again, err := Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, value, again)
	})
}

func anyValue(depth int) *rapid.Generator[any] {
	leaf := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64().AsAny(), rapid.String().AsAny(),
		rapid.Float64().Filter(func(f float64) bool { return !math.IsNaN(f) }).AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(leaf...)
	}
	inner := anyValue(depth - 1)
	object := rapid.Custom(func(t *rapid.T) any {
		object := Object{}
		for _, name := range rapid.SliceOfNDistinct(rapid.String(), 0, 4, rapid.ID[string]).Draw(t, "names") {
			object = append(object, Member{name, inner.Draw(t, "value")})
		}
		return object
	})
	return rapid.OneOf(append(leaf, rapid.SliceOfN(inner, 0, 4).AsAny(), object)...)
}

func FuzzDecode(f *testing.F) {
	for _, text := range []string{`{"a": [1, 2.5, "\u00e9\ud83d\ude00", null, true, NaN]}`, `"\ud800"`, `-0.0`, `1e400`, `[[[]]]`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := Decode(data)
		if err != nil {
			return
		}
		text, err := Encode(value)
		require.NoError(t, err)
		again, err := Decode(text)
		require.NoError(t, err)
		repeated, err := Encode(again)
		require.NoError(t, err)
		require.Equal(t, string(text), string(repeated))
	})
}
