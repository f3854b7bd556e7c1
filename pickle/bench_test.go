// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkPickle measures results of functions: many small values, and one large text.
func BenchmarkPickle(b *testing.B) {
	rows := make([]any, 1000)
	for i := range rows {
		rows[i] = map[string]any{"call": i, "name": "a name", "value": 1.5, "ok": true}
	}
	for name, value := range map[string]any{"rows": rows, "text": strings.Repeat("some text ", 100_000)} {
		data, err := Encode(value)
		require.NoError(b, err)
		b.Run("decode/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("encode/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Encode(value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
