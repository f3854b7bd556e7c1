// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestGoldenBytesLiterals(t *testing.T) {
	var golden map[string]any
	readJSON(t, "golden_extras.json", &golden)
	const name = `python_bytes_repr (status.json "result"/"exc_info"/"new_futures" fields are str(bytes), read back with eval)`
	for _, c := range golden[name].([]any) {
		literal := c.(map[string]any)["repr"].(string)
		data, err := hex.DecodeString(c.(map[string]any)["hex"].(string))
		require.NoError(t, err)
		got, err := ParseBytesLiteral(literal)
		require.NoError(t, err)
		assert.Equal(t, data, got)
		assert.Equal(t, literal, FormatBytesLiteral(data))
	}
}

func TestParseBytesLiteralEscapes(t *testing.T) {
	got, err := ParseBytesLiteral(`b"\a\b\f\n\r\t\v\\\'\"\0\18\377\x0aA'` + "\\\n" + `z"`)
	require.NoError(t, err)
	assert.Equal(t, "\a\b\f\n\r\t\v\\'\"\x00\x018\xff\nA'z", string(got))
}

func TestParseBytesLiteralRefuses(t *testing.T) {
	for text, offset := range map[string]int{
		"": 0, "b": 0, "b'": 0, "'a'": 0, "u'a'": 0, "B'a'": 0, "rb'a'": 0, "bytes()": 1,
		"b'a": 3, `b'a\'`: 5, `b'\`: 2, `b'a" `: 5, "b'a'x": 4, "b'a' ": 4, " b'a'": 0, "b'a''b'": 4,
		`b'\x1'`: 2, `b'ab\xg0'`: 4, `b'\q'`: 2, `b'\u0041'`: 2, `b'\N{DASH}'`: 2, `b'\400'`: 2,
		"b'a\nb'": 3, "b'a\rb'": 3, "b'\x00'": 2, "b'é'": 2, "b'''a'''": 3, "b'a'+b'b'": 4,
		"b'' if __import__('os') else b''": 3,
	} {
		_, err := ParseBytesLiteral(text)
		var e *Error
		require.ErrorAs(t, err, &e, text)
		assert.Equal(t, offset, e.Offset, text)
		assert.ErrorIs(t, err, ErrMalformed)
	}
}

func TestBytesLiteralRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		got, err := ParseBytesLiteral(FormatBytesLiteral(data))
		if err != nil || string(got) != string(data) {
			t.Fatalf("%x became %x, %v", data, got, err)
		}
	})
}
