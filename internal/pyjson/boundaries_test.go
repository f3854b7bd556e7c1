// SPDX-License-Identifier: Apache-2.0

package pyjson

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDecodeEdges covers inputs at the edges of the grammar. The values are those of
// Python's json.loads.
func TestDecodeEdges(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"0": int64(0), "-0": int64(0), "10": int64(10), "1.5": 1.5, "1e2": 100.0, "1E+2": 100.0, "1e-2": 0.01, "0.5": 0.5, "0e0": 0.0,
		"9223372036854775807": int64(math.MaxInt64), "-9223372036854775808": int64(math.MinInt64), "1e400": math.Inf(1), "-1e400": math.Inf(-1),
		"9223372036854775808": new(big.Int).Lsh(big.NewInt(1), 63), "true": true, "false": false, "null": nil, "Infinity": math.Inf(1), "-Infinity": math.Inf(-1),
		"\t\r\n 1 \t\r\n": int64(1), "[]": []any{}, "[ ]": []any{}, "[1 , 2 ]": []any{int64(1), int64(2)}, "{ }": Object{},
		`{ "a" : 1 , "b" : 2 }`: Object{{"a", int64(1)}, {"b", int64(2)}}, `{"a": 1, "b": 2, "a": 3}`: Object{{"a", int64(3)}, {"b", int64(2)}},
		`""`: "", `"a b~é日😀"`: "a b~é日😀", `"\"\\\/\b\f\n\r\t"`: "\"\\/\b\f\n\r\t", `"a\nb"`: "a\nb", "\"\x7f\"": "\x7f",
		`"\u0041\u00e9\uFFFF\uabcd"`: "Aé\uffff\uabcd", `"\ud83d\ude00"`: "😀", `"\uD83D\uDE00"`: "😀", `"\udbff\udfff"`: "\U0010ffff", `"\ud800\udc00"`: "\U00010000",
		`"\ud83d"`: "\xed\xa0\xbd", `"\ud83dx"`: "\xed\xa0\xbdx", `"\ud83d\n"`: "\xed\xa0\xbd\n", `"\ud83d\u0041"`: "\xed\xa0\xbdA", `"\ud83d\ud83d"`: "\xed\xa0\xbd\xed\xa0\xbd",
		`"\udc00"`: "\xed\xb0\x80", `"\udfff"`: "\xed\xbf\xbf", `"\ud800"`: "\xed\xa0\x80", `"\ude00\ud83d"`: "\xed\xb8\x80\xed\xa0\xbd", `"\ud7ff\ue000"`: "\ud7ff\ue000",
	} {
		value, err := Decode([]byte(text))
		require.NoError(t, err, text)
		assert.Equal(t, want, value, text)
	}
	value, err := Decode([]byte("NaN"))
	require.NoError(t, err)
	assert.True(t, math.IsNaN(value.(float64)))
}

// TestDecodeNamesTheOffset checks where the reading stopped, as a byte of the data.
func TestDecodeNamesTheOffset(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                 "at byte 0: a value is missing",
		"  ":               "at byte 2: a value is missing",
		"x":                "at byte 0: a value is missing",
		"-":                "at byte 0: a value is missing",
		"1.":               "at byte 1: data after the value",
		"1e":               "at byte 1: data after the value",
		"1e+":              "at byte 1: data after the value",
		"1.5e":             "at byte 3: data after the value",
		"01":               "at byte 1: data after the value",
		"nul":              "at byte 0: a value is missing",
		"[1,":              "at byte 3: a value is missing",
		"[1 2]":            "at byte 3: ',' or ']' is missing",
		"[1":               "at byte 2: ',' or ']' is missing",
		"{":                "at byte 1: a name in double quotes is missing",
		`{"a"`:             "at byte 4: ':' is missing",
		`{"a" 1}`:          "at byte 5: ':' is missing",
		`{"a":1 "b"`:       "at byte 7: ',' or '}' is missing",
		`{"a":1,}`:         "at byte 7: a name in double quotes is missing",
		`{"a":x}`:          "at byte 5: a value is missing",
		`{"`:               "at byte 2: a string without end",
		`"ab`:              "at byte 3: a string without end",
		`"a\nb`:            "at byte 5: a string without end",
		`"\`:               "at byte 1: a string without end",
		`"\x"`:             `at byte 1: the escape \x`,
		`"\u12"`:           `at byte 1: \u without four hexadecimal digits`,
		`"\u123`:           `at byte 1: \u without four hexadecimal digits`,
		`"\u12g4"`:         `at byte 1: \u without four hexadecimal digits`,
		`"\u+123"`:         `at byte 1: \u without four hexadecimal digits`,
		`"\ud83d\u12"`:     `at byte 7: \u without four hexadecimal digits`,
		"\"\x1f\"":         "at byte 1: a control character in a string",
		"\"a\\n\x00\"":     "at byte 4: a control character in a string",
		"\"\xff\"":         "at byte 3: a string that is not UTF-8",
		"\"\xed\x9f\"":     "at byte 4: a string that is not UTF-8",
		"\"\xed\xa0\"":     "at byte 4: a string that is not UTF-8",
		"\"\xed\xa0\x7f\"": "at byte 5: a string that is not UTF-8",
		"\"\xed\xa0\xc0\"": "at byte 5: a string that is not UTF-8",
		"\"\xee\xa0\"":     "at byte 4: a string that is not UTF-8",
		"\"\xec\xa0\x7f\"": "at byte 5: a string that is not UTF-8",
		"\"\xed\xc0\x80\"": "at byte 5: a string that is not UTF-8",
	} {
		_, err := Decode([]byte(text))
		require.ErrorIs(t, err, ErrSyntax, "%q", text)
		assert.ErrorContains(t, err, want, "%q", text)
	}
}

// TestLimits covers the last size that is taken, and the first that is not.
func TestLimits(t *testing.T) {
	t.Parallel()
	nested := func(depth int) []byte { return []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth)) }
	value, err := Decode(nested(maxDepth + 1))
	require.NoError(t, err)
	text, err := Encode(value)
	require.NoError(t, err)
	assert.Equal(t, nested(maxDepth+1), text)
	_, err = Decode(nested(maxDepth + 2))
	require.ErrorIs(t, err, ErrSyntax)
	_, err = Encode([]any{value})
	require.ErrorIs(t, err, ErrValue)
	_, err = Encode(Object{{"a", value}})
	require.ErrorIs(t, err, ErrValue)
	objects := strings.Repeat(`{"":`, maxDepth) + "1" + strings.Repeat("}", maxDepth)
	_, err = Decode([]byte(objects))
	require.NoError(t, err)
	_, err = Decode([]byte(`{"":` + strings.Replace(objects, "1", "{}", 1) + "}"))
	require.ErrorIs(t, err, ErrSyntax)

	_, err = Decode([]byte(strings.Repeat("9", 4300)))
	require.NoError(t, err)
	_, err = Decode([]byte("-" + strings.Repeat("9", 4300)))
	require.NoError(t, err, "the sign is no digit")
	for _, sign := range []string{"", "-"} {
		_, err = Decode([]byte(sign + strings.Repeat("9", 4301)))
		require.ErrorContains(t, err, "4300 digits")
	}
}

// TestEncodeEdges checks what Python's json.dumps writes.
func TestEncodeEdges(t *testing.T) {
	t.Parallel()
	for want, value := range map[string]any{
		"null": nil, "true": true, "false": false, "5": 5, "-6": int64(-6), "7": uint16(7), "18446744073709551616": new(big.Int).Lsh(big.NewInt(1), 64),
		"1.0": 1.0, "-0.0": math.Copysign(0, -1), "1e+16": 1e16, "1e-05": 1e-5, "NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1),
		"[]": []any{}, "[1, [2, 3]]": []any{1, []any{2, 3}}, "{}": Object{}, `{"b": 1, "a": {"c": 2}}`: Object{{"b", 1}, {"a", Object{{"c", 2}}}},
		`{"a": 1, "b": 2, "c": 3}`: map[string]any{"c": 3, "a": 1, "b": 2}, `[1.0, "x"]`: json.RawMessage(" [1.0,\"x\"] "),
		`"\"\\\n\r\t\b\f"`: "\"\\\n\r\t\b\f", `" ~\u007f\u001f\u0000"`: " ~\x7f\x1f\x00", `"</>&"`: "</>&",
		`"\u0080\u00e9\uffff"`: "\u0080é\uffff", `"\ud800\udc00\udbff\udfff"`: "\U00010000\U0010ffff", `"\ud800x\udfff\udc00"`: "\xed\xa0\x80x\xed\xbf\xbf\xed\xb0\x80",
		`"\ufffd\ufffd"`: "\xff\ufffd", `"\ufffd\ufffdx"`: "\xed\xa0x", `"\ufffd\ufffd\ufffd"`: "\xed\xc0\x80",
	} {
		text, err := Encode(value)
		require.NoError(t, err, want)
		assert.Equal(t, want, string(text))
	}
	text, err := Encode([]any{(*big.Int)(nil), nil})
	require.NoError(t, err)
	assert.Equal(t, "[null, null]", string(text))
	for _, value := range []any{json.RawMessage("{"), map[string]any{"a": func() {}}, []any{make(chan int)}, Object{{"a", func() {}}}} {
		_, err := Encode(value)
		require.Error(t, err)
	}
}
