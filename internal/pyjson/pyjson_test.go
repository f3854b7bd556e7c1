// SPDX-License-Identifier: Apache-2.0

package pyjson

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/quick"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	returns := func(seed uint64) bool {
		value := anyValue(rand.New(rand.NewPCG(seed, 0)), 5)
		text, err := Encode(value)
		if err != nil || strings.ContainsFunc(string(text), func(c rune) bool { return c > '~' }) {
			t.Errorf("%q: %v, or not ASCII", text, err)
			return false
		}
		again, err := Decode(text)
		return assert.NoError(t, err) && assert.Equal(t, value, again)
	}
	require.NoError(t, quick.Check(returns, &quick.Config{MaxCount: 300}))
}

// anyValue returns what Decode can return, with up to depth levels.
func anyValue(random *rand.Rand, depth int) any {
	switch kind := random.IntN(8); {
	case kind == 0:
		return nil
	case kind == 1:
		return random.IntN(2) == 0
	case kind == 2:
		return int64(random.Uint64()) >> random.IntN(64)
	case kind == 3:
		if f := math.Float64frombits(random.Uint64()); !math.IsNaN(f) {
			return f
		}
		return math.Inf(1 - 2*random.IntN(2))
	case kind == 4 || depth == 1:
		return anyText(random)
	case kind == 5:
		list := make([]any, random.IntN(5))
		for i := range list {
			list[i] = anyValue(random, depth-1)
		}
		return list
	}
	object, seen := Object{}, map[string]bool{}
	for range random.IntN(5) {
		if name := anyText(random); !seen[name] {
			seen[name] = true
			object = append(object, Member{name, anyValue(random, depth-1)})
		}
	}
	return object
}

// anyText has ASCII with its control characters, and characters of all lengths.
func anyText(random *rand.Rand) string {
	text := make([]rune, random.IntN(12))
	for i := range text {
		text[i] = random.Int32N(1 << (1 + random.IntN(20)))
	}
	return string(text)
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
