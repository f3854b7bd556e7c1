// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLongLineIsSearchedOnce checks that a line that comes in many pieces is not searched
// from its beginning for each of them, which would take a minute for some hundred MiB.
func TestLongLineIsSearchedOnce(t *testing.T) {
	t.Parallel()
	for _, newline := range []string{"\n", "\r\n", "::"} {
		k := len(newline)
		s := lineSplitter{newline: []byte(newline)}
		line := append(bytes.Repeat([]byte("x"), 100), newline...)
		for range 2 { // the second line is searched from its own beginning
			for n := 1; n < len(line); n++ {
				advance, token, err := s.split(line[:n], false)
				require.NoError(t, err)
				require.Zero(t, advance, "%q: %d bytes", newline, n)
				require.Nil(t, token)
			}
			spoiled := bytes.Clone(line) // what was searched is not looked at again
			copy(spoiled, newline)
			advance, token, err := s.split(spoiled, false)
			require.NoError(t, err)
			assert.Equal(t, 100+k, advance, "%q", newline)
			assert.Len(t, token, 100+k)
		}
		advance, token, err := s.split([]byte("rest"), true)
		require.NoError(t, err)
		assert.Equal(t, 4, advance)
		assert.Equal(t, "rest", string(token))
		advance, token, err = s.split(nil, true)
		require.NoError(t, err)
		assert.Zero(t, advance)
		assert.Nil(t, token)
	}
}

// BenchmarkLongLine reads one line of 1, 16 and 64 MiB, which begins in the first of two partitions: the time of each MiB must be the same.
func BenchmarkLongLine(b *testing.B) {
	for _, newline := range []string{"\n", "\r\n"} {
		for _, mib := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%q %d MiB", newline, mib), func(b *testing.B) {
				data := bytes.Repeat([]byte("x"), mib<<20)
				storage := &memoryStorage{bucket: "bucket", objects: map[string][]byte{"key": data}}
				partitions, _, err := Objects(b.Context(), storage, []string{"s3://bucket/key"}, &Options{ChunkNumber: 2, Newline: newline})
				require.NoError(b, err)
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					for line, err := range partitions[0].Lines(b.Context(), storage) {
						require.NoError(b, err)
						require.Len(b, line, len(data))
					}
				}
			})
		}
	}
}
